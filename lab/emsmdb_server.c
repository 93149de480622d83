/* SPDX-License-Identifier: MIT */
/* EMSMDB: sessions, who may have one, and the calls that carry ROPs. [MS-OXCRPC] 3.1.4. */
#include "codec/emsmdb.h"

#include <stdlib.h>
#include <string.h>

#include "base/guid.h"
#include "base/limits.h"
#include "codec/aux_block.h"
#include "codec/dcerpc.h"
#include "codec/rop_buffer.h"
#include "lab/ec.h"
#include "lab/gal.h"
#include "lab/misbehave.h"
#include "lab/rop_server.h"

#define MAX_SESSIONS    32u /* of one association; a 33rd is refused as event 9646 has it */
#define MAX_CALL_MEMORY (1u << 20)
#define POLLS_MAX_MS    60000u
#define RETRY_COUNT     6u
#define RETRY_DELAY_MS  10000u
#define CONNECT_ADMIN   0x1u /* ulFlags */

struct session {
    struct om__ndr_context cxh;
    struct lab_rop_session rops;
};

/* What an association holds. */
struct sessions {
    unsigned count;
    uint16_t next_icxr;
    struct session list[MAX_SESSIONS];
};

/* ---- sessions ---- */

static struct sessions *sessions_of(struct lab_call *call)
{
    if (!*call->state)
        *call->state = calloc(1, sizeof(struct sessions));
    return *call->state;
}

static struct session *find_session(struct lab_call *call, const struct om__ndr_context *cxh)
{
    struct sessions *all = *call->state;

    for (unsigned i = 0; all && i < all->count; i++)
        if (om__ndr_context_equal(&all->list[i].cxh, cxh))
            return &all->list[i];
    return NULL;
}

static void end_session(struct lab_call *call, struct session *s)
{
    struct sessions *all = *call->state;

    lab_rop_session_free(&s->rops);
    all->count--;
    *s = all->list[all->count];
    memset(&all->list[all->count], 0, sizeof *s);
}

static void closed(struct lab_org *org, void *state)
{
    struct sessions *all = state;

    (void)org;
    for (unsigned i = 0; i < all->count; i++)
        lab_rop_session_free(&all->list[i].rops);
    free(all);
}

static bool misbehaves(const struct lab_call *call, enum lab_misbehaviour kind, uint32_t *ec)
{
    const struct lab_fault_rule *rule =
        lab_misbehaves(call->misbehave, kind, call->server->name, 6001);

    if (rule)
        *ec = rule->number;
    return rule != NULL;
}

/* ---- EcDoConnectEx ---- */

static bool client_blocked(const struct lab_call *call, const uint16_t words[3])
{
    const struct lab_fault_rule *rule =
        lab_misbehaves(call->misbehave, LAB_MIS_CLIENT_BLOCKED, call->server->name, 6001);
    struct om__version client = om__version_from_words(words), least;

    return rule && om__version_parse(rule->text, &least) &&
           om__version_compare(&client, &least) < 0;
}

/* May this caller have a session for this user? [MS-OXCRPC] 3.1.4.1: encryption first, then who,
 * then what. */
static uint32_t check_connect(const struct lab_call *call, const struct om__connect_req *req,
                              const struct lab_user *user)
{
    const struct lab_user *caller = call->caller;
    uint32_t ec;

    if (misbehaves(call, LAB_MIS_EC_CONNECT, &ec))
        return ec;
    if (call->server->age == 2010 && !call->encrypted)
        return ecNotEncrypted;
    if (!caller)
        return ecAccessDenied;
    if (client_blocked(call, req->client_version))
        return ecClientVerDisallowed;
    if (!user)
        return ecUnknownUser;
    if (!lab_org_may_open(call->org, caller,
                          user)) /* whoever may open the mailbox may connect as it */
        return ecLoginPerm;
    return req->flags & CONNECT_ADMIN && !caller->full_access ? ecLoginPerm : ecSuccess;
}

