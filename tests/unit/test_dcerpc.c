/* SPDX-License-Identifier: MIT */
#include "support/rpc_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/rpc_fault.h"
#include "codec/dcerpc.h"

static om_status decode(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__rpc_pdu pdu;

    (void)ctx;
    return om__rpc_pdu_decode(p, n, &pdu, err);
}

/* Decodes and encodes: the same bytes, and the same places. */
static struct om__rpc_pdu round_trip(const uint8_t *p, size_t n)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__rpc_pdu pdu, again;
    struct om_wr w;

    if (om__rpc_pdu_decode(p, n, &pdu, &err) != OM_OK)
        fail_msg("%s", err.detail);
    again = pdu;
    om_wr_init(&w, 0x10000);
    om_wr_u8(&w, 0xEE); /* a PDU may begin anywhere in the buffer */
    assert_int_equal(om__rpc_pdu_encode(&w, &again, &err), OM_OK);
    om_assert_bytes(w.buf + 1, w.len - 1, p, n);
    assert_int_equal(again.stub_at, pdu.stub_at);
    assert_int_equal(again.trailer_at, pdu.trailer_at);
    assert_int_equal(again.header.frag_length, n);
    assert_int_equal(again.header.auth_length, pdu.header.auth_length);
    om_wr_free(&w);
    return pdu;
}

static void round_trip_file(const char *name, unsigned want)
{
    struct om_exchange_pdu x;
    unsigned count = 0;
    size_t size, at = 0;
    uint8_t *data = om_test_file(name, &size);

    while (om_exchange_next(data, size, &at, &x)) {
        round_trip(x.p, x.n);
        if (x.n < 600)
            om_check_codec(decode, x.p, x.n, NULL);
        count++;
    }
    assert_int_equal(count, want);
    free(data);
}

static void test_captured_pdus_come_back_byte_for_byte(void **state)
{
    (void)state;
    round_trip_file("golden/rpc/nspi_none.bin", 20);
    round_trip_file("golden/rpc/nspi_ntlm_privacy.bin", 13);
    round_trip_file("golden/rpc/emsmdb_none.bin", 42);
    round_trip_file("golden/rpc/emsmdb_ntlm_privacy.bin", 62);
}

static void test_a_captured_bind_says_what_it_said(void **state)
{
    struct om_exchange_pdu x;
    struct om__rpc_pdu pdu;
    size_t size, at = 0;
    uint8_t *data = om_test_file("golden/rpc/emsmdb_ntlm_privacy.bin", &size);

    (void)state;
    assert_true(om_exchange_next(data, size, &at, &x));
    pdu = round_trip(x.p, x.n);
    assert_int_equal(pdu.header.ptype, OM_RPC_BIND);
    assert_int_equal(pdu.bind.max_xmit_frag, 4280);
    assert_int_equal(pdu.bind.n_contexts, 1);
    assert_int_equal(pdu.bind.contexts[0].abstract.uuid.data1, 0xA4F1DB00); /* EMSMDB */
    assert_int_equal(pdu.bind.contexts[0].abstract.minor, 0x51);
    assert_true(om__rpc_syntax_equal(&pdu.bind.contexts[0].transfer[0], &om__rpc_ndr));
    assert_int_equal(pdu.auth.auth_type, OM_RPC_AUTH_NTLM);
    assert_int_equal(pdu.auth.auth_level, OM_RPC_LEVEL_PRIVACY);
    assert_int_equal(pdu.auth.context_id, 79231);
    assert_memory_equal(pdu.auth.value.pb, "NTLMSSP", 8);
    assert_true(om_exchange_next(data, size, &at, &x));
    pdu = round_trip(x.p, x.n);
    assert_int_equal(pdu.header.ptype, OM_RPC_BIND_ACK);
    assert_memory_equal(pdu.bind_ack.sec_addr.pb, "6001", 5);
    assert_int_equal(pdu.bind_ack.results[0].result, OM_RPC_ACCEPTANCE);
    free(data);
}

