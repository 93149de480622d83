/* SPDX-License-Identifier: MIT */
#include "codec/aux_block.h"

#include "codec/rop_buffer.h"

enum { AUX_HEADER = 4, OS_RESERVED = 132 };

/*
 * Inside a block strings and buffers are found by their offset from its AUX_HEADER. Reading starts
 * from the whole block, so that an offset outside of it fails.
 */
static const char *string_at(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                             uint16_t offset, const char *field)
{
    struct om_rd at = *block;
    const char *s;

    if (!offset || !om_rd_ok(r))
        return NULL;
    om_rd_skip(&at, offset, field);
    s = om_rd_utf16z(&at, a, field);
    om_rd_join(r, &at);
    return s;
}

static struct om_binary bytes_at(const struct om_rd *block, struct om_rd *r, uint16_t offset,
                                 uint16_t size, const char *field)
{
    struct om_rd at = *block;
    struct om_binary b = {0};

    if (!offset || !size || !om_rd_ok(r))
        return b;
    om_rd_skip(&at, offset, field);
    b.pb = om_rd_bytes(&at, size, field);
    b.cb = b.pb ? size : 0;
    om_rd_join(r, &at);
    return b;
}

/* Writes what stands at an offset, and the offset where its place was reserved. */
static void put_string(struct om_wr *w, size_t block, size_t at, const char *s)
{
    if (!s)
        return;
    om_wr_patch_u16(w, at, w->len - block);
    om_wr_utf16z(w, s);
}

static void put_bytes(struct om_wr *w, size_t block, size_t at, const struct om_binary *b)
{
    if (!b->cb)
        return;
    om_wr_patch_u16(w, at, w->len - block);
    om_wr_bytes(w, b->pb, b->cb);
}

/* 2.2.2.2.4 */
static void get_client_info(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                            struct om__aux_block *b)
{
    struct om__aux_client_info *c = &b->client_info;
    uint16_t machine, user, ip_size, ip, mask_size, mask, adapter, mac_size, mac;

    c->adapter_speed = om_rd_u32(r, "AdapterSpeed");
    c->client_id = om_rd_u16(r, "ClientID");
    machine = om_rd_u16(r, "MachineNameOffset");
    user = om_rd_u16(r, "UserNameOffset");
    ip_size = om_rd_u16(r, "ClientIPSize");
    ip = om_rd_u16(r, "ClientIPOffset");
    mask_size = om_rd_u16(r, "ClientIPMaskSize");
    mask = om_rd_u16(r, "ClientIPMaskOffset");
    adapter = om_rd_u16(r, "AdapterNameOffset");
    mac_size = om_rd_u16(r, "MacAddressSize");
    mac = om_rd_u16(r, "MacAddressOffset");
    c->mode = om_rd_u16(r, "ClientMode");
    c->reserved = om_rd_u16(r, "Reserved");
    c->machine_name = string_at(block, r, a, machine, "MachineName");
    c->user_name = string_at(block, r, a, user, "UserName");
    c->ip = bytes_at(block, r, ip, ip_size, "ClientIP");
    c->ip_mask = bytes_at(block, r, mask, mask_size, "ClientIPMask");
    c->adapter_name = string_at(block, r, a, adapter, "AdapterName");
    c->mac = bytes_at(block, r, mac, mac_size, "MacAddress");
}

static void put_client_info(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    const struct om__aux_client_info *c = &b->client_info;
    size_t machine, user, ip, mask, adapter, mac;

    om_wr_u32(w, c->adapter_speed);
    om_wr_u16(w, c->client_id);
    machine = om_wr_reserve(w, 2);
    user = om_wr_reserve(w, 2);
    om_wr_u16(w, (uint16_t)c->ip.cb);
    ip = om_wr_reserve(w, 2);
    om_wr_u16(w, (uint16_t)c->ip_mask.cb);
    mask = om_wr_reserve(w, 2);
    adapter = om_wr_reserve(w, 2);
    om_wr_u16(w, (uint16_t)c->mac.cb);
    mac = om_wr_reserve(w, 2);
    om_wr_u16(w, c->mode);
    om_wr_u16(w, c->reserved);
    put_string(w, block, machine, c->machine_name);
    put_string(w, block, user, c->user_name);
    put_bytes(w, block, ip, &c->ip);
    put_bytes(w, block, mask, &c->ip_mask);
    put_string(w, block, adapter, c->adapter_name);
    put_bytes(w, block, mac, &c->mac);
}

