/* SPDX-License-Identifier: MIT */
#include "proto/rpc_wire.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"

/*
 * Received: fragments are consumed one by one, so this bounds what is fed at once. To send: every
 * call an association may have outstanding, at its largest.
 */
enum { IN_CEILING = 4 * OM_MAX_RPC_STUB, OUT_CEILING = 17 * OM_MAX_RPC_STUB };

void om__rpc_queue_init(struct om__rpc_queue *q)
{
    *q = (struct om__rpc_queue){0};
    om_wr_init(&q->in, IN_CEILING);
    om_wr_init(&q->out, OUT_CEILING);
    q->out.wipe = true; /* tokens pass here */
}

void om__rpc_queue_free(struct om__rpc_queue *q)
{
    om_wr_free(&q->in);
    om_wr_free(&q->out);
}

/* Drops what was consumed from the front of a buffer. */
static void compact(struct om_wr *w, size_t *at)
{
    if (!*at)
        return;
    memmove(w->buf, w->buf + *at, w->len - *at);
    w->len -= *at;
    *at = 0;
}

om_status om__rpc_queue_feed(struct om__rpc_queue *q, const void *p, size_t n, struct om_error *err)
{
    compact(&q->in, &q->in_at);
    om_wr_bytes(&q->in, p, n);
    return om_wr_finish(&q->in, OM_LAYER_RPC, "received PDUs", err);
}

om_status om__rpc_queue_next(struct om__rpc_queue *q, struct om__rpc_pdu *pdu, uint8_t **bytes,
                             struct om_error *err)
{
    size_t left = q->in.len - q->in_at;
    struct om__rpc_header h;
    struct om_rd r;
    om_status st;

    if (left < OM_RPC_HEADER_SIZE)
        return MAPI_E_WAIT;
    *bytes = q->in.buf + q->in_at;
    om_rd_init(&r, *bytes, OM_RPC_HEADER_SIZE);
    om__rpc_rd_header(&r, &h);
    st = om_rd_finish(&r, OM_LAYER_RPC, "PDU header", err);
    if (st != OM_OK)
        return st;
    if (left < h.frag_length)
        return MAPI_E_WAIT;
    q->in_at += h.frag_length;
    return om__rpc_pdu_decode(*bytes, h.frag_length, pdu, err);
}

static size_t first_size(const struct om__rpc_queue *q)
{
    struct om__rpc_header h;
    struct om_rd r;

    om_rd_init(&r, q->out.buf, q->out.len);
    om_rd_skip(&r, q->out_at, "sent PDUs");
    om__rpc_rd_header(&r, &h);
    return om_rd_ok(&r) ? h.frag_length : 0;
}

size_t om__rpc_queue_output_size(const struct om__rpc_queue *q)
{
    return q->out_at < q->out.len ? first_size(q) : 0;
}

bool om__rpc_queue_output(struct om__rpc_queue *q, const uint8_t **pdu, size_t *n)
{
    *n = om__rpc_queue_output_size(q);
    if (!*n)
        return false;
    *pdu = q->out.buf + q->out_at;
    q->out_at += *n;
    return true;
}

/* Room at the queue's end; what was sent before is dropped first. */
static size_t begin_output(struct om__rpc_queue *q)
{
    compact(&q->out, &q->out_at);
    return q->out.len;
}

/* Takes back what did not become whole PDUs, so that the queue holds nothing else. */
static om_status roll_back(struct om__rpc_queue *q, size_t begin, om_status st)
{
    if (st != OM_OK) {
        q->out.len = begin;
        q->out.failed = q->out.too_large = false;
    }
    return st;
}

om_status om__rpc_queue_send(struct om__rpc_queue *q, struct om__rpc_pdu *pdu, struct om_error *err)
{
    size_t begin = begin_output(q);

    return roll_back(q, begin, om__rpc_pdu_encode(&q->out, pdu, err));
}

/* Stub bytes of one fragment: a multiple of 16 that leaves room for head, trailer and signature. */
static size_t fragment_room(const struct om__rpc_pdu *head, uint16_t max_frag,
                            const struct om__rpc_protection *protection)
{
    size_t used = OM_RPC_REQUEST_SIZE + (head->header.flags & OM_PFC_OBJECT_UUID ? 16 : 0);

    if (protection->signature_size)
        used += OM_RPC_TRAILER_SIZE + protection->signature_size;
    return max_frag > used ? (max_frag - used) / 16 * 16 : 0;
}

static om_status put_fragment(struct om__rpc_queue *q, struct om__rpc_pdu *pdu,
                              const struct om__rpc_protection *protection, struct om_error *err)
{
    size_t begin = q->out.len;
    struct om__auth_pdu target;
    om_status st;

    pdu->has_auth = protection->signature_size > 0;
    pdu->auth = (struct om__rpc_trailer){
        .auth_type = protection->auth_type,
        .auth_level = (uint8_t)protection->level,
        .pad_length = pdu->has_auth ? om__rpc_padding(pdu->stub.cb) : 0,
        .context_id = protection->context_id,
        .value = {(uint32_t)protection->signature_size, NULL},
    };
    st = om__rpc_pdu_encode(&q->out, pdu, err);
    if (st != OM_OK || !pdu->has_auth)
        return st;
    target = (struct om__auth_pdu){
        .pdu = q->out.buf + begin,
        .size = pdu->trailer_at + OM_RPC_TRAILER_SIZE,
        .sealed_at = pdu->stub_at,
        .sealed_size = pdu->trailer_at - pdu->stub_at,
        .header_sign = protection->header_sign,
        .signature = q->out.buf + begin + pdu->trailer_at + OM_RPC_TRAILER_SIZE,
        .signature_size = protection->signature_size,
    };
    return protection->protect(protection->ctx, &target, err);
}

