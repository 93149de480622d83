/* SPDX-License-Identifier: MIT */
#include "codec/emsmdb.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

const struct om__rpc_syntax om__emsmdb_interface = {
    .uuid = {0xA4F1DB00, 0xCA47, 0x1067, {0xB3, 0x1F, 0x00, 0xDD, 0x01, 0x06, 0x62, 0xDA}},
    .major = 0,
    .minor = 81,
};

const struct om__rpc_syntax om__async_emsmdb_interface = {
    .uuid = {0x5261574A, 0x4572, 0x206E, {0xB2, 0x68, 0x6B, 0x19, 0x92, 0x13, 0xB4, 0xE4}},
    .major = 0,
    .minor = 1,
};

const char *om__emsmdb_call_name(unsigned opnum)
{
    switch (opnum) {
    case OM_EMSMDB_DISCONNECT:
        return "EcDoDisconnect";
    case OM_EMSMDB_DUMMY:
        return "EcDummyRpc";
    case OM_EMSMDB_CONNECT_EX:
        return "EcDoConnectEx";
    case OM_EMSMDB_RPC_EXT2:
        return "EcDoRpcExt2";
    case OM_EMSMDB_ASYNC_CONNECT:
        return "EcDoAsyncConnectEx";
    }
    return NULL;
}

/* [MS-OXCRPC] 3.1.4.1.3.1: the high bit of the second word says that the first holds two parts. */
enum { TWO_PARTS = 0x8000 };

struct om__version om__version_from_words(const uint16_t words[3])
{
    struct om__version v = {{words[0], 0, words[1], words[2]}};

    if (words[1] & TWO_PARTS) {
        v.part[0] = words[0] >> 8;
        v.part[1] = words[0] & 0xFF;
        v.part[2] = words[1] & (TWO_PARTS - 1);
    }
    return v;
}

bool om__version_to_words(const struct om__version *v, uint16_t words[3])
{
    if (v->part[0] > 0xFF || v->part[1] > 0xFF || v->part[2] >= TWO_PARTS)
        return false;
    words[0] = (uint16_t)(v->part[0] << 8 | v->part[1]);
    words[1] = v->part[2] | TWO_PARTS;
    words[2] = v->part[3];
    return true;
}

int om__version_compare(const struct om__version *a, const struct om__version *b)
{
    for (size_t i = 0; i < 4; i++) {
        if (a->part[i] != b->part[i])
            return a->part[i] < b->part[i] ? -1 : 1;
    }
    return 0;
}

void om__version_format(const struct om__version *v, char out[OM_VERSION_TEXT])
{
    snprintf(out, OM_VERSION_TEXT, "%u.%u.%u.%u", v->part[0], v->part[1], v->part[2], v->part[3]);
}

bool om__version_parse(const char *text, struct om__version *v)
{
    struct om__version got = {{0}};

    for (size_t i = 0; i < 4; i++) {
        uint32_t n = 0;

        if (*text < '0' || *text > '9')
            return false;
        for (; *text >= '0' && *text <= '9'; text++) {
            n = n * 10 + (uint32_t)(*text - '0');
            if (n > 0xFFFF)
                return false;
        }
        got.part[i] = (uint16_t)n;
        if (!*text) {
            *v = got;
            return true;
        }
        if (*text++ != '.')
            return false;
    }
    return false; /* a fifth part */
}

enum om__exchange_age om__exchange_age(const struct om__version *v)
{
    switch (v->part[0]) {
    case 6:
        return v->part[1] == 5 ? OM_AGE_2003 : OM_AGE_UNKNOWN;
    case 8:
        return OM_AGE_2007;
    case 14:
        return OM_AGE_2010;
    case 15:
        return v->part[1] == 0 ? OM_AGE_2013 : v->part[1] == 1 ? OM_AGE_2016 : OM_AGE_2019;
    }
    return OM_AGE_UNKNOWN;
}

const char *om__exchange_age_name(enum om__exchange_age age)
{
    static const char *const names[] = {
        [OM_AGE_UNKNOWN] = "an Exchange of unknown age",
        [OM_AGE_2003] = "Exchange 2003",
        [OM_AGE_2007] = "Exchange 2007",
        [OM_AGE_2010] = "Exchange 2010",
        [OM_AGE_2013] = "Exchange 2013",
        [OM_AGE_2016] = "Exchange 2016",
        [OM_AGE_2019] = "Exchange 2019 or SE",
    };

    return (size_t)age < sizeof names / sizeof *names ? names[age] : names[OM_AGE_UNKNOWN];
}

