/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"
#include "support/rpch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "proto/roh_vc.h"

/* What the machine told of itself. */
struct story {
    char text[4096];
    unsigned events;
};

static void listen(void *ctx, const struct om_trace_event *ev)
{
    struct story *s = ctx;
    size_t used = strlen(s->text);

    s->events++;
    snprintf(s->text + used, sizeof s->text - used, "%s --%s--> %s\n", ev->from, ev->event,
             ev->to ? ev->to : "error");
}

static struct om__rts_pdu rts(enum om__rts_kind kind)
{
    struct om__rts_pdu pdu;

    om__rts_make(kind, &pdu);
    return pdu;
}

static om_status feed_rts(struct om__roh_vc *vc, const struct om__rts_pdu *pdu,
                          struct om_error *err)
{
    struct om_wr w;
    om_status st;

    om_wr_init(&w, OM_MAX_RTS_PDU);
    om__rts_encode(&w, pdu);
    st = om__roh_feed(vc, w.buf, w.len, err);
    om_wr_free(&w);
    return st;
}

/* An RPC response of n bytes in all. free() it. */
static uint8_t *rpc_pdu(size_t n)
{
    uint8_t *p = calloc(1, n);

    assert_non_null(p);
    memcpy(p, "\x05\x00\x02\x03\x10\x00\x00\x00", 8);
    p[8] = (uint8_t)n;
    p[9] = (uint8_t)(n >> 8);
    return p;
}

static struct om__roh_config test_config(uint32_t window)
{
    struct om__roh_config c = {.receive_window = window, .keepalive_ms = OM_ROH_KEEPALIVE_MS};

    memset(&c.connection, 1, 16);
    memset(&c.in_channel, 2, 16);
    memset(&c.out_channel, 3, 16);
    memset(&c.association, 4, 16);
    return c;
}

enum stage { REQUESTED, RESPONDED, HAS_A3, OPEN };

static void drain(struct om__roh_vc *vc, int64_t now)
{
    size_t n;

    om__roh_output(vc, OM_ROH_IN, &n);
    om__roh_sent(vc, OM_ROH_IN, n, now);
    om__roh_output(vc, OM_ROH_OUT, &n);
    om__roh_sent(vc, OM_ROH_OUT, n, now);
}

static struct om__roh_vc *at_stage(enum stage stage, const struct om__roh_config *config,
                                   uint32_t peer_window)
{
    struct om__roh_vc *vc = NULL;
    struct om__rts_pdu pdu;

    assert_int_equal(om__roh_create(config, &vc, NULL), OM_OK);
    assert_int_equal(om__roh_requested(vc, OM_ROH_IN, NULL), OM_OK);
    assert_int_equal(om__roh_requested(vc, OM_ROH_OUT, NULL), OM_OK);
    drain(vc, 1000);
    if (stage >= RESPONDED)
        assert_int_equal(om__roh_responded(vc, NULL), OM_OK);
    pdu = rts(OM_RTS_KIND_CONN_A3);
    pdu.commands[0].value = 120000;
    if (stage >= HAS_A3)
        assert_int_equal(feed_rts(vc, &pdu, NULL), OM_OK);
    pdu = rts(OM_RTS_KIND_CONN_C2);
    pdu.commands[0].value = 1;
    pdu.commands[1].value = peer_window;
    pdu.commands[2].value = 180000;
    if (stage >= OPEN)
        assert_int_equal(feed_rts(vc, &pdu, NULL), OM_OK);
    return vc;
}

static struct om__roh_vc *open_vc(uint32_t window, uint32_t peer_window)
{
    struct om__roh_config c = test_config(window);

    return at_stage(OPEN, &c, peer_window);
}

/* Captured channels */

static struct om__roh_config captured_config(const uint8_t *in, size_t n_in, const uint8_t *out,
                                             size_t n_out)
{
    struct om__roh_config c = {0};
    struct om__rts_pdu a1, b1;
    size_t at, size;

    at = rpch_body(in, n_in);
    assert_int_equal(om__rts_decode(rpch_next(in, n_in, &at, &size), 104, &b1, NULL), OM_OK);
    at = rpch_body(out, n_out);
    assert_int_equal(om__rts_decode(rpch_next(out, n_out, &at, &size), 76, &a1, NULL), OM_OK);
    c.connection = a1.commands[1].cookie;
    c.out_channel = a1.commands[2].cookie;
    c.receive_window = a1.commands[3].value;
    c.in_channel = b1.commands[2].cookie;
    c.keepalive_ms = b1.commands[4].value;
    c.association = b1.commands[5].cookie;
    return c;
}

