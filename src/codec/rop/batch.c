/* SPDX-License-Identifier: MIT */
#include "codec/rop/batch.h"

#include <stdio.h>
#include <string.h>

#include "base/ec.h"
#include "base/err.h"
#include "base/limits.h"
#include "codec/rop_buffer.h"

/* The Server object handle of an index that waits for its object. [MS-OXCROPS] 2.2.1 */
#define TO_BE_MADE 0xFFFFFFFFu

void om__rop_batch_init(struct om__rop_batch *b, uint8_t logon_id)
{
    memset(b, 0, sizeof *b);
    om__arena_init(&b->arena, OM_MAX_ROP_ARENA);
    b->logon_id = logon_id;
}

void om__rop_batch_free(struct om__rop_batch *b)
{
    if (!b)
        return;
    om__arena_free(&b->arena);
    om__rop_batch_init(b, b->logon_id);
}

uint8_t om__rop_batch_object(struct om__rop_batch *b, uint32_t handle)
{
    if (b->handle_count == OM_ROP_BATCH_MAX)
        b->failed = b->too_many = true;
    if (b->failed)
        return 0;
    b->handles[b->handle_count] = handle;
    return (uint8_t)b->handle_count++;
}

/* The next request, or a spare one to write to when the batch has failed. */
static struct om__rop_request *add(struct om__rop_batch *b, uint8_t id, uint8_t in)
{
    const struct om__rop_codec *c = om__rop_codec(id);
    struct om__rop_request *q = &b->list[OM_ROP_BATCH_MAX];

    if (b->count == OM_ROP_BATCH_MAX)
        b->failed = b->too_many = true;
    if (!b->failed)
        q = &b->list[b->count++];
    *q = (struct om__rop_request){.id = id, .logon_id = b->logon_id, .in = in};
    if (c && c->handles != OM_ROP_IN)
        q->out = om__rop_batch_object(b, TO_BE_MADE);
    return q;
}

static const void *copy(struct om__rop_batch *b, const void *p, size_t n)
{
    const void *q = n ? om__arena_dup(&b->arena, p, n) : NULL;

    if (n && !q)
        b->failed = true;
    return q;
}

static struct om__proptags copy_tags(struct om__rop_batch *b, const struct om__proptags *t)
{
    const om_proptag *tags = copy(b, t->tags, t->count * sizeof *t->tags);

    return (struct om__proptags){tags ? t->count : 0, tags};
}

uint8_t om__rop_add_logon(struct om__rop_batch *b, const struct om__logon_req *req)
{
    struct om__rop_request *q = add(b, RopLogon, 0);

    q->logon = *req;
    if (req->essdn)
        q->logon.essdn = copy(b, req->essdn, strlen(req->essdn) + 1);
    return q->out;
}

uint8_t om__rop_add_open_folder(struct om__rop_batch *b, uint8_t in, uint64_t folder_id)
{
    struct om__rop_request *q = add(b, RopOpenFolder, in);

    q->open_folder.folder_id = folder_id;
    return q->out;
}

static uint8_t add_table(struct om__rop_batch *b, uint8_t id, uint8_t in, uint8_t table_flags)
{
    struct om__rop_request *q = add(b, id, in);

    q->get_table.table_flags = table_flags;
    return q->out;
}

uint8_t om__rop_add_get_hierarchy_table(struct om__rop_batch *b, uint8_t in, uint8_t table_flags)
{
    return add_table(b, RopGetHierarchyTable, in, table_flags);
}

uint8_t om__rop_add_get_contents_table(struct om__rop_batch *b, uint8_t in, uint8_t table_flags)
{
    return add_table(b, RopGetContentsTable, in, table_flags);
}

void om__rop_add_set_columns(struct om__rop_batch *b, uint8_t in,
                             const struct om__proptags *columns)
{
    add(b, RopSetColumns, in)->set_columns.columns = copy_tags(b, columns);
}

void om__rop_add_sort_table(struct om__rop_batch *b, uint8_t in,
                            const struct om__sort_table_req *req)
{
    struct om__rop_request *q = add(b, RopSortTable, in);

    q->sort_table = *req;
    q->sort_table.orders = copy(b, req->orders, req->count * sizeof *req->orders);
}

