/* SPDX-License-Identifier: MIT */
#include "base/rd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/utf16.h"

void om_rd_init(struct om_rd *r, const void *p, size_t n)
{
    static const uint8_t nothing[1];
    const uint8_t *b = p ? p : nothing;

    *r = (struct om_rd){.base = b, .pos = b, .end = b + (p ? n : 0)};
}

static void fail(struct om_rd *r, enum om_rd_why why, const char *field, uint64_t want)
{
    if (r->why)
        return;
    r->why = why;
    r->field = field;
    r->fail_offset = om_rd_offset(r);
    r->want = want;
}

const uint8_t *om_rd_bytes(struct om_rd *r, size_t n, const char *field)
{
    const uint8_t *p = r->pos;

    if (r->why)
        return NULL;
    if ((size_t)(r->end - r->pos) < n) {
        fail(r, OM_RD_SHORT, field, n);
        return NULL;
    }
    r->pos += n;
    return p;
}

uint8_t om_rd_u8(struct om_rd *r, const char *field)
{
    const uint8_t *p = om_rd_bytes(r, 1, field);

    return p ? p[0] : 0;
}

uint16_t om_rd_u16(struct om_rd *r, const char *field)
{
    const uint8_t *p = om_rd_bytes(r, 2, field);

    return p ? (uint16_t)(p[0] | p[1] << 8) : 0;
}

uint32_t om_rd_u32(struct om_rd *r, const char *field)
{
    const uint8_t *p = om_rd_bytes(r, 4, field);

    return p ? p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24 : 0;
}

uint64_t om_rd_u64(struct om_rd *r, const char *field)
{
    const uint8_t *p = om_rd_bytes(r, 8, field);
    uint64_t v = 0;

    for (int i = 7; p && i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

uint16_t om_rd_u16_be(struct om_rd *r, const char *field)
{
    const uint8_t *p = om_rd_bytes(r, 2, field);

    return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

uint32_t om_rd_u32_be(struct om_rd *r, const char *field)
{
    const uint8_t *p = om_rd_bytes(r, 4, field);

    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

struct om_guid om_rd_guid(struct om_rd *r, const char *field)
{
    struct om_guid g = {0};
    struct om_rd s = om_rd_sub(r, 16, field);

    if (!om_rd_ok(r))
        return g;
    g.data1 = om_rd_u32(&s, field);
    g.data2 = om_rd_u16(&s, field);
    g.data3 = om_rd_u16(&s, field);
    om_rd_copy(&s, g.data4, sizeof g.data4, field);
    return g;
}

void om_rd_copy(struct om_rd *r, void *out, size_t n, const char *field)
{
    const uint8_t *p = om_rd_bytes(r, n, field);

    if (p)
        memcpy(out, p, n);
    else
        memset(out, 0, n);
}

void om_rd_skip(struct om_rd *r, size_t n, const char *field)
{
    (void)om_rd_bytes(r, n, field);
}

void om_rd_align(struct om_rd *r, size_t to, const char *field)
{
    om_rd_skip(r, (to - om_rd_offset(r) % to) % to, field);
}

struct om_rd om_rd_sub(struct om_rd *r, size_t n, const char *field)
{
    struct om_rd child;
    const uint8_t *p = om_rd_bytes(r, n, field);

    om_rd_init(&child, p, p ? n : 0);
    child.why = r->why; /* a child of a failed parent is failed, so nothing is read from it */
    child.field = r->field;
    return child;
}

void om_rd_join(struct om_rd *r, const struct om_rd *child)
{
    if (r->why || !child->why)
        return;
    r->why = child->why;
    r->field = child->field;
    r->fail_offset = (size_t)(child->base - r->base) + child->fail_offset;
    r->want = child->want;
}

uint32_t om_rd_count(struct om_rd *r, uint32_t count, uint32_t max, size_t min_size,
                     const char *field)
{
    if (r->why)
        return 0;
    if (count > max || (min_size && count > om_rd_left(r) / min_size)) {
        fail(r, OM_RD_COUNT, field, count);
        return 0;
    }
    return count;
}

const char *om_rd_asciiz(struct om_rd *r, size_t *len, const char *field)
{
    const uint8_t *nul = om_rd_left(r) ? memchr(r->pos, 0, om_rd_left(r)) : NULL;
    const char *s = (const char *)r->pos;

    if (len)
        *len = 0;
    if (!nul) {
        fail(r, OM_RD_SHORT, field, om_rd_left(r) + 1);
        return NULL;
    }
    if (len)
        *len = (size_t)(nul - r->pos);
    r->pos = nul + 1;
    return s;
}

const char *om_rd_utf16z(struct om_rd *r, struct om_arena *a, const char *field)
{
    size_t left = om_rd_left(r), n = 0;
    const uint8_t *p = r->pos;
    char *s;

    while (n + 1 < left && (p[n] | p[n + 1]))
        n += 2;
    if (n + 1 >= left) {
        fail(r, OM_RD_SHORT, field, n + 2);
        return NULL;
    }
    s = om__utf16_to_utf8_arena(a, p, n);
    if (!om_rd_mem(r, s, field))
        return NULL;
    r->pos += n + 2;
    return s;
}

bool om_rd_check(struct om_rd *r, bool ok, uint64_t value, const char *field)
{
    if (!ok)
        fail(r, OM_RD_BAD, field, value);
    return om_rd_ok(r);
}

void *om_rd_mem(struct om_rd *r, void *p, const char *field)
{
    if (!p)
        fail(r, OM_RD_NO_MEMORY, field, 0);
    return p;
}

void om_rd_expect_end(struct om_rd *r, const char *field)
{
    if (om_rd_left(r))
        fail(r, OM_RD_TRAILING, field, om_rd_left(r));
}

static void describe(const struct om_rd *r, const char *what, char *buf, size_t size)
{
    size_t total = (size_t)(r->end - r->base);
    size_t left = total > r->fail_offset ? total - r->fail_offset : 0;
    int n = snprintf(buf, size, "%s: %s at byte %zu ", what, r->field, r->fail_offset);
    char *rest = buf + (n < (int)size ? (size_t)n : size - 1);
    size_t room = size - (size_t)(rest - buf);

    switch (r->why) {
    case OM_RD_OK:
        break;
    case OM_RD_SHORT:
        snprintf(rest, room, "needs %" PRIu64 " bytes, %zu are left", r->want, left);
        break;
    case OM_RD_BAD:
        snprintf(rest, room, "is 0x%" PRIX64 ", which is not allowed here", r->want);
        break;
    case OM_RD_TRAILING:
        snprintf(rest, room, "is followed by %" PRIu64 " bytes that should not be there", r->want);
        break;
    case OM_RD_COUNT:
        snprintf(rest, room, "counts %" PRIu64 ", more than can be there", r->want);
        break;
    case OM_RD_NO_MEMORY:
        snprintf(rest, room, "found no memory");
        break;
    }
}

om_status om_rd_finish(const struct om_rd *r, enum om_layer layer, const char *what,
                       struct om_error *err)
{
    char text[200];

    if (om_rd_ok(r))
        return OM_OK;
    describe(r, what, text, sizeof text);
    if (r->why == OM_RD_NO_MEMORY)
        return om__fail(err, MAPI_E_NOT_ENOUGH_MEMORY, layer, OM_CAUSE_NO_MEMORY, OM_NATIVE_OFFSET,
                        (uint32_t)r->fail_offset, "%s", text);
    return om__fail(err, MAPI_E_CORRUPT_DATA, layer, OM_CAUSE_PROTOCOL, OM_NATIVE_OFFSET,
                    (uint32_t)r->fail_offset, "%s", text);
}