/* A fault's was set by who made it. */
static void set_alloc_hint(struct om__rpc_pdu *pdu, size_t n)
{
    if (pdu->header.ptype == OM_RPC_REQUEST)
        pdu->request.alloc_hint = (uint32_t)n;
    else if (pdu->header.ptype == OM_RPC_RESPONSE)
        pdu->response.alloc_hint = (uint32_t)n;
}

om_status om__rpc_queue_stub(struct om__rpc_queue *q, const struct om__rpc_pdu *head,
                             const void *stub, size_t n, uint16_t max_frag,
                             const struct om__rpc_protection *protection, struct om_error *err)
{
    size_t begin = begin_output(q), room = fragment_room(head, max_frag, protection);
    struct om__rpc_pdu pdu = *head;
    om_status st = OM_OK;
    struct om_rd r;

    if (!room || n > OM_MAX_RPC_STUB)
        return om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_RPC, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
                        "a stub of %zu bytes does not fit in fragments of %u", n, max_frag);
    om_rd_init(&r, stub, n);
    pdu.header.flags |= OM_PFC_FIRST_FRAG;
    do {
        size_t left = om_rd_left(&r), size = left < room ? left : room;

        if (size == left)
            pdu.header.flags |= OM_PFC_LAST_FRAG;
        set_alloc_hint(&pdu, left);
        pdu.stub = (struct om_binary){(uint32_t)size, om_rd_bytes(&r, size, "stub")};
        st = put_fragment(q, &pdu, protection, err);
        pdu.header.flags &= (uint8_t)~OM_PFC_FIRST_FRAG;
    } while (st == OM_OK && om_rd_left(&r));
    return roll_back(q, begin, st);
}

om_status om__rpc_open(const struct om__rpc_pdu *pdu, uint8_t *bytes,
                       const struct om__rpc_protection *protection, struct om_error *err)
{
    const struct om__rpc_trailer *t = &pdu->auth;
    size_t value_at = pdu->trailer_at + OM_RPC_TRAILER_SIZE;
    struct om__auth_pdu target;

    if (!protection->signature_size)
        return OM_OK; /* below packet integrity a verifier, where there is one, says nothing */
    if (!pdu->has_auth || t->value.cb != protection->signature_size ||
        t->auth_type != protection->auth_type || t->auth_level != protection->level)
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_AUTH, OM_CAUSE_BAD_SIGNATURE,
                        OM_NATIVE_NONE, 0,
                        "a %s has a verifier of %u bytes, type %u, level %s; agreed are %zu bytes, "
                        "type %u, level %s",
                        om__rpc_ptype_name(pdu->header.ptype), pdu->has_auth ? t->value.cb : 0,
                        t->auth_type, om__rpc_level_name(t->auth_level), protection->signature_size,
                        protection->auth_type, om__rpc_level_name(protection->level));
    target = (struct om__auth_pdu){
        .pdu = bytes,
        .size = value_at,
        .sealed_at = pdu->stub_at,
        .sealed_size = pdu->trailer_at - pdu->stub_at,
        .header_sign = protection->header_sign,
        .signature = bytes + value_at,
        .signature_size = t->value.cb,
    };
    return protection->unprotect(protection->ctx, &target, err);
}

void om__rpc_partial_init(struct om__rpc_partial *p)
{
    p->started = false;
    om_wr_init(&p->stub, OM_MAX_RPC_STUB);
}

void om__rpc_partial_free(struct om__rpc_partial *p)
{
    om_wr_free(&p->stub);
    p->started = false;
}

om_status om__rpc_partial_add(struct om__rpc_partial *p, const struct om__rpc_pdu *pdu,
                              struct om_binary *stub, bool *complete, struct om_error *err)
{
    bool first = pdu->header.flags & OM_PFC_FIRST_FRAG, last = pdu->header.flags & OM_PFC_LAST_FRAG;
    om_status st;

    *complete = false;
    if (first == p->started)
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "call %u: a %s fragment where the %s is due", pdu->header.call_id,
                        first ? "first" : "later", first ? "next" : "first");
    p->started = true;
    if (first && last) {
        *stub = pdu->stub;
        *complete = true;
        return OM_OK;
    }
    om_wr_bytes(&p->stub, pdu->stub.pb, pdu->stub.cb);
    st = om_wr_finish(&p->stub, OM_LAYER_RPC, "a reassembled stub", err);
    if (st == OM_OK && last) {
        *stub = (struct om_binary){(uint32_t)p->stub.len, p->stub.buf};
        *complete = true;
    }
    return st;
}
