/* SPDX-License-Identifier: MIT */
/* RPC over TCP: each connection is an association. */
#ifndef LAB_RPC_LISTENER_H
#define LAB_RPC_LISTENER_H

#include "lab/assoc.h"
#include "lab/conn.h"

/* Serves an accepted connection as an association of this port. */
void lab_rpc_accept(struct lab_net *net, int fd, const struct lab_port *port);

#endif
