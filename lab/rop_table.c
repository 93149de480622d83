/* SPDX-License-Identifier: MIT */
/* Folders and their tables. [MS-OXCFOLD] 2.2.1, [MS-OXCTABL] 3.2.5. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "lab/ec.h"
#include "lab/rop_server.h"

#define ROW_HEADER 9u /* RopQueryRows' response before its rows: [MS-OXCROPS] 2.2.5.4.2 */

enum { NO_ADVANCE = 1 };                          /* QueryRowsFlags */
enum { SORT_ASCENDING = 0, SORT_DESCENDING = 1 }; /* [MS-OXCDATA] 2.13.1 */

/* ---- folders ---- */

uint32_t lab_rop_open_folder(struct lab_rop_run *run, struct lab_object *in,
                             const struct om__rop_request *req, struct om__rop_response *rsp)
{
    struct om_arena *a = &run->a;
    struct lab_object *o;
    struct lab_folder f;
    bool found;
    uint64_t id;

    (void)rsp;
    if (in->kind != LAB_OBJECT_LOGON && in->kind != LAB_OBJECT_FOLDER)
        return ecNotSupported;
    if (!lab_wire_counter(req->open_folder.folder_id, &id))
        return ecNotFound;
    if (!lab_mailstore_folder(run->call->mail, &in->box, id, a, &f, &found))
        return ecJetError;
    if (!found)
        return ecNotFound;
    o = lab_rop_new_object(run, LAB_OBJECT_FOLDER, in, req->out);
    if (!o)
        return ecServerMemory;
    o->folder = f;
    o->folder.name = om__arena_strdup(&o->a, f.name);
    o->folder.container_class = om__arena_strdup(&o->a, f.container_class);
    return o->a.failed ? ecServerMemory : ecSuccess;
}

static struct lab_object *new_table(struct lab_rop_run *run, enum lab_object_kind kind,
                                    struct lab_object *folder, uint8_t index)
{
    struct lab_object *t = lab_rop_new_object(run, kind, folder, index);

    if (t) {
        t->folder.id = folder->folder.id;
        t->folder.parent = folder->folder.parent;
    }
    return t;
}

uint32_t lab_rop_get_hierarchy_table(struct lab_rop_run *run, struct lab_object *in,
                                     const struct om__rop_request *req,
                                     struct om__rop_response *rsp)
{
    bool deep = (req->get_table.table_flags & OM_TABLE_DEPTH) != 0;
    struct lab_object *t;

    if (in->kind != LAB_OBJECT_FOLDER)
        return ecNotSupported;
    t = new_table(run, LAB_OBJECT_HIERARCHY, in, req->out);
    if (!t)
        return ecServerMemory;
    if (!lab_mailstore_folders(run->call->mail, &t->box, t->folder.id, deep, &t->a, &t->folders,
                               &t->count))
        return ecJetError;
    rsp->get_table.row_count = (uint32_t)t->count;
    return ecSuccess;
}

uint32_t lab_rop_get_contents_table(struct lab_rop_run *run, struct lab_object *in,
                                    const struct om__rop_request *req, struct om__rop_response *rsp)
{
    struct lab_object *t;

    if (in->kind != LAB_OBJECT_FOLDER)
        return ecNotSupported;
    t = new_table(run, LAB_OBJECT_CONTENTS, in, req->out);
    if (!t)
        return ecServerMemory;
    /* No folder here has associated messages, or deleted ones that could come back. */
    if (!(req->get_table.table_flags & (OM_TABLE_ASSOCIATED | OM_TABLE_SOFT_DELETES)) &&
        !lab_mailstore_messages(run->call->mail, &t->box, t->folder.id, &t->a, &t->messages,
                                &t->count))
        return ecJetError;
    rsp->get_table.row_count = (uint32_t)t->count;
    return ecSuccess;
}

/* ---- properties ---- */

