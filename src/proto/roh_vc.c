/* SPDX-License-Identifier: MIT */
/*
 * The three state machines of [MS-RPCH] 3.2.2 stand in one table: "virtual connection open"
 * (figure 24), virtual IN channel (25) and virtual OUT channel (26). Their states are disjoint, an
 * empty cell is a protocol error, and step() is the only way from one state to another.
 *
 * Recycling has its states and rows; what a client does on entering them is refused by enter()
 * as not supported yet.
 */
#include "proto/roh_vc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fifo.h"
#include "base/guid.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/dcerpc.h"

enum {
    LIFETIME_RESERVE = 64 << 10, /* recycle when this little of the IN channel's length is left */
    MIN_PING_MS = 30000,         /* a peer's time-out cannot make us ping more often */
    MAX_PING_MS = 7200000,       /* half of the longest time-out, 2.2.3.5.3 */
};

#define STATES(X)                                                                                  \
    X(NONE, "none") /* an empty cell of the table; channels before the connection is open */       \
    X(START, "Start")                                                                              \
    X(IN_REQUESTED, "IN Channel Requested") /* 3.2.2.4.1.2: the two requests come in any order */  \
    X(OUT_REQUESTED, "OUT Channel Requested")                                                      \
    X(OUT_CHANNEL_WAIT, "Out Channel Wait")                                                        \
    X(WAIT_A3W, "Wait_A3W")                                                                        \
    X(WAIT_C2, "Wait_C2")                                                                          \
    X(OPENED, "Opened")                                                                            \
    X(CLOSED, "Closed")                                                                            \
    X(IN_OPENED, "IN Opened")                                                                      \
    X(IN_OPENED_A4W, "IN Opened_A4W")                                                              \
    X(OUT_OPENED, "OUT Opened")                                                                    \
    X(OUT_OPENED_A6W, "OUT Opened_A6W")                                                            \
    X(OUT_OPENED_A10W, "OUT Opened_A10W")                                                          \
    X(OUT_OPENED_B3W, "OUT Opened_B3W")

/* What a client can meet; RTS PDUs that look alike are told apart by that. */
#define EVENTS(X)                                                                                  \
    X(IN_REQUEST, "IN channel request")                                                            \
    X(OUT_REQUEST, "OUT channel request")                                                          \
    X(OUT_RESPONSE, "OUT channel response")                                                        \
    X(CONN_A3, "CONN/A3")                                                                          \
    X(CONN_C2, "CONN/C2")                                                                          \
    X(RPC_PDU, "RPC PDU")                                                                          \
    X(FLOW_CONTROL, "FlowControlAck")                                                              \
    X(PING, "Ping")                                                                                \
    X(KEEP_ALIVE, "Keep-Alive")                                                                    \
    X(ECHO, "Echo")                                                                                \
    X(IN_LIFETIME, "end of the IN channel's length")                                               \
    X(IN_R1_A4, "IN_R1/A4")                                                                        \
    X(IN_R2_A4, "IN_R2/A4")                                                                        \
    X(OUT_R_A2, "OUT_R1/A2 or OUT_R2/A2")                                                          \
    X(OUT_R1_A6, "OUT_R1/A6")                                                                      \
    X(OUT_R2_A6, "OUT_R2/A6")                                                                      \
    X(OUT_R1_A10, "OUT_R1/A10")                                                                    \
    X(OUT_R2_B3, "OUT_R2/B3")                                                                      \
    X(FOREIGN, "RTS PDU that is not for a client")                                                 \
    X(CLOSE, "close")

#define ENUM_(id, name) ST_##id,
enum state { STATES(ENUM_) ST_COUNT };
#undef ENUM_
#define ENUM_(id, name) EV_##id,
enum event { EVENTS(ENUM_) EV_COUNT };
#undef ENUM_
#define NAME_(id, name) name,
static const char *const state_names[] = {STATES(NAME_)};
static const char *const event_names[] = {EVENTS(NAME_)};
#undef NAME_

