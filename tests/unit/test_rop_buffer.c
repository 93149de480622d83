/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/rop_buffer.h"

static om_status decode_ext(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__ext_buffer buf;
    struct om_arena a;
    om_status st;

    (void)ctx;
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    st = om__ext_decode(p, n, &a, &buf, err);
    om__arena_free(&a);
    return st;
}

static void put_text(struct om_wr *w, uint16_t flags, const char *text)
{
    size_t begin = om__ext_begin(w);

    om_wr_bytes(w, text, strlen(text));
    om__ext_end(w, begin, flags);
}

static void test_a_plain_payload_is_its_header_and_itself(void **state)
{
    static const uint8_t want[] = {0, 0, 4, 0, 3, 0, 3, 0, 'a', 'b', 'c'};
    struct om__ext_buffer buf;
    struct om_arena a;
    struct om_wr w;

    (void)state;
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    om_wr_init(&w, OM_MAX_ROP_OUT);
    put_text(&w, OM_EXT_LAST, "abc");
    om_assert_bytes(w.buf, w.len, want, sizeof want);
    assert_int_equal(om__ext_decode(w.buf, w.len, &a, &buf, NULL), OM_OK);
    assert_int_equal(buf.count, 1);
    assert_ptr_equal(buf.payloads[0].data, w.buf + 8); /* nothing to undo, nothing copied */
    om_wr_free(&w);
    om__arena_free(&a);
}

static const char *const texts[] = {
    "RopRelease RopRelease RopRelease RopRelease RopRelease RopRelease RopRelease RopRelease", "x",
    "", "RopLogon RopLogon RopLogon RopLogon RopLogon RopLogon RopLogon RopLogon RopLogon"};

/* Every combination of flags, in a chain whose links differ: each is undone by its own. */
static void test_chained_payloads_are_undone_each_by_its_flags(void **state)
{
    static const uint16_t flags[] = {OM_EXT_COMPRESSED | OM_EXT_XOR, OM_EXT_COMPRESSED | OM_EXT_XOR,
                                     OM_EXT_XOR, OM_EXT_COMPRESSED | OM_EXT_LAST};
    struct om__ext_buffer buf;
    struct om_arena a;
    struct om_wr w;

    (void)state;
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    om_wr_init(&w, OM_MAX_ROP_OUT);
    for (size_t i = 0; i < 4; i++)
        put_text(&w, flags[i], texts[i]);
    om_check_codec_open(decode_ext, w.buf, w.len, NULL);
    assert_int_equal(om__ext_decode(w.buf, w.len, &a, &buf, NULL), OM_OK);
    assert_int_equal(buf.count, 4);
    assert_int_equal(buf.payloads[0].flags, OM_EXT_COMPRESSED | OM_EXT_XOR);
    assert_int_equal(buf.payloads[1].flags, OM_EXT_XOR); /* one byte does not get smaller */
    assert_int_equal(buf.payloads[3].flags, OM_EXT_COMPRESSED | OM_EXT_LAST);
    for (size_t i = 0; i < 4; i++)
        om_assert_bytes(buf.payloads[i].data, buf.payloads[i].size, (const uint8_t *)texts[i],
                        strlen(texts[i]));
    om_wr_free(&w);
    om__arena_free(&a);
}

/* Compressed first, XORed then: what stands on the wire is the other's XOR 0xA5. */
static void test_xor_is_done_after_compression(void **state)
{
    struct om_wr plain, xored;

    (void)state;
    om_wr_init(&plain, 4096);
    om_wr_init(&xored, 4096);
    put_text(&plain, OM_EXT_COMPRESSED | OM_EXT_LAST, texts[0]);
    put_text(&xored, OM_EXT_COMPRESSED | OM_EXT_XOR | OM_EXT_LAST, texts[0]);
    assert_true(plain.len < strlen(texts[0]));
    assert_int_equal(plain.len, xored.len);
    for (size_t i = 8; i < plain.len; i++)
        assert_int_equal(plain.buf[i] ^ 0xA5, xored.buf[i]);
    om_wr_free(&plain);
    om_wr_free(&xored);
}

static void expect_refusal(const char *hex, const char *field)
{
    struct om_error err = OM_ERROR_INIT;
    size_t n;
    uint8_t *p = om_unhex(hex, &n);

    assert_int_equal(decode_ext(p, n, &err, NULL), MAPI_E_CORRUPT_DATA);
    assert_int_equal(err.layer, OM_LAYER_EMSMDB);
    if (!strstr(err.detail, field))
        fail_msg("\"%s\" does not name %s", err.detail, field);
    free(p);
}

