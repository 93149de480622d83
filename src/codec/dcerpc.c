/* SPDX-License-Identifier: MIT */
#include "codec/dcerpc.h"

#include <stdio.h>

#include "base/err.h"
#include "base/guid.h"

/* [C706] appendix I: 8a885d04-1ceb-11c9-9fe8-08002b104860 version 2 */
const struct om__rpc_syntax om__rpc_ndr = {
    {0x8A885D04, 0x1CEB, 0x11C9, {0x9F, 0xE8, 0x08, 0x00, 0x2B, 0x10, 0x48, 0x60}}, 2, 0};

enum { RPC_VERS = 5, DREP_LITTLE_ENDIAN = 0x10 };

/* The common header. [C706] 12.6.3.1 */

void om__rpc_rd_header(struct om_rd *r, struct om__rpc_header *h)
{
    uint8_t vers = om_rd_u8(r, "rpc_vers");
    uint8_t drep;

    om_rd_check(r, vers == RPC_VERS, vers, "rpc_vers");
    h->vers_minor = om_rd_u8(r, "rpc_vers_minor");
    om_rd_check(r, h->vers_minor <= 1, h->vers_minor, "rpc_vers_minor");
    h->ptype = om_rd_u8(r, "PTYPE");
    h->flags = om_rd_u8(r, "pfc_flags");
    drep = om_rd_u8(r, "packed_drep");
    om_rd_check(r, drep == DREP_LITTLE_ENDIAN, drep, "packed_drep (only little-endian, 0x10,)");
    om_rd_skip(r, 3, "packed_drep"); /* floating point and reserved: nothing here uses them */
    h->frag_length = om_rd_u16(r, "frag_length");
    om_rd_check(r, h->frag_length >= OM_RPC_HEADER_SIZE, h->frag_length, "frag_length");
    h->auth_length = om_rd_u16(r, "auth_length");
    h->call_id = om_rd_u32(r, "call_id");
}

size_t om__rpc_wr_begin(struct om_wr *w, const struct om__rpc_header *h)
{
    size_t begin = w->len;

    w->origin = begin;
    om_wr_u8(w, RPC_VERS);
    om_wr_u8(w, h->vers_minor);
    om_wr_u8(w, h->ptype);
    om_wr_u8(w, h->flags);
    om_wr_u8(w, DREP_LITTLE_ENDIAN);
    om_wr_zeros(w, 3);
    om_wr_reserve(w, 2); /* frag_length */
    om_wr_reserve(w, 2); /* auth_length */
    om_wr_u32(w, h->call_id);
    return begin;
}

void om__rpc_wr_end(struct om_wr *w, size_t begin, size_t auth_length)
{
    om_wr_patch_u16(w, begin + 8, w->len - begin);
    om_wr_patch_u16(w, begin + 10, auth_length);
}

/* p_syntax_id_t. [C706] 12.6.3.1 */

bool om__rpc_syntax_equal(const struct om__rpc_syntax *a, const struct om__rpc_syntax *b)
{
    return om__guid_equal(&a->uuid, &b->uuid) && a->major == b->major && a->minor == b->minor;
}

void om__rpc_rd_syntax(struct om_rd *r, struct om__rpc_syntax *s)
{
    s->uuid = om_rd_guid(r, "if_uuid");
    s->major = om_rd_u16(r, "if_version");
    s->minor = om_rd_u16(r, "if_version");
}

void om__rpc_wr_syntax(struct om_wr *w, const struct om__rpc_syntax *s)
{
    om_wr_guid(w, &s->uuid);
    om_wr_u16(w, s->major);
    om_wr_u16(w, s->minor);
}

/* bind and alter_context: p_cont_list_t. [C706] 12.6.4.3, 12.6.4.1 */

static void rd_context(struct om_rd *r, struct om__rpc_context *c)
{
    c->id = om_rd_u16(r, "p_cont_id");
    c->n_transfer = om_rd_u8(r, "n_transfer_syn");
    om_rd_skip(r, 1, "reserved");
    om__rpc_rd_syntax(r, &c->abstract);
    c->n_transfer =
        (uint8_t)om_rd_count(r, c->n_transfer, OM_RPC_MAX_TRANSFER, 20, "n_transfer_syn");
    for (unsigned i = 0; i < c->n_transfer; i++)
        om__rpc_rd_syntax(r, &c->transfer[i]);
}

