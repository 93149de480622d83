/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "codec/props.h"
#include "codec/rop/batch.h"
#include "codec/rop_buffer.h"

#define PR_DISPLAY_NAME_W OM_PROP_TAG(PT_UNICODE, 0x3001)
#define PR_CONTENT_COUNT  OM_PROP_TAG(PT_LONG, 0x3602)

static const om_proptag tags[] = {PR_DISPLAY_NAME_W, PR_CONTENT_COUNT};
static const struct om__proptags columns = {2, tags};

/* What most tests here need: a batch, its answers, and a server's side to make them with. */
struct fixture {
    struct om__rop_batch b;
    struct om__rop_answers got;
    struct om_arena arena;
    struct om_wr w;
    struct om_error err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    om__rop_batch_init(&f->b, 0);
    om__arena_init(&f->arena, OM_MAX_ROP_ARENA);
    om_wr_init(&f->w, OM_MAX_ROP_OUT);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    om__rop_batch_free(&f->b);
    om__arena_free(&f->arena);
    om_wr_free(&f->w);
    free(f);
    return 0;
}

/* A server's answer: one payload with these responses. */
static void answer(struct fixture *f, uint16_t flags, const struct om__rop_response *list,
                   size_t count, const uint32_t *handles, size_t handle_count)
{
    size_t begin = om__ext_begin(&f->w);

    om__rop_responses_encode(&f->w, list, count, handles, handle_count);
    om__ext_end(&f->w, begin, flags);
    assert_false(f->w.failed);
}

static om_status read_answer(struct fixture *f)
{
    om_error_clear(&f->err);
    return om__rop_batch_read(&f->b, (struct om_binary){(uint32_t)f->w.len, f->w.buf}, &f->arena,
                              &f->got, &f->err);
}

static void test_names_cover_every_byte(void **state)
{
    (void)state;
    assert_string_equal(om__rop_name(0xFE), "RopLogon");
    assert_string_equal(om__rop_name(0x15), "RopQueryRows");
    assert_string_equal(om__rop_name(0x65), "ROP 0x65");
    for (unsigned id = 0; id < 256; id++)
        assert_non_null(om__rop_name((uint8_t)id));
}

/* The examples of [MS-OXCTABL] 4.5.3.1 and of [MS-OXORULE] 4.2.2 */
static void test_the_specification_s_examples_are_written(void **state)
{
    static const uint8_t rows[] = {0x15, 0, 0, 0, 1, 0x32, 0};
    static const uint8_t columns_set[] = {0x12, 1, 0, 0, 0, 0, 0};
    const struct om__rop_request query = {.id = RopQueryRows,
                                          .query_rows = {.forward = true, .row_count = 50}};
    const struct om__rop_response set = {.id = RopSetColumns, .handle_index = 1};
    struct fixture *f = *state;

    om__rop_request_put(&f->w, &query);
    om_assert_bytes(f->w.buf, f->w.len, rows, sizeof rows);
    om_wr_reset(&f->w);
    om__rop_response_put(&f->w, &set);
    om_assert_bytes(f->w.buf, f->w.len, columns_set, sizeof columns_set);
}

/*
 * Requests and responses as bytes laid out by hand from the field tables of [MS-OXCROPS] 2.2.3 to
 * 2.2.15 and [MS-OXCSTOR] 2.2.1.1, so that reader and writer cannot be wrong together.
 */
static const struct om__sort_order by_name[] = {{0x3001001F, 0}, {0x0E060040, 1}};
static const struct {
    struct om__rop_request q;
    const char *hex;
} request_bytes[] = {
    {{.id = RopLogon, .logon_id = 1, .out = 2, .logon = {1, 0x0100000C, 0, "/o=x"}},
     "FE 01 02 01 0C000001 00000000 0500 2F6F3D7800"},
    {{.id = RopLogon, .logon = {0, 0x01000002, 0, NULL}}, "FE 00 00 00 02000001 00000000 0000"},
    {{.id = RopOpenFolder, .in = 1, .out = 2, .open_folder = {0x0D00000000000001, 4}},
     "02 00 01 02 010000000000000D 04"},
    {{.id = RopGetHierarchyTable, .in = 1, .out = 2, .get_table = {OM_TABLE_DEPTH}},
     "04 00 01 02 04"},
    {{.id = RopGetContentsTable, .in = 1, .out = 2, .get_table = {OM_TABLE_ASSOCIATED}},
     "05 00 01 02 02"},
    {{.id = RopSortTable, .in = 3, .sort_table = {1, 2, 1, 1, by_name}},
     "13 00 03 01 0200 0100 0100 | 1F000130 00 | 4000060E 01"},
    {{.id = RopQueryPosition, .in = 3}, "17 00 03"},
    {{.id = RopSeekRow, .in = 3, .seek_row = {OM_BOOKMARK_END, -3, true}},
     "18 00 03 02 FDFFFFFF 01"},
    {{.id = RopGetPropertiesAll, .in = 2, .get_props = {0x1000, 1, {0, NULL}}},
     "08 00 02 0010 0100"},
    {{.id = RopRelease, .logon_id = 1, .in = 4}, "01 01 04"},
};

