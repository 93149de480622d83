/* SPDX-License-Identifier: MIT */
#include "proto/rpc_server.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rpc_fault.h"
#include "proto/rpc_wire.h"

/* The state machine */

#define STATES(X)                                                                                  \
    X(NONE, "none")         /* an empty cell of the table */                                       \
    X(NEW, "new")           /* nothing received */                                                 \
    X(SECURING, "securing") /* bind acknowledged, the client's last token is to come */            \
    X(BOUND, "bound")                                                                              \
    X(FAILED, "failed")

#define EVENTS(X)                                                                                  \
    X(BIND, "bind")                                                                                \
    X(BIND_MORE, "bind with a token")                                                              \
    X(ALTER, "alter_context")                                                                      \
    X(AUTH3, "auth3")                                                                              \
    X(REQUEST, "request")                                                                          \
    X(CO_CANCEL, "co_cancel")                                                                      \
    X(ORPHANED, "orphaned")                                                                        \
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
    [S_NEW] = {
        [E_BIND] = S_BOUND, [E_BIND_MORE] = S_SECURING, [E_FAILURE] = S_FAILED,
    },
    [S_SECURING] = { /* a request before AUTH3 is answered: with a fault */
        [E_AUTH3] = S_BOUND, [E_REQUEST] = S_SECURING, [E_FAILURE] = S_FAILED,
    },
    [S_BOUND] = {
        [E_ALTER] = S_BOUND, [E_REQUEST] = S_BOUND, [E_CO_CANCEL] = S_BOUND,
        [E_ORPHANED] = S_BOUND, [E_FAILURE] = S_FAILED,
    },
};
/* clang-format on */

struct context {
    bool used;
    uint16_t id;
    const struct om__rpc_interface *interface;
};

struct call {
    bool used, handed_out;
    uint32_t id;
    uint16_t context_id, opnum;
    const struct om__rpc_interface *interface;
    bool has_object;
    struct om_guid object;
    struct om__rpc_partial request;
};

enum { MAX_CALLS = 16 };

struct om__rpc_server {
    struct om__rpc_server_config config;
    enum state state;
    struct om__rpc_queue queue;
    struct om__rpc_protection protection;
    struct om__ntlm_session ntlm;
    bool secured, denied; /* the exchange is complete; it failed and every call is refused */
    uint16_t max_frag, max_xmit;
    uint32_t assoc_group_id;
    struct context contexts[OM_RPC_MAX_CONTEXTS];
    struct call calls[MAX_CALLS];
    struct om__rpc_partial delivered; /* the stub of the last event */
    struct om_guid object;            /* its object */
    struct om_error error;
    bool end_reported;
};

static om_status move(struct om__rpc_server *s, enum event event, const char *text,
                      struct om_error *err)
{
    enum state to = next[s->state][event];
    struct om_trace_event ev = {.layer = OM_LAYER_RPC,
                                .machine = "rpc server",
                                .from = state_names[s->state],
                                .event = event_names[event],
                                .to = state_names[to],
                                .text = text};

    if (to == S_NONE)
        return om__fail(err, MAPI_E_CALL_FAILED, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
                        "%s in state %s", event_names[event], state_names[s->state]);
    om__trace_emit(&s->config.trace, &ev);
    s->state = to;
    return OM_OK;
}

static om_status give_final_error(const struct om__rpc_server *s, struct om_error *err)
{
    if (err && err->status == OM_OK)
        *err = s->error;
    return s->error.status;
}

static void fail_over(struct om__rpc_server *s)
{
    if (s->state != S_FAILED)
        (void)move(s, E_FAILURE, s->error.detail, NULL);
}

static om_status protect(void *ctx, struct om__auth_pdu *pdu, struct om_error *err)
{
    struct om__rpc_server *s = ctx;

    return om__auth_ntlm_protect(&s->ntlm, s->protection.level, pdu, err);
}

static om_status unprotect(void *ctx, struct om__auth_pdu *pdu, struct om_error *err)
{
    struct om__rpc_server *s = ctx;

    return om__auth_ntlm_unprotect(&s->ntlm, s->protection.level, pdu, err);
}

om_status om__rpc_server_new(const struct om__rpc_server_config *config,
                             struct om__rpc_server **out, struct om_error *err)
{
    struct om__rpc_server *s = om__calloc(1, sizeof *s);

