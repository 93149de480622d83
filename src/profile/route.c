/* SPDX-License-Identifier: MIT */
/*
 * The way to a server. Properties in the profile go before the map, field by field; what no one
 * says has a default. Each field remembers who said it, and who was overridden.
 */
#include "profile/route.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "profile/map.h"
#include "profile/store.h"
#include "profile/tags.h"

#define ROUTE_ARENA (1u << 20)

#define FROM_SERVER   "profile property PR_ROH_PROXY_SERVER"
#define FROM_FLAGS    "profile property PR_ROH_FLAGS"
#define FROM_SCHEME   "profile property PR_ROH_PROXY_AUTH_SCHEME"
#define FROM_NAME     "profile property PR_ROH_PROXY_PRINCIPAL_NAME"
#define FROM_PACKAGE  "profile property PR_PROFILE_AUTH_PACKAGE"
#define FROM_UI_STATE "profile property PR_PROFILE_UI_STATE"
#define FROM_SAFE     "mode smart: TLS unless the proxy is named with http://"
#define FROM_MODE     "mode smart: RPC is encrypted unless the profile says otherwise"
#define FROM_DEFAULT  "default"

struct route_impl {
    struct om_route pub;
    struct om_arena arena;
};

/* What the profile says, as it says it. */
struct wish {
    const char *proxy_text; /* PR_ROH_PROXY_SERVER, NULL when unset or empty */
    struct om__proxy proxy; /* the same, read */
    bool has_flags;
    uint32_t flags; /* PR_ROH_FLAGS */
    bool roh_off;   /* there are flags, and USE_ROH is not among them */
    bool has_http, has_rpc;
    enum om_http_auth http_auth; /* PR_ROH_PROXY_AUTH_SCHEME */
    enum om_rpc_auth rpc_auth;   /* PR_PROFILE_AUTH_PACKAGE */
    const char *principal_name;
    bool has_ui_state, encrypt; /* PR_PROFILE_UI_STATE */
};

struct decision {
    const struct om__route_input *in;
    struct wish wish;
    const struct om_map_entry *entry; /* the map's, or NULL */
    const char *entry_from;
    struct om_arena *arena;
    struct om_route *route;
    struct om__rows sources, overridden;
};

/* ---- the record of who said what ---- */

OM_PRINTF(2, 3)
static const char *text(struct decision *d, const char *fmt, ...)
{
    char buf[OM_MAX_SERVER_NAME + 64];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    return om__arena_strdup(d->arena, buf);
}

static void source(struct decision *d, const char *field, const char *value, const char *from)
{
    struct om_route_source *s = om__rows_add(&d->sources);

    if (s)
        *s = (struct om_route_source){field, value, from, NULL};
}

static void lost(struct decision *d, const char *field, const char *value, const char *from,
                 const char *by)
{
    struct om_route_source *s = om__rows_add(&d->overridden);

    if (s)
        *s = (struct om_route_source){field, value, from, by};
}

enum winner { PROFILE, MAP, DEFAULT };

/* One field: the profile's value, else the map's, else the default. NULL: says nothing. */
static enum winner choose(struct decision *d, const char *field, const char *profile,
                          const char *profile_from, const char *map, const char *fallback)
{
    if (profile && map && strcmp(profile, map) != 0)
        lost(d, field, map, d->entry_from, profile_from);
    if (profile)
        source(d, field, profile, profile_from);
    else if (map)
        source(d, field, map, d->entry_from);
    else
        source(d, field, fallback, FROM_DEFAULT);
    return profile ? PROFILE : map ? MAP : DEFAULT;
}

static const char *yes_no(bool b)
{
    return b ? "true" : "false";
}

/* ---- reading the profile ---- */

static om_status bad_value(struct om_error *err, const char *property, uint32_t value,
                           const char *known)
{
    return om__fail(err, MAPI_E_BAD_VALUE, OM_LAYER_PROFILE, OM_CAUSE_BAD_ARGUMENT, OM_NATIVE_NONE,
                    value, "%s is 0x%X, which is none of %s", property, (unsigned)value, known);
}

