/* SPDX-License-Identifier: MIT */
#include "session/referral.h"

#include "base/ec.h"
#include "base/err.h"
#include "base/limits.h"
#include "codec/rfr.h"
#include "session/session_int.h"

const struct om__rpc_syntax om__referral_syntax = {OM_RFR_UUID, OM_RFR_VERSION_MAJOR,
                                                   OM_RFR_VERSION_MINOR};

static om_status call(struct om_session *s, struct om__link *link, uint16_t context, uint16_t opnum,
                      const char *name, struct om_wr *w, struct om_rd *answer, struct om_error *err)
{
    om_status st = om_wr_finish(w, OM_LAYER_RFR, name, err);

    if (st == OM_OK)
        st = om__link_call(s, link, context, opnum, w, answer, err);
    om_wr_free(w);
    om__error_doing(err, "%s", name);
    om__error_target(err, "%s", link->route->server);
    return st;
}

static om_status no_answer(const char *name, struct om_error *err)
{
    return om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_RFR, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
                    "%s gave no name", name);
}

om_status om__referral_new_dsa(struct om_session *s, const char *server, struct om_arena *arena,
                               const char **dsa, struct om_error *err)
{
    static const char name[] = "RfrGetNewDSA";
    const struct om__rfr_get_new_dsa_req req = {.user_dn = "", .server = {true, ""}};
    struct om__rfr_get_new_dsa_resp resp;
    struct om__link link;
    struct om_rd r;
    struct om_wr w;
    om_status st = om__link_open(s, server, OM_SERVICE_REFERRAL, &om__referral_syntax, &link, err);

    if (st != OM_OK)
        return st;
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__rfr_wr_get_new_dsa_req(&w, &req);
    st = call(s, &link, 0, OM_RFR_GET_NEW_DSA, name, &w, &r, err);
    if (st == OM_OK) {
        om__rfr_rd_get_new_dsa_resp(&r, arena, &resp);
        st = om_rd_finish(&r, OM_LAYER_RFR, name, err);
    }
    if (st == OM_OK)
        st = om__fail_ec(err, OM_LAYER_RFR, resp.code, name);
    if (st == OM_OK && (!resp.server.s || !resp.server.s[0]))
        st = no_answer(name, err);
    if (st == OM_OK)
        *dsa = resp.server.s;
    om__link_close(&link);
    return st;
}

om_status om__referral_fqdn(struct om_session *s, struct om__link *link, uint16_t context,
                            const char *server_dn, struct om_arena *arena, const char **fqdn,
                            struct om_error *err)
{
    static const char name[] = "RfrGetFQDNFromServerDN";
    const struct om__rfr_get_fqdn_req req = {.server_dn = server_dn};
    struct om__rfr_get_fqdn_resp resp;
    struct om_rd r;
    struct om_wr w;
    om_status st;

    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__rfr_wr_get_fqdn_req(&w, &req);
    st = call(s, link, context, OM_RFR_GET_FQDN, name, &w, &r, err);
    if (st != OM_OK)
        return st;
    om__rfr_rd_get_fqdn_resp(&r, arena, &resp);
    st = om_rd_finish(&r, OM_LAYER_RFR, name, err);
    if (st == OM_OK)
        st = om__fail_ec(err, OM_LAYER_RFR, resp.code, name);
    if (st == OM_OK && (!resp.fqdn || !resp.fqdn[0]))
        st = no_answer(name, err);
    if (st == OM_OK)
        *fqdn = resp.fqdn;
    return st;
}
