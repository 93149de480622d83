/* SPDX-License-Identifier: MIT */
/*
 * RTS PDUs: how the parties of RPC over HTTP v2 talk to one another beside the RPC PDUs they carry.
 * [MS-RPCH] 2.2.3 (header, commands), 2.2.4 (the PDUs). Both directions and every hop: the client,
 * the proxies and the server share them.
 *
 * A PDU is a header with flags and a list of commands. Which PDU it is stands nowhere in it: it is
 * known by its flags and by which commands follow one another, and where two PDUs look alike by who
 * sent it when. So a kind here is a shape, and lists all the names it can have.
 */
#ifndef OM_CODEC_RTS_H
#define OM_CODEC_RTS_H

#include "base/rd.h"
#include "base/wr.h"

#define OM_RTS_VERSION      1       /* [MS-RPCH] 1.7 */
#define OM_RTS_MAX_COMMANDS 8       /* the longest PDU of 2.2.4 has 7 */
#define OM_RTS_WINDOW_MIN   0x2000u /* ReceiveWindowSize, [MS-RPCH] 2.2.3.5.1 */
#define OM_RTS_WINDOW_MAX   0x40000u

/* [MS-RPCH] 2.2.3.6.1 */
enum om__rts_flag {
    OM_RTS_FLAG_NONE = 0x0000,
    OM_RTS_FLAG_PING = 0x0001,
    OM_RTS_FLAG_OTHER_CMD = 0x0002,
    OM_RTS_FLAG_RECYCLE_CHANNEL = 0x0004,
    OM_RTS_FLAG_IN_CHANNEL = 0x0008,
    OM_RTS_FLAG_OUT_CHANNEL = 0x0010,
    OM_RTS_FLAG_EOF = 0x0020,
    OM_RTS_FLAG_ECHO = 0x0040,
};

/* [MS-RPCH] 2.2.3.5: command, and the member of om__rts_command it fills */
enum om__rts_cmd {
    OM_RTS_RECEIVE_WINDOW_SIZE = 0x0, /* value: bytes */
    OM_RTS_FLOW_CONTROL_ACK = 0x1,    /* ack */
    OM_RTS_CONNECTION_TIMEOUT = 0x2,  /* value: milliseconds */
    OM_RTS_COOKIE = 0x3,              /* cookie */
    OM_RTS_CHANNEL_LIFETIME = 0x4,    /* value: bytes */
    OM_RTS_CLIENT_KEEPALIVE = 0x5,    /* value: milliseconds, 0 or at least 60,000 */
    OM_RTS_VERSION_CMD = 0x6,         /* value */
    OM_RTS_EMPTY = 0x7,
    OM_RTS_PADDING = 0x8, /* padding */
    OM_RTS_NEGATIVE_ANCE = 0x9,
    OM_RTS_ANCE = 0xA,
    OM_RTS_CLIENT_ADDRESS = 0xB,       /* address */
    OM_RTS_ASSOCIATION_GROUP_ID = 0xC, /* cookie */
    OM_RTS_DESTINATION = 0xD,          /* value: enum om__rts_destination */
    OM_RTS_PING_TRAFFIC_SENT = 0xE,    /* value: bytes */
};

/* [MS-RPCH] 2.2.3.3 */
enum om__rts_destination {
    OM_RTS_FD_CLIENT = 0,
    OM_RTS_FD_IN_PROXY = 1,
    OM_RTS_FD_SERVER = 2,
    OM_RTS_FD_OUT_PROXY = 3,
};

/* [MS-RPCH] 2.2.3.4 */
struct om__rts_ack {
    uint32_t bytes_received; /* RPC PDUs only, since the channel began */
    uint32_t available_window;
    struct om_uid channel; /* the cookie of the channel that is acknowledged */
};

/* [MS-RPCH] 2.2.3.2; the twelve bytes of padding are written as zeroes and not kept */
struct om__rts_address {
    uint32_t type;     /* 0 IPv4, 1 IPv6 */
    uint8_t bytes[16]; /* in network order; the first 4 with IPv4 */
};

