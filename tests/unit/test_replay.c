/* SPDX-License-Identifier: MIT */
/*
 * Captured servers against the whole client core, without a socket: the bytes of the OUT channel go
 * up through HTTP, RPC over HTTP and the RPC association to the readers of the address book and of
 * the mailbox, what those ask for goes down again. golden/rpch/README
 */
#include "support/captured.h"
#include "support/codec_check.h"
#include "support/rpch.h"
#include "support/stubs.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/limits.h"
#include "codec/dcerpc.h"
#include "codec/emsmdb.h"
#include "codec/http1.h"
#include "codec/rop/batch.h"
#include "codec/rop_buffer.h"
#include "proto/roh_vc.h"
#include "proto/rpc_assoc.h"

#define PR_DISPLAY_NAME_W    0x3001001Fu
#define PR_CONTENT_COUNT     0x36020003u
#define PR_CONTENT_UNREAD    0x36030003u
#define PR_CONTAINER_CLASS_W 0x3613001Fu
#define PID_TAG_FOLDER_ID    0x67480014u
#define ALICE                                                                                      \
    "/o=Gromox default/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/"          \
    "cn=0100000001000000-alice"

enum { CHUNK = 1460 };

struct stack;

/* One capture: what is asked, call by call, and what is made of the answers. */
struct story {
    const char *name;
    const struct om__rpc_syntax *interface;
    unsigned calls;
    uint16_t (*ask)(struct stack *s, struct om_wr *stub); /* gives the opnum */
    om_status (*hear)(struct stack *s, struct om_rd *stub, struct om_error *err);
};

/* A story's two files. */
struct capture {
    const struct story *story;
    uint8_t *in, *out;
    size_t n_in, n_out;
};

struct stack {
    const struct capture *capture;
    bool damaged; /* then the answers need not say what they said */
    struct om__http1 head;
    struct om__roh_vc *vc;
    struct om__rpc_assoc *assoc;
    struct om_arena arena;
    uint16_t context;
    uint32_t call_id;
    unsigned asked, heard;

    struct om__ndr_context handle; /* of the address book, of the mailbox session */
    struct om__rop_batch batch;
    struct om__rop_answers answers;
    uint32_t store, table;
};

/* The stub of the captured client's nth request. */
static const uint8_t *captured_request(const struct capture *c, unsigned nth, uint16_t *opnum,
                                       size_t *n)
{
    size_t at = rpch_body(c->in, c->n_in), size;
    struct om__rpc_pdu pdu;
    const uint8_t *p;

    while ((p = rpch_next(c->in, c->n_in, &at, &size))) {
        if (p[2] != OM_RPC_REQUEST || nth-- > 0)
            continue;
        assert_int_equal(om__rpc_pdu_decode(p, size, &pdu, NULL), OM_OK);
        *opnum = pdu.request.opnum;
        *n = pdu.stub.cb;
        return pdu.stub.pb;
    }
    fail_msg("the capture has no such call");
    return NULL;
}

/* --- the address book --- */

static const struct om__rpc_syntax nspi = {OM_NSPI_UUID, OM_NSPI_VERSION_MAJOR,
                                           OM_NSPI_VERSION_MINOR};

enum { NSPI_CALLS = 8, GAL_CALL = 6 };

/* Where the captured client used its handle, we do: it must be the one we were given. */
static struct om__ndr_context *handle_of(union message *m, uint16_t opnum)
{
    return opnum == OM_NSPI_QUERY_ROWS ? &m->query_rows_req.handle : &m->unbind_req.handle;
}