enum machine { VC, IN_CHANNEL, OUT_CHANNEL, MACHINES };
static const char *const machine_names[] = {"virtual connection", "virtual IN channel",
                                            "virtual OUT channel"};

static const uint8_t next[ST_COUNT][EV_COUNT] = {
    /* Virtual connection open: 3.2.2.4.1.2, 3.2.2.5.2 to 3.2.2.5.4 */
    [ST_START] = {[EV_IN_REQUEST] = ST_IN_REQUESTED,
                  [EV_OUT_REQUEST] = ST_OUT_REQUESTED,
                  [EV_CLOSE] = ST_CLOSED},
    [ST_IN_REQUESTED] = {[EV_OUT_REQUEST] = ST_OUT_CHANNEL_WAIT, [EV_CLOSE] = ST_CLOSED},
    [ST_OUT_REQUESTED] = {[EV_IN_REQUEST] = ST_OUT_CHANNEL_WAIT, [EV_CLOSE] = ST_CLOSED},
    [ST_OUT_CHANNEL_WAIT] = {[EV_OUT_RESPONSE] = ST_WAIT_A3W, [EV_CLOSE] = ST_CLOSED},
    [ST_WAIT_A3W] = {[EV_CONN_A3] = ST_WAIT_C2, [EV_PING] = ST_WAIT_A3W, [EV_CLOSE] = ST_CLOSED},
    [ST_WAIT_C2] = {[EV_CONN_C2] = ST_OPENED, [EV_PING] = ST_WAIT_C2, [EV_CLOSE] = ST_CLOSED},
    [ST_OPENED] = {[EV_RPC_PDU] = ST_OPENED,
                   [EV_FLOW_CONTROL] = ST_OPENED,
                   [EV_PING] = ST_OPENED,
                   [EV_KEEP_ALIVE] = ST_OPENED,
                   [EV_ECHO] = ST_OPENED,
                   [EV_CLOSE] = ST_CLOSED},
    [ST_CLOSED] = {[EV_CLOSE] = ST_CLOSED},
    /* Virtual IN channel: 3.2.2.5.5 */
    [ST_IN_OPENED] = {[EV_IN_LIFETIME] = ST_IN_OPENED_A4W},
    [ST_IN_OPENED_A4W] = {[EV_IN_R1_A4] = ST_IN_OPENED, [EV_IN_R2_A4] = ST_IN_OPENED},
    /* Virtual OUT channel: 3.2.2.5.6 to 3.2.2.5.9 */
    [ST_OUT_OPENED] = {[EV_OUT_R_A2] = ST_OUT_OPENED_A6W},
    [ST_OUT_OPENED_A6W] = {[EV_OUT_R1_A6] = ST_OUT_OPENED_A10W, [EV_OUT_R2_A6] = ST_OUT_OPENED_B3W},
    [ST_OUT_OPENED_A10W] = {[EV_OUT_R1_A10] = ST_OUT_OPENED},
    [ST_OUT_OPENED_B3W] = {[EV_OUT_R2_B3] = ST_OUT_OPENED},
};

