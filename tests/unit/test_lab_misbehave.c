/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <string.h>

#include "lab/misbehave.h"

static void test_misbehave_holds_where_it_was_said_to(void **state)
{
    struct lab_misbehave m = {0};
    char why[128];

    (void)state;
    assert_true(lab_misbehave_add(&m, "silent@EX2010", why, sizeof(why)));
    assert_true(lab_misbehave_add(&m, "rpc-close=3@6004", why, sizeof(why)));
    assert_true(lab_misbehave_add(&m, "cut=100@ex2013:443", why, sizeof(why)));
    assert_true(lab_misbehave_add(&m, "rpc-fault=1c010003", why, sizeof(why)));

    assert_non_null(lab_misbehaves(&m, LAB_MIS_SILENT, "ex2010", 135));
    assert_null(lab_misbehaves(&m, LAB_MIS_SILENT, "EX2013", 135));
    assert_int_equal(lab_misbehaves(&m, LAB_MIS_RPC_CLOSE, "EX2013", 6004)->number, 3);
    assert_null(lab_misbehaves(&m, LAB_MIS_RPC_CLOSE, "EX2013", 6001));
    assert_null(lab_misbehaves(&m, LAB_MIS_RPC_CLOSE, "EX2013", 0));
    assert_int_equal(lab_misbehaves(&m, LAB_MIS_CUT, "EX2013", 443)->number, 100);
    assert_null(lab_misbehaves(&m, LAB_MIS_CUT, "EX2010", 443));
    assert_int_equal(lab_misbehaves(&m, LAB_MIS_RPC_FAULT, NULL, 0)->number, 0x1c010003);
    assert_null(lab_misbehaves(&m, LAB_MIS_CLOSE, "EX2013", 443));
}

static void test_misbehave_says_what_it_does_not_understand(void **state)
{
    static const struct {
        const char *option, *says;
    } wrong[] = {
        {"rude", "no misbehaviour"},     {"", "no misbehaviour"},
        {"silent=1", "no argument"},     {"rpc-close", "takes N"},
        {"rpc-close=x", "takes N"},      {"rpc-close=", "takes N"},
        {"rpc-fault=xyz", "takes HEX"},  {"cut=99999999999", "takes BYTES"},
        {"silent@", "SERVER"},           {"silent@ex2013:", "SERVER"},
        {"silent@ex2013:70000", "PORT"}, {"silent@0", "PORT"},
    };
    struct lab_misbehave m = {0};
    char why[128];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(lab_misbehave_add(&m, wrong[i].option, why, sizeof(why)));
        assert_non_null(strstr(why, wrong[i].says));
    }
    assert_int_equal(m.count, 0);
    for (i = 0; i < LAB_MISBEHAVE_MAX; i++)
        assert_true(lab_misbehave_add(&m, "silent", why, sizeof(why)));
    assert_false(lab_misbehave_add(&m, "silent", why, sizeof(why)));
}

static void test_misbehave_explains_every_kind(void **state)
{
    char text[8192];

    (void)state;
    lab_misbehave_help(text, sizeof(text));
    assert_non_null(strstr(text, "http-epa"));
    assert_non_null(strstr(text, "rpc-fault=HEX"));
    assert_true(strlen(text) < sizeof(text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misbehave_holds_where_it_was_said_to),
        cmocka_unit_test(test_misbehave_says_what_it_does_not_understand),
        cmocka_unit_test(test_misbehave_explains_every_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
