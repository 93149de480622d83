/* SPDX-License-Identifier: MIT */
/* The lab's address book, called with the client's own codec and no network between. */
#include "support/codec_check.h"

#include <stdlib.h>
#include <string.h>

#include "codec/nspi.h"
#include "codec/props.h"
#include "lab/gal.h"
#include "lab/misbehave.h"
#include "lab/service.h"

static struct lab_org *org;
static struct lab_misbehave behave;
static struct om_arena arena;
static void *session;
static struct lab_call call;
static struct om__ndr_context handle;

/* ---- calling ---- */

/* Runs one call; the answer's stub is in *out until the next one. Gives the fault. */
static uint32_t run(uint16_t opnum, struct om_wr *in, struct om_wr *out)
{
    struct om_rd r;
    uint32_t fault = 0;

    assert_false(in->failed);
    om_rd_init(&r, in->buf, in->len);
    lab_nspi_interface.handler(&call, opnum, &r, out, &fault);
    if (!om_rd_ok(&r))
        fault = LAB_FAULT_BAD_STUB;
    assert_true(fault || !out->failed);
    return fault;
}

/* CALL(name, opnum, &request, &response): writes, runs, reads. */
#define CALL(name, opnum, req, resp) CALL2(name, name, opnum, req, resp)
#define CALL2(name, answer, opnum, req, resp)                                                      \
    do {                                                                                           \
        struct om_wr in_, out_;                                                                    \
        struct om_rd answer_;                                                                      \
        struct om_error err_ = OM_ERROR_INIT;                                                      \
        om_wr_init(&in_, 1u << 20);                                                                \
        om_wr_init(&out_, 1u << 20);                                                               \
        om__nspi_wr_##name##_req(&in_, req);                                                       \
        assert_int_equal(run(opnum, &in_, &out_), 0);                                              \
        om_rd_init(&answer_, out_.buf, out_.len);                                                  \
        om__nspi_rd_##answer##_resp(&answer_, &arena, resp);                                       \
        if (om_rd_finish(&answer_, OM_LAYER_NSPI, #name, &err_))                                   \
            fail_msg("%s: %s", #name, err_.detail);                                                \
        om_wr_free(&in_);                                                                          \
        om_wr_free(&out_);                                                                         \
    } while (0)

static struct om__nspi_stat stat_at(uint32_t mid)
{
    struct om__nspi_stat s = {
        .current_rec = mid, .code_page = 1252, .template_locale = 0x409, .sort_locale = 0x409};

    return s;
}

static uint32_t bind_as(const char *alias, uint32_t code_page)
{
    struct om__nspi_bind_req req = {.stat = {.code_page = code_page}, .has_guid = true};
    struct om__nspi_bind_resp resp;

    call.caller = alias ? lab_org_by_alias(org, alias) : NULL;
    CALL(bind, OM_NSPI_BIND, &req, &resp);
    handle = resp.handle;
    assert_true(om__ndr_context_is_null(&handle) == (resp.code != 0));
    return resp.code;
}

static int set_up(void **state)
{
    (void)state;
    om__arena_init(&arena, 64u << 20);
    memset(&behave, 0, sizeof behave);
    session = NULL;
    memset(&call, 0, sizeof call);
    call.org = org;
    call.server = &org->servers[1];
    call.state = &session;
    call.misbehave = &behave;
    return bind_as("alice", 1252) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    if (session)
        lab_nspi_interface.closed(org, session);
    om__arena_free(&arena);
    return 0;
}

static int make_org(void **state)
{
    (void)state;
    org = lab_org_new(5000);
    return org ? 0 : -1;
}

static int drop_org(void **state)
{
    (void)state;
    lab_org_free(org);
    return 0;
}

/* ---- sessions ---- */

static void test_bind_wants_somebody_and_an_8_bit_code_page(void **state)
{
    (void)state;
    assert_int_equal(bind_as(NULL, 1252), LAB_NSPI_LOGON_FAILED);
    assert_int_equal(bind_as("alice", OM_NSPI_CP_WINUNICODE), LAB_NSPI_INVALID_CODEPAGE);
    assert_int_equal(bind_as("alice", 1252), 0);
}

static void test_bind_misbehaves_when_told(void **state)
{
    char why[128];

    (void)state;
    assert_true(lab_misbehave_add(&behave, "nspi-bind=80040111", why, sizeof why));
    assert_int_equal(bind_as("alice", 1252), 0x80040111);
}

static void test_unbind_ends_the_handle_and_only_this_one(void **state)
{
    struct om__nspi_unbind_req req = {.handle = handle};
    struct om__nspi_unbind_resp resp;
    struct om__ndr_context first = handle;
    struct om_wr in, out;

    (void)state;
    assert_int_equal(bind_as("alice", 1252), 0);
    CALL(unbind, OM_NSPI_UNBIND, &req, &resp);
    assert_int_equal(resp.code, OM_NSPI_UNBIND_SUCCESS);
    assert_true(om__ndr_context_is_null(&resp.handle));
    om_wr_init(&in, 1024);
    om_wr_init(&out, 1024);
    req.handle = first;
    om__nspi_wr_unbind_req(&in, &req);
    assert_int_equal(run(OM_NSPI_UNBIND, &in, &out), LAB_FAULT_CONTEXT_MISMATCH);
    req.handle = handle;
    CALL(unbind, OM_NSPI_UNBIND, &req, &resp);
    om_wr_free(&in);
    om_wr_free(&out);
}

static void test_association_holds_a_bounded_number_of_handles(void **state)
{
    uint32_t code = 0;
    unsigned n = 1;

    (void)state;
    while (!code && n < 100) {
        code = bind_as("alice", 1252);
        n++;
    }
    assert_int_equal(code, LAB_NSPI_OUT_OF_RESOURCES);
    assert_int_equal(n, 17);
}

static void test_unknown_operations_and_broken_stubs_are_faults(void **state)
{
    struct om_wr in, out;

    (void)state;
    om_wr_init(&in, 1024);
    om_wr_init(&out, 1024);
    om_wr_zeros(&in, 3);
    assert_int_equal(run(6, &in, &out), LAB_FAULT_OP_RANGE);
    assert_int_equal(run(4000, &in, &out), LAB_FAULT_OP_RANGE);
    assert_int_equal(run(OM_NSPI_QUERY_ROWS, &in, &out), LAB_FAULT_BAD_STUB);
    om_wr_free(&in);
    om_wr_free(&out);
}

/* ---- positions ---- */

static struct om__nspi_update_stat_resp update(struct om__nspi_stat stat)
{
    struct om__nspi_update_stat_req req = {.handle = handle, .stat = stat, .has_delta = true};
    struct om__nspi_update_stat_resp resp;

    CALL(update_stat, OM_NSPI_UPDATE_STAT, &req, &resp);
    return resp;
}

static void test_position_moves_by_delta_and_stays_inside(void **state)
{
    struct om__nspi_stat s = stat_at(OM_MID_BEGINNING_OF_TABLE);
    struct om__nspi_update_stat_resp r = update(s);
    uint32_t total = (uint32_t)org->gal_count;

    (void)state;
    assert_int_equal(r.code, 0);
    assert_int_equal(r.stat.current_rec, org->gal[0]->mid);
    assert_int_equal(r.stat.total_recs, total);
    s.delta = 7;
    r = update(s);
    assert_int_equal(r.stat.current_rec, org->gal[7]->mid);
    assert_int_equal(r.stat.num_pos, 7);
    assert_int_equal(r.stat.delta, 0);
    assert_int_equal(r.delta, 7);
    s = stat_at(org->gal[10]->mid);
    s.delta = -3;
    r = update(s);
    assert_int_equal(r.stat.current_rec, org->gal[7]->mid);
    assert_int_equal(r.delta, -3);
    s.delta = -100;
    r = update(s);
    assert_int_equal(r.stat.num_pos, 0);
    assert_int_equal(r.delta, -10);
    s = stat_at(OM_MID_END_OF_TABLE);
    r = update(s);
    assert_int_equal(r.stat.current_rec, OM_MID_END_OF_TABLE);
    assert_int_equal(r.stat.num_pos, total);
    s.delta = INT32_MAX;
    assert_int_equal(update(s).stat.num_pos, total);
    s.delta = INT32_MIN;
    assert_int_equal(update(s).stat.num_pos, 0);
}

static void test_position_by_fraction_scales_to_the_table(void **state)
{
    struct om__nspi_stat s = stat_at(OM_MID_CURRENT);

    (void)state;
    s.num_pos = 50;
    s.total_recs = 100;
    assert_int_equal(update(s).stat.num_pos, org->gal_count / 2);
    s.num_pos = UINT32_MAX;
    s.total_recs = 1;
    assert_int_equal(update(s).stat.current_rec, OM_MID_END_OF_TABLE);
    s.num_pos = 5;
    s.total_recs = 0;
    assert_int_equal(update(s).stat.num_pos, 5);
}

static void test_position_outside_of_the_table_is_refused(void **state)
{
    struct om__nspi_stat s = stat_at(4711000);

    (void)state;
    assert_int_equal(update(s).code, LAB_NSPI_NOT_FOUND);
    s = stat_at(lab_org_by_alias(org, "shadow")->mid);
    assert_int_equal(update(s).code, LAB_NSPI_NOT_FOUND);
    s = stat_at(0);
    s.container_id = 99;
    assert_int_equal(update(s).code, LAB_NSPI_INVALID_BOOKMARK);
    s = stat_at(0);
    s.code_page = OM_NSPI_CP_WINUNICODE;
    assert_int_equal(update(s).code, LAB_NSPI_INVALID_CODEPAGE);
}

static void test_lists_hold_their_kind(void **state)
{
    struct om__nspi_stat s = stat_at(0);

    (void)state;
    s.container_id = org->lists[LAB_LIST_GROUPS].mid;
    assert_int_equal(update(s).stat.total_recs, 1);
    assert_int_equal(update(s).stat.current_rec, lab_org_by_alias(org, "staff")->mid);
    s.container_id = org->lists[LAB_LIST_CONTACTS].mid;
    assert_int_equal(update(s).stat.current_rec, lab_org_by_alias(org, "pat")->mid);
}

/* ---- rows ---- */

static struct om__nspi_rows_resp query(struct om__nspi_query_rows_req req)
{
    struct om__nspi_rows_resp resp;

    req.handle = handle;
    CALL(query_rows, OM_NSPI_QUERY_ROWS, &req, &resp);
    return resp;
}

static void test_rows_walk_the_whole_gal_in_order(void **state)
{
    static const om_proptag tags[] = {0x3001001F, 0x0FF60102};
    struct om__nspi_query_rows_req req = {.stat = stat_at(0), .count = 700, .tags = {2, tags}};
    size_t seen = 0;

    (void)state;
    while (req.stat.current_rec != OM_MID_END_OF_TABLE) {
        struct om__nspi_rows_resp r = query(req);

        assert_int_equal(r.code, 0);
        assert_true(r.rows.count > 0 && r.rows.count <= 700);
        for (uint32_t i = 0; i < r.rows.count; i++, seen++) {
            assert_string_equal(om__proprow_string(&r.rows.rows[i], 0x3001001F),
                                org->gal[seen]->display_name);
            assert_int_equal(om__proprow_binary(&r.rows.rows[i], 0x0FF60102).pb[0],
                             org->gal[seen]->mid & 0xFF);
        }
        req.stat = r.stat;
    }
    assert_int_equal(seen, org->gal_count);
    assert_int_equal(query(req).rows.count, 0);
}

static void test_rows_stop_before_the_answer_grows_too_large(void **state)
{
    size_t n = 0;
    const om_proptag *tags = lab_gal_columns(true, &arena, &n);
    struct om__nspi_query_rows_req req = {
        .stat = stat_at(0), .count = 4096, .tags = {(uint32_t)n, tags}};
    struct om__nspi_rows_resp r = query(req);

    (void)state;
    assert_int_equal(r.code, 0);
    assert_true(r.rows.count > 100 && r.rows.count < 4096);
    assert_int_equal(r.stat.num_pos, r.rows.count);
    req.count = UINT32_MAX;
    assert_int_equal(query(req).rows.count, r.rows.count);
}

static void test_rows_of_an_explicit_table_keep_their_order_and_gaps(void **state)
{
    const struct lab_user *bob = lab_org_by_alias(org, "bob"),
                          *alice = lab_org_by_alias(org, "alice");
    uint32_t mids[] = {bob->mid, 3, alice->mid, 0xFFFFFFF0u};
    static const om_proptag tags[] = {0x3A00001F};
    struct om__nspi_query_rows_req req = {
        .stat = stat_at(0), .count = 10, .tags = {1, tags}, .etable = {4, mids}};
    struct om__nspi_rows_resp r = query(req);

    (void)state;
    assert_int_equal(r.rows.count, 4);
    assert_string_equal(om__proprow_string(&r.rows.rows[0], 0x3A00001F), "bob");
    assert_int_equal(r.rows.rows[1].vals[0].tag, 0x3A00000A);
    assert_int_equal(r.rows.rows[1].vals[0].v.err, LAB_NSPI_NOT_FOUND);
    assert_string_equal(om__proprow_string(&r.rows.rows[2], 0x3A00001F), "alice");
    assert_int_equal(r.rows.rows[3].vals[0].tag, 0x3A00000A);
    assert_memory_equal(&r.stat, &req.stat, sizeof req.stat);
    req.count = 1;
    assert_int_equal(query(req).rows.count, 1);
}

static void test_rows_without_columns_or_count(void **state)
{
    struct om__nspi_query_rows_req req = {.stat = stat_at(0), .count = 1};
    struct om__nspi_rows_resp r = query(req);

    (void)state;
    assert_int_equal(r.rows.rows[0].count, 7);
    assert_int_equal(r.rows.rows[0].vals[3].tag, 0x3001001E);
    req.count = 0;
    r = query(req);
    assert_int_equal(r.code, LAB_NSPI_INVALID_PARAMETER);
    assert_null(r.rows.rows);
}

static void test_seek_finds_the_first_name_not_before_the_target(void **state)
{
    static const om_proptag tags[] = {0x3001001F};
    struct om__nspi_seek_entries_req req = {
        .handle = handle, .stat = stat_at(0), .tags = {1, tags}};
    struct om__nspi_rows_resp r;

    (void)state;
    req.target.tag = 0x3001001F;
    req.target.v.utf8 = "MALLORY M";
    CALL(seek_entries, OM_NSPI_SEEK_ENTRIES, &req, &r);
    assert_int_equal(r.code, 0);
    assert_int_equal(r.stat.current_rec, lab_org_by_alias(org, "mallory")->mid);
    assert_string_equal(om__proprow_string(&r.rows.rows[0], 0x3001001F), "Mallory Marsh");
    req.target.v.utf8 = "\xF0\x9F\x98\x80";
    CALL(seek_entries, OM_NSPI_SEEK_ENTRIES, &req, &r);
    assert_int_equal(r.code, LAB_NSPI_NOT_FOUND);
    req.target.tag = 0x39000003;
    CALL(seek_entries, OM_NSPI_SEEK_ENTRIES, &req, &r);
    assert_int_equal(r.code, LAB_NSPI_GENERAL_FAILURE);
}

/* ---- properties ---- */

static struct om_proprow props_of(const struct lab_user *u, const om_proptag *tags, uint32_t n,
                                  uint32_t want_code)
{
    struct om__nspi_get_props_req req = {
        .handle = handle, .stat = stat_at(u ? u->mid : 5), .tags = {n, tags}};
    struct om__nspi_get_props_resp resp;

    CALL(get_props, OM_NSPI_GET_PROPS, &req, &resp);
    assert_int_equal(resp.code, want_code);
    assert_non_null(resp.row);
    return *resp.row;
}

static void test_properties_say_where_the_mailbox_is(void **state)
{
    static const om_proptag tags[] = {0x8006001F, 0x3003001F, 0x39FE001F, 0x800F101F};
    const struct lab_user *bob = lab_org_by_alias(org, "bob");
    struct om_proprow row = props_of(bob, tags, 4, 0);

    (void)state;
    assert_string_equal(row.vals[0].v.utf8, bob->home_mdb);
    assert_string_equal(row.vals[1].v.utf8, bob->legacy_dn);
    assert_string_equal(row.vals[2].v.utf8, "bob@contoso.test");
    assert_int_equal(row.vals[3].v.mv.count, 3);
    assert_string_equal(row.vals[3].v.mv.str[0], "SMTP:bob@contoso.test");
    assert_string_equal(row.vals[3].v.mv.str[1], "smtp:bob@mail.contoso.test");
}

static void test_properties_not_there_are_errors_of_their_id(void **state)
{
    static const om_proptag tags[] = {0x8006001F, 0x3001001F, 0x30010003, 0x39000003};
    struct om_proprow row =
        props_of(lab_org_by_alias(org, "staff"), tags, 4, LAB_NSPI_ERRORS_RETURNED);

    (void)state;
    assert_int_equal(row.vals[0].tag, 0x8006000A);
    assert_string_equal(row.vals[1].v.utf8, "All Staff");
    assert_int_equal(row.vals[2].tag, 0x3001000A);
    assert_int_equal(row.vals[3].v.l, 1);
    row = props_of(NULL, tags, 4, LAB_NSPI_ERRORS_RETURNED);
    for (uint32_t i = 0; i < row.count; i++)
        assert_int_equal(OM_PROP_TYPE(row.vals[i].tag), PT_ERROR);
}

static void test_text_comes_in_the_width_asked_for(void **state)
{
    static const om_proptag tags[] = {0x3001001E, 0x3001001F, 0x30010000};
    struct om_proprow row = props_of(lab_org_by_alias(org, "zoe"), tags, 3, 0);

    (void)state;
    assert_string_equal(row.vals[0].v.str8, "Zo\xEB \xC5ngstr\xF6m");
    assert_string_equal(row.vals[1].v.utf8, "Zoë Ångström");
    assert_int_equal(row.vals[2].tag, 0x3001001F);
    row = props_of(lab_org_by_alias(org, "taro"), tags, 1, 0);
    assert_string_equal(row.vals[0].v.str8, "?? ??");
}

static void test_entry_ids_are_permanent_or_of_this_session(void **state)
{
    static const om_proptag tags[] = {0x0FFF0102};
    const struct lab_user *bob = lab_org_by_alias(org, "bob");
    struct om__nspi_query_rows_req req = {
        .stat = stat_at(0), .count = 1, .tags = {1, tags}, .etable = {1, &bob->mid}};
    struct om__nspi_entryid id;
    struct om_binary bin;
    struct om_rd r;

    (void)state;
    bin = om__proprow_binary(&query(req).rows.rows[0], 0x0FFF0102);
    om_rd_init(&r, bin.pb, bin.cb);
    om__nspi_rd_entryid(&r, &id);
    assert_false(id.ephemeral);
    assert_string_equal(id.dn, bob->legacy_dn);
    req.flags = OM_NSPI_EPHEMERAL_ID;
    bin = om__proprow_binary(&query(req).rows.rows[0], 0x0FFF0102);
    om_rd_init(&r, bin.pb, bin.cb);
    om__nspi_rd_entryid(&r, &id);
    assert_true(om_rd_ok(&r) && id.ephemeral);
    assert_int_equal(id.mid, bob->mid);
}

static void test_all_columns_are_named_and_had(void **state)
{
    struct om__nspi_query_columns_req req = {.handle = handle, .flags = OM_NSPI_UNICODE_TYPES};
    struct om__nspi_tags_resp resp;
    struct om_proprow row;
    bool home = false;

    (void)state;
    CALL(query_columns, OM_NSPI_QUERY_COLUMNS, &req, &resp);
    for (uint32_t i = 0; i < resp.tags.count; i++)
        home = home || resp.tags.v[i] == 0x8006001F;
    assert_true(home);
    row = props_of(lab_org_by_alias(org, "alice"), NULL, 0, LAB_NSPI_ERRORS_RETURNED);
    assert_int_equal(row.count, resp.tags.count);
    for (uint32_t i = 0; i < row.count; i++)
        assert_true(row.vals[i].tag == resp.tags.v[i] || row.vals[i].tag == 0x8011000A);
}

static void test_hierarchy_begins_with_a_gal_without_a_name(void **state)
{
    struct om__nspi_get_special_table_req req = {
        .handle = handle, .flags = OM_NSPI_UNICODE_STRINGS, .stat = stat_at(0)};
    struct om__nspi_get_special_table_resp resp;

    (void)state;
    CALL(get_special_table, OM_NSPI_GET_SPECIAL_TABLE, &req, &resp);
    assert_int_equal(resp.code, 0);
    assert_int_equal(resp.rows.count, LAB_LISTS);
    assert_null(om__proprow_string(&resp.rows.rows[0], 0x3001001F));
    assert_int_equal(om__proprow_int(&resp.rows.rows[0], 0xFFFD0003, -1), 0);
    assert_string_equal(om__proprow_string(&resp.rows.rows[1], 0x3001001F), "All Users");
    req.version = resp.version;
    CALL(get_special_table, OM_NSPI_GET_SPECIAL_TABLE, &req, &resp);
    assert_int_equal(resp.code, 0);
    assert_null(resp.rows.rows);
    req.flags = OM_NSPI_CREATION_TABLE;
    CALL(get_special_table, OM_NSPI_GET_SPECIAL_TABLE, &req, &resp);
    assert_int_equal(resp.rows.count, 0);
}

/* ---- names ---- */

static uint32_t resolve(const char *name, const char **alias)
{
    static const om_proptag tags[] = {0x3A00001F};
    struct om__nspi_resolve_names_req req = {
        .handle = handle, .stat = stat_at(0), .tags = {1, tags}, .names = {1, &name}};
    struct om__nspi_resolve_names_resp resp;

    CALL2(resolve_names_w, resolve_names, OM_NSPI_RESOLVE_NAMES_W, &req, &resp);
    assert_int_equal(resp.code, 0);
    assert_int_equal(resp.mids.count, 1);
    assert_int_equal(resp.rows.count, resp.mids.v[0] == OM_MID_RESOLVED);
    if (resp.rows.count)
        *alias = om__proprow_string(&resp.rows.rows[0], 0x3A00001F);
    return resp.mids.v[0];
}

static void assert_resolves(const char *name, const char *alias)
{
    const char *got = "";

    if (resolve(name, &got) != OM_MID_RESOLVED || strcmp(got, alias) != 0)
        fail_msg("'%s' should be %s, is '%s'", name, alias, got);
}

static void test_names_resolve_in_every_form(void **state)
{
    const struct lab_user *alice = lab_org_by_alias(org, "alice");

    (void)state;
    assert_resolves("=alice", "alice");
    assert_resolves("=ALICE", "alice");
    assert_resolves("=csmith", "csmith");
    assert_resolves("alice@contoso.test", "alice");
    assert_resolves("SMTP:Alice@contoso.test", "alice");
    assert_resolves("alice@mail.contoso.test", "alice");
    assert_resolves(alice->legacy_dn, "alice");
    assert_resolves("Alice Ad", "alice");
    assert_resolves("adams alice", "alice");
    assert_resolves("  Alice   Adams ", "alice");
    assert_resolves("ångström", "zoe");
    assert_resolves("ÅNGSTRÖM ZOË", "zoe");
    assert_resolves("太郎", "taro");
    assert_resolves("Chris Smith (Sa", "csmith");
    assert_resolves("chris sales", "csmith");
}

static void test_names_that_fit_two_are_ambiguous_and_none_unresolved(void **state)
{
    const char *alias;

    (void)state;
    assert_int_equal(resolve("Chris Smith", &alias), OM_MID_AMBIGUOUS);
    assert_int_equal(resolve("csmith", &alias), OM_MID_AMBIGUOUS);
    assert_int_equal(resolve("=csm", &alias), OM_MID_UNRESOLVED);
    assert_int_equal(resolve("Sam Shadow", &alias), OM_MID_UNRESOLVED);
    assert_int_equal(resolve("=shadow", &alias), OM_MID_UNRESOLVED);
    assert_int_equal(resolve("lice", &alias), OM_MID_UNRESOLVED);
    assert_int_equal(resolve("", &alias), OM_MID_UNRESOLVED);
    assert_int_equal(resolve("   ", &alias), OM_MID_UNRESOLVED);
    assert_int_equal(resolve("/o=Contoso/cn=nobody", &alias), OM_MID_UNRESOLVED);
    assert_int_equal(resolve("/guid=12", &alias), OM_MID_UNRESOLVED);
}

static void test_dns_become_minimal_entry_ids_also_of_the_hidden(void **state)
{
    const char *names[] = {lab_org_by_alias(org, "bob")->legacy_dn, "/o=Contoso/cn=x",
                           lab_org_by_alias(org, "shadow")->legacy_dn};
    struct om__nspi_dn_to_mid_req req = {.handle = handle, .names = {3, names}};
    struct om__nspi_tags_resp resp;

    (void)state;
    CALL(dn_to_mid, OM_NSPI_DN_TO_MID, &req, &resp);
    assert_int_equal(resp.tags.count, 3);
    assert_int_equal(resp.tags.v[0], lab_org_by_alias(org, "bob")->mid);
    assert_int_equal(resp.tags.v[1], 0);
    assert_int_equal(resp.tags.v[2], lab_org_by_alias(org, "shadow")->mid);
}

/* ---- restrictions ---- */

static struct om__nspi_get_matches_resp matches(const struct om__restriction *filter,
                                                uint32_t requested)
{
    static const om_proptag tags[] = {0x3A00001F};
    struct om__nspi_get_matches_req req = {.handle = handle,
                                           .stat = stat_at(0),
                                           .filter = filter,
                                           .requested = requested,
                                           .tags = {1, tags}};
    struct om__nspi_get_matches_resp resp;

    CALL(get_matches, OM_NSPI_GET_MATCHES, &req, &resp);
    return resp;
}

static void test_matches_list_the_candidates_of_an_ambiguous_name(void **state)
{
    struct om_propval name = {.tag = 0x360C001F, .v.utf8 = "Chris Smith"};
    struct om__restriction anr = {
        .type = RES_PROPERTY, .relop = RELOP_EQ, .tag = 0x360C001F, .val = &name};
    struct om__nspi_get_matches_resp r = matches(&anr, 50);

    (void)state;
    assert_int_equal(r.code, 0);
    assert_int_equal(r.mids.count, 2);
    assert_string_equal(om__proprow_string(&r.rows.rows[0], 0x3A00001F), "csmith");
    assert_string_equal(om__proprow_string(&r.rows.rows[1], 0x3A00001F), "csmith2");
    r = matches(&anr, 1);
    assert_int_equal(r.code, LAB_NSPI_TABLE_TOO_BIG);
    assert_int_equal(r.mids.count, 0);
}

static void test_matches_combine_conditions(void **state)
{
    struct om_propval research = {.tag = 0x3A18001E, .v.str8 = "RESEARCH"},
                      group = {.tag = 0x39000003, .v.l = 1},
                      mail = {.tag = 0x800F001F, .v.utf8 = "mail.contoso"};
    struct om__restriction
        in_research = {.type = RES_PROPERTY,
                       .relop = RELOP_EQ,
                       .tag = 0x3A18001E,
                       .val = &research},
        with_title = {.type = RES_EXIST, .tag = 0x3A17001F},
        both[] = {in_research, with_title}, and = {.type = RES_AND, .count = 2, .sub = both},
        is_group = {.type = RES_PROPERTY, .relop = RELOP_EQ, .tag = 0x39000003, .val = &group},
        proxy = {.type = RES_CONTENT, .relop = FL_SUBSTRING, .tag = 0x800F101F, .val = &mail},
        not_proxy = {.type = RES_NOT, .count = 1, .sub = &proxy}, pair[] = {is_group, and},
        or = {.type = RES_OR, .count = 2, .sub = pair};

    (void)state;
    assert_int_equal(matches(&and, 50).mids.count, 2);
    assert_int_equal(matches(& or, 50).mids.count, 3);
    assert_int_equal(matches(&proxy, 50).mids.count, 11);
    assert_int_equal(matches(&not_proxy, 50).code, LAB_NSPI_TABLE_TOO_BIG);
}

static void test_matches_refuse_what_they_cannot_decide(void **state)
{
    struct om__restriction sub = {.type = RES_EXIST, .tag = 0x3001001F},
                           object = {.type = RES_SUBRESTRICTION,
                                     .tag = 0x0E12000D,
                                     .count = 1,
                                     .sub = &sub};

    (void)state;
    assert_int_equal(matches(&object, 50).code, LAB_NSPI_TOO_COMPLEX);
    assert_int_equal(matches(NULL, 50).code, LAB_NSPI_INVALID_PARAMETER);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_bind_wants_somebody_and_an_8_bit_code_page),
        TEST(test_bind_misbehaves_when_told),
        TEST(test_unbind_ends_the_handle_and_only_this_one),
        TEST(test_association_holds_a_bounded_number_of_handles),
        TEST(test_unknown_operations_and_broken_stubs_are_faults),
        TEST(test_position_moves_by_delta_and_stays_inside),
        TEST(test_position_by_fraction_scales_to_the_table),
        TEST(test_position_outside_of_the_table_is_refused),
        TEST(test_lists_hold_their_kind),
        TEST(test_rows_walk_the_whole_gal_in_order),
        TEST(test_rows_stop_before_the_answer_grows_too_large),
        TEST(test_rows_of_an_explicit_table_keep_their_order_and_gaps),
        TEST(test_rows_without_columns_or_count),
        TEST(test_seek_finds_the_first_name_not_before_the_target),
        TEST(test_properties_say_where_the_mailbox_is),
        TEST(test_properties_not_there_are_errors_of_their_id),
        TEST(test_text_comes_in_the_width_asked_for),
        TEST(test_entry_ids_are_permanent_or_of_this_session),
        TEST(test_all_columns_are_named_and_had),
        TEST(test_hierarchy_begins_with_a_gal_without_a_name),
        TEST(test_names_resolve_in_every_form),
        TEST(test_names_that_fit_two_are_ambiguous_and_none_unresolved),
        TEST(test_dns_become_minimal_entry_ids_also_of_the_hidden),
        TEST(test_matches_list_the_candidates_of_an_ambiguous_name),
        TEST(test_matches_combine_conditions),
        TEST(test_matches_refuse_what_they_cannot_decide),
    };

    return cmocka_run_group_tests(tests, make_org, drop_org);
}