/* What each RTS PDU is to a client, and whose business; the rest is FOREIGN. */
static const struct {
    uint8_t event, machine;
} meaning[OM_RTS_KIND_COUNT] = {
    [OM_RTS_KIND_CONN_A3] = {EV_CONN_A3, VC},
    [OM_RTS_KIND_CONN_C2] = {EV_CONN_C2, VC},
    [OM_RTS_KIND_FLOW_CONTROL] = {EV_FLOW_CONTROL, VC},
    [OM_RTS_KIND_FLOW_CONTROL_DEST] = {EV_FLOW_CONTROL, VC},
    [OM_RTS_KIND_PING] = {EV_PING, VC},
    [OM_RTS_KIND_KEEP_ALIVE] = {EV_KEEP_ALIVE, VC},
    [OM_RTS_KIND_ECHO] = {EV_ECHO, VC},
    [OM_RTS_KIND_IN_R1_A4] = {EV_IN_R1_A4, IN_CHANNEL},
    [OM_RTS_KIND_IN_R2_A4] = {EV_IN_R2_A4, IN_CHANNEL},
    [OM_RTS_KIND_OUT_R1_A2] = {EV_OUT_R_A2, OUT_CHANNEL},
    [OM_RTS_KIND_OUT_R1_A6] = {EV_OUT_R1_A6, OUT_CHANNEL},
    [OM_RTS_KIND_OUT_R2_A6] = {EV_OUT_R2_A6, OUT_CHANNEL},
    [OM_RTS_KIND_OUT_R1_A10] = {EV_OUT_R1_A10, OUT_CHANNEL},
    [OM_RTS_KIND_OUT_R2_B3] = {EV_OUT_R2_B3, OUT_CHANNEL},
};

struct om__roh_vc {
    struct om__roh_config config;
    uint8_t state[MACHINES];

    /* Sending on the IN channel. 3.2.1.1.5.2 */
    struct om_fifo wire[2]; /* by channel: may go out now */
    struct om_fifo pending; /* whole RPC PDUs that wait for the peer's window */
    uint32_t peer_window;   /* PeerReceiveWindow */
    uint32_t available;     /* Sender AvailableWindow */
    uint32_t bytes_sent;    /* RPC PDUs alone */
    uint32_t lifetime_used; /* of OM_ROH_CHANNEL_LIFETIME; RTS PDUs count too */
    int64_t last_sent;      /* LastSendTimeStamp; -1 before the first byte */
    int64_t ping_ms;

    /* Receiving on the OUT channel. 3.2.1.1.5.1 */
    struct om_fifo partial; /* bytes of a PDU that has not wholly come */
    struct om_fifo ready;   /* the ReceiveWindow: whole RPC PDUs, not consumed */
    size_t lent;            /* size of the PDU om__roh_next() gave last; it stands first in ready */
    uint32_t bytes_received;
    uint32_t advertised; /* AvailableWindowAdvertised */
};

static om_status broke_protocol(struct om_error *err, const char *fmt, ...) OM_PRINTF(2, 3);

static om_status broke_protocol(struct om_error *err, const char *fmt, ...)
{
    char text[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_RTS, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
                    "%s", text);
}

/* What the client does on entering a state, beyond the state itself. */
static om_status enter(enum state to, struct om_error *err)
{
    if (to == ST_IN_OPENED_A4W)
        return om__fail(err, MAPI_E_NO_SUPPORT, OM_LAYER_RTS, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE,
                        0,
                        "the IN channel has carried the 1 GiB it declared, and channel recycling "
                        "(IN_R1/A1) is not supported yet");
    if (to == ST_OUT_OPENED_A6W)
        return om__fail(err, MAPI_E_NO_SUPPORT, OM_LAYER_RTS, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE,
                        0,
                        "the proxy asks for a new OUT channel (OUT_R1/A2 or OUT_R2/A2), and "
                        "channel recycling is not supported yet");
    return OM_OK;
}

/* The one way from state to state. Data that changes nothing is not worth an event. */
static om_status step(struct om__roh_vc *vc, enum machine m, enum event ev, const char *text,
                      struct om_error *err)
{
    uint8_t from = vc->state[m], to = next[from][ev];
    struct om_trace_event te = {.layer = OM_LAYER_RTS,
                                .machine = machine_names[m],
                                .from = state_names[from],
                                .event = event_names[ev],
                                .to = to ? state_names[to] : NULL,
                                .text = text};

    if (!(ev == EV_RPC_PDU && to))
        om__trace_emit(&vc->config.trace, &te);
    if (!to)
        return broke_protocol(err, "%s: %s in state %s%s%s", machine_names[m], event_names[ev],
                              state_names[from], text ? ": " : "", text ? text : "");
    vc->state[m] = to;
    return to == from ? OM_OK : enter((enum state)to, err);
}

