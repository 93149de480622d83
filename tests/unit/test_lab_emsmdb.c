/* SPDX-License-Identifier: MIT */
/* The lab's store, called with the client's own codecs and no network between. */
#include "support/codec_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guid.h"
#include "base/limits.h"
#include "codec/aux_block.h"
#include "codec/emsmdb.h"
#include "codec/props.h"
#include "codec/rop/batch.h"
#include "codec/rop_buffer.h"
#include "lab/ec.h"
#include "lab/mailstore.h"
#include "lab/misbehave.h"
#include "lab/org.h"
#include "lab/rop_server.h"

#define PR_DISPLAY_NAME_W 0x3001001Fu
#define PR_CONTENT_COUNT  0x36020003u
#define PR_CONTENT_UNREAD 0x36030003u
#define PR_FID            0x67480014u
#define PR_PARENT_FID     0x67490014u
#define PR_SUBJECT_W      0x0037001Fu
#define PR_MESSAGE_FLAGS  0x0E070003u
#define RETRIES_FLAGS     (OM_RPCEXT2_NO_XOR | OM_RPCEXT2_NO_COMPRESSION)

struct fixture {
    char dir[64];
    struct lab_org *org;
    struct lab_mailstore *store;
    struct lab_misbehave behave;
    struct lab_call call;
    struct om_arena a;
    void *state;
    struct om__ndr_context cxh;
    struct om__rop_batch batch;
    struct om__rop_answers answers;
};

static struct fixture fx;

/* ---- calling ---- */

static void remove_file(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", fx.dir, name);
    unlink(path);
}

static const struct lab_user *user(const char *alias)
{
    return lab_org_by_alias(fx.org, alias);
}

static void serve_by(unsigned age, const char *caller)
{
    for (size_t i = 0; i < fx.org->server_count; i++)
        if (fx.org->servers[i].age == age)
            fx.call.server = &fx.org->servers[i];
    fx.call.caller = caller ? user(caller) : NULL;
    fx.call.encrypted = age == 2010;
}

static int set_up(void **state)
{
    char why[256] = "";

    (void)state;
    memset(&fx, 0, sizeof fx);
    snprintf(fx.dir, sizeof fx.dir, "/tmp/onemapi-emsmdb-XXXXXX");
    if (!mkdtemp(fx.dir))
        return -1;
    fx.org = lab_org_new(0);
    fx.store = lab_mailstore_open(fx.dir, NULL, why, sizeof why);
    om__arena_init(&fx.a, 64u << 20);
    if (!fx.org || !fx.store)
        return -1;
    fx.call.org = fx.org;
    fx.call.mail = fx.store;
    fx.call.state = &fx.state;
    fx.call.misbehave = &fx.behave;
    fx.call.now_ms = 1000;
    serve_by(2013, "alice");
    om__rop_batch_init(&fx.batch, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (fx.state)
        lab_emsmdb_interface.closed(fx.org, fx.state);
    om__rop_batch_free(&fx.batch);
    lab_mailstore_close(fx.store);
    lab_org_free(fx.org);
    om__arena_free(&fx.a);
    remove_file("mail.db");
    remove_file("mail.db-wal");
    remove_file("mail.db-shm");
    return rmdir(fx.dir);
}

static void misbehave(const char *option)
{
    char why[256] = "";

    if (!lab_misbehave_add(&fx.behave, option, why, sizeof why))
        fail_msg("%s: %s", option, why);
}

/* Runs a call; the answer's stub stays in the arena. Gives the fault. */
static uint32_t run(uint16_t opnum, const struct om_wr *in, struct om_binary *stub)
{
    struct om_rd r;
    struct om_wr out;
    uint32_t fault = 0;

    assert_false(in->failed);
    om_rd_init(&r, in->buf, in->len);
    om_wr_init(&out, OM_MAX_RPC_STUB);
    lab_emsmdb_interface.handler(&fx.call, opnum, &r, &out, &fault);
    if (!om_rd_ok(&r))
        fault = LAB_FAULT_BAD_STUB;
    assert_true(fault || !out.failed);
    stub->pb = om__arena_dup(&fx.a, out.buf, out.len);
    stub->cb = (uint32_t)out.len;
    om_wr_free(&out);
    return fault;
}

static struct om__connect_rsp connect_dn(const char *dn, const char *version)
{
    struct om__connect_req req = {
        .user_dn = dn, .cpid = 1252, .icxr_link = OM_CONNECT_NO_LINK, .aux_out_max = OM_MAX_AUX};
    struct om__connect_rsp rsp;
    struct om_error err = OM_ERROR_INIT;
    struct om__version v;
    struct om_binary stub;
    struct om_wr in;

    assert_true(om__version_parse(version, &v) && om__version_to_words(&v, req.client_version));
    om_wr_init(&in, 4096);
    om__connect_req_put(&in, &req);
    assert_int_equal(run(OM_EMSMDB_CONNECT_EX, &in, &stub), 0);
    om_wr_free(&in);
    if (om__connect_rsp_get(stub.pb, stub.cb, &rsp, &err) != OM_OK)
        fail_msg("%s", err.detail);
    fx.cxh = rsp.cxh;
    assert_true(om__ndr_context_is_null(&rsp.cxh) == (rsp.result != 0));
    return rsp;
}

static uint32_t connect_as(const char *alias)
{
    return connect_dn(user(alias)->legacy_dn, "15.0.4420.1017").result;
}

/* One EcDoRpcExt2; rgbOut is in the arena. */
static struct om__rpcext2_rsp rpc(struct om_binary in, uint32_t flags, uint32_t out_max)
{
    struct om__rpcext2_req req = {.cxh = fx.cxh, .flags = flags, .in = in, .out_max = out_max};
    struct om__rpcext2_rsp rsp;
    struct om_error err = OM_ERROR_INIT;
    struct om_binary stub;
    struct om_wr w;

    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__rpcext2_req_put(&w, &req);
    assert_int_equal(run(OM_EMSMDB_RPC_EXT2, &w, &stub), 0);
    om_wr_free(&w);
    if (om__rpcext2_rsp_get(stub.pb, stub.cb, &rsp, &err) != OM_OK)
        fail_msg("%s", err.detail);
    assert_true(rsp.out.cb <= out_max);
    return rsp;
}

/* Sends the batch, reads the answers. */
static uint32_t send_with(uint32_t flags, uint32_t out_max)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__rpcext2_rsp rsp;
    struct om_wr w;

    om_wr_init(&w, OM_MAX_ROP_OUT);
    assert_int_equal(om__rop_batch_encode(&fx.batch, OM_EXT_XOR | OM_EXT_COMPRESSED, &w, &err),
                     OM_OK);
    rsp = rpc((struct om_binary){(uint32_t)w.len, w.buf}, flags, out_max);
    om_wr_free(&w);
    if (rsp.result == 0 &&
        om__rop_batch_read(&fx.batch, rsp.out, &fx.a, &fx.answers, &err) != OM_OK)
        fail_msg("%s", err.detail);
    return rsp.result;
}