/* 2.2.2.2.6 */
static void get_process_info(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                             struct om__aux_block *b)
{
    struct om__aux_process_info *p = &b->process_info;
    uint16_t name;

    p->process_id = om_rd_u16(r, "ProcessID");
    p->reserved1 = om_rd_u16(r, "Reserved_1");
    p->guid = om_rd_guid(r, "ProcessGuid");
    name = om_rd_u16(r, "ProcessNameOffset");
    p->reserved2 = om_rd_u16(r, "Reserved_2");
    p->name = string_at(block, r, a, name, "ProcessName");
}

static void put_process_info(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    const struct om__aux_process_info *p = &b->process_info;
    size_t name;

    om_wr_u16(w, p->process_id);
    om_wr_u16(w, p->reserved1);
    om_wr_guid(w, &p->guid);
    name = om_wr_reserve(w, 2);
    om_wr_u16(w, p->reserved2);
    put_string(w, block, name, p->name);
}

/* 2.2.2.2.2, 2.2.2.2.3 */
static void get_session_info(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                             struct om__aux_block *b)
{
    struct om__aux_session_info *s = &b->session_info;

    (void)block;
    (void)a;
    s->session_id = om_rd_u16(r, "SessionID");
    s->reserved = om_rd_u16(r, "Reserved");
    s->guid = om_rd_guid(r, "SessionGuid");
    if (b->kind == OM_AUX_PERF_SESSIONINFO_V2)
        s->connection_id = om_rd_u32(r, "ConnectionID");
}

static void put_session_info(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    const struct om__aux_session_info *s = &b->session_info;

    (void)block;
    om_wr_u16(w, s->session_id);
    om_wr_u16(w, s->reserved);
    om_wr_guid(w, &s->guid);
    if (b->kind == OM_AUX_PERF_SESSIONINFO_V2)
        om_wr_u32(w, s->connection_id);
}

/* 2.2.2.2.18 */
static void get_account_info(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                             struct om__aux_block *b)
{
    (void)block;
    (void)a;
    b->account_info.client_id = om_rd_u16(r, "ClientID");
    b->account_info.reserved = om_rd_u16(r, "Reserved");
    b->account_info.account = om_rd_guid(r, "Account");
}

static void put_account_info(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    (void)block;
    om_wr_u16(w, b->account_info.client_id);
    om_wr_u16(w, b->account_info.reserved);
    om_wr_guid(w, &b->account_info.account);
}

/* 2.2.2.2.15 */
static void get_client_control(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                               struct om__aux_block *b)
{
    (void)block;
    (void)a;
    b->client_control.enable_flags = om_rd_u32(r, "EnableFlags");
    b->client_control.expiry_ms = om_rd_u32(r, "ExpiryTime");
}

static void put_client_control(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    (void)block;
    om_wr_u32(w, b->client_control.enable_flags);
    om_wr_u32(w, b->client_control.expiry_ms);
}

/* 2.2.2.2.16 */
static void get_os_version(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                           struct om__aux_block *b)
{
    struct om__aux_os_version *v = &b->os_version;

    (void)block;
    (void)a;
    v->size = om_rd_u32(r, "OSVersionInfoSize");
    v->major = om_rd_u32(r, "MajorVersion");
    v->minor = om_rd_u32(r, "MinorVersion");
    v->build = om_rd_u32(r, "BuildNumber");
    v->reserved1.pb = om_rd_bytes(r, OS_RESERVED, "Reserved1");
    v->reserved1.cb = v->reserved1.pb ? OS_RESERVED : 0;
    v->sp_major = om_rd_u16(r, "ServicePackMajor");
    v->sp_minor = om_rd_u16(r, "ServicePackMinor");
    v->reserved2 = om_rd_u32(r, "Reserved2");
}

static void put_os_version(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    const struct om__aux_os_version *v = &b->os_version;

    (void)block;
    om_wr_u32(w, v->size);
    om_wr_u32(w, v->major);
    om_wr_u32(w, v->minor);
    om_wr_u32(w, v->build);
    if (v->reserved1.cb == OS_RESERVED)
        om_wr_bytes(w, v->reserved1.pb, OS_RESERVED);
    else
        om_wr_zeros(w, OS_RESERVED);
    om_wr_u16(w, v->sp_major);
    om_wr_u16(w, v->sp_minor);
    om_wr_u32(w, v->reserved2);
}

