/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdlib.h>
#include <string.h>

#include "codec/ndr.h"

static const struct om_guid GUID = {0x01020304, 0x0506, 0x0708, {9, 10, 11, 12, 13, 14, 15, 16}};

static void test_integers_align_from_the_stub(void **state)
{
    size_t n;
    uint8_t *want = om_unhex("01|00|0200|03000000|0400|000000000000|0500000000000000", &n);
    struct om_wr w;
    struct om_rd r;

    (void)state;
    om_wr_init(&w, 1024);
    om_wr_bytes(&w, "header", 7);
    w.origin = w.len; /* the stub begins at an odd byte */
    om_wr_u8(&w, 1);
    om__ndr_wr_u16(&w, 2);
    om__ndr_wr_u32(&w, 3);
    om__ndr_wr_u16(&w, 4);
    om__ndr_wr_u64(&w, 5);
    om_assert_bytes(w.buf + 7, w.len - 7, want, n);
    om_rd_init(&r, w.buf + 7, w.len - 7);
    assert_int_equal(om_rd_u8(&r, "a"), 1);
    assert_int_equal(om__ndr_rd_u16(&r, "b"), 2);
    assert_int_equal(om__ndr_rd_u32(&r, "c"), 3);
    assert_int_equal(om__ndr_rd_u16(&r, "d"), 4);
    assert_int_equal(om__ndr_rd_u64(&r, "e"), 5);
    assert_int_equal(om_rd_left(&r), 0);
    assert_true(om_rd_ok(&r));
    om_wr_free(&w);
    free(want);
}

static void test_pointers_differ_and_null_is_zero(void **state)
{
    struct om_wr w;
    struct om_rd r;

    (void)state;
    om_wr_init(&w, 64);
    om__ndr_wr_ptr(&w, true);
    om__ndr_wr_ptr(&w, false);
    om__ndr_wr_ptr(&w, true);
    assert_memory_not_equal(w.buf, w.buf + 8, 4);
    om_rd_init(&r, w.buf, w.len);
    assert_true(om__ndr_rd_ptr(&r, "p"));
    assert_false(om__ndr_rd_ptr(&r, "q"));
    assert_true(om__ndr_rd_ptr(&r, "r"));
    assert_false(om__ndr_rd_ptr(&r, "past the end"));
    assert_false(om_rd_ok(&r));
    om_wr_free(&w);
}

static void test_strings_are_conformant_varying_with_their_nul(void **state)
{
    size_t n;
    uint8_t *want = om_unhex("04000000 00000000 04000000 61626300"
                             "03000000 00000000 03000000 e400 6200 0000",
                             &n);
    struct om_arena arena;
    struct om_wr w;
    struct om_rd r;

    (void)state;
    om_wr_init(&w, 1024);
    om__ndr_wr_str(&w, "abc");
    om__ndr_wr_wstr(&w, "\xC3\xA4"
                        "b");
    om_assert_bytes(w.buf, w.len, want, n);
    om__arena_init(&arena, 4096);
    om_rd_init(&r, want, n);
    assert_string_equal(om__ndr_rd_str(&r, 4, "szDN"), "abc");
    assert_string_equal(om__ndr_rd_wstr(&r, &arena, 3, "name"), "\xC3\xA4"
                                                                "b");
    assert_true(om_rd_ok(&r));
    om_rd_init(&r, want, n);
    assert_null(om__ndr_rd_str(&r, 3, "szDN")); /* over the caller's limit */
    assert_int_equal(r.why, OM_RD_COUNT);
    om__arena_free(&arena);
    om_wr_free(&w);
    free(want);
}

static void refused(const char *hex, enum om_rd_why why)
{
    size_t n;
    uint8_t *p = om_unhex(hex, &n);
    struct om_rd r;

    om_rd_init(&r, p, n);
    assert_null(om__ndr_rd_str(&r, 100, "szDN"));
    assert_int_equal(r.why, why);
    free(p);
}

static void test_strings_that_lie_are_refused(void **state)
{
    (void)state;
    refused("04000000 00000000 04000000 61626364", OM_RD_SHORT); /* no NUL */
    refused("04000000 01000000 03000000 616200", OM_RD_BAD);     /* offset */
    refused("02000000 00000000 03000000 616200", OM_RD_COUNT);   /* actual over max */
    refused("ff000000 00000000 03000000 616200", OM_RD_COUNT);   /* over the limit */
    refused("40000000 00000000 40000000 616200", OM_RD_COUNT);   /* more than is there */
    refused("00000000 00000000 00000000", OM_RD_SHORT);          /* not even a NUL */
}

