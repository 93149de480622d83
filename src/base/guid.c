/* SPDX-License-Identifier: MIT */
#include "base/guid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

void om__guid_format(const struct om_guid *g, char out[OM_GUID_TEXT])
{
    const uint8_t *d = g->data4;

    snprintf(out, OM_GUID_TEXT, "%08" PRIx32 "-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             g->data1, g->data2, g->data3, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
}

static uint64_t be(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    while (n--)
        v = v << 8 | *p++;
    return v;
}

bool om__guid_parse(const char *text, struct om_guid *g)
{
    static const uint8_t group[] = {4, 2, 2, 2, 6};
    bool braced = *text == '{';
    uint8_t b[16], *p = b;

    text += braced;
    for (size_t i = 0; i < sizeof group; i++) {
        if ((i && *text++ != '-') || !om__hex_parse(text, group[i], p))
            return false;
        text += 2 * group[i];
        p += group[i];
    }
    if ((braced && *text++ != '}') || *text)
        return false;
    g->data1 = (uint32_t)be(b, 4);
    g->data2 = (uint16_t)be(b + 4, 2);
    g->data3 = (uint16_t)be(b + 6, 2);
    memcpy(g->data4, b + 8, 8);
    return true;
}

bool om__guid_equal(const struct om_guid *a, const struct om_guid *b)
{
    return a->data1 == b->data1 && a->data2 == b->data2 && a->data3 == b->data3 &&
           memcmp(a->data4, b->data4, sizeof a->data4) == 0;
}

void om__uid_format(const struct om_uid *u, char out[OM_UID_TEXT])
{
    om__hex_format(u->ab, sizeof u->ab, true, out);
}

bool om__uid_parse(const char *text, struct om_uid *u)
{
    struct om_uid parsed;

    if (strlen(text) != 2 * sizeof parsed.ab || !om__hex_parse(text, sizeof parsed.ab, parsed.ab))
        return false;
    *u = parsed;
    return true;
}

bool om__uid_equal(const struct om_uid *a, const struct om_uid *b)
{
    return memcmp(a->ab, b->ab, sizeof a->ab) == 0;
}

bool om__random(void *p, size_t n)
{
    uint8_t *b = p;

    while (n) {
        ssize_t got = getrandom(b, n, 0);
        if (got <= 0)
            return false;
        b += got;
        n -= (size_t)got;
    }
    return true;
}

bool om__guid_random(struct om_guid *g)
{
    if (!om__random(g, sizeof *g))
        return false;
    g->data3 = (uint16_t)((g->data3 & 0x0FFF) | 0x4000);
    g->data4[0] = (uint8_t)((g->data4[0] & 0x3F) | 0x80);
    return true;
}

void om__hex_format(const void *p, size_t n, bool upper, char *out)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++) {
        *out++ = digits[b[i] >> 4];
        *out++ = digits[b[i] & 15];
    }
    *out = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool om__hex_parse(const char *text, size_t n, void *out)
{
    uint8_t *b = out;

    for (size_t i = 0; i < n; i++) {
        int hi = hex_digit(text[2 * i]), lo = hi < 0 ? -1 : hex_digit(text[2 * i + 1]);
        if (lo < 0)
            return false;
        b[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}
