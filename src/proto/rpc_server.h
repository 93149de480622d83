/* SPDX-License-Identifier: MIT */
/*
 * The server's end of an RPC association, without I/O: the same shape as proto/rpc_assoc.h. It
 * answers bind, alter_context and AUTH3 by itself, reassembles and opens requests, hands them out,
 * and fragments and protects what is answered. Security is none, or NTLM by a callback.
 */
#ifndef OM_PROTO_RPC_SERVER_H
#define OM_PROTO_RPC_SERVER_H

#include "base/trace.h"
#include "codec/dcerpc.h"
#include "proto/ntlm_session.h"

struct om__rpc_server;

struct om__rpc_interface {
    struct om__rpc_syntax syntax; /* a bind fits when major is equal and minor not larger */
    const char *name;             /* "EMSMDB" */
    void *user;
};

/* What an acceptor's step found. */
struct om__rpc_accepted {
    bool complete;
    uint8_t key[OM_NTLM_KEY_SIZE]; /* exported session key; wiped by the caller */
    uint32_t flags;                /* those of the AUTHENTICATE message */
};

/*
 * The acceptor of a security exchange: one token in; the answer, if there is one, appended to
 * `out`. A refusal gives a status: in a bind it becomes bind_nak, in AUTH3 fault 5 for each later
 * request.
 */
struct om__rpc_acceptor {
    om_status (*step)(void *ctx, const uint8_t *in, size_t n, struct om_wr *out,
                      struct om__rpc_accepted *accepted, struct om_error *err);
    void *ctx;
};

struct om__rpc_server_config {
    const struct om__rpc_interface *interfaces; /* borrowed; must outlive the association */
    size_t interface_count;
    const struct om__rpc_acceptor *ntlm; /* borrowed likewise; NULL: auth_type 10 gets bind_nak 8 */
    bool require_auth;                   /* requests without RPC security get fault 5 */
    bool no_header_sign;                 /* do not offer PFC_SUPPORT_HEADER_SIGN, as some servers */
    bool sign_faults;                    /* Windows and Samba send faults without a verifier */
    uint16_t max_frag;                   /* 0: OM_MAX_RPC_FRAG */
    uint32_t assoc_group_id;             /* what a bind that brings 0 is given */
    const char *sec_addr;                /* the port as text, "6001"; "" over RPC/HTTP */
    struct om__trace trace;
};

enum om__rpc_server_event_kind {
    OM_RPC_SV_REQUEST,
    OM_RPC_SV_ORPHANED, /* the client gave call_id up; an answer is allowed but not wanted */
    OM_RPC_SV_FAILED,   /* error; the connection should be closed after the output is sent */
};

struct om__rpc_server_event {
    enum om__rpc_server_event_kind kind;
    uint32_t call_id;
    uint16_t context_id, opnum;
    const struct om__rpc_interface *interface;
    const struct om_guid *object; /* NULL: none */
    struct om_binary stub;        /* borrowed until the next call on the association */
    enum om__rpc_level level;     /* OM_RPC_LEVEL_NONE without security */
    const struct om_error *error;
};

om_status om__rpc_server_new(const struct om__rpc_server_config *config,
                             struct om__rpc_server **out, struct om_error *err);
void om__rpc_server_free(struct om__rpc_server *s); /* wipes; NULL-safe */

om_status om__rpc_server_feed(struct om__rpc_server *s, const void *p, size_t n,
                              struct om_error *err);
bool om__rpc_server_next(struct om__rpc_server *s, struct om__rpc_server_event *event);

/* Answers a request handed out, in any order. The level and context are those of the request. */
om_status om__rpc_server_respond(struct om__rpc_server *s, uint32_t call_id, const void *stub,
                                 size_t n, struct om_error *err);
om_status om__rpc_server_fault(struct om__rpc_server *s, uint32_t call_id, uint32_t status,
                               struct om_error *err);

/* Tells the client that the server goes down. */
om_status om__rpc_server_shutdown(struct om__rpc_server *s, struct om_error *err);

/* As om__rpc_assoc_output() */
bool om__rpc_server_output(struct om__rpc_server *s, const uint8_t **pdu, size_t *n);
size_t om__rpc_server_output_size(const struct om__rpc_server *s);

/* OM_RPC_LEVEL_NONE until a security exchange is complete. */
enum om__rpc_level om__rpc_server_level(const struct om__rpc_server *s);

#endif