/* The captured requests, as we write them. */
static uint16_t ask_book(struct stack *s, struct om_wr *stub)
{
    union message m;
    uint16_t opnum;
    struct om_rd r;
    size_t n;
    const uint8_t *p = captured_request(s->capture, s->asked, &opnum, &n);

    om_rd_init(&r, p, n);
    if (opnum != OM_NSPI_QUERY_ROWS && opnum != OM_NSPI_UNBIND) {
        om_wr_bytes(stub, p, n);
        return opnum;
    }
    if (opnum == OM_NSPI_QUERY_ROWS)
        om__nspi_rd_query_rows_req(&r, &s->arena, &m.query_rows_req);
    else
        om__nspi_rd_unbind_req(&r, &s->arena, &m.unbind_req);
    if (!s->damaged)
        assert_true(om__ndr_context_equal(handle_of(&m, opnum), &s->handle));
    *handle_of(&m, opnum) = s->handle;
    if (opnum == OM_NSPI_QUERY_ROWS)
        om__nspi_wr_query_rows_req(stub, &m.query_rows_req);
    else
        om__nspi_wr_unbind_req(stub, &m.unbind_req);
    return opnum;
}

static om_status hear_book(struct stack *s, struct om_rd *r, struct om_error *err)
{
    size_t n;
    union message m;
    uint16_t opnum;
    om_status st;

    captured_request(s->capture, s->heard, &opnum, &n);
    memset(&m, 0, sizeof m);
    switch (opnum) {
    case OM_NSPI_BIND:
        om__nspi_rd_bind_resp(r, &s->arena, &m.bind_resp);
        s->handle = m.bind_resp.handle;
        break;
    case OM_NSPI_QUERY_ROWS:
        om__nspi_rd_query_rows_resp(r, &s->arena, &m.query_rows_resp);
        break;
    case OM_NSPI_GET_SPECIAL_TABLE:
        om__nspi_rd_get_special_table_resp(r, &s->arena, &m.get_special_table_resp);
        break;
    case OM_NSPI_UPDATE_STAT:
        om__nspi_rd_update_stat_resp(r, &s->arena, &m.update_stat_resp);
        break;
    case OM_NSPI_QUERY_COLUMNS:
        om__nspi_rd_query_columns_resp(r, &s->arena, &m.query_columns_resp);
        break;
    default:
        om__nspi_rd_unbind_resp(r, &s->arena, &m.unbind_resp);
        break;
    }
    st = om_rd_finish(r, OM_LAYER_NSPI, "the answer", err);
    if (st == OM_OK && s->heard == GAL_CALL && !s->damaged)
        om_assert_captured_gal(&m.query_rows_resp.rows);
    return st;
}

/* --- the mailbox --- */

static const om_proptag tags[] = {PR_DISPLAY_NAME_W, PID_TAG_FOLDER_ID, PR_CONTENT_COUNT,
                                  PR_CONTENT_UNREAD, PR_CONTAINER_CLASS_W};
static const struct om__proptags columns = {5, tags};

enum { CALL_CONNECT, CALL_LOGON, CALL_TABLE, CALL_ROWS, CALL_END, EMSMDB_CALLS };

/* What the captured client asked for, built as a session builds it, from the handles we were given.
 */
static void build_batch(struct stack *s)
{
    const struct om__logon_req logon = {.logon_flags = OM_LOGON_PRIVATE,
                                        .open_flags = OM_OPEN_USE_PER_MDB_REPLID_MAPPING |
                                                      OM_OPEN_HOME_LOGON | OM_OPEN_PUBLIC,
                                        .essdn = ALICE};
    uint8_t index;

    om__rop_batch_free(&s->batch);
    om__rop_batch_init(&s->batch, 0);
    if (s->asked == CALL_LOGON) {
        om__rop_add_logon(&s->batch, &logon);
    } else if (s->asked == CALL_TABLE) {
        index = om__rop_batch_object(&s->batch, s->store);
        index = om__rop_add_open_folder(&s->batch, index, 0x0900000000000001);
        index = om__rop_add_get_hierarchy_table(&s->batch, index, OM_TABLE_DEPTH);
        om__rop_add_set_columns(&s->batch, index, &columns);
    } else {
        index = om__rop_batch_object(&s->batch, s->table);
        om__rop_add_query_rows(&s->batch, index, 100, &columns);
    }
}

