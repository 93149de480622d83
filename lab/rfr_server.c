/* SPDX-License-Identifier: MIT */
/* Referrals: which address book to use, and what a server's DN means. [MS-OXABREF] 3.1.4. */
#include "codec/dcerpc.h"
#include "codec/rfr.h"
#include "lab/misbehave.h"
#include "lab/org.h"
#include "lab/service.h"

#define MAX_CALL_MEMORY (64u << 10)
#define RFR_NOT_FOUND   0x8004010Fu /* ecNotFound */

static bool refuses(const struct lab_call *call, uint32_t *code)
{
    const struct lab_fault_rule *rule =
        lab_misbehaves(call->misbehave, LAB_MIS_EC_RFR, call->server->name, 6002);

    if (rule)
        *code = rule->number;
    return rule != NULL;
}

/*
 * Every server has the whole directory, so the answer is the server asked: by its host name, or
 * from 2013 on by the personalized id of the user, or else the caller.
 */
static const char *address_book_for(const struct lab_call *call, const char *user_dn)
{
    const struct lab_fault_rule *rule =
        lab_misbehaves(call->misbehave, LAB_MIS_RFR_DSA, call->server->name, 6002);
    const struct lab_user *candidates[2] = {lab_org_by_dn(call->org, user_dn), call->caller};

    if (rule)
        return rule->text;
    for (int i = 0; i < 2; i++)
        if (call->server->personalized && candidates[i] && candidates[i]->server &&
            candidates[i]->server->personalized)
            return candidates[i]->server_id;
    return call->server->host;
}

static void do_get_new_dsa(struct lab_call *call, struct om_rd *in, struct om_wr *out,
                           struct om_arena *a)
{
    struct om__rfr_get_new_dsa_resp resp = {0};
    struct om__rfr_get_new_dsa_req req;

    om__rfr_rd_get_new_dsa_req(in, a, &req);
    if (!om_rd_ok(in))
        return;
    resp.unused.present = req.unused.present;
    resp.server.present = req.server.present;
    if (!refuses(call, &resp.code) && req.server.present)
        resp.server.s = address_book_for(call, req.user_dn);
    om__rfr_wr_get_new_dsa_resp(out, &resp);
}

static void do_get_fqdn(struct lab_call *call, struct om_rd *in, struct om_wr *out,
                        struct om_arena *a)
{
    struct om__rfr_get_fqdn_resp resp = {0};
    struct om__rfr_get_fqdn_req req;

    om__rfr_rd_get_fqdn_req(in, a, &req);
    if (!om_rd_ok(in))
        return;
    if (!refuses(call, &resp.code)) {
        resp.fqdn = lab_org_fqdn(call->org, req.server_dn);
        resp.code = resp.fqdn ? 0 : RFR_NOT_FOUND;
    }
    om__rfr_wr_get_fqdn_resp(out, &resp);
}

static void handle(struct lab_call *call, uint16_t opnum, struct om_rd *stub, struct om_wr *out,
                   uint32_t *fault)
{
    struct om_arena a;

    om__arena_init(&a, MAX_CALL_MEMORY);
    if (opnum == OM_RFR_GET_NEW_DSA)
        do_get_new_dsa(call, stub, out, &a);
    else if (opnum == OM_RFR_GET_FQDN)
        do_get_fqdn(call, stub, out, &a);
    else
        *fault = LAB_FAULT_OP_RANGE;
    om__arena_free(&a);
}

static const struct om__rpc_syntax syntax = {OM_RFR_UUID, OM_RFR_VERSION_MAJOR,
                                             OM_RFR_VERSION_MINOR};

const struct lab_interface lab_rfr_interface = {&syntax, handle, NULL};