/* 2.2.2.2.17 */
static void get_exorg_info(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                           struct om__aux_block *b)
{
    (void)block;
    (void)a;
    b->exorg_flags = om_rd_u32(r, "OrgFlags");
}

static void put_exorg_info(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    (void)block;
    om_wr_u32(w, b->exorg_flags);
}

/* 2.2.2.2.19 */
static void get_server_caps(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                            struct om__aux_block *b)
{
    (void)block;
    (void)a;
    b->server_capabilities = om_rd_u32(r, "ServerCapabilityFlags");
}

static void put_server_caps(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    (void)block;
    om_wr_u32(w, b->server_capabilities);
}

/* 2.2.2.2.20 */
static void get_endpoint(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                         struct om__aux_block *b)
{
    (void)block;
    (void)a;
    b->endpoint_capabilities = om_rd_u32(r, "EndpointCapabilityFlag");
}

static void put_endpoint(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    (void)block;
    om_wr_u32(w, b->endpoint_capabilities);
}

/* 2.2.2.2.21 */
static void get_connection_info(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                                struct om__aux_block *b)
{
    struct om__aux_connection_info *c = &b->connection_info;
    uint16_t context;

    c->guid = om_rd_guid(r, "ConnectionGUID");
    context = om_rd_u16(r, "OffsetConnectionContextInfo");
    c->reserved = om_rd_u16(r, "Reserved");
    c->attempts = om_rd_u32(r, "ConnectionAttempts");
    c->flags = om_rd_u32(r, "ConnectionFlags");
    c->context = string_at(block, r, a, context, "ConnectionContextInfo");
}

static void put_connection_info(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    const struct om__aux_connection_info *c = &b->connection_info;
    size_t context;

    om_wr_guid(w, &c->guid);
    context = om_wr_reserve(w, 2);
    om_wr_u16(w, c->reserved);
    om_wr_u32(w, c->attempts);
    om_wr_u32(w, c->flags);
    put_string(w, block, context, c->context);
}

/* 2.2.2.2.22 */
static void get_server_session(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                               struct om__aux_block *b)
{
    uint16_t context = om_rd_u16(r, "OffsetServerSessionContextInfo");

    b->server_session = string_at(block, r, a, context, "ServerSessionContextInfo");
}

static void put_server_session(struct om_wr *w, size_t block, const struct om__aux_block *b)
{
    size_t context = om_wr_reserve(w, 2);

    put_string(w, block, context, b->server_session);
}

static const struct aux_codec {
    enum om__aux_kind kind;
    const char *name;
    void (*get)(const struct om_rd *block, struct om_rd *r, struct om_arena *a,
                struct om__aux_block *b);
    void (*put)(struct om_wr *w, size_t block, const struct om__aux_block *b);
} codecs[] = {
    {OM_AUX_PERF_CLIENTINFO, "AUX_PERF_CLIENTINFO", get_client_info, put_client_info},
    {OM_AUX_PERF_SESSIONINFO, "AUX_PERF_SESSIONINFO", get_session_info, put_session_info},
    {OM_AUX_PERF_SESSIONINFO_V2, "AUX_PERF_SESSIONINFO_V2", get_session_info, put_session_info},
    {OM_AUX_PERF_PROCESSINFO, "AUX_PERF_PROCESSINFO", get_process_info, put_process_info},
    {OM_AUX_PERF_PROCESSINFO_V2, "AUX_PERF_PROCESSINFO", get_process_info, put_process_info},
    {OM_AUX_PERF_ACCOUNTINFO, "AUX_PERF_ACCOUNTINFO", get_account_info, put_account_info},
    {OM_AUX_CLIENT_CONTROL, "AUX_CLIENT_CONTROL", get_client_control, put_client_control},
    {OM_AUX_OSVERSIONINFO, "AUX_OSVERSIONINFO", get_os_version, put_os_version},
    {OM_AUX_EXORGINFO, "AUX_EXORGINFO", get_exorg_info, put_exorg_info},
    {OM_AUX_SERVER_CAPABILITIES, "AUX_SERVER_CAPABILITIES", get_server_caps, put_server_caps},
    {OM_AUX_ENDPOINT_CAPABILITIES, "AUX_ENDPOINT_CAPABILITIES", get_endpoint, put_endpoint},
    {OM_AUX_CLIENT_CONNECTION_INFO, "AUX_CLIENT_CONNECTION_INFO", get_connection_info,
     put_connection_info},
    {OM_AUX_SERVER_SESSION_INFO, "AUX_SERVER_SESSION_INFO", get_server_session, put_server_session},
};