static om_status read_http_auth(struct wish *w, uint32_t scheme, struct om_error *err)
{
    w->has_http = true;
    switch (scheme) {
    case ROHAUTH_BASIC:
        w->http_auth = OM_HTTP_AUTH_BASIC;
        return OM_OK;
    case ROHAUTH_NTLM:
        w->http_auth = OM_HTTP_AUTH_NTLM;
        return OM_OK;
    case ROHAUTH_NEGOTIATE:
        w->http_auth = OM_HTTP_AUTH_NEGOTIATE;
        return OM_OK;
    default:
        return bad_value(err, "PR_ROH_PROXY_AUTH_SCHEME", scheme,
                         "ROHAUTH_BASIC 1, ROHAUTH_NTLM 2, ROHAUTH_NEGOTIATE 0x10");
    }
}

static om_status read_rpc_auth(struct wish *w, uint32_t package, struct om_error *err)
{
    w->has_rpc = true;
    switch (package) {
    case AUTH_PACKAGE_NONE:
    case AUTH_PACKAGE_ANONYMOUS:
        w->rpc_auth = OM_RPC_METHOD_NONE;
        return OM_OK;
    case AUTH_PACKAGE_NEGOTIATE:
        w->rpc_auth = OM_RPC_METHOD_NEGOTIATE;
        return OM_OK;
    case AUTH_PACKAGE_NTLM:
        w->rpc_auth = OM_RPC_METHOD_NTLM;
        return OM_OK;
    case AUTH_PACKAGE_KERBEROS:
        w->rpc_auth = OM_RPC_METHOD_KERBEROS;
        return OM_OK;
    default:
        return bad_value(err, "PR_PROFILE_AUTH_PACKAGE", package,
                         "0 none, 9 negotiate, 10 NTLM, 16 Kerberos, 0x8000F001 anonymous");
    }
}

static om_status read_proxy(struct wish *w, struct om_error *err)
{
    size_t at;
    const char *why = om__proxy_parse(w->proxy_text, strlen(w->proxy_text), &w->proxy, &at);

    return why ? om__fail(err, MAPI_E_BAD_VALUE, OM_LAYER_PROFILE, OM_CAUSE_BAD_ARGUMENT,
                          OM_NATIVE_COLUMN, (uint32_t)at + 1,
                          "PR_ROH_PROXY_SERVER \"%.80s\", column %zu: %s", w->proxy_text, at + 1,
                          why)
               : OM_OK;
}

static const char *string_of(const struct om_props *props, om_proptag tag)
{
    const char *s = om_props_string(props, tag);

    return s && *s ? s : NULL;
}

static om_status read_profile(const struct om_props *props, struct wish *w, struct om_error *err)
{
    uint32_t number;
    om_status st = OM_OK;

    w->proxy_text = string_of(props, PR_ROH_PROXY_SERVER);
    w->principal_name = string_of(props, PR_ROH_PROXY_PRINCIPAL_NAME);
    w->has_flags = om_props_long(props, PR_ROH_FLAGS, &w->flags);
    w->roh_off = w->has_flags && !(w->flags & ROHFLAGS_USE_ROH);
    w->has_ui_state = om_props_long(props, PR_PROFILE_UI_STATE, &number);
    if (w->has_ui_state)
        w->encrypt = number & EDK_PROFILEUISTATE_ENCRYPTNETWORK;
    if (w->proxy_text)
        st = read_proxy(w, err);
    if (st == OM_OK && om_props_long(props, PR_ROH_PROXY_AUTH_SCHEME, &number))
        st = read_http_auth(w, number, err);
    if (st == OM_OK && om_props_long(props, PR_PROFILE_AUTH_PACKAGE, &number))
        st = read_rpc_auth(w, number, err);
    return st;
}