static void test_byte_arrays_keep_the_room_the_caller_offers(void **state)
{
    size_t n;
    uint8_t *want = om_unhex("03000000 010203|00| 00100000 00000000 02000000 0405|0000|"
                             "00000000",
                             &n);
    struct om_binary b;
    uint32_t room = 0;
    struct om_wr w;
    struct om_rd r;

    (void)state;
    om_wr_init(&w, 1024);
    om__ndr_wr_bytes(&w, "\1\2\3", 3);
    om__ndr_wr_bytes_varying(&w, "\4\5", 2, 0x1000);
    om__ndr_wr_bytes(&w, NULL, 0);
    om_assert_bytes(w.buf, w.len, want, n);
    om_rd_init(&r, want, n);
    b = om__ndr_rd_bytes(&r, 3, "rgb");
    assert_int_equal(b.cb, 3);
    assert_memory_equal(b.pb, "\1\2\3", 3);
    b = om__ndr_rd_bytes_varying(&r, 0x1000, &room, "rgbOut");
    assert_int_equal(b.cb, 2);
    assert_int_equal(room, 0x1000);
    b = om__ndr_rd_bytes(&r, 3, "empty");
    assert_null(b.pb);
    assert_true(om_rd_ok(&r));
    b = om__ndr_rd_bytes(&r, 3, "past the end");
    assert_int_equal(b.cb, 0);
    assert_false(om_rd_ok(&r));
    om_wr_free(&w);
    free(want);
}

static void test_context_handles(void **state)
{
    struct om__ndr_context c = {7, GUID}, null = {0}, back;
    struct om_wr w;
    struct om_rd r;

    (void)state;
    om_wr_init(&w, 1024);
    om_wr_u8(&w, 0);
    om__ndr_wr_context(&w, &c);
    om__ndr_wr_guid(&w, &GUID);
    assert_int_equal(w.len, 4 + 20 + 16);
    om_rd_init(&r, w.buf, w.len);
    om_rd_u8(&r, "pad");
    back = om__ndr_rd_context(&r, "cxh");
    assert_true(om__ndr_context_equal(&c, &back));
    assert_false(om__ndr_context_is_null(&back));
    assert_true(om__ndr_context_is_null(&null));
    assert_int_equal(om__ndr_rd_guid(&r, "guid").data1, GUID.data1);
    assert_true(om_rd_ok(&r));
    om_wr_free(&w);
}

static om_status decode_all(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om_arena arena;
    struct om_rd r;

    (void)ctx;
    om__arena_init(&arena, 4096);
    om_rd_init(&r, p, n);
    om__ndr_rd_context(&r, "cxh");
    if (om__ndr_rd_ptr(&r, "p"))
        om__ndr_rd_wstr(&r, &arena, 64, "name");
    om__ndr_rd_bytes_varying(&r, 64, NULL, "rgb");
    om__ndr_rd_u64(&r, "last");
    om_rd_expect_end(&r, "stub");
    om__arena_free(&arena);
    return om_rd_finish(&r, OM_LAYER_RPC, "stub", err);
}

static void test_every_prefix_is_refused(void **state)
{
    struct om__ndr_context c = {0, GUID};
    struct om_wr w;

    (void)state;
    om_wr_init(&w, 1024);
    om__ndr_wr_context(&w, &c);
    om__ndr_wr_ptr(&w, true);
    om__ndr_wr_wstr(&w, "alice");
    om__ndr_wr_bytes_varying(&w, "\1\2\3", 3, 8);
    om__ndr_wr_u64(&w, 1);
    om_check_codec(decode_all, w.buf, w.len, NULL);
    om_wr_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_align_from_the_stub),
        cmocka_unit_test(test_pointers_differ_and_null_is_zero),
        cmocka_unit_test(test_strings_are_conformant_varying_with_their_nul),
        cmocka_unit_test(test_strings_that_lie_are_refused),
        cmocka_unit_test(test_byte_arrays_keep_the_room_the_caller_offers),
        cmocka_unit_test(test_context_handles),
        cmocka_unit_test(test_every_prefix_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
