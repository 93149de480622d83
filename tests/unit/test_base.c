/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ec.h"
#include "base/err.h"
#include "base/filetime.h"
#include "base/guid.h"
#include "base/identity.h"
#include "base/mem.h"
#include "base/rd.h"
#include "base/utf16.h"
#include "base/wr.h"

static void test_rd_is_sticky_and_names_the_field(void **state)
{
    static const uint8_t bytes[] = {1, 2, 0, 3, 0, 0, 0};
    struct om_error err = OM_ERROR_INIT;
    struct om_rd r;

    (void)state;
    om_rd_init(&r, bytes, sizeof bytes);
    assert_int_equal(om_rd_u8(&r, "a"), 1);
    assert_int_equal(om_rd_u16(&r, "b"), 2);
    assert_int_equal(om_rd_u32(&r, "c"), 3);
    assert_int_equal(om_rd_finish(&r, OM_LAYER_RTS, "PDU", &err), OM_OK);
    assert_int_equal(om_rd_u16(&r, "frag_length"), 0);
    assert_int_equal(om_rd_u8(&r, "later"), 0);
    assert_int_equal(om_rd_finish(&r, OM_LAYER_RTS, "PDU", &err), MAPI_E_CORRUPT_DATA);
    assert_int_equal(err.cause, OM_CAUSE_PROTOCOL);
    assert_int_equal(err.native, 7);
    assert_string_equal(err.detail, "PDU: frag_length at byte 7 needs 2 bytes, 0 are left");
}

static void test_rd_counts_cannot_lie(void **state)
{
    static const uint8_t bytes[8] = {0};
    struct om_rd r;

    (void)state;
    om_rd_init(&r, bytes, sizeof bytes);
    assert_int_equal(om_rd_count(&r, 2, 100, 4, "cRows"), 2);
    assert_int_equal(om_rd_count(&r, 3, 100, 4, "cRows"), 0);
    assert_int_equal(r.why, OM_RD_COUNT);
    om_rd_init(&r, bytes, sizeof bytes);
    assert_int_equal(om_rd_count(&r, 0xFFFFFFFF, 0xFFFFFFFF, 4, "cRows"), 0);
    om_rd_init(&r, bytes, sizeof bytes);
    assert_int_equal(om_rd_count(&r, 5, 4, 0, "cRows"), 0);
    assert_int_equal(r.why, OM_RD_COUNT);
}

static void test_rd_children_are_bounded_and_joined(void **state)
{
    static const uint8_t bytes[] = {0xAA, 1, 0, 2, 0, 0xBB};
    struct om_error err = OM_ERROR_INIT;
    struct om_rd r, s;

    (void)state;
    om_rd_init(&r, bytes, sizeof bytes);
    om_rd_u8(&r, "first");
    s = om_rd_sub(&r, 4, "child");
    assert_int_equal(om_rd_u16(&s, "x"), 1);
    assert_int_equal(om_rd_u32(&s, "y"), 0); /* the parent has the bytes, the child has not */
    om_rd_join(&r, &s);
    assert_int_equal(om_rd_finish(&r, OM_LAYER_ROP, "buffer", &err), MAPI_E_CORRUPT_DATA);
    assert_int_equal(err.native, 3); /* counted from the parent's base */
    assert_int_equal(om_rd_u8(&r, "last"), 0);
}

static void test_rd_strings(void **state)
{
    static const uint8_t bytes[] = {'a', 'b', 0, 0x41, 0, 0x3D, 0xD8, 0x00, 0xDE, 0, 0, 'x', 0};
    struct om_arena arena;
    struct om_rd r;
    size_t len;

    (void)state;
    om__arena_init(&arena, 1024);
    om_rd_init(&r, bytes, sizeof bytes);
    assert_string_equal(om_rd_asciiz(&r, &len, "s"), "ab");
    assert_int_equal(len, 2);
    assert_string_equal(om_rd_utf16z(&r, &arena, "w"), "A\xF0\x9F\x98\x80");
    assert_null(om_rd_utf16z(&r, &arena, "unterminated"));
    assert_false(om_rd_ok(&r));
    om__arena_free(&arena);
}

