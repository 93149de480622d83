/* SPDX-License-Identifier: MIT */
/* The grammar of RpcHttpProxyMap, without a store: text in, entries and problems out. */
#include "profile/map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"

#define MAP_ARENA                                                                                  \
    (16u << 20) /* more than OM_MAX_MAP_ENTRIES entries with all their problems need */

/* ---- names ---- */

static const char *const http_names[] = {
    [OM_HTTP_AUTH_NONE] = "none",
    [OM_HTTP_AUTH_BASIC] = "basic",
    [OM_HTTP_AUTH_NTLM] = "ntlm",
    [OM_HTTP_AUTH_NEGOTIATE] = "negotiate",
};

static const char *const rpc_names[] = {
    [OM_RPC_METHOD_NONE] = "none",
    [OM_RPC_METHOD_NTLM] = "ntlm",
    [OM_RPC_METHOD_NEGOTIATE] = "negotiate",
    [OM_RPC_METHOD_KERBEROS] = "kerberos",
};

static const char *const warning_names[] = {
    [OM_MAP_ERROR] = "error",
    [OM_MAP_DUPLICATE] = "duplicate",
    [OM_MAP_SHADOWED] = "shadowed",
    [OM_MAP_CERTIFICATE_OFF] = "certificate-off",
    [OM_MAP_BASIC_WITHOUT_TLS] = "basic-without-tls",
    [OM_MAP_CASE] = "case",
    [OM_MAP_UNSUPPORTED] = "unsupported",
};

#define NAME_OF(names, i) ((size_t)(i) < sizeof(names) / sizeof *(names) ? (names)[i] : "unknown")

const char *om_http_auth_name(enum om_http_auth auth)
{
    return NAME_OF(http_names, auth);
}

const char *om_rpc_auth_name(enum om_rpc_auth auth)
{
    return NAME_OF(rpc_names, auth);
}

const char *om_rpc_level_name(enum om_rpc_level level)
{
    switch (level) {
    case OM_ROUTE_LEVEL_NONE:
        return "none";
    case OM_ROUTE_LEVEL_CONNECT:
        return "connect";
    case OM_ROUTE_LEVEL_INTEGRITY:
        return "integrity";
    case OM_ROUTE_LEVEL_PRIVACY:
        return "privacy";
    }
    return "unknown";
}

const char *om_transport_name(enum om_transport transport)
{
    return transport == OM_TRANSPORT_NCACN_HTTP ? "ncacn_http" : "ncacn_ip_tcp";
}

const char *om_map_warning_name(enum om_map_warning kind)
{
    return NAME_OF(warning_names, kind);
}

/* ---- the parser's state ---- */

struct map_impl {
    struct om_map pub;
    struct om_arena arena;
};

enum field { DOMAIN, PROXY, HTTP_METHOD, RPC_METHOD, IGNORE, FIELDS };

/* A stretch of the data. */
struct span {
    const char *p;
    size_t n;
};

struct parser {
    struct om_arena *arena;
    struct om__rows entries, errors, warnings;
    const char *value_name; /* in the arena */
    const char *data;       /* columns count from here */
    uint32_t entry;
    bool bad; /* the entry at hand has an error */
};

OM_PRINTF(4, 5)
static void problem(struct parser *ps, enum om_map_warning kind, const char *at, const char *fmt,
                    ...)
{
    struct om_map_problem *p = om__rows_add(kind == OM_MAP_ERROR ? &ps->errors : &ps->warnings);
    char text[256];
    va_list ap;

    if (kind == OM_MAP_ERROR)
        ps->bad = true;
    if (!p)
        return; /* the arena remembers */
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    p->kind = kind;
    p->value_name = ps->value_name;
    p->entry = ps->entry;
    p->column = (uint32_t)(at - ps->data) + 1;
    p->message = om__arena_strdup(ps->arena, text);
}

