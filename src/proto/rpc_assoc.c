/* SPDX-License-Identifier: MIT */
#include "proto/rpc_assoc.h"

#include <stdio.h>

#include "base/err.h"
#include "base/guid.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rpc_fault.h"
#include "proto/rpc_wire.h"

/* The state machine */

#define STATES(X)                                                                                  \
    X(NONE, "none")         /* an empty cell of the table */                                       \
    X(IDLE, "idle")         /* nothing sent */                                                     \
    X(BINDING, "binding")   /* bind sent */                                                        \
    X(SECURING, "securing") /* bind acknowledged, tokens still to exchange */                      \
    X(BOUND, "bound")                                                                              \
    X(ALTERING, "altering") /* bound, and alter_context sent for another interface */              \
    X(CLOSED, "closed")                                                                            \
    X(FAILED, "failed")

#define EVENTS(X)                                                                                  \
    X(ASK, "bind asked for")                                                                       \
    X(BIND_ACK, "bind_ack")                                                                        \
    X(BIND_NAK, "bind_nak")                                                                        \
    X(ALTER_RESP, "alter_context_resp")                                                            \
    X(SECURED, "security complete")                                                                \
    X(REFUSED, "interface refused")                                                                \
    X(CALL, "call asked for")                                                                      \
    X(RESPONSE, "response")                                                                        \
    X(FAULT, "fault")                                                                              \
    X(ALTER_FAULT, "fault to alter_context")                                                       \
    X(SHUTDOWN, "shutdown")                                                                        \
    X(END, "end of stream")                                                                        \
    X(FAILURE, "failure")

#define ENUM(id, name) S_##id,
enum state { STATES(ENUM) S_COUNT };
#undef ENUM
#define ENUM(id, name) E_##id,
enum event { EVENTS(ENUM) E_COUNT };
#undef ENUM

#define NAME(id, name) name,
static const char *const state_names[] = {STATES(NAME)};
static const char *const event_names[] = {EVENTS(NAME)};
#undef NAME

/* clang-format off */
static const uint8_t next[S_COUNT][E_COUNT] = {
    [S_IDLE] = {
        [E_ASK] = S_BINDING,
        [E_END] = S_CLOSED, [E_FAILURE] = S_FAILED,
    },
    [S_BINDING] = {
        [E_BIND_ACK] = S_SECURING, [E_BIND_NAK] = S_FAILED, [E_FAULT] = S_FAILED,
        [E_SHUTDOWN] = S_CLOSED, [E_END] = S_CLOSED, [E_FAILURE] = S_FAILED,
    },
    [S_SECURING] = { /* the legs of mechanisms that end with the server: [MS-RPCE] 3.3.1.5.2.1 */
        [E_ALTER_RESP] = S_SECURING, [E_SECURED] = S_BOUND, [E_REFUSED] = S_FAILED,
        [E_FAULT] = S_FAILED,
        [E_SHUTDOWN] = S_CLOSED, [E_END] = S_CLOSED, [E_FAILURE] = S_FAILED,
    },
    [S_BOUND] = {
        [E_ASK] = S_ALTERING, [E_CALL] = S_BOUND, [E_RESPONSE] = S_BOUND, [E_FAULT] = S_BOUND,
        [E_SHUTDOWN] = S_CLOSED, [E_END] = S_CLOSED, [E_FAILURE] = S_FAILED,
    },
    [S_ALTERING] = {
        [E_ALTER_RESP] = S_BOUND, [E_ALTER_FAULT] = S_BOUND,
        [E_CALL] = S_ALTERING, [E_RESPONSE] = S_ALTERING, [E_FAULT] = S_ALTERING,
        [E_SHUTDOWN] = S_CLOSED, [E_END] = S_CLOSED, [E_FAILURE] = S_FAILED,
    },
};
/* clang-format on */

enum context_state { CONTEXT_ASKED, CONTEXT_SENT, CONTEXT_BOUND, CONTEXT_REFUSED };

struct context {
    struct om__rpc_syntax interface;
    enum context_state state;
};

