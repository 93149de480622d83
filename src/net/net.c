/* SPDX-License-Identifier: MIT */
#include "net/net.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"

/* libcurl wants one call before any other, from one thread: the process's only state of ours. */
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void init_curl(void)
{
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

om_status om__net_init(struct om__net *net, struct om_error *err)
{
    if (pthread_once(&curl_once, init_curl) != 0 || curl_ready != CURLE_OK)
        return om__fail(err, MAPI_E_NOT_INITIALIZED, OM_LAYER_SYSTEM, OM_CAUSE_INTERNAL,
                        OM_NATIVE_CURL, (uint32_t)curl_ready, "libcurl does not start");
    *net = (struct om__net){.timeout_ms = OM_NET_TIMEOUT_MS};
    return OM_OK;
}

static void free_overrides(struct om__net_override *o, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        om__free(o[i].host);
        om__free(o[i].address);
    }
    om__free(o);
}

void om__net_free(struct om__net *net)
{
    if (!net)
        return;
    free_overrides(net->overrides, net->override_count);
    om__free(net->ca_file);
    *net = (struct om__net){0};
}

int64_t om__net_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool om__net_wait(struct pollfd *fds, unsigned n, int64_t deadline)
{
    int64_t left = deadline - om__net_now();
    int rc;

    if (left < 0)
        left = 0;
    rc = poll(fds, n, left > INT_MAX ? INT_MAX : (int)left);
    return rc > 0 || (rc < 0 && om__net_now() < deadline); /* an error shows on the next receive */
}

int64_t om__net_deadline(const struct om__net *net)
{
    return om__net_now() + net->timeout_ms;
}

/* Overrides */

struct scan {
    const char *text; /* what columns count from */
    const char *at;
    struct om_error *err;
};

static om_status bad(const struct scan *s, const char *at, const char *what)
{
    unsigned column = (unsigned)(at - s->text) + 1;

    return om__fail(s->err, MAPI_E_INVALID_PARAMETER, OM_LAYER_USAGE, OM_CAUSE_BAD_SYNTAX,
                    OM_NATIVE_COLUMN, column,
                    "\"%.80s\", column %u: %s; HOST[:PORT]:ADDR[:PORT] is wanted", s->text, column,
                    what);
}

static bool is_separator(char c)
{
    return !c || isspace((unsigned char)c) || c == ',' || c == ';';
}

static bool is_ipv6(const char *p, size_t n)
{
    unsigned char addr[16];
    char text[64];

    if (n >= sizeof text)
        return false;
    memcpy(text, p, n);
    text[n] = 0;
    return inet_pton(AF_INET6, text, addr) == 1;
}

/* A name or address: up to a colon, or IPv6 in brackets, which are left out. Borrowed. */
static om_status scan_name(struct scan *s, const char *what, const char **out, size_t *n)
{
    const char *from = s->at, *end;

    if (*from == '[') {
        end = strchr(from, ']');
        if (!end)
            return bad(s, from, "the bracket is not closed");
        *out = from + 1;
        *n = (size_t)(end - from) - 1;
        s->at = end + 1;
        return is_ipv6(*out, *n) ? OM_OK : bad(s, from, "there is no IPv6 address in the brackets");
    }
    while (!is_separator(*s->at) && *s->at != ':' && *s->at != '[' && *s->at != ']')
        s->at++;
    *out = from;
    *n = (size_t)(s->at - from);
    return *n && *n < 256 ? OM_OK : bad(s, from, what);
}

static om_status scan_port(struct scan *s, uint16_t *port)
{
    const char *from = s->at;
    unsigned long v = 0;

    while (isdigit((unsigned char)*s->at) && v <= UINT16_MAX)
        v = v * 10 + (unsigned long)(*s->at++ - '0');
    if (v == 0 || v > UINT16_MAX || (!is_separator(*s->at) && *s->at != ':'))
        return bad(s, from, "a port is a number from 1 to 65535");
    *port = (uint16_t)v;
    return OM_OK;
}

/* Is what follows a port of the host, with the address still to come? */
static bool port_comes_first(const char *at)
{
    size_t n = strspn(at, "0123456789");

    return n && at[n] == ':';
}

