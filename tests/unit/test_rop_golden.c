/* SPDX-License-Identifier: MIT */
/* Captured ROP buffers, read as a server and as a client reads them. golden/emsmdb/README.md */
#include "support/captured.h"
#include "support/codec_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/wr.h"
#include "codec/emsmdb.h"
#include "codec/props.h"
#include "codec/rop/batch.h"
#include "codec/rop_buffer.h"

#define PR_DISPLAY_NAME_W    0x3001001Fu
#define PR_CONTENT_COUNT     0x36020003u
#define PR_CONTENT_UNREAD    0x36030003u
#define PR_CONTAINER_CLASS_W 0x3613001Fu
#define PR_SUBJECT_W         0x0037001Fu
#define PID_TAG_FOLDER_ID    0x67480014u
#define GROMOX_DN                                                                                  \
    "/o=Gromox default/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="

/* One call, decoded down to its ROPs; everything lives in the arena. */
struct call {
    struct om__rpcext2_req q;
    struct om__rpcext2_rsp s;
    struct om__ext_buffer ext;
    struct om__rop_requests rops;
};

struct replay {
    struct om_arena arena;
    struct om__proptags columns; /* of the table last opened, as the client left them */
    struct om__rop_batch b;
    struct om__rop_answers got;
};

static int setup(void **state)
{
    struct replay *rp = calloc(1, sizeof *rp);

    assert_non_null(rp);
    om__arena_init(&rp->arena, 8 * OM_MAX_ROP_ARENA);
    om__rop_batch_init(&rp->b, 0);
    *state = rp;
    return 0;
}

static int teardown(void **state)
{
    struct replay *rp = *state;

    om__rop_batch_free(&rp->b);
    om__arena_free(&rp->arena);
    free(rp);
    return 0;
}

static const uint8_t *load_file(struct replay *rp, unsigned number, const char *kind, size_t *n)
{
    const uint8_t *kept;
    char name[64];
    uint8_t *p;

    snprintf(name, sizeof name, "golden/emsmdb/%03u.%s", number, kind);
    p = om_test_file(name, n);
    kept = om__arena_dup(&rp->arena, p, *n);
    assert_non_null(kept);
    free(p);
    return kept;
}

static struct call load(struct replay *rp, unsigned number, bool with_response)
{
    struct call c = {0};
    const uint8_t *p;
    size_t n;

    p = load_file(rp, number, "req", &n);
    assert_int_equal(om__rpcext2_req_get(p, n, &c.q, NULL), OM_OK);
    assert_int_equal(om__ext_decode(c.q.in.pb, c.q.in.cb, &rp->arena, &c.ext, NULL), OM_OK);
    assert_int_equal(c.ext.count, 1);
    assert_int_equal(om__rop_requests_decode(c.ext.payloads[0].data, c.ext.payloads[0].size,
                                             &rp->arena, &c.rops, NULL),
                     OM_OK);
    if (!with_response)
        return c;
    p = load_file(rp, number, "rsp", &n);
    assert_int_equal(om__rpcext2_rsp_get(p, n, &c.s, NULL), OM_OK);
    return c;
}

/* The requests of a call as the batch that would have made them. */
static void take_requests(struct replay *rp, const struct call *c)
{
    om__rop_batch_free(&rp->b);
    for (uint32_t i = 0; i < c->rops.count; i++) {
        struct om__rop_request *q = &rp->b.list[rp->b.count++];

        *q = c->rops.list[i];
        if (!q->opaque && q->id == RopSetColumns)
            rp->columns = q->set_columns.columns;
        if (!q->opaque && q->id == RopQueryRows)
            q->query_rows.columns = rp->columns;
    }
    for (uint32_t i = 0; i < c->rops.handle_count; i++)
        rp->b.handles[rp->b.handle_count++] = c->rops.handles[i];
}

static om_status read_call(struct replay *rp, const struct call *c, struct om_error *err)
{
    take_requests(rp, c);
    return om__rop_batch_read(&rp->b, c->s.out, &rp->arena, &rp->got, err);
}

