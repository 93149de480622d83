/* SPDX-License-Identifier: MIT */
#include "support/captured.h"
#include "support/codec_check.h"
#include "support/stubs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/guid.h"
#include "codec/props.h"
#include "codec/proptext.h"

static const struct message_kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    fail_msg("no message %s", name);
    return NULL;
}

static om_status decode(const struct message_kind *k, const uint8_t *p, size_t n,
                        struct om_arena *a, union message *m, struct om_error *err)
{
    struct om_rd r;

    memset(m, 0, sizeof *m);
    om_rd_init(&r, p, n);
    k->read(&r, a, m);
    return om_rd_finish(&r, OM_LAYER_NSPI, k->name, err);
}

/* The vectors and their kinds; `same`: another's bytes are ours but for what NDR leaves open. */
static const struct vector {
    const char *file, *kind;
    bool same;
} vectors[] = {
    {"wire_1_bind_req", "bind_req", true},
    {"wire_1_bind_resp", "bind_resp", true},
    {"wire_2_getspecialtable_req", "get_special_table_req", false},   /* see README.md there */
    {"wire_2_getspecialtable_resp", "get_special_table_resp", false}, /* a GAL without a name */
    {"wire_3_updatestat_req", "update_stat_req", true},
    {"wire_3_updatestat_resp", "update_stat_resp", true},
    {"wire_4_updatestat_req", "update_stat_req", true},
    {"wire_4_updatestat_resp", "update_stat_resp", true},
    {"wire_5_querycolumns_req", "query_columns_req", true},
    {"wire_5_querycolumns_resp", "query_columns_resp", true},
    {"wire_6_queryrows_req", "query_rows_req", true},
    {"wire_6_queryrows_resp", "query_rows_resp", true},
    {"wire_7_queryrows_req", "query_rows_req", true},
    {"wire_7_queryrows_resp", "query_rows_resp", true},
    {"wire_8_unbind_req", "unbind_req", true},
    {"wire_8_unbind_resp", "unbind_resp", true},
    {"ndr_updatestat_req", "update_stat_req", true},
    {"ndr_updatestat_resp", "update_stat_resp", true},
    {"ndr_getprops_req", "get_props_req", true},
    {"ndr_getprops_resp", "get_props_resp", false}, /* an empty array behind a pointer */
    {"ndr_getspecialtable_req", "get_special_table_req", true},
    {"ndr_resolvenames_req", "resolve_names_req", true},
    {"ndr_resolvenamesw_req", "resolve_names_w_req", true},
    {"ndr_resolvenamesw_resp", "resolve_names_resp", true},
    {"ndr_dntomid_req", "dn_to_mid_req", true},
    {"ndr_dntomid_resp", "dn_to_mid_resp", true},
    {"ndr_seekentries_req", "seek_entries_req", true},
    {"ndr_getmatches_req", "get_matches_req", true},
    {"ndr_getmatches_resp", "get_matches_resp", false}, /* likewise */
    {"ndr_queryrows_failed_resp", "query_rows_resp", true},
    {"ndr_rfr_newdsa_req", "get_new_dsa_req", true},
    {"ndr_rfr_newdsa_resp", "get_new_dsa_resp", true},
    {"ndr_rfr_fqdn_req", "get_fqdn_req", true},
    {"ndr_rfr_fqdn_resp", "get_fqdn_resp", true},
};

#define VECTORS (sizeof vectors / sizeof *vectors)

static uint8_t *load(const char *file, size_t *n)
{
    char path[128];

    snprintf(path, sizeof path, "golden/nspi/%s.bin", file);
    return om_test_file(path, n);
}

static uint32_t word(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/*
 * Two things NDR leaves to the writer. A referent may be any number that is not 0: where ours
 * stands, theirs becomes ours. And bytes of padding may be anything: that client fills them with EF
 * or BF.
 */
static void adopt_choices(uint8_t *theirs, size_t n, const uint8_t *ours)
{
    static const uint8_t fill[] = {0xAA, 0xAB, 0xBB, 0xBF, 0xCC, 0xEF};

    for (size_t i = 0; i + 4 <= n; i += 4) {
        if (word(ours + i) == 0x20000u + i && word(theirs + i) != 0)
            memcpy(theirs + i, ours + i, 4);
    }
    for (size_t i = 0; i < n; i++) {
        if (ours[i] == 0 && (memchr(fill, theirs[i], sizeof fill)))
            theirs[i] = 0;
    }
}

static void test_stubs_of_others_are_written_as_they_were(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        const struct message_kind *k = kind_of(vectors[i].kind);
        struct om_error err = OM_ERROR_INIT;
        struct om_arena a;
        struct om_wr w;
        union message m;
        uint8_t *p;
        size_t n;

        if (!vectors[i].same)
            continue;
        p = load(vectors[i].file, &n);
        om__arena_init(&a, 1 << 20);
        om_wr_init(&w, OM_MAX_RPC_STUB);
        if (decode(k, p, n, &a, &m, &err) != OM_OK)
            fail_msg("%s: %s", vectors[i].file, err.detail);
        k->write(&w, &m);
        assert_int_equal(om_wr_finish(&w, OM_LAYER_NSPI, k->name, &err), OM_OK);
        adopt_choices(p, n < w.len ? n : w.len, w.buf);
        if (w.len != n || memcmp(w.buf, p, n) != 0)
            print_error("%s\n", vectors[i].file);
        om_assert_bytes(w.buf, w.len, p, n);
        om_wr_free(&w);
        om__arena_free(&a);
        free(p);
    }
}