/* For messages: printable, cut. */
static const char *show(const struct span *s, char buf[48])
{
    size_t n = s->n < 40 ? s->n : 40;

    for (size_t i = 0; i < n; i++)
        buf[i] = s->p[i] < 0x20 || s->p[i] == 0x7F ? '?' : s->p[i];
    memcpy(buf + n, n < s->n ? "..." : "", n < s->n ? 4 : 1);
    return buf;
}

static bool span_is(const struct span *s, const char *word)
{
    return strlen(word) == s->n && strncasecmp(s->p, word, s->n) == 0;
}

/* ---- fields ---- */

/* Letters, digits, '-', '_' and single dots within. Gives the offset of what is none, n if all is
 * well. */
static size_t host_length(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool letter = (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z');
        bool other = (p[i] >= '0' && p[i] <= '9') || p[i] == '-' || p[i] == '_';
        bool dot = p[i] == '.' && i > 0 && p[i - 1] != '.' && i + 1 < n;

        if (!letter && !other && !dot)
            return i;
    }
    return n;
}

static size_t ipv6_length(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && strchr("0123456789abcdefABCDEF:.%", p[i]) && p[i])
        i++;
    return i;
}

/* Without an empty port: "host:" is a mistake. */
static bool port_parse(const char *p, size_t n, uint16_t *port)
{
    uint32_t v = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9' || i > 4)
            return false;
        v = 10 * v + (uint32_t)(p[i] - '0');
    }
    *port = (uint16_t)v;
    return n && v && v <= UINT16_MAX;
}

/* Takes the scheme off; false when it is another one. */
static bool scheme_parse(struct span *s, struct om__proxy *out)
{
    static const struct {
        const char *scheme;
        size_t len;
        bool tls;
    } schemes[] = {{"https://", 8, true}, {"http://", 7, false}};

    for (size_t i = 0; i < 2; i++) {
        if (s->n >= schemes[i].len && strncasecmp(s->p, schemes[i].scheme, schemes[i].len) == 0) {
            out->tls = schemes[i].tls;
            out->scheme_given = true;
            s->p += schemes[i].len;
            s->n -= schemes[i].len;
            return true;
        }
    }
    return !memmem(s->p, s->n, "://", 3);
}

const char *om__proxy_parse(const char *text, size_t n, struct om__proxy *out, size_t *at)
{
    struct om__proxy proxy = {.tls = true};
    struct span rest = {text, n};
    const char *colon;
    bool bracket;

    *at = 0;
    if (!scheme_parse(&rest, &proxy))
        return "the scheme must be http:// or https://";
    *at = (size_t)(rest.p - text);
    bracket = rest.n && rest.p[0] == '[';
    if (bracket) {
        colon = memchr(rest.p, ']', rest.n);
        if (!colon)
            return "the address has no ]";
        proxy.host = rest.p + 1;
        proxy.host_len = (size_t)(colon - proxy.host);
        colon = colon + 1 < rest.p + rest.n ? colon + 1 : NULL;
    } else {
        colon = memchr(rest.p, ':', rest.n);
        proxy.host = rest.p;
        proxy.host_len = colon ? (size_t)(colon - rest.p) : rest.n;
    }
    if (proxy.host_len == 0)
        return "the proxy has no name";
    *at = (size_t)(proxy.host - text);
    if (proxy.host_len > 253)
        return "the proxy's name is longer than 253 bytes";
    *at +=
        bracket ? ipv6_length(proxy.host, proxy.host_len) : host_length(proxy.host, proxy.host_len);
    if (*at != (size_t)(proxy.host - text) + proxy.host_len)
        return text[*at] == '/' ? "a path is not allowed here"
                                : "no host name has this character there";
    proxy.port = proxy.tls ? 443 : 80;
    if (colon) {
        *at = (size_t)(colon - text);
        if (*colon != ':')
            return "only a port may follow the address";
        ++*at;
        if (!port_parse(colon + 1, (size_t)(text + n - colon) - 1, &proxy.port))
            return "the port must be a number from 1 to 65535";
        proxy.port_given = true;
    }
    *out = proxy;
    return NULL;
}