    if (!s)
        return om__fail_memory(err, "an RPC server association");
    s->config = *config;
    s->state = S_NEW;
    s->max_frag = config->max_frag ? config->max_frag : OM_MAX_RPC_FRAG;
    s->max_xmit = OM_RPC_MIN_FRAG;
    s->protection =
        (struct om__rpc_protection){.protect = protect, .unprotect = unprotect, .ctx = s};
    om__rpc_queue_init(&s->queue);
    om__rpc_partial_init(&s->delivered);
    for (size_t i = 0; i < MAX_CALLS; i++)
        om__rpc_partial_init(&s->calls[i].request);
    *out = s;
    return OM_OK;
}

void om__rpc_server_free(struct om__rpc_server *s)
{
    if (!s)
        return;
    om__rpc_queue_free(&s->queue);
    om__rpc_partial_free(&s->delivered);
    for (size_t i = 0; i < MAX_CALLS; i++)
        om__rpc_partial_free(&s->calls[i].request);
    om__wipe_free(s, sizeof *s);
}

enum om__rpc_level om__rpc_server_level(const struct om__rpc_server *s)
{
    return s->secured ? s->protection.level : OM_RPC_LEVEL_NONE;
}

/* Presentation contexts */

static const struct om__rpc_interface *find_interface(const struct om__rpc_server *s,
                                                      const struct om__rpc_syntax *asked)
{
    for (size_t i = 0; i < s->config.interface_count; i++) {
        const struct om__rpc_interface *f = &s->config.interfaces[i];

        if (memcmp(&f->syntax.uuid, &asked->uuid, sizeof asked->uuid) == 0 &&
            f->syntax.major == asked->major && f->syntax.minor >= asked->minor)
            return f;
    }
    return NULL;
}

static struct context *find_context(struct om__rpc_server *s, uint16_t id)
{
    for (size_t i = 0; i < OM_RPC_MAX_CONTEXTS; i++)
        if (s->contexts[i].used && s->contexts[i].id == id)
            return &s->contexts[i];
    return NULL;
}

/* The context's own slot when it is bound again, else a free one. */
static struct context *take_context(struct om__rpc_server *s, uint16_t id)
{
    struct context *c = find_context(s, id);

    for (size_t i = 0; !c && i < OM_RPC_MAX_CONTEXTS; i++)
        if (!s->contexts[i].used)
            c = &s->contexts[i];
    return c;
}

static bool offers_ndr(const struct om__rpc_context *asked)
{
    for (unsigned i = 0; i < asked->n_transfer; i++)
        if (om__rpc_syntax_equal(&asked->transfer[i], &om__rpc_ndr))
            return true;
    return false;
}

/* Bind time feature negotiation, [MS-RPCE] 3.3.1.5.3: 6cb71c2c-9812-4540-... with flags in the rest
 */
static bool is_feature_negotiation(const struct om__rpc_context *asked)
{
    const struct om_guid *g = &asked->transfer[0].uuid;

    return asked->n_transfer == 1 && g->data1 == 0x6CB71C2C && g->data2 == 0x9812 &&
           g->data3 == 0x4540;
}

static struct om__rpc_result answer_context(struct om__rpc_server *s,
                                            const struct om__rpc_context *asked)
{
    const struct om__rpc_interface *f = find_interface(s, &asked->abstract);
    struct om__rpc_result r = {.result = OM_RPC_PROVIDER_REJECTION};
    struct context *c = take_context(s, asked->id);

    if (is_feature_negotiation(asked)) {
        r.result = OM_RPC_NEGOTIATE_ACK; /* of none of them: the reason is their bit mask */
    } else if (!f) {
        r.reason = OM_RPC_REASON_ABSTRACT_SYNTAX;
    } else if (!offers_ndr(asked)) {
        r.reason = OM_RPC_REASON_TRANSFER_SYNTAXES;
    } else if (!c) {
        r.reason = OM_RPC_REASON_LOCAL_LIMIT;
    } else {
        *c = (struct context){true, asked->id, f};
        r.result = OM_RPC_ACCEPTANCE;
        r.transfer = om__rpc_ndr;
    }
    return r;
}

