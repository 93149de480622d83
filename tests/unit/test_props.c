/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/guid.h"
#include "base/limits.h"
#include "base/nearest.h"
#include "codec/legacy_dn.h"
#include "codec/props.h"
#include "codec/proptext.h"
#include "codec/restriction.h"

/* One value of every type; what arrays point to lives as long as the program. */
static const int16_t mv_i[] = {1, -2};
static const int32_t mv_l[] = {3, INT32_MIN};
static const float mv_flt[] = {1.5f, -0.0f};
static const double mv_dbl[] = {0.1, 1e300};
static const int64_t mv_li[] = {INT64_MIN, INT64_MAX};
static const uint64_t mv_ft[] = {0, 130096443000000000u, UINT64_MAX};
static const struct om_guid mv_guid[] = {{1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}}};
static const char *const mv_str[] = {"", "a;b", "\"x\"", " y ", "C:\\z"};
static const struct om_binary mv_bin[] = {{0, NULL}, {3, (const uint8_t *)"\0\1\2"}};

static const struct om_propval samples[] = {
    {.tag = 0x60000001},
    {.tag = 0x60010002, .v.i = -2},
    {.tag = 0x60020003, .v.l = INT32_MIN},
    {.tag = 0x60030004, .v.flt = 3.14159274f},
    {.tag = 0x60040005, .v.dbl = -1.7976931348623157e308},
    {.tag = 0x60050006, .v.cur = -1},
    {.tag = 0x60060007, .v.at = 41369.25542},
    {.tag = 0x6007000A, .v.err = 0x8004010F},
    {.tag = 0x6008000A, .v.err = 0x00000478},
    {.tag = 0x6009000B, .v.b = true},
    {.tag = 0x600A000D, .v.bin = {2, (const uint8_t *)"ob"}},
    {.tag = 0x600B0014, .v.li = INT64_MIN},
    {.tag = 0x600C001E, .v.str8 = "b\xFCrger"},
    {.tag = 0x600D001F, .v.utf8 = "B\xC3\xBCrger \xF0\x9F\x98\x80 \xED\xA0\x80 \"quoted\"\n"},
    {.tag = 0x600E001F, .v.utf8 = ""},
    {.tag = 0x600F0040, .v.ft = 130096443000000000u},
    {.tag = 0x60100040, .v.ft = UINT64_MAX},
    {.tag = 0x60110048,
     .v.guid = {0xC840A7DC, 0x42C0, 0x1A10, {0xB4, 0xB9, 8, 0, 0x2B, 0x2F, 0xE1, 0x82}}},
    {.tag = 0x601200FB, .v.bin = {1, (const uint8_t *)"\1"}},
    {.tag = 0x60130102, .v.bin = {0, NULL}},
    {.tag = 0x60140102, .v.bin = {4, (const uint8_t *)"\xFF\0\1\2"}},
    {.tag = 0x60151002, .v.mv = {2, .i = mv_i}},
    {.tag = 0x60161003, .v.mv = {2, .l = mv_l}},
    {.tag = 0x60171004, .v.mv = {2, .flt = mv_flt}},
    {.tag = 0x60181005, .v.mv = {2, .dbl = mv_dbl}},
    {.tag = 0x60191006, .v.mv = {2, .li = mv_li}},
    {.tag = 0x601A1007, .v.mv = {2, .dbl = mv_dbl}},
    {.tag = 0x601B1014, .v.mv = {2, .li = mv_li}},
    {.tag = 0x601C101E, .v.mv = {5, .str = mv_str}},
    {.tag = 0x601D101F, .v.mv = {5, .str = mv_str}},
    {.tag = 0x601E1040, .v.mv = {3, .ft = mv_ft}},
    {.tag = 0x601F1048, .v.mv = {1, .guid = mv_guid}},
    {.tag = 0x60201102, .v.mv = {2, .bin = mv_bin}},
    {.tag = 0x6021101F, .v.mv = {0}},
    {.tag = 0x66040003, .v.l = 0x8004},
    {.tag = 0x66190003, .v.l = (int32_t)0x8000F001},
    {.tag = 0x66190003, .v.l = 77},
};
#define SAMPLES (sizeof samples / sizeof *samples)

/* RES_OR(RES_EXIST, RES_CONTENT(PT_UNICODE), RES_COMMENT(one value,
 * RES_NOT(RES_PROPERTY(PT_MV_BINARY)))) */