/* "RPC-proxy properties" as the original means it: the profile asks for RPC over HTTP. */
static bool wants_proxy(const struct wish *w)
{
    return !w->roh_off && (w->proxy_text || w->has_flags);
}

/* ---- security inside RPC: for both transports ---- */

static void decide_rpc(struct decision *d)
{
    const struct wish *w = &d->wish;
    struct om_route *r = d->route;
    const char *map = d->entry ? om_rpc_auth_name(d->entry->rpc_auth) : NULL;
    bool by_mode;

    r->rpc_auth = OM_RPC_METHOD_NTLM;
    switch (choose(d, "rpc_auth", w->has_rpc ? om_rpc_auth_name(w->rpc_auth) : NULL, FROM_PACKAGE,
                   map, om_rpc_auth_name(OM_RPC_METHOD_NTLM))) {
    case PROFILE:
        r->rpc_auth = w->rpc_auth;
        break;
    case MAP:
        r->rpc_auth = d->entry->rpc_auth;
        break;
    case DEFAULT:
        break;
    }
    if (r->rpc_auth == OM_RPC_METHOD_NONE) { /* no key, so nothing to sign or seal with */
        r->rpc_level = OM_ROUTE_LEVEL_NONE;
        source(d, "rpc_level", om_rpc_level_name(r->rpc_level), "RPC without authentication");
        if (w->encrypt)
            lost(d, "rpc_level", om_rpc_level_name(OM_ROUTE_LEVEL_PRIVACY), FROM_UI_STATE,
                 "RPC without authentication");
        return;
    }
    by_mode = !w->has_ui_state && d->in->mode == OM_ROUTING_SMART;
    r->rpc_level = w->encrypt || by_mode ? OM_ROUTE_LEVEL_PRIVACY : OM_ROUTE_LEVEL_CONNECT;
    source(d, "rpc_level", om_rpc_level_name(r->rpc_level),
           w->has_ui_state ? FROM_UI_STATE
           : by_mode       ? FROM_MODE
                           : FROM_DEFAULT);
}

/* ---- RPC over TCP ---- */

static void drop_proxy_wishes(struct decision *d, const char *by)
{
    const struct wish *w = &d->wish;

    if (w->proxy_text)
        lost(d, "proxy", w->proxy_text, FROM_SERVER, by);
    if (w->has_flags && !w->roh_off)
        lost(d, "transport", om_transport_name(OM_TRANSPORT_NCACN_HTTP), FROM_FLAGS, by);
    if (w->has_http)
        lost(d, "http_auth", om_http_auth_name(w->http_auth), FROM_SCHEME, by);
}

static om_status decide_legacy(struct decision *d, struct om_error *err)
{
    struct om_route *r = d->route;

    if (d->in->mode != OM_ROUTING_SMART && wants_proxy(&d->wish)) {
        om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_ROUTE, OM_CAUSE_PROXY_BLOCKS_LEGACY,
                 OM_NATIVE_NONE, 0,
                 "%s would send everything through the RPC proxy, and RPC over HTTP to a legacy "
                 "server is "
                 "blocked",
                 d->wish.proxy_text ? FROM_SERVER : FROM_FLAGS);
        om__error_target(err, "%s", d->in->server);
        return om__error_frame(err, MAPI_E_FAILONEPROVIDER, OM_LAYER_ROUTE,
                               "routing to %.100s as MAPI/CDO does", d->in->server);
    }
    r->transport = OM_TRANSPORT_NCACN_IP_TCP;
    r->http_auth = OM_HTTP_AUTH_NONE;
    source(d, "transport", om_transport_name(r->transport),
           "a server name without '@': a legacy server");
    drop_proxy_wishes(d, "a legacy server, reached by RPC over TCP");
    decide_rpc(d);
    return OM_OK;
}

/* ---- RPC over HTTP ---- */