static void test_wr_reserves_and_patches(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om_wr w;
    size_t at;

    (void)state;
    om_wr_init(&w, 300);
    om_wr_u8(&w, 5);
    at = om_wr_reserve(&w, 2);
    om_wr_utf16z(&w, "h\xC3\xA9");
    om_wr_align(&w, 4);
    om_wr_patch_u16(&w, at, w.len);
    om_assert_bytes(w.buf, w.len, (const uint8_t[]){5, 12, 0, 'h', 0, 0xE9, 0, 0, 0, 0, 0, 0}, 12);
    assert_int_equal(om_wr_finish(&w, OM_LAYER_RPC, "PDU", &err), OM_OK);
    om_wr_zeros(&w, 289);
    assert_true(w.failed && w.too_large);
    om_wr_u8(&w, 1);
    assert_int_equal(om_wr_finish(&w, OM_LAYER_RPC, "PDU", &err), MAPI_E_TOO_BIG);
    assert_int_equal(err.cause, OM_CAUSE_TOO_LARGE);
    om_wr_free(&w);
}

static void test_wr_drops_what_did_not_fit(void **state)
{
    struct om_wr w;

    (void)state;
    om_wr_init(&w, 64);
    om_wr_u32(&w, 0x04030201);
    om_wr_truncate(&w, 9);
    assert_int_equal(w.len, 4);
    om_wr_truncate(&w, 1);
    om_wr_u8(&w, 9);
    om_assert_bytes(w.buf, w.len, (const uint8_t[]){1, 9}, 2);
    om_wr_free(&w);
}

static void test_wr_refuses_a_length_its_field_cannot_hold(void **state)
{
    struct om_wr w;
    size_t at;

    (void)state;
    om_wr_init(&w, 1 << 20);
    at = om_wr_reserve(&w, 2);
    om_wr_patch_u16(&w, at, 0xFFFF);
    assert_false(w.failed);
    om_wr_patch_u16(&w, at, 0x10000);
    assert_true(w.failed);
    om_wr_free(&w);
}

static void test_utf16_round_trips_what_is_not_valid(void **state)
{
    /* a lone high and a lone low surrogate, and a pair */
    static const uint8_t wide[] = {0x00, 0xD8, 0x41, 0x00, 0x00, 0xDC, 0x3D, 0xD8, 0x00, 0xDE};
    uint8_t back[sizeof wide];
    char narrow[32] = "";

    (void)state;
    assert_int_equal(om__utf16_to_utf8_size(wide, sizeof wide), 11);
    om__utf16_to_utf8(wide, sizeof wide, narrow);
    assert_int_equal(om__utf8_to_utf16_size(narrow), sizeof wide);
    om__utf8_to_utf16(narrow, back);
    om_assert_bytes(back, sizeof back, wide, sizeof wide);
    assert_int_equal(om__utf8_to_utf16_size("\xFFz\xC3"), 6); /* no UTF-8: U+FFFD, z, U+FFFD */
    assert_int_equal(om__utf8_to_utf16_size("\xC0\x80"), 4);  /* overlong */
}

static void test_guid_text(void **state)
{
    static const char text[] = "f5fa2827-5978-43cd-8fa8-e07bc3bb5591";
    char out[OM_GUID_TEXT];
    struct om_guid g;
    struct om_uid u;
    char uid[OM_UID_TEXT];

    (void)state;
    assert_true(om__guid_parse("{F5FA2827-5978-43cd-8FA8-E07BC3BB5591}", &g));
    om__guid_format(&g, out);
    assert_string_equal(out, text);
    assert_false(om__guid_parse("{F5FA2827-5978-43cd-8FA8-E07BC3BB5591", &g));
    assert_false(om__guid_parse("F5FA2827-5978-43cd-8FA8-E07BC3BB559", &g));
    assert_false(om__guid_parse("", &g));
    assert_true(om__uid_parse("13dbb0c8aa05101a9bb000aa002fc45a", &u));
    om__uid_format(&u, uid);
    assert_string_equal(uid, "13DBB0C8AA05101A9BB000AA002FC45A");
    assert_false(om__uid_parse("13dbb0c8", &u));
}