static struct lab_store_row row_of(const struct lab_object *o, size_t i)
{
    struct lab_store_row row = {&o->box, o->owner, NULL, NULL};

    if (o->kind == LAB_OBJECT_HIERARCHY)
        row.folder = &o->folders[i];
    else if (o->kind != LAB_OBJECT_LOGON)
        row.folder = &o->folder;
    if (o->kind == LAB_OBJECT_CONTENTS)
        row.message = &o->messages[i];
    return row;
}

static bool is_table(const struct lab_object *o)
{
    return o->kind == LAB_OBJECT_HIERARCHY || o->kind == LAB_OBJECT_CONTENTS;
}

uint32_t lab_rop_get_props(struct lab_rop_run *run, struct lab_object *in,
                           const struct om__rop_request *req, struct om__rop_response *rsp)
{
    const struct om__proptags *tags = &req->get_props.tags;
    struct lab_store_row row;

    if (is_table(in))
        return ecNotSupported;
    row = row_of(in, 0);
    rsp->get_props.columns = *tags;
    return lab_store_proprow(&row, tags->tags, tags->count, &run->a, &rsp->get_props.row)
               ? ecSuccess
               : ecServerMemory;
}

uint32_t lab_rop_get_props_all(struct lab_rop_run *run, struct lab_object *in,
                               const struct om__rop_request *req, struct om__rop_response *rsp)
{
    struct lab_store_row row;
    const om_proptag *tags;
    size_t count;

    if (is_table(in))
        return ecNotSupported;
    row = row_of(in, 0);
    tags = lab_store_all_tags(&row, req->get_props.want_unicode != 0, &run->a, &count);
    return tags && lab_store_proprow(&row, tags, count, &run->a, &rsp->get_props.row)
               ? ecSuccess
               : ecServerMemory;
}

/* ---- tables ---- */

/* [MS-OXCTABL] 3.2.5.2: a type the column could never have makes the whole request wrong. */
static bool column_allowed(om_proptag tag)
{
    uint16_t type = OM_PROP_TYPE(tag);

    return type != PT_NULL && type != PT_ERROR && type != PT_OBJECT;
}

uint32_t lab_rop_set_columns(struct lab_rop_run *run, struct lab_object *in,
                             const struct om__rop_request *req, struct om__rop_response *rsp)
{
    const struct om__proptags *columns = &req->set_columns.columns;
    om_proptag *copy;

    (void)run;
    (void)rsp;
    if (!is_table(in))
        return ecNotSupported;
    if (!columns->count || columns->count > LAB_MAX_COLUMNS)
        return ecInvalidParam;
    for (uint16_t i = 0; i < columns->count; i++)
        if (!column_allowed(columns->tags[i]))
            return ecInvalidParam;
    copy = calloc(columns->count, sizeof *copy);
    if (!copy)
        return ecServerMemory;
    memcpy(copy, columns->tags, columns->count * sizeof *copy);
    free(in->columns);
    in->columns = copy;
    in->column_count = columns->count;
    return ecSuccess;
}

struct sorting {
    const struct om__sort_table_req *req;
    struct om_arena *a;
};

static int compare_values(const struct om_propval *x, const struct om_propval *y)
{
    bool has_x = OM_PROP_TYPE(x->tag) != PT_ERROR, has_y = OM_PROP_TYPE(y->tag) != PT_ERROR;

    if (!has_x || !has_y)
        return has_x - has_y;
    switch (OM_PROP_TYPE(x->tag)) {
    case PT_UNICODE:
        return strcasecmp(x->v.utf8, y->v.utf8);
    case PT_LONG:
        return (x->v.l > y->v.l) - (x->v.l < y->v.l);
    case PT_BOOLEAN:
        return x->v.b - y->v.b;
    case PT_SYSTIME:
        return (x->v.ft > y->v.ft) - (x->v.ft < y->v.ft);
    case PT_I8:
        return (x->v.li > y->v.li) - (x->v.li < y->v.li);
    default:
        return 0;
    }
}