/* An entry that MAPI/CDO 6.5.8309 would have found but for the case of its domain. */
static const struct om_map_entry *missed_by_case(const struct decision *d)
{
    const struct om_map_entry *e = NULL;

    if (d->in->mode == OM_ROUTING_CDO_8309 && d->in->map)
        e = om__map_find(d->in->map, d->route->domain, false);
    return e && strcmp(e->domain, "*") != 0 ? e : NULL;
}

static om_status no_entry(struct decision *d, struct om_error *err)
{
    const struct om_map_entry *near = missed_by_case(d);
    uint32_t broken = d->in->map ? d->in->map->error_count : 0;
    const char *off = d->wish.roh_off && d->wish.proxy_text
                          ? "; the profile's proxy is switched off by PR_ROH_FLAGS"
                          : "";
    char also[200] = "";

    if (near)
        snprintf(also, sizeof also,
                 "; %.60s, entry %u, is for \"%.80s\", and 6.5.8309 compares case",
                 near->value_name, (unsigned)near->entry, near->domain);
    else if (broken)
        snprintf(also, sizeof also, "; %u entries of the map cannot be read", (unsigned)broken);
    om__fail(
        err, MAPI_E_NOT_FOUND, OM_LAYER_MAP, OM_CAUSE_NO_MAP_ENTRY, OM_NATIVE_NONE, 0,
        "no entry of RpcHttpProxyMap for the domain \"%.80s\", and no RPC proxy in the profile%s%s",
        d->route->domain, off, also);
    om__error_doing(err, "routing");
    om__error_target(err, "%s", d->in->server);
    if (d->in->mode == OM_ROUTING_SMART)
        return MAPI_E_NOT_FOUND;
    return om__error_frame(err, MAPI_E_LOGON_FAILED, OM_LAYER_ROUTE,
                           "routing to %.100s as MAPI/CDO does", d->in->server);
}

static const char *proxy_text(struct decision *d, const struct om__proxy *p)
{
    return om__arena_strndup(d->arena, p->host, p->host_len);
}

/* tls: the flags, when they ask for RPC over HTTP at all; else the scheme of whoever named the
 * proxy. */
static bool decide_tls(struct decision *d, bool own_proxy)
{
    const struct wish *w = &d->wish;
    bool by_flags = w->has_flags && !w->roh_off;
    bool own_scheme = own_proxy && w->proxy.scheme_given;
    bool tls = by_flags && (w->flags & ROHFLAGS_SSL_ONLY);
    const char *from = by_flags ? FROM_FLAGS : FROM_SERVER;

    if (own_scheme && w->proxy.tls && !tls) { /* of two wishes in one profile the safer one */
        tls = true;
        from = FROM_SERVER;
    } else if (by_flags && !tls && !own_scheme && d->in->mode == OM_ROUTING_SMART) {
        tls =
            own_proxy || d->entry->tls; /* a flag left out is no wish for a password in the clear */
        from = own_proxy ? FROM_SAFE : d->entry_from;
    } else if (!own_scheme && !by_flags) {
        tls = own_proxy || d->entry->tls; /* nobody said otherwise: https */
    }
    choose(d, "tls", by_flags || own_scheme ? yes_no(tls) : NULL, from,
           own_proxy ? NULL : yes_no(d->entry->tls), yes_no(tls));
    return tls;
}

static void decide_port(struct decision *d, bool own_proxy)
{
    struct om_route *r = d->route;
    bool given = own_proxy ? d->wish.proxy.port_given : d->entry->port_given;
    uint16_t port = own_proxy ? d->wish.proxy.port : d->entry->port;
    const char *value;

    r->proxy_port = given ? port : r->tls ? 443 : 80;
    value = text(d, "%u", (unsigned)r->proxy_port);
    source(d, "proxy_port", value, !given ? FROM_DEFAULT : own_proxy ? FROM_SERVER : d->entry_from);
}