struct call {
    bool used;
    uint32_t id;
    uint16_t context_id;
    struct om__rpc_partial answer;
};

enum { AUTH_CONTEXT_ID = 1, FIRST_CALL_ID = 1 };

struct om__rpc_assoc {
    enum state state;
    struct om__trace trace;
    struct om__auth *auth; /* NULL: no security */
    struct om__rpc_queue queue;
    struct om__rpc_protection protection;
    uint16_t max_frag, max_xmit;
    uint32_t assoc_group_id, next_call_id, bind_call_id;
    bool answered; /* a response came: the server took our credentials */
    struct context contexts[OM_RPC_ASSOC_CONTEXTS];
    uint16_t context_count, current; /* current: the one bind or alter_context is about */
    struct call calls[OM_RPC_ASSOC_CALLS];
    struct om__rpc_partial delivered; /* the stub of the last event */
    struct om_error error;            /* the final one */
    struct om_error event_error;      /* of the last event */
    bool end_reported;
};

const char *om__rpc_assoc_state(const struct om__rpc_assoc *a)
{
    return state_names[a->state];
}

/* The one place where the state changes. An empty cell is a protocol error. */
static om_status move(struct om__rpc_assoc *a, enum event event, const char *text,
                      struct om_error *err)
{
    enum state to = next[a->state][event];
    struct om_trace_event ev = {.layer = OM_LAYER_RPC,
                                .machine = "rpc association",
                                .from = state_names[a->state],
                                .event = event_names[event],
                                .to = state_names[to],
                                .text = text};

    if (to == S_NONE)
        return om__fail(err, MAPI_E_CALL_FAILED, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
                        "%s in state %s", event_names[event], state_names[a->state]);
    om__trace_emit(&a->trace, &ev);
    a->state = to;
    return OM_OK;
}

static bool over(const struct om__rpc_assoc *a)
{
    return a->state == S_FAILED || a->state == S_CLOSED;
}

/* What every call on an association that is over gives. */
static om_status give_final_error(const struct om__rpc_assoc *a, struct om_error *err)
{
    if (a->error.status == OM_OK)
        return om__fail(err, MAPI_E_CONNECTION_LOST, OM_LAYER_RPC, OM_CAUSE_CLOSED, OM_NATIVE_NONE,
                        0, "the server closed the association");
    if (err && err->status == OM_OK)
        *err = a->error;
    return a->error.status;
}

/* Ends the association; its error must be recorded already. */
static void fail_over(struct om__rpc_assoc *a)
{
    if (!over(a))
        (void)move(a, E_FAILURE, a->error.detail, NULL);
}

static om_status protect(void *ctx, struct om__auth_pdu *pdu, struct om_error *err)
{
    return om__auth_protect(ctx, pdu, err);
}

static om_status unprotect(void *ctx, struct om__auth_pdu *pdu, struct om_error *err)
{
    return om__auth_unprotect(ctx, pdu, err);
}

om_status om__rpc_assoc_new(const struct om__rpc_assoc_config *config, struct om__rpc_assoc **out,
                            struct om_error *err)
{
    struct om__rpc_assoc *a = om__calloc(1, sizeof *a);

    if (!a)
        return om__fail_memory(err, "an RPC association");
    a->state = S_IDLE;
    a->trace = config->trace;
    if (config->auth && om__auth_mech(config->auth) != OM_AUTH_MECH_NONE)
        a->auth = config->auth;
    a->max_frag = config->max_frag ? config->max_frag : OM_MAX_RPC_FRAG;
    a->max_xmit = OM_RPC_MIN_FRAG;
    a->next_call_id = FIRST_CALL_ID;
    a->protection =
        (struct om__rpc_protection){.protect = protect, .unprotect = unprotect, .ctx = a->auth};
    om__rpc_queue_init(&a->queue);
    om__rpc_partial_init(&a->delivered);
    for (size_t i = 0; i < OM_RPC_ASSOC_CALLS; i++)
        om__rpc_partial_init(&a->calls[i].answer);
    *out = a;
    return OM_OK;
}

