/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdlib.h>
#include <string.h>

#include "codec/lzxpress.h"

struct expected {
    size_t size;
};

static om_status decode(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    const struct expected *want = ctx;
    uint8_t *out = malloc(want->size ? want->size : 1);
    om_status st;

    assert_non_null(out);
    st = om__lzxpress_decode(p, n, out, want->size, err);
    free(out);
    return st;
}

static void check_pair(const uint8_t *plain, size_t size, const uint8_t *packed, size_t n)
{
    struct expected want = {size};
    uint8_t *out = malloc(size);

    assert_non_null(out);
    assert_int_equal(om__lzxpress_decode(packed, n, out, size, NULL), OM_OK);
    om_assert_bytes(out, size, plain, size);
    om_check_codec(decode, packed, n, &want);
    free(out);
}

/* [MS-XCA] 3.1: the alphabet is all literals, 300 bytes of "abc" are three literals and a match. */
static const uint8_t alphabet_packed[] = {
    0x3f, 0x00, 0x00, 0x00, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b,
    0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a};
static const uint8_t abc_packed[] = {0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63,
                                     0x17, 0x00, 0x0f, 0xff, 0x26, 0x01};

static void abc(uint8_t out[300])
{
    for (size_t i = 0; i < 300; i++)
        out[i] = (uint8_t)('a' + i % 3);
}

static void test_the_specification_s_examples_decode(void **state)
{
    uint8_t plain[300];

    (void)state;
    check_pair((const uint8_t *)"abcdefghijklmnopqrstuvwxyz", 26, alphabet_packed,
               sizeof alphabet_packed);
    abc(plain);
    check_pair(plain, sizeof plain, abc_packed, sizeof abc_packed);
}

static void test_the_encoder_gives_the_specification_s_bytes(void **state)
{
    uint8_t plain[300], out[320];
    size_t n;

    (void)state;
    n = om__lzxpress_encode((const uint8_t *)"abcdefghijklmnopqrstuvwxyz", 26, out, sizeof out);
    om_assert_bytes(out, n, alphabet_packed, sizeof alphabet_packed);
    abc(plain);
    n = om__lzxpress_encode(plain, sizeof plain, out, sizeof out);
    om_assert_bytes(out, n, abc_packed, sizeof abc_packed);
}

static void test_what_samba_compressed_decodes(void **state)
{
    size_t size, n;
    uint8_t *plain = om_test_file("golden/emsmdb/rows.plain", &size);
    uint8_t *packed = om_test_file("golden/emsmdb/rows.lzxpress", &n);

    (void)state;
    assert_true(n < size / 2);
    check_pair(plain, size, packed, n);
    free(plain);
    free(packed);
}

static void round_trip(const uint8_t *plain, size_t size)
{
    size_t cap = size + size / 8 + 16, n;
    uint8_t *packed = malloc(cap), *out = malloc(size + 1);

    assert_non_null(packed);
    assert_non_null(out);
    n = om__lzxpress_encode(plain, size, packed, cap);
    assert_int_not_equal(n, 0);
    out[size] = 0xEE;
    assert_int_equal(om__lzxpress_decode(packed, n, out, size, NULL), OM_OK);
    assert_int_equal(out[size], 0xEE);
    om_assert_bytes(out, size, plain, size);
    assert_int_equal(om__lzxpress_encode(plain, size, packed, n - 1), 0);
    free(packed);
    free(out);
}

/* Every stage of a match's length, and symbol counts around the 32 of one flag word. */
static void test_every_length_goes_there_and_back(void **state)
{
    uint8_t *plain = calloc(1, 0xFFFF);
    uint32_t x = 12345;

    (void)state;
    assert_non_null(plain);
    for (size_t n = 0; n < 600; n++)
        round_trip(plain, n);
    round_trip(plain, 0xFFFF);
    for (size_t i = 0; i < 0xFFFF; i++) {
        x = x * 1103515245 + 12345;
        plain[i] = (uint8_t)(x >> 16 & (i < 4000 ? 3 : 255));
    }
    for (size_t n = 1; n < 200; n++)
        round_trip(plain + n, n);
    round_trip(plain, 4000);
    memcpy(plain + 4000 + 8100, plain, 4000); /* matches near and past the window's end */
    round_trip(plain, 0xFFFF);
    assert_int_equal(om__lzxpress_encode(plain, 0x10000, plain, 0), 0);
    free(plain);
}

static void test_a_match_before_the_beginning_is_refused(void **state)
{
    /* one literal, then a match two bytes back */
    static const uint8_t packed[] = {0xff, 0xff, 0xff, 0x7f, 'a', 0x08, 0x00};
    struct om_error err = OM_ERROR_INIT;
    uint8_t out[4];

    (void)state;
    assert_int_equal(om__lzxpress_decode(packed, sizeof packed, out, sizeof out, &err),
                     MAPI_E_CORRUPT_DATA);
    assert_string_equal(err.detail,
                        "LZXPRESS: match distance at byte 7 is 0x2, which is not allowed here");
}

static void test_more_than_the_size_announced_is_refused(void **state)
{
    uint8_t out[300];

    (void)state;
    assert_int_equal(om__lzxpress_decode(abc_packed, sizeof abc_packed, out, 299, NULL),
                     MAPI_E_CORRUPT_DATA);
    assert_int_equal(om__lzxpress_decode(alphabet_packed, sizeof alphabet_packed, out, 25, NULL),
                     MAPI_E_CORRUPT_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_specification_s_examples_decode),
        cmocka_unit_test(test_the_encoder_gives_the_specification_s_bytes),
        cmocka_unit_test(test_what_samba_compressed_decodes),
        cmocka_unit_test(test_every_length_goes_there_and_back),
        cmocka_unit_test(test_a_match_before_the_beginning_is_refused),
        cmocka_unit_test(test_more_than_the_size_announced_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