/* An error ends the virtual connection. 3.2.2.5.11 */
static om_status verdict(struct om__roh_vc *vc, om_status st)
{
    if (OM_FAILED(st))
        om__roh_close(vc);
    return st;
}

om_status om__roh_config_init(struct om__roh_config *config, struct om_error *err)
{
    struct om__roh_config c = {.receive_window = OM_RTS_WINDOW_MAX,
                               .keepalive_ms = OM_ROH_KEEPALIVE_MS};

    if (!om__random(&c.connection, sizeof c.connection) ||
        !om__random(&c.in_channel, sizeof c.in_channel) ||
        !om__random(&c.out_channel, sizeof c.out_channel) ||
        !om__random(&c.association, sizeof c.association))
        return om__fail(err, MAPI_E_NOT_ENOUGH_RESOURCES, OM_LAYER_SYSTEM, OM_CAUSE_IO,
                        OM_NATIVE_NONE, 0, "the system gives no random numbers for cookies");
    *config = c;
    return OM_OK;
}

om_status om__roh_create(const struct om__roh_config *config, struct om__roh_vc **out,
                         struct om_error *err)
{
    struct om__roh_vc *vc;

    if (config->receive_window < OM_RTS_WINDOW_MIN || config->receive_window > OM_RTS_WINDOW_MAX)
        return om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_RTS, OM_CAUSE_INTERNAL,
                        OM_NATIVE_NONE, 0, "a receive window of %" PRIu32 " bytes",
                        config->receive_window);
    vc = om__calloc(1, sizeof *vc);
    if (!vc)
        return om__fail_memory(err, "a virtual connection");
    vc->config = *config;
    vc->state[VC] = ST_START;
    vc->last_sent = -1;
    om__fifo_init(&vc->wire[OM_ROH_IN], OM_MAX_ROH_QUEUE);
    om__fifo_init(&vc->wire[OM_ROH_OUT], OM_MAX_RTS_PDU);
    om__fifo_init(&vc->pending, OM_MAX_ROH_QUEUE);
    om__fifo_init(&vc->partial, OM_MAX_RPC_PDU);
    om__fifo_init(&vc->ready, config->receive_window);
    vc->advertised = config->receive_window;
    *out = vc;
    return OM_OK;
}

void om__roh_free(struct om__roh_vc *vc)
{
    if (!vc)
        return;
    om__fifo_free(&vc->wire[OM_ROH_IN]);
    om__fifo_free(&vc->wire[OM_ROH_OUT]);
    om__fifo_free(&vc->pending);
    om__fifo_free(&vc->partial);
    om__fifo_free(&vc->ready);
    om__free(vc);
}

bool om__roh_is_open(const struct om__roh_vc *vc)
{
    return vc->state[VC] == ST_OPENED;
}

const char *om__roh_state(const struct om__roh_vc *vc)
{
    return state_names[vc->state[VC]];
}

/* Sending */

/* Puts bytes on a channel. The IN channel must not outgrow the length its request declared. */
static om_status put(struct om__roh_vc *vc, enum om__roh_channel ch, const void *p, size_t n,
                     struct om_error *err)
{
    if (ch == OM_ROH_IN) {
        if (n > OM_ROH_CHANNEL_LIFETIME - LIFETIME_RESERVE - vc->lifetime_used)
            return step(vc, IN_CHANNEL, EV_IN_LIFETIME, NULL, err);
        vc->lifetime_used += (uint32_t)n;
    }
    if (om__fifo_put(&vc->wire[ch], p, n))
        return OM_OK;
    if (om__fifo_fits(&vc->wire[ch], n))
        return om__fail_memory(err, "bytes to send");
    return om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_RTS, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
                    "more than %u bytes wait to be sent", OM_MAX_ROH_QUEUE);
}