static const struct om__backoff_rop backed_off[] = {{RopQueryRows, 500}, {RopOpenFolder, 9}};
static const char *const ghost_servers[] = {"ex1", "ex2"};
static const struct {
    struct om__rop_response rsp;
    const char *hex;
} response_bytes[] = {
    {{.id = RopLogon, .ec = 0x478, .logon = {.logon_flags = 1, .server_name = "/cn=B"}},
     "FE 00 78040000 01 06 2F636E3D4200"},
    {{.id = RopLogon, .handle_index = 2, .ec = 0x3EB}, "FE 02 EB030000"},
    {{.id = RopOpenFolder, .handle_index = 1, .open_folder = {.has_rules = true}},
     "02 01 00000000 01 00"},
    {{.id = RopOpenFolder, .handle_index = 1, .open_folder = {false, true, 1, 2, ghost_servers}},
     "02 01 00000000 00 01 0200 0100 65783100 65783200"},
    {{.id = RopGetHierarchyTable, .handle_index = 1, .get_table = {7}}, "04 01 00000000 07000000"},
    {{.id = RopSortTable, .handle_index = 1, .table_status = {9}}, "13 01 00000000 09"},
    {{.id = RopQueryPosition, .handle_index = 1, .query_position = {1, 7}},
     "17 01 00000000 01000000 07000000"},
    {{.id = RopSeekRow, .handle_index = 1, .seek_row = {true, -2}}, "18 01 00000000 01 FEFFFFFF"},
    {{.id = RopPending, .pending_session = 0x0203}, "6E 0302"},
    {{.id = RopNotify, .notify = {0x44332211, 5, {2, (const uint8_t *)"ab"}}},
     "2A 11223344 05 6162"},
    {{.id = RopBufferTooSmall, .too_small = {0x7000, {2, (const uint8_t *)"ab"}}}, "FF 0070 6162"},
    {{.id = RopBackoff, .backoff = {1, 2000, 2, backed_off, {2, (const uint8_t *)"??"}}},
     "F9 01 D0070000 02 | 15 F4010000 | 02 09000000 | 0200 3F3F"},
};

static void test_requests_are_laid_out_as_specified(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof request_bytes / sizeof *request_bytes; i++) {
        struct om__rop_request got;
        uint8_t *want;
        struct om_rd r;
        size_t n;

        want = om_unhex(request_bytes[i].hex, &n);
        om_wr_reset(&f->w);
        om__rop_request_put(&f->w, &request_bytes[i].q);
        om_assert_bytes(f->w.buf, f->w.len, want, n);
        om_rd_init(&r, want, n);
        om__rop_request_get(&r, &f->arena, &got);
        assert_true(om_rd_ok(&r) && !om_rd_left(&r));
        om_wr_reset(&f->w);
        om__rop_request_put(&f->w, &got);
        om_assert_bytes(f->w.buf, f->w.len, want, n);
        free(want);
    }
}

static void test_responses_are_laid_out_as_specified(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof response_bytes / sizeof *response_bytes; i++) {
        struct om__rop_response got;
        uint8_t *want;
        struct om_rd r;
        size_t n;

        want = om_unhex(response_bytes[i].hex, &n);
        om_wr_reset(&f->w);
        om__rop_response_put(&f->w, &response_bytes[i].rsp);
        om_assert_bytes(f->w.buf, f->w.len, want, n);
        om_rd_init(&r, want, n);
        om__rop_response_get(&r, &f->arena, NULL, &got);
        assert_true(om_rd_ok(&r) && !om_rd_left(&r));
        om_wr_reset(&f->w);
        om__rop_response_put(&f->w, &got);
        om_assert_bytes(f->w.buf, f->w.len, want, n);
        free(want);
    }
}