/* What a server tells of itself: that there are no public folders, and that each interface has its
 * own HTTP endpoint. */
static bool put_aux(const struct om__connect_req *req, struct om_wr *w)
{
    struct om__aux_block blocks[2];

    memset(blocks, 0, sizeof blocks);
    blocks[0].kind = OM_AUX_EXORGINFO;
    blocks[1].kind = OM_AUX_ENDPOINT_CAPABILITIES;
    om__aux_buffer_encode(w, blocks, 2);
    if (w->len > req->aux_out_max)
        om_wr_reset(w);
    return !w->failed;
}

static uint32_t new_session(struct lab_call *call, struct om__connect_rsp *rsp)
{
    struct sessions *all = sessions_of(call);
    struct session *s;

    if (!all || all->count == MAX_SESSIONS)
        return ecServerMemory;
    s = &all->list[all->count];
    if (!om__guid_random(&s->cxh.uuid))
        return ecServerMemory;
    all->count++;
    /* Rights are the caller's: an administrator's session for another keeps the administrator's. */
    s->rops.user = call->caller;
    rsp->cxh = s->cxh;
    rsp->icxr = all->next_icxr++;
    return ecSuccess;
}

static uint32_t connect(struct lab_call *call, const struct om__connect_req *req,
                        struct om_arena *a, struct om_wr *aux, struct om__connect_rsp *rsp)
{
    const struct lab_user *user = lab_org_by_dn(call->org, req->user_dn);
    uint32_t ec = check_connect(call, req, user);
    struct om__aux_list list;
    struct om__version v;

    if (!ec && om__aux_buffer_decode(req->aux_in, a, &list, NULL) != OM_OK)
        ec = ecRpcFormat;
    if (!ec)
        ec = new_session(call, rsp);
    if (ec)
        return ec;
    memcpy(v.part, call->server->version, sizeof v.part);
    om__version_to_words(&v, rsp->server_version);
    memcpy(rsp->best_version, req->client_version, sizeof rsp->best_version);
    rsp->polls_max_ms = POLLS_MAX_MS;
    rsp->retry_count = RETRY_COUNT;
    rsp->retry_delay_ms = RETRY_DELAY_MS;
    rsp->dn_prefix = call->server->age >= 2013 ? "" : LAB_ORG_DN "/cn=Recipients/cn=";
    rsp->display_name = lab_gal_to_codepage(a, user->display_name);
    rsp->timestamp = (uint32_t)call->now_ms;
    if (put_aux(req, aux)) {
        rsp->aux_out.pb = aux->buf;
        rsp->aux_out.cb = (uint32_t)aux->len;
    }
    return ecSuccess;
}

/* The codec's verdict becomes the cursor's, which is where the network half looks for it. */
static bool decoded(struct om_rd *stub, om_status st)
{
    return om_rd_check(stub, st == OM_OK, 0, "stub");
}

static void do_connect(struct lab_call *call, struct om_rd *stub, struct om_wr *out)
{
    struct om__connect_rsp rsp = {0};
    struct om__connect_req req;
    struct om_arena a;
    struct om_wr aux;

    if (!decoded(stub, om__connect_req_get(stub->pos, om_rd_left(stub), &req, NULL)))
        return;
    om__arena_init(&a, MAX_CALL_MEMORY);
    om_wr_init(&aux, OM_MAX_AUX);
    rsp.result = connect(call, &req, &a, &aux, &rsp);
    om__connect_rsp_put(out, &rsp);
    om_wr_free(&aux);
    om__arena_free(&a);
}

/* ---- EcDoRpcExt2 ---- */

