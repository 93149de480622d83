/* SPDX-License-Identifier: MIT */
/*
 * UTF-16LE to UTF-8 and back, losslessly: a lone surrogate becomes its three-byte form (WTF-8) and
 * returns as it was. Bytes that are no UTF-8 at all become U+FFFD, one a byte.
 */
#ifndef OM_BASE_UTF16_H
#define OM_BASE_UTF16_H

#include <stdbool.h>

#include "base/arena.h"

/* n is in bytes; an odd last byte is ignored. The result is NUL-terminated. NULL: no memory. */
char *om__utf16_to_utf8_arena(struct om_arena *a, const uint8_t *p, size_t n);

/* Bytes of UTF-8 that n bytes of UTF-16LE become, without the NUL; and the conversion into out. */
size_t om__utf16_to_utf8_size(const uint8_t *p, size_t n);
void om__utf16_to_utf8(const uint8_t *p, size_t n, char *out);

/* Bytes of UTF-16LE that the string becomes, without a NUL; and the conversion into out. */
size_t om__utf8_to_utf16_size(const char *s);
void om__utf8_to_utf16(const char *s, uint8_t *out);

/* Is it UTF-8 or WTF-8? Then it comes back from UTF-16LE as it went. */
bool om__utf8_valid(const char *s);

#endif