static om_status put_rts(struct om__roh_vc *vc, enum om__roh_channel ch,
                         const struct om__rts_pdu *pdu, struct om_error *err)
{
    struct om_wr w;
    om_status st;

    om_wr_init(&w, OM_MAX_RTS_PDU);
    om__rts_encode(&w, pdu);
    st = om_wr_finish(&w, OM_LAYER_RTS, om__rts_name(om__rts_kind(pdu)), err);
    if (st == OM_OK)
        st = put(vc, ch, w.buf, w.len, err);
    om_wr_free(&w);
    return st;
}

/* 2.2.4.2 */
static om_status put_conn_a1(struct om__roh_vc *vc, struct om_error *err)
{
    struct om__rts_pdu pdu;

    om__rts_make(OM_RTS_KIND_CONN_A1, &pdu);
    pdu.commands[0].value = OM_RTS_VERSION;
    pdu.commands[1].cookie = vc->config.connection;
    pdu.commands[2].cookie = vc->config.out_channel;
    pdu.commands[3].value = vc->config.receive_window;
    return put_rts(vc, OM_ROH_OUT, &pdu, err);
}

/* 2.2.4.5 */
static om_status put_conn_b1(struct om__roh_vc *vc, struct om_error *err)
{
    struct om__rts_pdu pdu;

    om__rts_make(OM_RTS_KIND_CONN_B1, &pdu);
    pdu.commands[0].value = OM_RTS_VERSION;
    pdu.commands[1].cookie = vc->config.connection;
    pdu.commands[2].cookie = vc->config.in_channel;
    pdu.commands[3].value = OM_ROH_CHANNEL_LIFETIME;
    pdu.commands[4].value = vc->config.keepalive_ms;
    pdu.commands[5].cookie = vc->config.association;
    return put_rts(vc, OM_ROH_IN, &pdu, err);
}

om_status om__roh_requested(struct om__roh_vc *vc, enum om__roh_channel ch, struct om_error *err)
{
    om_status st = step(vc, VC, ch == OM_ROH_IN ? EV_IN_REQUEST : EV_OUT_REQUEST, NULL, err);

    if (st == OM_OK)
        st = ch == OM_ROH_IN ? put_conn_b1(vc, err) : put_conn_a1(vc, err);
    return verdict(vc, st);
}

om_status om__roh_responded(struct om__roh_vc *vc, struct om_error *err)
{
    return verdict(vc, step(vc, VC, EV_OUT_RESPONSE, NULL, err));
}

static size_t pdu_size(const struct om_fifo *f)
{
    struct om__rpc_header h;
    struct om_rd r;

    om_rd_init(&r, om__fifo_data(f), om__fifo_size(f));
    om__rpc_rd_header(&r, &h);
    return om_rd_ok(&r) ? h.frag_length : 0;
}

/* 3.2.1.4.1.3: what the window has room for goes from the queue to the wire. */
static om_status dequeue(struct om__roh_vc *vc, struct om_error *err)
{
    while (om__roh_is_open(vc) && om__fifo_size(&vc->pending)) {
        size_t n = pdu_size(&vc->pending);
        om_status st;

        if (n > vc->peer_window)
            return om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_RTS, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE,
                            0, "an RPC PDU of %zu bytes never fits the peer's window of %" PRIu32,
                            n, vc->peer_window);
        if (n > vc->available)
            break;
        st = put(vc, OM_ROH_IN, om__fifo_data(&vc->pending), n, err);
        if (st != OM_OK)
            return st;
        om__fifo_drop(&vc->pending, n);
        vc->available -= (uint32_t)n;
        vc->bytes_sent += (uint32_t)n;
    }
    return OM_OK;
}