static void do_rpc(struct lab_call *call, struct om_rd *stub, struct om_wr *out, uint32_t *fault)
{
    struct om__rpcext2_rsp rsp = {0};
    struct om__rpcext2_req req;
    struct session *s;
    struct om_wr rops;

    if (!decoded(stub, om__rpcext2_req_get(stub->pos, om_rd_left(stub), &req, NULL)))
        return;
    s = find_session(call, &req.cxh);
    if (!s || req.out_max > OM_MAX_ROP_OUT) {
        *fault = s ? LAB_FAULT_BAD_STUB : LAB_FAULT_CONTEXT_MISMATCH;
        return;
    }
    om_wr_init(&rops, OM_MAX_ROP_OUT);
    rsp.cxh = s->cxh;
    if (!misbehaves(call, LAB_MIS_EC_RPC, &rsp.result))
        rsp.result = lab_rop_run(call, &s->rops, req.in, req.flags, req.out_max, &rops);
    rsp.out.pb = rops.buf;
    rsp.out.cb = (uint32_t)rops.len;
    om__rpcext2_rsp_put(out, &rsp);
    om_wr_free(&rops);
}

/* ---- the others ---- */

static void do_disconnect(struct lab_call *call, struct om_rd *stub, struct om_wr *out,
                          uint32_t *fault)
{
    struct om__handle_rsp rsp = {.result = ecSuccess};
    struct om__ndr_context cxh;
    struct session *s;

    if (!decoded(stub, om__handle_req_get(stub->pos, om_rd_left(stub), &cxh, NULL)))
        return;
    s = find_session(call, &cxh);
    if (!s) {
        *fault = LAB_FAULT_CONTEXT_MISMATCH;
        return;
    }
    end_session(call, s);
    om__handle_rsp_put(out, &rsp);
}

/* EcDoAsyncConnectEx: the lab has nothing to notify of, and an ACXH that never reports anything is
 * no help. */
static void do_async_connect(struct lab_call *call, struct om_rd *stub, struct om_wr *out,
                             uint32_t *fault)
{
    struct om__handle_rsp rsp = {.result = ecNotSupported};
    struct om__ndr_context cxh;

    if (!decoded(stub, om__handle_req_get(stub->pos, om_rd_left(stub), &cxh, NULL)))
        return;
    if (!find_session(call, &cxh))
        *fault = LAB_FAULT_CONTEXT_MISMATCH;
    else
        om__handle_rsp_put(out, &rsp);
}

static void handle(struct lab_call *call, uint16_t opnum, struct om_rd *stub, struct om_wr *out,
                   uint32_t *fault)
{
    switch (opnum) {
    case OM_EMSMDB_CONNECT_EX:
        do_connect(call, stub, out);
        return;
    case OM_EMSMDB_RPC_EXT2:
        do_rpc(call, stub, out, fault);
        return;
    case OM_EMSMDB_DISCONNECT:
        do_disconnect(call, stub, out, fault);
        return;
    case OM_EMSMDB_ASYNC_CONNECT:
        do_async_connect(call, stub, out, fault);
        return;
    case OM_EMSMDB_DUMMY:
        om__dummy_rsp_put(out, ecSuccess);
        return;
    default:
        *fault = LAB_FAULT_OP_RANGE;
    }
}

/* No ACXH was ever given out, so none can be right. */
static void handle_async(struct lab_call *call, uint16_t opnum, struct om_rd *stub,
                         struct om_wr *out, uint32_t *fault)
{
    struct om__async_wait_req req;

    (void)call;
    (void)out;
    if (opnum != OM_ASYNC_EMSMDB_WAIT)
        *fault = LAB_FAULT_OP_RANGE;
    else if (decoded(stub, om__async_wait_req_get(stub->pos, om_rd_left(stub), &req, NULL)))
        *fault = LAB_FAULT_CONTEXT_MISMATCH;
}

const struct lab_interface lab_emsmdb_interface = {&om__emsmdb_interface, handle, closed};
const struct lab_interface lab_async_emsmdb_interface = {&om__async_emsmdb_interface, handle_async,
                                                         NULL};