static const char restriction_hex[] =
    "01 0300 | 08 1F000130 | 03 02000100 1F000130 1F000130 6100 6200 0000"
    "| 0A 01 03000160 2A000000 01 02 04 04 02110260 02110260 02000000 0100 AA 0000";
/* two ActionBlocks of 3 and 1 bytes */
static const char actions_hex[] = "0200 0300 070000 0100 05";

/* --- wire --- */

struct reader {
    enum { ONE, TAGGED, ROW } form;
    const om_proptag *columns;
    size_t ncolumns;
};

static om_status read_exact(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    const struct reader *how = ctx;
    struct om_propval val;
    struct om_proprow row;
    struct om_arena a;
    struct om_rd r;
    om_status st;

    om__arena_init(&a, 1 << 16);
    om_rd_init(&r, p, n);
    if (how->form == ONE)
        om_rd_propval(&r, &a, how->columns[0], &val);
    else if (how->form == TAGGED)
        om_rd_tagged_propval(&r, &a, &val);
    else
        om_rd_proprow(&r, &a, how->columns, how->ncolumns, &row);
    om_rd_expect_end(&r, "value");
    st = om_rd_finish(&r, OM_LAYER_ROP, "value", err);
    om__arena_free(&a);
    return st;
}

static void test_values_of_every_type_come_back_from_the_wire(void **state)
{
    struct reader how = {.form = TAGGED};

    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct om_propval back;
        struct om_arena a;
        struct om_wr w;
        struct om_rd r;

        om_wr_init(&w, 4096);
        om__arena_init(&a, 1 << 16);
        om_wr_tagged_propval(&w, &samples[i]);
        assert_false(w.failed);
        om_rd_init(&r, w.buf, w.len);
        om_rd_tagged_propval(&r, &a, &back);
        om_rd_expect_end(&r, "value");
        assert_true(om_rd_ok(&r));
        assert_true(om__propval_equal(&back, &samples[i]));
        om_check_codec(read_exact, w.buf, w.len, &how);
        om__arena_free(&a);
        om_wr_free(&w);
    }
}

/* [MS-OXCDATA] 2.11.1: the bytes of each type, laid out by hand from its table. */
static void test_values_look_as_specified(void **state)
{
    static const struct {
        om_proptag tag;
        const char *hex, *text;
    } rows[] = {
        {0x60000002, "FEFF", "-2"},
        {0x60000003, "01000080", "-2147483647"},
        {0x60000004, "0000C03F", "1.5"},
        {0x60000005, "000000000000F8BF", "-1.5"},
        {0x60000006, "1027000000000000", "1.0000"},
        {0x60000007, "0000000000001540", "5.25"},
        {0x6000000A, "0F010480", "MAPI_E_NOT_FOUND"},
        {0x6000000B, "01", "true"},
        {0x60000014, "FFFFFFFFFFFFFFFF", "-1"},
        {0x6000001E, "616200", "ab"},
        {0x6000001F, "6100E9000000", "a\xC3\xA9"},
        {0x60000040, "00803ED5DEB19D01", "1970-01-01T00:00:00Z"},
        {0x60000048, "DCA740C8C042101AB4B908002B2FE182", "c840a7dc-42c0-1a10-b4b9-08002b2fe182"},
        {0x600000FB, "0200 0102", "0102"},
        {0x60000102, "0300 010203", "010203"},
        {0x60001002, "02000000 0100 FFFF", "1;-1"},
        {0x6000101E, "02000000 6100 00", "a;\"\""},
        {0x6000101F, "01000000 61000000", "a"},
        {0x60001102, "02000000 0100 AA 0000", "AA;\"\""},
        {0x600000FE, actions_hex, "02000300070000010005"},
        {0x6000301F, "61000000", "a"}, /* a column of instances has one value */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reader how = {.form = ONE, .columns = &rows[i].tag};
        struct om_propval val;
        struct om_arena a;
        struct om_wr w;
        struct om_rd r;
        char text[128];
        size_t n;
        uint8_t *p = om_unhex(rows[i].hex, &n);

        om__arena_init(&a, 4096);
        om_rd_init(&r, p, n);
        om_rd_propval(&r, &a, rows[i].tag, &val);
        assert_true(om_rd_ok(&r) && om_rd_left(&r) == 0);
        assert_true(om_propval_format(&val, text, sizeof text) > 0);
        assert_string_equal(text, rows[i].text);
        om_wr_init(&w, 4096);
        om_wr_propval(&w, &val);
        om_assert_bytes(w.buf, w.len, p, n);
        om_check_codec(read_exact, p, n, &how);
        om_wr_free(&w);
        om__arena_free(&a);
        free(p);
    }
}