static void send_batch(void)
{
    assert_int_equal(send_with(0, OM_MAX_ROP_OUT), 0);
}

static void new_batch(void)
{
    om__rop_batch_free(&fx.batch);
    om__rop_batch_init(&fx.batch, 0);
}

static uint8_t add_logon(const char *dn)
{
    struct om__logon_req req = {.logon_flags = OM_LOGON_PRIVATE,
                                .open_flags = OM_OPEN_USE_PER_MDB_REPLID_MAPPING,
                                .essdn = dn};

    return om__rop_add_logon(&fx.batch, &req);
}

static uint32_t logon_to(const char *alias)
{
    new_batch();
    add_logon(user(alias)->legacy_dn);
    send_batch();
    return fx.answers.list[0].rsp.ec;
}

static const struct om__logon_rsp *logged_on(void)
{
    return &fx.answers.list[0].rsp.logon;
}

/* ---- sessions ---- */

static void test_connect_tells_the_servers_age_and_the_users_name(void **state)
{
    struct om__connect_rsp rsp = connect_dn(user("zoe")->legacy_dn, "15.0.0.0");
    struct om__aux_list list;
    struct om__version v;

    (void)state;
    assert_int_equal(rsp.result, ecLoginPerm);
    serve_by(2013, "juergen");
    rsp = connect_dn(user("juergen")->legacy_dn, "15.0.0.0");
    assert_int_equal(rsp.result, 0);
    v = om__version_from_words(rsp.server_version);
    assert_int_equal(om__exchange_age(&v), OM_AGE_2013);
    assert_int_equal(v.part[3], 32);
    assert_string_equal(rsp.display_name, "J\xFCrgen M\xFCller");
    assert_int_equal(om__aux_buffer_decode(rsp.aux_out, &fx.a, &list, NULL), OM_OK);
    assert_non_null(om__aux_find(&list, OM_AUX_EXORGINFO));
    serve_by(2010, "bob");
    rsp = connect_dn(user("bob")->legacy_dn, "15.0.0.0");
    v = om__version_from_words(rsp.server_version);
    assert_int_equal(om__exchange_age(&v), OM_AGE_2010);
}

static void test_connect_refuses_by_encryption_then_identity_then_name(void **state)
{
    (void)state;
    serve_by(2010, "bob");
    fx.call.encrypted = false;
    assert_int_equal(connect_as("bob"), ecNotEncrypted);
    fx.call.caller = NULL;
    assert_int_equal(connect_as("bob"), ecNotEncrypted);
    fx.call.encrypted = true;
    assert_int_equal(connect_as("bob"), ecAccessDenied);
    fx.call.caller = user("bob");
    assert_int_equal(connect_dn("/o=Contoso/cn=nobody", "15.0.0.0").result, ecUnknownUser);
    assert_int_equal(connect_as("erin"), ecLoginPerm);
    assert_int_equal(connect_as("bob"), 0);
    assert_int_equal(connect_as("alice"), 0); /* bob has Full Access there */
    fx.call.caller = user("admin");
    assert_int_equal(connect_as("bob"), 0);
}

