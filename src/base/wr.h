/* SPDX-License-Identifier: MIT */
/*
 * The writing cursor. Grows up to a named ceiling (limits.h); sticky like om_rd. Lengths are
 * reserved, then patched, never summed by hand. What held secrets is wiped on free when `wipe` is
 * set.
 */
#ifndef OM_BASE_WR_H
#define OM_BASE_WR_H

#include <onemapi/prop.h>

struct om_wr {
    uint8_t *buf;
    size_t len, cap, ceiling;
    size_t origin; /* where alignment counts from */
    bool wipe;
    bool failed;    /* no memory, or over the ceiling */
    bool too_large; /* it was the ceiling, or a length that its field cannot hold */
    bool invalid;   /* it was a value that has no form on the wire: a caller's mistake */
};

void om_wr_init(struct om_wr *w, size_t ceiling);
void om_wr_free(struct om_wr *w);  /* NULL-safe; back to empty with the same ceiling */
void om_wr_reset(struct om_wr *w); /* empties, keeps the memory (wiped if so set) */

/* n bytes to fill, NULL after a failure. Valid until the next write. */
uint8_t *om_wr_space(struct om_wr *w, size_t n);

void om_wr_u8(struct om_wr *w, uint8_t v);
void om_wr_u16(struct om_wr *w, uint16_t v);
void om_wr_u32(struct om_wr *w, uint32_t v);
void om_wr_u64(struct om_wr *w, uint64_t v);
void om_wr_u16_be(struct om_wr *w, uint16_t v);
void om_wr_u32_be(struct om_wr *w, uint32_t v);
void om_wr_guid(struct om_wr *w, const struct om_guid *g);
void om_wr_bytes(struct om_wr *w, const void *p, size_t n);
void om_wr_zeros(struct om_wr *w, size_t n);
void om_wr_align(struct om_wr *w, size_t to); /* with zeroes, from `origin` */
void om_wr_asciiz(struct om_wr *w, const char *s);
void om_wr_utf16z(struct om_wr *w, const char *utf8); /* UTF-16LE with its NUL */
void om_wr_utf16(struct om_wr *w, const char *utf8);  /* without */

/* Fails with `invalid` unless `ok`. Gives ok and the cursor still good. */
bool om_wr_check(struct om_wr *w, bool ok);

/* Drops what was written from offset `len` on: what turned out not to fit. Nothing after a failure.
 */
void om_wr_truncate(struct om_wr *w, size_t len);

/* A place for a length or count, written later. The value is its offset. */
size_t om_wr_reserve(struct om_wr *w, size_t n);
void om_wr_patch_u16(struct om_wr *w, size_t at,
                     size_t value); /* fails when the value does not fit */
void om_wr_patch_u32(struct om_wr *w, size_t at, size_t value);

/* OM_OK, or the error filled in: what was being written could not be. */
om_status om_wr_finish(const struct om_wr *w, enum om_layer layer, const char *what,
                       struct om_error *err);

/* Hands the buffer over to the caller, who frees it with om__free(); the cursor is empty again. */
uint8_t *om_wr_take(struct om_wr *w, size_t *len);

#endif