static void add_rows(struct om__rop_batch *b, uint8_t in, uint8_t flags, uint16_t row_count,
                     const struct om__proptags *columns)
{
    add(b, RopQueryRows, in)->query_rows = (struct om__query_rows_req){
        .flags = flags, .forward = true, .row_count = row_count, .columns = copy_tags(b, columns)};
}

void om__rop_add_query_rows(struct om__rop_batch *b, uint8_t in, uint16_t row_count,
                            const struct om__proptags *columns)
{
    add_rows(b, in, 0, row_count, columns);
}

void om__rop_add_query_rows_packed(struct om__rop_batch *b, uint8_t in, uint16_t row_count,
                                   const struct om__proptags *columns)
{
    add_rows(b, in, OM_QUERY_ROWS_PACKED, row_count, columns);
}

void om__rop_add_query_position(struct om__rop_batch *b, uint8_t in)
{
    add(b, RopQueryPosition, in);
}

void om__rop_add_seek_row(struct om__rop_batch *b, uint8_t in, uint8_t origin, int32_t row_count)
{
    add(b, RopSeekRow, in)->seek_row =
        (struct om__seek_row_req){.origin = origin, .row_count = row_count};
}

void om__rop_add_get_properties(struct om__rop_batch *b, uint8_t in,
                                const struct om__proptags *tags)
{
    add(b, RopGetPropertiesSpecific, in)->get_props =
        (struct om__get_props_req){.want_unicode = 1, .tags = copy_tags(b, tags)};
}

void om__rop_add_get_properties_all(struct om__rop_batch *b, uint8_t in)
{
    add(b, RopGetPropertiesAll, in)->get_props = (struct om__get_props_req){.want_unicode = 1};
}

void om__rop_add_release(struct om__rop_batch *b, uint8_t in)
{
    add(b, RopRelease, in);
}

om_status om__rop_batch_encode(const struct om__rop_batch *b, uint16_t ext_flags, struct om_wr *w,
                               struct om_error *err)
{
    size_t ext, begin;

    if (b->too_many)
        return om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_ROP, OM_CAUSE_INTERNAL, OM_NATIVE_NONE, 0,
                        "more than %d ROPs or objects in one batch", OM_ROP_BATCH_MAX);
    if (b->failed)
        return om__fail_memory(err, "a batch of ROPs");
    ext = om__ext_begin(w);
    begin = om__rop_payload_begin(w);
    for (uint32_t i = 0; i < b->count; i++)
        om__rop_request_put(w, &b->list[i]);
    om__rop_payload_end(w, begin, b->handles, b->handle_count);
    om__ext_end(w, ext, ext_flags | OM_EXT_LAST);
    return om_wr_finish(w, OM_LAYER_ROP, "a batch of ROPs", err);
}

/* What reading an answer needs at every step. */
struct reading {
    const struct om__rop_batch *b;
    struct om_arena *a;
    struct om__rop_answers *out;
    struct om_rd r; /* the ROPs of the payload at hand */
    struct om_error *err;
};

/* An opaque request, which a capture may hold but no adder makes, is taken to be answered. */
static bool is_answered(const struct om__rop_request *q)
{
    const struct om__rop_codec *c = om__rop_codec(q->id);

    return !c || !c->no_response;
}

static uint8_t response_index(const struct om__rop_request *q)
{
    const struct om__rop_codec *c = om__rop_codec(q->id);

    return c && c->handles == OM_ROP_IN ? q->in : q->out;
}

/* A response that ends the answer, or says what waits beside it. True: it was one. */
static bool take_server_response(struct om__rop_answers *out, const struct om__rop_response *rsp)
{
    switch (rsp->id) {
    case RopBufferTooSmall:
        out->stop = OM_ROP_STOP_BUFFER_TOO_SMALL;
        break;
    case RopBackoff:
        out->stop = OM_ROP_STOP_BACKOFF;
        break;
    case RopPending:
        out->pending = true;
        out->pending_session = rsp->pending_session;
        return true;
    case RopNotify:
        out->pending = true;
        return true;
    default:
        if (!rsp->opaque)
            return false;
        out->stop = OM_ROP_STOP_OPAQUE;
    }
    out->stopped = *rsp;
    return true;
}