static uint16_t ask_mailbox(struct stack *s, struct om_wr *stub)
{
    struct om__rpcext2_req req;
    struct om_wr rops;
    uint16_t opnum;
    size_t n;
    const uint8_t *p = captured_request(s->capture, s->asked, &opnum, &n);

    if (s->asked == CALL_CONNECT) {
        om_wr_bytes(stub, p, n);
        return opnum;
    }
    assert_int_equal(om__rpcext2_req_get(p, n, &req, NULL), OM_OK);
    build_batch(s);
    om_wr_init(&rops, OM_MAX_ROP_OUT);
    assert_int_equal(om__rop_batch_encode(&s->batch, 0, &rops, NULL), OM_OK);
    req.cxh = s->handle;
    req.in = (struct om_binary){.cb = (uint32_t)rops.len, .pb = rops.buf};
    om__rpcext2_req_put(stub, &req);
    om_wr_free(&rops);
    if (!s->damaged)
        om_assert_bytes(stub->buf, stub->len, p, n);
    return opnum;
}

/* The whole batch was answered. */
static void take_answers(struct stack *s)
{
    const struct om__query_rows_rsp *rows = &s->answers.list[0].rsp.query_rows;

    if (s->heard == CALL_LOGON)
        s->store = om__rop_answer_handle(&s->answers, 0);
    if (s->heard == CALL_TABLE)
        s->table = om__rop_answer_handle(&s->answers, 2);
    if (s->heard == CALL_ROWS && !s->damaged)
        om_assert_captured_folders(rows->rows, rows->row_count);
    if (s->heard == CALL_END && !s->damaged)
        assert_int_equal(rows->row_count, 0);
}

static om_status hear_mailbox(struct stack *s, struct om_rd *r, struct om_error *err)
{
    struct om__connect_rsp connect;
    struct om__rpcext2_rsp rsp;
    om_status st;

    if (s->heard == CALL_CONNECT) {
        st = om__connect_rsp_get(r->pos, om_rd_left(r), &connect, err);
        s->handle = connect.cxh;
        return st;
    }
    st = om__rpcext2_rsp_get(r->pos, om_rd_left(r), &rsp, err);
    if (st == OM_OK)
        st = om__rop_batch_read(&s->batch, rsp.out, &s->arena, &s->answers, err);
    if (st == OM_OK)
        st = om__rop_answers_check(&s->batch, &s->answers, err);
    if (st == OM_OK)
        take_answers(s);
    return st;
}

/* --- the layers between --- */

static void stack_open(struct stack *s, const struct capture *c, bool damaged)
{
    struct om__rpc_assoc_config assoc = {0};
    struct om__roh_config roh;

    *s = (struct stack){.capture = c, .damaged = damaged};
    om__http1_init(&s->head);
    om__arena_init(&s->arena, 4 << 20);
    om__rop_batch_init(&s->batch, 0);
    assert_int_equal(om__roh_config_init(&roh, NULL), OM_OK);
    assert_int_equal(om__roh_create(&roh, &s->vc, NULL), OM_OK);
    assert_int_equal(om__roh_requested(s->vc, OM_ROH_OUT, NULL), OM_OK);
    assert_int_equal(om__roh_requested(s->vc, OM_ROH_IN, NULL), OM_OK);
    assert_int_equal(om__rpc_assoc_new(&assoc, &s->assoc, NULL), OM_OK);
    assert_int_equal(om__rpc_assoc_bind(s->assoc, c->story->interface, &s->context, NULL), OM_OK);
}

static void stack_close(struct stack *s)
{
    om__rpc_assoc_free(s->assoc);
    om__roh_free(s->vc);
    om__rop_batch_free(&s->batch);
    om__arena_free(&s->arena);
    om__http1_free(&s->head);
}

/* Whatever is ready to go out does; there is nobody to read it. */
static om_status send_all(struct stack *s, struct om_error *err)
{
    const uint8_t *pdu;
    om_status st = OM_OK;
    size_t n;

    while (st == OM_OK && om__rpc_assoc_output(s->assoc, &pdu, &n))
        st = om__roh_send(s->vc, pdu, n, err);
    for (int ch = 0; ch < 2; ch++) {
        om__roh_output(s->vc, (enum om__roh_channel)ch, &n);
        om__roh_sent(s->vc, (enum om__roh_channel)ch, n, 0);
    }
    return st;
}

