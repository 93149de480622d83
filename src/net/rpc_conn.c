/* SPDX-License-Identifier: MIT */
#include "net/rpc_conn.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/epm.h"
#include "net/carrier.h"

enum { GOODBYE_MS = 1000 }; /* what is queued at the close may still go out for so long */

enum call_state { CALL_FREE, CALL_WAITING, CALL_ANSWERED, CALL_FAILED };

/* A call under way, or an answer that came before it was asked for. */
struct call {
    enum call_state state;
    uint32_t id;
    uint8_t *stub; /* CALL_ANSWERED */
    size_t size;
    struct om_error error; /* CALL_FAILED */
};

enum bind_state { BIND_WAITING, BIND_DONE, BIND_FAILED };

struct om__rpc_conn {
    struct om__net *net;
    struct om__rpc_target target;
    char name[192];
    struct om__carrier *carrier;
    struct om__auth *auth;
    struct om__rpc_assoc *assoc;
    struct call calls[OM_RPC_ASSOC_CALLS];

    /* what is being waited for, and what came of it */
    uint16_t bind_context;
    enum bind_state bind;
    struct call *wanted;
    uint8_t *lent; /* the stub the caller has, where it is ours to free */

    struct om_error failure;  /* status OM_OK while the connection is good */
    uint64_t map_round_trips; /* of the endpoint mapper's own connection */
};

/* Errors */

/* The caller's error; `what` of it stays with the connection when it cannot go on. */
static om_status give(struct om__rpc_conn *c, struct om_error *what, bool final,
                      struct om_error *err)
{
    om_status st = what->status;

    if (st == OM_OK)
        return OM_OK;
    om__error_target(what, "%s", c->name);
    if (final && c->failure.status == OM_OK)
        c->failure = *what;
    if (err && err->status == OM_OK)
        *err = *what;
    return st;
}

/* Events */

static void keep_answer(struct call *call, const struct om__rpc_event *ev)
{
    call->state = CALL_ANSWERED;
    call->size = ev->stub.cb;
    call->stub = om__malloc(ev->stub.cb ? ev->stub.cb : 1);
    if (!call->stub) {
        call->state = CALL_FAILED;
        om_error_clear(&call->error);
        om__fail_memory(&call->error, "an answer");
    } else if (ev->stub.cb) {
        memcpy(call->stub, ev->stub.pb, ev->stub.cb);
    }
}

static struct call *find_call(struct om__rpc_conn *c, uint32_t id)
{
    for (size_t i = 0; i < OM_RPC_ASSOC_CALLS; i++) {
        if (c->calls[i].state != CALL_FREE && c->calls[i].id == id)
            return &c->calls[i];
    }
    return NULL;
}

/* True when it is the answer that is wanted: it stands in *stub, and lives until the next event. */
static bool on_answer(struct om__rpc_conn *c, const struct om__rpc_event *ev, struct om_rd *stub)
{
    struct call *call = find_call(c, ev->call_id);

    if (!call)
        return false;
    if (ev->kind == OM_RPC_EV_FAULT) {
        call->state = CALL_FAILED;
        call->error = *ev->error;
    } else if (call == c->wanted) {
        om_rd_init(stub, ev->stub.pb, ev->stub.cb);
        call->state = CALL_FREE;
        c->wanted = NULL;
        return true;
    } else {
        keep_answer(call, ev);
    }
    return false;
}

static void on_bind(struct om__rpc_conn *c, const struct om__rpc_event *ev, struct om_error *err)
{
    if (ev->context_id != c->bind_context)
        return;
    c->bind = ev->kind == OM_RPC_EV_BOUND ? BIND_DONE : BIND_FAILED;
    if (ev->error)
        *err = *ev->error;
}

