/* SPDX-License-Identifier: MIT */
/* The folder tree: one hierarchy table with all its levels, read in as few calls as its rows need.
 */
#include "base/err.h"
#include "base/limits.h"
#include "codec/props.h"
#include "session/folder_tree.h"
#include "session/mailbox.h"
#include "session/session_int.h"

#define PR_DISPLAY_NAME    OM_PROP_TAG(PT_UNICODE, 0x3001)
#define PR_CONTENT_COUNT   OM_PROP_TAG(PT_LONG, 0x3602)
#define PR_CONTENT_UNREAD  OM_PROP_TAG(PT_LONG, 0x3603)
#define PR_CONTAINER_CLASS OM_PROP_TAG(PT_UNICODE, 0x3613)
#define PR_FID             OM_PROP_TAG(PT_I8, 0x6748)
#define PR_PARENT_FID      OM_PROP_TAG(PT_I8, 0x6749)

static const om_proptag columns[] = {
    PR_FID, PR_PARENT_FID, PR_DISPLAY_NAME, PR_CONTENT_COUNT, PR_CONTENT_UNREAD, PR_CONTAINER_CLASS,
};
static const struct om__proptags column_tags = {sizeof columns / sizeof *columns, columns};

#define ROWS_PER_QUERY 4096u /* more than any payload holds: the server sends what fits */

static om_status add_rows(struct om__folder_tree *t, const struct om__query_rows_rsp *rsp,
                          struct om_error *err)
{
    om_status st = OM_OK;

    for (uint32_t i = 0; st == OM_OK && i < rsp->row_count; i++) {
        const struct om_proprow *row = &rsp->rows[i];
        const char *name = om__proprow_string(row, PR_DISPLAY_NAME);
        const char *class = om__proprow_string(row, PR_CONTAINER_CLASS);
        const struct om_folder folder = {
            .name = name ? name : "",
            .container_class = class ? class : "",
            .id = (uint64_t)om__proprow_int(row, PR_FID, 0),
            .parent_id = (uint64_t)om__proprow_int(row, PR_PARENT_FID, 0),
            .total = (uint32_t)om__proprow_int(row, PR_CONTENT_COUNT, 0),
            .unread = (uint32_t)om__proprow_int(row, PR_CONTENT_UNREAD, 0),
        };

        st = om__folder_tree_add(t, &folder, err);
    }
    return st;
}

struct reading {
    struct om_mailbox *mailbox;
    struct om__folder_tree *tree;
    uint32_t table; /* server object handle */
    bool finished;
};

/* The rows of the answer to request i, and of the payloads chained after it. */
static om_status take_rows(struct reading *rd, const struct om__rop_answers *answers, uint32_t i,
                           struct om_error *err)
{
    const struct om__query_rows_rsp *last = &answers->list[i].rsp.query_rows;
    uint32_t before = rd->tree->count;
    om_status st = add_rows(rd->tree, last, err);

    for (uint32_t k = 0; st == OM_OK && k < answers->more_count; k++) {
        if (answers->more[k].id != RopQueryRows || answers->more[k].ec != 0)
            continue;
        last = &answers->more[k].query_rows;
        st = add_rows(rd->tree, last, err);
    }
    /* RowCount of the table may be an estimate; where the cursor stands is not.
     * [MS-OXCTABL] 2.2.2.5 */
    rd->finished = rd->tree->count == before || last->origin == OM_BOOKMARK_END;
    return st;
}

/* The first call: open the top of the tree, its hierarchy table, and read. */
static om_status read_first(struct reading *rd, struct om_arena *arena, struct om_error *err)
{
    struct om_mailbox *m = rd->mailbox;
    struct om__rop_answers answers;
    struct om__rop_batch b;
    uint8_t store, folder, table;
    om_status st;

    om__rop_batch_init(&b, m->logon_id);
    store = om__rop_batch_object(&b, m->store);
    folder = om__rop_add_open_folder(&b, store, m->ipm_subtree);
    table = om__rop_add_get_hierarchy_table(
        &b, folder, OM_TABLE_DEPTH | OM_TABLE_NO_NOTIFICATIONS | OM_TABLE_USE_UNICODE);
    om__rop_add_set_columns(&b, table, &column_tags);
    om__rop_add_release(&b, folder);
    om__rop_add_query_rows_packed(&b, table, ROWS_PER_QUERY, &column_tags);
    st = om__mdb_execute(m->mdb, &b, arena, &answers, err);
    if (st == OM_OK)
        st = om__rop_answers_check(&b, &answers, err);
    if (st == OM_OK) {
        rd->table = om__rop_answer_handle(&answers, table);
        st = take_rows(rd, &answers, b.count - 1, err);
    }
    om__rop_batch_free(&b);
    return st;
}

static om_status read_more(struct reading *rd, struct om_arena *arena, struct om_error *err)
{
    struct om_mailbox *m = rd->mailbox;
    struct om__rop_answers answers;
    struct om__rop_batch b;
    om_status st;

    om__rop_batch_init(&b, m->logon_id);
    om__rop_add_query_rows_packed(&b, om__rop_batch_object(&b, rd->table), ROWS_PER_QUERY,
                                  &column_tags);
    st = om__mdb_execute(m->mdb, &b, arena, &answers, err);
    if (st == OM_OK)
        st = om__rop_answers_check(&b, &answers, err);
    if (st == OM_OK)
        st = take_rows(rd, &answers, 0, err);
    om__rop_batch_free(&b);
    return st;
}

static om_status read_table(struct reading *rd, struct om_error *err)
{
    struct om_arena arena;
    om_status st;

    om__arena_init(&arena, 4 * OM_MAX_ROP_OUT * 4);
    st = read_first(rd, &arena, err);
    while (st == OM_OK && !rd->finished) {
        om__arena_free(&arena);
        st = read_more(rd, &arena, err);
    }
    om__arena_free(&arena);
    return st;
}

om_status om_mailbox_folders(struct om_mailbox *m, om_folder_fn *fn, void *ctx,
                             struct om_error *err)
{
    struct om__folder_tree tree;
    struct reading rd = {.mailbox = m, .tree = &tree};
    om_status st;

    om__folder_tree_init(&tree);
    st = read_table(&rd, err);
    om__error_doing(err, "reading the folders of %s", m->info.display_name);
    om__error_target(err, "%s", m->mdb->link.route->server);
    om__mailbox_count_round_trips(m);
    if (st == OM_OK)
        st = om__folder_tree_walk(&tree, fn, ctx, err);
    om__folder_tree_free(&tree);
    return st;
}