/* bind_ack, or alter_context_resp, to what was asked. [C706] 12.6.4.4, 12.6.4.2 */
static om_status acknowledge(struct om__rpc_server *s, const struct om__rpc_pdu *asked,
                             struct om_binary token, struct om_error *err)
{
    bool bind = asked->header.ptype == OM_RPC_BIND;
    const char *addr = bind && s->config.sec_addr ? s->config.sec_addr : "";
    struct om__rpc_pdu pdu = {
        .header = {.ptype = bind ? OM_RPC_BIND_ACK : OM_RPC_ALTER_CONTEXT_RESP,
                   .flags = OM_PFC_FIRST_FRAG | OM_PFC_LAST_FRAG,
                   .call_id = asked->header.call_id},
        .bind_ack = {.max_xmit_frag = s->max_frag,
                     .max_recv_frag = s->max_frag,
                     .assoc_group_id = s->assoc_group_id,
                     .sec_addr = {*addr ? (uint32_t)strlen(addr) + 1 : 0, (const uint8_t *)addr},
                     .n_results = asked->bind.n_contexts},
    };

    pdu.header.flags |= asked->header.flags & OM_PFC_CONC_MPX;
    if (s->protection.header_sign)
        pdu.header.flags |= OM_PFC_SUPPORT_HEADER_SIGN;
    for (unsigned i = 0; i < asked->bind.n_contexts; i++)
        pdu.bind_ack.results[i] = answer_context(s, &asked->bind.contexts[i]);
    if (token.cb) {
        pdu.has_auth = true;
        pdu.auth = (struct om__rpc_trailer){.auth_type = asked->auth.auth_type,
                                            .auth_level = asked->auth.auth_level,
                                            .context_id = asked->auth.context_id,
                                            .value = token};
    }
    return om__rpc_queue_send(&s->queue, &pdu, err);
}

/* [C706] 12.6.4.5; the association ends with it. */
static om_status refuse_bind(struct om__rpc_server *s, const struct om__rpc_pdu *asked,
                             uint16_t reason, struct om_error *err)
{
    struct om__rpc_pdu pdu = {
        .header = {.ptype = OM_RPC_BIND_NAK,
                   .flags = OM_PFC_FIRST_FRAG | OM_PFC_LAST_FRAG,
                   .call_id = asked->header.call_id},
        .bind_nak = {.reason = reason, .has_versions = true, .n_versions = 1, .versions = {{5, 0}}},
    };

    om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_AUTH_FAILED, OM_NATIVE_BIND_REASON,
             reason, "bind refused: auth_type %u, auth_level %s, %s", asked->auth.auth_type,
             om__rpc_level_name(asked->auth.auth_level), om__rpc_nak_name(reason));
    (void)om__rpc_queue_send(&s->queue, &pdu, err);
    return err->status;
}

/* Security */

/* One token of the client's through the acceptor; arms the protection when it was the last. */
static om_status accept(struct om__rpc_server *s, const struct om__rpc_pdu *pdu,
                        struct om_wr *reply, struct om_error *err)
{
    const struct om__rpc_acceptor *a = s->config.ntlm;
    struct om__rpc_accepted accepted = {0};
    om_status st = a->step(a->ctx, pdu->auth.value.pb, pdu->auth.value.cb, reply, &accepted, err);

    if (st == OM_OK && accepted.complete && s->protection.level >= OM_RPC_LEVEL_CALL) {
        st = om__ntlm_session_init(&s->ntlm, accepted.key, accepted.flags, false, err);
        s->protection.signature_size = st == OM_OK ? OM_NTLM_SIGNATURE_SIZE : 0;
    }
    s->secured = st == OM_OK && accepted.complete;
    om__wipe(&accepted, sizeof accepted);
    return st;
}

static bool can_secure(const struct om__rpc_server *s, const struct om__rpc_trailer *t)
{
    return s->config.ntlm && t->auth_type == OM_RPC_AUTH_NTLM &&
           t->auth_level >= OM_RPC_LEVEL_CONNECT && t->auth_level <= OM_RPC_LEVEL_PRIVACY;
}

/* [C706] 12.6.4.3, [MS-RPCE] 3.3.1.5.2.1 */
static om_status on_bind(struct om__rpc_server *s, const struct om__rpc_pdu *pdu,
                         struct om_error *err)
{
    uint16_t theirs = pdu->bind.max_recv_frag;
    bool more = pdu->has_auth;
    struct om_wr reply;
    om_status st;