static void assert_first_pdu(const struct om__roh_vc *vc, enum om__roh_channel ch,
                             const uint8_t *file, size_t n)
{
    size_t at = rpch_body(file, n), size, got;
    const uint8_t *want = rpch_next(file, n, &at, &size);
    const uint8_t *p = om__roh_output(vc, ch, &got);

    om_assert_bytes(p, got, want, size);
}

/* Takes what is ready; every PDU must be the capture's next RPC PDU. */
static void take_ready(struct om__roh_vc *vc, const uint8_t *file, size_t n, size_t *at)
{
    const uint8_t *p, *want;
    size_t got, size;
    om_status st;

    while (om__roh_next(vc, &p, &got, &st, NULL)) {
        do
            want = rpch_next(file, n, at, &size);
        while (want && want[2] == 20);
        assert_non_null(want);
        om_assert_bytes(p, got, want, size);
    }
    assert_int_equal(st, OM_OK);
}

static void replay(const char *name, size_t chunk)
{
    char path[64];
    size_t n_in, n_out, n_srv, at, seen, size;
    uint8_t *in, *out, *srv;
    struct om__roh_config c;
    struct om__roh_vc *vc = NULL;
    struct om_error err = OM_ERROR_INIT;
    const uint8_t *p;

    snprintf(path, sizeof path, "golden/rpch/%s-in.client", name);
    in = om_test_file(path, &n_in);
    snprintf(path, sizeof path, "golden/rpch/%s-out.client", name);
    out = om_test_file(path, &n_out);
    snprintf(path, sizeof path, "golden/rpch/%s-out.server", name);
    srv = om_test_file(path, &n_srv);
    c = captured_config(in, n_in, out, n_out);
    assert_int_equal(om__roh_create(&c, &vc, &err), OM_OK);
    assert_int_equal(om__roh_requested(vc, OM_ROH_OUT, &err), OM_OK);
    assert_int_equal(om__roh_requested(vc, OM_ROH_IN, &err), OM_OK);
    assert_first_pdu(vc, OM_ROH_IN, in, n_in);
    assert_first_pdu(vc, OM_ROH_OUT, out, n_out);
    drain(vc, 0);
    assert_int_equal(om__roh_responded(vc, &err), OM_OK);
    at = seen = rpch_body(srv, n_srv);
    while (at < n_srv) {
        size_t some = n_srv - at < chunk ? n_srv - at : chunk;

        if (om__roh_feed(vc, srv + at, some, &err) != OM_OK)
            fail_msg("at byte %zu: %s", at, err.detail);
        at += some;
        take_ready(vc, srv, n_srv, &seen);
    }
    assert_true(om__roh_is_open(vc));
    assert_null(rpch_next(srv, n_srv, &seen, &size)); /* none was left out */
    at = rpch_body(in, n_in);
    while ((p = rpch_next(in, n_in, &at, &size))) {
        size_t got;
        const uint8_t *wire;

        if (p[2] == 20)
            continue;
        assert_int_equal(om__roh_send(vc, p, size, &err), OM_OK);
        wire = om__roh_output(vc, OM_ROH_IN, &got);
        om_assert_bytes(wire, got, p, size);
        drain(vc, 1);
    }
    om__roh_free(vc);
    free(in);
    free(out);
    free(srv);
}

static void test_vc_replays_captured_channels_however_they_are_cut(void **state)
{
    static const char *const names[] = {"nspi", "nspi-ntlm", "emsmdb"};
    static const size_t chunks[] = {1, 7, 1460, 100000};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++)
            replay(names[i], chunks[c]);
    }
}

