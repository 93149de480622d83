/* SPDX-License-Identifier: MIT */
#include "base/fifo.h"

#include <string.h>

#include "base/mem.h"

void om__fifo_init(struct om_fifo *f, size_t ceiling)
{
    *f = (struct om_fifo){.ceiling = ceiling};
}

void om__fifo_free(struct om_fifo *f)
{
    if (!f)
        return;
    om__free(f->buf);
    *f = (struct om_fifo){.ceiling = f->ceiling};
}

/* Moves what is left to the front; grows when that is not enough. */
static bool make_room(struct om_fifo *f, size_t n)
{
    size_t size = om__fifo_size(f), cap = f->cap ? f->cap : 4096;
    uint8_t *p;

    if (f->start) {
        memmove(f->buf, f->buf + f->start, size);
        f->start = 0;
        f->end = size;
    }
    if (f->cap - f->end >= n)
        return true;
    while (cap < size + n)
        cap *= 2;
    p = om__realloc(f->buf, cap);
    if (!p)
        return false;
    f->buf = p;
    f->cap = cap;
    return true;
}

bool om__fifo_put(struct om_fifo *f, const void *p, size_t n)
{
    if (n == 0)
        return true;
    if (!om__fifo_fits(f, n))
        return false;
    if (f->cap - f->end < n && !make_room(f, n))
        return false;
    memcpy(f->buf + f->end, p, n);
    f->end += n;
    return true;
}

void om__fifo_drop(struct om_fifo *f, size_t n)
{
    size_t size = om__fifo_size(f);

    f->start += n < size ? n : size;
    if (f->start == f->end)
        f->start = f->end = 0;
}