static void test_a_restriction_keeps_its_bytes(void **state)
{
    om_proptag tag = 0x667900FD; /* PR_RULE_CONDITION */
    struct reader how = {.form = ONE, .columns = &tag};
    struct om_propval val;
    struct om_arena a;
    struct om_rd r;
    size_t n;
    uint8_t *p = om_unhex(restriction_hex, &n);
    uint8_t deep[2 * OM_MAX_RESTRICT_DEPTH];

    (void)state;
    om__arena_init(&a, 4096);
    om_rd_init(&r, p, n);
    om_rd_propval(&r, &a, tag, &val);
    assert_true(om_rd_ok(&r) && om_rd_left(&r) == 0);
    om_assert_bytes(val.v.bin.pb, val.v.bin.cb, p, n);
    om_check_codec(read_exact, p, n, &how);
    memset(deep, RES_NOT, sizeof deep);
    om_rd_init(&r, deep, sizeof deep);
    om_rd_propval(&r, &a, tag, &val);
    assert_int_equal(r.why, OM_RD_BAD);
    om__arena_free(&a);
    free(p);
}

/* [MS-OXCDATA] 2.8.1 */
static void test_rows_are_standard_or_flagged(void **state)
{
    static const om_proptag columns[] = {0x3001001F, 0x36020003, 0x0FFF0000};
    const struct om_propval whole[] = {{.tag = 0x3001001F, .v.utf8 = "In"},
                                       {.tag = 0x36020003, .v.l = 7},
                                       {.tag = 0x0FFF0102, .v.bin = {1, (const uint8_t *)"\xEE"}}},
                            torn[] = {{.tag = 0x3001000A, .v.err = 0x8004010F},
                                      {.tag = 0x36020000},
                                      {.tag = 0x0FFF0102, .v.bin = {1, (const uint8_t *)"\xEE"}}};
    const struct om_proprow rows[] = {{3, whole}, {3, torn}};
    static const char *const hex[] = {"00 4900 6E00 0000 07000000 0201 0100 EE",
                                      "01 0A 0F010480 01 0201 00 0100 EE"};
    struct reader how = {.form = ROW, .columns = columns, .ncolumns = 3};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct om_proprow back;
        struct om_arena a;
        struct om_wr w;
        struct om_rd r;
        size_t n;
        uint8_t *want = om_unhex(hex[i], &n);

        om_wr_init(&w, 4096);
        om__arena_init(&a, 4096);
        om_wr_proprow(&w, columns, 3, &rows[i]);
        om_assert_bytes(w.buf, w.len, want, n);
        om_rd_init(&r, want, n);
        om_rd_proprow(&r, &a, columns, 3, &back);
        assert_true(om_rd_ok(&r));
        assert_true(om__proprow_equal(&back, &rows[i]));
        om_check_codec(read_exact, want, n, &how);
        om__arena_free(&a);
        om_wr_free(&w);
        free(want);
    }
}

static void test_a_row_must_fit_its_columns(void **state)
{
    static const om_proptag columns[] = {0x3001001F, 0x36020003};
    const struct om_propval vals[] = {{.tag = 0x36020003}, {.tag = 0x3001001F, .v.utf8 = ""}},
                            wide = {.tag = 0x60010102,
                                    .v.bin = {70000, (const uint8_t *)calloc(1, 70000)}};
    const struct om_proprow swapped = {2, vals}, part = {1, vals};
    struct om_wr w;

    (void)state;
    om_wr_init(&w, 1 << 20);
    om_wr_proprow(&w, columns, 2, &swapped);
    assert_true(w.invalid);
    om_wr_reset(&w);
    om_wr_proprow(&w, columns, 2, &part);
    assert_true(w.invalid);
    om_wr_reset(&w);
    om_wr_propval(&w, &wide); /* its count has 16 bits */
    assert_true(w.too_large);
    om_wr_free(&w);
    free((void *)(uintptr_t)wide.v.bin.pb);
}