om_status om__roh_send(struct om__roh_vc *vc, const void *pdu, size_t n, struct om_error *err)
{
    struct om__rpc_header h;
    struct om_rd r;
    om_status st;

    if (vc->state[VC] == ST_CLOSED)
        return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_RTS, OM_CAUSE_CLOSED, OM_NATIVE_NONE, 0,
                        "the virtual connection is closed");
    om_rd_init(&r, pdu, n);
    om__rpc_rd_header(&r, &h);
    om_rd_check(&r, h.frag_length == n, h.frag_length, "frag_length");
    st = om_rd_finish(&r, OM_LAYER_RTS, "RPC PDU to send", err);
    if (st != OM_OK)
        return verdict(vc, st);
    if (!om__fifo_fits(&vc->pending, n))
        return verdict(vc, om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_RTS, OM_CAUSE_TOO_LARGE,
                                    OM_NATIVE_NONE, 0, "more than %u bytes wait for the peer",
                                    OM_MAX_ROH_QUEUE));
    if (!om__fifo_put(&vc->pending, pdu, n))
        return verdict(vc, om__fail_memory(err, "an RPC PDU to send"));
    return verdict(vc, dequeue(vc, err));
}

const uint8_t *om__roh_output(const struct om__roh_vc *vc, enum om__roh_channel ch, size_t *n)
{
    *n = om__fifo_size(&vc->wire[ch]);
    return om__fifo_data(&vc->wire[ch]);
}

void om__roh_sent(struct om__roh_vc *vc, enum om__roh_channel ch, size_t n, int64_t now)
{
    om__fifo_drop(&vc->wire[ch], n);
    if (ch == OM_ROH_IN && n)
        vc->last_sent = now;
}

size_t om__roh_backlog(const struct om__roh_vc *vc)
{
    return om__fifo_size(&vc->wire[OM_ROH_IN]) + om__fifo_size(&vc->wire[OM_ROH_OUT]) +
           om__fifo_size(&vc->pending);
}

/* Receiving */

/* 3.2.2.5.3, 3.2.2.5.4, 3.2.2.2.1: half the time-out leaves the proxy no reason to give us up. */
static void lower_ping(struct om__roh_vc *vc, uint32_t timeout_ms)
{
    int64_t ms = timeout_ms / 2;

    if (ms < MIN_PING_MS)
        ms = MIN_PING_MS;
    if (ms > MAX_PING_MS)
        ms = MAX_PING_MS;
    if (vc->ping_ms == 0 || ms < vc->ping_ms)
        vc->ping_ms = ms;
}

/* 3.2.2.5.4 */
static om_status opened(struct om__roh_vc *vc, const struct om__rts_pdu *pdu, struct om_error *err)
{
    uint32_t window = pdu->commands[1].value;

    if (window < OM_RTS_WINDOW_MIN)
        return broke_protocol(err,
                              "CONN/C2: ReceiveWindowSize is %" PRIu32 ", at least %u is "
                              "specified",
                              window, OM_RTS_WINDOW_MIN);
    vc->peer_window = vc->available = window;
    lower_ping(vc, pdu->commands[2].value);
    vc->state[IN_CHANNEL] = ST_IN_OPENED;
    vc->state[OUT_CHANNEL] = ST_OUT_OPENED;
    return dequeue(vc, err);
}

/* 3.2.1.5.1.2 and 3.2.1.1.5.2: the peer's window opens again. */
static om_status acknowledged(struct om__roh_vc *vc, const struct om__rts_ack *ack,
                              struct om_error *err)
{
    uint32_t in_flight = vc->bytes_sent - ack->bytes_received;

    if (!om__uid_equal(&ack->channel, &vc->config.in_channel))
        return OM_OK; /* MUST be discarded */
    if (in_flight > vc->peer_window || ack->available_window > vc->peer_window ||
        ack->available_window < in_flight)
        return broke_protocol(err,
                              "FlowControlAck: BytesReceived %" PRIu32 ", AvailableWindow %" PRIu32
                              " after %" PRIu32 " bytes in a window of %" PRIu32,
                              ack->bytes_received, ack->available_window, vc->bytes_sent,
                              vc->peer_window);
    vc->available = ack->available_window - in_flight;
    return dequeue(vc, err);
}