/* What is decoded, written, decoded and written again gives the same bytes: nothing was lost. */
static void test_every_stub_survives_a_round(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        const struct message_kind *k = kind_of(vectors[i].kind);
        struct om_error err = OM_ERROR_INIT;
        struct om_arena a;
        struct om_wr one, two;
        union message m, again;
        size_t n;
        uint8_t *p = load(vectors[i].file, &n);

        om__arena_init(&a, 1 << 20);
        om_wr_init(&one, OM_MAX_RPC_STUB);
        om_wr_init(&two, OM_MAX_RPC_STUB);
        assert_int_equal(decode(k, p, n, &a, &m, &err), OM_OK);
        k->write(&one, &m);
        assert_int_equal(om_wr_finish(&one, OM_LAYER_NSPI, k->name, &err), OM_OK);
        assert_int_equal(decode(k, one.buf, one.len, &a, &again, &err), OM_OK);
        k->write(&two, &again);
        om_assert_bytes(two.buf, two.len, one.buf, one.len);
        om_wr_free(&one);
        om_wr_free(&two);
        om__arena_free(&a);
        free(p);
    }
}

static om_status decode_only(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om_arena a;
    union message m;
    om_status st;

    om__arena_init(&a, 1 << 20);
    st = decode(ctx, p, n, &a, &m, err);
    om__arena_free(&a);
    return st;
}

static void test_no_part_of_a_stub_is_a_stub(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        struct message_kind k = *kind_of(vectors[i].kind);
        size_t n, whole;
        uint8_t *p = load(vectors[i].file, &n);

        /* The one that carries four bytes more than its call has parameters. */
        whole = strcmp(vectors[i].file, "wire_2_getspecialtable_req") == 0 ? n - 4 : n;
        if (n < 1000)
            om_check_codec(decode_only, p, whole, &k);
        free(p);
    }
}

/* --- what the captured session says --- */

struct session {
    struct om_arena a;
    union message m;
};

static union message *open_vector(struct session *s, const char *file, const char *kind)
{
    struct om_error err = OM_ERROR_INIT;
    size_t n;
    uint8_t *p = load(file, &n);

    om__arena_init(&s->a, 1 << 20);
    if (decode(kind_of(kind), p, n, &s->a, &s->m, &err) != OM_OK)
        fail_msg("%s: %s", file, err.detail);
    free(p); /* what was decoded does not need it */
    return &s->m;
}

static void test_the_gal_reads_as_another_client_read_it(void **state)
{
    struct session s;
    const struct om__nspi_rows_resp *m =
        &open_vector(&s, "wire_7_queryrows_resp", "query_rows_resp")->query_rows_resp;

    (void)state;
    assert_int_equal(m->code, 0);
    om_assert_captured_gal(&m->rows);
    om__arena_free(&s.a);
}

static void test_a_hierarchy_may_have_no_name(void **state)
{
    struct session s;
    const struct om__nspi_get_special_table_resp *m =
        &open_vector(&s, "wire_2_getspecialtable_resp", "get_special_table_resp")
             ->get_special_table_resp;
    const struct om_propval *name;

    (void)state;
    assert_int_equal(m->version, 1);
    assert_int_equal(m->rows.count, 2);
    assert_null(om__proprow_string(&m->rows.rows[0], 0x3001001F));
    name = om__proprow_find_id(&m->rows.rows[0], 0x3001);
    assert_non_null(name);
    assert_int_equal(OM_PROP_TYPE(name->tag), PT_UNSPECIFIED);
    assert_string_equal(om__proprow_string(&m->rows.rows[1], 0x3001001F), "example.test");
    assert_int_equal(om__proprow_int(&m->rows.rows[1], 0xFFFD0003, 0), 0x40000011);
    om__arena_free(&s.a);
}

