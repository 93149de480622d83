/* SPDX-License-Identifier: MIT */
#include "codec/lzxpress.h"

#include <string.h>

#include "base/err.h"
#include "base/rd.h"

enum {
    MIN_MATCH = 3,
    WINDOW = 8192, /* distances have 13 bits */
    MAX_INPUT = 0xFFFF,
    HASH_BITS = 12,
    MAX_CHAIN = 32, /* candidates looked at for one match: more is slower and hardly smaller */
};

/* Long lengths share a byte two by two: the first takes its low half, the second its high half. */
struct nibbles {
    bool half_left;
    uint8_t byte;
};

static uint8_t next_nibble(struct om_rd *r, struct nibbles *nb)
{
    nb->half_left = !nb->half_left;
    if (!nb->half_left)
        return nb->byte >> 4;
    nb->byte = om_rd_u8(r, "length nibbles");
    return nb->byte & 0xF;
}

/* [MS-XCA] 2.4: the three bits of the symbol, then wider and wider fields while each is full. */
static size_t match_length(struct om_rd *r, uint16_t symbol, struct nibbles *nb)
{
    uint32_t length = symbol & 7;

    if (length < 7)
        return length + MIN_MATCH;
    length = next_nibble(r, nb);
    if (length < 15)
        return length + 7 + MIN_MATCH;
    length = om_rd_u8(r, "length byte");
    if (length < 255)
        return length + 15 + 7 + MIN_MATCH;
    length = om_rd_u16(r, "length word");
    if (length == 0)
        length = om_rd_u32(r, "length double word");
    om_rd_check(r, length >= 15 + 7, length, "length word");
    return (size_t)length + MIN_MATCH;
}

static void copy_match(struct om_rd *r, uint8_t *out, size_t used, size_t distance, size_t length)
{
    if (!om_rd_ok(r))
        return;
    for (size_t i = 0; i < length; i++) /* byte by byte: a match may overlap what it makes */
        out[used + i] = out[used + i - distance];
}

om_status om__lzxpress_decode(const uint8_t *in, size_t n, uint8_t *out, size_t size,
                              struct om_error *err)
{
    struct nibbles nb = {0};
    uint32_t flags = 0;
    unsigned bits = 0;
    size_t used = 0;
    struct om_rd r;

    om_rd_init(&r, in, n);
    while (used < size && om_rd_ok(&r)) {
        if (bits == 0) {
            flags = om_rd_u32(&r, "flags");
            bits = 32;
        }
        if (!(flags >> --bits & 1)) {
            out[used++] = om_rd_u8(&r, "literal");
        } else {
            uint16_t symbol = om_rd_u16(&r, "match");
            size_t length = match_length(&r, symbol, &nb), distance = (size_t)(symbol >> 3) + 1;

            om_rd_check(&r, distance <= used, distance, "match distance");
            om_rd_check(&r, length <= size - used, length, "match length");
            copy_match(&r, out, used, distance, length);
            used += length;
        }
    }
    if (bits == 0 && om_rd_left(&r) == 4) /* the flags of symbols that never came, [MS-XCA] 2.3 */
        om_rd_skip(&r, 4, "flags");
    om_rd_expect_end(&r, "last match");
    return om_rd_finish(&r, OM_LAYER_EMSMDB, "LZXPRESS", err);
}

/* Where the encoder stands. Writes past `cap` are dropped and remembered. */
struct encoder {
    uint8_t *out;
    size_t cap, used;
    bool full;
    size_t flags_at;
    uint32_t flags;
    unsigned bits;
    size_t nibble_at; /* of a byte whose high half is free; 0: none, as offset 0 holds flags */
};

static void put(struct encoder *e, size_t n, uint32_t v)
{
    if (e->full || e->cap - e->used < n) {
        e->full = true;
        return;
    }
    for (size_t i = 0; i < n; i++, v >>= 8)
        e->out[e->used++] = (uint8_t)v;
}