static void test_connect_refuses_as_told(void **state)
{
    (void)state;
    misbehave("client-blocked=15.0.4500");
    assert_int_equal(connect_dn(user("alice")->legacy_dn, "15.0.4420.1017").result,
                     ecClientVerDisallowed);
    assert_int_equal(connect_dn(user("alice")->legacy_dn, "15.0.4500.0").result, 0);
    misbehave("ec-connect=80040110");
    assert_int_equal(connect_as("alice"), ecVersionMismatch);
}

static void test_sessions_are_bounded_and_end(void **state)
{
    struct om__ndr_context first;
    struct om_binary stub;
    struct om_wr in;
    unsigned n = 0;

    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    first = fx.cxh;
    while (n < 100 && connect_as("alice") == 0)
        n++;
    assert_int_equal(n, 31);
    om_wr_init(&in, 256);
    om__handle_req_put(&in, &first);
    assert_int_equal(run(OM_EMSMDB_DISCONNECT, &in, &stub), 0);
    assert_int_equal(run(OM_EMSMDB_DISCONNECT, &in, &stub), LAB_FAULT_CONTEXT_MISMATCH);
    om_wr_free(&in);
    assert_int_equal(connect_as("alice"), 0);
}

static void test_other_calls_answer_or_fault(void **state)
{
    struct om_binary stub;
    uint32_t result = 1;
    struct om_wr in;

    (void)state;
    om_wr_init(&in, 256);
    assert_int_equal(run(OM_EMSMDB_DUMMY, &in, &stub), 0);
    assert_int_equal(om__dummy_rsp_get(stub.pb, stub.cb, &result, NULL), OM_OK);
    assert_int_equal(result, 0);
    assert_int_equal(run(3, &in, &stub), LAB_FAULT_OP_RANGE);
    assert_int_equal(run(OM_EMSMDB_RPC_EXT2, &in, &stub), LAB_FAULT_BAD_STUB);
    om_wr_zeros(&in, 20);
    assert_int_equal(run(OM_EMSMDB_DISCONNECT, &in, &stub), LAB_FAULT_CONTEXT_MISMATCH);
    om_wr_free(&in);
}

/* ---- logon ---- */

static void test_logon_tells_of_the_mailbox_and_its_folders(void **state)
{
    const struct om__logon_rsp *rsp;
    struct lab_mailbox box;

    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    assert_int_equal(logon_to("alice"), 0);
    rsp = logged_on();
    assert_true(lab_mailstore_mailbox(fx.store, user("alice"), &box));
    assert_true(om__guid_equal(&rsp->mailbox_guid, &user("alice")->guid));
    for (int i = 0; i < OM_LOGON_FOLDERS; i++)
        assert_int_equal(rsp->folder_ids[i], lab_wire_id(box.special[i]));
    assert_int_equal(rsp->response_flags,
                     OM_LOGON_RESPONSE_RESERVED | OM_LOGON_OWNER_RIGHT | OM_LOGON_SEND_AS_RIGHT);
    assert_int_equal(fx.answers.handles[0], 0);
}

static void test_logon_opens_what_its_user_may(void **state)
{
    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    assert_int_equal(logon_to("frank"), ecAccessDenied);
    serve_by(2013, "admin");
    assert_int_equal(connect_as("admin"), 0);
    assert_int_equal(logon_to("frank"), 0);
    assert_int_equal(logged_on()->response_flags, OM_LOGON_RESPONSE_RESERVED);
    serve_by(2010, "alice");
    assert_int_equal(connect_as("alice"), 0);
    assert_int_equal(logon_to("bob"), 0);
    assert_int_equal(logon_to("erin"), ecLoginPerm);
    serve_by(2010, "mallory");
    assert_int_equal(connect_as("mallory"), 0);
    assert_int_equal(logon_to("bob"), ecLoginPerm);
}

static void test_logon_at_the_wrong_server_names_the_right_one_five_times(void **state)
{
    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(logon_to("bob"), ecWrongServer);
        assert_string_equal(logged_on()->server_name, user("bob")->server->dn);
    }
    assert_int_equal(logon_to("bob"), ecServerPaused);
    assert_int_equal(logon_to("alice"), 0);
    fx.call.now_ms += 10000;
    assert_int_equal(logon_to("bob"), ecWrongServer);
    serve_by(2010, "bob");
    assert_int_equal(connect_as("bob"), 0);
    assert_int_equal(logon_to("alice"), ecWrongServer);
    assert_string_equal(lab_org_fqdn(fx.org, logged_on()->server_name), user("alice")->server_id);
}