/* Takes what the association has to tell. True: the answer wanted is in *stub. */
static bool take_events(struct om__rpc_conn *c, struct om_rd *stub, struct om_error *err)
{
    struct om__rpc_event ev;

    while (err->status == OM_OK && om__rpc_assoc_next(c->assoc, &ev)) {
        switch (ev.kind) {
        case OM_RPC_EV_BOUND:
        case OM_RPC_EV_BIND_FAILED:
            on_bind(c, &ev, err);
            break;
        case OM_RPC_EV_RESPONSE:
        case OM_RPC_EV_FAULT:
            if (on_answer(c, &ev, stub))
                return true;
            break;
        case OM_RPC_EV_FAILED:
            *err = *ev.error;
            break;
        case OM_RPC_EV_CLOSED:
            om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_RPC, OM_CAUSE_CLOSED, OM_NATIVE_NONE, 0,
                     "the server closed the association");
            break;
        }
    }
    return false;
}

/* Opening */

static om_status new_association(struct om__rpc_conn *c, struct om_error *err)
{
    const struct om__rpc_target *t = &c->target;
    struct om__rpc_assoc_config config = {.trace = c->net->trace};
    om_status st = OM_OK;

    if (t->rpc_auth != OM_AUTH_MECH_NONE) {
        struct om__auth_config ac = {.mech = t->rpc_auth,
                                     .level = t->rpc_level,
                                     .identity = t->rpc_identity,
                                     .service = "exchangeMDB",
                                     .host = t->server};

        if (!t->rpc_identity)
            return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_NO_CREDENTIALS,
                            OM_NATIVE_NONE, 0, "the RPC server wants a user name and a password");
        st = om__auth_new(&ac, &c->auth, err);
        config.auth = c->auth;
    }
    return st == OM_OK ? om__rpc_assoc_new(&config, &c->assoc, err) : st;
}

static void set_name(struct om__rpc_conn *c)
{
    const struct om__rpc_target *t = &c->target;

    if (t->transport == OM_TRANSPORT_TCP)
        snprintf(c->name, sizeof c->name, "%s:%u", t->server, t->port);
    else
        snprintf(c->name, sizeof c->name, "%s:%u via %s:%u", t->server, t->port, t->proxy,
                 t->proxy_port);
}

/* ept_map over a connection of its own. [C706] appendix O */
static om_status map_endpoint(struct om__net *net, const struct om__rpc_target *t,
                              const struct om__rpc_syntax *interface, int64_t deadline,
                              uint16_t *port, uint64_t *round_trips, struct om_error *err)
{
    struct om__rpc_target mapper = {.transport = OM_TRANSPORT_TCP,
                                    .server = t->server,
                                    .port = OM_EPM_PORT,
                                    .rpc_level = OM_RPC_LEVEL_NONE};
    struct om__epm_map_request question;
    struct om__epm_map_response answer;
    struct om__rpc_conn_stats stats = {0};
    struct om__rpc_conn *c;
    struct om_rd stub;
    struct om_wr w;
    om_status st = om__rpc_conn_open(net, &mapper, &om__epm_interface, deadline, &c, err);

    if (st != OM_OK)
        return om__error_frame(err, st, OM_LAYER_EPM, "asking the endpoint mapper for the port");
    om_wr_init(&w, 4096);
    om__epm_ask(&question, interface, OM_EPM_NCACN_IP_TCP);
    st = om__epm_map_request_encode(&w, &question, err);
    if (st == OM_OK)
        st = om__rpc_conn_call(c, 0, OM_EPM_OPNUM_MAP, w.buf, w.len, deadline, &stub, err);
    if (st == OM_OK)
        st = om__epm_map_response_decode(stub.pos, om_rd_left(&stub), &answer, err);
    if (st == OM_OK)
        st = om__epm_port(&answer, OM_EPM_NCACN_IP_TCP, port, err);
    om__error_target(err, "%s", om__rpc_conn_target(c));
    om__error_doing(err, "asking the endpoint mapper for the port");
    om__rpc_conn_stats(c, &stats);
    *round_trips = stats.round_trips;
    om_wr_free(&w);
    om__rpc_conn_close(c);
    return st;
}