static void test_a_count_of_values_cannot_lie(void **state)
{
    static const uint8_t lie[] = {0xFF, 0xFF, 0xFF, 0x3F, 1, 2, 3, 4};
    struct om_propval val;
    struct om_arena a;
    struct om_rd r;

    (void)state;
    om__arena_init(&a, 1 << 20);
    om_rd_init(&r, lie, sizeof lie);
    om_rd_propval(&r, &a, 0x60001003, &val);
    assert_int_equal(r.why, OM_RD_COUNT);
    assert_int_equal(a.used, 0);
    om__arena_free(&a);
}

/* --- in memory --- */

static void test_copies_are_equal_and_apart(void **state)
{
    const struct om_proprow row = {SAMPLES, samples};
    struct om_proprow copy;
    struct om_arena a, small;

    (void)state;
    om__arena_init(&a, 1 << 20);
    assert_true(om__proprow_copy(&a, &copy, &row));
    assert_true(om__proprow_equal(&copy, &row));
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t j = 0; j < SAMPLES; j++)
            assert_int_equal(om__propval_equal(&samples[i], &copy.vals[j]), i == j);
    }
    om__arena_init(&small, 64);
    assert_false(om__proprow_copy(&small, &copy, &row));
    om__arena_free(&small);
    om__arena_free(&a);
}

static void test_rows_are_looked_up_by_either_string_type(void **state)
{
    const struct om_propval vals[] = {{.tag = 0x3001000A, .v.err = 0x8004010F},
                                      {.tag = 0x3003001E, .v.str8 = "/o=x"},
                                      {.tag = 0x0FFE0003, .v.l = 6},
                                      {.tag = 0x3A40000B, .v.b = true},
                                      {.tag = 0x0FFF0102, .v.bin = {1, (const uint8_t *)"x"}}};
    const struct om_proprow row = {5, vals};

    (void)state;
    assert_null(om__proprow_find(&row, 0x3001001F));
    assert_ptr_equal(om__proprow_find_id(&row, 0x3001), &vals[0]);
    assert_string_equal(om__proprow_string(&row, 0x3003001F), "/o=x");
    assert_null(om__proprow_string(&row, 0x0FFE0003));
    assert_int_equal(om__proprow_int(&row, 0x0FFE0003, -1), 6);
    assert_int_equal(om__proprow_int(&row, 0x3A40000B, -1), 1);
    assert_int_equal(om__proprow_int(&row, 0x39000003, -1), -1);
    assert_int_equal(om__proprow_binary(&row, 0x0FFF0102).cb, 1);
    assert_null(om__proprow_binary(&row, 0x0FF90102).pb);
    assert_true(om__proptag_match(0x800F101E, 0x800F101F));
    assert_false(om__proptag_match(0x800F001F, 0x800F101F));
}

/* --- text --- */

static void test_text_comes_back_as_the_same_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct om_error err = OM_ERROR_INIT;
        struct om_propval *back;
        char text[512];

        assert_in_range(om_propval_format(&samples[i], text, sizeof text), 0, sizeof text - 1);
        if (om_propval_parse(samples[i].tag, text, &back, &err) != OM_OK)
            fail_msg("0x%08X %s: %s", samples[i].tag, text, err.detail);
        assert_true(om__propval_equal(back, &samples[i]));
        om_propval_free(back);
    }
    om_propval_free(NULL);
}

static void test_not_a_number_keeps_its_bits(void **state)
{
    const uint64_t bits = UINT64_C(0xFFF4000000001234);
    struct om_propval val = {.tag = 0x60000005}, *back;
    struct om_error err = OM_ERROR_INIT;
    char text[64];

    (void)state;
    memcpy(&val.v.dbl, &bits, sizeof bits);
    om_propval_format(&val, text, sizeof text);
    assert_string_equal(text, "nan(FFF4000000001234)");
    assert_int_equal(om_propval_parse(val.tag, text, &back, &err), OM_OK);
    assert_true(om__propval_equal(back, &val));
    om_propval_free(back);
}