static void test_a_bind_gives_guid_and_handle(void **state)
{
    struct session s;
    const struct om__nspi_bind_resp *m =
        &open_vector(&s, "wire_1_bind_resp", "bind_resp")->bind_resp;
    char guid[OM_GUID_TEXT];

    (void)state;
    assert_true(m->has_guid);
    om__guid_format(&m->guid, guid);
    assert_string_equal(guid, "784be313-b9ee-4349-b73d-10678112ab5e");
    assert_false(om__ndr_context_is_null(&m->handle));
    assert_int_equal(m->code, 0);
    om__arena_free(&s.a);
    assert_int_equal(open_vector(&s, "wire_8_unbind_resp", "unbind_resp")->unbind_resp.code,
                     OM_NSPI_UNBIND_SUCCESS);
    assert_true(om__ndr_context_is_null(&s.m.unbind_resp.handle));
    om__arena_free(&s.a);
}

/* --- what another implementation of the structures wrote --- */

static void test_every_type_of_value_arrives(void **state)
{
    struct session s;
    const struct om__nspi_get_props_resp *m =
        &open_vector(&s, "ndr_getprops_resp", "get_props_resp")->get_props_resp;
    static const char *const want[] = {"Bob Brown",
                                       "bobs",
                                       "-2",
                                       "-3",
                                       "true",
                                       "870000006162636465666768",
                                       NULL,
                                       "MAPI_E_NOT_FOUND",
                                       "03020100-0504-0706-0809-0a0b0c0d0e0f",
                                       "SMTP:bob@contoso.test;X400:c=\xC3\xBC",
                                       "a;bc;def!",
                                       "1;-1;2147483647",
                                       "1;-2;3",
                                       "78;\"\";31323334353637",
                                       "\xC3\xA9"};
    char text[128];

    (void)state;
    assert_int_equal(m->code, MAPI_W_ERRORS_RETURNED);
    assert_non_null(m->row);
    assert_int_equal(m->row->count, sizeof want / sizeof *want);
    for (uint32_t i = 0; i < m->row->count; i++) {
        om_propval_format(&m->row->vals[i], text, sizeof text);
        if (want[i])
            assert_string_equal(text, want[i]);
    }
    assert_true(m->row->vals[6].v.ft == UINT64_C(0x01ce31a2b3c4d5e6));
    om__arena_free(&s.a);
}

static void test_a_filter_arrives_whole(void **state)
{
    struct session s;
    const struct om__restriction *f =
        open_vector(&s, "ndr_getmatches_req", "get_matches_req")->get_matches_req.filter;

    (void)state;
    assert_non_null(f);
    assert_int_equal(f->type, RES_AND);
    assert_int_equal(f->count, 7);
    assert_int_equal(f->sub[0].type, RES_OR);
    assert_int_equal(f->sub[0].count, 2);
    assert_int_equal(f->sub[0].sub[0].type, RES_CONTENT);
    assert_int_equal(f->sub[0].sub[0].relop, FL_PREFIX | FL_IGNORECASE);
    assert_string_equal(f->sub[0].sub[0].val->v.utf8, "bo");
    assert_int_equal(f->sub[0].sub[1].type, RES_PROPERTY);
    assert_int_equal(f->sub[0].sub[1].relop, RELOP_EQ);
    assert_int_equal(f->sub[0].sub[1].tag, 0x360C001F);
    assert_int_equal(f->sub[1].type, RES_NOT);
    assert_int_equal(f->sub[1].sub->tag, 0x3003001F);
    assert_int_equal(f->sub[2].number, 6);
    assert_int_equal(f->sub[3].relop, RELOP_GT);
    assert_int_equal(f->sub[4].tag2, 0x3A00001F);
    assert_int_equal(f->sub[5].sub->type, RES_EXIST);
    assert_int_equal(s.m.get_matches_req.requested, 50);
    assert_int_equal(s.m.get_matches_req.tags.count, 2);
    om__arena_free(&s.a);
}

static void test_names_to_resolve_arrive_in_their_letters(void **state)
{
    struct session s;
    const struct om__nspi_resolve_names_req *m =
        &open_vector(&s, "ndr_resolvenamesw_req", "resolve_names_w_req")->resolve_names_w_req;

    (void)state;
    assert_int_equal(m->names.count, 3);
    assert_string_equal(m->names.v[1], "Carol \xC3\x87"
                                       "elik");
    assert_string_equal(m->names.v[2], "\xF0\x9D\x84\x9E clef");
    assert_int_equal(m->stat.code_page, OM_NSPI_CP_WINUNICODE);
    om__arena_free(&s.a);
}

