/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"
#include "support/rpch.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/rts.h"

static om_status decode(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__rts_pdu pdu;
    om_status st = om__rts_decode(p, n, &pdu, err);

    (void)ctx;
    if (st == OM_OK)
        (void)om__rts_kind(&pdu);
    return st;
}

static void assert_reencodes(const uint8_t *p, size_t n, struct om__rts_pdu *pdu)
{
    struct om_error err = OM_ERROR_INIT;
    struct om_wr w;

    if (om__rts_decode(p, n, pdu, &err) != OM_OK)
        fail_msg("%s", err.detail);
    om_wr_init(&w, OM_MAX_RTS_PDU);
    om__rts_encode(&w, pdu);
    assert_false(w.failed);
    om_assert_bytes(w.buf, w.len, p, n);
    om_wr_free(&w);
}

/* Every RTS PDU of a captured channel; counts[kind] grows by those seen. */
static void walk(const char *name, unsigned *counts)
{
    struct om__rts_pdu pdu;
    const uint8_t *p;
    size_t n, size, at;
    uint8_t *data = om_test_file(name, &n);

    at = rpch_body(data, n);
    while ((p = rpch_next(data, n, &at, &size))) {
        if (p[2] != 20)
            continue;
        assert_reencodes(p, size, &pdu);
        counts[om__rts_kind(&pdu)]++;
        om_check_codec(decode, p, size, NULL);
    }
    free(data);
}

static void test_rts_captures_come_back_to_the_same_bytes(void **state)
{
    unsigned counts[OM_RTS_KIND_COUNT] = {0};

    (void)state;
    walk("golden/rpch/nspi-in.client", counts);
    walk("golden/rpch/nspi-out.client", counts);
    walk("golden/rpch/nspi-out.server", counts);
    walk("golden/rpch/emsmdb-in.client", counts);
    walk("golden/rpch/emsmdb-out.client", counts);
    walk("golden/rpch/emsmdb-out.server", counts);
    assert_int_equal(counts[OM_RTS_KIND_UNKNOWN], 0);
    assert_int_equal(counts[OM_RTS_KIND_CONN_A1], 2);
    assert_int_equal(counts[OM_RTS_KIND_CONN_A3], 2);
    assert_int_equal(counts[OM_RTS_KIND_CONN_B1], 2);
    assert_int_equal(counts[OM_RTS_KIND_CONN_C2], 2);
    assert_int_equal(counts[OM_RTS_KIND_FLOW_CONTROL_DEST], 41);
}

static void test_rts_captured_conn_b1_says_what_it_says(void **state)
{
    struct om__rts_pdu pdu;
    size_t n, size, at;
    uint8_t *data = om_test_file("golden/rpch/nspi-in.client", &n);
    const uint8_t *p;

    (void)state;
    at = rpch_body(data, n);
    p = rpch_next(data, n, &at, &size);
    assert_non_null(p);
    assert_reencodes(p, size, &pdu);
    assert_int_equal(size, 104);
    assert_int_equal(om__rts_kind(&pdu), OM_RTS_KIND_CONN_B1);
    assert_int_equal(pdu.commands[0].value, OM_RTS_VERSION);
    assert_int_equal(pdu.commands[1].cookie.ab[0], 0x57);
    assert_int_equal(pdu.commands[3].value, 0x40000000);
    assert_int_equal(pdu.commands[4].value, 300000);
    assert_int_equal(pdu.commands[5].cookie.ab[15], 0x1c);
    free(data);
}

/* Values that show a command written to the wrong place. */
static void fill(struct om__rts_pdu *pdu)
{
    for (unsigned i = 0; i < pdu->count; i++) {
        struct om__rts_command *c = &pdu->commands[i];

        switch (c->cmd) {
        case OM_RTS_COOKIE:
        case OM_RTS_ASSOCIATION_GROUP_ID:
            memset(c->cookie.ab, (int)(0xA0 + i), sizeof c->cookie.ab);
            break;
        case OM_RTS_FLOW_CONTROL_ACK:
            c->ack.bytes_received = 0x01020304;
            c->ack.available_window = 0x05060708;
            memset(c->ack.channel.ab, 0xCC, sizeof c->ack.channel.ab);
            break;
        case OM_RTS_PADDING:
            c->padding.pb = (const uint8_t *)"pad";
            c->padding.cb = 3;
            break;
        case OM_RTS_CLIENT_ADDRESS:
            c->address.type = 1;
            memset(c->address.bytes, 0xFE, sizeof c->address.bytes);
            break;
        default:
            c->value = 1000 + i;
        }
    }
}