static void rd_bind(struct om_rd *r, struct om__rpc_pdu *pdu)
{
    struct om__rpc_bind *b = &pdu->bind;

    b->max_xmit_frag = om_rd_u16(r, "max_xmit_frag");
    b->max_recv_frag = om_rd_u16(r, "max_recv_frag");
    b->assoc_group_id = om_rd_u32(r, "assoc_group_id");
    b->n_contexts = om_rd_u8(r, "n_context_elem");
    om_rd_skip(r, 3, "reserved");
    b->n_contexts =
        (uint8_t)om_rd_count(r, b->n_contexts, OM_RPC_MAX_CONTEXTS, 24, "n_context_elem");
    for (unsigned i = 0; i < b->n_contexts; i++)
        rd_context(r, &b->contexts[i]);
}

static void wr_bind(struct om_wr *w, const struct om__rpc_pdu *pdu)
{
    const struct om__rpc_bind *b = &pdu->bind;

    om_wr_u16(w, b->max_xmit_frag);
    om_wr_u16(w, b->max_recv_frag);
    om_wr_u32(w, b->assoc_group_id);
    om_wr_u8(w, b->n_contexts);
    om_wr_zeros(w, 3);
    for (unsigned i = 0; i < b->n_contexts; i++) {
        const struct om__rpc_context *c = &b->contexts[i];

        om_wr_u16(w, c->id);
        om_wr_u8(w, c->n_transfer);
        om_wr_u8(w, 0);
        om__rpc_wr_syntax(w, &c->abstract);
        for (unsigned t = 0; t < c->n_transfer; t++)
            om__rpc_wr_syntax(w, &c->transfer[t]);
    }
}

/* bind_ack and alter_context_resp: p_result_list_t. [C706] 12.6.4.4, 12.6.4.2 */

static void rd_bind_ack(struct om_rd *r, struct om__rpc_pdu *pdu)
{
    struct om__rpc_bind_ack *b = &pdu->bind_ack;

    b->max_xmit_frag = om_rd_u16(r, "max_xmit_frag");
    b->max_recv_frag = om_rd_u16(r, "max_recv_frag");
    b->assoc_group_id = om_rd_u32(r, "assoc_group_id");
    b->sec_addr.cb = om_rd_u16(r, "sec_addr");
    b->sec_addr.pb = om_rd_bytes(r, b->sec_addr.cb, "sec_addr");
    om_rd_align(r, 4, "pad2");
    b->n_results = om_rd_u8(r, "n_results");
    om_rd_skip(r, 3, "reserved");
    b->n_results = (uint8_t)om_rd_count(r, b->n_results, OM_RPC_MAX_CONTEXTS, 24, "n_results");
    for (unsigned i = 0; i < b->n_results; i++) {
        b->results[i].result = om_rd_u16(r, "result");
        b->results[i].reason = om_rd_u16(r, "reason");
        om__rpc_rd_syntax(r, &b->results[i].transfer);
    }
}

static void wr_bind_ack(struct om_wr *w, const struct om__rpc_pdu *pdu)
{
    const struct om__rpc_bind_ack *b = &pdu->bind_ack;
    size_t length;

    om_wr_u16(w, b->max_xmit_frag);
    om_wr_u16(w, b->max_recv_frag);
    om_wr_u32(w, b->assoc_group_id);
    length = om_wr_reserve(w, 2);
    om_wr_bytes(w, b->sec_addr.pb, b->sec_addr.cb);
    om_wr_patch_u16(w, length, b->sec_addr.cb);
    om_wr_align(w, 4);
    om_wr_u8(w, b->n_results);
    om_wr_zeros(w, 3);
    for (unsigned i = 0; i < b->n_results; i++) {
        om_wr_u16(w, b->results[i].result);
        om_wr_u16(w, b->results[i].reason);
        om__rpc_wr_syntax(w, &b->results[i].transfer);
    }
}

/* bind_nak. [C706] 12.6.4.5 */

enum { NAK_VERSIONS = 4 };

static void rd_bind_nak(struct om_rd *r, struct om__rpc_pdu *pdu)
{
    struct om__rpc_bind_nak *b = &pdu->bind_nak;

    b->reason = om_rd_u16(r, "provider_reject_reason");
    b->has_versions = om_rd_left(r) > 0;
    if (!b->has_versions)
        return;
    b->n_versions = om_rd_u8(r, "n_protocols");
    b->n_versions = (uint8_t)om_rd_count(r, b->n_versions, NAK_VERSIONS, 2, "n_protocols");
    for (unsigned i = 0; i < b->n_versions; i++) {
        b->versions[i].major = om_rd_u8(r, "p_protocols");
        b->versions[i].minor = om_rd_u8(r, "p_protocols");
    }
}

