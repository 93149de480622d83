/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guid.h"
#include "base/limits.h"
#include "codec/aux_block.h"

static om_status decode(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__aux_list list;
    struct om_arena a;
    om_status st;

    (void)ctx;
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    st = om__aux_decode(p, n, &a, &list, err);
    om__arena_free(&a);
    return st;
}

static void expect_same_bytes(const uint8_t *p, size_t n)
{
    struct om__aux_list list;
    struct om_arena a;
    struct om_wr w;

    om__arena_init(&a, OM_MAX_ROP_ARENA);
    om_wr_init(&w, OM_MAX_AUX);
    assert_int_equal(om__aux_decode(p, n, &a, &list, NULL), OM_OK);
    for (uint32_t i = 0; i < list.count; i++)
        om__aux_encode(&w, &list.blocks[i]);
    om_assert_bytes(w.buf, w.len, p, n);
    om_wr_free(&w);
    om__arena_free(&a);
}

/* What the server of the captures says in its answer to EcDoConnectEx (golden/emsmdb/000.rsp). */
static void test_a_server_s_blocks_decode(void **state)
{
    size_t n;
    uint8_t *p =
        om_unhex("0000 0400 1c00 1c00"
                 "0800 01 17 03000000 | 0c00 01 0a 0c000000 00840c24 | 0800 01 48 01000000",
                 &n);
    struct om_binary in = {(uint32_t)n, p};
    struct om__aux_list list;
    struct om_arena a;
    struct om_wr w;

    (void)state;
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    assert_int_equal(om__aux_buffer_decode(in, &a, &list, NULL), OM_OK);
    assert_int_equal(list.count, 3);
    assert_int_equal(om__aux_find(&list, OM_AUX_EXORGINFO)->exorg_flags,
                     OM_AUX_PUBLIC_FOLDERS_ENABLED | OM_AUX_USE_AUTODISCOVER_FOR_PUBLIC_FOLDERS);
    assert_int_equal(om__aux_find(&list, OM_AUX_CLIENT_CONTROL)->client_control.enable_flags, 0xC);
    assert_int_equal(om__aux_find(&list, OM_AUX_ENDPOINT_CAPABILITIES)->endpoint_capabilities,
                     OM_AUX_SINGLE_ENDPOINT);
    assert_null(om__aux_find(&list, OM_AUX_OSVERSIONINFO));
    om_wr_init(&w, OM_MAX_AUX);
    om__aux_buffer_encode(&w, list.blocks, list.count);
    om_assert_bytes(w.buf, w.len, p, n);
    om_check_codec_open(decode, p + 8, n - 8, NULL);
    om_wr_free(&w);
    om__arena_free(&a);
    free(p);
}

static void test_no_buffer_is_no_blocks(void **state)
{
    struct om__aux_list list = {9, NULL};
    struct om_arena a;

    (void)state;
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    assert_int_equal(om__aux_buffer_decode((struct om_binary){0}, &a, &list, NULL), OM_OK);
    assert_int_equal(list.count, 0);
    om__arena_free(&a);
}

static const struct om_guid guid = {0x01020304, 0x0506, 0x0708, {1, 2, 3, 4, 5, 6, 7, 8}};

static void test_client_info_carries_its_strings_by_offset(void **state)
{
    const struct om__aux_block b = {
        .kind = OM_AUX_PERF_CLIENTINFO,
        .client_info = {.adapter_speed = 1000,
                        .client_id = 1,
                        .mode = OM_AUX_MODE_CLASSIC,
                        .machine_name = "linux-\xC3\xA9",
                        .user_name = "alice",
                        .ip = {4, (const uint8_t *)"\x0a\0\0\1"},
                        .mac = {6, (const uint8_t *)"\2\0\0\0\0\1"}},
    };
    const struct om__aux_client_info *c;
    struct om__aux_list list;
    struct om_arena a;
    struct om_wr w;

    (void)state;
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    om_wr_init(&w, OM_MAX_AUX);
    om__aux_encode(&w, &b);
    om_assert_bytes(w.buf, 36, (const uint8_t[]){70, 0, 1,  2, 0xE8, 3, 0, 0, 1,   0, 32,  0,
                                                 48, 0, 4,  0, 60,   0, 0, 0, 0,   0, 0,   0,
                                                 6,  0, 64, 0, 1,    0, 0, 0, 'l', 0, 'i', 0},
                    36);
    assert_int_equal(om__aux_decode(w.buf, w.len, &a, &list, NULL), OM_OK);
    c = &list.blocks[0].client_info;
    assert_string_equal(c->machine_name, "linux-\xC3\xA9");
    assert_string_equal(c->user_name, "alice");
    assert_null(c->adapter_name);
    om_assert_bytes(c->ip.pb, c->ip.cb, b.client_info.ip.pb, 4);
    om_assert_bytes(c->mac.pb, c->mac.cb, b.client_info.mac.pb, 6);
    assert_int_equal(c->mode, OM_AUX_MODE_CLASSIC);
    expect_same_bytes(w.buf, w.len);
    om_check_codec_open(decode, w.buf, w.len, NULL); /* no bytes are no blocks */
    om_wr_free(&w);
    om__arena_free(&a);
}