    st = move(s, more ? E_BIND_MORE : E_BIND, NULL, err);
    if (st != OM_OK)
        return st;
    s->max_xmit = theirs < s->max_frag ? theirs : s->max_frag;
    if (s->max_xmit < OM_RPC_MIN_FRAG) /* which every peer must take */
        s->max_xmit = OM_RPC_MIN_FRAG;
    s->assoc_group_id =
        pdu->bind.assoc_group_id ? pdu->bind.assoc_group_id : s->config.assoc_group_id;
    if (more && !can_secure(s, &pdu->auth))
        return refuse_bind(s, pdu, OM_RPC_NAK_AUTH_TYPE, err);
    s->protection.auth_type = pdu->auth.auth_type;
    s->protection.level = pdu->auth.auth_level;
    s->protection.context_id = pdu->auth.context_id;
    s->protection.header_sign =
        more && !s->config.no_header_sign && pdu->header.flags & OM_PFC_SUPPORT_HEADER_SIGN;
    om_wr_init(&reply, OM_MAX_AUTH_TOKEN);
    reply.wipe = true;
    if (more)
        st = accept(s, pdu, &reply, err);
    if (st == OM_OK)
        st = acknowledge(s, pdu, (struct om_binary){(uint32_t)reply.len, reply.buf}, err);
    else
        (void)refuse_bind(s, pdu, OM_RPC_NAK_CHECKSUM, err);
    om_wr_free(&reply);
    return st;
}

/* [MS-RPCE] 2.2.2.10. Nothing answers it: a refusal shows as fault 5 to each call. */
static om_status on_auth3(struct om__rpc_server *s, const struct om__rpc_pdu *pdu,
                          struct om_error *err)
{
    struct om_error why = OM_ERROR_INIT;
    struct om_wr reply;
    om_status st = move(s, E_AUTH3, NULL, err);

    if (st != OM_OK)
        return st;
    om_wr_init(&reply, OM_MAX_AUTH_TOKEN);
    s->denied = !pdu->has_auth || accept(s, pdu, &reply, &why) != OM_OK || !s->secured;
    om_wr_free(&reply);
    return OM_OK;
}

/* Calls */

static struct call *find_call(struct om__rpc_server *s, uint32_t id)
{
    for (size_t i = 0; i < MAX_CALLS; i++)
        if (s->calls[i].used && s->calls[i].id == id)
            return &s->calls[i];
    return NULL;
}

static void end_call(struct call *c)
{
    om__rpc_partial_free(&c->request);
    c->used = c->handed_out = false;
}

/* `executed` is false for a fault that no code of the interface's took part in. */
static om_status send_fault(struct om__rpc_server *s, uint32_t call_id, uint16_t context_id,
                            uint32_t status, bool executed, struct om_error *err)
{
    struct om__rpc_pdu pdu = {
        .header = {.ptype = OM_RPC_FAULT,
                   .flags = OM_PFC_FIRST_FRAG | OM_PFC_LAST_FRAG,
                   .call_id = call_id},
        .fault = {.alloc_hint = OM_RPC_FAULT_SIZE, .context_id = context_id, .status = status},
    };

    if (!executed)
        pdu.header.flags |= OM_PFC_DID_NOT_EXECUTE;
    if (s->config.sign_faults)
        return om__rpc_queue_stub(&s->queue, &pdu, "", 0, s->max_xmit, &s->protection, err);
    return om__rpc_queue_send(&s->queue, &pdu, err);
}

/* Why a request is refused before it is looked into; 0: it is not. */
static uint32_t refusal(struct om__rpc_server *s, const struct om__rpc_pdu *pdu)
{
    if (s->denied || s->state == S_SECURING)
        return OM_FAULT_ACCESS_DENIED;
    if (s->config.require_auth && !s->secured)
        return OM_FAULT_ACCESS_DENIED;
    return find_context(s, pdu->request.context_id) ? 0 : OM_FAULT_UNKNOWN_INTERFACE;
}

/* A slot for the first fragment of a call; NULL when the call id is taken or all slots are. */
static struct call *begin_call(struct om__rpc_server *s, const struct om__rpc_pdu *pdu)
{
    struct call *c = NULL;

