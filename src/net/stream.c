/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"

struct om__stream {
    CURL *curl;
    struct curl_slist *connect_to;
    int fd;
    bool tls, tls_began, verified;
    uint8_t hash[OM_STREAM_BINDING_MAX];
    unsigned hash_size;
    char why[CURL_ERROR_SIZE]; /* libcurl's own words for the last failure */
};

/*
 * Writing to a connection the peer has closed must not kill the process, whatever it does with
 * SIGPIPE, and a library does not change what it does.
 */
struct sigpipe {
    sigset_t old;
    bool was_pending;
};

static void hold_sigpipe(struct sigpipe *g)
{
    sigset_t set, pending;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigpending(&pending);
    g->was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, &g->old);
}

static void release_sigpipe(const struct sigpipe *g)
{
    const struct timespec now = {0, 0};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    if (!g->was_pending) {
        while (sigtimedwait(&set, NULL, &now) < 0 && errno == EINTR)
            ;
    }
    pthread_sigmask(SIG_SETMASK, &g->old, NULL);
}

/* What libcurl says, in our terms */

struct meaning {
    CURLcode code;
    enum om_layer layer;
    enum om_cause cause;
};

static const struct meaning meanings[] = {
    {CURLE_URL_MALFORMAT, OM_LAYER_DNS, OM_CAUSE_UNRESOLVED_HOST}, /* what no host can be called */
    {CURLE_COULDNT_RESOLVE_HOST, OM_LAYER_DNS, OM_CAUSE_UNRESOLVED_HOST},
    {CURLE_COULDNT_RESOLVE_PROXY, OM_LAYER_DNS, OM_CAUSE_UNRESOLVED_HOST},
    {CURLE_PEER_FAILED_VERIFICATION, OM_LAYER_TLS, OM_CAUSE_CERTIFICATE},
    {CURLE_SSL_ISSUER_ERROR, OM_LAYER_TLS, OM_CAUSE_CERTIFICATE},
    {CURLE_SSL_INVALIDCERTSTATUS, OM_LAYER_TLS, OM_CAUSE_CERTIFICATE},
    {CURLE_SSL_CACERT_BADFILE, OM_LAYER_TLS, OM_CAUSE_TLS_FAILED},
    {CURLE_SSL_CONNECT_ERROR, OM_LAYER_TLS, OM_CAUSE_TLS_FAILED},
    {CURLE_SSL_CIPHER, OM_LAYER_TLS, OM_CAUSE_TLS_FAILED},
    {CURLE_GOT_NOTHING, OM_LAYER_TCP, OM_CAUSE_CLOSED},
    {CURLE_RECV_ERROR, OM_LAYER_TCP, OM_CAUSE_RESET},
    {CURLE_SEND_ERROR, OM_LAYER_TCP, OM_CAUSE_RESET},
    {CURLE_PROXY, OM_LAYER_HTTP, OM_CAUSE_PROXY_ERROR},
};

/* How far it had come when the time ran out. libcurl's own times are set too late to tell. */
static enum om_layer reached(const struct om__stream *s)
{
    curl_off_t looked_up = 0;

    curl_easy_getinfo(s->curl, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
    if (s->tls_began)
        return OM_LAYER_TLS;
    return looked_up ? OM_LAYER_TCP : OM_LAYER_DNS;
}

static const char *late(enum om_layer layer)
{
    switch (layer) {
    case OM_LAYER_DNS:
        return "the name was not looked up in time";
    case OM_LAYER_TCP:
        return "nothing answered in time";
    default:
        return "connected, but TLS was not agreed on in time";
    }
}

static CURLcode on_tls(CURL *curl, void *ssl_ctx, void *stream)
{
    struct om__stream *s = stream;

    (void)curl;
    (void)ssl_ctx;
    s->tls_began = true;
    return CURLE_OK;
}

static om_status fail_connect(const struct om__stream *s, CURLcode code, struct om_error *err)
{
    const char *why = s->why[0] ? s->why : curl_easy_strerror(code);
    long errnum = 0, verify = 0, answered = 0;

    curl_easy_getinfo(s->curl, CURLINFO_OS_ERRNO, &errnum);
    curl_easy_getinfo(s->curl, CURLINFO_HTTP_CONNECTCODE, &answered);
    curl_easy_getinfo(s->curl, CURLINFO_SSL_VERIFYRESULT, &verify);
    if (code == CURLE_OUT_OF_MEMORY)
        return om__fail_memory(err, "a connection");
    if (code ==
        CURLE_OPERATION_TIMEDOUT) /* in words of ours: libcurl's can name the host "(nil)" */
        return om__fail(err, MAPI_E_NETWORK_ERROR, reached(s), OM_CAUSE_TIMEOUT, OM_NATIVE_CURL,
                        (uint32_t)code, "%s", late(reached(s)));
    if (answered >= 300) /* by a proxy of the environment's, whose tunnel it refuses */
        return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_PROXY_ERROR,
                        OM_NATIVE_HTTP, (uint32_t)answered,
                        "the HTTP proxy of this network answered CONNECT with %ld", answered);
    if (code == CURLE_COULDNT_CONNECT && errnum)
        return om__fail_errno(err, OM_LAYER_TCP, (int)errnum, "cannot connect");
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        const struct meaning *m = &meanings[i];
        /* before OpenSSL has a verdict, libcurl says X509_V_ERR_UNSPECIFIED */
        bool known = m->cause == OM_CAUSE_CERTIFICATE && verify > X509_V_ERR_UNSPECIFIED;