static om_status open_conn(struct om__rpc_conn *c, const struct om__rpc_syntax *interface,
                           int64_t deadline, struct om_error *err)
{
    struct om_error why = OM_ERROR_INIT;
    uint16_t context;
    om_status st;

    if (c->target.transport == OM_TRANSPORT_TCP && c->target.port == 0) {
        st = map_endpoint(c->net, &c->target, interface, deadline, &c->target.port,
                          &c->map_round_trips, err);
        if (st != OM_OK)
            return st;
    }
    if (c->target.transport == OM_TRANSPORT_HTTP && c->target.proxy_port == 0)
        c->target.proxy_port = c->target.tls ? 443 : 80;
    set_name(c);
    st = om__carrier_open(c->net, &c->target, deadline, &c->carrier, &why);
    if (st == OM_OK)
        st = new_association(c, &why);
    if (st != OM_OK)
        return give(c, &why, true, err);
    return om__rpc_conn_bind(c, interface, deadline, &context, err);
}

om_status om__rpc_conn_open(struct om__net *net, const struct om__rpc_target *target,
                            const struct om__rpc_syntax *interface, int64_t deadline,
                            struct om__rpc_conn **out, struct om_error *err)
{
    struct om__rpc_conn *c = om__calloc(1, sizeof *c);
    om_status st;

    if (!c)
        return om__fail_memory(err, "a connection");
    c->net = net;
    c->target = *target;
    st = open_conn(c, interface, deadline, err);
    if (st == OM_OK) {
        *out = c;
        return OM_OK;
    }
    c->failure.status = st; /* nothing to say goodbye to */
    om__rpc_conn_close(c);
    return st;
}

/* Use */

static om_status good(struct om__rpc_conn *c, struct om_error *err)
{
    if (c->failure.status != OM_OK && err && err->status == OM_OK)
        *err = c->failure;
    return c->failure.status;
}

om_status om__rpc_conn_bind(struct om__rpc_conn *c, const struct om__rpc_syntax *interface,
                            int64_t deadline, uint16_t *context_id, struct om_error *err)
{
    struct om_error why = OM_ERROR_INIT;
    struct om_rd unused;
    bool quiet = false;
    om_status st = good(c, err);

    if (st != OM_OK)
        return st;
    c->wanted = NULL; /* an answer that comes meanwhile is kept for whoever receives it */
    c->bind = BIND_WAITING;
    c->wanted = NULL; /* an answer that comes meanwhile is kept for whoever asks for it later */
    st = om__rpc_assoc_bind(c->assoc, interface, &c->bind_context, &why);
    while (st == OM_OK && c->bind == BIND_WAITING) {
        (void)take_events(c, &unused, &why);
        if (why.status != OM_OK || c->bind != BIND_WAITING)
            break;
        if (quiet)
            st = om__fail(&why, MAPI_E_TIMEOUT, OM_LAYER_RPC, OM_CAUSE_TIMEOUT, OM_NATIVE_NONE, 0,
                          "no answer to the bind came in time");
        else
            st = om__carrier_turn(c->carrier, c->assoc, deadline, &quiet, &why);
    }
    om__error_doing(&why, "binding the interface");
    if (why.status != OM_OK)
        return give(c, &why, c->bind != BIND_FAILED, err);
    *context_id = c->bind_context;
    return OM_OK;
}

static struct call *free_call(struct om__rpc_conn *c)
{
    for (size_t i = 0; i < OM_RPC_ASSOC_CALLS; i++) {
        if (c->calls[i].state == CALL_FREE)
            return &c->calls[i];
    }
    return NULL;
}

om_status om__rpc_conn_send(struct om__rpc_conn *c, uint16_t context_id, uint16_t opnum,
                            const void *stub, size_t n, uint32_t *call_id, struct om_error *err)
{
    struct om_error why = OM_ERROR_INIT;
    struct call *call = free_call(c);
    om_status st = good(c, err);

    if (st != OM_OK)
        return st;
    if (!call)
        return om__fail(err, MAPI_E_BUSY, OM_LAYER_RPC, OM_CAUSE_INTERNAL, OM_NATIVE_NONE, 0,
                        "%u calls are under way already", OM_RPC_ASSOC_CALLS);
    st = om__rpc_assoc_call(c->assoc, context_id, opnum, NULL, stub, n, call_id, &why);
    if (st != OM_OK)
        return give(c, &why, false, err);
    call->state = CALL_WAITING;
    call->id = *call_id;
    st = om__carrier_push(c->carrier, c->assoc, &why);
    return st == OM_OK ? OM_OK : give(c, &why, true, err);
}