/* Bytes laid out by hand from the field tables of [MS-OXCRPC] 2.2.2.2.2 to .22. */
static const char guid_hex[] = "04030201 0605 0807 0102030405060708";
struct specified {
    struct om__aux_block block;
    const char *before, *after; /* the GUID stands between them, where there is one */
};

static void test_blocks_are_laid_out_as_specified(void **state)
{
    const struct specified specified[] = {
        {{.kind = OM_AUX_PERF_SESSIONINFO, .session_info = {3, 0, guid, 0}},
         "1800 01 04 | 0300 0000",
         ""},
        {{.kind = OM_AUX_PERF_SESSIONINFO_V2, .session_info = {3, 0, guid, 0x11223344}},
         "1C00 02 04 | 0300 0000",
         "44332211"},
        {{.kind = OM_AUX_PERF_PROCESSINFO, .process_info = {7, 0, 0, guid, "om"}},
         "2200 01 0B | 0700 0000",
         "1C00 0000 | 6F00 6D00 0000"},
        {{.kind = OM_AUX_PERF_ACCOUNTINFO, .account_info = {2, 0, guid}},
         "1800 01 18 | 0200 0000",
         ""},
        {{.kind = OM_AUX_CLIENT_CONNECTION_INFO, .connection_info = {guid, 0, 2, 1, "c"}},
         "2400 01 4A |",
         "2000 0000 02000000 01000000 | 6300 0000"},
        {{.kind = OM_AUX_SERVER_SESSION_INFO, .server_session = "x"},
         "0A00 01 4B | 0600 | 7800 0000",
         NULL},
        {{.kind = OM_AUX_CLIENT_CONTROL, .client_control = {4, 604800000}},
         "0C00 01 0A | 04000000 00840C24",
         NULL},
        {{.kind = OM_AUX_EXORGINFO, .exorg_flags = OM_AUX_PUBLIC_FOLDERS_ENABLED},
         "0800 01 17 | 01000000",
         NULL},
        {{.kind = OM_AUX_SERVER_CAPABILITIES,
          .server_capabilities = OM_AUX_ULTRA_LARGE_PACKED_DOWNLOAD},
         "0800 01 46 | 08000000",
         NULL},
        {{.kind = OM_AUX_ENDPOINT_CAPABILITIES, .endpoint_capabilities = OM_AUX_SINGLE_ENDPOINT},
         "0800 01 48 | 01000000",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof specified / sizeof *specified; i++) {
        const struct specified *s = &specified[i];
        char hex[200];
        struct om_wr w;
        uint8_t *want;
        size_t n;

        snprintf(hex, sizeof hex, "%s%s%s", s->before, s->after ? guid_hex : "",
                 s->after ? s->after : "");
        want = om_unhex(hex, &n);
        om_wr_init(&w, OM_MAX_AUX);
        om__aux_encode(&w, &s->block);
        om_assert_bytes(w.buf, w.len, want, n);
        expect_same_bytes(want, n);
        om_wr_free(&w);
        free(want);
    }
}

/* 2.2.2.2.16: 132 bytes stand between the build number and the service pack. */
static void test_an_os_version_has_its_holes(void **state)
{
    const struct om__aux_block b = {
        .kind = OM_AUX_OSVERSIONINFO,
        .os_version = {156, 6, 3, 9600, {0}, 0x0102, 0x0304, 0},
    };
    uint8_t want[160] = {160, 0, 1, 0x16, 156, 0, 0, 0, 6, 0, 0, 0, 3, 0, 0, 0, 0x80, 0x25};
    struct om_wr w;

    (void)state;
    want[152] = 2, want[153] = 1, want[154] = 4, want[155] = 3;
    om_wr_init(&w, OM_MAX_AUX);
    om__aux_encode(&w, &b);
    om_assert_bytes(w.buf, w.len, want, sizeof want);
    om_wr_free(&w);
}

static void test_every_kind_goes_there_and_back(void **state)
{
    static const uint8_t raw[] = {1, 2, 3};
    const struct om__aux_block blocks[] = {
        {.kind = OM_AUX_PERF_PROCESSINFO, .process_info = {7, 0, 0, guid, "onemapi"}},
        {.kind = OM_AUX_PERF_PROCESSINFO_V2, .process_info = {.guid = guid}},
        {.kind = OM_AUX_PERF_SESSIONINFO, .session_info = {3, 0, guid, 0}},
        {.kind = OM_AUX_PERF_SESSIONINFO_V2, .session_info = {3, 0, guid, 0x11223344}},
        {.kind = OM_AUX_PERF_ACCOUNTINFO, .account_info = {2, 0, guid}},
        {.kind = OM_AUX_OSVERSIONINFO, .os_version = {.size = 156, .major = 10, .build = 17763}},
        {.kind = OM_AUX_CLIENT_CONNECTION_INFO,
         .connection_info = {.guid = guid, .attempts = 2, .flags = 1, .context = "c"}},
        {.kind = OM_AUX_SERVER_SESSION_INFO, .server_session = "ex13 / mbx1"},
        {.kind = (enum om__aux_kind)0x0177, .raw = {3, raw}},
        {.kind = OM_AUX_SERVER_CAPABILITIES, .server_capabilities = 3},
    };
    struct om__aux_list list;
    struct om_arena a;
    struct om_wr w;

    (void)state;
    om__arena_init(&a, OM_MAX_ROP_ARENA);
    om_wr_init(&w, OM_MAX_AUX);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        om__aux_encode(&w, &blocks[i]);
    expect_same_bytes(w.buf, w.len);
    om_check_codec_open(decode, w.buf, w.len, NULL);
    assert_int_equal(om__aux_decode(w.buf, w.len, &a, &list, NULL), OM_OK);
    assert_int_equal(list.count, 10);
    assert_int_equal(list.blocks[9].server_capabilities, 3);
    assert_string_equal(list.blocks[0].process_info.name, "onemapi");
    assert_null(list.blocks[1].process_info.name);
    assert_int_equal(list.blocks[3].session_info.connection_id, 0x11223344);
    assert_true(om__guid_equal(&list.blocks[4].account_info.account, &guid));
    assert_int_equal(list.blocks[5].os_version.build, 17763);
    assert_string_equal(list.blocks[6].connection_info.context, "c");
    assert_string_equal(list.blocks[7].server_session, "ex13 / mbx1");
    assert_null(om__aux_name(list.blocks[8].kind));
    assert_string_equal(om__aux_name(list.blocks[5].kind), "AUX_OSVERSIONINFO");
    om_assert_bytes(list.blocks[8].raw.pb, list.blocks[8].raw.cb, raw, 3);
    om_wr_free(&w);
    om__arena_free(&a);
}

static void expect_refusal(const char *hex, const char *detail)
{
    struct om_error err = OM_ERROR_INIT;
    size_t n;
    uint8_t *p = om_unhex(hex, &n);

    assert_int_equal(decode(p, n, &err, NULL), MAPI_E_CORRUPT_DATA);
    assert_string_equal(err.detail, detail);
    free(p);
}

static void test_sizes_and_offsets_stay_inside_their_block(void **state)
{
    (void)state;
    expect_refusal("0300 01 17",
                   "auxiliary blocks: Size at byte 0 is 0x3, which is not allowed here");
    expect_refusal("0600 01 17 0300",
                   "auxiliary blocks: OrgFlags at byte 4 needs 4 bytes, 2 are left");
    /* a name said to be at 0x14, with the next block's bytes after this one's end */
    expect_refusal(
        "0600 01 4b 1400 | 0e00 01 77 0000 0000 0000 0000 0000",
        "auxiliary blocks: ServerSessionContextInfo at byte 0 needs 20 bytes, 20 are left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_server_s_blocks_decode),
        cmocka_unit_test(test_no_buffer_is_no_blocks),
        cmocka_unit_test(test_client_info_carries_its_strings_by_offset),
        cmocka_unit_test(test_blocks_are_laid_out_as_specified),
        cmocka_unit_test(test_an_os_version_has_its_holes),
        cmocka_unit_test(test_every_kind_goes_there_and_back),
        cmocka_unit_test(test_sizes_and_offsets_stay_inside_their_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