static om_status scan_address(struct scan *s, char **out)
{
    const char *from = s->at, *p;
    unsigned char addr[16];
    char text[256];
    om_status st;
    size_t n;

    st = scan_name(s, "no address", &p, &n);
    if (st != OM_OK)
        return st;
    memcpy(text, p, n);
    text[n] = 0;
    if (inet_pton(AF_INET, text, addr) != 1 && inet_pton(AF_INET6, text, addr) != 1)
        return bad(s, from, "this is no IPv4 address, nor an IPv6 address in brackets");
    *out = om__strdup(text);
    return *out ? OM_OK : om__fail_memory(s->err, "an address");
}

static om_status scan_override(struct scan *s, struct om__net_override *o)
{
    const char *p;
    om_status st;
    size_t n;

    st = scan_name(s, "no host name", &p, &n);
    if (st != OM_OK)
        return st;
    o->host = om__strndup(p, n);
    if (!o->host)
        return om__fail_memory(s->err, "a host name");
    if (*s->at != ':')
        return bad(s, s->at, "a colon and an address are missing");
    s->at++;
    if (port_comes_first(s->at)) {
        st = scan_port(s, &o->port);
        if (st != OM_OK)
            return st;
        s->at++;
    }
    st = scan_address(s, &o->address);
    if (st == OM_OK && *s->at == ':') {
        s->at++;
        st = scan_port(s, &o->to_port);
    }
    if (st == OM_OK && !is_separator(*s->at))
        st = bad(s, s->at, "this does not belong to an override");
    return st;
}

static om_status add_one(struct scan *s, struct om__net_override **list, size_t *count)
{
    struct om__net_override *grown = om__realloc(*list, (*count + 1) * sizeof **list);

    if (!grown)
        return om__fail_memory(s->err, "an override");
    *list = grown;
    grown[*count] = (struct om__net_override){0};
    return scan_override(s, &grown[(*count)++]);
}

om_status om__net_add_overrides(struct om__net *net, const char *text, struct om_error *err)
{
    struct scan s = {text, text, err};
    struct om__net_override *added = NULL, *all;
    size_t count = 0;
    om_status st = OM_OK;

    while (st == OM_OK) {
        while (*s.at && is_separator(*s.at))
            s.at++;
        if (!*s.at)
            break;
        st = add_one(&s, &added, &count);
    }
    if (st != OM_OK || !count) {
        free_overrides(added, count);
        return st;
    }
    all = om__realloc(net->overrides, (net->override_count + count) * sizeof *all);
    if (!all) {
        free_overrides(added, count);
        return om__fail_memory(err, "overrides");
    }
    memcpy(all + net->override_count, added, count * sizeof *added);
    om__free(added);
    net->overrides = all;
    net->override_count += count;
    return OM_OK;
}

const struct om__net_override *om__net_find_override(const struct om__net *net, const char *host,
                                                     uint16_t port)
{
    for (size_t i = 0; i < net->override_count; i++) {
        const struct om__net_override *o = &net->overrides[i];

        if (strcasecmp(o->host, host) == 0 && (o->port == 0 || o->port == port))
            return o;
    }
    return NULL;
}

/* Certificates */

om_status om__net_set_ca_file(struct om__net *net, const char *path, struct om_error *err)
{
    BIO *f = BIO_new_file(path, "r");
    om_status st = OM_OK;
    char *copy;
    X509 *x;

    if (!f) {
        ERR_clear_error();
        st = om__fail_errno(err, OM_LAYER_TLS, errno ? errno : ENOENT, "cannot read certificates");
        om__error_target(err, "%s", path);
        return st;
    }
    x = PEM_read_bio_X509(f, NULL, NULL, NULL);
    BIO_free(f);
    ERR_clear_error();
    if (!x) {
        st = om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_TLS, OM_CAUSE_BAD_SYNTAX,
                      OM_NATIVE_NONE, 0, "there is no certificate in PEM in it");
        om__error_target(err, "%s", path);
        return st;
    }
    X509_free(x);
    copy = om__strdup(path);
    if (!copy)
        return om__fail_memory(err, "a path");
    om__free(net->ca_file);
    net->ca_file = copy;
    return OM_OK;
}
