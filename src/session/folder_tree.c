/* SPDX-License-Identifier: MIT */
#include "session/folder_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/wr.h"

#define TREE_CEILING (256u << 20) /* OM_MAX_TABLE_ROWS folders of ordinary names */
#define PATH_CEILING (1u << 20)
#define NONE         UINT32_MAX

struct om__folder_node {
    struct om_folder f;
    uint32_t first_child, last_child, next; /* indices, NONE where there is none */
};

void om__folder_tree_init(struct om__folder_tree *t)
{
    *t = (struct om__folder_tree){0};
    om__arena_init(&t->arena, TREE_CEILING);
}

void om__folder_tree_free(struct om__folder_tree *t)
{
    om__free(t->nodes);
    om__free(t->by_id);
    om__arena_free(&t->arena);
}

static om_status too_many(struct om_error *err)
{
    return om__fail(err, MAPI_E_TABLE_TOO_BIG, OM_LAYER_ROP, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
                    "the mailbox has more than %u folders", OM_MAX_TABLE_ROWS);
}

static om_status grow(struct om__folder_tree *t, struct om_error *err)
{
    uint32_t capacity = t->capacity ? 2 * t->capacity : 64;
    struct om__folder_node *nodes;

    if (t->count < t->capacity)
        return OM_OK;
    if (t->count >= OM_MAX_TABLE_ROWS)
        return too_many(err);
    nodes = om__realloc(t->nodes, capacity * sizeof *nodes);
    if (!nodes)
        return om__fail_memory(err, "the folder tree");
    t->nodes = nodes;
    t->capacity = capacity;
    return OM_OK;
}

om_status om__folder_tree_add(struct om__folder_tree *t, const struct om_folder *folder,
                              struct om_error *err)
{
    om_status st = grow(t, err);
    struct om__folder_node *n;

    if (st != OM_OK)
        return st;
    n = &t->nodes[t->count];
    *n = (struct om__folder_node){
        .f = *folder, .first_child = NONE, .last_child = NONE, .next = NONE};
    n->f.name = om__arena_strdup(&t->arena, folder->name);
    n->f.container_class = om__arena_strdup(&t->arena, folder->container_class);
    if (t->arena.failed)
        return t->arena.too_large ? too_many(err) : om__fail_memory(err, "folder names");
    t->count++;
    return OM_OK;
}

static int compare_ids(const void *a, const void *b, void *nodes)
{
    uint64_t x = ((const struct om__folder_node *)nodes)[*(const uint32_t *)a].f.id;
    uint64_t y = ((const struct om__folder_node *)nodes)[*(const uint32_t *)b].f.id;

    return x < y ? -1 : x > y;
}

static uint32_t find(const struct om__folder_tree *t, uint64_t id)
{
    uint32_t lo = 0, hi = t->count;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (t->nodes[t->by_id[mid]].f.id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < t->count && t->nodes[t->by_id[lo]].f.id == id ? t->by_id[lo] : NONE;
}

static void append(struct om__folder_tree *t, uint32_t *first, uint32_t *last, uint32_t i)
{
    if (*last == NONE)
        *first = i;
    else
        t->nodes[*last].next = i;
    *last = i;
}

/* Children keep the server's order; a folder whose parent is not in the table is at the top. */
static om_status link_nodes(struct om__folder_tree *t, struct om_error *err)
{
    t->first_root = t->last_root = NONE;
    t->by_id = om__malloc(t->count * sizeof *t->by_id);
    if (!t->by_id)
        return om__fail_memory(err, "the folder tree");
    for (uint32_t i = 0; i < t->count; i++)
        t->by_id[i] = i;
    if (t->count)
        qsort_r(t->by_id, t->count, sizeof *t->by_id, compare_ids, t->nodes);
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t parent = find(t, t->nodes[i].f.parent_id);

        if (parent == NONE)
            append(t, &t->first_root, &t->last_root, i);
        else
            append(t, &t->nodes[parent].first_child, &t->nodes[parent].last_child, i);
    }
    return OM_OK;
}

/* Appends "/name" with a '/' or '\' in it escaped. */
static void push_name(struct om_wr *path, const char *name)
{
    om_wr_u8(path, '/');
    for (; *name; name++) {
        if (*name == '/' || *name == '\\')
            om_wr_u8(path, '\\');
        om_wr_u8(path, (uint8_t)*name);
    }
}

/* One level's place while walking: which node, and how long the path was before it. */
struct step {
    uint32_t node;
    size_t path_len;
};

static om_status emit(struct om__folder_node *n, unsigned depth, struct om_wr *path,
                      om_folder_fn *fn, void *ctx, bool *go_on, struct om_error *err)
{
    om_status st;

    push_name(path, n->f.name);
    om_wr_u8(path, 0);
    st = om_wr_finish(path, OM_LAYER_SESSION, "a folder's path", err);
    if (st != OM_OK)
        return st;
    path->len--; /* the NUL is for this folder alone */
    n->f.path = (const char *)path->buf;
    n->f.depth = depth;
    *go_on = fn(ctx, &n->f);
    return OM_OK;
}

/* Depth first, parents before children, without recursion: a hostile tree can be deep. */
static om_status walk(struct om__folder_tree *t, om_folder_fn *fn, void *ctx, uint32_t *visited,
                      bool *go_on, struct om_error *err)
{
    struct step stack[OM_MAX_FOLDER_DEPTH];
    struct om_wr path;
    uint32_t depth = 0, at = t->first_root;
    om_status st = OM_OK;

    om_wr_init(&path, PATH_CEILING);
    while (st == OM_OK && *go_on && (at != NONE || depth > 0)) {
        if (at == NONE) {
            depth--;
            path.len = stack[depth].path_len;
            at = t->nodes[stack[depth].node].next;
            continue;
        }
        if (depth == OM_MAX_FOLDER_DEPTH) {
            st = om__fail(err, MAPI_E_TOO_COMPLEX, OM_LAYER_ROP, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE,
                          0, "folders are nested deeper than %u levels", OM_MAX_FOLDER_DEPTH);
            break;
        }
        stack[depth] = (struct step){.node = at, .path_len = path.len};
        st = emit(&t->nodes[at], depth + 1, &path, fn, ctx, go_on, err);
        ++*visited;
        depth++;
        at = t->nodes[at].first_child;
    }
    om_wr_free(&path);
    return st;
}

om_status om__folder_tree_walk(struct om__folder_tree *t, om_folder_fn *fn, void *ctx,
                               struct om_error *err)
{
    uint32_t visited = 0;
    bool go_on = true;
    om_status st = link_nodes(t, err);

    if (st == OM_OK)
        st = walk(t, fn, ctx, &visited, &go_on, err);
    if (st == OM_OK && go_on && visited != t->count)
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_ROP, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                        0, "%u folders of the hierarchy table are below themselves",
                        (unsigned)(t->count - visited));
    return st;
}