/* 2.2.3.1.3: flags, thirteen folders, ReplId, ReplGuid, PerUserGuid, and nothing of a mailbox. */
static void test_a_public_logon_is_laid_out_as_specified(void **state)
{
    struct om__rop_response rsp = {
        .id = RopLogon,
        .logon = {.repl_id = 0x0203,
                  .repl_guid = {0x44332211, 0x6655, 0x8877, {1, 2, 3, 4, 5, 6, 7, 8}}}};
    char hex[400] = "FE 00 00000000 00";
    struct fixture *f = *state;
    uint8_t *want;
    size_t n;

    for (unsigned i = 0; i < 13; i++) {
        rsp.logon.folder_ids[i] = 0x0100000000000000u * (i + 1);
        snprintf(hex + strlen(hex), sizeof hex - strlen(hex), "00000000000000%02X", i + 1);
    }
    snprintf(hex + strlen(hex), sizeof hex - strlen(hex),
             "0302 11223344556677880102030405060708 00000000000000000000000000000000");
    want = om_unhex(hex, &n);
    om__rop_response_put(&f->w, &rsp);
    om_assert_bytes(f->w.buf, f->w.len, want, n);
    free(want);
}

/* Every ROP that has a codec, with every field set to something of its own. */
static const struct om__sort_order orders[] = {{PR_DISPLAY_NAME_W, 0}, {PR_CONTENT_COUNT, 1}};
static const struct om__rop_request requests[] = {
    {.id = RopLogon, .out = 0, .logon = {OM_LOGON_PRIVATE, 0x0100000C, 0, "/o=x/cn=alice"}},
    {.id = RopLogon, .logon_id = 1, .out = 1, .logon = {0, OM_OPEN_PUBLIC, 0, NULL}},
    {.id = RopOpenFolder, .in = 0, .out = 2, .open_folder = {0x0D00000000000001, 4}},
    {.id = RopGetHierarchyTable, .in = 2, .out = 3, .get_table = {OM_TABLE_DEPTH}},
    {.id = RopGetContentsTable, .in = 2, .out = 4, .get_table = {OM_TABLE_ASSOCIATED}},
    {.id = RopSetColumns, .in = 3, .set_columns = {1, {2, tags}}},
    {.id = RopSortTable, .in = 3, .sort_table = {0, 2, 1, 1, orders}},
    {.id = RopQueryRows, .in = 3, .query_rows = {OM_QUERY_ROWS_PACKED, true, 500, {0, NULL}}},
    {.id = RopQueryPosition, .in = 3},
    {.id = RopSeekRow, .in = 3, .seek_row = {OM_BOOKMARK_END, -3, true}},
    {.id = RopGetPropertiesSpecific, .in = 2, .get_props = {1000, 1, {2, tags}}},
    {.id = RopGetPropertiesAll, .in = 2, .get_props = {1000, 1, {0, NULL}}},
    {.id = RopRelease, .logon_id = 0, .in = 4},
};
enum { REQUESTS = sizeof requests / sizeof *requests };

static om_status decode_requests(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__rop_requests q;
    struct om_arena a;
    om_status st;

    (void)ctx;
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    st = om__rop_requests_decode(p, n, &a, &q, err);
    om__arena_free(&a);
    return st;
}

static void test_requests_are_read_by_the_server_as_written(void **state)
{
    static const uint32_t handles[] = {OM_ROP_NO_HANDLE, 5};
    struct fixture *f = *state;
    struct om__rop_requests q;
    size_t begin, at = 2;

    begin = om__rop_payload_begin(&f->w);
    for (size_t i = 0; i < REQUESTS; i++)
        om__rop_request_put(&f->w, &requests[i]);
    om__rop_payload_end(&f->w, begin, handles, 2);
    assert_int_equal(om__rop_requests_decode(f->w.buf, f->w.len, &f->arena, &q, NULL), OM_OK);
    assert_int_equal(q.count, REQUESTS);
    assert_int_equal(q.handle_count, 2);
    assert_int_equal(q.handles[1], 5);
    for (uint32_t i = 0; i < q.count; i++) {
        struct om_wr w;

        om_wr_init(&w, OM_MAX_ROP_PAYLOAD);
        assert_int_equal(q.list[i].id, requests[i].id);
        om__rop_request_put(&w, &q.list[i]);
        om_assert_bytes(w.buf, w.len, f->w.buf + at, w.len);
        at += w.len;
        om_wr_free(&w);
    }
    assert_string_equal(q.list[0].logon.essdn, "/o=x/cn=alice");
    assert_null(q.list[1].logon.essdn);
    assert_int_equal(q.list[9].seek_row.row_count, -3);
    om_check_codec_open(decode_requests, f->w.buf, f->w.len, NULL); /* handles may be left out */
}