    if (find_call(s, pdu->header.call_id))
        return NULL;
    for (size_t i = 0; !c && i < MAX_CALLS; i++)
        if (!s->calls[i].used)
            c = &s->calls[i];
    if (!c)
        return NULL;
    c->used = true;
    c->id = pdu->header.call_id;
    c->context_id = pdu->request.context_id;
    c->opnum = pdu->request.opnum;
    c->interface = find_context(s, c->context_id)->interface;
    c->has_object = pdu->header.flags & OM_PFC_OBJECT_UUID;
    c->object = pdu->request.object;
    return c;
}

static void hand_out(struct om__rpc_server *s, struct call *c, struct om_binary stub,
                     struct om__rpc_server_event *event)
{
    *event = (struct om__rpc_server_event){
        .kind = OM_RPC_SV_REQUEST,
        .call_id = c->id,
        .context_id = c->context_id,
        .opnum = c->opnum,
        .interface = c->interface,
        .object = c->has_object ? &s->object : NULL,
        .stub = stub,
        .level = om__rpc_server_level(s),
    };
    s->object = c->object;
    s->delivered = c->request; /* lives until the next call on the association */
    om__rpc_partial_init(&c->request);
    c->handed_out = true;
}

/* [C706] 12.6.4.9. An opened stub; reassembles, and hands the call out when it is whole. */
static om_status take_request(struct om__rpc_server *s, const struct om__rpc_pdu *pdu,
                              struct om__rpc_server_event *event, bool *produced,
                              struct om_error *err)
{
    bool first = pdu->header.flags & OM_PFC_FIRST_FRAG;
    struct call *c = first ? begin_call(s, pdu) : find_call(s, pdu->header.call_id);
    struct om_binary stub = {0};
    om_status st;

    if (!c || c->handed_out)
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "a %s fragment of call %u, in state %s: %s", first ? "first" : "later",
                        pdu->header.call_id, state_names[s->state],
                        first ? "the call is outstanding, or too many are" : "no such call");
    st = om__rpc_partial_add(&c->request, pdu, &stub, produced, err);
    if (st == OM_OK && *produced)
        hand_out(s, c, stub, event);
    return st;
}

static om_status on_request(struct om__rpc_server *s, const struct om__rpc_pdu *pdu, uint8_t *bytes,
                            struct om__rpc_server_event *event, bool *produced,
                            struct om_error *err)
{
    om_status st = move(s, E_REQUEST, NULL, err);
    uint32_t status;

    if (st != OM_OK)
        return st;
    status = refusal(s, pdu);
    /* Even a call that is refused moves the sequence of signatures on. */
    if (status != OM_FAULT_ACCESS_DENIED) {
        st = om__rpc_open(pdu, bytes, &s->protection, err);
        if (st != OM_OK) {
            (void)send_fault(s, pdu->header.call_id, pdu->request.context_id,
                             OM_FAULT_SEC_PKG_ERROR, false, err);
            return st;
        }
    }
    if (!status)
        return take_request(s, pdu, event, produced, err);
    if (!(pdu->header.flags & OM_PFC_LAST_FRAG)) /* one fault a call */
        return OM_OK;
    return send_fault(s, pdu->header.call_id, pdu->request.context_id, status, false, err);
}

static om_status on_orphaned(struct om__rpc_server *s, const struct om__rpc_pdu *pdu,
                             struct om__rpc_server_event *event, bool *produced,
                             struct om_error *err)
{
    struct call *c = find_call(s, pdu->header.call_id);
    om_status st = move(s, E_ORPHANED, NULL, err);

    if (st != OM_OK || !c)
        return st;
    *produced = c->handed_out;
    *event = (struct om__rpc_server_event){.kind = OM_RPC_SV_ORPHANED, .call_id = c->id};
    if (!c->handed_out)
        end_call(c);
    return OM_OK;
}

om_status om__rpc_server_respond(struct om__rpc_server *s, uint32_t call_id, const void *stub,
                                 size_t n, struct om_error *err)
{
    struct call *c = find_call(s, call_id);
    struct om__rpc_pdu head = {.header = {.ptype = OM_RPC_RESPONSE, .call_id = call_id}};
    om_status st;

    if (s->state == S_FAILED)
        return give_final_error(s, err);
    if (!c || !c->handed_out)
        return om__fail(err, MAPI_E_CALL_FAILED, OM_LAYER_RPC, OM_CAUSE_INTERNAL, OM_NATIVE_NONE, 0,
                        "an answer to call %u, which is not outstanding", call_id);
    if (n > OM_MAX_RPC_STUB)
        return om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_RPC, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
                        "a stub of %zu bytes is over the ceiling of %u", n, OM_MAX_RPC_STUB);
    head.response.context_id = c->context_id;
    end_call(c);
    st = om__rpc_queue_stub(&s->queue, &head, stub, n, s->max_xmit, &s->protection, &s->error);
    if (st == OM_OK)
        return OM_OK;
    fail_over(s); /* the sequence of signatures may be broken */
    return give_final_error(s, err);
}

