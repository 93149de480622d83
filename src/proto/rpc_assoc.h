/* SPDX-License-Identifier: MIT */
/*
 * The client's end of an RPC association, without I/O. [C706] 9.3 (association), 12.6;
 * [MS-RPCE] 3.3.
 *
 * Ask for interfaces with bind, for calls with call; send what output gives; feed what arrives;
 * take events with next until there is none:
 *
 *     om__rpc_assoc_bind(a, &emsmdb, &context, err);
 *     for (;;) {
 *         while (om__rpc_assoc_output(a, &pdu, &n)) send(pdu, n);
 *         n = recv(buf); om__rpc_assoc_feed(a, buf, n, err);
 *         while (om__rpc_assoc_next(a, &event)) ...
 *     }
 *
 * The first bind sends bind, later ones alter_context on the same association, one after another.
 * Calls go out on contexts that are bound, several at a time. A failure of the association itself
 * is final: one OM_RPC_EV_FAILED event with the error, after which every call on it gives that
 * error.
 */
#ifndef OM_PROTO_RPC_ASSOC_H
#define OM_PROTO_RPC_ASSOC_H

#include "base/trace.h"
#include "proto/auth.h"

#define OM_RPC_ASSOC_CONTEXTS 8u  /* interfaces on one association */
#define OM_RPC_ASSOC_CALLS    16u /* calls without an answer yet */

struct om__rpc_assoc;

struct om__rpc_assoc_config {
    struct om__auth *auth; /* borrowed, must outlive the association; NULL: no RPC security */
    uint16_t max_frag;     /* 0: OM_MAX_RPC_FRAG */
    struct om__trace trace;
};

enum om__rpc_event_kind {
    OM_RPC_EV_BOUND,       /* context_id */
    OM_RPC_EV_BIND_FAILED, /* context_id, error; the association goes on unless it was the first
                              bind */
    OM_RPC_EV_RESPONSE,    /* call_id, context_id, stub */
    OM_RPC_EV_FAULT,       /* call_id, status, error */
    OM_RPC_EV_FAILED,      /* error; final */
    OM_RPC_EV_CLOSED, /* the server sent shutdown, or end of stream came with nothing outstanding;
                         final */
};

struct om__rpc_event {
    enum om__rpc_event_kind kind;
    uint16_t context_id;
    uint32_t call_id;
    uint32_t status;              /* of a fault, as it stood on the wire */
    struct om_binary stub;        /* borrowed until the next call on the association */
    const struct om_error *error; /* borrowed likewise; NULL where the kind has none */
};

om_status om__rpc_assoc_new(const struct om__rpc_assoc_config *config, struct om__rpc_assoc **out,
                            struct om_error *err);
void om__rpc_assoc_free(struct om__rpc_assoc *a); /* wipes; NULL-safe */

/* Asks for an interface; BOUND or BIND_FAILED will come with this context id. */
om_status om__rpc_assoc_bind(struct om__rpc_assoc *a, const struct om__rpc_syntax *interface,
                             uint16_t *context_id, struct om_error *err);

/*
 * A call on a bound context: encodes, protects and queues all fragments. `object` may be NULL.
 * RESPONSE or FAULT will come with this call id. MAPI_E_BUSY when OM_RPC_ASSOC_CALLS are waiting.
 */
om_status om__rpc_assoc_call(struct om__rpc_assoc *a, uint16_t context_id, uint16_t opnum,
                             const struct om_guid *object, const void *stub, size_t n,
                             uint32_t *call_id, struct om_error *err);

/*
 * The next PDU to send, whole; false when there is none. Borrowed until the next call on the
 * association. om__rpc_assoc_output_size() tells the size of the one to come, for flow control.
 */
bool om__rpc_assoc_output(struct om__rpc_assoc *a, const uint8_t **pdu, size_t *n);
size_t om__rpc_assoc_output_size(const struct om__rpc_assoc *a);

/*
 * Bytes as they came, in any pieces: any number of PDUs, or a part of one. They are kept until next
 * has made events of them. Fails only without memory, or on an association that is over.
 */
om_status om__rpc_assoc_feed(struct om__rpc_assoc *a, const void *p, size_t n,
                             struct om_error *err);

/* The stream ended: FAILED when anything is outstanding, else CLOSED. */
void om__rpc_assoc_eof(struct om__rpc_assoc *a);

/* The next event; false when more bytes are needed. */
bool om__rpc_assoc_next(struct om__rpc_assoc *a, struct om__rpc_event *event);

/* "bound" and so on, for errors and traces. Static storage. */
const char *om__rpc_assoc_state(const struct om__rpc_assoc *a);
unsigned om__rpc_assoc_outstanding(const struct om__rpc_assoc *a); /* calls */

#endif