static void test_a_rop_without_a_codec_hides_only_what_follows(void **state)
{
    struct fixture *f = *state;
    struct om__rop_requests q;
    size_t n;
    uint8_t *p = om_unhex("0d00 010000 7b0000 010001 ff00 00000000", &n);

    assert_int_equal(om__rop_requests_decode(p, n - 6, &f->arena, &q, &f->err),
                     MAPI_E_CORRUPT_DATA);
    p[0] = 11;
    memmove(p + 11, p + 13, 4);
    assert_int_equal(om__rop_requests_decode(p, 15, &f->arena, &q, &f->err), OM_OK);
    assert_int_equal(q.count, 2);
    assert_false(q.list[0].opaque);
    assert_true(q.list[1].opaque);
    assert_int_equal(q.list[1].id, RopGetStoreState);
    assert_int_equal(q.list[1].rest.cb, 6);
    assert_int_equal(q.handle_count, 1);
    free(p);
}

static void build_folders_batch(struct om__rop_batch *b)
{
    const struct om__logon_req logon = {.logon_flags = OM_LOGON_PRIVATE, .essdn = "/o=x/cn=alice"};
    uint8_t store = om__rop_add_logon(b, &logon);
    uint8_t folder = om__rop_add_open_folder(b, store, 7);
    uint8_t table = om__rop_add_get_hierarchy_table(b, folder, OM_TABLE_DEPTH);

    om__rop_add_set_columns(b, table, &columns);
    om__rop_add_query_rows_packed(b, table, 0x1000, &columns);
    om__rop_add_release(b, table);
}

static const struct om_propval inbox_vals[] = {{PR_DISPLAY_NAME_W, {.utf8 = "Inbox"}},
                                               {PR_CONTENT_COUNT, {.l = 50}}};
static const struct om_propval nameless_vals[] = {
    {OM_PROP_TAG(PT_ERROR, 0x3001), {.err = 0x8004010F}}, {PR_CONTENT_COUNT, {.l = 2}}};
static const struct om_proprow two_rows[] = {{2, inbox_vals}, {2, nameless_vals}};

/* Row data of the two rows above, kept by the caller's cursor. */
static struct om__rop_response rows_response(struct om_wr *rows)
{
    om_wr_init(rows, OM_MAX_ROP_PAYLOAD);
    assert_int_equal(om__rop_rows_put(rows, 1000, &columns, two_rows, 2), 2);
    return (struct om__rop_response){
        .id = RopQueryRows,
        .handle_index = 2,
        .query_rows = {OM_BOOKMARK_END, 2, {(uint32_t)rows->len, rows->buf}, NULL}};
}

static const uint32_t three_handles[] = {0, 11, 12};

static void good_responses(struct om__rop_response list[5], struct om_wr *rows)
{
    list[0] = (struct om__rop_response){.id = RopLogon,
                                        .logon = {.logon_flags = OM_LOGON_PRIVATE,
                                                  .folder_ids = {1, 2, 3, 9, 13},
                                                  .repl_id = 1,
                                                  .response_flags = 7,
                                                  .time = {1, 2, 3, 4, 5, 6, 2026},
                                                  .store_state = 8}};
    list[1] = (struct om__rop_response){.id = RopOpenFolder, .handle_index = 1};
    list[2] =
        (struct om__rop_response){.id = RopGetHierarchyTable, .handle_index = 2, .get_table = {2}};
    list[3] = (struct om__rop_response){.id = RopSetColumns, .handle_index = 2};
    list[4] = rows_response(rows);
}