static void test_filetime_text(void **state)
{
    char out[OM_FILETIME_TEXT];
    uint64_t ft;

    (void)state;
    assert_true(om__filetime_format(0, out));
    assert_string_equal(out, "1601-01-01T00:00:00Z");
    assert_true(om__filetime_parse(out, &ft));
    assert_int_equal(ft, 0);
    assert_true(om__filetime_format(UINT64_C(116444736000000001), out));
    assert_string_equal(out, "1970-01-01T00:00:00.0000001Z");
    assert_true(om__filetime_parse(out, &ft));
    assert_int_equal(ft, UINT64_C(116444736000000001));
    assert_false(om__filetime_format(UINT64_MAX, out));
    assert_false(om__filetime_parse("2026-11-22", &ft));
}

static void test_error_keeps_the_first_and_adds_frames(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    char text[512];

    (void)state;
    om__fail(&err, MAPI_E_LOGON_FAILED, OM_LAYER_EMSMDB, OM_CAUSE_NOT_ENCRYPTED, OM_NATIVE_EC,
             0x970, "the server demands encrypted RPC (%s)", "ecNotEncrypted");
    om__fail(&err, MAPI_E_CALL_FAILED, OM_LAYER_ROP, OM_CAUSE_INTERNAL, OM_NATIVE_NONE, 0, "later");
    om__error_target(&err, "ex2010.contoso.test");
    om__error_frame(&err, MAPI_E_FAILONEPROVIDER, OM_LAYER_SESSION, "opening the mailbox of %s",
                    "bob");
    assert_int_equal(err.status, MAPI_E_LOGON_FAILED);
    assert_int_equal(err.native, 0x970);
    assert_int_equal(om_error_status(&err), MAPI_E_FAILONEPROVIDER);
    om_error_format(&err, text, sizeof text);
    assert_string_equal(text,
                        "emsmdb: opening the mailbox of bob: the server demands encrypted RPC "
                        "(ecNotEncrypted) [ex2010.contoso.test] "
                        "(MAPI_E_FAILONEPROVIDER 0x8004011D)");
}

static void test_ec_codes_never_look_like_success(void **state)
{
    (void)state;
    assert_int_equal(om_status_from_ec(0), OM_OK);
    assert_int_equal(om_status_from_ec(0x3EB), MAPI_E_LOGON_FAILED);
    assert_true(OM_FAILED(om_status_from_ec(0x12345)));
    assert_int_equal(om_status_from_ec(0x80070005), MAPI_E_NO_ACCESS);
    assert_int_equal(om_status_from_ec(0x8004DEAD), OM_STATUS(0x8004DEAD));
    assert_string_equal(om_ec_name(0x970), "ecNotEncrypted");
    assert_null(om_ec_name(0x12345));
    assert_string_equal(om_status_name(MAPI_E_FAILONEPROVIDER), "MAPI_E_FAILONEPROVIDER");
}

/*
 * Every row, written down a second time from the specifications' tables: what the library calls a
 * code is what they call it. [MS-OXCDATA] 2.4 and 2.4.1, [MS-OXCRPC] 3.1.4, [MS-OXCSTOR] 3.2.5.1.3.
 */