static void test_vc_tells_its_way_to_open(void **state)
{
    struct story s = {"", 0};
    struct om__roh_config c = test_config(65536);
    struct om__roh_vc *vc;

    (void)state;
    c.trace = (struct om__trace){listen, &s};
    vc = at_stage(OPEN, &c, 65536);
    om__roh_close(vc);
    assert_string_equal(s.text, "Start --IN channel request--> IN Channel Requested\n"
                                "IN Channel Requested --OUT channel request--> Out Channel Wait\n"
                                "Out Channel Wait --OUT channel response--> Wait_A3W\n"
                                "Wait_A3W --CONN/A3--> Wait_C2\n"
                                "Wait_C2 --CONN/C2--> Opened\n"
                                "Opened --close--> Closed\n");
    om__roh_free(vc);
}

/* [MS-RPCH] 3.2.2.5: what may come in which state; everything else is a protocol error. */
static bool allowed(enum stage stage, enum om__rts_kind kind)
{
    switch (stage) {
    case REQUESTED:
        return false;
    case RESPONDED:
        return kind == OM_RTS_KIND_CONN_A3 || kind == OM_RTS_KIND_PING;
    case HAS_A3:
        return kind == OM_RTS_KIND_CONN_C2 || kind == OM_RTS_KIND_PING;
    case OPEN:
        return kind == OM_RTS_KIND_PING || kind == OM_RTS_KIND_KEEP_ALIVE ||
               kind == OM_RTS_KIND_ECHO || kind == OM_RTS_KIND_FLOW_CONTROL ||
               kind == OM_RTS_KIND_FLOW_CONTROL_DEST;
    }
    return false;
}

static void test_vc_takes_each_rts_pdu_only_in_its_states(void **state)
{
    static const char *const names[] = {"Out Channel Wait", "Wait_A3W", "Wait_C2", "Opened"};
    struct om__roh_config c = test_config(65536);

    (void)state;
    for (int stage = REQUESTED; stage <= OPEN; stage++) {
        for (int k = OM_RTS_KIND_UNKNOWN + 1; k < OM_RTS_KIND_COUNT; k++) {
            struct om__roh_vc *vc = at_stage((enum stage)stage, &c, 65536);
            struct om__rts_pdu pdu = rts((enum om__rts_kind)k);
            struct om_error err = OM_ERROR_INIT;
            om_status st;

            if (k == OM_RTS_KIND_CONN_C2)
                pdu.commands[1].value = 65536;
            st = feed_rts(vc, &pdu, &err);
            if (allowed((enum stage)stage, (enum om__rts_kind)k)) {
                assert_int_equal(st, OM_OK);
            } else if (stage == OPEN && k == OM_RTS_KIND_OUT_R1_A2) {
                assert_int_equal(st, MAPI_E_NO_SUPPORT);
                assert_int_equal(err.cause, OM_CAUSE_UNSUPPORTED);
                assert_string_equal(om__roh_state(vc), "Closed");
            } else {
                assert_int_equal(err.cause, OM_CAUSE_PROTOCOL);
                assert_int_equal(err.layer, OM_LAYER_RTS);
                if (!strstr(err.detail, names[stage]) && !strstr(err.detail, "channel:"))
                    fail_msg("%s: \"%s\"", om__rts_name((enum om__rts_kind)k), err.detail);
                assert_string_equal(om__roh_state(vc), "Closed");
            }
            om__roh_free(vc);
        }
    }
}

static void test_vc_refuses_an_rpc_pdu_before_it_is_open(void **state)
{
    struct om__roh_config c = test_config(65536);
    struct om__roh_vc *vc = at_stage(HAS_A3, &c, 0);
    struct om_error err = OM_ERROR_INIT;
    uint8_t *p = rpc_pdu(24);

    (void)state;
    assert_true(OM_FAILED(om__roh_feed(vc, p, 24, &err)));
    assert_non_null(strstr(err.detail, "RPC PDU in state Wait_C2"));
    free(p);
    om__roh_free(vc);
}

/* Flow control */

static size_t on_wire(const struct om__roh_vc *vc)
{
    size_t n;

    om__roh_output(vc, OM_ROH_IN, &n);
    return n;
}

static om_status feed_ack(struct om__roh_vc *vc, int cookie, uint32_t received, uint32_t window,
                          struct om_error *err)
{
    struct om__rts_pdu pdu = rts(OM_RTS_KIND_FLOW_CONTROL_DEST);

    pdu.commands[0].value = OM_RTS_FD_CLIENT;
    pdu.commands[1].ack.bytes_received = received;
    pdu.commands[1].ack.available_window = window;
    memset(&pdu.commands[1].ack.channel, cookie, 16);
    return feed_rts(vc, &pdu, err);
}