static void get_words(struct om_rd *r, uint16_t words[3], const char *field)
{
    for (size_t i = 0; i < 3; i++)
        words[i] = om__ndr_rd_u16(r, field);
}

static void put_words(struct om_wr *w, const uint16_t words[3])
{
    for (size_t i = 0; i < 3; i++)
        om__ndr_wr_u16(w, words[i]);
}

/* A buffer that comes in as size_is(cb), cb behind it. */
static struct om_binary get_in(struct om_rd *r, uint32_t max, const char *field)
{
    struct om_binary b = om__ndr_rd_bytes(r, max, field);
    uint32_t cb = om__ndr_rd_u32(r, field);

    om_rd_check(r, cb == b.cb, cb, field);
    return b;
}

static void put_in(struct om_wr *w, const struct om_binary *b)
{
    om__ndr_wr_bytes(w, b->pb, b->cb);
    om__ndr_wr_u32(w, b->cb);
}

/* One that goes out as length_is(*pcb), size_is(*pcb), *pcb behind it. */
static struct om_binary get_out(struct om_rd *r, uint32_t max, const char *field)
{
    struct om_binary b = om__ndr_rd_bytes_varying(r, max, NULL, field);
    uint32_t cb = om__ndr_rd_u32(r, field);

    om_rd_check(r, cb == b.cb, cb, field);
    return b;
}

static void put_out(struct om_wr *w, const struct om_binary *b)
{
    om__ndr_wr_bytes_varying(w, b->pb, b->cb, b->cb);
    om__ndr_wr_u32(w, b->cb);
}

void om__connect_req_put(struct om_wr *w, const struct om__connect_req *in)
{
    om__ndr_wr_str(w, in->user_dn);
    om__ndr_wr_u32(w, in->flags);
    om__ndr_wr_u32(w, in->con_mod);
    om__ndr_wr_u32(w, in->limit);
    om__ndr_wr_u32(w, in->cpid);
    om__ndr_wr_u32(w, in->lcid_string);
    om__ndr_wr_u32(w, in->lcid_sort);
    om__ndr_wr_u32(w, in->icxr_link);
    om__ndr_wr_u16(w, in->can_convert_code_pages);
    put_words(w, in->client_version);
    om__ndr_wr_u32(w, in->timestamp);
    put_in(w, &in->aux_in);
    om__ndr_wr_u32(w, in->aux_out_max);
}

om_status om__connect_req_get(const uint8_t *stub, size_t n, struct om__connect_req *out,
                              struct om_error *err)
{
    struct om__connect_req q = {0};
    struct om_rd r;
    om_status st;

    om_rd_init(&r, stub, n);
    q.user_dn = om__ndr_rd_str(&r, OM_MAX_STRING, "szUserDN");
    q.flags = om__ndr_rd_u32(&r, "ulFlags");
    q.con_mod = om__ndr_rd_u32(&r, "ulConMod");
    q.limit = om__ndr_rd_u32(&r, "cbLimit");
    q.cpid = om__ndr_rd_u32(&r, "ulCpid");
    q.lcid_string = om__ndr_rd_u32(&r, "ulLcidString");
    q.lcid_sort = om__ndr_rd_u32(&r, "ulLcidSort");
    q.icxr_link = om__ndr_rd_u32(&r, "ulIcxrLink");
    q.can_convert_code_pages = om__ndr_rd_u16(&r, "usFCanConvertCodePages");
    get_words(&r, q.client_version, "rgwClientVersion");
    q.timestamp = om__ndr_rd_u32(&r, "pulTimeStamp");
    q.aux_in = get_in(&r, OM_MAX_AUX, "rgbAuxIn");
    q.aux_out_max = om__ndr_rd_u32(&r, "pcbAuxOut");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "EcDoConnectEx request", err);
    if (st == OM_OK)
        *out = q;
    return st;
}

