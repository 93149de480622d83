/* SPDX-License-Identifier: MIT */
/*
 * A payload read as the answer to a fixed batch that holds every ROP with a codec. What decodes is
 * written as a server would, and reads and writes as itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/rop/batch.h"
#include "codec/rop_buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const om_proptag tags[] = {0x3001001F, 0x67480014, 0x36020003, 0x3613001E,
                                  0x0FFF0102, 0x80011003, 0x80020000};
static const struct om__proptags columns = {7, tags};

static void build_batch(struct om__rop_batch *b)
{
    const struct om__logon_req logon = {.logon_flags = OM_LOGON_PRIVATE, .essdn = "/o=x/cn=alice"};
    const struct om__sort_table_req sort = {0};
    uint8_t store, folder, table;

    om__rop_batch_init(b, 0);
    store = om__rop_add_logon(b, &logon);
    folder = om__rop_add_open_folder(b, store, 1);
    om__rop_add_get_properties(b, folder, &columns);
    om__rop_add_get_properties_all(b, folder);
    table = om__rop_add_get_hierarchy_table(b, folder, OM_TABLE_DEPTH);
    om__rop_add_set_columns(b, table, &columns);
    om__rop_add_sort_table(b, table, &sort);
    om__rop_add_seek_row(b, table, OM_BOOKMARK_BEGINNING, 0);
    om__rop_add_query_position(b, table);
    om__rop_add_release(b, store);
    om__rop_add_query_rows_packed(b, table, 100, &columns);
}

/* Rows read have to be rows that can be written, if perhaps in more bytes. */
static void check_rows(const struct om__rop_response *rsp)
{
    struct om_wr w;

    if (rsp->opaque || rsp->id != RopQueryRows || rsp->ec != 0)
        return;
    om_wr_init(&w, OM_MAX_ROP_ARENA);
    if (om__rop_rows_put(&w, OM_MAX_ROP_ARENA, &columns, rsp->query_rows.rows,
                         rsp->query_rows.row_count) != rsp->query_rows.row_count)
        abort();
    om_wr_free(&w);
}

static void encode(struct om_wr *w, const struct om__rop_answers *got)
{
    size_t ext = om__ext_begin(w), begin = om__rop_payload_begin(w);

    for (uint32_t i = 0; i < got->count; i++) {
        if (!got->list[i].present)
            continue;
        check_rows(&got->list[i].rsp);
        om__rop_response_put(w, &got->list[i].rsp);
    }
    if (got->stop != OM_ROP_STOP_NONE)
        om__rop_response_put(w, &got->stopped);
    om__rop_payload_end(w, begin, got->handles, got->handle_count);
    om__ext_end(w, ext, OM_EXT_LAST);
}

static om_status copy(const struct om__rop_batch *b, const uint8_t *p, size_t n, struct om_arena *a,
                      struct om_wr *w)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__rop_answers got;
    om_status st = om__rop_batch_read(b, (struct om_binary){(uint32_t)n, p}, a, &got, &err);

    if (st == OM_OK) {
        (void)om__rop_answers_check(b, &got, &err);
        encode(w, &got);
    } else if (err.status != st || err.cause == OM_CAUSE_NONE || !err.detail[0]) {
        abort();
    }
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om_wr input, first, second;
    struct om__rop_batch b;
    struct om_arena a;
    size_t begin;

    if (size > OM_MAX_ROP_PAYLOAD)
        return 0;
    build_batch(&b);
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    om_wr_init(&input, OM_MAX_ROP_OUT);
    om_wr_init(&first, OM_MAX_ROP_OUT);
    om_wr_init(&second, OM_MAX_ROP_OUT);
    begin = om__ext_begin(&input);
    om_wr_bytes(&input, data, size);
    om__ext_end(&input, begin, OM_EXT_LAST);
    /* what is written again may be longer than one payload holds: standard rows become flagged ones
     */
    if (copy(&b, input.buf, input.len, &a, &first) == OM_OK && !first.too_large &&
        first.len <= OM_MAX_ROP_PAYLOAD) {
        if (first.failed)
            abort();
        om__arena_free(&a);
        if (copy(&b, first.buf, first.len, &a, &second) != OM_OK || second.failed ||
            first.len != second.len || memcmp(first.buf, second.buf, first.len) != 0)
            abort();
    }
    om_wr_free(&input);
    om_wr_free(&first);
    om_wr_free(&second);
    om__arena_free(&a);
    om__rop_batch_free(&b);
    return 0;
}