static void test_numbers_have_a_point_in_every_locale(void **state)
{
    const struct om_propval val = {.tag = 0x60000005, .v.dbl = 1.5};
    struct om_propval *back;
    char text[32];

    (void)state;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
        print_message("no locale with a comma on this machine\n");
    om_propval_format(&val, text, sizeof text);
    assert_string_equal(text, "1.5");
    assert_int_equal(om_propval_parse(val.tag, "1.5", &back, NULL), OM_OK);
    assert_true(om__propval_equal(back, &val));
    om_propval_free(back);
    setlocale(LC_NUMERIC, "C");
}

static void test_what_people_type_is_understood(void **state)
{
    static const struct {
        om_proptag tag;
        const char *typed, *shown;
    } rows[] = {
        {0x6607001E, "CONTOSO\\bob", "CONTOSO\\bob"},
        {0x6607001E, "", "\"\""},
        {0x6607001E, "\"\"", "\"\""},
        {0x6607001E, " x ", "\" x \""},
        {0x6607001E, "\"a\\x41\\\"\\\\\\t\"", "\"aA\\\"\\\\\\t\""},
        {0x6613101E, " ncacn_http:a ; \"b;c\" ;d e", "ncacn_http:a;\"b;c\";d e"},
        {0x6613101E, "   ", ""},
        {0x66040003, "CONNECT_USE_SEPARATE_CONNECTION|connect_ignore_no_pf",
         "CONNECT_USE_SEPARATE_CONNECTION|CONNECT_IGNORE_NO_PF"},
        {0x66040003, "0x8004", "CONNECT_USE_SEPARATE_CONNECTION|CONNECT_IGNORE_NO_PF"},
        {0x66040003, "CONNECT_IGNORE_NO_PF | 0x100000 | 4",
         "CONNECT_USE_SEPARATE_CONNECTION|CONNECT_IGNORE_NO_PF|0x100000"},
        {0x66040003, "0", "0"},
        {0x66060003, "EDK_PROFILEUISTATE_ENCRYPTNETWORK", "EDK_PROFILEUISTATE_ENCRYPTNETWORK"},
        {0x66190003, "10", "RPC_C_AUTHN_WINNT"},
        {0x66190003, "0x8000F001", "OUTL_RPC_AUTHN_ANONYMOUS"},
        {0x60000003, "4294967295", "-1"},
        {0x60000003, "-0", "0"},
        {0x60000002, "0xFFFE", "-2"},
        {0x6000000B, "Yes", "true"},
        {0x6000000B, "0", "false"},
        {0x60000006, "-0.5", "-0.5000"},
        {0x60000006, "922337203685477.5807", "922337203685477.5807"},
        {0x60000006, "-922337203685477.5808", "-922337203685477.5808"},
        {0x60000040, "2013-04-05T06:07:08.5Z", "2013-04-05T06:07:08.5000000Z"},
        {0x60000048, "{C840A7DC-42C0-1A10-B4B9-08002B2FE182}",
         "c840a7dc-42c0-1a10-b4b9-08002b2fe182"},
        {0x6000000A, "mapi_e_logon_failed", "MAPI_E_LOGON_FAILED"},
        {0x6000000A, "0x478", "0x00000478"},
        {0x60000102, "deADbeef", "DEADBEEF"},
        {0x60001003, "1; 2 ;0x3", "1;2;3"},
    };
    struct om_error err = OM_ERROR_INIT;
    struct om_propval *val;
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (om_propval_parse(rows[i].tag, rows[i].typed, &val, &err) != OM_OK)
            fail_msg("%s: %s", rows[i].typed, err.detail);
        om_propval_format(val, text, sizeof text);
        assert_string_equal(text, rows[i].shown);
        om_propval_free(val);
    }
}