        if (m->code == code)
            return om__fail(err, MAPI_E_NETWORK_ERROR, m->layer, m->cause,
                            known ? OM_NATIVE_TLS : OM_NATIVE_CURL,
                            known ? (uint32_t)verify : (uint32_t)code, "%s", why);
    }
    return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_TCP, OM_CAUSE_IO, OM_NATIVE_CURL,
                    (uint32_t)code, "%s", why);
}

static om_status fail_transfer(const struct om__stream *s, const char *doing, struct om_error *err)
{
    enum om_layer layer = s->tls ? OM_LAYER_TLS : OM_LAYER_TCP;
    long errnum = 0;

    curl_easy_getinfo(s->curl, CURLINFO_OS_ERRNO, &errnum);
    if (errnum)
        return om__fail_errno(err, OM_LAYER_TCP, (int)errnum, "%s", doing);
    return om__fail(err, MAPI_E_NETWORK_ERROR, layer, OM_CAUSE_RESET, OM_NATIVE_NONE, 0, "%s: %s",
                    doing, s->why[0] ? s->why : "the connection broke");
}

/* Channel binding */

static const EVP_MD *binding_digest(const X509 *x)
{
    int digest = NID_undef, key = NID_undef;

    if (!OBJ_find_sigid_algs(X509_get_signature_nid(x), &digest, &key) || digest == NID_undef ||
        digest == NID_md5 || digest == NID_sha1)
        return EVP_sha256();
    return EVP_get_digestbynid(digest);
}

/* The server's, to be freed; NULL when libcurl does not tell. */
static X509 *certificate_of(const struct om__stream *s)
{
    struct curl_certinfo *info = NULL;
    BIO *bio;
    X509 *x = NULL;

    if (curl_easy_getinfo(s->curl, CURLINFO_CERTINFO, &info) != CURLE_OK || !info ||
        info->num_of_certs < 1)
        return NULL;
    for (const struct curl_slist *i = info->certinfo[0]; i && !x; i = i->next) {
        if (strncmp(i->data, "Cert:", 5) != 0)
            continue;
        bio = BIO_new_mem_buf(i->data + 5, -1);
        x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
        BIO_free(bio);
    }
    return x;
}

/* [MS-OXDSCLI] CertPrincipalName: "msstd:" and the name that stands in the certificate. */
static om_status check_principal(X509 *x, const struct om__stream_target *t, struct om_error *err)
{
    const char *name = t->principal_name ? t->principal_name : "";

    if (strncasecmp(name, "msstd:", 6) == 0)
        name += 6;
    if (!*name || t->ignore_certificate || (x && X509_check_host(x, name, 0, 0, NULL) == 1))
        return OM_OK;
    return om__fail(
        err, MAPI_E_NETWORK_ERROR, OM_LAYER_TLS, OM_CAUSE_CERTIFICATE, OM_NATIVE_TLS,
        X509_V_ERR_HOSTNAME_MISMATCH,
        "the certificate is not for \"%.100s\", which PR_ROH_PROXY_PRINCIPAL_NAME wants", name);
}

static om_status take_certificate(struct om__stream *s, const struct om__stream_target *t,
                                  struct om_error *err)
{
    X509 *x = certificate_of(s);
    om_status st = check_principal(x, t, err);

