/* SPDX-License-Identifier: MIT */
/*
 * One RPC association of the lab, whatever carries it: takes the client's bytes, calls the
 * services, gives the server's PDUs one by one, so that a carrier with flow control sends each when
 * it may.
 */
#ifndef LAB_ASSOC_H
#define LAB_ASSOC_H

#include "lab/org.h"
#include "lab/service.h"
#include "proto/rpc_server.h"

#define LAB_PORT_INTERFACES 6

/* What every association of this lab shares. */
struct lab_world {
    struct lab_org *org;
    struct lab_mailstore *mail;
    const struct lab_misbehave *misbehave;
};

/* Where an interface is reached over TCP. */
struct lab_endpoint {
    const struct om__rpc_syntax *syntax;
    uint32_t address; /* host order */
    uint16_t port;    /* the one that listens */
};

/* One place where interfaces are served: a port of the RPC proxy's, or a TCP port. */
struct lab_port {
    const struct lab_world *world;
    const struct lab_server *server;
    enum lab_transport transport;
    uint16_t port; /* 135, 6001, 6002, 6004: what the interfaces of a dynamic port are called here,
                      too */
    char sec_addr[8]; /* the port as a bind's answer names it */
    struct om__rpc_interface interfaces[LAB_PORT_INTERFACES]; /* user: const struct lab_interface */
    size_t count;
    const struct lab_endpoint *endpoints; /* for the endpoint mapper */
    size_t endpoint_count;
};

/* The interfaces that tell about ports: the endpoint mapper, and what every port has, management.
 */
extern const struct lab_interface lab_epm_interface;  /* lab/epm_server.c */
extern const struct lab_interface lab_mgmt_interface; /* lab/mgmt_server.c */

void lab_port_serve(struct lab_port *p, const struct lab_interface *interface, const char *name);

struct lab_assoc;

/* `user`: as whom the carrier was authenticated, or NULL. NULL: no memory. */
struct lab_assoc *lab_assoc_new(const struct lab_port *port, const struct lab_user *user);
void lab_assoc_free(struct lab_assoc *a); /* NULL-safe; services run down what they hold */

/* Bytes in any pieces. Calls are answered before it returns. */
void lab_assoc_feed(struct lab_assoc *a, const void *p, size_t n);

/* The next PDU to send, borrowed until the next call here; false when there is none. */
bool lab_assoc_output(struct lab_assoc *a, const uint8_t **pdu, size_t *n);
size_t lab_assoc_output_size(const struct lab_assoc *a); /* of that PDU; 0 without one */

/* Is the association over, so that its carrier should close when the output is sent? */
bool lab_assoc_over(const struct lab_assoc *a);

#endif