void om__rpc_assoc_free(struct om__rpc_assoc *a)
{
    if (!a)
        return;
    om__rpc_queue_free(&a->queue);
    om__rpc_partial_free(&a->delivered);
    for (size_t i = 0; i < OM_RPC_ASSOC_CALLS; i++)
        om__rpc_partial_free(&a->calls[i].answer);
    om__free(a);
}

/* Binding */

/* Takes a token further; gives the one to send, of size 0 when there is none. */
static om_status step(struct om__rpc_assoc *a, const struct om__rpc_pdu *from,
                      struct om_binary *token, struct om_error *err)
{
    const uint8_t *in = from && from->has_auth ? from->auth.value.pb : NULL, *out = NULL;
    size_t n_in = in ? from->auth.value.cb : 0, n_out = 0;
    om_status st = om__auth_step(a->auth, in, n_in, &out, &n_out, err);

    if (st == OM_OK)
        *token = (struct om_binary){(uint32_t)n_out, out};
    return st;
}

/* Appends sec_trailer with a token: bodies that carry one end on a multiple of 4 by themselves. */
static void add_token(const struct om__rpc_assoc *a, struct om__rpc_pdu *pdu,
                      struct om_binary token)
{
    pdu->has_auth = token.cb > 0;
    pdu->auth = (struct om__rpc_trailer){
        .auth_type = om__auth_rpc_type(a->auth),
        .auth_level = (uint8_t)om__auth_level(a->auth),
        .context_id = AUTH_CONTEXT_ID,
        .value = token,
    };
}

/* bind, or alter_context, for the current context. [C706] 12.6.4.3, 12.6.4.1 */
static om_status send_context(struct om__rpc_assoc *a, enum om__rpc_ptype ptype,
                              struct om_binary token, struct om_error *err)
{
    struct om__rpc_pdu pdu = {
        .header = {.ptype = (uint8_t)ptype,
                   .flags = OM_PFC_FIRST_FRAG | OM_PFC_LAST_FRAG,
                   .call_id = a->bind_call_id},
        .bind = {.max_xmit_frag = a->max_frag,
                 .max_recv_frag = a->max_frag,
                 .assoc_group_id = a->assoc_group_id,
                 .n_contexts = 1},
    };

    if (ptype == OM_RPC_BIND)
        pdu.header.flags |= OM_PFC_CONC_MPX | (a->auth ? OM_PFC_SUPPORT_HEADER_SIGN : 0);
    pdu.bind.contexts[0] = (struct om__rpc_context){
        .id = a->current,
        .n_transfer = 1,
        .abstract = a->contexts[a->current].interface,
        .transfer = {om__rpc_ndr},
    };
    if (token.cb)
        add_token(a, &pdu, token);
    return om__rpc_queue_send(&a->queue, &pdu, err);
}

/* Sends for the next interface asked for, when the association is free to. */
static om_status ask_next(struct om__rpc_assoc *a, struct om_error *err)
{
    bool first = a->state == S_IDLE;
    struct om_binary token = {0};
    char uuid[OM_GUID_TEXT];
    om_status st = OM_OK;
    uint16_t i = 0;

    while (i < a->context_count && a->contexts[i].state != CONTEXT_ASKED)
        i++;
    if (i == a->context_count || (!first && a->state != S_BOUND))
        return OM_OK;
    om__guid_format(&a->contexts[i].interface.uuid, uuid);
    a->current = i;
    a->bind_call_id = a->next_call_id++;
    if (first && a->auth)
        st = step(a, NULL, &token, err);
    if (st == OM_OK)
        st = send_context(a, first ? OM_RPC_BIND : OM_RPC_ALTER_CONTEXT, token, err);
    if (st == OM_OK)
        st = move(a, E_ASK, uuid, err);
    if (st == OM_OK)
        a->contexts[i].state = CONTEXT_SENT;
    return st;
}