    if (x && (!binding_digest(x) || !X509_digest(x, binding_digest(x), s->hash, &s->hash_size)))
        s->hash_size = 0;
    X509_free(x);
    ERR_clear_error();
    return st;
}

/* Opening */

/* IPv6 literals stand in brackets in a URL. */
static void bracket(const char *host, char *out, size_t size)
{
    bool v6 = strchr(host, ':') && host[0] != '[';

    snprintf(out, size, v6 ? "[%s]" : "%s", host);
}

static CURLcode set_route(struct om__stream *s, const struct om__net *net,
                          const struct om__stream_target *t)
{
    const struct om__net_override *o = om__net_find_override(net, t->host, t->port);
    char host[300], to[300], text[700];
    CURLcode rc;

    bracket(t->host, host, sizeof host);
    snprintf(text, sizeof text, "%s://%s:%u/", t->tls ? "https" : "http", host, t->port);
    rc = curl_easy_setopt(s->curl, CURLOPT_URL, text);
    if (rc == CURLE_OK && (o || !t->may_use_http_proxy))
        rc = curl_easy_setopt(s->curl, CURLOPT_PROXY, "");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(s->curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
    if (rc != CURLE_OK || !o)
        return rc;
    bracket(o->address, to, sizeof to);
    snprintf(text, sizeof text, "%s:%u:%s:%u", host, t->port, to,
             o->to_port ? o->to_port : t->port);
    s->connect_to = curl_slist_append(NULL, text);
    return s->connect_to ? curl_easy_setopt(s->curl, CURLOPT_CONNECT_TO, s->connect_to)
                         : CURLE_OUT_OF_MEMORY;
}

static CURLcode set_tls(struct om__stream *s, const struct om__net *net,
                        const struct om__stream_target *t)
{
    CURLcode rc = curl_easy_setopt(s->curl, CURLOPT_CERTINFO, 1L);

    /* the framing is ours, so no HTTP/2 by ALPN */
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(s->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(s->curl, CURLOPT_SSL_CTX_DATA, s);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(s->curl, CURLOPT_SSL_CTX_FUNCTION, on_tls);
    if (rc == CURLE_OK && net->ca_file)
        rc =
            curl_easy_setopt(s->curl, CURLOPT_CAINFO, net->ca_file); /* CAPATH stays the system's */
    if (rc == CURLE_OK && t->ignore_certificate) {
        rc = curl_easy_setopt(s->curl, CURLOPT_SSL_VERIFYPEER, 0L);
        if (rc == CURLE_OK)
            rc = curl_easy_setopt(s->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return rc;
}

static CURLcode set_waits(struct om__stream *s, int64_t deadline)
{
    int64_t left = deadline - om__net_now();
    long ms = left < 1 ? 1 : left > 86400000 ? 86400000 : (long)left;
    CURLcode rc;

    if ((rc = curl_easy_setopt(s->curl, CURLOPT_CONNECT_ONLY, 1L)) != CURLE_OK ||
        (rc = curl_easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L)) != CURLE_OK ||
        (rc = curl_easy_setopt(s->curl, CURLOPT_TCP_NODELAY, 1L)) != CURLE_OK ||
        (rc = curl_easy_setopt(s->curl, CURLOPT_BUFFERSIZE, 65536L)) != CURLE_OK ||
        (rc = curl_easy_setopt(s->curl, CURLOPT_CONNECTTIMEOUT_MS, ms)) != CURLE_OK ||
        (rc = curl_easy_setopt(s->curl, CURLOPT_TIMEOUT_MS, ms)) != CURLE_OK)
        return rc;
#if LIBCURL_VERSION_NUM >= 0x075700
    rc = curl_easy_setopt(s->curl, CURLOPT_QUICK_EXIT,
                          1L); /* a slow resolver outlasts no deadline */
#endif
    return rc;
}

static void trace_open(const struct om__stream *s, const struct om__net *net,
                       const struct om__stream_target *t)
{
    char text[400];
    char *ip = NULL;
    long port = 0;

    curl_easy_getinfo(s->curl, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(s->curl, CURLINFO_PRIMARY_PORT, &port);
    snprintf(text, sizeof text, "%s:%u at %s port %ld%s", t->host, t->port, ip ? ip : "?", port,
             !t->tls       ? ""
             : s->verified ? ", certificate verified"
                           : ", certificate NOT checked");
    om__trace_emit(&net->trace,
                   &(struct om_trace_event){.layer = t->tls ? OM_LAYER_TLS : OM_LAYER_TCP,
                                            .machine = "stream",
                                            .event = "connected",
                                            .text = text});
}

static om_status connect_stream(struct om__stream *s, const struct om__net *net,
                                const struct om__stream_target *t, int64_t deadline,
                                struct om_error *err)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct sigpipe g;
    CURLcode rc;

    if ((rc = curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, s->why)) == CURLE_OK &&
        (rc = set_waits(s, deadline)) == CURLE_OK && (rc = set_route(s, net, t)) == CURLE_OK &&
        (rc = set_tls(s, net, t)) == CURLE_OK) {
        hold_sigpipe(&g);
        rc = curl_easy_perform(s->curl);
        release_sigpipe(&g);
    }
    if (rc == CURLE_OK)
        rc = curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &fd);
    if (rc == CURLE_OK && fd == CURL_SOCKET_BAD)
        rc = CURLE_COULDNT_CONNECT;
    if (rc != CURLE_OK)
        return fail_connect(s, rc, err);
    s->fd = (int)fd;
    s->verified = t->tls && !t->ignore_certificate;
    s->why[0] = 0;
    trace_open(s, net, t);
    return t->tls ? take_certificate(s, t, err) : OM_OK;
}

om_status om__stream_open(const struct om__net *net, const struct om__stream_target *target,
                          int64_t deadline, struct om__stream **out, struct om_error *err)
{
    struct om__stream *s = om__calloc(1, sizeof *s);
    om_status st;

    if (!s)
        return om__fail_memory(err, "a connection");
    s->fd = -1;
    s->tls = target->tls;
    s->curl = curl_easy_init();
    st = s->curl ? connect_stream(s, net, target, deadline, err)
                 : om__fail_memory(err, "a connection");
    om__error_target(err, "%s:%u", target->host, target->port);
    om__error_doing(err, "connecting");
    if (st == OM_OK)
        *out = s;
    else
        om__stream_close(s);
    return st;
}

void om__stream_close(struct om__stream *s)
{
    struct sigpipe g;

    if (!s)
        return;
    hold_sigpipe(&g); /* TLS says goodbye */
    curl_easy_cleanup(s->curl);
    release_sigpipe(&g);
    curl_slist_free_all(s->connect_to);
    om__free(s);
}

/* Bytes */

om_status om__stream_send(struct om__stream *s, const void *p, size_t n, size_t *sent,
                          struct om_error *err)
{
    struct sigpipe g;
    size_t done = 0;
    CURLcode rc;

    *sent = 0;
    if (om__fault(OM_FAULT_WRITE))
        return om__fail_errno(err, OM_LAYER_TCP, ECONNRESET, "sending");
    hold_sigpipe(&g);
    rc = curl_easy_send(s->curl, p, n, &done);
    release_sigpipe(&g);
    if (rc == CURLE_AGAIN)
        return OM_OK;
    if (rc != CURLE_OK)
        return fail_transfer(s, "sending", err);
    *sent = done;
    return OM_OK;
}

/* An end without TLS's own goodbye is still an end: every PDU says its length. */
static bool ended(const struct om__stream *s, CURLcode rc)
{
    return rc == CURLE_RECV_ERROR && strstr(s->why, "unexpected eof");
}

om_status om__stream_recv(struct om__stream *s, void *p, size_t n, size_t *got, bool *eof,
                          struct om_error *err)
{
    struct sigpipe g;
    size_t done = 0;
    CURLcode rc;

    *got = 0;
    *eof = false;
    if (om__fault(OM_FAULT_READ))
        return om__fail_errno(err, OM_LAYER_TCP, ECONNRESET, "receiving");
    s->why[0] = 0;
    hold_sigpipe(&g); /* TLS may have to write: the answer to a key update, an alert */
    rc = curl_easy_recv(s->curl, p, n, &done);
    release_sigpipe(&g);
    if (rc == CURLE_AGAIN)
        return OM_OK;
    if (ended(s, rc)) {
        *eof = true;
        return OM_OK;
    }
    if (rc != CURLE_OK)
        return fail_transfer(s, "receiving", err);
    *got = done;
    *eof = done == 0;
    return OM_OK;
}

int om__stream_fd(const struct om__stream *s)
{
    return s->fd;
}

bool om__stream_verified(const struct om__stream *s)
{
    return s->verified;
}

const uint8_t *om__stream_certificate_hash(const struct om__stream *s, size_t *n)
{
    *n = s->hash_size;
    return s->hash;
}