static void test_headers_that_contradict_themselves_are_refused(void **state)
{
    (void)state;
    expect_refusal("0100 0400 0100 0100 61", "Version");
    expect_refusal("0000 0400 0100 0200 61", "Size");       /* not compressed, sizes differ */
    expect_refusal("0000 0500 0100 0100 61", "Size");       /* compressed, not smaller */
    expect_refusal("0000 0400 0100 0100 61 62", "payload"); /* a byte after Last */
    expect_refusal("0000 0000 0100 0100 61", "Version");    /* not the last, nothing follows */
    expect_refusal("0000 0400 0880 0880 61", "SizeActual"); /* larger than one payload may be */
    expect_refusal("0000 0500 0100 0200 61", "flags");      /* compressed, but not so */
}

static void test_an_empty_buffer_has_no_payloads(void **state)
{
    struct om__ext_buffer buf = {7, NULL};
    struct om_arena a;

    (void)state;
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    assert_int_equal(om__ext_decode(NULL, 0, &a, &buf, NULL), OM_OK);
    assert_int_equal(buf.count, 0);
    om__arena_free(&a);
}

static void test_a_payload_too_large_for_its_header_fails_the_cursor(void **state)
{
    struct om_wr w;
    size_t begin;

    (void)state;
    om_wr_init(&w, OM_MAX_ROP_OUT);
    begin = om__ext_begin(&w);
    om_wr_zeros(&w, 0x10000);
    om__ext_end(&w, begin, OM_EXT_LAST | OM_EXT_COMPRESSED);
    assert_true(w.failed && w.too_large);
    om_wr_free(&w);
}

/* Chained payloads of 11 bytes that become 32 KB each: the arena's ceiling is what holds them. */
static void test_a_compression_bomb_meets_the_ceiling(void **state)
{
    static uint8_t zeros[OM_MAX_ROP_PAYLOAD];
    struct om_error err = OM_ERROR_INIT;
    struct om_wr w;

    (void)state;
    om_wr_init(&w, OM_MAX_ROP_OUT);
    for (size_t i = 0; i < 1000; i++) {
        size_t begin = om__ext_begin(&w);

        om_wr_bytes(&w, zeros, sizeof zeros);
        om__ext_end(&w, begin, OM_EXT_COMPRESSED | (i == 999 ? OM_EXT_LAST : 0));
    }
    assert_false(w.failed);
    assert_int_equal(decode_ext(w.buf, w.len, &err, NULL), MAPI_E_NOT_ENOUGH_MEMORY);
    om_wr_free(&w);
}

static om_status decode_payload(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__rop_payload pl;

    (void)ctx;
    return om__rop_payload_decode(p, n, &pl, err);
}

static void test_a_payload_is_ropsize_rops_and_handles(void **state)
{
    static const uint8_t want[] = {5,    0,    0x01, 0,    0,    0x78, 0x56,
                                   0x34, 0x12, 0xFF, 0xFF, 0xFF, 0xFF};
    static const uint32_t handles[] = {0x12345678, OM_ROP_NO_HANDLE};
    struct om__rop_payload pl;
    struct om_wr w;
    size_t begin;

    (void)state;
    om_wr_init(&w, OM_MAX_ROP_PAYLOAD);
    begin = om__rop_payload_begin(&w);
    om_wr_bytes(&w, "\x01\0\0", 3);
    om__rop_payload_end(&w, begin, handles, 2);
    om_assert_bytes(w.buf, w.len, want, sizeof want);
    assert_int_equal(om__rop_payload_decode(w.buf, w.len, &pl, NULL), OM_OK);
    assert_int_equal(pl.rops_size, 3);
    assert_int_equal(pl.handle_count, 2);
    assert_int_equal(om__rop_payload_handle(&pl, 0), 0x12345678);
    assert_int_equal(om__rop_payload_handle(&pl, 2), OM_ROP_NO_HANDLE);
    om_check_codec_open(decode_payload, w.buf, w.len, NULL);
    om_wr_free(&w);
    assert_int_equal(decode_payload((const uint8_t *)"\x01\0", 2, NULL, NULL), MAPI_E_CORRUPT_DATA);
    assert_int_equal(decode_payload((const uint8_t *)"\x02\0\1\2\3", 5, NULL, NULL),
                     MAPI_E_CORRUPT_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plain_payload_is_its_header_and_itself),
        cmocka_unit_test(test_chained_payloads_are_undone_each_by_its_flags),
        cmocka_unit_test(test_xor_is_done_after_compression),
        cmocka_unit_test(test_headers_that_contradict_themselves_are_refused),
        cmocka_unit_test(test_an_empty_buffer_has_no_payloads),
        cmocka_unit_test(test_a_payload_too_large_for_its_header_fails_the_cursor),
        cmocka_unit_test(test_a_compression_bomb_meets_the_ceiling),
        cmocka_unit_test(test_a_payload_is_ropsize_rops_and_handles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
