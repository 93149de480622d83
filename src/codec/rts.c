/* SPDX-License-Identifier: MIT */
#include "codec/rts.h"

#include <string.h>

#include "base/limits.h"
#include "codec/dcerpc.h"

enum { WHOLE = OM_PFC_FIRST_FRAG | OM_PFC_LAST_FRAG }; /* RTS PDUs are never fragmented */

/* Names for the table's flag column where two flags stand together. */
enum {
    OM_RTS_FLAG_IN_RECYCLE = OM_RTS_FLAG_IN_CHANNEL | OM_RTS_FLAG_RECYCLE_CHANNEL,
    OM_RTS_FLAG_OUT_RECYCLE = OM_RTS_FLAG_OUT_CHANNEL | OM_RTS_FLAG_RECYCLE_CHANNEL,
};

struct shape {
    const char *name;
    uint16_t flags;
    uint16_t count;
    uint8_t cmds[OM_RTS_MAX_COMMANDS];
};

#define OM_RTS_NO_COMMAND           0
#define CMDS_1(a)                   OM_RTS_##a
#define CMDS_2(a, b)                CMDS_1(a), OM_RTS_##b
#define CMDS_3(a, b, c)             CMDS_2(a, b), OM_RTS_##c
#define CMDS_4(a, b, c, d)          CMDS_3(a, b, c), OM_RTS_##d
#define CMDS_5(a, b, c, d, e)       CMDS_4(a, b, c, d), OM_RTS_##e
#define CMDS_6(a, b, c, d, e, f)    CMDS_5(a, b, c, d, e), OM_RTS_##f
#define CMDS_7(a, b, c, d, e, f, g) CMDS_6(a, b, c, d, e, f), OM_RTS_##g
#define CMDS_0(a)                   CMDS_1(a)
#define SHAPE_(id, names, flag, n, ...)                                                            \
    [OM_RTS_KIND_##id] = {names, OM_RTS_FLAG_##flag, n, {CMDS_##n(__VA_ARGS__)}},
static const struct shape shapes[OM_RTS_KIND_COUNT] = {
    [OM_RTS_KIND_UNKNOWN] = {"unknown RTS PDU", 0, 0, {0}}, OM_RTS_LIST(SHAPE_)};
#undef SHAPE_

static const char *const cmd_names[] = {
    [OM_RTS_RECEIVE_WINDOW_SIZE] = "ReceiveWindowSize",
    [OM_RTS_FLOW_CONTROL_ACK] = "FlowControlAck",
    [OM_RTS_CONNECTION_TIMEOUT] = "ConnectionTimeout",
    [OM_RTS_COOKIE] = "Cookie",
    [OM_RTS_CHANNEL_LIFETIME] = "ChannelLifetime",
    [OM_RTS_CLIENT_KEEPALIVE] = "ClientKeepalive",
    [OM_RTS_VERSION_CMD] = "Version",
    [OM_RTS_EMPTY] = "Empty",
    [OM_RTS_PADDING] = "Padding",
    [OM_RTS_NEGATIVE_ANCE] = "NegativeANCE",
    [OM_RTS_ANCE] = "ANCE",
    [OM_RTS_CLIENT_ADDRESS] = "ClientAddress",
    [OM_RTS_ASSOCIATION_GROUP_ID] = "AssociationGroupId",
    [OM_RTS_DESTINATION] = "Destination",
    [OM_RTS_PING_TRAFFIC_SENT] = "PingTrafficSentNotify",
};

const char *om__rts_cmd_name(enum om__rts_cmd cmd)
{
    return (unsigned)cmd < sizeof cmd_names / sizeof *cmd_names ? cmd_names[cmd]
                                                                : "unknown command";
}

const char *om__rts_name(enum om__rts_kind kind)
{
    return shapes[(unsigned)kind < OM_RTS_KIND_COUNT ? kind : OM_RTS_KIND_UNKNOWN].name;
}

static bool has_shape(const struct om__rts_pdu *pdu, const struct shape *s)
{
    if (pdu->flags != s->flags || pdu->count != s->count)
        return false;
    for (unsigned i = 0; i < s->count; i++) {
        if (pdu->commands[i].cmd != s->cmds[i])
            return false;
    }
    return true;
}

enum om__rts_kind om__rts_kind(const struct om__rts_pdu *pdu)
{
    for (unsigned k = OM_RTS_KIND_UNKNOWN + 1; k < OM_RTS_KIND_COUNT; k++) {
        if (has_shape(pdu, &shapes[k]))
            return (enum om__rts_kind)k;
    }
    return OM_RTS_KIND_UNKNOWN;
}

void om__rts_make(enum om__rts_kind kind, struct om__rts_pdu *pdu)
{
    const struct shape *s = &shapes[kind];

    memset(pdu, 0, sizeof *pdu);
    pdu->flags = s->flags;
    pdu->count = s->count;
    for (unsigned i = 0; i < s->count; i++)
        pdu->commands[i].cmd = (enum om__rts_cmd)s->cmds[i];
}

/* [MS-RPCH] 2.2.3.2 */
static void read_address(struct om_rd *r, struct om__rts_address *a)
{
    a->type = om_rd_u32(r, "AddressType");
    om_rd_check(r, a->type <= 1, a->type, "AddressType");
    om_rd_copy(r, a->bytes, a->type == 0 ? 4 : 16, "ClientAddress");
    om_rd_skip(r, 12, "Padding");
}

static void write_address(struct om_wr *w, const struct om__rts_address *a)
{
    om_wr_u32(w, a->type);
    om_wr_bytes(w, a->bytes, a->type == 0 ? 4 : 16);
    om_wr_zeros(w, 12);
}

/* [MS-RPCH] 2.2.3.4 */
static void read_ack(struct om_rd *r, struct om__rts_ack *a)
{
    a->bytes_received = om_rd_u32(r, "BytesReceived");
    a->available_window = om_rd_u32(r, "AvailableWindow");
    om_rd_copy(r, a->channel.ab, sizeof a->channel.ab, "ChannelCookie");
}

static void write_ack(struct om_wr *w, const struct om__rts_ack *a)
{
    om_wr_u32(w, a->bytes_received);
    om_wr_u32(w, a->available_window);
    om_wr_bytes(w, a->channel.ab, sizeof a->channel.ab);
}

/* [MS-RPCH] 2.2.3.5 */
static void read_command(struct om_rd *r, struct om__rts_command *c)
{
    uint32_t type = om_rd_u32(r, "CommandType");

    om_rd_check(r, type <= OM_RTS_PING_TRAFFIC_SENT, type, "CommandType");
    if (!om_rd_ok(r))
        return;
    c->cmd = (enum om__rts_cmd)type;
    switch (c->cmd) {
    case OM_RTS_EMPTY:         /* 2.2.3.5.8 */
    case OM_RTS_NEGATIVE_ANCE: /* 2.2.3.5.10 */
    case OM_RTS_ANCE:          /* 2.2.3.5.11 */
        break;
    case OM_RTS_FLOW_CONTROL_ACK: /* 2.2.3.5.2 */
        read_ack(r, &c->ack);
        break;
    case OM_RTS_COOKIE:               /* 2.2.3.5.4 */
    case OM_RTS_ASSOCIATION_GROUP_ID: /* 2.2.3.5.13 */
        om_rd_copy(r, c->cookie.ab, sizeof c->cookie.ab, cmd_names[type]);
        break;
    case OM_RTS_CLIENT_ADDRESS: /* 2.2.3.5.12 */
        read_address(r, &c->address);
        break;
    case OM_RTS_PADDING: /* 2.2.3.5.9 */
        c->padding.cb =
            om_rd_count(r, om_rd_u32(r, "ConformanceCount"), OM_MAX_RTS_PDU, 1, "ConformanceCount");
        c->padding.pb = om_rd_bytes(r, c->padding.cb, "Padding");
        break;
    default:
        c->value = om_rd_u32(r, cmd_names[type]);
    }
}

static void write_command(struct om_wr *w, const struct om__rts_command *c)
{
    om_wr_u32(w, (uint32_t)c->cmd);
    switch (c->cmd) {
    case OM_RTS_EMPTY:
    case OM_RTS_NEGATIVE_ANCE:
    case OM_RTS_ANCE:
        break;
    case OM_RTS_FLOW_CONTROL_ACK:
        write_ack(w, &c->ack);
        break;
    case OM_RTS_COOKIE:
    case OM_RTS_ASSOCIATION_GROUP_ID:
        om_wr_bytes(w, c->cookie.ab, sizeof c->cookie.ab);
        break;
    case OM_RTS_CLIENT_ADDRESS:
        write_address(w, &c->address);
        break;
    case OM_RTS_PADDING:
        om_wr_u32(w, c->padding.cb);
        om_wr_bytes(w, c->padding.pb, c->padding.cb);
        break;
    default:
        om_wr_u32(w, c->value);
    }
}

/* [MS-RPCH] 2.2.3.6.1: of the common header most is fixed */
static void read_header(struct om_rd *r, size_t size)
{
    struct om__rpc_header h;

    om__rpc_rd_header(r, &h);
    om_rd_check(r, h.vers_minor == 0, h.vers_minor, "rpc_vers_minor");
    om_rd_check(r, h.ptype == OM_RPC_RTS, h.ptype, "PTYPE");
    om_rd_check(r, h.flags == WHOLE, h.flags, "pfc_flags");
    om_rd_check(r, h.frag_length == size, h.frag_length, "frag_length");
    om_rd_check(r, h.auth_length == 0, h.auth_length, "auth_length");
    om_rd_check(r, h.call_id == 0, h.call_id, "call_id");
}

om_status om__rts_decode(const void *p, size_t n, struct om__rts_pdu *out, struct om_error *err)
{
    struct om__rts_pdu pdu = {0};
    struct om_rd r;
    om_status st;

    om_rd_init(&r, p, n);
    read_header(&r, n);
    pdu.flags = om_rd_u16(&r, "Flags");
    pdu.count = om_rd_u16(&r, "NumberOfCommands");
    pdu.count = (uint16_t)om_rd_count(&r, pdu.count, OM_RTS_MAX_COMMANDS, 4, "NumberOfCommands");
    for (unsigned i = 0; i < pdu.count && om_rd_ok(&r); i++)
        read_command(&r, &pdu.commands[i]);
    om_rd_expect_end(&r, "commands");
    st = om_rd_finish(&r, OM_LAYER_RTS, "RTS PDU", err);
    if (st == OM_OK)
        *out = pdu;
    return st;
}

void om__rts_encode(struct om_wr *w, const struct om__rts_pdu *pdu)
{
    const struct om__rpc_header h = {.ptype = OM_RPC_RTS, .flags = WHOLE};
    size_t begin = om__rpc_wr_begin(w, &h);

    om_wr_u16(w, pdu->flags);
    om_wr_u16(w, pdu->count);
    for (unsigned i = 0; i < pdu->count && i < OM_RTS_MAX_COMMANDS; i++)
        write_command(w, &pdu->commands[i]);
    om__rpc_wr_end(w, begin, 0);
}