static void test_vc_sends_no_more_than_the_peers_window(void **state)
{
    struct om__roh_vc *vc = open_vc(65536, 10000);
    uint8_t *p = rpc_pdu(4000);

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(om__roh_send(vc, p, 4000, NULL), OM_OK);
    assert_int_equal(on_wire(vc), 8000);
    drain(vc, 2000);
    assert_int_equal(om__roh_backlog(vc), 12000);
    assert_int_equal(feed_ack(vc, 9, 8000, 10000, NULL), OM_OK); /* another channel's */
    assert_int_equal(on_wire(vc), 0);
    assert_int_equal(feed_ack(vc, 2, 4000, 10000, NULL), OM_OK); /* 4000 still under way */
    assert_int_equal(on_wire(vc), 4000);
    drain(vc, 2000);
    assert_int_equal(feed_ack(vc, 2, 12000, 10000, NULL), OM_OK);
    assert_int_equal(on_wire(vc), 8000);
    drain(vc, 2000);
    assert_int_equal(om__roh_backlog(vc), 0);
    free(p);
    om__roh_free(vc);
}

static void test_vc_sends_what_was_queued_before_it_opened(void **state)
{
    struct om__roh_config c = test_config(65536);
    struct om__roh_vc *vc = at_stage(HAS_A3, &c, 0);
    struct om__rts_pdu pdu = rts(OM_RTS_KIND_CONN_C2);
    uint8_t *p = rpc_pdu(72);

    (void)state;
    assert_int_equal(om__roh_send(vc, p, 72, NULL), OM_OK);
    assert_int_equal(on_wire(vc), 0);
    pdu.commands[1].value = 65536;
    assert_int_equal(feed_rts(vc, &pdu, NULL), OM_OK);
    assert_int_equal(on_wire(vc), 72);
    free(p);
    om__roh_free(vc);
}

static void test_vc_refuses_acknowledgements_that_cannot_be(void **state)
{
    static const struct {
        uint32_t received, window;
    } lies[] = {{4001, 10000}, {4000, 10001}, {0, 3999}};
    uint8_t *p = rpc_pdu(4000);

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct om__roh_vc *vc = open_vc(65536, 10000);
        struct om_error err = OM_ERROR_INIT;

        assert_int_equal(om__roh_send(vc, p, 4000, NULL), OM_OK);
        assert_true(OM_FAILED(feed_ack(vc, 2, lies[i].received, lies[i].window, &err)));
        assert_int_equal(err.cause, OM_CAUSE_PROTOCOL);
        om__roh_free(vc);
    }
    free(p);
}

static void test_vc_says_when_a_pdu_can_never_fit(void **state)
{
    struct om__roh_vc *vc = open_vc(65536, 8192);
    struct om_error err = OM_ERROR_INIT;
    uint8_t *p = rpc_pdu(8193);

    (void)state;
    assert_int_equal(om__roh_send(vc, p, 8193, &err), MAPI_E_TOO_BIG);
    assert_int_equal(err.cause, OM_CAUSE_TOO_LARGE);
    free(p);
    om__roh_free(vc);
}

static void test_vc_refuses_a_window_below_the_specified(void **state)
{
    struct om__roh_config c = test_config(65536);
    struct om__roh_vc *vc = at_stage(HAS_A3, &c, 0);
    struct om__rts_pdu pdu = rts(OM_RTS_KIND_CONN_C2);
    struct om_error err = OM_ERROR_INIT;

    (void)state;
    pdu.commands[1].value = 8191;
    assert_true(OM_FAILED(feed_rts(vc, &pdu, &err)));
    assert_int_equal(err.cause, OM_CAUSE_PROTOCOL);
    om__roh_free(vc);
}

/* The whole output must be one FlowControlAckWithDestination. */
static void assert_ack(struct om__roh_vc *vc, uint32_t received, uint32_t window)
{
    struct om__rts_pdu pdu;
    size_t n;
    const uint8_t *p = om__roh_output(vc, OM_ROH_IN, &n);

    assert_int_equal(om__rts_decode(p, n, &pdu, NULL), OM_OK);
    assert_int_equal(om__rts_kind(&pdu), OM_RTS_KIND_FLOW_CONTROL_DEST);
    assert_int_equal(pdu.commands[0].value, OM_RTS_FD_OUT_PROXY);
    assert_int_equal(pdu.commands[1].ack.bytes_received, received);
    assert_int_equal(pdu.commands[1].ack.available_window, window);
    assert_int_equal(pdu.commands[1].ack.channel.ab[0], 3);
    drain(vc, 3000);
}

