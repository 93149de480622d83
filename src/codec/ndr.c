/* SPDX-License-Identifier: MIT */
#include "codec/ndr.h"

#include <string.h>

#include "base/guid.h"
#include "base/utf16.h"

uint16_t om__ndr_rd_u16(struct om_rd *r, const char *field)
{
    om_rd_align(r, 2, field);
    return om_rd_u16(r, field);
}

uint32_t om__ndr_rd_u32(struct om_rd *r, const char *field)
{
    om_rd_align(r, 4, field);
    return om_rd_u32(r, field);
}

uint64_t om__ndr_rd_u64(struct om_rd *r, const char *field)
{
    om_rd_align(r, 8, field);
    return om_rd_u64(r, field);
}

void om__ndr_wr_u16(struct om_wr *w, uint16_t v)
{
    om_wr_align(w, 2);
    om_wr_u16(w, v);
}

void om__ndr_wr_u32(struct om_wr *w, uint32_t v)
{
    om_wr_align(w, 4);
    om_wr_u32(w, v);
}

void om__ndr_wr_u64(struct om_wr *w, uint64_t v)
{
    om_wr_align(w, 8);
    om_wr_u64(w, v);
}

struct om_guid om__ndr_rd_guid(struct om_rd *r, const char *field)
{
    om_rd_align(r, 4, field);
    return om_rd_guid(r, field);
}

void om__ndr_wr_guid(struct om_wr *w, const struct om_guid *g)
{
    om_wr_align(w, 4);
    om_wr_guid(w, g);
}

bool om__ndr_rd_ptr(struct om_rd *r, const char *field)
{
    return om__ndr_rd_u32(r, field) != 0;
}

void om__ndr_wr_ptr(struct om_wr *w, bool present)
{
    om_wr_align(w, 4);
    om_wr_u32(w, present ? (uint32_t)(0x00020000u + (w->len - w->origin)) : 0);
}

struct om__ndr_context om__ndr_rd_context(struct om_rd *r, const char *field)
{
    struct om__ndr_context c;

    c.attributes = om__ndr_rd_u32(r, field);
    c.uuid = om_rd_guid(r, field);
    return c;
}

void om__ndr_wr_context(struct om_wr *w, const struct om__ndr_context *c)
{
    om__ndr_wr_u32(w, c->attributes);
    om_wr_guid(w, &c->uuid);
}

bool om__ndr_context_equal(const struct om__ndr_context *a, const struct om__ndr_context *b)
{
    return a->attributes == b->attributes && om__guid_equal(&a->uuid, &b->uuid);
}

bool om__ndr_context_is_null(const struct om__ndr_context *c)
{
    static const struct om__ndr_context null;

    return om__ndr_context_equal(c, &null);
}

uint32_t om__ndr_rd_conformant(struct om_rd *r, uint32_t max, size_t size, const char *field)
{
    uint32_t max_count = om__ndr_rd_u32(r, field);

    return om_rd_count(r, max_count, max, size, field);
}

uint32_t om__ndr_rd_varying(struct om_rd *r, uint32_t max, size_t size, const char *field)
{
    uint32_t offset = om__ndr_rd_u32(r, field);
    uint32_t actual_count = om_rd_u32(r, field);

    /* Elements before the offset would be the reader's own: no interface here sends such an array.
     */
    om_rd_check(r, offset == 0, offset, field);
    return om_rd_count(r, actual_count, max, size, field);
}

uint32_t om__ndr_rd_conformant_varying(struct om_rd *r, uint32_t max, size_t size,
                                       uint32_t *max_count, const char *field)
{
    uint32_t most = om_rd_count(r, om__ndr_rd_u32(r, field), max, 0, field);
    uint32_t count = om__ndr_rd_varying(r, most, size, field);

    if (max_count)
        *max_count = om_rd_ok(r) ? most : 0;
    return count;
}

void om__ndr_wr_conformant(struct om_wr *w, uint32_t max_count)
{
    om__ndr_wr_u32(w, max_count);
}

void om__ndr_wr_varying(struct om_wr *w, uint32_t actual_count)
{
    om__ndr_wr_u32(w, 0);
    om_wr_u32(w, actual_count);
}

void om__ndr_wr_conformant_varying(struct om_wr *w, uint32_t max_count, uint32_t actual_count)
{
    om__ndr_wr_conformant(w, max_count);
    om__ndr_wr_varying(w, actual_count);
}

static struct om_binary borrow(struct om_rd *r, uint32_t n, const char *field)
{
    struct om_binary b = {n, n ? om_rd_bytes(r, n, field) : NULL};

    if (!b.pb)
        b.cb = 0;
    return b;
}

struct om_binary om__ndr_rd_bytes(struct om_rd *r, uint32_t max, const char *field)
{
    return borrow(r, om__ndr_rd_conformant(r, max, 1, field), field);
}

struct om_binary om__ndr_rd_bytes_varying(struct om_rd *r, uint32_t max, uint32_t *max_count,
                                          const char *field)
{
    return borrow(r, om__ndr_rd_conformant_varying(r, max, 1, max_count, field), field);
}

void om__ndr_wr_bytes(struct om_wr *w, const void *p, uint32_t n)
{
    om__ndr_wr_conformant(w, n);
    om_wr_bytes(w, p, n);
}

void om__ndr_wr_bytes_varying(struct om_wr *w, const void *p, uint32_t n, uint32_t max_count)
{
    om__ndr_wr_conformant_varying(w, max_count, n);
    om_wr_bytes(w, p, n);
}

const char *om__ndr_rd_str(struct om_rd *r, uint32_t max, const char *field)
{
    uint32_t n = om__ndr_rd_conformant_varying(r, max, 1, NULL, field);
    struct om_rd chars = om_rd_sub(r, n, field);
    const char *s = om_rd_asciiz(&chars, NULL, field);

    om_rd_join(r, &chars);
    return om_rd_ok(r) ? s : NULL;
}

const char *om__ndr_rd_wstr(struct om_rd *r, struct om_arena *a, uint32_t max, const char *field)
{
    uint32_t n = om__ndr_rd_conformant_varying(r, max, 2, NULL, field);
    struct om_rd chars = om_rd_sub(r, 2 * (size_t)n, field);
    const char *s = om_rd_utf16z(&chars, a, field);

    om_rd_join(r, &chars);
    return om_rd_ok(r) ? s : NULL;
}

/* The counts are known only when the characters are written. */
static void patch_string_counts(struct om_wr *w, size_t at, size_t chars)
{
    om_wr_patch_u32(w, at, chars);
    om_wr_patch_u32(w, at + 8, chars);
}

void om__ndr_wr_str(struct om_wr *w, const char *s)
{
    size_t at, start;

    om_wr_align(w, 4);
    at = om_wr_reserve(w, 12);
    start = w->len;
    om_wr_asciiz(w, s);
    patch_string_counts(w, at, w->len - start);
}

void om__ndr_wr_wstr(struct om_wr *w, const char *utf8)
{
    size_t at, start;

    om_wr_align(w, 4);
    at = om_wr_reserve(w, 12);
    start = w->len;
    om_wr_utf16z(w, utf8);
    patch_string_counts(w, at, (w->len - start) / 2);
}
