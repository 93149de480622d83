/* SPDX-License-Identifier: MIT */
/*
 * The PDUs of connection-oriented RPC, both directions: [C706] 12.6.4, [MS-RPCE] 2.2.2.
 * Little-endian only: a peer that sends another data representation is refused by name.
 *
 * One structure holds any PDU; decoding borrows from the bytes decoded, encoding gives back the
 * same bytes. RTS PDUs (ptype 20) share the common header and live in codec/rts.h.
 */
#ifndef OM_CODEC_DCERPC_H
#define OM_CODEC_DCERPC_H

#include "base/rd.h"
#include "base/wr.h"

#define OM_RPC_HEADER_SIZE 16u /* the common header */
#define OM_RPC_REQUEST_SIZE                                                                        \
    24u /* what stands before the stub of a request without object, a response */
#define OM_RPC_FAULT_SIZE   32u   /* what stands before the stub of a fault */
#define OM_RPC_TRAILER_SIZE 8u    /* sec_trailer without auth_value */
#define OM_RPC_MIN_FRAG     1432u /* MustRecvFragSize: every implementation takes this much */

/* [C706] 12.6.4.1, [MS-RPCH] 2.2.3.6 for the last */
#define OM_RPC_PTYPE_LIST(X)                                                                       \
    X(REQUEST, 0, "request")                                                                       \
    X(RESPONSE, 2, "response")                                                                     \
    X(FAULT, 3, "fault")                                                                           \
    X(BIND, 11, "bind")                                                                            \
    X(BIND_ACK, 12, "bind_ack")                                                                    \
    X(BIND_NAK, 13, "bind_nak")                                                                    \
    X(ALTER_CONTEXT, 14, "alter_context")                                                          \
    X(ALTER_CONTEXT_RESP, 15, "alter_context_resp")                                                \
    X(AUTH3, 16, "auth3")                                                                          \
    X(SHUTDOWN, 17, "shutdown")                                                                    \
    X(CO_CANCEL, 18, "co_cancel")                                                                  \
    X(ORPHANED, 19, "orphaned")                                                                    \
    X(RTS, 20, "rts")

#define OM_RPC_PTYPE_ENUM_(id, value, name) OM_RPC_##id = value,
enum om__rpc_ptype { OM_RPC_PTYPE_LIST(OM_RPC_PTYPE_ENUM_) };
#undef OM_RPC_PTYPE_ENUM_

/* pfc_flags */
enum {
    OM_PFC_FIRST_FRAG = 0x01,
    OM_PFC_LAST_FRAG = 0x02,
    OM_PFC_PENDING_CANCEL = 0x04,
    OM_PFC_SUPPORT_HEADER_SIGN =
        0x04, /* in bind, alter_context and their answers: [MS-RPCE] 2.2.2.3 */
    OM_PFC_CONC_MPX = 0x10,
    OM_PFC_DID_NOT_EXECUTE = 0x20,
    OM_PFC_MAYBE = 0x40,
    OM_PFC_OBJECT_UUID = 0x80,
};

/* auth_type, [MS-RPCE] 2.2.1.1.7 */
enum om__rpc_auth_type {
    OM_RPC_AUTH_NONE = 0,
    OM_RPC_AUTH_SPNEGO = 9,
    OM_RPC_AUTH_NTLM = 10,
    OM_RPC_AUTH_KERBEROS = 16,
};

/* auth_level, [MS-RPCE] 2.2.1.1.8 */
enum om__rpc_level {
    OM_RPC_LEVEL_NONE = 1,
    OM_RPC_LEVEL_CONNECT = 2,
    OM_RPC_LEVEL_CALL = 3,
    OM_RPC_LEVEL_PACKET = 4,
    OM_RPC_LEVEL_INTEGRITY = 5,
    OM_RPC_LEVEL_PRIVACY = 6,
};

struct om__rpc_header {
    uint8_t vers_minor; /* 0 or 1; rpc_vers is 5 */
    uint8_t ptype;
    uint8_t flags;
    uint16_t frag_length; /* the whole PDU; an encoder computes it */
    uint16_t auth_length; /* auth_value alone; an encoder computes it */
    uint32_t call_id;
};

/* Reads the 16 bytes; refuses another version, a big-endian drep and a frag_length below 16. */
void om__rpc_rd_header(struct om_rd *r, struct om__rpc_header *h);

/*
 * Begins a PDU at the cursor's end: writes the header and makes it the origin of alignment. Gives
 * the offset to end it with, which patches both lengths.
 */
size_t om__rpc_wr_begin(struct om_wr *w, const struct om__rpc_header *h);
void om__rpc_wr_end(struct om_wr *w, size_t begin, size_t auth_length);

/* p_syntax_id_t: an interface, or a transfer syntax. minor is 0 for the transfer syntaxes. */
struct om__rpc_syntax {
    struct om_guid uuid;
    uint16_t major, minor;
};

extern const struct om__rpc_syntax om__rpc_ndr; /* NDR 2.0, [C706] appendix I */
bool om__rpc_syntax_equal(const struct om__rpc_syntax *a, const struct om__rpc_syntax *b);
void om__rpc_rd_syntax(struct om_rd *r, struct om__rpc_syntax *s);
void om__rpc_wr_syntax(struct om_wr *w, const struct om__rpc_syntax *s);

#define OM_RPC_MAX_CONTEXTS 16u /* presentation contexts in one PDU */
#define OM_RPC_MAX_TRANSFER 4u  /* transfer syntaxes of one context */

/* p_cont_elem_t */
struct om__rpc_context {
    uint16_t id;
    uint8_t n_transfer;
    struct om__rpc_syntax abstract;
    struct om__rpc_syntax transfer[OM_RPC_MAX_TRANSFER];
};

