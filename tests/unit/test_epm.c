/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdlib.h>
#include <string.h>

#include "codec/epm.h"

/* Questions for EMSMDB as impacket 0.10 asks them; it pads with 0xAB where zeroes are the rule. */
#define IMPACKET(transport, pad, last)                                                             \
    "01000000 00000000000000000000000000000000 02000000 4b000000 4b000000 0500"                    \
    "13000d00dbf1a447ca6710b31f00dd010662da0000 0200 5100"                                         \
    "13000d045d888aeb1cc9119fe808002b1048600200 0200 0000 01000b0200 0000 0100" transport          \
    "0200 0000 0100090400 00000000" pad "00000000 00000000000000000000000000000000" last

static const char impacket_tcp[] = IMPACKET("07", "ab", "01000000");
static const char impacket_http[] = IMPACKET("1f", "ab", "01000000");
static const char impacket_pipe[] =
    "01000000 00000000000000000000000000000000 02000000 50000000 50000000 0500"
    "13000d00dbf1a447ca6710b31f00dd010662da0000 0200 5100"
    "13000d045d888aeb1cc9119fe808002b1048600200 0200 0000 01000b0200 0000"
    "01000f0100 00 0100110a00 3132372e302e302e3100"
    "00000000 00000000000000000000000000000000 01000000";

/* Answers of Samba 4.17: where DRSUAPI is, and that nothing serves an interface. */
static const char samba_found[] =
    "00000000 00000000000000000000000000000000 01000000 04000000 00000000 01000000 02000000"
    "4b000000 4b000000 0500 13000d354251e3064bd111ab0400c04fc2dcd20400 0200 0000"
    "13000d045d888aeb1cc9119fe808002b1048600200 0200 0000 01000b0200 0000 0100070200 c001"
    "0100090400 00000000 00 00000000";
static const char samba_not_found[] =
    "00000000 00000000000000000000000000000000 00000000 04000000 00000000 00000000 d6a0c916";

static const struct om__rpc_syntax emsmdb = {
    {0xA4F1DB00, 0xCA47, 0x1067, {0xB3, 0x1F, 0x00, 0xDD, 0x01, 0x06, 0x62, 0xDA}}, 0, 81};

static om_status decode_request(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__epm_map_request m;

    (void)ctx;
    return om__epm_map_request_decode(p, n, &m, err);
}

static om_status decode_response(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__epm_map_response m;

    (void)ctx;
    return om__epm_map_response_decode(p, n, &m, err);
}

static struct om__epm_map_request request(const char *hex)
{
    struct om__epm_map_request m;
    size_t n;
    uint8_t *p = om_unhex(hex, &n);

    assert_int_equal(om__epm_map_request_decode(p, n, &m, NULL), OM_OK);
    om_check_codec(decode_request, p, n, NULL);
    free(p);
    return m;
}

static struct om__epm_map_response response(const char *hex)
{
    struct om__epm_map_response m;
    size_t n;
    uint8_t *p = om_unhex(hex, &n);

    assert_int_equal(om__epm_map_response_decode(p, n, &m, NULL), OM_OK);
    om_check_codec(decode_response, p, n, NULL);
    free(p);
    return m;
}

static void test_another_clients_questions_are_understood(void **state)
{
    struct om__epm_map_request m = request(impacket_tcp);

    (void)state;
    assert_true(m.has_object);
    assert_int_equal(m.max_towers, 1);
    assert_true(om__rpc_syntax_equal(&m.tower.interface, &emsmdb));
    assert_true(om__rpc_syntax_equal(&m.tower.transfer, &om__rpc_ndr));
    assert_int_equal(m.tower.protocol, OM_EPM_NCACN_IP_TCP);
    assert_true(om__ndr_context_is_null(&m.handle));
    assert_int_equal(request(impacket_http).tower.protocol, OM_EPM_NCACN_HTTP);
    assert_int_equal(request(impacket_pipe).tower.protocol, OM_EPM_OTHER);
}

static void asked_like(const char *hex, enum om__epm_protocol protocol)
{
    struct om__epm_map_request m;
    size_t n;
    uint8_t *want = om_unhex(hex, &n);
    struct om_wr w;

    om_wr_init(&w, 1024);
    om_wr_u8(&w, 0xEE); /* a stub may begin anywhere in the buffer */
    om__epm_ask(&m, &emsmdb, protocol);
    assert_int_equal(om__epm_map_request_encode(&w, &m, NULL), OM_OK);
    om_assert_bytes(w.buf + 1, w.len - 1, want, n);
    om_wr_free(&w);
    free(want);
}

static void test_we_ask_as_another_client_does(void **state)
{
    (void)state;
    asked_like(IMPACKET("07", "00", "04000000"), OM_EPM_NCACN_IP_TCP);
    asked_like(IMPACKET("1f", "00", "04000000"), OM_EPM_NCACN_HTTP);
}