static void parse_domain(struct parser *ps, const struct span *s, struct om_map_entry *e)
{
    size_t good = span_is(s, "*") ? 1 : host_length(s->p, s->n);
    char text[48];

    if (s->n == 0)
        problem(ps, OM_MAP_ERROR, s->p, "there is no domain before '='");
    else if (s->n > 253)
        problem(ps, OM_MAP_ERROR, s->p, "the domain is longer than 253 bytes");
    else if (good < s->n)
        problem(ps, OM_MAP_ERROR, s->p + good, "\"%s\" is no domain (nor * alone)", show(s, text));
    e->domain = om__arena_strndup(ps->arena, s->p, s->n);
}

static void parse_proxy(struct parser *ps, const struct span *s, struct om_map_entry *e)
{
    struct om__proxy proxy;
    size_t at;
    const char *why = om__proxy_parse(s->p, s->n, &proxy, &at);

    if (why) {
        problem(ps, OM_MAP_ERROR, s->p + at, "%s", why);
        return;
    }
    e->proxy = om__arena_strndup(ps->arena, proxy.host, proxy.host_len);
    e->port = proxy.port;
    e->port_given = proxy.port_given;
    e->tls = proxy.tls;
}

static void parse_http(struct parser *ps, const struct span *s, struct om_map_entry *e)
{
    char text[48];

    for (unsigned i = OM_HTTP_AUTH_BASIC; i <= OM_HTTP_AUTH_NEGOTIATE; i++) {
        if (span_is(s, http_names[i])) {
            e->http_auth = (enum om_http_auth)i;
            return;
        }
    }
    problem(ps, OM_MAP_ERROR, s->p, "the HTTP method must be basic, ntlm or negotiate, not \"%s\"",
            show(s, text));
}

static void parse_rpc(struct parser *ps, const struct span *s, struct om_map_entry *e)
{
    char text[48];

    e->rpc_auth = OM_RPC_METHOD_NONE;
    if (span_is(s, "anonymous"))
        return;
    for (unsigned i = 0; i <= OM_RPC_METHOD_KERBEROS; i++) {
        if (span_is(s, rpc_names[i])) {
            e->rpc_auth = (enum om_rpc_auth)i;
            return;
        }
    }
    problem(ps, OM_MAP_ERROR, s->p,
            "the RPC method must be ntlm, negotiate, kerberos, none or anonymous, not \"%s\"",
            show(s, text));
}

static void parse_ignore(struct parser *ps, const struct span *s, struct om_map_entry *e)
{
    char text[48];

    e->ignore_certificate = span_is(s, "true");
    if (!e->ignore_certificate && !span_is(s, "false"))
        problem(ps, OM_MAP_ERROR, s->p, "IgnoreInvalidCert must be true or false, not \"%s\"",
                show(s, text));
}

/* ---- entries ---- */

/* What one entry alone gives cause to say. */
static void warn_entry(struct parser *ps, const struct span *fields, const struct om_map_entry *e)
{
    const struct span *domain = &fields[DOMAIN];
    size_t upper = 0;

    if (e->ignore_certificate)
        problem(ps, OM_MAP_CERTIFICATE_OFF, fields[IGNORE].p,
                "any certificate is accepted, so anyone in between can read and change everything");
    if (e->http_auth == OM_HTTP_AUTH_BASIC && !e->tls)
        problem(ps, OM_MAP_BASIC_WITHOUT_TLS, fields[PROXY].p,
                "basic without TLS sends the password as it is; use https://");
    if (e->rpc_auth == OM_RPC_METHOD_KERBEROS)
        problem(ps, OM_MAP_UNSUPPORTED, fields[RPC_METHOD].p,
                "kerberos is not supported yet: use ntlm");
    while (upper < domain->n && !(domain->p[upper] >= 'A' && domain->p[upper] <= 'Z'))
        upper++;
    if (upper < domain->n)
        problem(ps, OM_MAP_CASE, domain->p + upper,
                "MAPI/CDO 6.5.8309 compares case and misses server ids that write \"%s\" in "
                "another one",
                e->domain ? e->domain : "");
}