static void test_referrals_arrive(void **state)
{
    struct session s;

    (void)state;
    open_vector(&s, "ndr_rfr_newdsa_req", "get_new_dsa_req");
    assert_string_equal(s.m.get_new_dsa_req.user_dn, "/o=Contoso/cn=bob");
    assert_false(s.m.get_new_dsa_req.unused.present);
    assert_string_equal(s.m.get_new_dsa_req.server.s, "");
    om__arena_free(&s.a);
    open_vector(&s, "ndr_rfr_newdsa_resp", "get_new_dsa_resp");
    assert_string_equal(s.m.get_new_dsa_resp.server.s, "ex10.contoso.test");
    om__arena_free(&s.a);
    open_vector(&s, "ndr_rfr_fqdn_req", "get_fqdn_req");
    assert_string_equal(s.m.get_fqdn_req.server_dn,
                        "/o=Contoso/ou=First/cn=Configuration/cn=Servers/cn=EX10");
    om__arena_free(&s.a);
    open_vector(&s, "ndr_rfr_fqdn_resp", "get_fqdn_resp");
    assert_string_equal(s.m.get_fqdn_resp.fqdn, "ex10.contoso.test");
    assert_int_equal(s.m.get_fqdn_resp.code, 0);
    om__arena_free(&s.a);
}

/* --- what only this library writes --- */

/* Writes the message, decodes it again; the arena is the caller's. */
static void round_trip(const char *kind, const void *m, struct session *s)
{
    struct om_error err = OM_ERROR_INIT;
    struct om_wr w;

    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__arena_init(&s->a, 1 << 20);
    kind_of(kind)->write(&w, m);
    assert_int_equal(om_wr_finish(&w, OM_LAYER_NSPI, kind, &err), OM_OK);
    if (decode(kind_of(kind), w.buf, w.len, &s->a, &s->m, &err) != OM_OK)
        fail_msg("%s: %s", kind, err.detail);
    om_wr_free(&w);
}

static void test_times_and_guids_of_many_values_survive(void **state)
{
    static const uint64_t times[] = {0, UINT64_C(0x0102030405060708), UINT64_MAX};
    static const struct om_guid guids[] = {OM_NSPI_UUID, OM_RFR_UUID};
    const struct om_propval vals[] = {
        {.tag = 0x6001001E, .v.str8 = "odd"}, /* what follows stands at no even offset */
        {.tag = 0x60021040, .v.mv = {.count = 3, .ft = times}},
        {.tag = 0x6003001E, .v.str8 = ""},
        {.tag = 0x60041048, .v.mv = {.count = 2, .guid = guids}},
        {.tag = 0x60050102, .v.bin = {0, NULL}},
        {.tag = 0x60061003, .v.mv = {.count = 0}},
        {.tag = 0x6007000D},
        {.tag = 0x60080000},
    };
    const struct om_proprow row = {sizeof vals / sizeof *vals, vals};
    const struct om__nspi_get_props_resp m = {.row = &row, .code = 0};
    struct session s;

    (void)state;
    round_trip("get_props_resp", &m, &s);
    assert_true(om__proprow_equal(s.m.get_props_resp.row, &row));
    om__arena_free(&s.a);
}

static void test_names_may_be_missing_in_a_list(void **state)
{
    static const char *const names[] = {"bob", NULL, ""};
    const struct om__nspi_resolve_names_req m = {.names = {3, names}};
    struct session s;

    (void)state;
    round_trip("resolve_names_w_req", &m, &s);
    assert_int_equal(s.m.resolve_names_w_req.names.count, 3);
    assert_string_equal(s.m.resolve_names_w_req.names.v[0], "bob");
    assert_null(s.m.resolve_names_w_req.names.v[1]);
    assert_string_equal(s.m.resolve_names_w_req.names.v[2], "");
    assert_null(s.m.resolve_names_w_req.tags.v);
    om__arena_free(&s.a);
}

static void test_a_value_without_a_form_here_is_refused(void **state)
{
    const struct om_propval val = {.tag = 0x60010014, .v.li = 1}; /* PT_I8 */
    const struct om_proprow row = {1, &val};
    const struct om__nspi_get_props_resp m = {.row = &row};
    struct om_error err = OM_ERROR_INIT;
    struct om_wr w;

    (void)state;
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__nspi_wr_get_props_resp(&w, &m);
    assert_int_equal(om_wr_finish(&w, OM_LAYER_NSPI, "NspiGetProps", &err),
                     MAPI_E_INVALID_PARAMETER);
    om_wr_free(&w);
}