static void read_number(struct replay *rp, unsigned number)
{
    struct om_error err = OM_ERROR_INIT;
    struct call c = load(rp, number, true);

    if (read_call(rp, &c, &err) != OM_OK)
        fail_msg("%03u: %s", number, err.detail);
}

static void test_client_buffers_are_written_alike(void **state)
{
    static const unsigned later[] = {186, 199, 200, 201, 202, 203, 204, 205};
    struct replay *rp = *state;

    for (unsigned i = 1; i < 40 + sizeof later / sizeof *later; i++) {
        struct call c = load(rp, i < 40 ? i : later[i - 40], false);
        struct om_wr w;

        om_wr_init(&w, OM_MAX_ROP_OUT);
        take_requests(rp, &c);
        assert_int_equal(om__rop_batch_encode(&rp->b, c.ext.payloads[0].flags, &w, NULL), OM_OK);
        om_assert_bytes(w.buf, w.len, c.q.in.pb, c.q.in.cb);
        om_wr_free(&w);
    }
}

/* The same calls as this client would make them: built, not decoded. */
static void expect_batch(struct replay *rp, unsigned number)
{
    struct call c = load(rp, number, false);
    struct om_wr w;

    om_wr_init(&w, OM_MAX_ROP_OUT);
    assert_int_equal(om__rop_batch_encode(&rp->b, 0, &w, NULL), OM_OK);
    om_assert_bytes(w.buf, w.len, c.q.in.pb, c.q.in.cb);
    om_wr_free(&w);
    om__rop_batch_free(&rp->b);
}

static void test_a_batch_makes_the_captured_requests(void **state)
{
    static const om_proptag tags[] = {PR_DISPLAY_NAME_W, PID_TAG_FOLDER_ID, PR_CONTENT_COUNT,
                                      PR_CONTENT_UNREAD, PR_CONTAINER_CLASS_W};
    static const struct om__proptags columns = {5, tags};
    const struct om__logon_req logon = {.logon_flags = OM_LOGON_PRIVATE,
                                        .open_flags = OM_OPEN_USE_PER_MDB_REPLID_MAPPING |
                                                      OM_OPEN_HOME_LOGON | OM_OPEN_PUBLIC,
                                        .essdn = GROMOX_DN "0100000001000000-alice"};
    struct replay *rp = *state;
    uint8_t table;

    om__rop_add_logon(&rp->b, &logon);
    expect_batch(rp, 1);
    table = om__rop_batch_object(&rp->b, 0);
    table = om__rop_add_open_folder(&rp->b, table, 0x0900000000000001);
    table = om__rop_add_get_hierarchy_table(&rp->b, table, OM_TABLE_DEPTH);
    om__rop_add_set_columns(&rp->b, table, &columns);
    expect_batch(rp, 2);
    om__rop_add_query_rows(&rp->b, om__rop_batch_object(&rp->b, 2), 100, &columns);
    expect_batch(rp, 3);
}

static void test_the_logon_is_what_the_client_saw(void **state)
{
    static const uint8_t last_byte[OM_LOGON_FOLDERS] = {1, 2, 3, 9, 13, 12, 10, 11, 7, 8, 5, 6, 4};
    const struct om__logon_rsp *s;
    struct replay *rp = *state;

    read_number(rp, 1);
    s = &rp->got.list[0].rsp.logon;
    assert_int_equal(rp->got.list[0].rsp.ec, 0);
    assert_int_equal(s->response_flags, 7);
    for (size_t i = 0; i < OM_LOGON_FOLDERS; i++)
        assert_int_equal(s->folder_ids[i], (uint64_t)last_byte[i] << 56 | 1);
    assert_int_equal(s->mailbox_guid.data1, 0x8AD765D8);
    assert_int_equal(s->repl_id, 5);
    assert_int_equal(s->time.year, 2026);
    assert_int_equal(om__rop_answer_handle(&rp->got, 0), 0); /* a handle may be 0 */
}

