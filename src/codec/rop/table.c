/* SPDX-License-Identifier: MIT */
/* What is done with an open table: [MS-OXCROPS] 2.2.5. */
#include "codec/props.h"
#include "codec/rop/families.h"

void om__rop_rd_proptags(struct om_rd *r, struct om_arena *a, struct om__proptags *out)
{
    uint16_t wire = om_rd_u16(r, "PropertyTagCount");
    uint16_t count = (uint16_t)om_rd_count(r, wire, 0xFFFF, 4, "PropertyTagCount");
    om_proptag *tags;

    *out = (struct om__proptags){0, NULL};
    if (!count)
        return;
    tags = om_rd_mem(r, om__arena_array(a, count, sizeof *tags), "PropertyTags");
    for (uint16_t i = 0; tags && i < count; i++)
        tags[i] = om_rd_u32(r, "PropertyTags");
    if (om_rd_ok(r))
        *out = (struct om__proptags){count, tags};
}

void om__rop_wr_proptags(struct om_wr *w, const struct om__proptags *in)
{
    om_wr_u16(w, in->count);
    for (uint16_t i = 0; i < in->count; i++)
        om_wr_u32(w, in->tags[i]);
}

/* RopSetColumns, 2.2.5.1 */
static void columns_req_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out)
{
    out->set_columns.flags = om_rd_u8(r, "SetColumnsFlags");
    om__rop_rd_proptags(r, a, &out->set_columns.columns);
}

static void columns_req_put(struct om_wr *w, const struct om__rop_request *in)
{
    om_wr_u8(w, in->set_columns.flags);
    om__rop_wr_proptags(w, &in->set_columns.columns);
}

/* The response of RopSetColumns and of RopSortTable */
static void status_rsp_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                           struct om__rop_response *out)
{
    (void)a;
    (void)req;
    out->table_status.table_status = om_rd_u8(r, "TableStatus");
}

static void status_rsp_put(struct om_wr *w, const struct om__rop_response *in)
{
    om_wr_u8(w, in->table_status.table_status);
}

/* RopSortTable, 2.2.5.2 */
enum { SORT_ORDER = 5 };

static void sort_req_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out)
{
    struct om__sort_table_req *q = &out->sort_table;
    struct om__sort_order *orders;
    uint16_t count;

    q->flags = om_rd_u8(r, "SortTableFlags");
    count = om_rd_u16(r, "SortOrderCount");
    q->category_count = om_rd_u16(r, "CategoryCount");
    q->expanded_count = om_rd_u16(r, "ExpandedCount");
    q->count = (uint16_t)om_rd_count(r, count, 0xFFFF, SORT_ORDER, "SortOrderCount");
    if (!q->count)
        return;
    orders = om_rd_mem(r, om__arena_array(a, q->count, sizeof *orders), "SortOrders");
    for (uint16_t i = 0; orders && i < q->count; i++) {
        orders[i].tag = om_rd_u32(r, "SortOrders");
        orders[i].order = om_rd_u8(r, "SortOrders");
    }
    q->orders = orders;
}

static void sort_req_put(struct om_wr *w, const struct om__rop_request *in)
{
    const struct om__sort_table_req *q = &in->sort_table;

    om_wr_u8(w, q->flags);
    om_wr_u16(w, q->count);
    om_wr_u16(w, q->category_count);
    om_wr_u16(w, q->expanded_count);
    for (uint16_t i = 0; i < q->count; i++) {
        om_wr_u32(w, q->orders[i].tag);
        om_wr_u8(w, q->orders[i].order);
    }
}

/* RopQueryRows, 2.2.5.4 */
static void rows_req_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out)
{
    struct om__query_rows_req *q = &out->query_rows;

    (void)a;
    q->flags = om_rd_u8(r, "QueryRowsFlags");
    q->forward = om_rd_u8(r, "ForwardRead") != 0;
    q->row_count = om_rd_u16(r, "RowCount");
}

static void rows_req_put(struct om_wr *w, const struct om__rop_request *in)
{
    const struct om__query_rows_req *q = &in->query_rows;

    om_wr_u8(w, q->flags);
    om_wr_u8(w, q->forward);
    om_wr_u16(w, q->row_count);
}

/* Rows carry no length, so only their columns say where they end. */
static void get_rows(struct om_rd *r, struct om_arena *a, const struct om__proptags *columns,
                     struct om__query_rows_rsp *s)
{
    uint32_t count = om_rd_count(r, s->row_count, 0xFFFF, 1, "RowCount");
    struct om_proprow *rows = om_rd_mem(r, om__arena_array(a, count, sizeof *rows), "RowData");