static void test_another_servers_answers_are_understood(void **state)
{
    struct om__epm_map_response m = response(samba_found);
    struct om_error err = OM_ERROR_INIT;
    uint16_t port = 0;

    (void)state;
    assert_int_equal(m.count, 1);
    assert_int_equal(m.max_towers, 4);
    assert_int_equal(om__epm_port(&m, OM_EPM_NCACN_IP_TCP, &port, &err), OM_OK);
    assert_int_equal(port, 0xC001);
    assert_int_equal(om__epm_port(&m, OM_EPM_NCACN_HTTP, &port, &err), MAPI_E_NETWORK_ERROR);
    assert_int_equal(err.cause, OM_CAUSE_NOT_REGISTERED);
    m = response(samba_not_found);
    om_error_clear(&err);
    assert_int_equal(om__epm_port(&m, OM_EPM_NCACN_IP_TCP, &port, &err), MAPI_E_NETWORK_ERROR);
    assert_int_equal(err.cause, OM_CAUSE_NOT_REGISTERED);
    assert_int_equal(err.native_kind, OM_NATIVE_EPM);
    assert_int_equal(err.native, OM_EPM_NOT_REGISTERED);
    assert_int_equal(port, 0xC001); /* untouched */
    m.status = OM_EPM_CANT_PERFORM_OP;
    om_error_clear(&err);
    assert_int_equal(om__epm_port(&m, OM_EPM_NCACN_IP_TCP, &port, &err), MAPI_E_NETWORK_ERROR);
    assert_int_equal(err.cause, OM_CAUSE_SERVER_ERROR);
}

static void answered_like(const char *hex, size_t referent_at)
{
    struct om__epm_map_response m = response(hex);
    size_t n;
    uint8_t *want = om_unhex(hex, &n);
    struct om_wr w;

    if (referent_at)
        want[referent_at] = 3; /* Samba's 2 is the number the client's own tower has */
    om_wr_init(&w, 1024);
    assert_int_equal(om__epm_map_response_encode(&w, &m, NULL), OM_OK);
    om_assert_bytes(w.buf, w.len, want, n);
    om_wr_free(&w);
    free(want);
}

static void test_we_answer_as_another_server_does(void **state)
{
    (void)state;
    answered_like(samba_found, 36);
    answered_like(samba_not_found, 0);
}

static void test_an_answer_with_several_towers_keeps_their_order(void **state)
{
    struct om__epm_map_response m = {.max_towers = 4, .count = 3}, back;
    struct om_error err = OM_ERROR_INIT;
    uint16_t port;
    struct om_wr w;

    (void)state;
    for (uint16_t i = 0; i < 3; i++)
        m.towers[i] =
            (struct om__epm_tower){.interface = emsmdb,
                                   .transfer = om__rpc_ndr,
                                   .protocol = i ? OM_EPM_NCACN_IP_TCP : OM_EPM_NCACN_HTTP,
                                   .port = (uint16_t)(6000 + i),
                                   .address = {10, 0, 0, (uint8_t)i}};
    om_wr_init(&w, 4096);
    assert_int_equal(om__epm_map_response_encode(&w, &m, NULL), OM_OK);
    assert_int_equal(om__epm_map_response_decode(w.buf, w.len, &back, &err), OM_OK);
    assert_memory_equal(&back.towers[2].address, &m.towers[2].address, 4);
    assert_int_equal(om__epm_port(&back, OM_EPM_NCACN_IP_TCP, &port, NULL), OM_OK);
    assert_int_equal(port, 6001);
    assert_int_equal(om__epm_port(&back, OM_EPM_NCACN_HTTP, &port, NULL), OM_OK);
    assert_int_equal(port, 6000);
    om_check_codec(decode_response, w.buf, w.len, NULL);
    om_wr_free(&w);
}

static void test_counts_that_lie_are_refused(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__epm_map_response m;
    size_t n;
    uint8_t *p = om_unhex(samba_found, &n);

    (void)state;
    p[20] = 2; /* num_towers says two, the array has one */
    assert_int_equal(om__epm_map_response_decode(p, n, &m, &err), MAPI_E_CORRUPT_DATA);
    assert_int_equal(err.layer, OM_LAYER_EPM);
    p[20] = 1;
    p[44] = 0x4a; /* tower_length is not the array's size */
    om_error_clear(&err);
    assert_int_equal(om__epm_map_response_decode(p, n, &m, &err), MAPI_E_CORRUPT_DATA);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_clients_questions_are_understood),
        cmocka_unit_test(test_we_ask_as_another_client_does),
        cmocka_unit_test(test_another_servers_answers_are_understood),
        cmocka_unit_test(test_we_answer_as_another_server_does),
        cmocka_unit_test(test_an_answer_with_several_towers_keeps_their_order),
        cmocka_unit_test(test_counts_that_lie_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