/* The stub or the error of a call whose answer came while another was waited for. */
static om_status hand_over(struct om__rpc_conn *c, struct call *call, struct om_rd *stub,
                           struct om_error *err)
{
    struct om_error why = call->error;

    c->wanted = NULL;
    if (call->state == CALL_ANSWERED) {
        om_rd_init(stub, call->stub, call->size);
        c->lent = call->stub;
        call->stub = NULL;
        call->state = CALL_FREE;
        return OM_OK;
    }
    call->state = CALL_FREE;
    return give(c, &why, false, err);
}

om_status om__rpc_conn_recv(struct om__rpc_conn *c, uint32_t call_id, int64_t deadline,
                            struct om_rd *stub, struct om_error *err)
{
    struct om_error why = OM_ERROR_INIT;
    struct call *call = find_call(c, call_id);
    bool quiet = false;
    om_status st;

    om__free(c->lent);
    c->lent = NULL;
    if (!call)
        return om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_RPC, OM_CAUSE_INTERNAL,
                        OM_NATIVE_NONE, 0, "no call %u is under way", (unsigned)call_id);
    c->wanted = call;
    while (call->state == CALL_WAITING) {
        st = good(c, err);
        if (st != OM_OK)
            return st;
        if (take_events(c, stub, &why))
            return OM_OK;
        if (why.status != OM_OK)
            return give(c, &why, true, err);
        if (call->state != CALL_WAITING)
            break;
        if (quiet) {
            om__fail(&why, MAPI_E_TIMEOUT, OM_LAYER_RPC, OM_CAUSE_TIMEOUT, OM_NATIVE_NONE, 0,
                     "no answer to call %u came in time", (unsigned)call_id);
            return give(c, &why, false, err);
        }
        if (om__carrier_turn(c->carrier, c->assoc, deadline, &quiet, &why) != OM_OK)
            return give(c, &why, true, err);
    }
    return hand_over(c, call, stub, err);
}

om_status om__rpc_conn_call(struct om__rpc_conn *c, uint16_t context_id, uint16_t opnum,
                            const void *stub, size_t n, int64_t deadline, struct om_rd *answer,
                            struct om_error *err)
{
    uint32_t id;
    om_status st = om__rpc_conn_send(c, context_id, opnum, stub, n, &id, err);

    return st == OM_OK ? om__rpc_conn_recv(c, id, deadline, answer, err) : st;
}

/* The end */

static void say_goodbye(struct om__rpc_conn *c)
{
    int64_t deadline = om__net_now() + GOODBYE_MS;
    struct om_error why = OM_ERROR_INIT;
    struct om__rpc_event ev;
    bool quiet = false;

    if (om__carrier_push(c->carrier, c->assoc, &why) != OM_OK)
        return;
    while (!quiet && !om__carrier_drained(c->carrier) && om__net_now() < deadline) {
        if (om__carrier_turn(c->carrier, c->assoc, deadline, &quiet, &why) != OM_OK)
            return;
        while (om__rpc_assoc_next(c->assoc, &ev))
            ;
    }
}

void om__rpc_conn_close(struct om__rpc_conn *c)
{
    if (!c)
        return;
    if (c->failure.status == OM_OK && c->carrier && c->assoc)
        say_goodbye(c);
    om__carrier_close(c->carrier);
    om__rpc_assoc_free(c->assoc);
    om__auth_free(c->auth);
    for (size_t i = 0; i < OM_RPC_ASSOC_CALLS; i++)
        om__free(c->calls[i].stub);
    om__free(c->lent);
    om__free(c);
}

void om__rpc_conn_stats(const struct om__rpc_conn *c, struct om__rpc_conn_stats *out)
{
    *out = (struct om__rpc_conn_stats){.round_trips = c->map_round_trips};
    if (c->carrier)
        om__carrier_count(c->carrier, out);
}

enum om__certificate om__rpc_conn_certificate(const struct om__rpc_conn *c)
{
    return om__carrier_certificate(c->carrier);
}

const char *om__rpc_conn_target(const struct om__rpc_conn *c)
{
    return c->name;
}