    for (uint32_t i = 0; i < count && om_rd_ok(r); i++)
        om_rd_proprow(r, a, columns->tags, columns->count, &rows[i]);
    s->rows = rows;
}

static void rows_rsp_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                         struct om__rop_response *out)
{
    struct om__query_rows_rsp *s = &out->query_rows;
    struct om_rd ahead;
    size_t size;

    s->origin = om_rd_u8(r, "Origin");
    s->row_count = om_rd_u16(r, "RowCount");
    ahead = *r;
    if (req && req->query_rows.columns.count)
        get_rows(&ahead, a, &req->query_rows.columns, s);
    else if (s->row_count)
        om_rd_skip(&ahead, om_rd_left(&ahead), "RowData");
    size = om_rd_offset(&ahead) - om_rd_offset(r);
    if (size)
        s->row_data = (struct om_binary){(uint32_t)size, om_rd_bytes(r, size, "RowData")};
    *r = ahead;
}

static void rows_rsp_put(struct om_wr *w, const struct om__rop_response *in)
{
    const struct om__query_rows_rsp *s = &in->query_rows;

    om_wr_u8(w, s->origin);
    om_wr_u16(w, s->row_count);
    om_wr_bytes(w, s->row_data.pb, s->row_data.cb);
}

size_t om__rop_rows_put(struct om_wr *w, size_t limit, const struct om__proptags *columns,
                        const struct om_proprow *rows, size_t count)
{
    size_t start = w->len, done = 0;

    while (done < count && !w->failed) {
        size_t before = w->len;

        om_wr_proprow(w, columns->tags, columns->count, &rows[done]);
        if (w->len - start > limit) {
            om_wr_truncate(w, before);
            break;
        }
        done++;
    }
    return w->failed ? 0 : done;
}

/* RopQueryPosition, 2.2.5.7 */
static void position_rsp_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                             struct om__rop_response *out)
{
    (void)a;
    (void)req;
    out->query_position.numerator = om_rd_u32(r, "Numerator");
    out->query_position.denominator = om_rd_u32(r, "Denominator");
}

static void position_rsp_put(struct om_wr *w, const struct om__rop_response *in)
{
    om_wr_u32(w, in->query_position.numerator);
    om_wr_u32(w, in->query_position.denominator);
}

/* RopSeekRow, 2.2.5.8 */
static void seek_req_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out)
{
    (void)a;
    out->seek_row.origin = om_rd_u8(r, "Origin");
    out->seek_row.row_count = (int32_t)om_rd_u32(r, "RowCount");
    out->seek_row.want_moved_count = om_rd_u8(r, "WantRowMovedCount") != 0;
}

static void seek_req_put(struct om_wr *w, const struct om__rop_request *in)
{
    om_wr_u8(w, in->seek_row.origin);
    om_wr_u32(w, (uint32_t)in->seek_row.row_count);
    om_wr_u8(w, in->seek_row.want_moved_count);
}

static void seek_rsp_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                         struct om__rop_response *out)
{
    (void)a;
    (void)req;
    out->seek_row.has_sought_less = om_rd_u8(r, "HasSoughtLess") != 0;
    out->seek_row.rows_sought = (int32_t)om_rd_u32(r, "RowsSought");
}

static void seek_rsp_put(struct om_wr *w, const struct om__rop_response *in)
{
    om_wr_u8(w, in->seek_row.has_sought_less);
    om_wr_u32(w, (uint32_t)in->seek_row.rows_sought);
}

static const struct om__rop_codec codecs[] = {
    {.id = RopSetColumns,
     .handles = OM_ROP_IN,
     .req_get = columns_req_get,
     .req_put = columns_req_put,
     .rsp_get = status_rsp_get,
     .rsp_put = status_rsp_put},
    {.id = RopSortTable,
     .handles = OM_ROP_IN,
     .req_get = sort_req_get,
     .req_put = sort_req_put,
     .rsp_get = status_rsp_get,
     .rsp_put = status_rsp_put},
    {.id = RopQueryRows,
     .handles = OM_ROP_IN,
     .req_get = rows_req_get,
     .req_put = rows_req_put,
     .rsp_get = rows_rsp_get,
     .rsp_put = rows_rsp_put},
    {.id = RopQueryPosition,
     .handles = OM_ROP_IN,
     .rsp_get = position_rsp_get,
     .rsp_put = position_rsp_put},
    {.id = RopSeekRow,
     .handles = OM_ROP_IN,
     .req_get = seek_req_get,
     .req_put = seek_req_put,
     .rsp_get = seek_rsp_get,
     .rsp_put = seek_rsp_put},
};

OM_ROP_FAMILY(om__rop_table_family, codecs);