static void test_logon_follows_a_mailbox_that_moved(void **state)
{
    (void)state;
    misbehave("moved=alice");
    misbehave("moved=erin");
    assert_int_equal(connect_as("alice"), 0);
    assert_int_equal(logon_to("alice"), ecWrongServer);
    assert_string_equal(lab_org_fqdn(fx.org, logged_on()->server_name), "ex2010.contoso.test");
    serve_by(2010, "erin");
    assert_int_equal(connect_as("erin"), 0);
    assert_int_equal(logon_to("erin"), ecWrongServer);
    assert_ptr_equal(lab_org_server(fx.org, logged_on()->server_name), user("alice")->server);
    serve_by(2010, "alice");
    assert_int_equal(connect_as("alice"), 0);
    assert_int_equal(logon_to("alice"), 0);
}

static void test_logon_refuses_what_is_wrong_in_the_request(void **state)
{
    struct om__logon_req req = {.logon_flags = OM_LOGON_PRIVATE, .essdn = user("alice")->legacy_dn};

    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    om__rop_add_logon(&fx.batch, &req);
    req.open_flags = OM_OPEN_USE_PER_MDB_REPLID_MAPPING | OM_OPEN_PUBLIC;
    req.logon_flags = 0;
    req.essdn = NULL;
    om__rop_add_logon(&fx.batch, &req);
    add_logon("/o=Contoso/cn=nobody");
    add_logon(user("staff")->legacy_dn);
    req.open_flags = OM_OPEN_USE_PER_MDB_REPLID_MAPPING | OM_OPEN_USE_ADMIN_PRIVILEGE;
    req.logon_flags = OM_LOGON_PRIVATE;
    req.essdn = user("alice")->legacy_dn;
    om__rop_add_logon(&fx.batch, &req);
    send_batch();
    assert_int_equal(fx.answers.list[0].rsp.ec, ecInvalidParam);
    assert_int_equal(fx.answers.list[1].rsp.ec, ecNotFound);
    assert_int_equal(fx.answers.list[2].rsp.ec, ecUnknownUser);
    assert_int_equal(fx.answers.list[3].rsp.ec, ecUnknownUser);
    assert_int_equal(fx.answers.list[4].rsp.ec, ecLoginPerm);
    for (uint32_t i = 0; i < fx.answers.handle_count; i++)
        assert_int_equal(fx.answers.handles[i], OM_ROP_NO_HANDLE);
}

static void test_logon_refuses_as_told(void **state)
{
    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    misbehave("no-mailbox=frank");
    misbehave("no-mailbox=alice");
    assert_int_equal(logon_to("alice"), ecUnknownUser);
    misbehave("ec-logon=11C");
    assert_int_equal(logon_to("alice"), ecProfileNotConfigured);
    misbehave("ec-rpc=480");
    assert_int_equal(send_with(0, OM_MAX_ROP_OUT), ecServerBusy);
}

/* ---- folders and tables ---- */

static const om_proptag folder_tags[] = {PR_FID,           PR_PARENT_FID,     PR_DISPLAY_NAME_W,
                                         PR_CONTENT_COUNT, PR_CONTENT_UNREAD, 0x0FF90102};
static const struct om__proptags folder_columns = {6, folder_tags};
static const om_proptag message_tags[] = {PR_SUBJECT_W, PR_MESSAGE_FLAGS, 0x0E060040, 0x0E04001F};
static const struct om__proptags message_columns = {4, message_tags};

/* Logs on and opens a folder; its index in the next batch. */
static uint8_t open_folder(const char *alias, enum lab_special which)
{
    uint32_t store;
    uint64_t fid;
    uint8_t in;

    if (!fx.state || om__ndr_context_is_null(&fx.cxh))
        assert_int_equal(connect_as(alias), 0);
    assert_int_equal(logon_to(alias), 0);
    store = fx.answers.handles[0];
    fid = logged_on()->folder_ids[which];
    new_batch();
    in = om__rop_batch_object(&fx.batch, store);
    return om__rop_add_open_folder(&fx.batch, in, fid);
}

static void test_logon_and_hierarchy_take_two_buffers(void **state)
{
    uint8_t table = om__rop_add_get_hierarchy_table(&fx.batch, 0, OM_TABLE_DEPTH);
    const struct om__query_rows_rsp *q;
    const struct om_proprow *inbox = NULL;
    struct om__logon_rsp logon;

    (void)state;
    new_batch();
    table = open_folder("alice", LAB_IPM_SUBTREE);
    logon = *logged_on();
    table = om__rop_add_get_hierarchy_table(&fx.batch, table, OM_TABLE_DEPTH);
    om__rop_add_set_columns(&fx.batch, table, &folder_columns);
    om__rop_add_query_rows(&fx.batch, table, 1000, &folder_columns);
    om__rop_add_release(&fx.batch, table);
    send_batch();
    assert_int_equal(om__rop_answers_check(&fx.batch, &fx.answers, NULL), OM_OK);
    assert_int_equal(fx.answers.list[1].rsp.get_table.row_count, 17);
    q = &fx.answers.list[3].rsp.query_rows;
    assert_int_equal(q->row_count, 17);
    assert_int_equal(q->origin, OM_BOOKMARK_END);
    for (uint16_t i = 0; i < q->row_count; i++)
        if (om__proprow_int(&q->rows[i], PR_FID, 0) == (int64_t)logon.folder_ids[LAB_INBOX])
            inbox = &q->rows[i];
    assert_non_null(inbox);
    assert_string_equal(om__proprow_string(inbox, PR_DISPLAY_NAME_W), "Inbox");
    assert_int_equal(om__proprow_int(inbox, PR_CONTENT_COUNT, -1), 12);
    assert_int_equal(om__proprow_int(inbox, PR_CONTENT_UNREAD, -1), 5);
    assert_int_equal(om__proprow_int(inbox, PR_PARENT_FID, 0),
                     (int64_t)logon.folder_ids[LAB_IPM_SUBTREE]);
    assert_int_equal(inbox->vals[5].tag, 0x0FF9000A);
    assert_int_equal(inbox->vals[5].v.err, ecNotFound);
}