struct om__rts_command {
    enum om__rts_cmd cmd;
    union {
        uint32_t value;
        struct om_uid cookie;
        struct om__rts_ack ack;
        struct om__rts_address address;
        struct om_binary padding; /* borrowed */
    };
};

struct om__rts_pdu {
    uint16_t flags;
    uint16_t count;
    struct om__rts_command commands[OM_RTS_MAX_COMMANDS];
};

/*
 * Shapes: id, names, flags, number of commands, commands in their order. Section: that of the first
 * name; IN_R1 is 2.2.4.10 to .17, IN_R2 .18 to .22, OUT_R1 .23 to .33, OUT_R2 .34 to .45.
 */
#define OM_RTS_LIST(X)                                                                             \
    X(CONN_A1, "CONN/A1", NONE, 4, VERSION_CMD, COOKIE, COOKIE, RECEIVE_WINDOW_SIZE) /* .2 */      \
    X(CONN_A2, "CONN/A2", OUT_CHANNEL, 5, VERSION_CMD, COOKIE, COOKIE, CHANNEL_LIFETIME,           \
      RECEIVE_WINDOW_SIZE)                             /* .3 */                                    \
    X(CONN_A3, "CONN/A3", NONE, 1, CONNECTION_TIMEOUT) /* .4 */                                    \
    X(CONN_B1, "CONN/B1", NONE, 6, VERSION_CMD, COOKIE, COOKIE, CHANNEL_LIFETIME,                  \
      CLIENT_KEEPALIVE, ASSOCIATION_GROUP_ID) /* .5 */                                             \
    X(CONN_B2, "CONN/B2", IN_CHANNEL, 7, VERSION_CMD, COOKIE, COOKIE, RECEIVE_WINDOW_SIZE,         \
      CONNECTION_TIMEOUT, ASSOCIATION_GROUP_ID, CLIENT_ADDRESS)      /* .6 */                      \
    X(CONN_B3, "CONN/B3", NONE, 2, RECEIVE_WINDOW_SIZE, VERSION_CMD) /* .7 */                      \
    X(CONN_C2, "CONN/C1, CONN/C2", NONE, 3, VERSION_CMD, RECEIVE_WINDOW_SIZE,                      \
      CONNECTION_TIMEOUT) /* .8, .9 */                                                             \
    X(IN_R1_A1, "IN_R1/A1, IN_R2/A1", RECYCLE_CHANNEL, 4, VERSION_CMD, COOKIE, COOKIE, COOKIE)     \
    X(IN_R1_A2, "IN_R1/A2", IN_RECYCLE, 6, VERSION_CMD, COOKIE, COOKIE, COOKIE,                    \
      RECEIVE_WINDOW_SIZE, CONNECTION_TIMEOUT)                                                     \
    X(IN_R1_A4, "IN_R1/A3, IN_R1/A4", NONE, 4, DESTINATION, VERSION_CMD, RECEIVE_WINDOW_SIZE,      \
      CONNECTION_TIMEOUT)                                                                          \
    X(IN_R1_A5, "IN_R1/A5, IN_R1/A6, IN_R2/A2, IN_R2/A5, OUT_R2/A4", NONE, 1, COOKIE)              \
    X(IN_R1_B1, "IN_R1/B1", NONE, 1, EMPTY)                                                        \
    X(IN_R1_B2, "IN_R1/B2", NONE, 1, RECEIVE_WINDOW_SIZE)                                          \
    X(IN_R2_A4, "IN_R2/A3, IN_R2/A4", NONE, 1, DESTINATION)                                        \
    X(OUT_R1_A2, "OUT_R1/A1, OUT_R1/A2, OUT_R2/A1, OUT_R2/A2", RECYCLE_CHANNEL, 1, DESTINATION)    \
    X(OUT_R1_A3, "OUT_R1/A3, OUT_R2/A3", RECYCLE_CHANNEL, 5, VERSION_CMD, COOKIE, COOKIE, COOKIE,  \
      RECEIVE_WINDOW_SIZE)                                                                         \
    X(OUT_R1_A4, "OUT_R1/A4", OUT_RECYCLE, 7, VERSION_CMD, COOKIE, COOKIE, COOKIE,                 \
      CHANNEL_LIFETIME, RECEIVE_WINDOW_SIZE, CONNECTION_TIMEOUT)                                   \
    X(OUT_R1_A6, "OUT_R1/A5, OUT_R1/A6", OUT_CHANNEL, 3, DESTINATION, VERSION_CMD,                 \
      CONNECTION_TIMEOUT)                                                                          \
    X(OUT_R1_A7, "OUT_R1/A7, OUT_R1/A8, OUT_R2/A8", OUT_CHANNEL, 2, DESTINATION, COOKIE)           \
    X(OUT_R1_A10, "OUT_R1/A9, OUT_R1/A10, OUT_R1/A11, OUT_R2/B1", NONE, 1, ANCE)                   \
    X(OUT_R2_A6, "OUT_R2/A5, OUT_R2/A6", NONE, 2, DESTINATION, ANCE)                               \
    X(OUT_R2_A7, "OUT_R2/A7", OUT_CHANNEL, 3, DESTINATION, COOKIE, VERSION_CMD)                    \
    X(OUT_R2_B2, "OUT_R2/B2", NONE, 1, NEGATIVE_ANCE)                                              \
    X(OUT_R2_B3, "OUT_R2/B3", EOF, 1, ANCE)                                                        \
    X(OUT_R2_C1, "OUT_R2/C1", PING, 1, EMPTY)                                                      \
    X(OUT_R2_C1_PADDED, "OUT_R2/C1", PING, 1, PADDING)                                             \
    X(KEEP_ALIVE, "Keep-Alive", OTHER_CMD, 1, CLIENT_KEEPALIVE)                  /* .46 */         \
    X(PING_TRAFFIC, "Ping Traffic Sent Notify", OTHER_CMD, 1, PING_TRAFFIC_SENT) /* .47 */         \
    X(ECHO, "Echo", ECHO, 0, NO_COMMAND)                                         /* .48 */         \
    X(PING, "Ping", PING, 0, NO_COMMAND)                                         /* .49 */         \
    X(FLOW_CONTROL, "FlowControlAck", OTHER_CMD, 1, FLOW_CONTROL_ACK)            /* .50 */         \
    X(FLOW_CONTROL_DEST, "FlowControlAckWithDestination", OTHER_CMD, 2, DESTINATION,               \
      FLOW_CONTROL_ACK) /* .51 */

#define OM_RTS_ENUM_(id, ...) OM_RTS_KIND_##id,
enum om__rts_kind { OM_RTS_KIND_UNKNOWN, OM_RTS_LIST(OM_RTS_ENUM_) OM_RTS_KIND_COUNT };
#undef OM_RTS_ENUM_

/* Which shape, or OM_RTS_KIND_UNKNOWN; and all its names ("unknown RTS PDU"). */
enum om__rts_kind om__rts_kind(const struct om__rts_pdu *pdu);
const char *om__rts_name(enum om__rts_kind kind);
const char *om__rts_cmd_name(enum om__rts_cmd cmd); /* "ReceiveWindowSize" */

/*
 * A PDU of that kind with all values zero: flags, count and the commands in their order. The caller
 * fills commands[i] as OM_RTS_LIST lists them.
 */
void om__rts_make(enum om__rts_kind kind, struct om__rts_pdu *pdu);

/* One whole PDU, header included, of exactly n bytes. Padding is borrowed from p. */
om_status om__rts_decode(const void *p, size_t n, struct om__rts_pdu *out, struct om_error *err);
void om__rts_encode(struct om_wr *w, const struct om__rts_pdu *pdu);

#endif