static void test_bytes_after_a_bind_ack_are_kept_not_refused(void **state)
{
    struct om_exchange_pdu x;
    struct om__rpc_pdu pdu;
    size_t size, at = 0;
    uint8_t *data = om_test_file("golden/rpc/emsmdb_none.bin", &size);

    (void)state;
    assert_true(om_exchange_next(data, size, &at, &x));
    assert_true(om_exchange_next(data, size, &at, &x));
    pdu = round_trip(x.p, x.n);
    assert_int_equal(pdu.header.auth_length, 0);
    assert_false(pdu.has_auth);
    assert_int_equal(pdu.bind_ack.n_results, 1);
    assert_int_equal(pdu.stub.cb, 8); /* an empty sec_trailer that the lengths deny */
    free(data);
}

static void test_every_other_pdu_round_trips(void **state)
{
    static const char *const vectors[] = {
        /* request with an object, padding of four bytes that are not zero, a signature */
        ("05 00 00 83 10000000 5000 1000 07000000 0C000000 0100 0200"
         "01020304 0506 0708 090a0b0c0d0e0f10  a1a2a3a4a5a6a7a8a9aaabac b1b2b3b4"
         "0a 05 04 00 01000000 01000000 1112131415161718 05000000"),
        /* response, cancel count */
        "05 00 02 03 10000000 1c00 0000 07000000 04000000 0100 03 00 01020304",
        /* fault, nca_s_unk_if, did not execute, with and without extended error information */
        "05 00 03 23 10000000 2000 0000 07000000 20000000 0000 00 00 0300011c 00000000",
        "05 00 03 23 10000000 2400 0000 07000000 24000000 0000 00 01 0300011c 00000000 01020304",
        /* bind_nak without, with an empty and with a full list of versions */
        "05 00 0d 03 10000000 1200 0000 01000000 0800",
        "05 00 0d 03 10000000 1300 0000 01000000 0800 00",
        "05 00 0d 03 10000000 1500 0000 01000000 0400 01 0500",
        /* alter_context_resp: rejected, no address */
        ("05 00 0f 03 10000000 3800 0000 02000000 d016 d016 00000000 0000 0000 01 000000"
         "0200 0100 00000000 0000 0000 0000000000000000 00000000"),
        /* shutdown, co_cancel, orphaned */
        "05 00 11 03 10000000 1000 0000 00000000",
        "05 00 12 03 10000000 1000 0000 03000000",
        "05 00 13 03 10000000 1000 0000 03000000",
        /* co_cancel with a verifier, minor version 1 */
        "05 01 12 03 10000000 1c00 0400 03000000 0a 05 00 00 01000000 aabbccdd",
    };

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        size_t n;
        uint8_t *p = om_unhex(vectors[i], &n);

        round_trip(p, n);
        om_check_codec(decode, p, n, NULL);
        free(p);
    }
}

static void test_fields_land_where_they_belong(void **state)
{
    size_t n;
    uint8_t *p = om_unhex("05 00 00 83 10000000 5000 1000 07000000 0C000000 0100 0200"
                          "01020304 0506 0708 090a0b0c0d0e0f10  a1a2a3a4a5a6a7a8a9aaabac 00000000"
                          "0a 06 04 00 09000000 01000000 1112131415161718 05000000",
                          &n);
    struct om__rpc_pdu pdu = round_trip(p, n);

    (void)state;
    assert_int_equal(pdu.header.call_id, 7);
    assert_int_equal(pdu.request.alloc_hint, 12);
    assert_int_equal(pdu.request.context_id, 1);
    assert_int_equal(pdu.request.opnum, 2);
    assert_int_equal(pdu.request.object.data1, 0x04030201);
    assert_int_equal(pdu.stub_at, 40);
    assert_int_equal(pdu.stub.cb, 12);
    assert_int_equal(pdu.trailer_at, 56);
    assert_int_equal(pdu.auth.pad_length, 4);
    assert_int_equal(pdu.auth.context_id, 9);
    assert_int_equal(pdu.auth.value.cb, 16);
    assert_ptr_equal(pdu.auth.value.pb, p + 64);
    free(p);
}

static void refused(const char *hex, const char *detail)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__rpc_pdu pdu;
    size_t n;
    uint8_t *p = om_unhex(hex, &n);

    assert_int_equal(om__rpc_pdu_decode(p, n, &pdu, &err), MAPI_E_CORRUPT_DATA);
    assert_int_equal(err.layer, OM_LAYER_RPC);
    assert_int_equal(err.cause, OM_CAUSE_PROTOCOL);
    assert_string_equal(err.detail, detail);
    free(p);
}