/* bind, alter_context */
struct om__rpc_bind {
    uint16_t max_xmit_frag, max_recv_frag;
    uint32_t assoc_group_id;
    uint8_t n_contexts;
    struct om__rpc_context contexts[OM_RPC_MAX_CONTEXTS];
};

/* p_cont_def_result_t, [MS-RPCE] 2.2.2.4 for the last */
enum om__rpc_result_kind {
    OM_RPC_ACCEPTANCE = 0,
    OM_RPC_USER_REJECTION = 1,
    OM_RPC_PROVIDER_REJECTION = 2,
    OM_RPC_NEGOTIATE_ACK = 3,
};

/* p_provider_reason_t */
enum om__rpc_provider_reason {
    OM_RPC_REASON_NOT_SPECIFIED = 0,
    OM_RPC_REASON_ABSTRACT_SYNTAX = 1,
    OM_RPC_REASON_TRANSFER_SYNTAXES = 2,
    OM_RPC_REASON_LOCAL_LIMIT = 3,
};

/* p_result_t */
struct om__rpc_result {
    uint16_t result;
    uint16_t reason;
    struct om__rpc_syntax transfer;
};

/* bind_ack, alter_context_resp */
struct om__rpc_bind_ack {
    uint16_t max_xmit_frag, max_recv_frag;
    uint32_t assoc_group_id;
    struct om_binary sec_addr; /* the port as text; its NUL counts; may be empty */
    uint8_t n_results;         /* may be fewer than the contexts offered */
    struct om__rpc_result results[OM_RPC_MAX_CONTEXTS];
};

/* p_reject_reason_t, [MS-RPCE] 2.2.2.5 for the last two */
enum om__rpc_nak_reason {
    OM_RPC_NAK_NOT_SPECIFIED = 0,
    OM_RPC_NAK_TEMPORARY_CONGESTION = 1,
    OM_RPC_NAK_LOCAL_LIMIT = 2,
    OM_RPC_NAK_PROTOCOL_VERSION = 4,
    OM_RPC_NAK_AUTH_TYPE = 8,
    OM_RPC_NAK_CHECKSUM = 9,
};

struct om__rpc_bind_nak {
    uint16_t reason;
    uint8_t n_versions; /* some servers leave the list out */
    bool has_versions;
    struct {
        uint8_t major, minor;
    } versions[4];
};

struct om__rpc_request {
    uint32_t alloc_hint;
    uint16_t context_id, opnum;
    struct om_guid object; /* with OM_PFC_OBJECT_UUID in the flags */
};

struct om__rpc_response {
    uint32_t alloc_hint;
    uint16_t context_id;
    uint8_t cancel_count, reserved;
};

struct om__rpc_fault {
    uint32_t alloc_hint;
    uint16_t context_id;
    uint8_t cancel_count;
    uint8_t fault_flags; /* [MS-RPCE] 2.2.2.6: 1 = extended error information follows in the stub */
    uint32_t status;     /* onemapi/status.h: om_rpc_fault_name() */
    uint32_t reserved;
};

/* sec_trailer and auth_value. [C706] 13.2.6.1, [MS-RPCE] 2.2.2.11 */
struct om__rpc_trailer {
    uint8_t auth_type, auth_level;
    uint8_t pad_length, reserved;
    uint32_t context_id;
    const uint8_t *padding; /* pad_length bytes that stand before it; NULL: zeroes are written */
    struct om_binary
        value; /* the token or signature; pb NULL with a cb: room of zeroes is written */
};

struct om__rpc_pdu {
    struct om__rpc_header header;
    bool has_auth;
    struct om__rpc_trailer auth;
    union {
        struct om__rpc_bind bind;         /* bind, alter_context */
        struct om__rpc_bind_ack bind_ack; /* bind_ack, alter_context_resp */
        struct om__rpc_bind_nak bind_nak;
        struct om__rpc_request request;
        struct om__rpc_response response;
        struct om__rpc_fault fault;
        uint32_t auth3_pad; /* four bytes without a meaning */
    };
    /*
     * Request, response, fault: the stub without padding. bind_ack and alter_context_resp,
     * bind_nak: bytes past what is specified, which real servers do send. Empty elsewhere.
     */
    struct om_binary stub;
    /* Where things stand in the PDU, filled by both the decoder and the encoder. */
    size_t stub_at;    /* the first byte of the stub */
    size_t trailer_at; /* the first byte of sec_trailer; the PDU's end without one */
};

/*
 * p[0..n) must be one whole PDU: n equals its frag_length. Sets every field of *pdu, which borrows
 * from p. MAPI_E_CORRUPT_DATA, layer rpc, with the field's name and offset otherwise. Of a sealed
 * PDU, `stub` and `padding` are still sealed.
 */
om_status om__rpc_pdu_decode(const uint8_t *p, size_t n, struct om__rpc_pdu *pdu,
                             struct om_error *err);

/* Appends the PDU; fills frag_length, auth_length, stub_at and trailer_at. */
om_status om__rpc_pdu_encode(struct om_wr *w, struct om__rpc_pdu *pdu, struct om_error *err);

/* Padding that brings n bytes of stub to the 16 that sec_trailer wants. [MS-RPCE] 2.2.2.11 */
uint8_t om__rpc_padding(size_t n);

/* "bind_ack"; "unknown" for what is not in the list. Static storage. */
const char *om__rpc_ptype_name(unsigned ptype);
/* "abstract_syntax_not_supported" and so on; "unknown". Static storage. */
const char *om__rpc_reason_name(unsigned provider_reason);
const char *om__rpc_nak_name(unsigned reject_reason);
/* "privacy" and so on; "unknown". Static storage. */
const char *om__rpc_level_name(unsigned level);

#endif
