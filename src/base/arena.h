/* SPDX-License-Identifier: MIT */
/*
 * Memory freed as a whole: what one decoded answer points to. A ceiling bounds what a peer can make
 * us hold; past it, and when memory is out, allocations give NULL and `failed` stays set.
 */
#ifndef OM_BASE_ARENA_H
#define OM_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct om_arena_block;

struct om_arena {
    struct om_arena_block *head;
    size_t used; /* bytes handed out, rounded for alignment */
    size_t ceiling;
    bool failed;
    bool too_large; /* the failure was the ceiling, not memory */
};

void om__arena_init(struct om_arena *a, size_t ceiling);
void om__arena_free(struct om_arena *a); /* back to empty; usable again */

/* Zeroed and aligned for any type, or NULL. */
void *om__arena_alloc(struct om_arena *a, size_t n);
void *om__arena_array(struct om_arena *a, size_t count, size_t size);
void *om__arena_dup(struct om_arena *a, const void *p, size_t n);
char *om__arena_strndup(struct om_arena *a, const char *s, size_t n);
char *om__arena_strdup(struct om_arena *a, const char *s);

/*
 * An array that grows in an arena, so that what comes of it is plain `items` and `count`. Start
 * with the first two members set and the others zero. Items move when it grows.
 */
struct om__rows {
    struct om_arena *arena;
    size_t item_size;
    uint32_t count, room;
    void *items;
};

/* The new last item, zeroed; NULL when the arena has nothing left, and the array is as it was. */
void *om__rows_add(struct om__rows *rows);

#endif