static void take(struct om__roh_vc *vc, unsigned count)
{
    const uint8_t *p;
    size_t n;
    om_status st;

    for (unsigned i = 0; i < count; i++)
        assert_true(om__roh_next(vc, &p, &n, &st, NULL));
}

static void test_vc_acknowledges_when_half_the_window_is_used(void **state)
{
    struct om__roh_vc *vc = open_vc(65536, 65536);
    uint8_t *p = rpc_pdu(4000);

    (void)state;
    for (int i = 0; i < 8; i++)
        assert_int_equal(om__roh_feed(vc, p, 4000, NULL), OM_OK);
    take(vc, 8);
    assert_int_equal(on_wire(vc), 0); /* 33,536 are still advertised */
    assert_int_equal(om__roh_feed(vc, p, 4000, NULL), OM_OK);
    take(vc, 1);
    assert_int_equal(on_wire(vc), 0); /* lent, not yet consumed */
    assert_false(om__roh_next(vc, &(const uint8_t *){0}, &(size_t){0}, &(om_status){0}, NULL));
    assert_ack(vc, 36000, 65536);
    /* a slow taker: the acknowledgement tells what is free now */
    for (int i = 0; i < 16; i++)
        assert_int_equal(om__roh_feed(vc, p, 4000, NULL), OM_OK);
    take(vc, 9);
    assert_int_equal(on_wire(vc), 0);
    take(vc, 1);
    assert_ack(vc, 100000, 65536 - 7 * 4000);
    free(p);
    om__roh_free(vc);
}

static void test_vc_never_leaves_a_sender_waiting_in_the_smallest_window(void **state)
{
    struct om__roh_vc *vc = open_vc(8192, 8192);
    uint8_t *p = rpc_pdu(5840);
    const uint8_t *q;
    size_t n;
    om_status st;

    (void)state;
    for (uint32_t i = 1; i <= 20; i++) {
        assert_int_equal(om__roh_feed(vc, p, 5840, NULL), OM_OK);
        assert_true(om__roh_next(vc, &q, &n, &st, NULL));
        assert_false(om__roh_next(vc, &q, &n, &st, NULL));
        assert_ack(vc, i * 5840, 8192);
    }
    free(p);
    om__roh_free(vc);
}

static void test_vc_refuses_bytes_past_its_window(void **state)
{
    struct om__roh_vc *vc = open_vc(8192, 8192);
    struct om_error err = OM_ERROR_INIT;
    uint8_t *p = rpc_pdu(4100);

    (void)state;
    assert_int_equal(om__roh_feed(vc, p, 4100, &err), OM_OK);
    assert_true(OM_FAILED(om__roh_feed(vc, p, 4100, &err)));
    assert_non_null(strstr(err.detail, "overruns"));
    free(p);
    om__roh_free(vc);
}

/* Time and ends */

static void test_vc_pings_before_the_proxy_gives_it_up(void **state)
{
    struct om__roh_vc *vc = open_vc(65536, 65536); /* time-outs of 120 and 180 s, sent at 1000 */
    struct om__rts_pdu pdu;
    const uint8_t *p;
    size_t n;

    (void)state;
    assert_int_equal(om__roh_deadline(vc), 61000);
    assert_int_equal(om__roh_tick(vc, 60999, NULL), OM_OK);
    assert_int_equal(on_wire(vc), 0);
    assert_int_equal(om__roh_tick(vc, 61000, NULL), OM_OK);
    p = om__roh_output(vc, OM_ROH_IN, &n);
    assert_int_equal(om__rts_decode(p, n, &pdu, NULL), OM_OK);
    assert_int_equal(om__rts_kind(&pdu), OM_RTS_KIND_PING);
    assert_true(om__roh_deadline(vc) == INT64_MAX); /* one is on its way */
    assert_int_equal(om__roh_tick(vc, 200000, NULL), OM_OK);
    assert_int_equal(on_wire(vc), 20);
    drain(vc, 61005);
    assert_int_equal(om__roh_deadline(vc), 121005);
    om__roh_free(vc);
}

