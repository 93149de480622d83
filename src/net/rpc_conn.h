/* SPDX-License-Identifier: MIT */
/*
 * An RPC association over a real network, as the session uses it: over TCP, or over the two HTTP
 * channels of a virtual connection. Every wait ends at its deadline (of om__net_now()); every error
 * names its target: "host:port", or "guid@domain:6001 via proxy:443".
 *
 * A connection belongs to one thread at a time. After a failure that broke it (anything but a fault
 * or a refused bind) every further call fails at once with the same status.
 */
#ifndef OM_NET_RPC_CONN_H
#define OM_NET_RPC_CONN_H

#include <onemapi/map.h> /* enum om_http_auth */

#include "base/identity.h"
#include "base/rd.h"
#include "net/net.h"
#include "proto/auth.h"

enum om__transport {
    OM_TRANSPORT_TCP,  /* ncacn_ip_tcp */
    OM_TRANSPORT_HTTP, /* ncacn_http, RPC over HTTP v2 */
};

enum om__certificate {
    OM_CERTIFICATE_NONE, /* no TLS */
    OM_CERTIFICATE_VERIFIED,
    OM_CERTIFICATE_IGNORED, /* TLS, but the target said not to look */
};

/* Where to and as whom. All pointers are borrowed until om__rpc_conn_close(). */
struct om__rpc_target {
    enum om__transport transport;
    const char *server; /* TCP: host name. HTTP: what stands in the URL, "guid@domain" or a host */
    uint16_t port;      /* TCP: 0 asks the endpoint mapper at 135. HTTP: 6001, 6002, 6004 */

    /* HTTP alone */
    const char *proxy;
    uint16_t proxy_port; /* 0: 443, without tls 80 */
    bool tls;
    bool ignore_certificate;
    const char
        *principal_name; /* "msstd:host" the certificate must be for as well; NULL or "": none */
    enum om_http_auth http_auth;
    const struct om__identity *http_identity; /* NULL only with OM_HTTP_AUTH_NONE */

    /* Security of the RPC association itself, whatever the channels have. */
    enum om__auth_mech rpc_auth;
    enum om__rpc_level rpc_level;
    const struct om__identity *rpc_identity; /* NULL only with OM_AUTH_MECH_NONE */
};

struct om__rpc_conn;

/*
 * Connects (asks the endpoint mapper first where it must), opens both channels (HTTP), binds the
 * interface as context 0. *out is closed by the caller.
 */
om_status om__rpc_conn_open(struct om__net *net, const struct om__rpc_target *target,
                            const struct om__rpc_syntax *interface, int64_t deadline,
                            struct om__rpc_conn **out, struct om_error *err);

/* A further interface on the same association. */
om_status om__rpc_conn_bind(struct om__rpc_conn *c, const struct om__rpc_syntax *interface,
                            int64_t deadline, uint16_t *context_id, struct om_error *err);

/* Queues a request and sends what can be sent without waiting. Calls may be under way side by side.
 */
om_status om__rpc_conn_send(struct om__rpc_conn *c, uint16_t context_id, uint16_t opnum,
                            const void *stub, size_t n, uint32_t *call_id, struct om_error *err);

/*
 * Waits for the answer of one call. The stub is borrowed until the next receive, call or close. A
 * fault is the error here (layer rpc, cause fault) and leaves the connection usable. A time-out
 * leaves the call outstanding: receive again, or close.
 */
om_status om__rpc_conn_recv(struct om__rpc_conn *c, uint32_t call_id, int64_t deadline,
                            struct om_rd *stub, struct om_error *err);

/* Both. */
om_status om__rpc_conn_call(struct om__rpc_conn *c, uint16_t context_id, uint16_t opnum,
                            const void *stub, size_t n, int64_t deadline, struct om_rd *answer,
                            struct om_error *err);

/* Sends what is queued for at most a second, then frees. NULL-safe. */
void om__rpc_conn_close(struct om__rpc_conn *c);

void om__rpc_conn_stats(const struct om__rpc_conn *c, struct om__rpc_conn_stats *out);
enum om__certificate om__rpc_conn_certificate(const struct om__rpc_conn *c);
/* "host:port" or "guid@domain:6001 via proxy:443". Borrowed. */
const char *om__rpc_conn_target(const struct om__rpc_conn *c);

#endif
