/* SPDX-License-Identifier: MIT */
/*
 * A link: the route to a server's service and the association opened along it, with one interface
 * bound. What RFR, NSPI and EMSMDB stand on.
 */
#ifndef OM_SESSION_LINK_H
#define OM_SESSION_LINK_H

#include <onemapi/session.h>

#include "net/rpc_conn.h"

struct om_session;
struct om__rpc_syntax;

/* [MS-OXABREF], [MS-OXNSPI], [MS-OXCRPC] 2.1: the port of each over RPC/HTTP; over TCP it is
 * mapped. */
enum om__service {
    OM_SERVICE_STORE = 6001,
    OM_SERVICE_REFERRAL = 6002,
    OM_SERVICE_ADDRESS_BOOK = 6004,
};

struct om__link {
    struct om_route *route;
    struct om__rpc_conn *conn; /* NULL: closed */
    char proxy[300];           /* "host:port"; "" over TCP */
};

/*
 * Routes `server` as profile and map say, connects, binds `iface` as context 0. The error has the
 * server as its target. *link is empty after a failure.
 */
om_status om__link_open(struct om_session *s, const char *server, enum om__service service,
                        const struct om__rpc_syntax *iface, struct om__link *link,
                        struct om_error *err);
void om__link_close(struct om__link *link); /* NULL-safe, and on an empty link */

/* One call on a context of the link: encodes nothing, waits at most the session's time-out. */
om_status om__link_call(struct om_session *s, struct om__link *link, uint16_t context,
                        uint16_t opnum, const struct om_wr *stub, struct om_rd *answer,
                        struct om_error *err);

/*
 * The call that ends a server's context: its answer changes nothing, so a server that has gone
 * silent is not waited for as long again.
 */
void om__link_farewell(struct om_session *s, struct om__link *link, uint16_t opnum,
                       const struct om_wr *stub);

unsigned om__link_round_trips(const struct om__link *link);

/* Fills everything but version and age; strings are borrowed from the link. */
void om__link_describe(const struct om__link *link, struct om_connection_info *out);

#endif