static void put_string_ptr(struct om_wr *w, const char *s)
{
    om__ndr_wr_ptr(w, s != NULL);
    if (s)
        om__ndr_wr_str(w, s);
}

static const char *get_string_ptr(struct om_rd *r, const char *field)
{
    return om__ndr_rd_ptr(r, field) ? om__ndr_rd_str(r, OM_MAX_STRING, field) : NULL;
}

void om__connect_rsp_put(struct om_wr *w, const struct om__connect_rsp *in)
{
    om__ndr_wr_context(w, &in->cxh);
    om__ndr_wr_u32(w, in->polls_max_ms);
    om__ndr_wr_u32(w, in->retry_count);
    om__ndr_wr_u32(w, in->retry_delay_ms);
    om__ndr_wr_u16(w, in->icxr);
    put_string_ptr(w, in->dn_prefix);
    put_string_ptr(w, in->display_name);
    put_words(w, in->server_version);
    put_words(w, in->best_version);
    om__ndr_wr_u32(w, in->timestamp);
    put_out(w, &in->aux_out);
    om__ndr_wr_u32(w, in->result);
}

om_status om__connect_rsp_get(const uint8_t *stub, size_t n, struct om__connect_rsp *out,
                              struct om_error *err)
{
    struct om__connect_rsp s = {0};
    struct om_rd r;
    om_status st;

    om_rd_init(&r, stub, n);
    s.cxh = om__ndr_rd_context(&r, "pcxh");
    s.polls_max_ms = om__ndr_rd_u32(&r, "pcmsPollsMax");
    s.retry_count = om__ndr_rd_u32(&r, "pcRetry");
    s.retry_delay_ms = om__ndr_rd_u32(&r, "pcmsRetryDelay");
    s.icxr = om__ndr_rd_u16(&r, "picxr");
    s.dn_prefix = get_string_ptr(&r, "szDNPrefix");
    s.display_name = get_string_ptr(&r, "szDisplayName");
    get_words(&r, s.server_version, "rgwServerVersion");
    get_words(&r, s.best_version, "rgwBestVersion");
    s.timestamp = om__ndr_rd_u32(&r, "pulTimeStamp");
    s.aux_out = get_out(&r, OM_MAX_AUX, "rgbAuxOut");
    s.result = om__ndr_rd_u32(&r, "return value");
    om_rd_expect_end(&r, "return value");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "EcDoConnectEx response", err);
    if (st == OM_OK)
        *out = s;
    return st;
}

void om__rpcext2_req_put(struct om_wr *w, const struct om__rpcext2_req *in)
{
    om__ndr_wr_context(w, &in->cxh);
    om__ndr_wr_u32(w, in->flags);
    put_in(w, &in->in);
    om__ndr_wr_u32(w, in->out_max);
    put_in(w, &in->aux_in);
    om__ndr_wr_u32(w, in->aux_out_max);
}

om_status om__rpcext2_req_get(const uint8_t *stub, size_t n, struct om__rpcext2_req *out,
                              struct om_error *err)
{
    struct om__rpcext2_req q = {0};
    struct om_rd r;
    om_status st;

    om_rd_init(&r, stub, n);
    q.cxh = om__ndr_rd_context(&r, "pcxh");
    q.flags = om__ndr_rd_u32(&r, "pulFlags");
    q.in = get_in(&r, OM_MAX_ROP_OUT, "rgbIn");
    q.out_max = om__ndr_rd_u32(&r, "pcbOut");
    q.aux_in = get_in(&r, OM_MAX_AUX, "rgbAuxIn");
    q.aux_out_max = om__ndr_rd_u32(&r, "pcbAuxOut");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "EcDoRpcExt2 request", err);
    if (st == OM_OK)
        *out = q;
    return st;
}

void om__rpcext2_rsp_put(struct om_wr *w, const struct om__rpcext2_rsp *in)
{
    om__ndr_wr_context(w, &in->cxh);
    om__ndr_wr_u32(w, in->flags);
    put_out(w, &in->out);
    put_out(w, &in->aux_out);
    om__ndr_wr_u32(w, in->trans_time_ms);
    om__ndr_wr_u32(w, in->result);
}

