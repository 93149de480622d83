/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdlib.h>
#include <string.h>

#include "codec/entryid.h"

/* Laid out by hand from the table of [MS-OXCDATA] 2.2.4.3. */
static const char mailbox_hex[] = "00000000 38A1BB1005E5101AA1BB08002B2A56C2 00 00"
                                  "454D534D44422E444C4C00000000 00000000"
                                  "1B55FA20AA6611CD9BC800AA002FC45A 0C000000"
                                  "45583200 2F6F3D4300";

static om_status decode(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__store_entryid id;

    (void)ctx;
    return om__store_entryid_decode(p, n, &id, err);
}

static void test_mailbox_store_matches_the_specification(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__store_entryid id;
    struct om_wr w;
    uint8_t *want;
    size_t n;

    (void)state;
    want = om_unhex(mailbox_hex, &n);
    assert_int_equal(om__store_entryid_decode(want, n, &id, &err), OM_OK);
    assert_false(id.is_public);
    assert_string_equal(id.server, "EX2");
    assert_string_equal(id.mailbox_dn, "/o=C");
    om_wr_init(&w, 1024);
    om__store_entryid_encode(&w, &id);
    om_assert_bytes(w.buf, w.len, want, n);
    om_wr_free(&w);
    om_check_codec(decode, want, n, NULL);
    free(want);
}

/* Programs write the name of the library in either case, and newer ones add what they know. */
static void test_other_writers_are_understood(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__store_entryid id;
    uint8_t *p;
    size_t n;

    (void)state;
    p = om_unhex("00000000 38A1BB1005E5101AA1BB08002B2A56C2 00 00"
                 "656D736D64622E646C6C00000000 00000000"
                 "1B55FA20AA6611CD9BC800AA002FC45A 0C000000"
                 "45583200 2F6F3D4300 D83521F3 44000000 01000000",
                 &n);
    assert_int_equal(om__store_entryid_decode(p, n, &id, &err), OM_OK);
    assert_string_equal(id.server, "EX2");
    assert_string_equal(id.mailbox_dn, "/o=C");
    free(p);
}

static void test_public_store_has_no_mailbox(void **state)
{
    static const char hex[] = "00000000 38A1BB1005E5101AA1BB08002B2A56C2 00 00"
                              "454D534D44422E444C4C00000000 00000000"
                              "1C830210AA6611CD9BC800AA002FC45A 06000000 504600";
    struct om__store_entryid in = {.is_public = true, .server = "PF"}, out;
    struct om_error err = OM_ERROR_INIT;
    struct om_wr w;
    uint8_t *want;
    size_t n;

    (void)state;
    want = om_unhex(hex, &n);
    om_wr_init(&w, 1024);
    om__store_entryid_encode(&w, &in);
    om_assert_bytes(w.buf, w.len, want, n);
    free(want);
    assert_int_equal(om__store_entryid_decode(w.buf, w.len, &out, &err), OM_OK);
    assert_true(out.is_public);
    assert_string_equal(out.server, "PF");
    assert_string_equal(out.mailbox_dn, "");
    om_wr_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mailbox_store_matches_the_specification),
        cmocka_unit_test(test_other_writers_are_understood),
        cmocka_unit_test(test_public_store_has_no_mailbox),
    };

    return cmocka_run_group_tests_name("entryid", tests, NULL, NULL);
}