static void test_filters_do_not_nest_without_end(void **state)
{
    struct om__restriction chain[OM_MAX_RESTRICT_DEPTH + 2] = {{.type = RES_EXIST}};
    struct om__nspi_get_matches_req m = {.requested = 1};
    struct om_wr w;

    (void)state;
    for (size_t i = 1; i < sizeof chain / sizeof *chain; i++)
        chain[i] = (struct om__restriction){.type = RES_NOT, .count = 1, .sub = &chain[i - 1]};
    om_wr_init(&w, OM_MAX_RPC_STUB);
    m.filter = &chain[OM_MAX_RESTRICT_DEPTH];
    om__nspi_wr_get_matches_req(&w, &m);
    assert_false(w.failed);
    om_wr_reset(&w);
    m.filter = &chain[OM_MAX_RESTRICT_DEPTH + 1];
    om__nspi_wr_get_matches_req(&w, &m);
    assert_true(w.invalid);
    om_wr_free(&w);
}

static void test_a_count_cannot_make_us_hold_what_is_not_there(void **state)
{
    /* NspiDNToMId's answer: a pointer, max_count, cValues, offset, actual_count, no elements */
    static const uint8_t lie[] = {4, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0};
    struct om_error err = OM_ERROR_INIT;
    struct om_arena a;
    union message m;

    (void)state;
    om__arena_init(&a, 1 << 20);
    assert_int_equal(decode(kind_of("dn_to_mid_resp"), lie, sizeof lie, &a, &m, &err),
                     MAPI_E_CORRUPT_DATA);
    assert_int_equal(err.cause, OM_CAUSE_PROTOCOL);
    assert_int_equal(a.used, 0);
    om__arena_free(&a);
}

static void test_entry_ids_are_as_specified(void **state)
{
    const struct om__nspi_entryid permanent = {.display_type = 0, .dn = "/o=C/cn=bob"},
                                  ephemeral = {.ephemeral = true,
                                               .provider = OM_NSPI_UUID,
                                               .display_type = 6,
                                               .mid = 0x12};
    struct om__nspi_entryid back;
    struct om_wr w;
    struct om_rd r;
    size_t n;
    uint8_t *want = om_unhex("00000000 DCA740C8C042101AB4B908002B2FE182 01000000 00000000"
                             "2F6F3D432F636E3D626F6200",
                             &n);

    (void)state;
    om_wr_init(&w, 1024);
    om__nspi_wr_entryid(&w, &permanent);
    om_assert_bytes(w.buf, w.len, want, n);
    om_rd_init(&r, w.buf, w.len);
    om__nspi_rd_entryid(&r, &back);
    assert_true(om_rd_ok(&r));
    assert_string_equal(back.dn, permanent.dn);
    om_wr_reset(&w);
    om__nspi_wr_entryid(&w, &ephemeral);
    assert_int_equal(w.len, 32);
    om_rd_init(&r, w.buf, w.len);
    om__nspi_rd_entryid(&r, &back);
    assert_true(back.ephemeral && back.mid == 0x12 && back.display_type == 6);
    assert_true(om__guid_equal(&back.provider, &ephemeral.provider));
    w.buf[0] = 0x42;
    om_rd_init(&r, w.buf, w.len);
    om__nspi_rd_entryid(&r, &back);
    assert_false(om_rd_ok(&r));
    om_wr_free(&w);
    free(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stubs_of_others_are_written_as_they_were),
        cmocka_unit_test(test_every_stub_survives_a_round),
        cmocka_unit_test(test_no_part_of_a_stub_is_a_stub),
        cmocka_unit_test(test_the_gal_reads_as_another_client_read_it),
        cmocka_unit_test(test_a_hierarchy_may_have_no_name),
        cmocka_unit_test(test_a_bind_gives_guid_and_handle),
        cmocka_unit_test(test_every_type_of_value_arrives),
        cmocka_unit_test(test_a_filter_arrives_whole),
        cmocka_unit_test(test_names_to_resolve_arrive_in_their_letters),
        cmocka_unit_test(test_referrals_arrive),
        cmocka_unit_test(test_times_and_guids_of_many_values_survive),
        cmocka_unit_test(test_names_may_be_missing_in_a_list),
        cmocka_unit_test(test_a_value_without_a_form_here_is_refused),
        cmocka_unit_test(test_filters_do_not_nest_without_end),
        cmocka_unit_test(test_a_count_cannot_make_us_hold_what_is_not_there),
        cmocka_unit_test(test_entry_ids_are_as_specified),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
