/* SPDX-License-Identifier: MIT */
/*
 * NDR 2.0 on top of the cursors: what every RPC interface's stub is made of. [C706] chapter 14,
 * [MS-RPCE] 2.2.4.
 *
 * Alignment counts from the first byte of the stub: read with a cursor whose base is the stub, and
 * write with `origin` where the stub begins. Each function aligns before its field, so a decoder
 * reads like the interface's IDL. Embedded pointers come in two parts, as on the wire: first all
 * referents of the structure (om__ndr_rd_ptr), then what those not NULL point to. A structure or
 * union whose alignment is wider than its first member's needs om_rd_align() or om_wr_align()
 * first.
 *
 * Limits are in elements and bound what a peer can make us hold; a count over its limit, or over
 * the bytes there, fails the cursor (OM_RD_COUNT).
 */
#ifndef OM_CODEC_NDR_H
#define OM_CODEC_NDR_H

#include "base/arena.h"
#include "base/rd.h"
#include "base/wr.h"

/* Integers, aligned to their size. [C706] 14.2.5 */
uint16_t om__ndr_rd_u16(struct om_rd *r, const char *field);
uint32_t om__ndr_rd_u32(struct om_rd *r, const char *field);
uint64_t om__ndr_rd_u64(struct om_rd *r, const char *field);
void om__ndr_wr_u16(struct om_wr *w, uint16_t v);
void om__ndr_wr_u32(struct om_wr *w, uint32_t v);
void om__ndr_wr_u64(struct om_wr *w, uint64_t v);

/* A UUID, aligned to 4. */
struct om_guid om__ndr_rd_guid(struct om_rd *r, const char *field);
void om__ndr_wr_guid(struct om_wr *w, const struct om_guid *g);

/*
 * The referent of a unique pointer: is it not NULL? [C706] 14.3.10, 14.3.11. The writer makes the
 * referent from its offset, so that no two in one stub are equal.
 */
bool om__ndr_rd_ptr(struct om_rd *r, const char *field);
void om__ndr_wr_ptr(struct om_wr *w, bool present);

/* A context handle: 20 bytes, aligned to 4. [C706] 14.2.16.6; all zeroes is the NULL handle. */
struct om__ndr_context {
    uint32_t attributes;
    struct om_guid uuid;
};

struct om__ndr_context om__ndr_rd_context(struct om_rd *r, const char *field);
void om__ndr_wr_context(struct om_wr *w, const struct om__ndr_context *c);
bool om__ndr_context_equal(const struct om__ndr_context *a, const struct om__ndr_context *b);
bool om__ndr_context_is_null(const struct om__ndr_context *c);

/*
 * Array headers; the elements follow. `size` is the least an element takes on the wire.
 *   conformant          max_count                              [C706] 14.3.3.2
 *   varying             offset (0), actual_count               [C706] 14.3.3.3
 *   conformant varying  max_count, offset (0), actual_count    [C706] 14.3.3.4
 * The max_count of a conformant varying array may be larger than the elements sent, so it is
 * checked against `max` only; `max_count` may be NULL. Gives the elements that follow, 0 after a
 * failure.
 */
uint32_t om__ndr_rd_conformant(struct om_rd *r, uint32_t max, size_t size, const char *field);
uint32_t om__ndr_rd_varying(struct om_rd *r, uint32_t max, size_t size, const char *field);
uint32_t om__ndr_rd_conformant_varying(struct om_rd *r, uint32_t max, size_t size,
                                       uint32_t *max_count, const char *field);
void om__ndr_wr_conformant(struct om_wr *w, uint32_t max_count);
void om__ndr_wr_varying(struct om_wr *w, uint32_t actual_count);
void om__ndr_wr_conformant_varying(struct om_wr *w, uint32_t max_count, uint32_t actual_count);

/* Arrays of bytes, header and all. Borrowed; cb is 0 and pb NULL when empty or after a failure. */
struct om_binary om__ndr_rd_bytes(struct om_rd *r, uint32_t max, const char *field);
struct om_binary om__ndr_rd_bytes_varying(struct om_rd *r, uint32_t max, uint32_t *max_count,
                                          const char *field);
void om__ndr_wr_bytes(struct om_wr *w, const void *p, uint32_t n);
void om__ndr_wr_bytes_varying(struct om_wr *w, const void *p, uint32_t n, uint32_t max_count);

/*
 * [string] char * and wchar_t *: conformant varying, the NUL counted, the offset 0. [C706] 14.3.4.
 * What is read ends at the first NUL; without one it is refused. `max` counts characters with the
 * NUL. `_str` borrows bytes in the peer's code page; `_wstr` gives UTF-8 in the arena. NULL after a
 * failure.
 */
const char *om__ndr_rd_str(struct om_rd *r, uint32_t max, const char *field);
const char *om__ndr_rd_wstr(struct om_rd *r, struct om_arena *a, uint32_t max, const char *field);
void om__ndr_wr_str(struct om_wr *w, const char *s);
void om__ndr_wr_wstr(struct om_wr *w, const char *utf8);

#endif
