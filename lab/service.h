/* SPDX-License-Identifier: MIT */
/*
 * Where the lab's two halves meet. The network half (TLS, HTTP, RPC proxy, RPC association, NTLM)
 * takes calls apart and knows who makes them; a service answers the stub of one call. A service
 * never sees a socket, a fragment or a signature; the network half never looks into a stub.
 *
 * Everything runs on one thread, one call at a time.
 */
#ifndef LAB_SERVICE_H
#define LAB_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rd.h"
#include "base/wr.h"

struct om__rpc_syntax; /* UUID and version of an interface: codec/dcerpc.h */
struct lab_org;        /* the organisation: lab/org.h */
struct lab_server;
struct lab_user;
struct lab_misbehave; /* lab/misbehave.h */
struct lab_mailstore; /* lab/mailstore.h */
struct lab_port;

enum lab_transport { LAB_NCACN_HTTP, LAB_NCACN_IP_TCP };

/* One call, for as long as the handler runs. */
struct lab_call {
    struct lab_org *org;
    struct lab_mailstore *mail;      /* every server's mailboxes, never NULL */
    const struct lab_server *server; /* the one that was called, never NULL */
    uint64_t now_ms;                 /* a clock that only goes forward */

    /*
     * Who calls: the RPC level's user; without RPC security the one the HTTP request was
     * authenticated as; NULL when neither is known (RPC over TCP, no security).
     */
    const struct lab_user *caller;

    bool encrypted; /* packet privacy at the RPC level; TLS around it does not count */
    enum lab_transport transport;

    /*
     * The service's own, one slot for each (association, interface); starts as NULL. What it
     * points to is given to the interface's closed() when the association is gone.
     */
    void **state;

    const struct lab_misbehave *misbehave; /* what this lab was told to do wrong, never NULL */

    const struct lab_port *port; /* where the call came in: lab/assoc.h */
};

/* RPC fault codes a handler may set. [C706] Appendix E, [MS-RPCE] 2.2.2.4 */
#define LAB_FAULT_CONTEXT_MISMATCH 0x1C00001Au /* nca_s_fault_context_mismatch: unknown handle */
#define LAB_FAULT_OP_RANGE         0x1C010002u /* nca_s_op_rng_error: no such operation */
#define LAB_FAULT_ACCESS_DENIED    0x00000005u /* ERROR_ACCESS_DENIED, nca_s_fault_access_denied */
#define LAB_FAULT_BAD_STUB         0x000006F7u /* RPC_X_BAD_STUB_DATA: the stub does not decode */

/*
 * Answers operation `opnum`: decodes `stub` (NDR, little-endian, one call's reassembled and
 * unsealed bytes) and writes the answer's stub to `out`. On *fault != 0 an RPC fault with that code
 * goes out instead and what was written is dropped. *fault is 0 on entry. A cursor that failed is
 * answered for the handler: `stub` with LAB_FAULT_BAD_STUB, `out` with the call failing likewise.
 */
typedef void lab_handler_fn(struct lab_call *call, uint16_t opnum, struct om_rd *stub,
                            struct om_wr *out, uint32_t *fault);

struct lab_interface {
    const struct om__rpc_syntax *syntax;
    lab_handler_fn *handler;

    /* The association is gone: context handle rundown. `state` is the slot's value, not NULL. May
     * be NULL. */
    void (*closed)(struct lab_org *org, void *state);
};

/* What the services provide. */
extern const struct lab_interface lab_emsmdb_interface;       /* lab/emsmdb_server.c */
extern const struct lab_interface lab_async_emsmdb_interface; /* lab/emsmdb_server.c */
extern const struct lab_interface lab_nspi_interface;         /* lab/nspi_server.c */
extern const struct lab_interface lab_rfr_interface;          /* lab/rfr_server.c */

#endif