static om_status on_rts(struct om__roh_vc *vc, const uint8_t *p, size_t n, struct om_error *err)
{
    struct om__rts_pdu pdu;
    enum om__rts_kind kind;
    char text[64] = "";
    om_status st = om__rts_decode(p, n, &pdu, err);

    if (st != OM_OK)
        return st;
    kind = om__rts_kind(&pdu);
    if (!meaning[kind].event) /* EV_IN_REQUEST is 0 and no PDU */
        return step(vc, VC, EV_FOREIGN, om__rts_name(kind), err);
    if (kind == OM_RTS_KIND_CONN_C2)
        snprintf(text, sizeof text, "window %" PRIu32 ", time-out %" PRIu32 " ms",
                 pdu.commands[1].value, pdu.commands[2].value);
    st = step(vc, (enum machine)meaning[kind].machine, (enum event)meaning[kind].event,
              text[0] ? text : NULL, err);
    if (st != OM_OK)
        return st;
    switch (kind) {
    case OM_RTS_KIND_CONN_A3:
        lower_ping(vc, pdu.commands[0].value);
        return OM_OK;
    case OM_RTS_KIND_CONN_C2:
        return opened(vc, &pdu, err);
    case OM_RTS_KIND_FLOW_CONTROL:
        return acknowledged(vc, &pdu.commands[0].ack, err);
    case OM_RTS_KIND_FLOW_CONTROL_DEST: /* forwarded to us, or astray: 3.2.1.5.2 */
        if (pdu.commands[0].value != OM_RTS_FD_CLIENT)
            return broke_protocol(
                err, "FlowControlAckWithDestination for party %" PRIu32 " came to the client",
                pdu.commands[0].value);
        return acknowledged(vc, &pdu.commands[1].ack, err);
    default:
        return OM_OK;
    }
}

/* 3.2.1.1.5.1: into the ReceiveWindow; past what we advertised the peer breaks the protocol. */
static om_status on_rpc(struct om__roh_vc *vc, const uint8_t *p, size_t n, struct om_error *err)
{
    om_status st = step(vc, VC, EV_RPC_PDU, NULL, err);

    if (st != OM_OK)
        return st;
    if (n > vc->advertised)
        return broke_protocol(err,
                              "an RPC PDU of %zu bytes overruns our receive window, of which "
                              "%" PRIu32 " are left",
                              n, vc->advertised);
    if (!om__fifo_put(&vc->ready, p, n))
        return om__fail_memory(err, "a received RPC PDU");
    vc->advertised -= (uint32_t)n;
    vc->bytes_received += (uint32_t)n;
    return OM_OK;
}

/* Takes the whole PDUs off `partial`. */
static om_status take_pdus(struct om__roh_vc *vc, struct om_error *err)
{
    while (om__fifo_size(&vc->partial) >= OM_RPC_HEADER_SIZE) {
        const uint8_t *p = om__fifo_data(&vc->partial);
        struct om__rpc_header h;
        struct om_rd r;
        om_status st;

        om_rd_init(&r, p, OM_RPC_HEADER_SIZE);
        om__rpc_rd_header(&r, &h);
        st = om_rd_finish(&r, OM_LAYER_RTS, "PDU on the OUT channel", err);
        if (st != OM_OK)
            return st;
        if (h.frag_length > om__fifo_size(&vc->partial))
            return OM_OK;
        st = h.ptype == OM_RPC_RTS ? on_rts(vc, p, h.frag_length, err)
                                   : on_rpc(vc, p, h.frag_length, err);
        if (st != OM_OK)
            return st;
        om__fifo_drop(&vc->partial, h.frag_length);
    }
    return OM_OK;
}