static void test_the_folders_are_what_the_client_saw(void **state)
{
    const struct om__query_rows_rsp *rows;
    struct replay *rp = *state;

    read_number(rp, 2);
    assert_int_equal(rp->got.list[1].rsp.get_table.row_count, 19);
    read_number(rp, 3);
    rows = &rp->got.list[0].rsp.query_rows;
    om_assert_captured_folders(rows->rows, rows->row_count);
    read_number(rp, 4);
    assert_int_equal(rp->got.list[0].rsp.query_rows.row_count, 0);
    assert_int_equal(rp->got.list[0].rsp.query_rows.origin, OM_BOOKMARK_END);
}

/* Rows with properties that are not there come flagged; ours are written back to the same bytes. */
static void test_contents_rows_are_written_alike(void **state)
{
    static const unsigned numbers[] = {2, 3, 5, 6, 201, 202};
    const struct om__query_rows_rsp *rows = NULL;
    struct replay *rp = *state;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct om_wr w;

        read_number(rp, numbers[i]);
        if (rp->b.list[0].id != RopQueryRows)
            continue;
        rows = &rp->got.list[0].rsp.query_rows;
        om_wr_init(&w, OM_MAX_ROP_PAYLOAD);
        assert_int_equal(
            om__rop_rows_put(&w, OM_MAX_ROP_PAYLOAD, &rp->columns, rows->rows, rows->row_count),
            rows->row_count);
        om_assert_bytes(w.buf, w.len, rows->row_data.pb, rows->row_data.cb);
        om_wr_free(&w);
    }
    assert_int_equal(rows->row_count, 9);
    assert_string_equal(om__proprow_string(&rows->rows[0], PR_SUBJECT_W), "Quarterly report #0");
    assert_string_equal(om__proprow_string(&rows->rows[2], PR_SUBJECT_W),
                        "\xC3\x9Cn\xC3\xAF"
                        "c\xC3\xB6"
                        "d\xC3\xA9 subject \xE2\x80\x93 \xE2\x98\x83 #2");
}

static void test_server_buffers_are_written_alike(void **state)
{
    static const unsigned numbers[] = {1, 2, 3, 4, 5, 6, 7, 200, 201, 202, 203};
    struct replay *rp = *state;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct om__rop_response list[8];
        struct call c = load(rp, numbers[i], true);
        struct om_wr w;
        size_t begin;

        assert_int_equal(read_call(rp, &c, NULL), OM_OK);
        for (uint32_t k = 0; k < rp->got.count; k++)
            list[k] = rp->got.list[k].rsp;
        om_wr_init(&w, OM_MAX_ROP_OUT);
        begin = om__ext_begin(&w);
        om__rop_responses_encode(&w, list, rp->got.count, rp->got.handles, rp->got.handle_count);
        om__ext_end(&w, begin, OM_EXT_LAST);
        om_assert_bytes(w.buf, w.len, c.s.out.pb, c.s.out.cb);
        om_wr_free(&w);
    }
}

static void test_rops_without_a_codec_do_not_spoil_the_others(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct replay *rp = *state;

    read_number(rp, 13); /* RopGetAttachmentTable, RopSetColumns, RopQueryRows */
    assert_int_equal(rp->got.stop, OM_ROP_STOP_OPAQUE);
    assert_int_equal(om__rop_answers_check(&rp->b, &rp->got, &err), MAPI_E_NO_SUPPORT);
    assert_string_equal(
        err.detail,
        "the response to RopGetAttachmentTable cannot be read yet and hides what follows it");
    for (unsigned number = 8; number < 15; number++)
        read_number(rp, number);
    read_number(rp, 199);
    read_number(rp, 204);
    assert_int_equal(rp->got.stopped.id, RopSynchronizationOpenCollector);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_client_buffers_are_written_alike),
        TEST(test_a_batch_makes_the_captured_requests),
        TEST(test_the_logon_is_what_the_client_saw),
        TEST(test_the_folders_are_what_the_client_saw),
        TEST(test_contents_rows_are_written_alike),
        TEST(test_server_buffers_are_written_alike),
        TEST(test_rops_without_a_codec_do_not_spoil_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