om_status om__rpc_assoc_bind(struct om__rpc_assoc *a, const struct om__rpc_syntax *interface,
                             uint16_t *context_id, struct om_error *err)
{
    om_status st;

    if (over(a))
        return give_final_error(a, err);
    if (a->context_count == OM_RPC_ASSOC_CONTEXTS)
        return om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_RPC, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
                        "more than %u interfaces on one association", OM_RPC_ASSOC_CONTEXTS);
    a->contexts[a->context_count] = (struct context){*interface, CONTEXT_ASKED};
    a->context_count++;
    st = ask_next(a, &a->error);
    if (st != OM_OK) {
        fail_over(a);
        return give_final_error(a, err);
    }
    *context_id = (uint16_t)(a->context_count - 1);
    return OM_OK;
}

/* AUTH3, [MS-RPCE] 2.2.2.10: the client's last token; nothing answers it. */
static om_status send_auth3(struct om__rpc_assoc *a, struct om_binary token, struct om_error *err)
{
    struct om__rpc_pdu pdu = {
        .header = {.ptype = OM_RPC_AUTH3,
                   .flags = OM_PFC_FIRST_FRAG | OM_PFC_LAST_FRAG,
                   .call_id = a->bind_call_id},
    };

    add_token(a, &pdu, token);
    return om__rpc_queue_send(&a->queue, &pdu, err);
}

/* Goes on with the security exchange; *done when stubs can be protected. */
static om_status secure(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu, bool *done,
                        struct om_error *err)
{
    struct om_binary token = {0};
    om_status st;

    *done = true;
    if (!a->auth)
        return OM_OK;
    if (!pdu->has_auth)
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_AUTH_NOT_OFFERED,
                        OM_NATIVE_NONE, 0, "the server acknowledged the bind without a token of %s",
                        om__auth_name(a->auth));
    st = step(a, pdu, &token, err);
    *done = st == OM_OK && om__auth_complete(a->auth);
    if (st == OM_OK && token.cb)
        st = om__auth_ends_with_client(a->auth) ? send_auth3(a, token, err)
                                                : send_context(a, OM_RPC_ALTER_CONTEXT, token, err);
    if (st != OM_OK || !*done)
        return st;
    a->protection.auth_type = om__auth_rpc_type(a->auth);
    a->protection.level = om__auth_level(a->auth);
    a->protection.context_id = AUTH_CONTEXT_ID;
    a->protection.signature_size = om__auth_signature_size(a->auth);
    return OM_OK;
}

static om_status refused(struct om__rpc_assoc *a, unsigned result, unsigned reason,
                         struct om_error *err)
{
    char uuid[OM_GUID_TEXT];

    om__guid_format(&a->contexts[a->current].interface.uuid, uuid);
    a->contexts[a->current].state = CONTEXT_REFUSED;
    return om__fail(
        err, MAPI_E_NO_SUPPORT, OM_LAYER_RPC, OM_CAUSE_BIND_REFUSED, OM_NATIVE_BIND_REASON, reason,
        "interface %s %u.%u: %s rejection, %s", uuid, a->contexts[a->current].interface.major,
        a->contexts[a->current].interface.minor,
        result == OM_RPC_USER_REJECTION ? "user" : "provider", om__rpc_reason_name(reason));
}

/* Only the result of the one context sent counts; some servers answer no more than the first. */
static om_status check_result(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu,
                              struct om_error *err)
{
    const struct om__rpc_result *r = &pdu->bind_ack.results[0];

    if (pdu->bind_ack.n_results == 0)
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "a %s without a result", om__rpc_ptype_name(pdu->header.ptype));
    if (r->result != OM_RPC_ACCEPTANCE)
        return refused(a, r->result, r->reason, err);
    if (!om__rpc_syntax_equal(&r->transfer, &om__rpc_ndr))
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "the server chose a transfer syntax that was not offered");
    return OM_OK;
}

/* Says that the current context is bound, and goes on to the next one asked for. */
static om_status context_bound(struct om__rpc_assoc *a, struct om__rpc_event *event,
                               struct om_error *err)
{
    a->contexts[a->current].state = CONTEXT_BOUND;
    *event = (struct om__rpc_event){.kind = OM_RPC_EV_BOUND, .context_id = a->current};
    return ask_next(a, err);
}

