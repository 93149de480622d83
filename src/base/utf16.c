/* SPDX-License-Identifier: MIT */
#include "base/utf16.h"

#include <string.h>

/* The next code point (or lone surrogate) of UTF-16LE; moves *p. */
static uint32_t utf16_next(const uint8_t **p, const uint8_t *end)
{
    uint32_t c = (uint32_t)((*p)[0] | (*p)[1] << 8), d;

    *p += 2;
    if (c < 0xD800 || c > 0xDBFF || end - *p < 2)
        return c;
    d = (uint32_t)((*p)[0] | (*p)[1] << 8);
    if (d < 0xDC00 || d > 0xDFFF)
        return c;
    *p += 2;
    return 0x10000 + ((c - 0xD800) << 10) + (d - 0xDC00);
}

static size_t utf8_put(uint32_t c, char *out)
{
    static const uint8_t lead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    if (!out)
        return n;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(lead[n] | c);
    return n;
}

static size_t to_utf8(const uint8_t *p, size_t n, char *out)
{
    const uint8_t *end = p + (n & ~(size_t)1);
    size_t len = 0;

    while (p < end)
        len += utf8_put(utf16_next(&p, end), out ? out + len : NULL);
    return len;
}

size_t om__utf16_to_utf8_size(const uint8_t *p, size_t n)
{
    return to_utf8(p, n, NULL);
}

void om__utf16_to_utf8(const uint8_t *p, size_t n, char *out)
{
    to_utf8(p, n, out);
}

char *om__utf16_to_utf8_arena(struct om_arena *a, const uint8_t *p, size_t n)
{
    size_t len = om__utf16_to_utf8_size(p, n);
    char *s = om__arena_alloc(a, len + 1);

    if (s)
        om__utf16_to_utf8(p, n, s);
    return s;
}

/* The next code point of (W)UTF-8; U+FFFD for a byte that starts none. Moves *s. */
static uint32_t utf8_next(const uint8_t **s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *p = *s;
    size_t n = *p < 0x80             ? 1
               : (*p & 0xE0) == 0xC0 ? 2
               : (*p & 0xF0) == 0xE0 ? 3
               : (*p & 0xF8) == 0xF0 ? 4
                                     : 0;
    uint32_t c = n == 1 ? *p : n ? *p & (0x7Fu >> n) : 0;

    (*s)++;
    if (n == 0)
        return 0xFFFD;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) /* also the NUL: never past the end */
            return 0xFFFD;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (c < least[n] || c > 0x10FFFF)
        return 0xFFFD;
    *s = p + n;
    return c;
}

static size_t to_utf16(const char *str, uint8_t *out)
{
    const uint8_t *s = (const uint8_t *)str;
    size_t len = 0;

    while (*s) {
        uint32_t c = utf8_next(&s);
        uint32_t unit[2] = {c, 0};
        size_t units = 1;

        if (c >= 0x10000) {
            unit[0] = 0xD800 + ((c - 0x10000) >> 10);
            unit[1] = 0xDC00 + ((c - 0x10000) & 0x3FF);
            units = 2;
        }
        for (size_t i = 0; i < units; i++, len += 2) {
            if (out) {
                out[len] = (uint8_t)unit[i];
                out[len + 1] = (uint8_t)(unit[i] >> 8);
            }
        }
    }
    return len;
}

size_t om__utf8_to_utf16_size(const char *s)
{
    return to_utf16(s, NULL);
}

void om__utf8_to_utf16(const char *s, uint8_t *out)
{
    to_utf16(s, out);
}

bool om__utf8_valid(const char *s)
{
    const uint8_t *p = (const uint8_t *)s, *at;
    uint32_t c = 0, before;

    while (*p) {
        at = p;
        before = c;
        c = utf8_next(&p);
        if (c == 0xFFFD && (p - at != 3 || memcmp(at, "\xEF\xBF\xBD", 3) != 0))
            return false;
        /* A pair of surrogates is one character, and that has four bytes. */
        if (before >= 0xD800 && before <= 0xDBFF && c >= 0xDC00 && c <= 0xDFFF)
            return false;
    }
    return true;
}