om_status om__rpc_server_fault(struct om__rpc_server *s, uint32_t call_id, uint32_t status,
                               struct om_error *err)
{
    struct call *c = find_call(s, call_id);
    uint16_t context_id;

    if (s->state == S_FAILED)
        return give_final_error(s, err);
    if (!c || !c->handed_out)
        return om__fail(err, MAPI_E_CALL_FAILED, OM_LAYER_RPC, OM_CAUSE_INTERNAL, OM_NATIVE_NONE, 0,
                        "a fault to call %u, which is not outstanding", call_id);
    context_id = c->context_id;
    end_call(c);
    return send_fault(s, call_id, context_id, status, true, err);
}

om_status om__rpc_server_shutdown(struct om__rpc_server *s, struct om_error *err)
{
    struct om__rpc_pdu pdu = {
        .header = {.ptype = OM_RPC_SHUTDOWN, .flags = OM_PFC_FIRST_FRAG | OM_PFC_LAST_FRAG}};

    return om__rpc_queue_send(&s->queue, &pdu, err);
}

/* Events */

om_status om__rpc_server_feed(struct om__rpc_server *s, const void *p, size_t n,
                              struct om_error *err)
{
    if (s->state == S_FAILED)
        return give_final_error(s, err);
    if (om__rpc_queue_feed(&s->queue, p, n, &s->error) == OM_OK)
        return OM_OK;
    fail_over(s);
    return give_final_error(s, err);
}

static om_status dispatch(struct om__rpc_server *s, const struct om__rpc_pdu *pdu, uint8_t *bytes,
                          struct om__rpc_server_event *event, bool *produced, struct om_error *err)
{
    om_status st;

    switch (pdu->header.ptype) {
    case OM_RPC_BIND:
        return on_bind(s, pdu, err);
    case OM_RPC_ALTER_CONTEXT:
        st = move(s, E_ALTER, NULL, err);
        return st == OM_OK ? acknowledge(s, pdu, (struct om_binary){0}, err) : st;
    case OM_RPC_AUTH3:
        return on_auth3(s, pdu, err);
    case OM_RPC_REQUEST:
        return on_request(s, pdu, bytes, event, produced, err);
    case OM_RPC_CO_CANCEL: /* a hint: the call goes on to its answer */
        return move(s, E_CO_CANCEL, NULL, err);
    case OM_RPC_ORPHANED:
        return on_orphaned(s, pdu, event, produced, err);
    default:
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_RPC, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "a %s from the client, in state %s",
                        om__rpc_ptype_name(pdu->header.ptype), state_names[s->state]);
    }
}

bool om__rpc_server_next(struct om__rpc_server *s, struct om__rpc_server_event *event)
{
    struct om__rpc_pdu pdu;
    bool produced = false;
    uint8_t *bytes;
    om_status st;

    om__rpc_partial_free(&s->delivered);
    while (s->state != S_FAILED && !produced) {
        st = om__rpc_queue_next(&s->queue, &pdu, &bytes, &s->error);
        if (st == MAPI_E_WAIT)
            return false;
        if (st == OM_OK)
            st = dispatch(s, &pdu, bytes, event, &produced, &s->error);
        if (st != OM_OK) {
            fail_over(s);
            produced = false;
        }
    }
    if (produced)
        return true;
    if (s->end_reported)
        return false;
    s->end_reported = true;
    *event = (struct om__rpc_server_event){.kind = OM_RPC_SV_FAILED, .error = &s->error};
    return true;
}

bool om__rpc_server_output(struct om__rpc_server *s, const uint8_t **pdu, size_t *n)
{
    return om__rpc_queue_output(&s->queue, pdu, n);
}

size_t om__rpc_server_output_size(const struct om__rpc_server *s)
{
    return om__rpc_queue_output_size(&s->queue);
}