/* What a sort order can name: a property whose value needs no memory and no folder. */
static bool sortable(om_proptag tag)
{
    uint16_t type = OM_PROP_TYPE(tag);

    return type == PT_UNICODE || type == PT_STRING8 || type == PT_LONG || type == PT_BOOLEAN ||
           type == PT_SYSTIME;
}

static om_proptag sort_tag(const struct sorting *s, uint16_t i)
{
    om_proptag tag = s->req->orders[i].tag;

    return OM_PROP_TYPE(tag) == PT_STRING8 ? OM_PROP_TAG(PT_UNICODE, OM_PROP_ID(tag)) : tag;
}

static int compare_messages(const void *a, const void *b, void *ctx)
{
    struct sorting *s = ctx;
    struct lab_store_row x = {.message = a}, y = {.message = b};

    for (uint16_t i = 0; i < s->req->count; i++) {
        struct om_propval vx, vy;
        int order;

        if (!lab_store_property(&x, sort_tag(s, i), s->a, &vx) ||
            !lab_store_property(&y, sort_tag(s, i), s->a, &vy))
            return 0;
        order = compare_values(&vx, &vy);
        if (order)
            return s->req->orders[i].order == SORT_DESCENDING ? -order : order;
    }
    return 0;
}

uint32_t lab_rop_sort_table(struct lab_rop_run *run, struct lab_object *in,
                            const struct om__rop_request *req, struct om__rop_response *rsp)
{
    struct sorting s = {&req->sort_table, &run->a};

    (void)rsp;
    if (in->kind != LAB_OBJECT_CONTENTS || s.req->category_count)
        return ecNotSupported;
    for (uint16_t i = 0; i < s.req->count; i++)
        if (!sortable(s.req->orders[i].tag) || s.req->orders[i].order > SORT_DESCENDING)
            return ecNotSupported;
    if (in->count)
        qsort_r(in->messages, in->count, sizeof *in->messages, compare_messages, &s);
    in->position = 0;
    return ecSuccess;
}

/* Tables show the beginning of long text only: 255 characters, [MS-OXCTABL] 2.2.1. */
static void shorten(struct om_arena *a, struct om_propval *val)
{
    uint16_t type = OM_PROP_TYPE(val->tag);
    const char *s = val->v.utf8;
    size_t n = 0;

    if (type != PT_UNICODE && type != PT_STRING8)
        return;
    for (size_t characters = 0; s[n]; n++) {
        bool begins = type == PT_STRING8 || (s[n] & 0xC0) != 0x80;

        if (begins && characters++ == 255)
            break;
    }
    if (s[n])
        val->v.utf8 = om__arena_strndup(a, s, n);
}

static bool make_row(struct lab_rop_run *run, const struct lab_object *t, size_t i,
                     struct om_proprow *out)
{
    struct lab_store_row row = row_of(t, i);
    struct om_propval *vals = om__arena_array(&run->a, t->column_count, sizeof *vals);

    for (uint16_t k = 0; vals && k < t->column_count; k++) {
        if (!lab_store_property(&row, t->columns[k], &run->a, &vals[k]))
            return false;
        shorten(&run->a, &vals[k]);
    }
    out->count = t->column_count;
    out->vals = vals;
    return !run->a.failed;
}

/* Rows from `first` on, *count of them or as many as fit. */
static uint32_t put_rows(struct lab_rop_run *run, struct lab_object *t, size_t first, size_t *count,
                         struct om_wr *w)
{
    struct om__proptags columns = {t->column_count, t->columns};
    size_t limit =
        run->limit > run->rops.len + ROW_HEADER ? run->limit - run->rops.len - ROW_HEADER : 0;
    size_t done = 0;