om_status om__roh_feed(struct om__roh_vc *vc, const void *p, size_t n, struct om_error *err)
{
    const uint8_t *from = p;
    om_status st = OM_OK;

    /* Never stuck: `partial` has room for the largest PDU, and after take_pdus() holds less. */
    while (n && st == OM_OK) {
        size_t room = OM_MAX_RPC_PDU - om__fifo_size(&vc->partial);
        size_t some = n < room ? n : room;

        if (!om__fifo_put(&vc->partial, from, some))
            return verdict(vc, om__fail_memory(err, "bytes received"));
        from += some;
        n -= some;
        st = take_pdus(vc, err);
    }
    return verdict(vc, st);
}

/* 3.2.1.4.1.1: few acknowledgements, and never a sender that waits for one that does not come. */
static om_status acknowledge(struct om__roh_vc *vc, struct om_error *err)
{
    uint32_t window = vc->config.receive_window;
    uint32_t available = window - (uint32_t)om__fifo_size(&vc->ready);
    uint32_t low = window / 2 > 2 * OM_MAX_RPC_FRAG ? window / 2 : 2 * OM_MAX_RPC_FRAG;
    struct om__rts_pdu pdu;

    if (vc->advertised >= low || available <= vc->advertised || !om__roh_is_open(vc))
        return OM_OK;
    if (om__fifo_size(&vc->ready) && available - vc->advertised < window / 2)
        return OM_OK;
    om__rts_make(OM_RTS_KIND_FLOW_CONTROL_DEST, &pdu);
    pdu.commands[0].value =
        OM_RTS_FD_OUT_PROXY; /* the IN channel is the only way there: 3.2.1.5.2 */
    pdu.commands[1].ack.bytes_received = vc->bytes_received;
    pdu.commands[1].ack.available_window = available;
    pdu.commands[1].ack.channel = vc->config.out_channel;
    vc->advertised = available;
    return put_rts(vc, OM_ROH_IN, &pdu, err);
}

bool om__roh_next(struct om__roh_vc *vc, const uint8_t **pdu, size_t *n, om_status *st,
                  struct om_error *err)
{
    om__fifo_drop(&vc->ready, vc->lent);
    *st = vc->lent ? verdict(vc, acknowledge(vc, err)) : OM_OK;
    vc->lent = 0;
    if (*st != OM_OK || !om__fifo_size(&vc->ready))
        return false;
    vc->lent = *n = pdu_size(&vc->ready);
    *pdu = om__fifo_data(&vc->ready);
    return true;
}

/* Time and ends */

int64_t om__roh_deadline(const struct om__roh_vc *vc)
{
    if (!om__roh_is_open(vc) || vc->last_sent < 0 || om__fifo_size(&vc->wire[OM_ROH_IN]))
        return INT64_MAX;
    return vc->last_sent + vc->ping_ms;
}

om_status om__roh_tick(struct om__roh_vc *vc, int64_t now, struct om_error *err)
{
    struct om__rts_pdu pdu;

    if (now < om__roh_deadline(vc))
        return OM_OK;
    om__rts_make(OM_RTS_KIND_PING, &pdu);
    return verdict(vc, put_rts(vc, OM_ROH_IN, &pdu, err));
}

om_status om__roh_channel_closed(struct om__roh_vc *vc, enum om__roh_channel ch,
                                 struct om_error *err)
{
    const char *which = ch == OM_ROH_IN ? "IN" : "OUT", *state = om__roh_state(vc);
    size_t cut = ch == OM_ROH_OUT ? om__fifo_size(&vc->partial) : 0;
    char where[48] = "";

    if (cut)
        snprintf(where, sizeof where, ", %zu bytes into a PDU", cut);
    om__roh_close(vc);
    return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_RTS, OM_CAUSE_CLOSED, OM_NATIVE_NONE, 0,
                    "the RPC proxy closed the %s channel in state %s%s", which, state, where);
}

void om__roh_close(struct om__roh_vc *vc)
{
    if (vc->state[VC] != ST_CLOSED)
        (void)step(vc, VC, EV_CLOSE, NULL, NULL);
}