static void test_one_batch_logs_on_and_lists_folders(void **state)
{
    const struct om__query_rows_rsp *rows;
    struct om__rop_response list[5];
    struct fixture *f = *state;
    struct om_wr row_data;

    build_folders_batch(&f->b);
    good_responses(list, &row_data);
    answer(f, OM_EXT_LAST | OM_EXT_COMPRESSED | OM_EXT_XOR, list, 5, three_handles, 3);
    assert_int_equal(read_answer(f), OM_OK);
    assert_int_equal(om__rop_answers_check(&f->b, &f->got, &f->err), OM_OK);
    assert_int_equal(f->got.count, 6);
    assert_int_equal(f->got.list[0].rsp.logon.folder_ids[OM_FOLDER_INBOX], 13);
    assert_int_equal(f->got.list[0].rsp.logon.time.year, 2026);
    rows = &f->got.list[4].rsp.query_rows;
    assert_int_equal(rows->row_count, 2);
    assert_true(om__proprow_equal(&rows->rows[0], &two_rows[0]));
    assert_true(om__proprow_equal(&rows->rows[1], &two_rows[1]));
    assert_false(f->got.list[5].present);
    assert_int_equal(om__rop_answer_handle(&f->got, 2), 12);
    assert_int_equal(om__rop_answer_handle(&f->got, 3), OM_ROP_NO_HANDLE);
    om_wr_free(&row_data);
}

struct batch_ctx {
    const struct om__rop_batch *b;
};

static om_status decode_answer(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    const struct batch_ctx *c = ctx;
    struct om__rop_answers got;
    struct om_arena a;
    om_status st;

    om__arena_init(&a, OM_MAX_ROP_ARENA);
    st = om__rop_batch_read(c->b, (struct om_binary){(uint32_t)n, p}, &a, &got, err);
    om__arena_free(&a);
    return st;
}

static void test_a_damaged_answer_never_reads_outside(void **state)
{
    struct om__rop_response list[5];
    struct fixture *f = *state;
    struct batch_ctx ctx = {&f->b};
    struct om_wr row_data;

    build_folders_batch(&f->b);
    good_responses(list, &row_data);
    answer(f, OM_EXT_LAST, list, 5, three_handles, 3);
    om_check_codec(decode_answer, f->w.buf, f->w.len, &ctx);
    om_wr_free(&row_data);
}

/* A failing ROP is answered, and what needed its object fails with ecNullObject behind it. */
static void test_a_failed_logon_is_the_first_failure_found(void **state)
{
    struct om__rop_response list[5];
    struct fixture *f = *state;

    build_folders_batch(&f->b);
    for (size_t i = 0; i < 5; i++)
        list[i] = om__rop_failure(&f->b.list[i], i ? 0x4B9 : 0x3EB);
    answer(f, OM_EXT_LAST, list, 5, NULL, 0);
    assert_int_equal(read_answer(f), OM_OK);
    assert_int_equal(om__rop_answers_check(&f->b, &f->got, &f->err), MAPI_E_LOGON_FAILED);
    assert_int_equal(f->err.layer, OM_LAYER_ROP);
    assert_int_equal(f->err.cause, OM_CAUSE_UNKNOWN_USER);
    assert_int_equal(f->err.native, 0x3EB);
    assert_string_equal(f->err.doing, "RopLogon");
    om_error_clear(&f->err);
    assert_int_equal(om__rop_answer_check(&f->b, &f->got, 4, &f->err), MAPI_E_INVALID_OBJECT);
}

static void test_a_redirect_names_the_other_server(void **state)
{
    const struct om__rop_response redirect = {
        .id = RopLogon,
        .ec = 0x478,
        .logon = {.logon_flags = OM_LOGON_PRIVATE, .server_name = "/o=x/ou=y/cn=EX10"}};
    const struct om__logon_req logon = {.logon_flags = OM_LOGON_PRIVATE, .essdn = "/o=x/cn=bob"};
    struct batch_ctx ctx;
    struct fixture *f = *state;

    om__rop_add_logon(&f->b, &logon);
    answer(f, OM_EXT_LAST, &redirect, 1, (uint32_t[]){OM_ROP_NO_HANDLE}, 1);
    assert_int_equal(read_answer(f), OM_OK);
    assert_string_equal(f->got.list[0].rsp.logon.server_name, "/o=x/ou=y/cn=EX10");
    assert_int_equal(om__rop_answer_check(&f->b, &f->got, 0, &f->err), MAPI_E_LOGON_FAILED);
    assert_int_equal(f->err.cause, OM_CAUSE_WRONG_SERVER);
    ctx.b = &f->b;
    om_check_codec(decode_answer, f->w.buf, f->w.len, &ctx);
}