static const struct aux_codec *find_codec(enum om__aux_kind kind)
{
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        if (codecs[i].kind == kind)
            return &codecs[i];
    }
    return NULL;
}

const char *om__aux_name(enum om__aux_kind kind)
{
    const struct aux_codec *c = find_codec(kind);

    return c ? c->name : NULL;
}

/* 2.2.2.2: AUX_HEADER and the structure it announces. */
static void get_block(struct om_rd *r, struct om_arena *a, struct om__aux_block *b)
{
    struct om_rd ahead = *r, block, body;
    uint16_t size = om_rd_u16(&ahead, "Size");
    const struct aux_codec *c;
    unsigned version, type;

    om_rd_check(r, size >= AUX_HEADER || !om_rd_ok(&ahead), size, "Size");
    block = om_rd_sub(r, om_rd_ok(&ahead) ? size : AUX_HEADER, "AUX_HEADER");
    body = block;
    om_rd_skip(&body, 2, "Size");
    version = om_rd_u8(&body, "Version");
    type = om_rd_u8(&body, "Type");
    b->kind = (enum om__aux_kind)(version << 8 | type);
    b->raw.cb = (uint32_t)om_rd_left(&body);
    b->raw.pb = b->raw.cb ? body.pos : NULL;
    c = find_codec(b->kind);
    if (c)
        c->get(&block, &body, a, b);
    om_rd_join(r, &body);
}

static uint32_t count_blocks(const uint8_t *p, size_t n)
{
    uint32_t count = 0;
    struct om_rd r;

    om_rd_init(&r, p, n);
    while (om_rd_left(&r)) {
        uint16_t size = om_rd_u16(&r, "Size");

        om_rd_skip(&r, size > 2 ? size - 2u : 0, "AUX_HEADER");
        count++;
    }
    return count;
}

om_status om__aux_decode(const uint8_t *p, size_t n, struct om_arena *a, struct om__aux_list *out,
                         struct om_error *err)
{
    uint32_t count = count_blocks(p, n);
    struct om__aux_block *list = NULL;
    struct om_rd r;
    om_status st;

    om_rd_init(&r, p, n);
    if (count)
        list = om_rd_mem(&r, om__arena_array(a, count, sizeof *list), "blocks");
    for (uint32_t i = 0; list && i < count; i++)
        get_block(&r, a, &list[i]);
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "auxiliary blocks", err);
    if (st == OM_OK)
        *out = (struct om__aux_list){count, list};
    return st;
}

void om__aux_encode(struct om_wr *w, const struct om__aux_block *b)
{
    const struct aux_codec *c = find_codec(b->kind);
    size_t block = om_wr_reserve(w, 2);

    om_wr_u8(w, (uint8_t)(b->kind >> 8));
    om_wr_u8(w, (uint8_t)b->kind);
    if (c)
        c->put(w, block, b);
    else
        om_wr_bytes(w, b->raw.pb, b->raw.cb);
    om_wr_patch_u16(w, block, w->len - block);
}

const struct om__aux_block *om__aux_find(const struct om__aux_list *list, enum om__aux_kind kind)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->blocks[i].kind == kind)
            return &list->blocks[i];
    }
    return NULL;
}

om_status om__aux_buffer_decode(struct om_binary in, struct om_arena *a, struct om__aux_list *out,
                                struct om_error *err)
{
    struct om__ext_buffer buf = {0};
    om_status st = om__ext_decode(in.pb, in.cb, a, &buf, err);

    if (st != OM_OK)
        return st;
    if (!buf.count) {
        *out = (struct om__aux_list){0};
        return OM_OK;
    }
    /* one payload: only rgbIn and rgbOut may be chains, [MS-OXCRPC] 3.1.4.2.1.1 */
    return om__aux_decode(buf.payloads[0].data, buf.payloads[0].size, a, out, err);
}

void om__aux_buffer_encode(struct om_wr *w, const struct om__aux_block *blocks, size_t count)
{
    size_t begin = om__ext_begin(w);

    for (size_t i = 0; i < count; i++)
        om__aux_encode(w, &blocks[i]);
    om__ext_end(w, begin, OM_EXT_LAST);
}