/* Splits at '=' and the commas. False: the number of parts is wrong, and said. */
static bool split(struct parser *ps, const struct span *entry, struct span fields[FIELDS])
{
    const char *end = entry->p + entry->n, *p = memchr(entry->p, '=', entry->n);
    int n = PROXY;

    if (!p) {
        problem(ps, OM_MAP_ERROR, entry->p,
                "there is no '=': an entry is domain=proxy,HTTP method,RPC method,true|false "
                "without blanks");
        return false;
    }
    fields[DOMAIN] = (struct span){entry->p, (size_t)(p - entry->p)};
    for (p++;; p++, n++) {
        const char *comma = memchr(p, ',', (size_t)(end - p));

        if (n == FIELDS) {
            problem(ps, OM_MAP_ERROR, p, "there are more than four fields after '='");
            return false;
        }
        fields[n] = (struct span){p, (size_t)((comma ? comma : end) - p)};
        if (!comma)
            break;
        p = comma;
    }
    if (n + 1 < FIELDS) {
        problem(
            ps, OM_MAP_ERROR, end,
            "there are %d fields after '=', not four: proxy, HTTP method, RPC method, true|false",
            n);
        return false;
    }
    return true;
}

static void parse_entry(struct parser *ps, const struct span *entry)
{
    struct span fields[FIELDS];
    struct om_map_entry e = {.value_name = ps->value_name,
                             .entry = ps->entry,
                             .column = (uint32_t)(entry->p - ps->data) + 1};
    struct om_map_entry *slot;

    ps->bad = false;
    if (ps->entries.count == OM_MAX_MAP_ENTRIES) {
        problem(ps, OM_MAP_ERROR, entry->p, "there are more than %u entries", OM_MAX_MAP_ENTRIES);
        return;
    }
    if (!split(ps, entry, fields))
        return;
    parse_domain(ps, &fields[DOMAIN], &e);
    parse_proxy(ps, &fields[PROXY], &e);
    parse_http(ps, &fields[HTTP_METHOD], &e);
    parse_rpc(ps, &fields[RPC_METHOD], &e);
    parse_ignore(ps, &fields[IGNORE], &e);
    if (ps->bad)
        return;
    warn_entry(ps, fields, &e);
    slot = om__rows_add(&ps->entries);
    if (slot)
        *slot = e;
}

static bool is_separator(char c)
{
    return c == '\0' || c == ';' || c == ' ' || (c >= '\t' && c <= '\r');
}

static void parse_value(struct parser *ps, const struct om_map_value *value)
{
    const char *p = value->size ? value->data : "", *end = p + value->size;

    ps->value_name = om__arena_strdup(ps->arena, value->name);
    ps->data = p;
    ps->entry = 0;
    if (value->size > OM_MAX_MAP_DATA) {
        problem(ps, OM_MAP_ERROR, p, "the value is larger than %u bytes", OM_MAX_MAP_DATA);
        return;
    }
    while (p < end && !ps->arena->failed && ps->errors.count <= OM_MAX_MAP_ENTRIES) {
        const char *start = p;

        while (p < end && !is_separator(*p))
            p++;
        if (p > start) {
            ps->entry++;
            parse_entry(ps, &(struct span){start, (size_t)(p - start)});
        }
        p++;
    }
}

/* ---- all values together ---- */

static bool same_entry(const struct om_map_entry *a, const struct om_map_entry *b)
{
    return strcasecmp(a->proxy, b->proxy) == 0 && a->port == b->port && a->tls == b->tls &&
           a->http_auth == b->http_auth && a->rpc_auth == b->rpc_auth &&
           a->ignore_certificate == b->ignore_certificate;
}

/* The first entry for the same domain, when it is another one. */
static const struct om_map_entry *earlier(const struct om_map_entry *entries, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++) {
        if (strcasecmp(entries[j].domain, entries[i].domain) == 0)
            return &entries[j];
    }
    return NULL;
}