static om_status context_refused(struct om__rpc_assoc *a, struct om__rpc_event *event,
                                 struct om_error *err)
{
    a->contexts[a->current].state = CONTEXT_REFUSED;
    *event = (struct om__rpc_event){
        .kind = OM_RPC_EV_BIND_FAILED, .context_id = a->current, .error = &a->event_error};
    return ask_next(a, err);
}

/* A first bind that failed is the end: there is nothing to alter. */
static void first_bind_failed(struct om__rpc_assoc *a, struct om__rpc_event *event)
{
    a->error = a->event_error;
    a->end_reported = true;
    *event = (struct om__rpc_event){
        .kind = OM_RPC_EV_BIND_FAILED, .context_id = a->current, .error = &a->event_error};
}

/* What is left of a security exchange, and then of the first bind. */
static om_status finish_bind(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu,
                             struct om__rpc_event *event, bool *produced, struct om_error *err)
{
    char text[40] = "no security";
    om_status st;
    bool done;

    st = secure(a, pdu, &done, err);
    if (st != OM_OK || !done)
        return st;
    if (a->auth)
        snprintf(text, sizeof text, "%s, %s", om__auth_name(a->auth),
                 om__rpc_level_name(om__auth_level(a->auth)));
    st = move(a, E_SECURED, text, err);
    if (st != OM_OK)
        return st;
    *produced = true;
    return context_bound(a, event, err);
}

static om_status check_call_id(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu,
                               struct om_error *err)
{
    if (pdu->header.call_id == a->bind_call_id)
        return OM_OK;
    return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
                    "a %s for call %u, where call %u waits for it",
                    om__rpc_ptype_name(pdu->header.ptype), pdu->header.call_id, a->bind_call_id);
}

/* [C706] 12.6.4.4 */
static om_status on_bind_ack(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu,
                             struct om__rpc_event *event, bool *produced, struct om_error *err)
{
    uint16_t theirs = pdu->bind_ack.max_recv_frag;
    om_status st = move(a, E_BIND_ACK, NULL, err);

    if (st == OM_OK)
        st = check_call_id(a, pdu, err);
    if (st != OM_OK)
        return st;
    if (theirs < OM_RPC_MIN_FRAG)
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "the server takes fragments of %u bytes; at least %u is the rule",
                        theirs, OM_RPC_MIN_FRAG);
    a->max_xmit = theirs < a->max_frag ? theirs : a->max_frag;
    a->assoc_group_id = pdu->bind_ack.assoc_group_id;
    a->protection.header_sign = a->auth && pdu->header.flags & OM_PFC_SUPPORT_HEADER_SIGN;
    st = check_result(a, pdu, &a->event_error);
    if (a->event_error.cause == OM_CAUSE_BIND_REFUSED) {
        first_bind_failed(a, event);
        *produced = true;
        return move(a, E_REFUSED, a->event_error.detail, err);
    }
    if (st != OM_OK) {
        *err = a->event_error;
        return st;
    }
    return finish_bind(a, pdu, event, produced, err);
}

/* [C706] 12.6.4.2: a leg of the security exchange, or another interface. */
static om_status on_alter_resp(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu,
                               struct om__rpc_event *event, bool *produced, struct om_error *err)
{
    bool securing = a->state == S_SECURING;
    om_status st = move(a, E_ALTER_RESP, NULL, err);

    if (st == OM_OK)
        st = check_call_id(a, pdu, err);
    if (st != OM_OK)
        return st;
    if (securing)
        return finish_bind(a, pdu, event, produced, err);
    st = check_result(a, pdu, &a->event_error);
    if (st != OM_OK && a->event_error.cause != OM_CAUSE_BIND_REFUSED) {
        *err = a->event_error;
        return st;
    }
    *produced = true;
    return st == OM_OK ? context_bound(a, event, err) : context_refused(a, event, err);
}