static void store_flags(struct encoder *e)
{
    for (size_t i = 0; i < 4 && !e->full; i++)
        e->out[e->flags_at + i] = (uint8_t)(e->flags >> 8 * i);
}

static void begin_flags(struct encoder *e)
{
    e->flags_at = e->used;
    e->flags = 0;
    e->bits = 0;
    put(e, 4, 0);
}

/* A symbol is written; its flag goes below those before it. */
static void flag(struct encoder *e, bool match)
{
    e->flags |= (uint32_t)match << (31 - e->bits);
    if (++e->bits == 32) {
        store_flags(e);
        begin_flags(e);
    }
}

static void put_nibble(struct encoder *e, uint32_t v)
{
    if (e->nibble_at && !e->full) {
        e->out[e->nibble_at] |= (uint8_t)(v << 4);
        e->nibble_at = 0;
        return;
    }
    e->nibble_at = e->used;
    put(e, 1, v);
}

/* [MS-XCA] 2.3 */
static void put_match(struct encoder *e, size_t distance, size_t match)
{
    uint32_t symbol = (uint32_t)(distance - 1) << 3, length = (uint32_t)match - MIN_MATCH;

    put(e, 2, symbol | (length < 7 ? length : 7));
    if (length >= 7)
        put_nibble(e, length - 7 < 15 ? length - 7 : 15);
    if (length >= 7 + 15)
        put(e, 1, length - 7 - 15 < 255 ? length - 7 - 15 : 255);
    if (length >= 7 + 15 + 255)
        put(e, 2, length);
    flag(e, true);
}

/* Positions by the hash of the three bytes there, the latest first; plus 1, as 0 is none. */
struct chains {
    uint16_t head[1 << HASH_BITS];
    uint16_t prev[WINDOW];
};

static void remember(struct chains *c, const uint8_t *in, size_t n, size_t pos)
{
    uint32_t v, h;

    if (n - pos < MIN_MATCH)
        return;
    v = in[pos] | (uint32_t)in[pos + 1] << 8 | (uint32_t)in[pos + 2] << 16;
    h = v * 2654435761u >> (32 - HASH_BITS);
    c->prev[pos % WINDOW] = c->head[h];
    c->head[h] = (uint16_t)(pos + 1);
}

/*
 * The longest match for `pos`, which is remembered already: its chain begins with itself. A
 * distance of the whole window is left unused, as that position's link was overwritten by this
 * one's.
 */
static size_t find_match(const struct chains *c, const uint8_t *in, size_t n, size_t pos,
                         size_t *distance)
{
    size_t best = 0;
    uint16_t at = c->prev[pos % WINDOW];

    for (unsigned tries = 0; at && pos - (at - 1u) < WINDOW && tries < MAX_CHAIN; tries++) {
        size_t from = at - 1u, length = 0;

        while (pos + length < n && in[from + length] == in[pos + length])
            length++;
        if (length > best) {
            best = length;
            *distance = pos - from;
        }
        at = c->prev[from % WINDOW];
    }
    return best;
}

size_t om__lzxpress_encode(const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
    struct encoder e = {.out = out, .cap = cap};
    struct chains c;
    size_t pos = 0;

    if (n > MAX_INPUT)
        return 0;
    memset(&c, 0, sizeof c);
    begin_flags(&e);
    while (pos < n && !e.full) {
        size_t distance = 0, length = 0, step;

        if (n - pos >= MIN_MATCH) {
            remember(&c, in, n, pos);
            length = find_match(&c, in, n, pos, &distance);
        }
        if (length >= MIN_MATCH) {
            put_match(&e, distance, length);
        } else {
            put(&e, 1, in[pos]);
            flag(&e, false);
        }
        step = length >= MIN_MATCH ? length : 1;
        for (size_t i = 1; i < step; i++)
            remember(&c, in, n, pos + i);
        pos += step;
    }
    e.flags |= e.bits ? 0xFFFFFFFFu >> e.bits : 0xFFFFFFFFu;
    store_flags(&e);
    return e.full ? 0 : e.used;
}