static void test_a_public_logon_has_its_own_form(void **state)
{
    const struct om__logon_req logon = {.open_flags = OM_OPEN_PUBLIC};
    const struct om__rop_response rsp = {
        .id = RopLogon,
        .logon = {.folder_ids = {1, 2}, .repl_id = 3, .per_user_guid = {4, 5, 6, {7}}}};
    struct fixture *f = *state;

    om__rop_add_logon(&f->b, &logon);
    answer(f, OM_EXT_LAST, &rsp, 1, (uint32_t[]){9}, 1);
    assert_int_equal(f->w.len, 8 + 2 + 6 + 1 + 13 * 8 + 2 + 16 + 16 + 4);
    assert_int_equal(read_answer(f), OM_OK);
    assert_int_equal(f->got.list[0].rsp.logon.folder_ids[OM_PUBLIC_IPM_SUBTREE], 2);
    assert_int_equal(f->got.list[0].rsp.logon.per_user_guid.data1, 4);
}

/* Rows that did not fit into one payload come in more, and all name the batch's last ROP. */
static void test_chained_rows_are_all_there(void **state)
{
    struct fixture *f = *state;
    struct om__rop_response rsp;
    struct om_wr row_data;
    uint8_t table = om__rop_batch_object(&f->b, 77);

    om__rop_add_query_rows_packed(&f->b, table, 6, &columns);
    rsp = rows_response(&row_data);
    rsp.handle_index = table;
    answer(f, OM_EXT_COMPRESSED, &rsp, 1, (uint32_t[]){77}, 1);
    answer(f, 0, &rsp, 1, (uint32_t[]){77}, 1);
    answer(f, OM_EXT_XOR | OM_EXT_LAST, &rsp, 1, (uint32_t[]){77}, 1);
    assert_int_equal(read_answer(f), OM_OK);
    assert_int_equal(f->got.more_count, 2);
    assert_true(f->got.list[0].present);
    assert_true(om__proprow_equal(&f->got.more[1].query_rows.rows[0], &two_rows[0]));
    om_wr_free(&row_data);
}

static void test_too_small_a_buffer_stops_the_answer(void **state)
{
    static const uint8_t undone[] = {0x15, 0, 2, 0, 1, 0, 0x10};
    struct fixture *f = *state;
    struct om__rop_response list[5];
    struct om_wr row_data;

    build_folders_batch(&f->b);
    good_responses(list, &row_data);
    list[4] = (struct om__rop_response){.id = RopBufferTooSmall,
                                        .too_small = {0x7000, {sizeof undone, undone}}};
    answer(f, OM_EXT_LAST, list, 5, three_handles, 3);
    assert_int_equal(read_answer(f), OM_OK);
    assert_int_equal(f->got.stop, OM_ROP_STOP_BUFFER_TOO_SMALL);
    assert_int_equal(f->got.stopped.too_small.size_needed, 0x7000);
    assert_true(f->got.list[3].present);
    assert_false(f->got.list[4].present);
    assert_int_equal(om__rop_answers_check(&f->b, &f->got, &f->err), MAPI_E_TOO_BIG);
    assert_string_equal(f->err.doing, "RopQueryRows");
    om_wr_free(&row_data);
}

static void test_a_server_that_wants_peace_says_how_long(void **state)
{
    static const struct om__backoff_rop rops[] = {{RopQueryRows, 500}};
    const struct om__rop_response backoff = {
        .id = RopBackoff, .backoff = {0, 2000, 1, rops, {2, (const uint8_t *)"??"}}};
    struct fixture *f = *state;
    struct batch_ctx ctx = {&f->b};

    build_folders_batch(&f->b);
    answer(f, OM_EXT_LAST, &backoff, 1, NULL, 0);
    assert_int_equal(read_answer(f), OM_OK);
    assert_int_equal(f->got.stop, OM_ROP_STOP_BACKOFF);
    assert_int_equal(f->got.stopped.backoff.rops[0].duration_ms, 500);
    assert_int_equal(om__rop_answers_check(&f->b, &f->got, &f->err), MAPI_E_BUSY);
    assert_int_equal(f->err.cause, OM_CAUSE_THROTTLED);
    assert_string_equal(f->err.detail, "the server asks to be left alone for 2000 ms");
    om_check_codec(decode_answer, f->w.buf, f->w.len, &ctx);
}

