/* SPDX-License-Identifier: MIT */
/*
 * Bytes that go in at one end and come out at the other: what waits to be sent, what has arrived
 * in part. Bounded by a named ceiling (limits.h).
 */
#ifndef OM_BASE_FIFO_H
#define OM_BASE_FIFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct om_fifo {
    uint8_t *buf;
    size_t start, end, cap, ceiling;
};

void om__fifo_init(struct om_fifo *f, size_t ceiling);
void om__fifo_free(struct om_fifo *f); /* NULL-safe; back to empty with the same ceiling */

/* All or nothing. False: over the ceiling (om__fifo_fits() tells), or no memory. */
bool om__fifo_put(struct om_fifo *f, const void *p, size_t n);

static inline size_t om__fifo_size(const struct om_fifo *f)
{
    return f->end - f->start;
}

static inline bool om__fifo_fits(const struct om_fifo *f, size_t n)
{
    return n <= f->ceiling - om__fifo_size(f);
}

/* What is there, oldest first; borrowed until the next put. NULL when empty. */
static inline const uint8_t *om__fifo_data(const struct om_fifo *f)
{
    return f->end > f->start ? f->buf + f->start : NULL;
}

/* Forgets the n oldest bytes; at most all. */
void om__fifo_drop(struct om_fifo *f, size_t n);

#endif