static void test_what_is_not_allowed_is_refused_by_name(void **state)
{
    (void)state;
    refused("05 00 02 03 00000000 0018 0000 00000007 00000000 0000 00 00",
            "response PDU: packed_drep (only little-endian, 0x10,) at byte 5 is 0x0, which is not "
            "allowed here");
    refused("04 00 02 03 10000000 1800 0000 07000000 00000000 0000 00 00",
            "request PDU: rpc_vers at byte 1 is 0x4, which is not allowed here");
    refused("05 00 01 03 10000000 1000 0000 07000000",
            "unknown PDU: PTYPE at byte 16 is 0x1, which is not allowed here");
    refused("05 00 02 03 10000000 1900 0000 07000000 00000000 0000 00 00",
            "response PDU: frag_length at byte 16 is 0x19, which is not allowed here");
    /* a verifier larger than the PDU; padding larger than the stub; a body that goes on */
    refused("05 00 02 03 10000000 1800 0900 07000000 00000000 0000 00 00",
            "response PDU: auth_length at byte 16 is 0x9, which is not allowed here");
    refused("05 00 02 03 10000000 2400 0400 07000000 00000000 0000 00 00 0a 06 01 00 01000000 "
            "aabbccdd",
            "response PDU: auth_pad_length at byte 24 is 0x1, which is not allowed here");
    refused("05 00 11 03 10000000 1400 0000 00000000 01020304",
            "shutdown PDU: the body at byte 16 is followed by 4 bytes that should not be there");
    /* 255 contexts in a bind of none */
    refused("05 00 0b 03 10000000 1c00 0000 01000000 d016 d016 00000000 ff 000000",
            "bind PDU: n_context_elem at byte 28 counts 255, more than can be there");
}

static void test_padding_reaches_the_next_16(void **state)
{
    (void)state;
    assert_int_equal(om__rpc_padding(0), 0);
    assert_int_equal(om__rpc_padding(1), 15);
    assert_int_equal(om__rpc_padding(16), 0);
    assert_int_equal(om__rpc_padding(60), 4);
}

static void test_faults_have_names_and_keep_their_code(void **state)
{
    struct om_error err = OM_ERROR_INIT;

    (void)state;
    assert_string_equal(om_rpc_fault_name(0x1C010003), "nca_s_unk_if");
    assert_string_equal(om_rpc_fault_name(0x6F7), "RPC_X_BAD_STUB_DATA");
    assert_null(om_rpc_fault_name(0xDEADBEEF));
    assert_null(om_rpc_fault_text(0xDEADBEEF));
    assert_int_equal(om__fail_rpc_fault(&err, 0x1C010014), MAPI_E_BUSY);
    assert_int_equal(err.cause, OM_CAUSE_THROTTLED);
    om_error_clear(&err);
    assert_int_equal(om__fail_rpc_fault(&err, 0xDEADBEEF), MAPI_E_CALL_FAILED);
    assert_int_equal(err.native_kind, OM_NATIVE_RPC_FAULT);
    assert_int_equal(err.native, 0xDEADBEEF);
    om_error_clear(&err);
    assert_true(OM_FAILED(om__fail_rpc_fault(&err, 0))); /* a fault is never success */
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(om__rpc_ptype_name(15), "alter_context_resp");
    assert_string_equal(om__rpc_ptype_name(1), "unknown");
    assert_string_equal(om__rpc_level_name(6), "privacy");
    assert_string_equal(om__rpc_nak_name(8), "authentication_type_not_recognized");
    assert_string_equal(om__rpc_reason_name(1), "abstract_syntax_not_supported");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captured_pdus_come_back_byte_for_byte),
        cmocka_unit_test(test_a_captured_bind_says_what_it_said),
        cmocka_unit_test(test_bytes_after_a_bind_ack_are_kept_not_refused),
        cmocka_unit_test(test_every_other_pdu_round_trips),
        cmocka_unit_test(test_fields_land_where_they_belong),
        cmocka_unit_test(test_what_is_not_allowed_is_refused_by_name),
        cmocka_unit_test(test_padding_reaches_the_next_16),
        cmocka_unit_test(test_faults_have_names_and_keep_their_code),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