static void test_rts_every_shape_is_told_from_every_other(void **state)
{
    (void)state;
    for (unsigned k = OM_RTS_KIND_UNKNOWN + 1; k < OM_RTS_KIND_COUNT; k++) {
        struct om__rts_pdu pdu, back;
        struct om_wr w;

        om__rts_make((enum om__rts_kind)k, &pdu);
        fill(&pdu);
        om_wr_init(&w, OM_MAX_RTS_PDU);
        om__rts_encode(&w, &pdu);
        assert_false(w.failed);
        assert_reencodes(w.buf, w.len, &back);
        assert_int_equal(om__rts_kind(&back), k);
        om_check_codec(decode, w.buf, w.len, NULL);
        om_wr_free(&w);
    }
}

/*
 * Flags, NumberOfCommands and the commands' numbers as the pages of [MS-RPCH] 2.2.4 give them,
 * in digits: a name given the wrong number in rts.h does not pass.
 */
static const struct {
    const char *name;
    uint16_t flags;
    const char *commands; /* a hexadecimal digit each */
} pages[] = {
    {"CONN/A1", 0x00, "6330"},
    {"CONN/A2", 0x10, "63340"},
    {"CONN/A3", 0x00, "2"},
    {"CONN/B1", 0x00, "63345C"},
    {"CONN/B2", 0x08, "63302CB"},
    {"CONN/B3", 0x00, "06"},
    {"CONN/C1", 0x00, "602"},
    {"CONN/C2", 0x00, "602"},
    {"IN_R1/A1", 0x04, "6333"},
    {"IN_R1/A2", 0x0C, "633302"},
    {"IN_R1/A3", 0x00, "D602"},
    {"IN_R1/A4", 0x00, "D602"},
    {"IN_R1/A5", 0x00, "3"},
    {"IN_R1/A6", 0x00, "3"},
    {"IN_R1/B1", 0x00, "7"},
    {"IN_R1/B2", 0x00, "0"},
    {"IN_R2/A1", 0x04, "6333"},
    {"IN_R2/A2", 0x00, "3"},
    {"IN_R2/A3", 0x00, "D"},
    {"IN_R2/A4", 0x00, "D"},
    {"IN_R2/A5", 0x00, "3"},
    {"OUT_R1/A1", 0x04, "D"},
    {"OUT_R1/A2", 0x04, "D"},
    {"OUT_R1/A3", 0x04, "63330"},
    {"OUT_R1/A4", 0x14, "6333402"},
    {"OUT_R1/A5", 0x10, "D62"},
    {"OUT_R1/A6", 0x10, "D62"},
    {"OUT_R1/A7", 0x10, "D3"},
    {"OUT_R1/A8", 0x10, "D3"},
    {"OUT_R1/A9", 0x00, "A"},
    {"OUT_R1/A10", 0x00, "A"},
    {"OUT_R1/A11", 0x00, "A"},
    {"OUT_R2/A1", 0x04, "D"},
    {"OUT_R2/A2", 0x04, "D"},
    {"OUT_R2/A3", 0x04, "63330"},
    {"OUT_R2/A4", 0x00, "3"},
    {"OUT_R2/A5", 0x00, "DA"},
    {"OUT_R2/A6", 0x00, "DA"},
    {"OUT_R2/A7", 0x10, "D36"},
    {"OUT_R2/A8", 0x10, "D3"},
    {"OUT_R2/B1", 0x00, "A"},
    {"OUT_R2/B2", 0x00, "9"},
    {"OUT_R2/B3", 0x20, "A"},
    {"OUT_R2/C1", 0x01, "7"},
    {"OUT_R2/C1", 0x01, "8"},
    {"Keep-Alive", 0x02, "5"},
    {"Ping Traffic Sent Notify", 0x02, "E"},
    {"Echo", 0x40, ""},
    {"Ping", 0x01, ""},
    {"FlowControlAck", 0x02, "1"},
    {"FlowControlAckWithDestination", 0x02, "D1"},
};

