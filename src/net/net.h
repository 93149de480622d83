/* SPDX-License-Identifier: MIT */
/*
 * What all connections of a session share: where names lead, which certificates are trusted, how
 * long a wait may last. Layers below net never see a clock; those above take it from here.
 */
#ifndef OM_NET_NET_H
#define OM_NET_NET_H

#include <onemapi/error.h>

#include "base/trace.h"

#define OM_NET_TIMEOUT_MS 30000 /* the default of om__net.timeout_ms */

/* HOST[:PORT]:ADDR[:PORT]: who asks for HOST (at PORT, or at any) is led to ADDR (at the second
 * PORT). */
struct om__net_override {
    char *host;
    uint16_t port;    /* 0: any */
    char *address;    /* IPv4 or IPv6 literal, without brackets */
    uint16_t to_port; /* 0: the port asked for */
};

/* What was needed of the network. Bytes are those above TCP and TLS. */
struct om__rpc_conn_stats {
    uint64_t round_trips; /* waits for the peer: legs, binds, calls; pipelined ones count once */
    uint64_t bytes_sent, bytes_received;
};

/* Belongs to one thread at a time, like the session it serves. */
struct om__net {
    struct om__net_override *overrides;
    size_t override_count;
    char *ca_file;      /* PEM; trusted besides the system's; NULL: the system's alone */
    int64_t timeout_ms; /* for one connection, one call; > 0 */
    struct om__trace trace;
};

/* Empty settings and the default time-out. Makes libcurl ready, once for the process. */
om_status om__net_init(struct om__net *net, struct om_error *err);
void om__net_free(struct om__net *net); /* NULL-safe; back to all zero */

/*
 * Adds overrides: one or several, separated by white space, ',' or ';'. IPv6 stands in brackets.
 * The first that fits a connection is used. On an error (layer usage, bad-syntax, native the
 * column from 1) none of `text` is added.
 */
om_status om__net_add_overrides(struct om__net *net, const char *text, struct om_error *err);

/* The override for a connection, or NULL. Names are compared without case. */
const struct om__net_override *om__net_find_override(const struct om__net *net, const char *host,
                                                     uint16_t port);

/* A file of certificates in PEM. Unreadable or empty is an error now, not at the first connection.
 */
om_status om__net_set_ca_file(struct om__net *net, const char *path, struct om_error *err);

/* Milliseconds of a clock that never goes back. Deadlines are values of this clock. */
int64_t om__net_now(void);

/*
 * Waits until one of the descriptors is ready or the deadline has passed; false: nothing is ready.
 * An interrupted wait counts as ready: look, and wait again.
 */
struct pollfd;
bool om__net_wait(struct pollfd *fds, unsigned n, int64_t deadline);

/* Now plus the settings' time-out. */
int64_t om__net_deadline(const struct om__net *net);

#endif
