/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK_MIN 4096u

struct om_arena_block {
    struct om_arena_block *next;
    size_t size, used;
    alignas(max_align_t) uint8_t data[];
};

void om__arena_init(struct om_arena *a, size_t ceiling)
{
    *a = (struct om_arena){.ceiling = ceiling};
}

void om__arena_free(struct om_arena *a)
{
    struct om_arena_block *b = a->head;

    while (b) {
        struct om_arena_block *next = b->next;
        om__free(b);
        b = next;
    }
    om__arena_init(a, a->ceiling);
}

static struct om_arena_block *block_add(struct om_arena *a, size_t n)
{
    size_t size = n > BLOCK_MIN ? n : BLOCK_MIN;
    struct om_arena_block *b = om__malloc(sizeof *b + size);

    if (!b)
        return NULL;
    b->size = size;
    b->used = 0;
    b->next = a->head;
    a->head = b;
    return b;
}

void *om__arena_alloc(struct om_arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    struct om_arena_block *b = a->head;
    void *p;

    if (n > a->ceiling || a->used > a->ceiling - n) {
        a->failed = a->too_large = true;
        return NULL;
    }
    n = (n + align - 1) & ~(align - 1);
    if (!b || b->size - b->used < n)
        b = block_add(a, n);
    if (!b) {
        a->failed = true;
        return NULL;
    }
    p = b->data + b->used;
    b->used += n;
    a->used += n;
    return memset(p, 0, n);
}

void *om__arena_array(struct om_arena *a, size_t count, size_t size)
{
    if (size && count > a->ceiling / size) {
        a->failed = a->too_large = true;
        return NULL;
    }
    return om__arena_alloc(a, count * size);
}

void *om__arena_dup(struct om_arena *a, const void *p, size_t n)
{
    void *copy = om__arena_alloc(a, n);

    if (copy && n)
        memcpy(copy, p, n);
    return copy;
}

char *om__arena_strndup(struct om_arena *a, const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = om__arena_alloc(a, len + 1);

    if (copy)
        memcpy(copy, s, len);
    return copy;
}

char *om__arena_strdup(struct om_arena *a, const char *s)
{
    return om__arena_strndup(a, s, strlen(s));
}

void *om__rows_add(struct om__rows *rows)
{
    if (rows->count == rows->room) {
        uint32_t room = rows->room ? 2 * rows->room : 8;
        void *more = om__arena_array(rows->arena, room, rows->item_size);

        if (!more)
            return NULL;
        if (rows->count)
            memcpy(more, rows->items, rows->count * rows->item_size);
        rows->items = more;
        rows->room = room;
    }
    return (uint8_t *)rows->items + rows->item_size * rows->count++;
}