/* [C706] 12.6.4.5, [MS-RPCE] 2.2.2.9 */
static om_status on_bind_nak(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu,
                             struct om__rpc_event *event, bool *produced, struct om_error *err)
{
    uint16_t reason = pdu->bind_nak.reason;
    bool auth = reason == OM_RPC_NAK_AUTH_TYPE || reason == OM_RPC_NAK_CHECKSUM;

    if (a->state == S_BINDING) {
        om__fail(&a->event_error, auth ? MAPI_E_LOGON_FAILED : MAPI_E_NETWORK_ERROR,
                 auth ? OM_LAYER_AUTH : OM_LAYER_RPC,
                 auth ? OM_CAUSE_AUTH_NOT_OFFERED : OM_CAUSE_BIND_REFUSED, OM_NATIVE_BIND_REASON,
                 reason, "bind_nak: %s", om__rpc_nak_name(reason));
        first_bind_failed(a, event);
        *produced = true;
    }
    return move(a, E_BIND_NAK, om__rpc_nak_name(reason), err);
}

/* Calls */

static struct call *find_call(struct om__rpc_assoc *a, uint32_t id)
{
    for (size_t i = 0; i < OM_RPC_ASSOC_CALLS; i++)
        if (a->calls[i].used && a->calls[i].id == id)
            return &a->calls[i];
    return NULL;
}

static struct call *free_call(struct om__rpc_assoc *a)
{
    for (size_t i = 0; i < OM_RPC_ASSOC_CALLS; i++)
        if (!a->calls[i].used)
            return &a->calls[i];
    return NULL;
}

unsigned om__rpc_assoc_outstanding(const struct om__rpc_assoc *a)
{
    unsigned n = 0;

    for (size_t i = 0; i < OM_RPC_ASSOC_CALLS; i++)
        n += a->calls[i].used;
    return n;
}

/* Call 0 is left out: a server might take it for none. */
static uint32_t take_call_id(struct om__rpc_assoc *a)
{
    if (!a->next_call_id)
        a->next_call_id = FIRST_CALL_ID;
    return a->next_call_id++;
}

om_status om__rpc_assoc_call(struct om__rpc_assoc *a, uint16_t context_id, uint16_t opnum,
                             const struct om_guid *object, const void *stub, size_t n,
                             uint32_t *call_id, struct om_error *err)
{
    struct om__rpc_pdu head = {.header = {.ptype = OM_RPC_REQUEST},
                               .request = {.context_id = context_id, .opnum = opnum}};
    struct call *call = free_call(a);
    om_status st;

    if (over(a))
        return give_final_error(a, err);
    if (context_id >= a->context_count || a->contexts[context_id].state != CONTEXT_BOUND)
        return om__fail(err, MAPI_E_CALL_FAILED, OM_LAYER_RPC, OM_CAUSE_INTERNAL, OM_NATIVE_NONE, 0,
                        "a call on context %u, which is not bound", context_id);
    if (!call)
        return om__fail(err, MAPI_E_BUSY, OM_LAYER_RPC, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
                        "%u calls wait for answers already", OM_RPC_ASSOC_CALLS);
    if (n > OM_MAX_RPC_STUB)
        return om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_RPC, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
                        "a stub of %zu bytes is over the ceiling of %u", n, OM_MAX_RPC_STUB);
    if (object) {
        head.header.flags |= OM_PFC_OBJECT_UUID;
        head.request.object = *object;
    }
    head.header.call_id = take_call_id(a);
    st = move(a, E_CALL, NULL, &a->error);
    if (st == OM_OK)
        st = om__rpc_queue_stub(&a->queue, &head, stub, n, a->max_xmit, &a->protection, &a->error);
    if (st != OM_OK) { /* the sequence of signatures may be broken */
        fail_over(a);
        return give_final_error(a, err);
    }
    *call = (struct call){
        .used = true, .id = head.header.call_id, .context_id = context_id, .answer = call->answer};
    *call_id = call->id;
    return OM_OK;
}

static void end_call(struct call *call)
{
    om__rpc_partial_free(&call->answer);
    call->used = false;
}