static void decide_http_auth(struct decision *d)
{
    const struct wish *w = &d->wish;
    const char *map = d->entry ? om_http_auth_name(d->entry->http_auth) : NULL;

    d->route->http_auth = OM_HTTP_AUTH_NTLM;
    switch (choose(d, "http_auth", w->has_http ? om_http_auth_name(w->http_auth) : NULL,
                   FROM_SCHEME, map, om_http_auth_name(OM_HTTP_AUTH_NTLM))) {
    case PROFILE:
        d->route->http_auth = w->http_auth;
        break;
    case MAP:
        d->route->http_auth = d->entry->http_auth;
        break;
    case DEFAULT:
        break;
    }
}

static void decide_certificate(struct decision *d)
{
    const struct wish *w = &d->wish;
    struct om_route *r = d->route;
    bool by_flags = w->has_flags && !w->roh_off;
    bool wished = w->flags & ROHFLAGS_IGNORE_SEC_WARNING;
    bool mutual = by_flags && (w->flags & ROHFLAGS_MUTUAL_AUTH);

    choose(d, "ignore_certificate", by_flags ? yes_no(wished) : NULL, FROM_FLAGS,
           d->entry ? yes_no(d->entry->ignore_certificate) : NULL, yes_no(false));
    r->ignore_certificate = by_flags ? wished : d->entry && d->entry->ignore_certificate;
    if (!w->principal_name)
        return;
    if (mutual) {
        r->principal_name = om__arena_strdup(d->arena, w->principal_name);
        source(d, "principal_name", r->principal_name, FROM_NAME);
    } else {
        lost(d, "principal_name", w->principal_name, FROM_NAME,
             "PR_ROH_FLAGS without ROHFLAGS_MUTUAL_AUTH");
    }
}

static om_status decide_personalized(struct decision *d, struct om_error *err)
{
    const struct wish *w = &d->wish;
    struct om_route *r = d->route;
    bool own_proxy = w->proxy_text && !w->roh_off;

    if (d->in->map)
        d->entry = om__map_find(d->in->map, r->domain, d->in->mode == OM_ROUTING_CDO_8309);
    if (!own_proxy && !d->entry)
        return no_entry(d, err);
    if (d->entry)
        d->entry_from =
            text(d, "map value %.255s, entry %u", d->entry->value_name, (unsigned)d->entry->entry);
    r->transport = OM_TRANSPORT_NCACN_HTTP;
    source(d, "transport", om_transport_name(r->transport),
           "a personalized server id: Exchange 2013 or later");
    if (w->proxy_text && w->roh_off)
        lost(d, "proxy", w->proxy_text, FROM_SERVER, "PR_ROH_FLAGS without ROHFLAGS_USE_ROH");
    r->proxy = own_proxy ? proxy_text(d, &w->proxy) : om__arena_strdup(d->arena, d->entry->proxy);
    choose(d, "proxy", own_proxy ? r->proxy : NULL, FROM_SERVER, d->entry ? d->entry->proxy : NULL,
           "");
    r->tls = decide_tls(d, own_proxy);
    decide_port(d, own_proxy);
    decide_http_auth(d);
    decide_certificate(d);
    decide_rpc(d);
    return OM_OK;
}

/* ---- the whole ---- */

/* It becomes part of a URL, and often comes from a server: nothing in it may begin another part. */
static bool is_server_name(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s <= ' ' || *s == 0x7F || strchr("/\\?#\"<>", *s))
            return false;
    }
    return true;
}

static om_status check_server(const char *server, struct om_error *err)
{
    const char *at = strrchr(server, '@'), *why = NULL;

    if (!*server)
        why = "there is no server name";
    else if (strlen(server) > OM_MAX_SERVER_NAME)
        why = "the server name is too long";
    else if (at == server || (at && !at[1]))
        why = "a personalized server id is guid@domain, with both";
    else if (!is_server_name(server))
        why = "the server name has a character that stands in no host name";
    return why ? om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_ROUTE, OM_CAUSE_BAD_ARGUMENT,
                          OM_NATIVE_NONE, 0, "%s", why)
               : OM_OK;
}