static void warn_repeated(struct parser *ps)
{
    const struct om_map_entry *entries = ps->entries.items;

    for (uint32_t i = 0; i < ps->entries.count && !ps->arena->failed; i++) {
        const struct om_map_entry *e = &entries[i], *first = earlier(entries, i);
        struct om_map_problem *p = first ? om__rows_add(&ps->warnings) : NULL;
        char text[512];

        if (!p)
            continue;
        snprintf(text, sizeof text,
                 same_entry(first, e) ? "the same as %.200s, entry %u"
                                      : "never used: %.200s, entry %u is for the same domain",
                 first->value_name, (unsigned)first->entry);
        p->kind = same_entry(first, e) ? OM_MAP_DUPLICATE : OM_MAP_SHADOWED;
        p->value_name = e->value_name;
        p->entry = e->entry;
        p->column = e->column;
        p->message = om__arena_strdup(ps->arena, text);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct om_map_value *const *x = a, *const *y = b;
    int order = strcasecmp((*x)->name, (*y)->name);

    return order ? order : strcmp((*x)->name, (*y)->name);
}

/* The map's own order: by value, entry and column. */
static int by_place(const void *a, const void *b)
{
    const struct om_map_problem *x = a, *y = b;
    int order = strcasecmp(x->value_name, y->value_name);

    if (!order)
        order = strcmp(x->value_name, y->value_name);
    if (!order)
        order = (x->entry > y->entry) - (x->entry < y->entry);
    if (!order)
        order = (x->column > y->column) - (x->column < y->column);
    return order ? order : (int)x->kind - (int)y->kind;
}

static struct map_impl *map_new(void)
{
    struct map_impl *map = om__calloc(1, sizeof *map);

    if (map)
        om__arena_init(&map->arena, MAP_ARENA);
    return map;
}

void om_map_free(struct om_map *map)
{
    struct map_impl *impl = (struct map_impl *)map;

    if (impl)
        om__arena_free(&impl->arena);
    om__free(impl);
}

om_status om_map_parse(const struct om_map_value *values, uint32_t count, struct om_map **out,
                       struct om_error *err)
{
    const struct om_map_value **sorted = om__calloc(count, sizeof *sorted);
    struct map_impl *map = map_new();
    struct parser ps = {0};

    if (!sorted || !map) {
        om__free(sorted);
        om_map_free(map ? &map->pub : NULL);
        return om__fail_memory(err, "the proxy map");
    }
    ps.arena = &map->arena;
    ps.entries = (struct om__rows){.arena = ps.arena, .item_size = sizeof(struct om_map_entry)};
    ps.errors = ps.warnings =
        (struct om__rows){.arena = ps.arena, .item_size = sizeof(struct om_map_problem)};
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = &values[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    for (uint32_t i = 0; i < count; i++)
        parse_value(&ps, sorted[i]);
    om__free(sorted);
    warn_repeated(&ps);
    if (map->arena.failed) {
        om_map_free(&map->pub);
        return om__fail_memory(err, "the proxy map");
    }
    if (ps.warnings.count)
        qsort(ps.warnings.items, ps.warnings.count, sizeof(struct om_map_problem), by_place);
    map->pub = (struct om_map){ps.entries.count, ps.errors.count, ps.warnings.count,
                               ps.entries.items, ps.errors.items, ps.warnings.items};
    *out = &map->pub;
    return OM_OK;
}

const struct om_map_entry *om__map_find(const struct om_map *map, const char *domain, bool exact)
{
    const struct om_map_entry *any = NULL;

    for (uint32_t i = 0; i < map->entry_count; i++) {
        const struct om_map_entry *e = &map->entries[i];

        if ((exact ? strcmp : strcasecmp)(e->domain, domain) == 0)
            return e;
        if (!any && strcmp(e->domain, "*") == 0)
            any = e;
    }
    return any;
}