static void test_rts_shapes_are_those_of_the_pages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct om__rts_pdu pdu = {.flags = pages[i].flags,
                                  .count = (uint16_t)strlen(pages[i].commands)};
        const char *names;

        for (unsigned c = 0; c < pdu.count; c++) {
            char digit[2] = {pages[i].commands[c], '\0'};

            pdu.commands[c].cmd = (enum om__rts_cmd)strtoul(digit, NULL, 16);
        }
        names = om__rts_name(om__rts_kind(&pdu));
        if (!strstr(names, pages[i].name))
            fail_msg("%s is taken for %s", pages[i].name, names);
    }
}

static void test_rts_address_comes_in_two_sizes(void **state)
{
    struct om__rts_pdu pdu, back;
    struct om_wr w;

    (void)state;
    om__rts_make(OM_RTS_KIND_CONN_B2, &pdu);
    om_wr_init(&w, OM_MAX_RTS_PDU);
    memcpy(pdu.commands[6].address.bytes, "\x7f\0\0\x01", 4);
    om__rts_encode(&w, &pdu);
    assert_int_equal(w.len, 20 + 8 + 20 + 20 + 8 + 8 + 20 + 24);
    assert_reencodes(w.buf, w.len, &back);
    assert_memory_equal(back.commands[6].address.bytes, "\x7f\0\0\x01", 4);
    om_wr_free(&w);
}

static void refuse(const char *hex, const char *what)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__rts_pdu pdu;
    size_t n;
    uint8_t *p = om_unhex(hex, &n);

    assert_int_equal(om__rts_decode(p, n, &pdu, &err), MAPI_E_CORRUPT_DATA);
    assert_int_equal(err.layer, OM_LAYER_RTS);
    assert_int_equal(err.cause, OM_CAUSE_PROTOCOL);
    if (!strstr(err.detail, what))
        fail_msg("\"%s\" does not name %s", err.detail, what);
    free(p);
}

static void test_rts_refusals_name_the_field(void **state)
{
    struct om__rts_pdu pdu;
    struct om_error err = OM_ERROR_INIT;
    size_t n;
    uint8_t *ping = om_unhex("05001403 10000000 1400 0000 00000000 0100 0000", &n);

    (void)state;
    assert_int_equal(om__rts_decode(ping, n, &pdu, &err), OM_OK);
    assert_int_equal(om__rts_kind(&pdu), OM_RTS_KIND_PING);
    free(ping);
    refuse("05000003 10000000 1400 0000 00000000 0100 0000", "PTYPE");
    refuse("05001401 10000000 1400 0000 00000000 0100 0000", "pfc_flags");
    refuse("05001403 10000000 1400 0100 00000000 0100 0000", "auth_length");
    refuse("05001403 10000000 1400 0000 01000000 0100 0000", "call_id");
    refuse("05001403 10000000 1500 0000 00000000 0100 0000", "frag_length");
    refuse("05001403 10000000 1400 0000 00000000 0100 0001", "NumberOfCommands");
    refuse("05001403 10000000 1800 0000 00000000 0000 0100 0f000000", "CommandType");
    refuse("05001403 10000000 1800 0000 00000000 0000 0000 07000000", "commands");
    refuse("05001403 10000000 1c00 0000 00000000 0100 0100 08000000 ffffffff", "ConformanceCount");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rts_captures_come_back_to_the_same_bytes),
        cmocka_unit_test(test_rts_captured_conn_b1_says_what_it_says),
        cmocka_unit_test(test_rts_every_shape_is_told_from_every_other),
        cmocka_unit_test(test_rts_shapes_are_those_of_the_pages),
        cmocka_unit_test(test_rts_address_comes_in_two_sizes),
        cmocka_unit_test(test_rts_refusals_name_the_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