static void test_mistakes_in_a_value_have_a_column(void **state)
{
    static const struct {
        om_proptag tag;
        const char *typed;
        uint32_t column;
    } rows[] = {
        {0x60000003, "12x", 1},
        {0x60000003, "", 1},
        {0x60000003, "4294967296", 1},
        {0x60000003, "-2147483649", 1},
        {0x60000002, "65536", 1},
        {0x60000014, "18446744073709551616", 1},
        {0x6000000B, "maybe", 1},
        {0x60000005, "1.5.", 1},
        {0x60000005, " 1", 1},
        {0x60000006, "1.00001", 1},
        {0x60000006, "922337203685477.5808", 1},
        {0x60000006, ".5x", 1},
        {0x60000040, "yesterday", 1},
        {0x60000048, "c840", 1},
        {0x60000102, "ABC", 1},
        {0x60000102, "GG", 1},
        {0x6000001F, "\"open", 1},
        {0x6000001F, "\"a\" b", 1},
        {0x6000001F, "\"\\x00\"", 1},
        {0x6000001F, "\"\\q\"", 1},
        {0x6000001F, "b\xFCrger", 1},
        {0x60001003, "1;2;x", 5},
        {0x60001003, "1;;2", 3},
        {0x60001003, "1;", 3},
        {0x60000001, "x", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct om_error err = OM_ERROR_INIT;
        struct om_propval *val = NULL;

        if (om_propval_parse(rows[i].tag, rows[i].typed, &val, &err) == OM_OK)
            fail_msg("\"%s\" is accepted as 0x%08X", rows[i].typed, rows[i].tag);
        assert_null(val);
        assert_int_equal(err.cause, OM_CAUSE_BAD_SYNTAX);
        assert_int_equal(err.native_kind, OM_NATIVE_COLUMN);
        assert_int_equal(err.native, rows[i].column);
        assert_int_not_equal(err.detail[0], 0);
    }
}

/* --- names --- */

static void test_tags_have_the_names_of_the_field(void **state)
{
    static const struct {
        const char *name;
        om_proptag tag;
    } rows[] = {
        {"PR_DISPLAY_NAME", 0x3001001F},
        {"pr_display_name", 0x3001001F},
        {"PR_DISPLAY_NAME_A", 0x3001001E},
        {"PR_DISPLAY_NAME_W", 0x3001001F},
        {"PidTagDisplayName", 0x3001001F},
        {"PR_PROFILE_UNRESOLVED_NAME", 0x6607001E},
        {"PR_PROFILE_UNRESOLVED_NAME_W", 0x6607001F},
        {"PR_PROFILE_UNRESOLVED_SERVER", 0x6608001E},
        {"PR_PROFILE_CONNECT_FLAGS", 0x66040003},
        {"PR_PROFILE_UI_STATE", 0x66060003},
        {"PR_PROFILE_VERSION", 0x66000003},
        {"PR_PROFILE_CONFIG_FLAGS", 0x66010003},
        {"PR_PROFILE_HOME_SERVER", 0x6602001E},
        {"PR_PROFILE_USER", 0x6603001E},
        {"PR_PROFILE_TRANSPORT_FLAGS", 0x66050003},
        {"PR_PROFILE_OPEN_FLAGS", 0x66090003},
        {"PR_PROFILE_TYPE", 0x660A0003},
        {"PR_PROFILE_MAILBOX", 0x660B001E},
        {"PR_PROFILE_SERVER", 0x660C001E},
        {"PR_PROFILE_HOME_SERVER_DN", 0x6612001E},
        {"PR_PROFILE_HOME_SERVER_ADDRS", 0x6613101E},
        {"PR_PROFILE_SERVER_DN", 0x6614001E},
        {"PR_PROFILE_AUTH_PACKAGE", 0x66190003},
        {"PR_PROFILE_RPC_PROXY_SERVER", 0x6622001F},
        {"PR_ROH_PROXY_SERVER", 0x6622001F},
        {"PR_PROFILE_RPC_PROXY_SERVER_FLAGS", 0x66230003},
        {"PR_ROH_FLAGS", 0x66230003},
        {"PR_ROH_PROXY_PRINCIPAL_NAME", 0x6625001F},
        {"PR_PROFILE_RPC_PROXY_SERVER_AUTH_PACKAGE", 0x66270003},
        {"PR_ROH_PROXY_AUTH_SCHEME", 0x66270003},
        {"PR_PROFILE_USER_SMTP_EMAIL_ADDRESS_W", 0x6641001F},
        {"PR_EMSMDB_SECTION_UID", 0x3D150102},
        {"PR_SERVICE_INSTALL_ID", 0x3D13001F},
        {"PR_MDB_PROVIDER", 0x34140102},
        {"PR_EMS_AB_HOME_MDB", 0x8006001F},
        {"PidTagAddressBookHomeMessageDatabase", 0x8006001F},
        {"0x3001001E", 0x3001001E},
        {"3001001e", 0x3001001E},
    };
    struct om_error err = OM_ERROR_INIT;
    om_proptag tag;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (om_proptag_parse(rows[i].name, &tag, &err) != OM_OK)
            fail_msg("%s: %s", rows[i].name, err.detail);
        if (tag != rows[i].tag)
            fail_msg("%s is 0x%08X", rows[i].name, tag);
    }
    assert_string_equal(om_proptag_name(0x3001001E), "PR_DISPLAY_NAME");
    assert_string_equal(om_proptag_name(0x6607001F), "PR_PROFILE_UNRESOLVED_NAME");
    assert_string_equal(om_proptag_name(0x66190102), "PR_USER_ENTRYID");
    assert_null(om_proptag_name(0x30010003));
    assert_null(om_proptag_name(0xFFFF0003));
    assert_null(om_proptag_name(0));
}