om_status om__rpcext2_rsp_get(const uint8_t *stub, size_t n, struct om__rpcext2_rsp *out,
                              struct om_error *err)
{
    struct om__rpcext2_rsp s = {0};
    struct om_rd r;
    om_status st;

    om_rd_init(&r, stub, n);
    s.cxh = om__ndr_rd_context(&r, "pcxh");
    s.flags = om__ndr_rd_u32(&r, "pulFlags");
    s.out = get_out(&r, OM_MAX_ROP_OUT, "rgbOut");
    s.aux_out = get_out(&r, OM_MAX_AUX, "rgbAuxOut");
    s.trans_time_ms = om__ndr_rd_u32(&r, "pulTransTime");
    s.result = om__ndr_rd_u32(&r, "return value");
    om_rd_expect_end(&r, "return value");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "EcDoRpcExt2 response", err);
    if (st == OM_OK)
        *out = s;
    return st;
}

void om__handle_req_put(struct om_wr *w, const struct om__ndr_context *cxh)
{
    om__ndr_wr_context(w, cxh);
}

om_status om__handle_req_get(const uint8_t *stub, size_t n, struct om__ndr_context *out,
                             struct om_error *err)
{
    struct om__ndr_context cxh;
    struct om_rd r;
    om_status st;

    om_rd_init(&r, stub, n);
    cxh = om__ndr_rd_context(&r, "pcxh");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "context handle", err);
    if (st == OM_OK)
        *out = cxh;
    return st;
}

void om__handle_rsp_put(struct om_wr *w, const struct om__handle_rsp *in)
{
    om__ndr_wr_context(w, &in->cxh);
    om__ndr_wr_u32(w, in->result);
}

om_status om__handle_rsp_get(const uint8_t *stub, size_t n, struct om__handle_rsp *out,
                             struct om_error *err)
{
    struct om__handle_rsp s;
    struct om_rd r;
    om_status st;

    om_rd_init(&r, stub, n);
    s.cxh = om__ndr_rd_context(&r, "pcxh");
    s.result = om__ndr_rd_u32(&r, "return value");
    om_rd_expect_end(&r, "return value");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "context handle and result", err);
    if (st == OM_OK)
        *out = s;
    return st;
}

void om__dummy_rsp_put(struct om_wr *w, uint32_t result)
{
    om__ndr_wr_u32(w, result);
}

om_status om__dummy_rsp_get(const uint8_t *stub, size_t n, uint32_t *result, struct om_error *err)
{
    struct om_rd r;
    uint32_t got;
    om_status st;

    om_rd_init(&r, stub, n);
    got = om__ndr_rd_u32(&r, "return value");
    om_rd_expect_end(&r, "return value");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "EcDummyRpc response", err);
    if (st == OM_OK)
        *result = got;
    return st;
}

void om__async_wait_req_put(struct om_wr *w, const struct om__async_wait_req *in)
{
    om__ndr_wr_context(w, &in->acxh);
    om__ndr_wr_u32(w, in->flags);
}

om_status om__async_wait_req_get(const uint8_t *stub, size_t n, struct om__async_wait_req *out,
                                 struct om_error *err)
{
    struct om__async_wait_req q;
    struct om_rd r;
    om_status st;

    om_rd_init(&r, stub, n);
    q.acxh = om__ndr_rd_context(&r, "acxh");
    q.flags = om__ndr_rd_u32(&r, "ulFlagsIn");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "EcDoAsyncWaitEx request", err);
    if (st == OM_OK)
        *out = q;
    return st;
}

void om__async_wait_rsp_put(struct om_wr *w, const struct om__async_wait_rsp *in)
{
    om__ndr_wr_u32(w, in->flags);
    om__ndr_wr_u32(w, in->result);
}

om_status om__async_wait_rsp_get(const uint8_t *stub, size_t n, struct om__async_wait_rsp *out,
                                 struct om_error *err)
{
    struct om__async_wait_rsp s;
    struct om_rd r;
    om_status st;

    om_rd_init(&r, stub, n);
    s.flags = om__ndr_rd_u32(&r, "pulFlagsOut");
    s.result = om__ndr_rd_u32(&r, "return value");
    om_rd_expect_end(&r, "return value");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "EcDoAsyncWaitEx response", err);
    if (st == OM_OK)
        *out = s;
    return st;
}
