/* SPDX-License-Identifier: MIT */
/*
 * The reading cursor. It borrows its bytes and is sticky: after the first failure every read gives
 * 0 (or NULL) and nothing moves, so a decoder reads like the specification's table and checks once,
 * with om_rd_finish(), which says which field at which byte needed what.
 *
 * All integers are little-endian unless the name ends in _be. `field` is a string constant: the
 * specification's name of the field.
 */
#ifndef OM_BASE_RD_H
#define OM_BASE_RD_H

#include <onemapi/prop.h>

#include "base/arena.h"

enum om_rd_why {
    OM_RD_OK,
    OM_RD_SHORT,     /* the bytes end inside the field */
    OM_RD_BAD,       /* a value the specification does not allow */
    OM_RD_TRAILING,  /* bytes are left where there must be none */
    OM_RD_COUNT,     /* a count that cannot fit in the bytes left, or is over its ceiling */
    OM_RD_NO_MEMORY, /* the arena gave nothing */
};

struct om_rd {
    const uint8_t *base; /* what offsets in errors and alignment count from */
    const uint8_t *pos;
    const uint8_t *end;
    enum om_rd_why why;
    const char *field;  /* the field that failed */
    size_t fail_offset; /* where, from base */
    uint64_t want;      /* bytes needed, or the value refused */
};

void om_rd_init(struct om_rd *r, const void *p, size_t n);

static inline size_t om_rd_left(const struct om_rd *r)
{
    return r->why ? 0 : (size_t)(r->end - r->pos);
}

static inline size_t om_rd_offset(const struct om_rd *r)
{
    return (size_t)(r->pos - r->base);
}

static inline bool om_rd_ok(const struct om_rd *r)
{
    return r->why == OM_RD_OK;
}

uint8_t om_rd_u8(struct om_rd *r, const char *field);
uint16_t om_rd_u16(struct om_rd *r, const char *field);
uint32_t om_rd_u32(struct om_rd *r, const char *field);
uint64_t om_rd_u64(struct om_rd *r, const char *field);
uint16_t om_rd_u16_be(struct om_rd *r, const char *field);
uint32_t om_rd_u32_be(struct om_rd *r, const char *field);
struct om_guid om_rd_guid(struct om_rd *r, const char *field);

/* Borrowed bytes; NULL after a failure (n == 0 gives a valid pointer). */
const uint8_t *om_rd_bytes(struct om_rd *r, size_t n, const char *field);
void om_rd_copy(struct om_rd *r, void *out, size_t n,
                const char *field); /* zeroes after a failure */
void om_rd_skip(struct om_rd *r, size_t n, const char *field);

/* Skips to a multiple of `to` (a power of two) counted from base. */
void om_rd_align(struct om_rd *r, size_t to, const char *field);

/* A cursor over the next n bytes, with its own base; this one moves past them. */
struct om_rd om_rd_sub(struct om_rd *r, size_t n, const char *field);
/* The failure of a child, if any, becomes the parent's. */
void om_rd_join(struct om_rd *r, const struct om_rd *child);

/*
 * Checks a count from the wire: at most `max`, and `count * min_size` bytes must still be there.
 * Gives the count, or 0 after a failure. The only way to size an allocation.
 */
uint32_t om_rd_count(struct om_rd *r, uint32_t count, uint32_t max, size_t min_size,
                     const char *field);

/* Up to and including a NUL; the length without it in *len (may be NULL). Borrowed. */
const char *om_rd_asciiz(struct om_rd *r, size_t *len, const char *field);
/* UTF-16LE up to and including its NUL, as UTF-8 (WTF-8) in the arena. */
const char *om_rd_utf16z(struct om_rd *r, struct om_arena *a, const char *field);

/* Fails with OM_RD_BAD unless `ok`; `value` is what was seen. Gives ok and the cursor still good.
 */
bool om_rd_check(struct om_rd *r, bool ok, uint64_t value, const char *field);
/* Fails with OM_RD_NO_MEMORY when p is NULL; passes p through. */
void *om_rd_mem(struct om_rd *r, void *p, const char *field);
/* Fails with OM_RD_TRAILING when bytes are left. */
void om_rd_expect_end(struct om_rd *r, const char *field);

/*
 * The verdict. OM_OK, or a status with the error filled in: layer as given, cause
 * OM_CAUSE_PROTOCOL, MAPI_E_CORRUPT_DATA (or MAPI_E_NOT_ENOUGH_MEMORY), native the offset, `what`
 * the structure.
 */
om_status om_rd_finish(const struct om_rd *r, enum om_layer layer, const char *what,
                       struct om_error *err);

#endif