static void wr_bind_nak(struct om_wr *w, const struct om__rpc_pdu *pdu)
{
    const struct om__rpc_bind_nak *b = &pdu->bind_nak;

    om_wr_u16(w, b->reason);
    if (!b->has_versions)
        return;
    om_wr_u8(w, b->n_versions);
    for (unsigned i = 0; i < b->n_versions; i++) {
        om_wr_u8(w, b->versions[i].major);
        om_wr_u8(w, b->versions[i].minor);
    }
}

/* request, response, fault, up to the stub. [C706] 12.6.4.9, 12.6.4.10, 12.6.4.7 */

static void rd_request(struct om_rd *r, struct om__rpc_pdu *pdu)
{
    pdu->request.alloc_hint = om_rd_u32(r, "alloc_hint");
    pdu->request.context_id = om_rd_u16(r, "p_cont_id");
    pdu->request.opnum = om_rd_u16(r, "opnum");
    if (pdu->header.flags & OM_PFC_OBJECT_UUID)
        pdu->request.object = om_rd_guid(r, "object");
}

static void wr_request(struct om_wr *w, const struct om__rpc_pdu *pdu)
{
    om_wr_u32(w, pdu->request.alloc_hint);
    om_wr_u16(w, pdu->request.context_id);
    om_wr_u16(w, pdu->request.opnum);
    if (pdu->header.flags & OM_PFC_OBJECT_UUID)
        om_wr_guid(w, &pdu->request.object);
}

static void rd_response(struct om_rd *r, struct om__rpc_pdu *pdu)
{
    pdu->response.alloc_hint = om_rd_u32(r, "alloc_hint");
    pdu->response.context_id = om_rd_u16(r, "p_cont_id");
    pdu->response.cancel_count = om_rd_u8(r, "cancel_count");
    pdu->response.reserved = om_rd_u8(r, "reserved");
}

static void wr_response(struct om_wr *w, const struct om__rpc_pdu *pdu)
{
    om_wr_u32(w, pdu->response.alloc_hint);
    om_wr_u16(w, pdu->response.context_id);
    om_wr_u8(w, pdu->response.cancel_count);
    om_wr_u8(w, pdu->response.reserved);
}

/* [MS-RPCE] 2.2.2.8 too */
static void rd_fault(struct om_rd *r, struct om__rpc_pdu *pdu)
{
    pdu->fault.alloc_hint = om_rd_u32(r, "alloc_hint");
    pdu->fault.context_id = om_rd_u16(r, "p_cont_id");
    pdu->fault.cancel_count = om_rd_u8(r, "cancel_count");
    pdu->fault.fault_flags = om_rd_u8(r, "reserved");
    pdu->fault.status = om_rd_u32(r, "status");
    pdu->fault.reserved = om_rd_u32(r, "reserved2");
}

static void wr_fault(struct om_wr *w, const struct om__rpc_pdu *pdu)
{
    om_wr_u32(w, pdu->fault.alloc_hint);
    om_wr_u16(w, pdu->fault.context_id);
    om_wr_u8(w, pdu->fault.cancel_count);
    om_wr_u8(w, pdu->fault.fault_flags);
    om_wr_u32(w, pdu->fault.status);
    om_wr_u32(w, pdu->fault.reserved);
}

/* auth3. [MS-RPCE] 2.2.2.10: four bytes that nobody reads */
static void rd_auth3(struct om_rd *r, struct om__rpc_pdu *pdu)
{
    pdu->auth3_pad = om_rd_u32(r, "pad");
}

static void wr_auth3(struct om_wr *w, const struct om__rpc_pdu *pdu)
{
    om_wr_u32(w, pdu->auth3_pad);
}

/* shutdown, co_cancel, orphaned: the header is all. [C706] 12.6.4.11, 12.6.4.6, 12.6.4.8 */
static void rd_nothing(struct om_rd *r, struct om__rpc_pdu *pdu)
{
    (void)r;
    (void)pdu;
}

static void wr_nothing(struct om_wr *w, const struct om__rpc_pdu *pdu)
{
    (void)w;
    (void)pdu;
}

struct body {
    void (*rd)(struct om_rd *r, struct om__rpc_pdu *pdu);
    void (*wr)(struct om_wr *w, const struct om__rpc_pdu *pdu);
    bool stub; /* bytes may follow */
};

