/* SPDX-License-Identifier: MIT */
/*
 * One channel of RPC over HTTP: a connection to the RPC proxy, its authentication, the request
 * head and what is answered. [MS-RPCH] 2.1.2.1, RFC 7617 (basic), RFC 4559 and [MS-NTHT] (NTLM).
 *
 * NTLM's first leg goes out with Content-Length 0; the request that declares a body goes out when
 * the mechanism has nothing more to hear. Its OUT channel declares 76 bytes: a server that reads
 * the whole declared body before it refuses a password has read that at once, which is why the OUT
 * channel is to be asked before the IN channel, whose body never ends.
 */
#ifndef OM_NET_HTTP_H
#define OM_NET_HTTP_H

#include <onemapi/map.h>

#include "base/identity.h"
#include "net/stream.h"

struct om__http_config {
    const struct om__net *net;
    const char *proxy;
    uint16_t port;
    bool tls, ignore_certificate;
    const char *principal_name; /* see struct om__stream_target */
    const char *method;         /* "RPC_IN_DATA", "RPC_OUT_DATA"; static storage */
    const char *path;           /* "/rpc/rpcproxy.dll?SERVER:PORT" */
    enum om_http_auth auth;
    const struct om__identity *identity;
    const char *session; /* the Pragma SessionId, [MS-RPCH] 2.1.2.1.1; NULL for none */
};

struct om__http_channel;

/*
 * Connects and authenticates as far as it goes before the request itself; blocks until then. What
 * the configuration points to is borrowed until om__http_close().
 * Errors: those of om__stream_open(); layer http: auth-not-offered with what is offered,
 * http-status, proxy-error (native kind rpc-proxy), access-denied, protocol, timeout; those of
 * om__auth_step().
 */
om_status om__http_open(const struct om__http_config *config, int64_t deadline,
                        struct om__http_channel **out, struct om_error *err);
void om__http_close(struct om__http_channel *ch); /* NULL-safe; wipes */

/* Writes the request head; it goes out with the next send. `length` is the body's. */
om_status om__http_request(struct om__http_channel *ch, uint64_t length, struct om_error *err);

/* Sends what is left of the head, then body bytes; *sent of them went out. Never blocks. */
om_status om__http_send(struct om__http_channel *ch, const void *p, size_t n, size_t *sent,
                        struct om_error *err);
bool om__http_head_sent(const struct om__http_channel *ch);

/*
 * Body bytes of an answer 200 with application/rpc; *got is 0 when there are none now. *eof: the
 * connection ended. Every other answer is the error: 401 here is a refused password
 * (MAPI_E_LOGON_FAILED, bad-credentials) or a method not offered. Never blocks.
 */
om_status om__http_recv(struct om__http_channel *ch, void *p, size_t n, size_t *got, bool *eof,
                        struct om_error *err);
bool om__http_answered(const struct om__http_channel *ch); /* with 200 */

int om__http_fd(const struct om__http_channel *ch);
bool om__http_verified(const struct om__http_channel *ch);
/* The time ran out: the error, with the status if one has come in spite of all. */
om_status om__http_timeout(const struct om__http_channel *ch, struct om_error *err);
/* Adds the channel's to *stats, authentication included. */
void om__http_count(const struct om__http_channel *ch, struct om__rpc_conn_stats *stats);

#endif
