/* SPDX-License-Identifier: MIT */
/*
 * A byte stream over TCP, or TLS over TCP, that never blocks once it is open. libcurl connects it
 * (names, addresses, proxies, TLS); the bytes are ours.
 */
#ifndef OM_NET_STREAM_H
#define OM_NET_STREAM_H

#include "net/net.h"

#define OM_STREAM_BINDING_MAX 64u /* the longest certificate hash */

struct om__stream_target {
    const char *host;
    uint16_t port;
    bool tls;
    bool ignore_certificate; /* said in the trace; om__stream_verified() remembers */
    /* "msstd:host" or "host": the certificate, where it is looked at, must be for that name too;
     * NULL or "": for `host` alone */
    const char *principal_name;
    bool may_use_http_proxy; /* the environment's; RPC over TCP never does */
};

struct om__stream;

/*
 * Connects; blocks until it is there or the deadline is. Errors: layer dns (unresolved-host), tcp
 * (refused, unreachable, timeout), tls (certificate, with why; tls-failed, timeout),
 * MAPI_E_NETWORK_ERROR.
 */
om_status om__stream_open(const struct om__net *net, const struct om__stream_target *target,
                          int64_t deadline, struct om__stream **out, struct om_error *err);
void om__stream_close(struct om__stream *s); /* NULL-safe */

/* *sent is 0 when nothing can be sent now. */
om_status om__stream_send(struct om__stream *s, const void *p, size_t n, size_t *sent,
                          struct om_error *err);

/* *got is 0 when nothing is there now, or *eof is true. Read until 0 before waiting: TLS keeps
 * bytes. */
om_status om__stream_recv(struct om__stream *s, void *p, size_t n, size_t *got, bool *eof,
                          struct om_error *err);

int om__stream_fd(const struct om__stream *s); /* for poll() */

/* TLS with a certificate that was checked. */
bool om__stream_verified(const struct om__stream *s);

/*
 * The server certificate's hash for channel binding, tls-server-end-point, RFC 5929 4.1: by the
 * hash of its own signature, MD5 and SHA-1 replaced by SHA-256. *n is 0 without TLS. Borrowed.
 */
const uint8_t *om__stream_certificate_hash(const struct om__stream *s, size_t *n);

#endif
