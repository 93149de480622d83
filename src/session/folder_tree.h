/* SPDX-License-Identifier: MIT */
/* The folders of a hierarchy table as the tree they are: rows in any order in, parents first out.
 */
#ifndef OM_SESSION_FOLDER_TREE_H
#define OM_SESSION_FOLDER_TREE_H

#include <onemapi/session.h>

#include "base/arena.h"

struct om__folder_node;

struct om__folder_tree {
    struct om_arena arena; /* names: they outlive the answers they came in */
    struct om__folder_node *nodes;
    uint32_t count, capacity;
    uint32_t *by_id; /* node indices in the order of their ids */
    uint32_t first_root, last_root;
};

void om__folder_tree_init(struct om__folder_tree *t);
void om__folder_tree_free(struct om__folder_tree *t);

/* Takes a copy; path and depth are not looked at. At most OM_MAX_TABLE_ROWS. */
om_status om__folder_tree_add(struct om__folder_tree *t, const struct om_folder *folder,
                              struct om_error *err);

/*
 * Calls fn for each folder with its path and depth, depth first. Siblings keep the order they came
 * in; a folder whose parent did not come is at the top. Folders that are below themselves are
 * MAPI_E_CORRUPT_DATA, said after the others were given. Once only.
 */
om_status om__folder_tree_walk(struct om__folder_tree *t, om_folder_fn *fn, void *ctx,
                               struct om_error *err);

#endif