static om_status finish(struct reading *g, const char *what)
{
    return om_rd_finish(&g->r, OM_LAYER_ROP, what, g->err);
}

static om_status fail_mismatch(struct reading *g, const struct om__rop_request *q,
                               const struct om__rop_response *rsp, size_t at)
{
    char due[64] = "none";

    if (q)
        snprintf(due, sizeof due, "%s for object %u", om__rop_name(q->id), response_index(q));
    return om__fail(g->err, MAPI_E_CORRUPT_DATA, OM_LAYER_ROP, OM_CAUSE_PROTOCOL, OM_NATIVE_OFFSET,
                    (uint32_t)at, "a response is %s for object %u where %s was due",
                    om__rop_name(rsp->id), rsp->handle_index, due);
}

/*
 * The next response that answers a request: those a server sends of itself are taken out before it.
 * *got is false when the ROPs end or the server stopped first.
 */
static om_status next_response(struct reading *g, const struct om__rop_request *q,
                               struct om__rop_response *rsp, bool *got)
{
    *got = false;
    while (om_rd_left(&g->r) && g->out->stop == OM_ROP_STOP_NONE) {
        size_t at = om_rd_offset(&g->r);
        om_status st;

        om__rop_response_get(&g->r, g->a, q, rsp);
        st = finish(g, om__rop_name(rsp->id));
        if (st != OM_OK)
            return st;
        if (take_server_response(g->out, rsp))
            continue;
        if (!q || rsp->id != q->id || rsp->handle_index != response_index(q))
            return fail_mismatch(g, q, rsp, at);
        *got = true;
        break;
    }
    return OM_OK;
}

static om_status read_answers(struct reading *g, struct om__rop_answer *list)
{
    bool got = true;

    for (uint32_t i = 0; i < g->b->count; i++) {
        const struct om__rop_request *q = &g->b->list[i];
        om_status st;

        if (!is_answered(q))
            continue;
        st = next_response(g, q, &list[i].rsp, &got);
        if (st != OM_OK)
            return st;
        if (!got && g->out->stop == OM_ROP_STOP_NONE)
            return om__fail(g->err, MAPI_E_CORRUPT_DATA, OM_LAYER_ROP, OM_CAUSE_PROTOCOL,
                            OM_NATIVE_OFFSET, (uint32_t)om_rd_offset(&g->r),
                            "the answer ends before the response to %s, request %u of %u",
                            om__rop_name(q->id), (unsigned)i + 1, (unsigned)g->b->count);
        list[i].present = got;
    }
    return OM_OK;
}

static om_status copy_handles(struct reading *g, const struct om__rop_payload *pl)
{
    uint32_t *handles = om__arena_array(g->a, pl->handle_count, sizeof *handles);

    if (!handles)
        return om__fail_memory(g->err, "server object handles");
    for (uint32_t i = 0; i < pl->handle_count; i++)
        handles[i] = om__rop_payload_handle(pl, i);
    g->out->handles = handles;
    g->out->handle_count = pl->handle_count;
    return OM_OK;
}

/* The first payload answers the batch; a notification may stand behind the last response. */
static om_status read_first(struct reading *g, const struct om__ext_payload *p)
{
    struct om__rop_answer *list;
    struct om__rop_response extra;
    struct om__rop_payload pl;
    bool got;
    om_status st = om__rop_payload_decode(p->data, p->size, &pl, g->err);

    if (st == OM_OK)
        st = copy_handles(g, &pl);
    if (st != OM_OK)
        return st;
    list = om__arena_array(g->a, g->b->count, sizeof *list);
    if (!list)
        return om__fail_memory(g->err, "responses to a batch of ROPs");
    om_rd_init(&g->r, pl.rops, pl.rops_size);
    st = read_answers(g, list);
    if (st == OM_OK)
        st = next_response(g, NULL, &extra, &got);
    g->out->count = g->b->count;
    g->out->list = list;
    return st;
}

/*
 * Each further payload holds one more response to the last request, as RopQueryRows would have been
 * answered had it been asked again. [MS-OXCRPC] 3.1.4.2.1.2.2
 */
static om_status read_more(struct reading *g, const struct om__ext_payload *p,
                           struct om__rop_response *rsp, bool *got)
{
    const struct om__rop_request *last = g->b->count ? &g->b->list[g->b->count - 1] : NULL;
    struct om__rop_response extra;
    struct om__rop_payload pl;
    bool other;
    om_status st = om__rop_payload_decode(p->data, p->size, &pl, g->err);

