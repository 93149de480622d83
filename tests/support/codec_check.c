/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decodes a copy that ends exactly where its allocation does. */
static om_status decode_exact(om_decode_fn *decode, const uint8_t *p, size_t n,
                              struct om_error *err, void *ctx)
{
    uint8_t *copy = malloc(n ? n : 1);
    om_status st;

    assert_non_null(copy);
    if (n)
        memcpy(copy, p, n);
    om_error_clear(err);
    st = decode(n ? copy : copy + 1, n, err, ctx);
    free(copy);
    return st;
}

static void check_damaged(om_decode_fn *decode, const uint8_t *p, size_t n, void *ctx)
{
    uint8_t *copy = malloc(n ? n : 1);
    struct om_error err = OM_ERROR_INIT;

    assert_non_null(copy);
    memcpy(copy, p, n);
    for (size_t i = 0; i < n; i++) {
        const uint8_t tries[] = {0x00, 0xFF, (uint8_t)~p[i], (uint8_t)(p[i] ^ 0x80)};

        for (size_t t = 0; t < sizeof tries; t++) {
            copy[i] = tries[t];
            decode_exact(decode, copy, n, &err, ctx);
        }
        copy[i] = p[i];
    }
    free(copy);
}

static void check(om_decode_fn *decode, const uint8_t *p, size_t n, void *ctx, int prefixes_fail)
{
    struct om_error err = OM_ERROR_INIT;
    om_status st = decode_exact(decode, p, n, &err, ctx);

    if (st != OM_OK)
        fail_msg("the whole vector (%zu bytes) is refused: %s", n, err.detail);
    for (size_t len = 0; len < n; len++) {
        st = decode_exact(decode, p, len, &err, ctx);
        if (prefixes_fail && st == OM_OK)
            fail_msg("a prefix of %zu of %zu bytes is accepted", len, n);
        if (st != OM_OK) {
            assert_int_not_equal(err.cause, OM_CAUSE_NONE);
            assert_int_not_equal(err.detail[0], 0);
        }
    }
    check_damaged(decode, p, n, ctx);
}

void om_check_codec(om_decode_fn *decode, const uint8_t *p, size_t n, void *ctx)
{
    check(decode, p, n, ctx, 1);
}

void om_check_codec_open(om_decode_fn *decode, const uint8_t *p, size_t n, void *ctx)
{
    check(decode, p, n, ctx, 0);
}

static int digit(int c)
{
    return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

uint8_t *om_unhex(const char *text, size_t *n)
{
    uint8_t *out = malloc(strlen(text) / 2 + 1);
    int high = -1;

    assert_non_null(out);
    *n = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (isspace(c) || c == '|')
            continue;
        assert_true(isxdigit(c));
        if (high < 0) {
            high = digit(c);
            continue;
        }
        out[(*n)++] = (uint8_t)(high << 4 | digit(c));
        high = -1;
    }
    assert_int_equal(high, -1);
    return out;
}

uint8_t *om_test_file(const char *name, size_t *n)
{
    char path[1024];
    uint8_t *data;
    FILE *f;
    long size;

    snprintf(path, sizeof path, "%s/%s", OM_TEST_DATA, name);
    f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    size = ftell(f);
    assert_true(size >= 0);
    rewind(f);
    data = malloc((size_t)size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)size, f), (size_t)size);
    data[size] = 0;
    fclose(f);
    *n = (size_t)size;
    return data;
}

static void print_around(const char *label, const uint8_t *p, size_t n, size_t at)
{
    size_t from = at > 16 ? at - 16 : 0, to = at + 16 < n ? at + 16 : n;

    print_error("%s (%zu bytes) from %zu:", label, n, from);
    for (size_t i = from; i < to; i++)
        print_error("%s%02x", i == at ? " >" : " ", p[i]);
    print_error("\n");
}

void om_assert_bytes(const uint8_t *got, size_t ngot, const uint8_t *want, size_t nwant)
{
    size_t at = 0;

    while (at < ngot && at < nwant && got[at] == want[at])
        at++;
    if (at == ngot && at == nwant)
        return;
    print_around("got ", got, ngot, at);
    print_around("want", want, nwant, at);
    fail_msg("bytes differ at %zu", at);
}
