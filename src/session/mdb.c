/* SPDX-License-Identifier: MIT */
#include "session/mdb.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/ec.h"
#include "base/err.h"
#include "base/guid.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/aux_block.h"
#include "codec/rop_buffer.h"
#include "session/session_int.h"

/* What we announce unless the session says otherwise: a version every Exchange from 2007 on admits.
 */
#define DEFAULT_CLIENT_VERSION "15.0.4420.1017"
#define CP_WINDOWS_1252        1252u
#define LCID_EN_US             0x0409u
#define CAN_CONVERT_CODE_PAGES 1u

/* [MS-OXCRPC] 3.1.4.1: EcDoConnectEx may take AUX blocks; servers log and throttle by them. */
static void put_aux(struct om_wr *w, const struct om_session *s)
{
    struct om__aux_block blocks[2] = {
        {.kind = OM_AUX_PERF_PROCESSINFO,
         .process_info = {.process_id = (uint16_t)getpid(), .name = "onemapi"}},
        {.kind = OM_AUX_PERF_CLIENTINFO,
         .client_info = {.mode = OM_AUX_MODE_CLASSIC, .user_name = s->rpc_identity.user}},
    };

    om__guid_random(&blocks[0].process_info.guid);
    om__aux_buffer_encode(w, blocks, sizeof blocks / sizeof *blocks);
}

static om_status connect_request(const struct om_session *s, const char *user_dn, struct om_wr *w,
                                 struct om_error *err)
{
    const char *text = s->client_version ? s->client_version : DEFAULT_CLIENT_VERSION;
    struct om__connect_req req = {
        .user_dn = user_dn,
        .cpid = CP_WINDOWS_1252,
        .lcid_string = LCID_EN_US,
        .lcid_sort = LCID_EN_US,
        .icxr_link = OM_CONNECT_NO_LINK,
        .can_convert_code_pages = CAN_CONVERT_CODE_PAGES,
        .aux_out_max = OM_MAX_AUX,
    };
    struct om__version version;
    struct om_wr aux;
    om_status st;

    if (!om__version_parse(text, &version) || !om__version_to_words(&version, req.client_version))
        return om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_USAGE, OM_CAUSE_BAD_ARGUMENT,
                        OM_NATIVE_NONE, 0, "\"%s\" is no client version", text);
    om_wr_init(&aux, OM_MAX_AUX);
    put_aux(&aux, s);
    req.aux_in = (struct om_binary){.cb = (uint32_t)aux.len, .pb = aux.buf};
    st = om_wr_finish(&aux, OM_LAYER_EMSMDB, "rgbAuxIn", err);
    if (st == OM_OK) {
        om__connect_req_put(w, &req);
        st = om_wr_finish(w, OM_LAYER_EMSMDB, "EcDoConnectEx", err);
    }
    om_wr_free(&aux);
    return st;
}

static om_status connect_answer(struct om__mdb *mdb, struct om_rd *answer, struct om_error *err)
{
    struct om__connect_rsp rsp;
    om_status st = om__connect_rsp_get(answer->pos, om_rd_left(answer), &rsp, err);

    if (st == OM_OK)
        st = om__fail_ec(err, OM_LAYER_EMSMDB, rsp.result, "EcDoConnectEx");
    if (st != OM_OK)
        return st;
    mdb->cxh = rsp.cxh;
    mdb->version = om__version_from_words(rsp.server_version);
    om__version_format(&mdb->version, mdb->version_text);
    om__session_note(mdb->session, OM_LAYER_EMSMDB, "connected to %s, version %s",
                     mdb->link.route->server, mdb->version_text);
    return OM_OK;
}

static om_status connect_ex(struct om__mdb *mdb, const char *user_dn, struct om_error *err)
{
    struct om_rd answer;
    struct om_wr w;
    om_status st;

    om_wr_init(&w, OM_MAX_RPC_STUB);
    st = connect_request(mdb->session, user_dn, &w, err);
    if (st == OM_OK)
        st = om__link_call(mdb->session, &mdb->link, 0, OM_EMSMDB_CONNECT_EX, &w, &answer, err);
    if (st == OM_OK)
        st = connect_answer(mdb, &answer, err);
    om_wr_free(&w);
    om__error_doing(err, "EcDoConnectEx");
    return st;
}

static struct om__mdb *find(struct om_session *s, const char *server)
{
    struct om__mdb *mdb = s->mdbs;

    while (mdb && strcasecmp(mdb->link.route->server, server) != 0)
        mdb = mdb->next;
    return mdb;
}