static om_status ask(struct stack *s, struct om_error *err)
{
    const struct story *story = s->capture->story;
    struct om_wr stub;
    uint16_t opnum;
    om_status st;

    if (s->asked == story->calls)
        return OM_OK;
    om_wr_init(&stub, OM_MAX_RPC_STUB);
    opnum = story->ask(s, &stub);
    st =
        om__rpc_assoc_call(s->assoc, s->context, opnum, NULL, stub.buf, stub.len, &s->call_id, err);
    s->asked++;
    om_wr_free(&stub);
    return st;
}

static om_status take_event(struct stack *s, const struct om__rpc_event *ev, struct om_error *err)
{
    struct om_rd r;
    om_status st;

    if (ev->kind == OM_RPC_EV_BOUND)
        return ask(s, err);
    if (ev->kind != OM_RPC_EV_RESPONSE) {
        assert_true(ev->error || ev->kind == OM_RPC_EV_CLOSED);
        if (!ev->error)
            return om__roh_channel_closed(s->vc, OM_ROH_OUT, err);
        *err = *ev->error;
        return err->status;
    }
    om_rd_init(&r, ev->stub.pb, ev->stub.cb);
    st = s->capture->story->hear(s, &r, err);
    s->heard++;
    return st == OM_OK ? ask(s, err) : st;
}

/* An RPC PDU. The captured client counted its calls another way, so a response gets our number. */
static om_status take_pdu(struct stack *s, const uint8_t *pdu, size_t n, struct om_error *err)
{
    struct om__rpc_event ev;
    uint8_t copy[OM_MAX_RPC_FRAG];
    om_status st;

    assert_true(n <= sizeof copy);
    memcpy(copy, pdu, n);
    if (copy[2] == OM_RPC_RESPONSE)
        copy[12] = (uint8_t)s->call_id;
    st = om__rpc_assoc_feed(s->assoc, copy, n, err);
    while (st == OM_OK && om__rpc_assoc_next(s->assoc, &ev))
        st = take_event(s, &ev, err);
    return st;
}

static om_status take_body(struct stack *s, const uint8_t *p, size_t n, struct om_error *err)
{
    om_status st = om__roh_feed(s->vc, p, n, err), next = OM_OK;
    const uint8_t *pdu;
    size_t size;

    while (st == OM_OK && s->heard < s->capture->story->calls &&
           om__roh_next(s->vc, &pdu, &size, &next, err)) {
        st = take_pdu(s, pdu, size, err);
        if (st == OM_OK)
            st = send_all(s, err);
    }
    return st == OM_OK ? next : st;
}

static om_status take_head(struct stack *s, const uint8_t *p, size_t n, size_t *used,
                           struct om_error *err)
{
    om_status st = om__http1_feed(&s->head, p, n, used, err);

    if (st == OM_OK && s->head.stage != OM_HTTP1_HEAD)
        st = s->head.status == 200
                 ? om__roh_responded(s->vc, err)
                 : om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_HTTP_STATUS,
                            OM_NATIVE_HTTP, s->head.status, "%s", s->head.reason);
    return st;
}

/* Bytes of the OUT channel, from its HTTP head on; *done of them were needed. */
static om_status feed(struct stack *s, const uint8_t *p, size_t n, size_t chunk, size_t *done,
                      struct om_error *err)
{
    om_status st = send_all(s, err);

    *done = 0;
    while (st == OM_OK && *done < n && s->heard < s->capture->story->calls) {
        size_t some = n - *done < chunk ? n - *done : chunk, used = some;

        if (s->head.stage == OM_HTTP1_HEAD)
            st = take_head(s, p + *done, some, &used, err);
        else
            st = take_body(s, p + *done, some, err);
        *done += used;
    }
    return st;
}

/* The channel ends. */
static om_status end(struct stack *s, struct om_error *err)
{
    if (s->head.stage == OM_HTTP1_HEAD)
        return om__http1_eof(&s->head, err);
    return om__roh_channel_closed(s->vc, OM_ROH_OUT, err);
}

/* --- the captures --- */