static uint8_t inbox_table(void)
{
    uint8_t table = om__rop_add_get_contents_table(&fx.batch, open_folder("alice", LAB_INBOX), 0);

    om__rop_add_set_columns(&fx.batch, table, &message_columns);
    return table;
}

static void test_contents_read_forward_backward_and_in_place(void **state)
{
    uint8_t table = inbox_table();
    uint32_t handle;
    struct om__rop_request *req;
    const char *second;

    (void)state;
    om__rop_add_query_rows(&fx.batch, table, 5, &message_columns);
    om__rop_add_query_position(&fx.batch, table);
    send_batch();
    assert_int_equal(om__rop_answers_check(&fx.batch, &fx.answers, NULL), OM_OK);
    assert_int_equal(fx.answers.list[3].rsp.query_rows.row_count, 5);
    assert_int_equal(fx.answers.list[3].rsp.query_rows.origin, OM_BOOKMARK_CURRENT);
    second = om__proprow_string(&fx.answers.list[3].rsp.query_rows.rows[1], PR_SUBJECT_W);
    assert_int_equal(fx.answers.list[4].rsp.query_position.numerator, 5);
    assert_int_equal(fx.answers.list[4].rsp.query_position.denominator, 12);
    handle = om__rop_answer_handle(&fx.answers, table);
    new_batch();
    table = om__rop_batch_object(&fx.batch, handle);
    for (int i = 0; i < 3; i++)
        om__rop_add_query_rows(&fx.batch, table, 4, &message_columns);
    req = fx.batch.list;
    req[0].query_rows.flags = 1;
    req[1].query_rows.forward = false;
    req[2].query_rows.forward = false;
    send_batch();
    assert_int_equal(om__rop_answers_check(&fx.batch, &fx.answers, NULL), OM_OK);
    assert_int_equal(fx.answers.list[0].rsp.query_rows.row_count, 4);
    assert_string_equal(
        om__proprow_string(&fx.answers.list[1].rsp.query_rows.rows[0], PR_SUBJECT_W), second);
    assert_int_equal(fx.answers.list[2].rsp.query_rows.row_count, 1);
    assert_int_equal(fx.answers.list[2].rsp.query_rows.origin, OM_BOOKMARK_BEGINNING);
}

static void test_seek_moves_and_says_how_far(void **state)
{
    uint8_t table = inbox_table();

    (void)state;
    om__rop_add_seek_row(&fx.batch, table, OM_BOOKMARK_END, -3);
    om__rop_add_seek_row(&fx.batch, table, OM_BOOKMARK_CURRENT, 100);
    om__rop_add_seek_row(&fx.batch, table, 9, 0);
    fx.batch.list[3].seek_row.want_moved_count = fx.batch.list[4].seek_row.want_moved_count = true;
    om__rop_add_query_position(&fx.batch, table);
    send_batch();
    assert_false(fx.answers.list[3].rsp.seek_row.has_sought_less);
    assert_int_equal((int32_t)fx.answers.list[3].rsp.seek_row.rows_sought, -3);
    assert_true(fx.answers.list[4].rsp.seek_row.has_sought_less);
    assert_int_equal(fx.answers.list[4].rsp.seek_row.rows_sought, 3);
    assert_int_equal(fx.answers.list[5].rsp.ec, ecInvalidParam);
    assert_int_equal(fx.answers.list[6].rsp.query_position.numerator, 12);
}

static void test_contents_sort_by_their_columns(void **state)
{
    static const struct om__sort_order orders[] = {{0x0037001E, 0}};
    static const struct om__sort_table_req sort = {.count = 1, .orders = orders};
    struct om__sort_table_req grouped = {.count = 1, .category_count = 1, .orders = orders};
    uint8_t table = inbox_table();
    const struct om__query_rows_rsp *q;

    (void)state;
    om__rop_add_sort_table(&fx.batch, table, &sort);
    om__rop_add_query_rows(&fx.batch, table, 100, &message_columns);
    om__rop_add_sort_table(&fx.batch, table, &grouped);
    send_batch();
    q = &fx.answers.list[4].rsp.query_rows;
    assert_int_equal(q->row_count, 12);
    for (uint16_t i = 1; i < q->row_count; i++)
        assert_true(strcasecmp(om__proprow_string(&q->rows[i - 1], PR_SUBJECT_W),
                               om__proprow_string(&q->rows[i], PR_SUBJECT_W)) <= 0);
    assert_int_equal(fx.answers.list[5].rsp.ec, ecNotSupported);
}