/* Every name gives a tag, and every tag's name gives the tag: the table is in order. */
static void test_every_id_finds_its_names(void **state)
{
    unsigned named = 0;

    (void)state;
    for (uint32_t id = 0; id <= 0xFFFF; id++) {
        static const uint16_t types[] = {PT_LONG,       PT_BOOLEAN,   PT_UNICODE,
                                         PT_BINARY,     PT_SYSTIME,   PT_I8,
                                         PT_MV_UNICODE, PT_MV_BINARY, PT_OBJECT};

        for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
            const char *name = om_proptag_name(OM_PROP_TAG(types[t], id));
            om_proptag tag = 0;

            if (!name)
                continue;
            named++;
            assert_int_equal(om_proptag_parse(name, &tag, NULL), OM_OK);
            assert_true(om__proptag_match(tag, OM_PROP_TAG(types[t], id)));
        }
    }
    assert_true(named > 900);
}

static void test_an_unknown_name_brings_the_nearest(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    om_proptag tag = 1;
    uint32_t flags = 1;

    (void)state;
    assert_int_equal(om_proptag_parse("PR_DISPLY_NAME", &tag, &err), MAPI_E_NOT_FOUND);
    assert_non_null(strstr(err.detail, "nearest: PR_DISPLAY_NAME"));
    om_error_clear(&err);
    assert_int_equal(om_proptag_parse("PidTagDisplayNam", &tag, &err), MAPI_E_NOT_FOUND);
    assert_non_null(strstr(err.detail, "PidTagDisplayName"));
    om_error_clear(&err);
    assert_int_equal(om_proptag_parse("PR_MESSAGE_SIZE_W", &tag, &err), MAPI_E_NOT_FOUND);
    om_error_clear(&err);
    assert_int_equal(om_proptag_parse("zzzzzzzzzzzzzzz", &tag, &err), MAPI_E_NOT_FOUND);
    assert_null(strstr(err.detail, "nearest"));
    om_error_clear(&err);
    assert_int_equal(om_propflags_parse(0x66040003, "CONNECT_IGNOR_NO_PF", &flags, &err),
                     MAPI_E_NOT_FOUND);
    assert_non_null(strstr(err.detail, "nearest: CONNECT_IGNORE_NO_PF"));
    om_error_clear(&err);
    assert_int_equal(om_propflags_parse(0x66190003, "9|10", &flags, &err),
                     MAPI_E_INVALID_PARAMETER);
    om_error_clear(&err);
    assert_int_equal(om_propflags_parse(0x66040003, "CONNECT_IGNORE_NO_PF|", &flags, &err),
                     MAPI_E_NOT_FOUND);
    assert_int_equal(tag, 1);
    assert_int_equal(flags, 1);
}

static void test_flags_are_cut_to_size_and_counted(void **state)
{
    char small[8];

    (void)state;
    assert_int_equal(om_propflags_format(0x66050003, 3, NULL, 0), 35);
    assert_int_equal(om_propflags_format(0x66050003, 3, small, sizeof small), 35);
    assert_string_equal(small, "TRANSPO");
    assert_int_equal(om_propflags_format(0x30010003, 3, small, sizeof small), -1);
}

static void test_types_have_names_both_ways(void **state)
{
    uint16_t type;

    (void)state;
    assert_string_equal(om_proptype_name(PT_UNICODE), "PT_UNICODE");
    assert_string_equal(om_proptype_name(PT_MV_BINARY), "PT_MV_BINARY");
    assert_null(om_proptype_name(0x100B)); /* PT_BOOLEAN has no multi-valued form */
    assert_null(om_proptype_name(0x7777));
    for (uint32_t t = 0; t <= 0xFFFF; t++) {
        const char *name = om_proptype_name((uint16_t)t);

        if (name) {
            assert_true(om_proptype_parse(name, &type));
            assert_int_equal(type, t);
        }
    }
    assert_false(om_proptype_parse("PT_WORD", &type));
}

