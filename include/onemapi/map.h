/* SPDX-License-Identifier: MIT */
/*
 * RpcHttpProxyMap, and the way to a server that follows from it and from the profile.
 *
 * On Windows the map is a set of registry values whose names begin with "RpcHttpProxyMap"; each
 * application writes one of its own, and all are read. Here they are settings of the profile store.
 * The data of a value is entries
 *
 *     domain=proxy,RpcHttpAuthMethod,RpcAuthMethod,IgnoreInvalidCert
 *     contoso.com=mail.contoso.com,ntlm,ntlm,false
 *
 *   domain   what stands right of '@' in a personalized server id, or * for any domain without an
 * entry proxy    host, [http://|https://]host[:port]; https and the scheme's own port if not said
 *   methods  basic ntlm negotiate for HTTP; ntlm negotiate kerberos none anonymous for RPC
 *   last     true accepts certificates that are not valid
 *
 * separated by white space, ';' or NUL; keywords in any case. A domain's own entry goes before '*',
 * wherever it stands; among equals the first one, values taken in the order of their names.
 */
#ifndef ONEMAPI_MAP_H
#define ONEMAPI_MAP_H

#include <onemapi/profile.h>

OM_BEGIN_DECLS

enum om_http_auth {
    OM_HTTP_AUTH_NONE,
    OM_HTTP_AUTH_BASIC,
    OM_HTTP_AUTH_NTLM,
    OM_HTTP_AUTH_NEGOTIATE
};
enum om_rpc_auth {
    OM_RPC_METHOD_NONE,
    OM_RPC_METHOD_NTLM,
    OM_RPC_METHOD_NEGOTIATE,
    OM_RPC_METHOD_KERBEROS
};

/* [MS-RPCE] 2.2.1.1.8; the values are those of the wire. */
enum om_rpc_level {
    OM_ROUTE_LEVEL_NONE = 1,
    OM_ROUTE_LEVEL_CONNECT = 2,
    OM_ROUTE_LEVEL_INTEGRITY = 5,
    OM_ROUTE_LEVEL_PRIVACY = 6
};

enum om_transport { OM_TRANSPORT_NCACN_HTTP, OM_TRANSPORT_NCACN_IP_TCP };

/* "none", "basic", "ntlm", ...; "ncacn_http"; "privacy". Never NULL, static storage. */
OM_API const char *om_http_auth_name(enum om_http_auth auth);
OM_API const char *om_rpc_auth_name(enum om_rpc_auth auth);
OM_API const char *om_rpc_level_name(enum om_rpc_level level);
OM_API const char *om_transport_name(enum om_transport transport);

/* ---- the map itself ---- */

struct om_map_entry {
    const char *value_name; /* "RpcHttpProxyMap_MFCMAPI" */
    uint32_t entry;         /* counted from 1 in its value */
    uint32_t column;        /* where it begins in the data, in bytes from 1 */
    const char *domain;     /* as written; "*" */
    const char *proxy;      /* host name or address, without scheme and port, no brackets */
    uint16_t port;
    bool port_given;
    bool tls;
    enum om_http_auth http_auth;
    enum om_rpc_auth rpc_auth;
    bool ignore_certificate;
};

enum om_map_warning {
    OM_MAP_ERROR,             /* no warning: the entry cannot be read and is left out */
    OM_MAP_DUPLICATE,         /* the same entry again */
    OM_MAP_SHADOWED,          /* another entry of this domain goes before it */
    OM_MAP_CERTIFICATE_OFF,   /* invalid certificates are accepted */
    OM_MAP_BASIC_WITHOUT_TLS, /* the password crosses the network as it is */
    OM_MAP_CASE,              /* MAPI/CDO 6.5.8309 would miss it */
    OM_MAP_UNSUPPORTED        /* a method of MAPI's that is not supported yet */
};

/* "duplicate", "certificate-off", ...; "error". Never NULL. */
OM_API const char *om_map_warning_name(enum om_map_warning kind);