static void test_rows_that_do_not_fit_come_with_the_next_call(void **state)
{
    uint8_t table = inbox_table();
    uint32_t handle;
    size_t got;

    (void)state;
    om__rop_add_query_rows(&fx.batch, table, 100, &message_columns);
    assert_int_equal(send_with(0, 400), 0);
    got = fx.answers.list[3].rsp.query_rows.row_count;
    assert_true(got > 0 && got < 12);
    handle = om__rop_answer_handle(&fx.answers, table);
    while (got < 12) {
        new_batch();
        om__rop_add_query_rows(&fx.batch, om__rop_batch_object(&fx.batch, handle), 100,
                               &message_columns);
        assert_int_equal(send_with(0, 400), 0);
        assert_int_equal(fx.answers.list[0].rsp.ec, 0);
        assert_true(fx.answers.list[0].rsp.query_rows.row_count > 0);
        got += fx.answers.list[0].rsp.query_rows.row_count;
    }
    assert_int_equal(got, 12);
}

static void test_rows_chain_into_further_payloads(void **state)
{
    uint8_t table = inbox_table();
    uint32_t got, payload;

    (void)state;
    om__rop_add_query_rows(&fx.batch, table, 10, &message_columns);
    fx.batch.list[3].query_rows.flags = 2;
    assert_int_equal(send_with(OM_RPCEXT2_CHAIN, 400), 0);
    got = fx.answers.list[3].rsp.query_rows.row_count;
    assert_true(got < 10);
    for (payload = 0; payload < fx.answers.more_count; payload++)
        got += fx.answers.more[payload].query_rows.row_count;
    assert_true(got <= 10);
    new_batch();
    table = inbox_table();
    om__rop_add_query_rows(&fx.batch, table, 10, &message_columns);
    assert_int_equal(send_with(OM_RPCEXT2_CHAIN, 400), 0);
    assert_int_equal(fx.answers.more_count, 0);
}

static void test_a_row_larger_than_the_buffer_is_buffer_too_small(void **state)
{
    uint8_t table = inbox_table();

    (void)state;
    om__rop_add_query_rows(&fx.batch, table, 10, &message_columns);
    assert_int_equal(send_with(0, 80), 0);
    assert_int_equal(fx.answers.stop, OM_ROP_STOP_BUFFER_TOO_SMALL);
    assert_false(fx.answers.list[3].present);
    assert_int_equal(send_with(0, 9), ecBufferTooSmall);
}

static void test_properties_of_a_folder_and_of_the_mailbox(void **state)
{
    static const om_proptag tags[] = {PR_DISPLAY_NAME_W, 0x3001001E, 0x0FFF0102, 0x661C001F};
    static const struct om__proptags asked = {4, tags};
    uint8_t folder = open_folder("alice", LAB_INBOX);
    const struct om_proprow *row;

    (void)state;
    om__rop_add_get_properties(&fx.batch, folder, &asked);
    om__rop_add_get_properties(&fx.batch, 0, &asked);
    om__rop_add_get_properties_all(&fx.batch, folder);
    send_batch();
    assert_int_equal(om__rop_answers_check(&fx.batch, &fx.answers, NULL), OM_OK);
    row = &fx.answers.list[1].rsp.get_props.row;
    assert_string_equal(row->vals[0].v.utf8, "Inbox");
    assert_string_equal(row->vals[1].v.str8, "Inbox");
    assert_int_equal(row->vals[2].v.bin.cb, 46);
    assert_int_equal(OM_PROP_TYPE(row->vals[3].tag), PT_ERROR);
    row = &fx.answers.list[2].rsp.get_props.row;
    assert_string_equal(row->vals[3].v.utf8, "Alice Adams");
    row = &fx.answers.list[3].rsp.get_props.row;
    assert_true(row->count > 10);
    assert_int_equal(om__proprow_int(row, PR_CONTENT_COUNT, -1), 12);
}

/* ---- objects and hostile buffers ---- */

static void test_bad_handles_fail_their_rop_alone(void **state)
{
    uint8_t in;

    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    in = om__rop_batch_object(&fx.batch, 4711);
    om__rop_add_get_hierarchy_table(&fx.batch, in, 0);
    add_logon(user("alice")->legacy_dn);
    om__rop_add_query_rows(&fx.batch, 200, 1, &folder_columns);
    send_batch();
    assert_int_equal(fx.answers.list[0].rsp.ec, ecNullObject);
    assert_int_equal(fx.answers.list[1].rsp.ec, 0);
    assert_int_equal(fx.answers.list[2].rsp.ec, ecNullObject);
}