/* --- distinguished names --- */

static void test_servers_are_found_in_their_dns(void **state)
{
#define ORG "/o=Contoso/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)"
    static const struct {
        const char *dn, *server;
    } rows[] = {
        {ORG "/cn=Configuration/cn=Servers/cn=EX2010", "EX2010"},
        {ORG "/cn=Configuration/cn=Servers/cn=EX2010/cn=Microsoft Private MDB", "EX2010"},
        {ORG "/CN=configuration/CN=servers/CN=inst/CN=EX2010/CN=microsoft private mdb", "EX2010"},
        {ORG "/cn=Configuration/cn=Servers/cn=3f2a@contoso.test/cn=Microsoft Private MDB",
         "3f2a@contoso.test"},
        {ORG "/cn=Recipients/cn=bob", NULL},
        {ORG "/cn=Configuration/cn=Servers", NULL},
        {ORG "/cn=Configuration/cn=Servers/cn=Microsoft Private MDB", NULL},
        {ORG "/cn=Configuration/cn=Servers/cn=a/cn=b/cn=c", NULL},
        {ORG "/cn=Configuration/cn=x/cn=Servers/cn=EX", NULL},
        {ORG "/cn=Configuration/cn=Servers/cn=EX/", NULL},
        {"EX2010", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct om__dn_slice s = {NULL, 0};

        assert_int_equal(om__dn_server(rows[i].dn, &s), rows[i].server != NULL);
        if (rows[i].server)
            assert_true(s.n == strlen(rows[i].server) && memcmp(s.p, rows[i].server, s.n) == 0);
    }
}

static void test_dns_are_taken_apart(void **state)
{
    const char *dn = "/o=C/cn=Recipients/cn=bob", *pos = dn;
    struct om__dn_slice last;
    struct om__dn_part part;

    (void)state;
    assert_true(om__dn_next(&pos, &part));
    assert_true(om__dn_slice_equal(part.type, "O") && om__dn_slice_equal(part.value, "c"));
    assert_true(om__dn_last(dn, &last));
    assert_true(om__dn_slice_equal(last, "BOB"));
    assert_false(om__dn_slice_equal(last, "bobby"));
    assert_true(om__dn_equal(dn, "/O=c/CN=recipients/CN=BOB"));
    assert_true(om__dn_valid(dn));
    assert_false(om__dn_valid("/o=C/"));
    assert_false(om__dn_valid("/o=C/cn"));
    assert_false(om__dn_valid("/=C"));
    assert_false(om__dn_valid("/o="));
    assert_false(om__dn_valid("o=C"));
    assert_false(om__dn_valid(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_every_type_come_back_from_the_wire),
        cmocka_unit_test(test_values_look_as_specified),
        cmocka_unit_test(test_a_restriction_keeps_its_bytes),
        cmocka_unit_test(test_rows_are_standard_or_flagged),
        cmocka_unit_test(test_a_row_must_fit_its_columns),
        cmocka_unit_test(test_a_count_of_values_cannot_lie),
        cmocka_unit_test(test_copies_are_equal_and_apart),
        cmocka_unit_test(test_rows_are_looked_up_by_either_string_type),
        cmocka_unit_test(test_text_comes_back_as_the_same_value),
        cmocka_unit_test(test_not_a_number_keeps_its_bits),
        cmocka_unit_test(test_numbers_have_a_point_in_every_locale),
        cmocka_unit_test(test_what_people_type_is_understood),
        cmocka_unit_test(test_mistakes_in_a_value_have_a_column),
        cmocka_unit_test(test_tags_have_the_names_of_the_field),
        cmocka_unit_test(test_every_id_finds_its_names),
        cmocka_unit_test(test_an_unknown_name_brings_the_nearest),
        cmocka_unit_test(test_flags_are_cut_to_size_and_counted),
        cmocka_unit_test(test_types_have_names_both_ways),
        cmocka_unit_test(test_servers_are_found_in_their_dns),
        cmocka_unit_test(test_dns_are_taken_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
