/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdio.h>
#include <string.h>

#include <onemapi/explain.h>
#include <onemapi/status.h>

static bool finds(const char *text, const char *kind, const char *name)
{
    struct om_codes codes;

    if (om_code_explain(text, &codes, NULL) != OM_OK)
        return false;
    for (uint32_t i = 0; i < codes.count; i++) {
        if (strcmp(codes.items[i].kind, kind) == 0 && strcmp(codes.items[i].name, name) == 0)
            return true;
    }
    return false;
}

static void test_numbers_are_read_in_every_form(void **state)
{
    (void)state;
    assert_true(finds("0x80040111", "mapi", "MAPI_E_LOGON_FAILED"));
    assert_true(finds("80040111", "mapi", "MAPI_E_LOGON_FAILED"));
    assert_true(finds("-2147221231", "mapi", "MAPI_E_LOGON_FAILED"));
    assert_true(finds("2147746065", "mapi", "MAPI_E_LOGON_FAILED"));
    assert_true(finds("1144", "ec", "ecWrongServer")); /* decimal */
    assert_true(finds("478", "ec", "ecWrongServer"));  /* hexadecimal */
    assert_true(finds("6BA", "rpc-proxy", "RPC Error: 6ba"));
    assert_true(finds("6ba", "rpc", "RPC_S_SERVER_UNAVAILABLE"));
    assert_true(finds("0x1c010003", "rpc", "nca_s_unk_if"));
}

static void test_what_is_no_number_or_name_is_not_found(void **state)
{
    static const char *const none[] = {"",     "0",           "0x",    "-",           "--5",
                                       "0x-5", "1e3z",        "zzz",   "0x123456789", "4294967296",
                                       " 401", "-0x80040111", "0xx41", "+-401"};
    struct om_codes codes = {.count = 77};

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct om_error err = OM_ERROR_INIT;

        if (om_code_explain(none[i], &codes, &err) != MAPI_E_NOT_FOUND)
            fail_msg("\"%s\" was found", none[i]);
        assert_int_equal(err.cause, OM_CAUSE_NOT_FOUND);
        assert_int_equal(codes.count, 77);
    }
}

static void test_a_part_of_a_name_lists_those_that_have_it(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om_codes codes;

    (void)state;
    assert_int_equal(om_code_explain("failone", &codes, &err), MAPI_E_NOT_FOUND);
    assert_non_null(strstr(err.detail, "MAPI_E_FAILONEPROVIDER"));
}

/* Every status and every ec code of the lists can be asked for by its own name and number. */
static void test_every_status_is_there(void **state)
{
#define ROW_(name, scode, text) {#name, scode},
    static const struct {
        const char *name;
        uint32_t code;
    } all[] = {OM_STATUS_LIST(ROW_)};
#undef ROW_
    char number[12];

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        snprintf(number, sizeof number, "0x%08X", (unsigned)all[i].code);
        assert_true(finds(all[i].name, "mapi", all[i].name));
        assert_true(finds(number, "mapi", all[i].name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_read_in_every_form),
        cmocka_unit_test(test_what_is_no_number_or_name_is_not_found),
        cmocka_unit_test(test_a_part_of_a_name_lists_those_that_have_it),
        cmocka_unit_test(test_every_status_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
