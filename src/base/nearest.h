/* SPDX-License-Identifier: MIT */
/* "Did you mean": the names nearest to one that was not found, without regard to case. */
#ifndef OM_BASE_NEAREST_H
#define OM_BASE_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

#define OM_NEAREST_COUNT 3

struct om__nearest {
    const char *text;
    const char *name[OM_NEAREST_COUNT]; /* nearest first; borrowed from who offered them */
    unsigned distance[OM_NEAREST_COUNT];
};

void om__nearest_init(struct om__nearest *n, const char *text);

/* Keeps the name when it is among the nearest and near enough to be meant. */
void om__nearest_offer(struct om__nearest *n, const char *name);

/* "; nearest: A, B, C", or "" when nothing was near. Cut to size. */
void om__nearest_format(const struct om__nearest *n, char *buf, size_t size);

#endif