static void test_ec_codes_are_named_as_specified(void **state)
{
    static const struct {
        uint32_t code;
        const char *name;
    } spec[] = {
        {0x0, "ecSuccess"},
        {0x11C, "ecProfileNotConfigured"},
        {0x3EA, "ecJetError"},
        {0x3EB, "ecUnknownUser"},
        {0x3ED, "ecExiting"},
        {0x3EE, "ecBadConfig"},
        {0x3EF, "ecUnknownCodePage"},
        {0x3F0, "ecServerMemory"},
        {0x3F2, "ecLoginPerm"},
        {0x3F3, "ecDatabaseRolledBack"},
        {0x3F4, "ecDatabaseCopiedError"},
        {0x3F5, "ecAuditNotAllowed"},
        {0x467, "ecInvalidRecips"},
        {0x468, "ecNoReplicaHere"},
        {0x469, "ecNoReplicaAvailable"},
        {0x476, "ecMDBNotInit"},
        {0x478, "ecWrongServer"},
        {0x47D, "ecBufferTooSmall"},
        {0x47F, "ecServerPaused"},
        {0x480, "ecServerBusy"},
        {0x481, "ecNoSuchLogon"},
        {0x4B6, "ecRpcFormat"},
        {0x4B9, "ecNullObject"},
        {0x4BC, "ecRpcAuthentication"},
        {0x4BD, "ecRpcBadAuthenticationLevel"},
        {0x4DE, "ecMaxObjsExceeded"},
        {0x4DF, "ecClientVerDisallowed"},
        {0x4E0, "ecRpcHttpDisallowed"},
        {0x4E1, "ecCachedModeRequired"},
        {0x50C, "ecMailboxInTransit"},
        {0x7D8, "ecProtocolDisabled"},
        {0x7EE, "ecRejected"},
        {0x89B, "ecUnknownMailbox"},
        {0x96C, "ecMailboxDisabled"},
        {0x96E, "ecADUnavailable"},
        {0x96F, "ecADError"},
        {0x970, "ecNotEncrypted"},
        {0x971, "ecADNotFound"},
        {0x973, "ecRpcServerTooBusy"},
        {0x977, "ecRpcServerUnavailable"},
        {0x80004005, "ecError"},
        {0x80040102, "ecNotSupported"},
        {0x8004010F, "ecNotFound"},
        {0x80040110, "ecVersionMismatch"},
        {0x80040111, "ecLoginFailure"},
        {0x80040115, "ecRpcFailed"},
        {0x80040305, "ecTooBig"},
        {0x80040604, "ecDuplicateName"},
        {0x80040700, "ecAmbiguousRecip"},
        {0x80070005, "ecAccessDenied"},
        {0x8007000E, "ecMAPIOOM"},
        {0x80070057, "ecInvalidParam"},
    };
    size_t rows = 0;

    (void)state;
    for (size_t i = 0; i < sizeof spec / sizeof *spec; i++) {
        assert_non_null(om_ec_name(spec[i].code));
        assert_string_equal(om_ec_name(spec[i].code), spec[i].name);
    }
#define COUNT_(...) rows++;
    OM_EC_LIST(COUNT_)
#undef COUNT_
    assert_int_equal(rows, sizeof spec / sizeof *spec);
}

static void test_identity_forms(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__identity id;
    char text[64];

    (void)state;
    assert_int_equal(om__identity_parse("CONTOSO\\alice", "pw", &id, &err), OM_OK);
    assert_string_equal(id.domain, "CONTOSO");
    assert_string_equal(id.user, "alice");
    om__identity_format(&id, text, sizeof text);
    assert_string_equal(text, "CONTOSO\\alice");
    om__identity_free(&id);
    assert_int_equal(om__identity_parse("alice@contoso.test", NULL, &id, &err), OM_OK);
    assert_string_equal(id.domain, "");
    assert_string_equal(id.user, "alice@contoso.test");
    assert_null(id.password);
    om__identity_free(&id);
    assert_int_equal(om__identity_parse("CONTOSO\\", NULL, &id, &err), MAPI_E_INVALID_PARAMETER);
}

static void test_arena_stops_at_its_ceiling(void **state)
{
    struct om_arena a;

    (void)state;
    om__arena_init(&a, 10000);
    assert_non_null(om__arena_alloc(&a, 9000));
    assert_null(om__arena_alloc(&a, 2000));
    assert_true(a.too_large);
    assert_null(om__arena_array(&a, SIZE_MAX / 2, 4));
    om__arena_free(&a);
    assert_non_null(om__arena_strdup(&a, "again"));
    om__arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rd_is_sticky_and_names_the_field),
        cmocka_unit_test(test_rd_counts_cannot_lie),
        cmocka_unit_test(test_rd_children_are_bounded_and_joined),
        cmocka_unit_test(test_rd_strings),
        cmocka_unit_test(test_wr_reserves_and_patches),
        cmocka_unit_test(test_wr_drops_what_did_not_fit),
        cmocka_unit_test(test_wr_refuses_a_length_its_field_cannot_hold),
        cmocka_unit_test(test_utf16_round_trips_what_is_not_valid),
        cmocka_unit_test(test_guid_text),
        cmocka_unit_test(test_filetime_text),
        cmocka_unit_test(test_error_keeps_the_first_and_adds_frames),
        cmocka_unit_test(test_ec_codes_never_look_like_success),
        cmocka_unit_test(test_ec_codes_are_named_as_specified),
        cmocka_unit_test(test_identity_forms),
        cmocka_unit_test(test_arena_stops_at_its_ceiling),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