struct om_map_problem {
    enum om_map_warning kind;
    const char *value_name;
    uint32_t entry;  /* counted from 1 */
    uint32_t column; /* in bytes from 1, in the value's data */
    const char *message;
};

/* All values merged. Everything belongs to the map; free with om_map_free(). */
struct om_map {
    uint32_t entry_count, error_count, warning_count;
    const struct om_map_entry *entries; /* in the order they are tried */
    const struct om_map_problem *errors;
    const struct om_map_problem *warnings;
};

struct om_map_value {
    const char *name;
    const char *data; /* `size` bytes and a NUL; may have NULs within */
    size_t size;
};

struct om_map_values {
    uint32_t count;
    const struct om_map_value *items; /* in the order of their names */
};

/* Reads the values given; what cannot be read is in `errors`, never a failure. */
OM_API om_status om_map_parse(const struct om_map_value *values, uint32_t count,
                              struct om_map **out, struct om_error *err);
OM_API void om_map_free(struct om_map *map);

/* The store's map: its values, and all of them read. Errors as in profile.h. */
OM_API om_status om_map_list(struct om_store *store, struct om_map_values **out,
                             struct om_error *err);
OM_API void om_map_values_free(struct om_map_values *values);
OM_API om_status om_map_load(struct om_store *store, struct om_map **out, struct om_error *err);

/*
 * Sets a value. MAPI_E_INVALID_PARAMETER of layer `map`: the name does not begin with
 * RpcHttpProxyMap (bad-argument), or an entry cannot be read (bad-syntax; the native code is the
 * column of the first; the store is not changed, and om_map_parse() lists them all).
 * MAPI_E_TOO_BIG: more than 64 KiB.
 */
OM_API om_status om_map_set(struct om_store *store, const char *name, const char *data, size_t size,
                            struct om_error *err);
/* MAPI_E_NOT_FOUND of layer `map`. */
OM_API om_status om_map_delete(struct om_store *store, const char *name, struct om_error *err);

/* ---- the route ---- */

struct om_route_source {
    const char *field; /* "proxy", "http_auth", ...: named like the members of struct om_route */
    const char *value;
    const char *from; /* "map value RpcHttpProxyMap_MFCMAPI, entry 1", "profile property
                         PR_ROH_PROXY_SERVER", "default", ... */
    const char *by;   /* in `overridden`: what took its place; NULL in `sources` */
};

/* Everything belongs to the route; free with om_route_free(). */
struct om_route {
    const char *server; /* the target as given */
    const char *domain; /* right of '@'; "" for a legacy server */
    enum om_routing_mode mode;
    enum om_transport transport;
    const char *proxy;           /* the RPC proxy; "" over TCP */
    uint16_t proxy_port;         /* 0 over TCP */
    bool tls;                    /* to the proxy */
    enum om_http_auth http_auth; /* OM_HTTP_AUTH_NONE over TCP */
    enum om_rpc_auth rpc_auth;
    enum om_rpc_level rpc_level;
    bool ignore_certificate;
    const char *principal_name; /* "msstd:host" the certificate must have; "" when it is the proxy's
                                   own name */
    uint32_t source_count, overridden_count;
    const struct om_route_source *sources;    /* one for each field that applies */
    const struct om_route_source *overridden; /* values that lost */
};

/*
 * The way to a server: a personalized id (guid@domain) or a legacy server's name. `profile` NULL:
 * the default profile, or none if there is no default. MAPI_E_NOT_FOUND       map, no-map-entry: a
 * personalized id and no proxy anywhere. In the CDO modes seen as MAPI_E_LOGON_FAILED, as there.
 *   MAPI_E_FAILONEPROVIDER (CDO modes) over route, proxy-blocks-legacy
 *   MAPI_E_BAD_VALUE       profile, bad-argument: a property has a value that means nothing
 */
OM_API om_status om_route_explain(struct om_store *store, const char *profile, const char *server,
                                  struct om_route **out, struct om_error *err);
OM_API void om_route_free(struct om_route *route);

OM_END_DECLS

#endif