static om_status unknown_call(const struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu,
                              struct om_error *err)
{
    return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
                    "a %s for call %u, which nobody waits for, in state %s",
                    om__rpc_ptype_name(pdu->header.ptype), pdu->header.call_id,
                    state_names[a->state]);
}

/* [C706] 12.6.4.10 */
static om_status on_response(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu, uint8_t *bytes,
                             struct om__rpc_event *event, bool *produced, struct om_error *err)
{
    struct call *call = find_call(a, pdu->header.call_id);
    struct om_binary stub = {0};
    om_status st = move(a, E_RESPONSE, NULL, err);

    if (st == OM_OK && !call)
        st = unknown_call(a, pdu, err);
    if (st == OM_OK)
        st = om__rpc_open(pdu, bytes, &a->protection, err);
    if (st == OM_OK)
        st = om__rpc_partial_add(&call->answer, pdu, &stub, produced, err);
    if (st != OM_OK || !*produced)
        return st;
    a->answered = true;
    *event = (struct om__rpc_event){.kind = OM_RPC_EV_RESPONSE,
                                    .context_id = call->context_id,
                                    .call_id = call->id,
                                    .stub = stub};
    a->delivered = call->answer; /* lives until the next call on the association */
    om__rpc_partial_init(&call->answer);
    call->used = false;
    return OM_OK;
}

/*
 * A failed AUTH3 has no answer of its own: the first call is faulted, by Windows and gromox with
 * access denied, by Samba with a protocol error. Access denied is also what a level below the
 * server's demand gets. A server that took a call before means something else by the same codes.
 */
static void record_fault(struct om__rpc_assoc *a, uint32_t status, struct om_error *err)
{
    bool refusal = status == OM_FAULT_ACCESS_DENIED || status == OM_FAULT_SEC_PKG_ERROR ||
                   status == OM_FAULT_PROTOCOL;

    if (refusal && a->auth && !a->answered)
        om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_BAD_CREDENTIALS,
                 OM_NATIVE_RPC_FAULT, status, "fault 0x%08X to the first call after %s, level %s",
                 status, om__auth_name(a->auth), om__rpc_level_name(om__auth_level(a->auth)));
    else
        om__fail_rpc_fault(err, status);
}

/*
 * A fault may come without a verifier even on a sealed association: Windows and Samba send it so,
 * and after a refused AUTH3 there is nothing to sign with. One that has the verifier agreed on is
 * opened first: it moved the sender's sequence on.
 */
static om_status open_fault(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu, uint8_t *bytes,
                            struct om_error *err)
{
    const struct om__rpc_protection *p = &a->protection;

    if (!p->signature_size || !pdu->has_auth || pdu->auth.auth_type != p->auth_type ||
        pdu->auth.value.cb != p->signature_size)
        return OM_OK;
    return om__rpc_open(pdu, bytes, p, err);
}

/* [C706] 12.6.4.7. What stands behind the status is not read ([MS-RPCE] 2.2.2.8). */
static om_status on_fault(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu, uint8_t *bytes,
                          struct om__rpc_event *event, bool *produced, struct om_error *err)
{
    struct call *call = find_call(a, pdu->header.call_id);
    bool alter = a->state == S_ALTERING && pdu->header.call_id == a->bind_call_id;
    bool binding = a->state == S_BINDING || a->state == S_SECURING;
    om_status st = open_fault(a, pdu, bytes, err);

    if (st != OM_OK)
        return st;
    record_fault(a, pdu->fault.status, &a->event_error);
    st = move(a, alter ? E_ALTER_FAULT : E_FAULT, a->event_error.detail, err);
    if (st != OM_OK)
        return st;
    *produced = true;
    if (binding) {
        first_bind_failed(a, event);
        return OM_OK;
    }
    if (alter)
        return context_refused(a, event, err);
    if (!call)
        return unknown_call(a, pdu, err);
    *event = (struct om__rpc_event){.kind = OM_RPC_EV_FAULT,
                                    .context_id = call->context_id,
                                    .call_id = call->id,
                                    .status = pdu->fault.status,
                                    .error = &a->event_error};
    end_call(call);
    return OM_OK;
}