static const struct body bodies[] = {
    [OM_RPC_REQUEST] = {rd_request, wr_request, true},
    [OM_RPC_RESPONSE] = {rd_response, wr_response, true},
    [OM_RPC_FAULT] = {rd_fault, wr_fault, true},
    [OM_RPC_BIND] = {rd_bind, wr_bind, false},
    [OM_RPC_BIND_ACK] = {rd_bind_ack, wr_bind_ack, true},
    [OM_RPC_BIND_NAK] = {rd_bind_nak, wr_bind_nak, true},
    [OM_RPC_ALTER_CONTEXT] = {rd_bind, wr_bind, false},
    [OM_RPC_ALTER_CONTEXT_RESP] = {rd_bind_ack, wr_bind_ack, true},
    [OM_RPC_AUTH3] = {rd_auth3, wr_auth3, false},
    [OM_RPC_SHUTDOWN] = {rd_nothing, wr_nothing, false},
    [OM_RPC_CO_CANCEL] = {rd_nothing, wr_nothing, false},
    [OM_RPC_ORPHANED] = {rd_nothing, wr_nothing, false},
};

static const struct body *find_body(uint8_t ptype)
{
    return ptype < sizeof bodies / sizeof *bodies && bodies[ptype].rd ? &bodies[ptype] : NULL;
}

/* sec_trailer and auth_value, which end the PDU. [MS-RPCE] 2.2.2.11 */

static void rd_trailer(struct om_rd *r, struct om__rpc_pdu *pdu)
{
    struct om__rpc_trailer *t = &pdu->auth;

    t->auth_type = om_rd_u8(r, "auth_type");
    t->auth_level = om_rd_u8(r, "auth_level");
    t->pad_length = om_rd_u8(r, "auth_pad_length");
    t->reserved = om_rd_u8(r, "auth_reserved");
    t->context_id = om_rd_u32(r, "auth_context_id");
    t->value.cb = pdu->header.auth_length;
    t->value.pb = om_rd_bytes(r, t->value.cb, "auth_value");
}

static void wr_trailer(struct om_wr *w, const struct om__rpc_trailer *t)
{
    om_wr_u8(w, t->auth_type);
    om_wr_u8(w, t->auth_level);
    om_wr_u8(w, t->pad_length);
    om_wr_u8(w, t->reserved);
    om_wr_u32(w, t->context_id);
    if (t->value.pb)
        om_wr_bytes(w, t->value.pb, t->value.cb);
    else
        om_wr_zeros(w, t->value.cb);
}

/* Where the body ends: at the trailer, which is found from the PDU's end. */
static void rd_auth(struct om_rd *r, struct om__rpc_pdu *pdu)
{
    size_t left = om_rd_left(r), size = OM_RPC_TRAILER_SIZE + (size_t)pdu->header.auth_length;

    pdu->has_auth = pdu->header.auth_length > 0;
    pdu->trailer_at = om_rd_offset(r) + left;
    if (!pdu->has_auth || !om_rd_check(r, size <= left, pdu->header.auth_length, "auth_length"))
        return;
    pdu->trailer_at -= size;
    om_rd_skip(r, left - size, "body");
    rd_trailer(r, pdu);
}

/* Body, stub and padding: all between the common header and the trailer. */
static void rd_body(struct om_rd *r, const struct body *body, struct om__rpc_pdu *pdu)
{
    size_t left;

    om_rd_skip(r, OM_RPC_HEADER_SIZE, "header");
    body->rd(r, pdu);
    pdu->stub_at = om_rd_offset(r);
    left = om_rd_left(r);
    if (!om_rd_check(r, pdu->auth.pad_length <= left, pdu->auth.pad_length, "auth_pad_length"))
        return;
    pdu->stub.cb = (uint32_t)(left - pdu->auth.pad_length);
    pdu->stub.pb = om_rd_bytes(r, pdu->stub.cb, "stub");
    pdu->auth.padding = om_rd_bytes(r, pdu->auth.pad_length, "auth_pad");
    if (!body->stub && pdu->stub.cb) {
        r->pos = pdu->stub.pb; /* so that the error names the first byte that is too many */
        om_rd_expect_end(r, "the body");
    }
}

om_status om__rpc_pdu_decode(const uint8_t *p, size_t n, struct om__rpc_pdu *pdu,
                             struct om_error *err)
{
    const struct body *body;
    struct om_rd r, b;
    char what[40];