static void test_vc_stops_before_the_declared_length_is_full(void **state)
{
    struct om__roh_vc *vc = open_vc(65536, 65536);
    struct om_error err = OM_ERROR_INIT;
    uint8_t *p = rpc_pdu(65528);
    uint64_t sent = 104;
    uint32_t acked = 0;

    (void)state;
    for (;;) {
        if (om__roh_send(vc, p, 65528, &err) != OM_OK)
            break;
        sent += 65528;
        acked += 65528;
        drain(vc, 1);
        assert_int_equal(feed_ack(vc, 2, acked, 65536, &err), OM_OK);
    }
    assert_int_equal(err.cause, OM_CAUSE_UNSUPPORTED);
    assert_non_null(strstr(err.detail, "channel recycling"));
    assert_true(sent <= OM_ROH_CHANNEL_LIFETIME && sent > OM_ROH_CHANNEL_LIFETIME - 3 * 65536);
    free(p);
    om__roh_free(vc);
}

static void test_vc_names_channel_and_state_when_the_proxy_closes(void **state)
{
    struct om__roh_config c = test_config(65536);
    struct om__roh_vc *vc = at_stage(RESPONDED, &c, 0);
    struct om_error err = OM_ERROR_INIT;

    (void)state;
    assert_int_equal(om__roh_feed(vc, "\x05\x00\x14", 3, &err), OM_OK);
    assert_int_equal(om__roh_channel_closed(vc, OM_ROH_OUT, &err), MAPI_E_NETWORK_ERROR);
    assert_int_equal(err.cause, OM_CAUSE_CLOSED);
    assert_string_equal(
        err.detail, "the RPC proxy closed the OUT channel in state Wait_A3W, 3 bytes into a PDU");
    om_error_clear(&err);
    assert_true(OM_FAILED(om__roh_feed(vc, "", 1, &err) | om__roh_send(vc, "", 0, &err)));
    om__roh_free(vc);
}

static void test_vc_survives_any_damaged_byte(void **state)
{
    size_t n;
    uint8_t *srv = om_test_file("golden/rpch/nspi-out.server", &n);
    size_t body = rpch_body(srv, n), end = body + 300;
    struct om__roh_config c = test_config(65536);

    (void)state;
    for (size_t at = body; at < end; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct om__roh_vc *vc = at_stage(RESPONDED, &c, 0);
            struct om_error err = OM_ERROR_INIT;
            om_status st;

            srv[at] ^= (uint8_t)(1 << bit);
            st = om__roh_feed(vc, srv + body, end - body, &err);
            assert_true(st == OM_OK || (err.cause != OM_CAUSE_NONE && err.detail[0]));
            srv[at] ^= (uint8_t)(1 << bit);
            om__roh_free(vc);
        }
    }
    free(srv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vc_replays_captured_channels_however_they_are_cut),
        cmocka_unit_test(test_vc_tells_its_way_to_open),
        cmocka_unit_test(test_vc_takes_each_rts_pdu_only_in_its_states),
        cmocka_unit_test(test_vc_refuses_an_rpc_pdu_before_it_is_open),
        cmocka_unit_test(test_vc_sends_no_more_than_the_peers_window),
        cmocka_unit_test(test_vc_sends_what_was_queued_before_it_opened),
        cmocka_unit_test(test_vc_refuses_acknowledgements_that_cannot_be),
        cmocka_unit_test(test_vc_says_when_a_pdu_can_never_fit),
        cmocka_unit_test(test_vc_refuses_a_window_below_the_specified),
        cmocka_unit_test(test_vc_acknowledges_when_half_the_window_is_used),
        cmocka_unit_test(test_vc_never_leaves_a_sender_waiting_in_the_smallest_window),
        cmocka_unit_test(test_vc_refuses_bytes_past_its_window),
        cmocka_unit_test(test_vc_pings_before_the_proxy_gives_it_up),
        cmocka_unit_test(test_vc_stops_before_the_declared_length_is_full),
        cmocka_unit_test(test_vc_names_channel_and_state_when_the_proxy_closes),
        cmocka_unit_test(test_vc_survives_any_damaged_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