/* The end of the association */

static bool waiting(const struct om__rpc_assoc *a)
{
    return om__rpc_assoc_outstanding(a) || a->state == S_BINDING || a->state == S_SECURING ||
           a->state == S_ALTERING;
}

static om_status on_end(struct om__rpc_assoc *a, enum event event, struct om_error *err)
{
    if (!waiting(a))
        return move(a, event, NULL, err);
    return om__fail(err, MAPI_E_CONNECTION_LOST, OM_LAYER_RPC, OM_CAUSE_CLOSED, OM_NATIVE_NONE, 0,
                    "%s in state %s, %u calls without an answer", event_names[event],
                    state_names[a->state], om__rpc_assoc_outstanding(a));
}

void om__rpc_assoc_eof(struct om__rpc_assoc *a)
{
    if (!over(a) && on_end(a, E_END, &a->error) != OM_OK)
        fail_over(a);
}

/* Events */

om_status om__rpc_assoc_feed(struct om__rpc_assoc *a, const void *p, size_t n, struct om_error *err)
{
    if (over(a))
        return give_final_error(a, err);
    if (om__rpc_queue_feed(&a->queue, p, n, &a->error) == OM_OK)
        return OM_OK;
    fail_over(a);
    return give_final_error(a, err);
}

static om_status dispatch(struct om__rpc_assoc *a, const struct om__rpc_pdu *pdu, uint8_t *bytes,
                          struct om__rpc_event *event, bool *produced, struct om_error *err)
{
    switch (pdu->header.ptype) {
    case OM_RPC_BIND_ACK:
        return on_bind_ack(a, pdu, event, produced, err);
    case OM_RPC_BIND_NAK:
        return on_bind_nak(a, pdu, event, produced, err);
    case OM_RPC_ALTER_CONTEXT_RESP:
        return on_alter_resp(a, pdu, event, produced, err);
    case OM_RPC_RESPONSE:
        return on_response(a, pdu, bytes, event, produced, err);
    case OM_RPC_FAULT:
        return on_fault(a, pdu, bytes, event, produced, err);
    case OM_RPC_SHUTDOWN:
        return on_end(a, E_SHUTDOWN, err);
    default:
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "a %s from the server, in state %s",
                        om__rpc_ptype_name(pdu->header.ptype), state_names[a->state]);
    }
}

/* The last event of an association, once. */
static bool report_end(struct om__rpc_assoc *a, struct om__rpc_event *event)
{
    if (!over(a) || a->end_reported)
        return false;
    a->end_reported = true;
    *event =
        (struct om__rpc_event){.kind = a->state == S_FAILED ? OM_RPC_EV_FAILED : OM_RPC_EV_CLOSED};
    if (a->state == S_FAILED)
        event->error = &a->error;
    return true;
}

bool om__rpc_assoc_next(struct om__rpc_assoc *a, struct om__rpc_event *event)
{
    struct om__rpc_pdu pdu;
    bool produced = false;
    uint8_t *bytes;
    om_status st;

    om__rpc_partial_free(&a->delivered);
    om_error_clear(&a->event_error);
    while (!over(a) && !produced) {
        st = om__rpc_queue_next(&a->queue, &pdu, &bytes, &a->error);
        if (st == MAPI_E_WAIT)
            return false;
        if (st == OM_OK)
            st = dispatch(a, &pdu, bytes, event, &produced, &a->error);
        if (st != OM_OK) {
            fail_over(a);
            produced = false;
        }
    }
    return produced || report_end(a, event);
}

bool om__rpc_assoc_output(struct om__rpc_assoc *a, const uint8_t **pdu, size_t *n)
{
    return om__rpc_queue_output(&a->queue, pdu, n);
}

size_t om__rpc_assoc_output_size(const struct om__rpc_assoc *a)
{
    return om__rpc_queue_output_size(&a->queue);
}
