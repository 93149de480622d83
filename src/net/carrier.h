/* SPDX-License-Identifier: MIT */
/*
 * What carries an RPC association's PDUs: a TCP connection, or the two channels of a virtual
 * connection. Sockets, time and waiting on this side; the association's state machine on the other.
 */
#ifndef OM_NET_CARRIER_H
#define OM_NET_CARRIER_H

#include "net/rpc_conn.h"
#include "proto/rpc_assoc.h"

struct om__carrier;

/* Over TCP: connected (port is not 0). Over HTTP: the virtual connection is open. */
om_status om__carrier_open(const struct om__net *net, const struct om__rpc_target *target,
                           int64_t deadline, struct om__carrier **out, struct om_error *err);
void om__carrier_close(struct om__carrier *w); /* NULL-safe; sends nothing more */

/* What the association has to send goes to the wire, as far as that goes without waiting. */
om_status om__carrier_push(struct om__carrier *w, struct om__rpc_assoc *a, struct om_error *err);

/*
 * Pushes, then takes what has come to the association; when nothing has, waits for it until the
 * deadline. *quiet: the deadline has passed; what came until then is with the association, so look
 * there before giving up. Pings are kept meanwhile.
 */
om_status om__carrier_turn(struct om__carrier *w, struct om__rpc_assoc *a, int64_t deadline,
                           bool *quiet, struct om_error *err);

/* Nothing waits to be sent. */
bool om__carrier_drained(const struct om__carrier *w);

enum om__certificate om__carrier_certificate(const struct om__carrier *w);
void om__carrier_count(const struct om__carrier *w, struct om__rpc_conn_stats *stats); /* adds */

#endif
