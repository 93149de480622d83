/* SPDX-License-Identifier: MIT */
/* What every codec test does with a vector: all of it, every prefix, and damaged bytes. */
#ifndef OM_TESTS_CODEC_CHECK_H
#define OM_TESTS_CODEC_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <onemapi/error.h>

/* Decodes p[0..n); gives its status. `ctx` is the test's own. */
typedef om_status om_decode_fn(const uint8_t *p, size_t n, struct om_error *err, void *ctx);

/*
 * Asserts that the whole vector decodes, that every proper prefix is refused with a cause and a
 * text (each in an allocation of exactly its size, so that ASan sees a read past it), and that
 * changing any one byte to 0, 0xFF or its complement never crashes.
 */
void om_check_codec(om_decode_fn *decode, const uint8_t *p, size_t n, void *ctx);

/* The same where some prefixes are complete by themselves: those are only checked not to crash. */
void om_check_codec_open(om_decode_fn *decode, const uint8_t *p, size_t n, void *ctx);

/* Bytes from hexadecimal digits; white space and '|' are skipped. free() the result. */
uint8_t *om_unhex(const char *text, size_t *n);

/* A file under tests/, whole. free() the result. */
uint8_t *om_test_file(const char *name, size_t *n);

/* Asserts equal bytes; on a difference prints both around it. */
void om_assert_bytes(const uint8_t *got, size_t ngot, const uint8_t *want, size_t nwant);

#endif