static void test_rops_refuse_objects_of_another_kind(void **state)
{
    uint8_t folder = open_folder("alice", LAB_INBOX), table;

    (void)state;
    om__rop_add_query_rows(&fx.batch, folder, 1, &folder_columns);
    table = om__rop_add_get_hierarchy_table(&fx.batch, folder, 0);
    om__rop_add_query_rows(&fx.batch, table, 1, &folder_columns);
    om__rop_add_get_properties_all(&fx.batch, table);
    om__rop_add_open_folder(&fx.batch, folder, 0xFFFFFFFFFFFF0002u);
    om__rop_add_open_folder(&fx.batch, folder, lab_wire_id(99));
    send_batch();
    assert_int_equal(fx.answers.list[1].rsp.ec, ecNotSupported);
    assert_int_equal(fx.answers.list[3].rsp.ec, ecNullObject); /* no columns yet */
    assert_int_equal(fx.answers.list[4].rsp.ec, ecNotSupported);
    assert_int_equal(fx.answers.list[5].rsp.ec, ecNotFound);
    assert_int_equal(fx.answers.list[6].rsp.ec, ecNotFound);
}

static void test_releasing_a_logon_releases_all_below_it(void **state)
{
    uint8_t folder = open_folder("alice", LAB_INBOX);
    uint32_t handle;

    (void)state;
    send_batch();
    handle = om__rop_answer_handle(&fx.answers, folder);
    new_batch();
    om__rop_add_release(&fx.batch, om__rop_batch_object(&fx.batch, 0));
    om__rop_add_get_hierarchy_table(&fx.batch, om__rop_batch_object(&fx.batch, handle), 0);
    send_batch();
    assert_int_equal(fx.answers.list[1].rsp.ec, ecNullObject);
}

static void test_objects_of_a_session_are_bounded(void **state)
{
    unsigned made = 0;
    uint8_t in;

    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    assert_int_equal(logon_to("alice"), 0);
    while (made < 2 * LAB_MAX_OBJECTS) {
        uint64_t fid = lab_wire_id(1);
        struct lab_mailbox box;

        assert_true(lab_mailstore_mailbox(fx.store, user("alice"), &box));
        fid = lab_wire_id(box.special[LAB_INBOX]);
        new_batch();
        in = om__rop_batch_object(&fx.batch, 0);
        for (int i = 0; i < 50; i++)
            om__rop_add_open_folder(&fx.batch, in, fid);
        send_batch();
        for (int i = 0; i < 50; i++)
            made += fx.answers.list[i].rsp.ec == 0;
        if (fx.answers.list[49].rsp.ec)
            break;
    }
    assert_int_equal(made, LAB_MAX_OBJECTS - 1);
    assert_int_equal(fx.answers.list[49].rsp.ec, ecServerMemory);
}

/* rgbIn with one payload of these bytes. */
static uint32_t send_raw(const void *payload, size_t n)
{
    struct om__rpcext2_rsp rsp;
    struct om_wr w;
    size_t begin;

    om_wr_init(&w, OM_MAX_ROP_OUT);
    begin = om__ext_begin(&w);
    om_wr_bytes(&w, payload, n);
    om__ext_end(&w, begin, OM_EXT_LAST);
    rsp = rpc((struct om_binary){(uint32_t)w.len, w.buf}, 0, 4096);
    om_wr_free(&w);
    return rsp.result;
}

static void test_unknown_rops_stop_the_call_on_2013_and_the_buffer_on_2010(void **state)
{
    static const uint8_t unknown[] = {5, 0, 0x65, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF};

    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    assert_int_equal(send_raw(unknown, sizeof unknown), ecRpcFormat);
    serve_by(2010, "bob");
    assert_int_equal(connect_as("bob"), 0);
    assert_int_equal(send_raw(unknown, sizeof unknown), 0);
}

static void test_buffers_that_do_not_parse_are_refused(void **state)
{
    static const uint8_t short_rop[] = {4, 0, 0x02, 0}, long_size[] = {0xFF, 0xFF, 1};
    struct om_binary none = {0, NULL};

    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    assert_int_equal(send_raw(short_rop, sizeof short_rop), ecRpcFormat);
    assert_int_equal(send_raw(long_size, sizeof long_size), ecRpcFormat);
    assert_int_equal(rpc(none, 0, 4096).result, ecRpcFormat);
    assert_int_equal(rpc((struct om_binary){3, short_rop}, 0, 4096).result, ecRpcFormat);
}

static uint16_t ext_flags(struct om_binary out)
{
    struct om_rd r;

    om_rd_init(&r, out.pb, out.cb);
    om_rd_u16(&r, "Version");
    return om_rd_u16(&r, "Flags");
}

