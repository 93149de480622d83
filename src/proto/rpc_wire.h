/* SPDX-License-Identifier: MIT */
/*
 * What both ends of an RPC association share: PDUs out of a stream and into a queue, stubs into
 * fragments and back, each fragment protected. [C706] 12.6.2, 12.6.3; [MS-RPCE] 3.3.1.5.2.
 */
#ifndef OM_PROTO_RPC_WIRE_H
#define OM_PROTO_RPC_WIRE_H

#include "proto/auth.h"

/* Received bytes that are no whole PDU yet, and PDUs to send. */
struct om__rpc_queue {
    struct om_wr in, out;
    size_t in_at, out_at;
};

void om__rpc_queue_init(struct om__rpc_queue *q);
void om__rpc_queue_free(struct om__rpc_queue *q);

om_status om__rpc_queue_feed(struct om__rpc_queue *q, const void *p, size_t n,
                             struct om_error *err);

/*
 * The next whole PDU received, decoded; *bytes is the PDU itself, which may be changed in place.
 * MAPI_E_WAIT, and no error recorded, when more bytes are needed. Both borrow until the next feed.
 */
om_status om__rpc_queue_next(struct om__rpc_queue *q, struct om__rpc_pdu *pdu, uint8_t **bytes,
                             struct om_error *err);

/* The next PDU to send; false when there is none. */
bool om__rpc_queue_output(struct om__rpc_queue *q, const uint8_t **pdu, size_t *n);
size_t om__rpc_queue_output_size(const struct om__rpc_queue *q);

/* Queues one PDU as it is. */
om_status om__rpc_queue_send(struct om__rpc_queue *q, struct om__rpc_pdu *pdu,
                             struct om_error *err);

/* How stubs are protected; signature_size 0: not at all. */
struct om__rpc_protection {
    uint8_t auth_type;
    enum om__rpc_level level;
    uint32_t context_id;
    size_t signature_size;
    bool header_sign;
    om_status (*protect)(void *ctx, struct om__auth_pdu *pdu, struct om_error *err);
    om_status (*unprotect)(void *ctx, struct om__auth_pdu *pdu, struct om_error *err);
    void *ctx;
};

/*
 * Queues a stub as fragments of the request, response or fault whose head is given, none larger
 * than max_frag. All or nothing: after a failure nothing was queued, but the protection's sequence
 * may have moved on.
 */
om_status om__rpc_queue_stub(struct om__rpc_queue *q, const struct om__rpc_pdu *head,
                             const void *stub, size_t n, uint16_t max_frag,
                             const struct om__rpc_protection *protection, struct om_error *err);

/* Verifies one fragment and opens its stub in place. OM_CAUSE_BAD_SIGNATURE without a good
 * signature. */
om_status om__rpc_open(const struct om__rpc_pdu *pdu, uint8_t *bytes,
                       const struct om__rpc_protection *protection, struct om_error *err);

/* The fragments of one call so far. */
struct om__rpc_partial {
    struct om_wr stub;
    bool started;
};

void om__rpc_partial_init(struct om__rpc_partial *p);
void om__rpc_partial_free(struct om__rpc_partial *p);

/*
 * Adds one opened fragment. *complete with the last one: *stub then is the whole, borrowed from the
 * PDU if it was the only fragment, else from the partial.
 */
om_status om__rpc_partial_add(struct om__rpc_partial *p, const struct om__rpc_pdu *pdu,
                              struct om_binary *stub, bool *complete, struct om_error *err);

#endif