static void test_notifications_stand_beside_the_answers(void **state)
{
    struct fixture *f = *state;
    struct om__rop_response list[7];
    struct om_wr row_data;

    build_folders_batch(&f->b);
    good_responses(list, &row_data);
    list[5] = (struct om__rop_response){.id = RopPending, .pending_session = 3};
    list[6] =
        (struct om__rop_response){.id = RopNotify, .notify = {77, 0, {3, (const uint8_t *)"abc"}}};
    answer(f, OM_EXT_LAST, list, 7, three_handles, 3);
    assert_int_equal(read_answer(f), OM_OK);
    assert_int_equal(om__rop_answers_check(&f->b, &f->got, NULL), OM_OK);
    assert_true(f->got.pending);
    assert_int_equal(f->got.pending_session, 3);
    om_wr_free(&row_data);
}

static void expect_refusal(struct fixture *f, const struct om__rop_response *list, size_t count,
                           const char *detail)
{
    om_wr_reset(&f->w);
    answer(f, OM_EXT_LAST, list, count, three_handles, 3);
    assert_int_equal(read_answer(f), MAPI_E_CORRUPT_DATA);
    assert_int_equal(f->err.layer, OM_LAYER_ROP);
    assert_int_equal(f->err.cause, OM_CAUSE_PROTOCOL);
    assert_string_equal(f->err.detail, detail);
}

static void test_answers_match_their_requests_one_to_one(void **state)
{
    struct fixture *f = *state;
    struct om__rop_response list[6];
    struct om_wr row_data;

    build_folders_batch(&f->b);
    good_responses(list, &row_data);
    expect_refusal(f, list, 4,
                   "the answer ends before the response to RopQueryRows, request 5 of 6");
    list[5] = list[3];
    expect_refusal(f, list, 6, "a response is RopSetColumns for object 2 where none was due");
    list[3].handle_index = 1;
    expect_refusal(
        f, list, 5,
        "a response is RopSetColumns for object 1 where RopSetColumns for object 2 was due");
    list[3] = list[1];
    expect_refusal(
        f, list, 5,
        "a response is RopOpenFolder for object 1 where RopSetColumns for object 2 was due");
    om_wr_reset(&f->w);
    assert_int_equal(read_answer(f), MAPI_E_CORRUPT_DATA);
    assert_string_equal(f->err.detail, "the answer to 6 ROPs is empty");
    om_wr_free(&row_data);
}

static void test_a_batch_has_its_ceiling(void **state)
{
    struct fixture *f = *state;
    uint8_t object = om__rop_batch_object(&f->b, 1);

    for (size_t i = 0; i < OM_ROP_BATCH_MAX; i++)
        om__rop_add_release(&f->b, object);
    assert_int_equal(om__rop_batch_encode(&f->b, 0, &f->w, &f->err), OM_OK);
    om__rop_add_release(&f->b, object);
    assert_int_equal(om__rop_batch_encode(&f->b, 0, &f->w, &f->err), MAPI_E_TOO_BIG);
    om__rop_batch_free(&f->b);
    for (size_t i = 0; i <= OM_ROP_BATCH_MAX; i++)
        om__rop_batch_object(&f->b, 1);
    om_error_clear(&f->err);
    assert_int_equal(om__rop_batch_encode(&f->b, 0, &f->w, &f->err), MAPI_E_TOO_BIG);
}

static void test_properties_come_back_as_asked_for(void **state)
{
    struct fixture *f = *state;
    uint8_t folder = om__rop_batch_object(&f->b, 1);
    struct om__rop_response list[3] = {
        {.id = RopGetPropertiesSpecific, .get_props = {columns, two_rows[1]}},
        {.id = RopGetPropertiesAll, .get_props = {.row = two_rows[0]}},
        {.id = RopQueryPosition, .query_position = {3, 7}},
    };

    om__rop_add_get_properties(&f->b, folder, &columns);
    om__rop_add_get_properties_all(&f->b, folder);
    om__rop_add_query_position(&f->b, folder);
    answer(f, OM_EXT_LAST, list, 3, (uint32_t[]){1}, 1);
    assert_int_equal(read_answer(f), OM_OK);
    assert_true(om__proprow_equal(&f->got.list[0].rsp.get_props.row, &two_rows[1]));
    assert_true(om__proprow_equal(&f->got.list[1].rsp.get_props.row, &two_rows[0]));
    assert_int_equal(f->got.list[2].rsp.query_position.denominator, 7);
}