static void test_answers_are_compressed_and_obfuscated_as_allowed(void **state)
{
    static const struct {
        uint32_t flags;
        bool encrypted;
        uint16_t want;
    } cases[] = {
        {0, false, OM_EXT_LAST | OM_EXT_XOR | OM_EXT_COMPRESSED},
        {OM_RPCEXT2_NO_COMPRESSION, false, OM_EXT_LAST | OM_EXT_XOR},
        {OM_RPCEXT2_NO_XOR, false, OM_EXT_LAST | OM_EXT_COMPRESSED},
        {RETRIES_FLAGS, false, OM_EXT_LAST},
        {0, true, OM_EXT_LAST | OM_EXT_COMPRESSED},
    };
    uint8_t table = inbox_table();
    struct om_wr w;

    (void)state;
    om__rop_add_query_rows(&fx.batch, table, 12, &message_columns);
    om_wr_init(&w, OM_MAX_ROP_OUT);
    assert_int_equal(om__rop_batch_encode(&fx.batch, 0, &w, NULL), OM_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct om__rpcext2_rsp rsp;

        fx.call.encrypted = cases[i].encrypted;
        rsp = rpc((struct om_binary){(uint32_t)w.len, w.buf}, cases[i].flags, OM_MAX_ROP_OUT);
        assert_int_equal(rsp.result, 0);
        assert_int_equal(ext_flags(rsp.out), cases[i].want);
        assert_int_equal(om__rop_batch_read(&fx.batch, rsp.out, &fx.a, &fx.answers, NULL), OM_OK);
        assert_int_equal(fx.answers.list[3].rsp.query_rows.row_count, 12);
    }
    om_wr_free(&w);
}

static void test_answers_misbehave_when_told(void **state)
{
    struct om__rpcext2_rsp rsp;
    struct om_wr w;

    (void)state;
    assert_int_equal(connect_as("alice"), 0);
    add_logon(user("alice")->legacy_dn);
    om_wr_init(&w, OM_MAX_ROP_OUT);
    assert_int_equal(om__rop_batch_encode(&fx.batch, 0, &w, NULL), OM_OK);
    misbehave("rop-short");
    rsp = rpc((struct om_binary){(uint32_t)w.len, w.buf}, 0, 4096);
    assert_int_equal(om__rop_batch_read(&fx.batch, rsp.out, &fx.a, &fx.answers, NULL),
                     MAPI_E_CORRUPT_DATA);
    memset(&fx.behave, 0, sizeof fx.behave);
    misbehave("rop-garbage");
    rsp = rpc((struct om_binary){(uint32_t)w.len, w.buf}, 0, 4096);
    assert_int_equal(om__rop_batch_read(&fx.batch, rsp.out, &fx.a, &fx.answers, NULL),
                     MAPI_E_CORRUPT_DATA);
    om_wr_free(&w);
}

static void test_identifiers_are_repl_id_and_counter(void **state)
{
    uint64_t counter = 0;

    (void)state;
    assert_int_equal(lab_wire_id(0x010203040506), 0x0605040302010001u);
    assert_true(lab_wire_counter(0x0605040302010001u, &counter));
    assert_int_equal(counter, 0x010203040506);
    assert_false(lab_wire_counter(0x0605040302010002u, &counter));
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_connect_tells_the_servers_age_and_the_users_name),
        TEST(test_connect_refuses_by_encryption_then_identity_then_name),
        TEST(test_connect_refuses_as_told),
        TEST(test_sessions_are_bounded_and_end),
        TEST(test_other_calls_answer_or_fault),
        TEST(test_logon_tells_of_the_mailbox_and_its_folders),
        TEST(test_logon_opens_what_its_user_may),
        TEST(test_logon_at_the_wrong_server_names_the_right_one_five_times),
        TEST(test_logon_follows_a_mailbox_that_moved),
        TEST(test_logon_refuses_what_is_wrong_in_the_request),
        TEST(test_logon_refuses_as_told),
        TEST(test_logon_and_hierarchy_take_two_buffers),
        TEST(test_contents_read_forward_backward_and_in_place),
        TEST(test_seek_moves_and_says_how_far),
        TEST(test_contents_sort_by_their_columns),
        TEST(test_rows_that_do_not_fit_come_with_the_next_call),
        TEST(test_rows_chain_into_further_payloads),
        TEST(test_a_row_larger_than_the_buffer_is_buffer_too_small),
        TEST(test_properties_of_a_folder_and_of_the_mailbox),
        TEST(test_bad_handles_fail_their_rop_alone),
        TEST(test_rops_refuse_objects_of_another_kind),
        TEST(test_releasing_a_logon_releases_all_below_it),
        TEST(test_objects_of_a_session_are_bounded),
        TEST(test_unknown_rops_stop_the_call_on_2013_and_the_buffer_on_2010),
        TEST(test_buffers_that_do_not_parse_are_refused),
        TEST(test_answers_are_compressed_and_obfuscated_as_allowed),
        TEST(test_answers_misbehave_when_told),
        TEST(test_identifiers_are_repl_id_and_counter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