om_status om__mdb_acquire(struct om_session *s, const char *server, const char *user_dn,
                          struct om__mdb **out, struct om_error *err)
{
    bool separate = om__session_flag(s, OM_CONNECT_SEPARATE_CONNECTION);
    struct om__mdb *mdb = separate ? NULL : find(s, server);
    om_status st;

    if (!mdb) {
        mdb = om__calloc(1, sizeof *mdb);
        if (!mdb)
            return om__fail_memory(err, "a connection");
        mdb->session = s;
        mdb->next = s->mdbs;
        s->mdbs = mdb;
        st = om__link_open(s, server, OM_SERVICE_STORE, &om__emsmdb_interface, &mdb->link, err);
        if (st == OM_OK)
            st = connect_ex(mdb, user_dn, err);
        if (st != OM_OK) {
            om__error_target(err, "%s", server);
            om__mdb_close(mdb);
            return st;
        }
    }
    mdb->users++;
    *out = mdb;
    return OM_OK;
}

void om__mdb_release(struct om__mdb *mdb)
{
    if (mdb && --mdb->users == 0)
        om__mdb_close(mdb);
}

om_status om__mdb_logon_id(struct om__mdb *mdb, uint8_t *id, struct om_error *err)
{
    if (mdb->logons > UINT8_MAX)
        return om__fail(err, MAPI_E_SESSION_LIMIT, OM_LAYER_EMSMDB, OM_CAUSE_TOO_LARGE,
                        OM_NATIVE_NONE, 0, "%u mailboxes were opened on one connection",
                        mdb->logons);
    *id = (uint8_t)mdb->logons++;
    return OM_OK;
}

static void disconnect(struct om__mdb *mdb)
{
    struct om_wr w;

    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__handle_req_put(&w, &mdb->cxh);
    om__link_farewell(mdb->session, &mdb->link, OM_EMSMDB_DISCONNECT, &w);
    om_wr_free(&w);
}

void om__mdb_close(struct om__mdb *mdb)
{
    struct om__mdb **at;

    if (!mdb)
        return;
    at = &mdb->session->mdbs;
    while (*at && *at != mdb)
        at = &(*at)->next;
    if (*at)
        *at = mdb->next;
    if (mdb->link.conn && !om__ndr_context_is_null(&mdb->cxh))
        disconnect(mdb);
    om__link_close(&mdb->link);
    om__free(mdb);
}

static om_status execute_request(const struct om__mdb *mdb, const struct om__rop_batch *batch,
                                 struct om_wr *w, struct om_error *err)
{
    struct om__rpcext2_req req = {
        .cxh = mdb->cxh,
        .flags = OM_RPCEXT2_CHAIN,
        .out_max = OM_MAX_ROP_OUT,
        .aux_out_max = OM_MAX_AUX,
    };
    struct om_wr rops;
    om_status st;

    om_wr_init(&rops, OM_MAX_ROP_PAYLOAD);
    st = om__rop_batch_encode(batch, OM_EXT_XOR, &rops, err);
    if (st == OM_OK) {
        req.in = (struct om_binary){.cb = (uint32_t)rops.len, .pb = rops.buf};
        om__rpcext2_req_put(w, &req);
        st = om_wr_finish(w, OM_LAYER_EMSMDB, "EcDoRpcExt2", err);
    }
    om_wr_free(&rops);
    return st;
}

om_status om__mdb_execute(struct om__mdb *mdb, const struct om__rop_batch *batch,
                          struct om_arena *arena, struct om__rop_answers *answers,
                          struct om_error *err)
{
    struct om__rpcext2_rsp rsp;
    struct om_rd answer;
    struct om_wr w;
    om_status st;

    om_wr_init(&w, OM_MAX_RPC_STUB);
    st = execute_request(mdb, batch, &w, err);
    if (st == OM_OK)
        st = om__link_call(mdb->session, &mdb->link, 0, OM_EMSMDB_RPC_EXT2, &w, &answer, err);
    if (st == OM_OK)
        st = om__rpcext2_rsp_get(answer.pos, om_rd_left(&answer), &rsp, err);
    if (st == OM_OK)
        mdb->cxh = rsp.cxh; /* all zeroes: the server dropped it, and so must we */
    if (st == OM_OK)
        st = om__fail_ec(err, OM_LAYER_EMSMDB, rsp.result, "EcDoRpcExt2");
    if (st == OM_OK)
        st = om__rop_batch_read(batch, rsp.out, arena, answers, err);
    om_wr_free(&w);
    om__error_doing(err, "EcDoRpcExt2");
    om__error_target(err, "%s", mdb->link.route->server);
    return st;
}