static om_status decide(struct decision *d, struct om_error *err)
{
    struct om_route *r = d->route;
    const char *at = strrchr(d->in->server, '@');
    om_status st = d->in->props ? read_profile(d->in->props, &d->wish, err) : OM_OK;

    if (st != OM_OK)
        return st;
    r->server = om__arena_strdup(d->arena, d->in->server);
    r->domain = om__arena_strdup(d->arena, at ? at + 1 : "");
    r->proxy = r->principal_name = "";
    r->mode = d->in->mode;
    if (!r->server || !r->domain)
        return om__fail_memory(err, "the route");
    st = at ? decide_personalized(d, err) : decide_legacy(d, err);
    if (st == OM_OK && d->arena->failed)
        st = om__fail_memory(err, "the route");
    return st;
}

/* What `lost` and `source` were handed may belong to the map or the profile: the route keeps its
 * own. */
static bool own_strings(struct om_arena *a, struct om__rows *rows)
{
    struct om_route_source *items = rows->items;

    for (uint32_t i = 0; i < rows->count; i++) {
        items[i].value = om__arena_strdup(a, items[i].value ? items[i].value : "");
        if (!items[i].value)
            return false;
    }
    return true;
}

om_status om__route_decide(const struct om__route_input *in, struct om_route **out,
                           struct om_error *err)
{
    struct route_impl *impl;
    struct decision d = {.in = in};
    om_status st = check_server(in->server, err);

    if (st != OM_OK)
        return st;
    impl = om__calloc(1, sizeof *impl);
    if (!impl)
        return om__fail_memory(err, "the route");
    om__arena_init(&impl->arena, ROUTE_ARENA);
    d.arena = &impl->arena;
    d.route = &impl->pub;
    d.sources = d.overridden =
        (struct om__rows){.arena = d.arena, .item_size = sizeof(struct om_route_source)};
    st = decide(&d, err);
    if (st == OM_OK && !(own_strings(d.arena, &d.sources) && own_strings(d.arena, &d.overridden)))
        st = om__fail_memory(err, "the route");
    if (st != OM_OK) {
        om_route_free(&impl->pub);
        return st;
    }
    impl->pub.sources = d.sources.items;
    impl->pub.source_count = d.sources.count;
    impl->pub.overridden = d.overridden.items;
    impl->pub.overridden_count = d.overridden.count;
    *out = &impl->pub;
    return OM_OK;
}

void om_route_free(struct om_route *route)
{
    struct route_impl *impl = (struct route_impl *)route;

    if (impl)
        om__arena_free(&impl->arena);
    om__free(impl);
}

/* ---- from the store ---- */

static om_status read_store(struct om_store *s, const char *profile, struct om__route_input *in,
                            struct om_props **props, struct om_map **map, struct om_error *err)
{
    struct om_profile_info info;
    struct om_uid uid;
    struct om__cell any = {0};
    om_status st = om_map_load(s, map, err);

    if (st == OM_OK && !profile)
        st = om__store_run(s, err, om__row_cell, &any, "SELECT 1 FROM profile WHERE is_default = 1",
                           "");
    if (st != OM_OK || (!profile && !any.found))
        return st;
    st = om_profile_find(s, profile, &info, err);
    if (st == OM_OK)
        st = om_section_resolve(s, profile, "global", &uid, err);
    if (st == OM_OK)
        st = om_section_read(s, profile, &uid, props, err);
    if (st == OM_OK)
        in->mode = info.mode;
    return st;
}

om_status om_route_explain(struct om_store *s, const char *profile, const char *server,
                           struct om_route **out, struct om_error *err)
{
    struct om__route_input in = {.server = server};
    struct om_props *props = NULL;
    struct om_map *map = NULL;
    om_status st = om__store_snapshot(s, err);

    if (st == OM_OK)
        st = om__store_end(s, read_store(s, profile, &in, &props, &map, err), err);
    if (st == OM_OK) {
        in.props = props;
        in.map = map;
        st = om__route_decide(&in, out, err);
    }
    om_props_free(props);
    om_map_free(map);
    return st;
}