    for (; done < *count; done++) {
        struct om_proprow row;

        if (!make_row(run, t, first + done, &row))
            return ecServerMemory;
        if (om__rop_rows_put(w, limit - w->len, &columns, &row, 1) == 0)
            break;
    }
    if (w->failed)
        return ecServerMemory;
    if (*count && !done)
        return ecBufferTooSmall;
    *count = done;
    return ecSuccess;
}

/* Backward, the rows wanted are those nearest to the cursor: try with fewer until they fit. */
static uint32_t put_nearest(struct lab_rop_run *run, struct lab_object *t, size_t *count,
                            struct om_wr *w)
{
    size_t tried;
    uint32_t ec;

    do {
        tried = *count;
        om_wr_reset(w);
        ec = put_rows(run, t, t->position - tried, count, w);
    } while (!ec && *count < tried);
    return ec;
}

/* [MS-OXCTABL] 3.2.5.5 */
static uint32_t read_rows(struct lab_rop_run *run, struct lab_object *t,
                          const struct om__query_rows_req *req, struct om__query_rows_rsp *rsp,
                          struct om_wr *w)
{
    size_t there = req->forward ? t->count - t->position : t->position;
    size_t count = req->row_count < there ? req->row_count : there;
    uint32_t ec =
        req->forward ? put_rows(run, t, t->position, &count, w) : put_nearest(run, t, &count, w);
    size_t end;

    if (ec)
        return ec;
    rsp->row_count = (uint16_t)count;
    rsp->row_data.pb = om__arena_dup(&run->a, w->buf, w->len);
    rsp->row_data.cb = (uint32_t)w->len;
    if (!rsp->row_data.pb && w->len)
        return ecServerMemory;
    end = req->forward ? t->position + count : t->position - count;
    rsp->origin = OM_BOOKMARK_CURRENT;
    if (req->forward && end == t->count)
        rsp->origin = OM_BOOKMARK_END;
    else if (!req->forward && end == 0)
        rsp->origin = OM_BOOKMARK_BEGINNING;
    if (!(req->flags & NO_ADVANCE))
        t->position = end;
    return ecSuccess;
}

uint32_t lab_rop_query_rows(struct lab_rop_run *run, struct lab_object *in,
                            const struct om__rop_request *req, struct om__rop_response *rsp)
{
    struct om_wr w;
    uint32_t ec;

    if (!is_table(in))
        return ecNotSupported;
    if (!in->columns)
        return ecNullObject;
    om_wr_init(&w, OM_MAX_RPC_STUB);
    ec = read_rows(run, in, &req->query_rows, &rsp->query_rows, &w);
    om_wr_free(&w);
    return ec;
}

uint32_t lab_rop_query_position(struct lab_rop_run *run, struct lab_object *in,
                                const struct om__rop_request *req, struct om__rop_response *rsp)
{
    (void)run;
    (void)req;
    if (!is_table(in))
        return ecNotSupported;
    rsp->query_position.numerator = (uint32_t)in->position;
    rsp->query_position.denominator = (uint32_t)in->count;
    return ecSuccess;
}

uint32_t lab_rop_seek_row(struct lab_rop_run *run, struct lab_object *in,
                          const struct om__rop_request *req, struct om__rop_response *rsp)
{
    const struct om__seek_row_req *q = &req->seek_row;
    int64_t from, to;

    (void)run;
    if (!is_table(in))
        return ecNotSupported;
    if (q->origin > OM_BOOKMARK_END)
        return ecInvalidParam;
    from = q->origin == OM_BOOKMARK_BEGINNING
               ? 0
               : (int64_t)(q->origin == OM_BOOKMARK_END ? in->count : in->position);
    to = from + q->row_count;
    to = to < 0 ? 0 : to > (int64_t)in->count ? (int64_t)in->count : to;
    in->position = (size_t)to;
    rsp->seek_row.has_sought_less = to - from != q->row_count;
    rsp->seek_row.rows_sought = q->want_moved_count ? (uint32_t)(to - from) : 0;
    return ecSuccess;
}