    if (st != OM_OK)
        return st;
    om_rd_init(&g->r, pl.rops, pl.rops_size);
    st = next_response(g, last, rsp, got);
    if (st == OM_OK && *got)
        st = next_response(g, NULL, &extra, &other);
    return st;
}

static om_status read_chain(struct reading *g, const struct om__ext_buffer *buf)
{
    struct om__rop_response *more;
    om_status st = OM_OK;
    bool got;

    if (buf->count < 2)
        return OM_OK;
    more = om__arena_array(g->a, buf->count - 1, sizeof *more);
    if (!more)
        return om__fail_memory(g->err, "chained responses");
    g->out->more = more;
    for (uint32_t i = 1; st == OM_OK && i < buf->count; i++) {
        st = read_more(g, &buf->payloads[i], &more[g->out->more_count], &got);
        if (st == OM_OK && got)
            g->out->more_count++;
    }
    return st;
}

om_status om__rop_batch_read(const struct om__rop_batch *b, struct om_binary rgb_out,
                             struct om_arena *a, struct om__rop_answers *out, struct om_error *err)
{
    struct om__rop_answers answers = {0};
    struct reading g = {.b = b, .a = a, .out = &answers, .err = err};
    struct om__ext_buffer buf;
    om_status st = om__ext_decode(rgb_out.pb, rgb_out.cb, a, &buf, err);

    if (st != OM_OK)
        return st;
    if (!buf.count)
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_ROP, OM_CAUSE_PROTOCOL, OM_NATIVE_OFFSET,
                        0, "the answer to %u ROPs is empty", (unsigned)b->count);
    st = read_first(&g, &buf.payloads[0]);
    if (st == OM_OK)
        st = read_chain(&g, &buf);
    if (st == OM_OK)
        *out = answers;
    return st;
}

static om_status fail_stopped(const struct om__rop_answers *answers, const char *name,
                              struct om_error *err)
{
    const struct om__rop_response *s = &answers->stopped;

    switch (answers->stop) {
    case OM_ROP_STOP_BUFFER_TOO_SMALL:
        return om__fail_ec(err, OM_LAYER_ROP, 0x47D, name);
    case OM_ROP_STOP_BACKOFF:
        om__fail(err, MAPI_E_BUSY, OM_LAYER_ROP, OM_CAUSE_THROTTLED, OM_NATIVE_NONE, 0,
                 "the server asks to be left alone for %u ms", (unsigned)s->backoff.duration_ms);
        break;
    case OM_ROP_STOP_OPAQUE:
        om__fail(err, MAPI_E_NO_SUPPORT, OM_LAYER_ROP, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE, 0,
                 "the response to %s cannot be read yet and hides what follows it",
                 om__rop_name(s->id));
        break;
    case OM_ROP_STOP_NONE:
        return OM_OK;
    }
    om__error_doing(err, "%s", name);
    return answers->stop == OM_ROP_STOP_BACKOFF ? MAPI_E_BUSY : MAPI_E_NO_SUPPORT;
}

om_status om__rop_answer_check(const struct om__rop_batch *b, const struct om__rop_answers *answers,
                               uint32_t i, struct om_error *err)
{
    const struct om__rop_request *q = &b->list[i];
    const struct om__rop_answer *ans = &answers->list[i];

    if (ans->present)
        return om__fail_ec(err, OM_LAYER_ROP, ans->rsp.ec, om__rop_name(q->id));
    if (!is_answered(q))
        return OM_OK;
    return fail_stopped(answers, om__rop_name(q->id), err);
}

om_status om__rop_answers_check(const struct om__rop_batch *b,
                                const struct om__rop_answers *answers, struct om_error *err)
{
    om_status st = OM_OK;

    for (uint32_t i = 0; st == OM_OK && i < answers->count; i++)
        st = om__rop_answer_check(b, answers, i, err);
    return st;
}

uint32_t om__rop_answer_handle(const struct om__rop_answers *answers, uint8_t index)
{
    return index < answers->handle_count ? answers->handles[index] : OM_ROP_NO_HANDLE;
}