static void test_a_ghosted_folder_lists_its_servers(void **state)
{
    static const char *const servers[] = {"ex1", "ex2"};
    struct fixture *f = *state;
    struct om__rop_response rsp = {
        .id = RopOpenFolder, .handle_index = 1, .open_folder = {true, true, 1, 2, servers}};

    om__rop_add_open_folder(&f->b, om__rop_batch_object(&f->b, 1), 9);
    answer(f, OM_EXT_LAST, &rsp, 1, (uint32_t[]){1, 2}, 2);
    assert_int_equal(read_answer(f), OM_OK);
    assert_int_equal(f->got.list[0].rsp.open_folder.server_count, 2);
    assert_string_equal(f->got.list[0].rsp.open_folder.servers[1], "ex2");
}

/* What a server does with rows: as many as fit, none when not even one does. */
static void test_rows_are_written_while_they_fit(void **state)
{
    struct fixture *f = *state;
    size_t one;

    assert_int_equal(om__rop_rows_put(&f->w, 1000, &columns, two_rows, 1), 1);
    one = f->w.len;
    om_wr_reset(&f->w);
    assert_int_equal(om__rop_rows_put(&f->w, one, &columns, two_rows, 2), 1);
    assert_int_equal(f->w.len, one);
    om_wr_reset(&f->w);
    assert_int_equal(om__rop_rows_put(&f->w, one - 1, &columns, two_rows, 2), 0);
    assert_int_equal(f->w.len, 0);
    assert_false(f->w.failed);
}

/* Without columns rows have no end: what is there is kept as bytes. */
static void test_rows_of_unknown_columns_are_kept_as_bytes(void **state)
{
    static const struct om__proptags none = {0, NULL};
    struct fixture *f = *state;
    struct om__rop_response rsp;
    struct om_wr row_data;
    uint8_t table = om__rop_batch_object(&f->b, 77);

    om__rop_add_query_rows(&f->b, table, 6, &none);
    rsp = rows_response(&row_data);
    rsp.handle_index = table;
    answer(f, OM_EXT_LAST, &rsp, 1, (uint32_t[]){77}, 1);
    assert_int_equal(read_answer(f), OM_OK);
    assert_null(f->got.list[0].rsp.query_rows.rows);
    om_assert_bytes(f->got.list[0].rsp.query_rows.row_data.pb,
                    f->got.list[0].rsp.query_rows.row_data.cb, row_data.buf, row_data.len);
    om_wr_free(&row_data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names_cover_every_byte),
        TEST(test_the_specification_s_examples_are_written),
        TEST(test_requests_are_laid_out_as_specified),
        TEST(test_responses_are_laid_out_as_specified),
        TEST(test_a_public_logon_is_laid_out_as_specified),
        TEST(test_requests_are_read_by_the_server_as_written),
        TEST(test_a_rop_without_a_codec_hides_only_what_follows),
        TEST(test_one_batch_logs_on_and_lists_folders),
        TEST(test_a_damaged_answer_never_reads_outside),
        TEST(test_a_failed_logon_is_the_first_failure_found),
        TEST(test_a_redirect_names_the_other_server),
        TEST(test_a_public_logon_has_its_own_form),
        TEST(test_chained_rows_are_all_there),
        TEST(test_too_small_a_buffer_stops_the_answer),
        TEST(test_a_server_that_wants_peace_says_how_long),
        TEST(test_notifications_stand_beside_the_answers),
        TEST(test_answers_match_their_requests_one_to_one),
        TEST(test_a_batch_has_its_ceiling),
        TEST(test_properties_come_back_as_asked_for),
        TEST(test_a_ghosted_folder_lists_its_servers),
        TEST(test_rows_are_written_while_they_fit),
        TEST(test_rows_of_unknown_columns_are_kept_as_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