    *pdu = (struct om__rpc_pdu){0};
    om_rd_init(&r, p, n);
    om__rpc_rd_header(&r, &pdu->header);
    om_rd_check(&r, pdu->header.frag_length == n, pdu->header.frag_length, "frag_length");
    body = find_body(pdu->header.ptype);
    om_rd_check(&r, body != NULL, pdu->header.ptype, "PTYPE");
    rd_auth(&r, pdu);
    if (om_rd_ok(&r)) {
        om_rd_init(&b, p, pdu->trailer_at);
        rd_body(&b, body, pdu);
        om_rd_join(&r, &b);
    }
    snprintf(what, sizeof what, "%s PDU", om__rpc_ptype_name(pdu->header.ptype));
    return om_rd_finish(&r, OM_LAYER_RPC, what, err);
}

om_status om__rpc_pdu_encode(struct om_wr *w, struct om__rpc_pdu *pdu, struct om_error *err)
{
    const struct body *body = find_body(pdu->header.ptype);
    size_t begin;
    char what[40];

    if (!body)
        return om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_RPC, OM_CAUSE_INTERNAL,
                        OM_NATIVE_NONE, 0, "PTYPE %u cannot be written", pdu->header.ptype);
    begin = om__rpc_wr_begin(w, &pdu->header);
    body->wr(w, pdu);
    pdu->stub_at = w->len - begin;
    om_wr_bytes(w, pdu->stub.pb, pdu->stub.cb);
    if (pdu->has_auth && pdu->auth.padding)
        om_wr_bytes(w, pdu->auth.padding, pdu->auth.pad_length);
    else if (pdu->has_auth)
        om_wr_zeros(w, pdu->auth.pad_length);
    pdu->trailer_at = w->len - begin;
    pdu->header.auth_length = pdu->has_auth ? (uint16_t)pdu->auth.value.cb : 0;
    if (pdu->has_auth)
        wr_trailer(w, &pdu->auth);
    om__rpc_wr_end(w, begin, pdu->has_auth ? pdu->auth.value.cb : 0);
    pdu->header.frag_length = (uint16_t)(w->len - begin);
    snprintf(what, sizeof what, "a %s PDU", om__rpc_ptype_name(pdu->header.ptype));
    return om_wr_finish(w, OM_LAYER_RPC, what, err);
}

uint8_t om__rpc_padding(size_t n)
{
    return (uint8_t)((16 - n % 16) % 16);
}

/* Names */

const char *om__rpc_ptype_name(unsigned ptype)
{
    switch (ptype) {
#define NAME(id, value, name)                                                                      \
    case value:                                                                                    \
        return name;
        OM_RPC_PTYPE_LIST(NAME)
#undef NAME
    default:
        return "unknown";
    }
}

const char *om__rpc_reason_name(unsigned provider_reason)
{
    switch (provider_reason) {
    case OM_RPC_REASON_NOT_SPECIFIED:
        return "reason_not_specified";
    case OM_RPC_REASON_ABSTRACT_SYNTAX:
        return "abstract_syntax_not_supported";
    case OM_RPC_REASON_TRANSFER_SYNTAXES:
        return "proposed_transfer_syntaxes_not_supported";
    case OM_RPC_REASON_LOCAL_LIMIT:
        return "local_limit_exceeded";
    default:
        return "unknown";
    }
}

const char *om__rpc_nak_name(unsigned reject_reason)
{
    switch (reject_reason) {
    case OM_RPC_NAK_NOT_SPECIFIED:
        return "reason_not_specified";
    case OM_RPC_NAK_TEMPORARY_CONGESTION:
        return "temporary_congestion";
    case OM_RPC_NAK_LOCAL_LIMIT:
        return "local_limit_exceeded";
    case OM_RPC_NAK_PROTOCOL_VERSION:
        return "protocol_version_not_supported";
    case OM_RPC_NAK_AUTH_TYPE:
        return "authentication_type_not_recognized";
    case OM_RPC_NAK_CHECKSUM:
        return "invalid_checksum";
    default:
        return "unknown";
    }
}

const char *om__rpc_level_name(unsigned level)
{
    switch (level) {
    case OM_RPC_LEVEL_NONE:
        return "none";
    case OM_RPC_LEVEL_CONNECT:
        return "connect";
    case OM_RPC_LEVEL_CALL:
        return "call";
    case OM_RPC_LEVEL_PACKET:
        return "packet";
    case OM_RPC_LEVEL_INTEGRITY:
        return "integrity";
    case OM_RPC_LEVEL_PRIVACY:
        return "privacy";
    default:
        return "unknown";
    }
}
