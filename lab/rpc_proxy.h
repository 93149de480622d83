/* SPDX-License-Identifier: MIT */
/*
 * RPC over HTTP v2, the far side: inbound proxy, outbound proxy and server in one place, so that
 * the PDUs the three send one another [MS-RPCH] 3.2.3 to 3.2.5 fall away and what the client sees
 * of them stays.
 */
#ifndef LAB_RPC_PROXY_H
#define LAB_RPC_PROXY_H

#include "lab/assoc.h"
#include "lab/http.h"

#define LAB_PROXY_PORTS 3 /* 6001, 6002, 6004 of one server */

struct lab_vc;

/* One proxy, for as long as the lab runs. */
struct lab_proxy {
    struct lab_http_service http; /* first: `owner` leads back here */
    struct lab_loop *loop;
    const struct lab_misbehave *misbehave;
    const struct lab_port *ports; /* what may be reached through it */
    size_t port_count;
    struct lab_vc *vcs;
};

/* Fills in http's functions; the caller has set org, server, auth and binding there, and all else
 * here. */
void lab_proxy_init(struct lab_proxy *p);

#endif