static const struct story stories[] = {
    {"nspi", &nspi, NSPI_CALLS, ask_book, hear_book},
    {"emsmdb", &om__emsmdb_interface, EMSMDB_CALLS, ask_mailbox, hear_mailbox},
};

enum { STORIES = sizeof stories / sizeof *stories };

static struct capture captures[STORIES];

static uint8_t *load_file(const char *name, const char *what, size_t *n)
{
    char path[64];

    snprintf(path, sizeof path, "golden/rpch/%s-%s", name, what);
    return om_test_file(path, n);
}

static int load(void **state)
{
    (void)state;
    for (size_t i = 0; i < STORIES; i++) {
        struct capture *c = &captures[i];

        c->story = &stories[i];
        c->in = load_file(c->story->name, "in.client", &c->n_in);
        c->out = load_file(c->story->name, "out.server", &c->n_out);
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    for (size_t i = 0; i < STORIES; i++) {
        free(captures[i].in);
        free(captures[i].out);
    }
    return 0;
}

/* How many of the server's bytes the story needs; what they say is asserted on the way. */
static size_t play(const struct capture *c, size_t chunk)
{
    struct om_error err = OM_ERROR_INIT;
    struct stack s;
    size_t done;

    stack_open(&s, c, false);
    if (feed(&s, c->out, c->n_out, chunk, &done, &err) != OM_OK)
        fail_msg("%s at byte %zu: %s", c->story->name, done, err.detail);
    assert_int_equal(s.heard, c->story->calls);
    assert_true(om__roh_is_open(s.vc));
    stack_close(&s);
    return done;
}

static void test_a_captured_server_tells_us_what_it_told_its_own_client(void **state)
{
    static const size_t chunks[] = {1, 7, CHUNK, SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < STORIES; i++)
        for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++)
            play(&captures[i], chunks[k]);
}

static void assert_clear(const struct om_error *err, const char *what, size_t at)
{
    if (err->status == OM_OK || err->layer == OM_LAYER_NONE || err->cause == OM_CAUSE_NONE ||
        err->cause == OM_CAUSE_INTERNAL || !err->detail[0] || !*om_error_hint(err))
        fail_msg("%s %zu: no clear error: %s", what, at, err->detail);
}

static void test_a_captured_server_that_ends_anywhere_is_a_clear_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < STORIES; i++) {
        size_t need = play(&captures[i], 1), done;

        for (size_t n = 0; n < need; n++) {
            struct om_error err = OM_ERROR_INIT;
            struct stack s;

            stack_open(&s, &captures[i], false);
            assert_int_equal(feed(&s, captures[i].out, n, CHUNK, &done, &err), OM_OK);
            assert_true(s.heard < stories[i].calls);
            assert_true(OM_FAILED(end(&s, &err)));
            assert_clear(&err, "end at byte", n);
            assert_int_equal(err.cause, OM_CAUSE_CLOSED);
            stack_close(&s);
        }
    }
}

/* A name may change and nobody could tell; but nothing breaks, and what is minded is said. */
static void test_a_captured_server_with_a_damaged_byte_does_no_harm(void **state)
{
    unsigned minded = 0, runs = 0;

    (void)state;
    for (size_t i = 0; i < STORIES; i++) {
        size_t need = play(&captures[i], 1), done;
        uint8_t *copy = malloc(need);

        assert_non_null(copy);
        for (size_t at = 0; at < need; at++, runs++) {
            struct om_error err = OM_ERROR_INIT;
            struct stack s;

            memcpy(copy, captures[i].out, need);
            copy[at] ^= 0xFF;
            stack_open(&s, &captures[i], true);
            if (feed(&s, copy, need, CHUNK, &done, &err) != OM_OK) {
                assert_clear(&err, "damage at byte", at);
                minded++;
            }
            stack_close(&s);
        }
        free(copy);
    }
    assert_true(minded > runs / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_captured_server_tells_us_what_it_told_its_own_client),
        cmocka_unit_test(test_a_captured_server_that_ends_anywhere_is_a_clear_error),
        cmocka_unit_test(test_a_captured_server_with_a_damaged_byte_does_no_harm),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
