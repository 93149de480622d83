/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <onemapi/profile.h>
#include <sqlite3.h>

#include "base/guid.h"
#include "profile/store.h"
#include "profile/tags.h"
#include "profile/value.h"
#include "support/tripwire.h"

/* ---- a home folder for each test ---- */

static char home[64], file[96];

static int set_up(void **state)
{
    (void)state;
    tripwire_arm(TRIP_NEVER, 0);
    /* memory, where there is some: these tests die thousands of times, and never by a power cut */
    snprintf(home, sizeof home, "%s/onemapi-store-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(home))
        return -1;
    snprintf(file, sizeof file, "%s/" OM_STORE_FILE, home);
    return 0;
}

static int tear_down(void **state)
{
    char journal[128];

    (void)state;
    tripwire_arm(TRIP_NEVER, 0);
    snprintf(journal, sizeof journal, "%s-journal", file);
    unlink(journal);
    chmod(home, 0700);
    unlink(file);
    return rmdir(home);
}

static struct om_store *open_store(unsigned flags)
{
    struct om_error err = OM_ERROR_INIT;
    struct om_store *s = NULL;

    if (om_store_open(home, flags, &s, &err) != OM_OK)
        fail_msg("%s", err.detail);
    return s;
}

/* The status of opening; the error in *err. */
static om_status try_open(unsigned flags, struct om_error *err)
{
    struct om_store *s = NULL;
    om_status st;

    om_error_clear(err);
    st = om_store_open(home, flags, &s, err);
    om_store_close(s);
    return st;
}

#define OK(call)                                                                                   \
    do {                                                                                           \
        struct om_error err = OM_ERROR_INIT;                                                       \
        if ((call) != OM_OK)                                                                       \
            fail_msg("%s: %s", #call, err.detail);                                                 \
    } while (0)

/* The call fails with this status and cause. */
#define FAILS(call, want_status, want_cause)                                                       \
    do {                                                                                           \
        struct om_error err = OM_ERROR_INIT;                                                       \
        assert_int_equal((call), (want_status));                                                   \
        assert_string_equal(om_cause_name(err.cause), om_cause_name(want_cause));                  \
        assert_true(err.detail[0]);                                                                \
        assert_true(*om_error_hint(&err));                                                         \
    } while (0)

/* ---- the whole store as text, without the UIDs that are random ---- */

static void dump_section(FILE *f, struct om_store *s, const char *profile,
                         const struct om_section_info *c)
{
    struct om_props *props;
    char text[512];

    OK(om_section_read(s, profile, &c->uid, &props, &err));
    fprintf(f, " section %s\n", c->name);
    for (uint32_t i = 0; i < props->count; i++) {
        bool uid = props->items[i].tag == PR_SERVICE_UID || props->items[i].tag == PR_PROVIDER_UID;

        om_propval_format(&props->items[i], text, sizeof text);
        fprintf(f, "  %08X %s\n", (unsigned)props->items[i].tag, uid ? "uid" : text);
    }
    om_props_free(props);
}

static char *dump(struct om_store *s)
{
    struct om_profiles *profiles;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    OK(om_profile_list(s, &profiles, &err));
    for (uint32_t i = 0; i < profiles->count; i++) {
        const struct om_profile_info *p = &profiles->items[i];
        struct om_sections *sections;

        fprintf(f, "profile %s %d %s %u\n", p->name, p->is_default, om_routing_mode_name(p->mode),
                (unsigned)p->services);
        OK(om_section_list(s, p->name, &sections, &err));
        for (uint32_t j = 0; j < sections->count; j++)
            dump_section(f, s, p->name, &sections->items[j]);
        om_sections_free(sections);
    }
    om_profiles_free(profiles);
    fclose(f);
    return text;
}

static char *dump_file(void)
{
    struct om_store *s = open_store(OM_STORE_READ);
    char *text = dump(s);

    om_store_close(s);
    return text;
}

/* ---- profiles ---- */

static void test_a_store_that_is_not_there_reads_as_empty(void **state)
{
    struct om_store *s = open_store(OM_STORE_READ);
    struct om_profiles *profiles;

    (void)state;
    OK(om_profile_list(s, &profiles, &err));
    assert_int_equal(profiles->count, 0);
    om_profiles_free(profiles);
    FAILS(om_profile_create(s, "a", &err), MAPI_E_NO_ACCESS, OM_CAUSE_READ_ONLY);
    om_store_close(s);
    assert_int_equal(access(file, F_OK), -1);
}

static void test_profiles_live_and_have_one_default(void **state)
{
    struct om_store *s = open_store(OM_STORE_WRITE);
    struct om_profile_info info;

    (void)state;
    FAILS(om_profile_find(s, NULL, &info, &err), MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND);
    OK(om_profile_create(s, "Alice", &err));
    OK(om_profile_create(s, "Bob", &err));
    FAILS(om_profile_create(s, "aLICE", &err), MAPI_E_COLLISION, OM_CAUSE_EXISTS);
    OK(om_profile_find(s, NULL, &info, &err));
    assert_string_equal(info.name, "Alice");
    OK(om_profile_set_default(s, "bob", &err));
    OK(om_profile_find(s, NULL, &info, &err));
    assert_string_equal(info.name, "Bob");
    OK(om_profile_rename(s, "bob", "BOB", &err));
    FAILS(om_profile_rename(s, "bob", "alice", &err), MAPI_E_COLLISION, OM_CAUSE_EXISTS);
    OK(om_profile_set_mode(s, "bob", OM_ROUTING_CDO_8309, &err));
    OK(om_profile_find(s, "bob", &info, &err));
    assert_string_equal(info.name, "BOB");
    assert_true(info.is_default);
    assert_int_equal(info.mode, OM_ROUTING_CDO_8309);
    OK(om_profile_delete(s, "bob", &err));
    FAILS(om_profile_find(s, NULL, &info, &err), MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND);
    FAILS(om_profile_delete(s, "bob", &err), MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND);
    om_store_close(s);
}

static void test_names_that_cannot_be_are_refused(void **state)
{
    static const char *const bad[] = {"", "a/b", "a\\b", "a\nb", "\x7F", "\xC3", "\xC2\x85"};
    struct om_store *s = open_store(OM_STORE_WRITE);
    char name[OM_PROFILE_NAME_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        FAILS(om_profile_create(s, bad[i], &err), MAPI_E_INVALID_PARAMETER, OM_CAUSE_BAD_ARGUMENT);
    memset(name, 'x', sizeof name);
    name[OM_PROFILE_NAME_MAX + 1] = '\0';
    FAILS(om_profile_create(s, name, &err), MAPI_E_INVALID_PARAMETER, OM_CAUSE_BAD_ARGUMENT);
    name[OM_PROFILE_NAME_MAX] = '\0';
    OK(om_profile_create(s, name, &err));
    OK(om_profile_create(s, "Zo\xC3\xAB & \xE6\x97\xA5\xE6\x9C\xAC", &err));
    om_store_close(s);
}

/* ---- services ---- */

static const struct om_propval *prop(const struct om_props *props, om_proptag tag)
{
    const struct om_propval *val = om_props_find(props, tag);

    assert_non_null(val);
    return val;
}

static void check_service(struct om_store *s, const struct om_uid *uid)
{
    struct om_services *services;
    struct om_props *props;
    uint32_t n;

    OK(om_service_list(s, "p", &services, &err));
    assert_int_equal(services->count, 1);
    assert_string_equal(services->items[0].name, "MSEMS");
    assert_string_equal(services->items[0].display_name, "Microsoft Exchange Server");
    assert_true(om__uid_equal(&services->items[0].uid, uid));
    om_services_free(services);
    OK(om_section_read(s, "p", uid, &props, &err));
    assert_string_equal(om_props_string(props, PR_SERVICE_DLL_NAME), "emsui.dll");
    assert_string_equal(om_props_string(props, PR_SERVICE_ENTRY_NAME), "EMSCfg");
    assert_string_equal(om_props_string(props, PR_SERVICE_INSTALL_ID),
                        "{6485D26A-C2AC-11D1-AD3E-10A0C911C9C0}");
    assert_true(om_props_long(props, PR_RESOURCE_FLAGS, &n) && n == SERVICE_SINGLE_COPY);
    assert_int_equal(prop(props, PR_SERVICE_SUPPORT_FILES)->v.mv.count, 3);
    assert_string_equal(prop(props, PR_SERVICE_SUPPORT_FILES)->v.mv.str[1], "emsabp.dll");
    om_props_free(props);
}

struct provider_want {
    const char *name, *dll;
    uint32_t type, flags;
    int open_flags, profile_type; /* -1: not there */
    const char *mdb;
};

static void check_provider(struct om_store *s, const struct om_provider_info *p,
                           const struct provider_want *want, const struct om_uid *service)
{
    struct om_props *props;
    uint8_t mdb[16];
    uint32_t n;

    assert_string_equal(p->name, want->name);
    assert_int_equal(p->resource_type, want->type);
    assert_int_equal(p->resource_flags, want->flags);
    OK(om_section_read(s, "p", &p->uid, &props, &err));
    assert_string_equal(om_props_string(props, PR_PROVIDER_DLL_NAME), want->dll);
    assert_int_equal(om_props_long(props, PR_PROFILE_OPEN_FLAGS, &n) ? (int)n : -1,
                     want->open_flags);
    assert_int_equal(om_props_long(props, PR_PROFILE_TYPE, &n) ? (int)n : -1, want->profile_type);
    assert_int_equal(om_props_find(props, PR_MDB_PROVIDER) != NULL, want->mdb != NULL);
    if (want->mdb) {
        assert_true(om__hex_parse(want->mdb, 16, mdb));
        assert_memory_equal(prop(props, PR_MDB_PROVIDER)->v.bin.pb, mdb, 16);
    }
    assert_memory_equal(prop(props, PR_PROVIDER_UID)->v.bin.pb, p->uid.ab, 16);
    assert_memory_equal(prop(props, PR_SERVICE_UID)->v.bin.pb, service->ab, 16);
    om_props_free(props);
}

static void test_msems_has_the_defaults_of_mapisvc_inf(void **state)
{
    static const struct provider_want want[] = {
        {"EMS_DSA", "EMSABP.DLL", 35, 0, -1, -1, NULL},
        {"EMS_MDB_public", "EMSMDB.DLL", 33, 0x40, 6, 3, "78b2fa70aff711cd9bc800aa002fc45a"},
        {"EMS_MDB_private", "EMSMDB.DLL", 33, 0x4 | 0x2 | 0x1000, 0xC, 1,
         "5494A1C0297F101BA58708002B2A2517"},
        {"EMS_RXP", "EMSUI.DLL", 36, 0, 0x40, 0xA, NULL},
        {"EMS_MSX", "EMSMDB.DLL", 36, 0, 0, -1, NULL},
        {"EMS_Hook", "EMSMDB.DLL", 40, 0x200, -1, -1, NULL},
    };
    struct om_store *s = open_store(OM_STORE_WRITE);
    struct om_providers *providers;
    struct om_props *props;
    struct om_uid uid;

    (void)state;
    OK(om_profile_create(s, "p", &err));
    OK(om_service_add(s, "p", "msems", &uid, &err));
    check_service(s, &uid);
    OK(om_provider_list(s, "p", &providers, &err));
    assert_int_equal(providers->count, 6);
    for (size_t i = 0; i < 6; i++)
        check_provider(s, &providers->items[i], &want[i], &uid);
    om_providers_free(providers);
    OK(om_section_read(s, "p", &om_uid_global_section, &props, &err));
    assert_int_equal(props->count, 4);
    assert_int_equal(prop(props, 0x66000003)->v.l, 0x501);
    assert_int_equal(prop(props, 0x66010003)->v.l, 4);
    assert_int_equal(prop(props, 0x66050003)->v.l, 3);
    assert_int_equal(prop(props, 0x66040003)->v.l, 2);
    om_props_free(props);
    om_store_close(s);
}

static void test_a_single_copy_service_comes_once_and_goes_whole(void **state)
{
    struct om_store *s = open_store(OM_STORE_WRITE);
    struct om_uid uid, none = {{1}};
    char *before, *after;

    (void)state;
    OK(om_profile_create(s, "p", &err));
    before = dump(s);
    FAILS(om_service_add(s, "p", "MSPST MS", &uid, &err), MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND);
    OK(om_service_add(s, "p", "MSEMS", &uid, &err));
    FAILS(om_service_add(s, "p", "MSEMS", NULL, &err), MAPI_E_NO_ACCESS, OM_CAUSE_EXISTS);
    FAILS(om_service_delete(s, "p", &none, &err), MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND);
    OK(om_service_delete(s, "p", &uid, &err));
    after = dump(s);
    assert_string_equal(before, after);
    free(before);
    free(after);
    om_store_close(s);
}

static void test_a_copy_is_the_same_under_new_uids(void **state)
{
    struct om_store *s = open_store(OM_STORE_WRITE);
    struct om_providers *a, *b;
    struct om_props *props;
    char *text, *second;
    struct om_uid uid;

    (void)state;
    OK(om_profile_create(s, "a", &err));
    OK(om_service_add(s, "a", "MSEMS", &uid, &err));
    OK(om_profile_set_mode(s, "a", OM_ROUTING_CDO, &err));
    OK(om_profile_copy(s, "a", "b", &err));
    FAILS(om_profile_copy(s, "a", "B", &err), MAPI_E_COLLISION, OM_CAUSE_EXISTS);
    text = dump(s);
    second = strstr(text, "profile b 0 cdo 1\n");
    assert_non_null(second);
    assert_int_equal(strncmp(text, "profile a 1 cdo 1\n", 18), 0);
    *second = '\0';
    assert_string_equal(text + 18, second + 18);
    free(text);
    OK(om_provider_list(s, "a", &a, &err));
    OK(om_provider_list(s, "b", &b, &err));
    for (size_t i = 0; i < 6; i++) {
        assert_false(om__uid_equal(&a->items[i].uid, &b->items[i].uid));
        OK(om_section_read(s, "b", &b->items[i].uid, &props, &err));
        assert_memory_equal(prop(props, PR_PROVIDER_UID)->v.bin.pb, b->items[i].uid.ab, 16);
        assert_memory_equal(prop(props, PR_SERVICE_UID)->v.bin.pb, b->items[i].service.ab, 16);
        om_props_free(props);
    }
    om_providers_free(a);
    om_providers_free(b);
    om_store_close(s);
}

/* ---- sections ---- */

static void test_sections_go_by_uid_name_and_global(void **state)
{
    struct om_propval other = {.tag = PR_EMSMDB_SECTION_UID};
    struct om_store *s = open_store(OM_STORE_WRITE);
    struct om_uid uid, service, wanted = {{0xAB, 0xCD}};

    (void)state;
    OK(om_profile_create(s, "p", &err));
    OK(om_section_resolve(s, "p", "Global", &uid, &err)); /* before there is any */
    assert_true(om__uid_equal(&uid, &om_uid_global_section));
    OK(om_service_add(s, "p", "MSEMS", &service, &err));
    OK(om_section_resolve(s, "p", "13dbb0c8aa05101a9bb000aa002fc45a", &uid, &err));
    assert_true(om__uid_equal(&uid, &om_uid_global_section));
    OK(om_section_resolve(s, "p", "ems_mdb_PRIVATE", &uid, &err));
    FAILS(om_section_resolve(s, "p", "EMS_MBD_private", &uid, &err), MAPI_E_NOT_FOUND,
          OM_CAUSE_NOT_FOUND);
    FAILS(om_section_resolve(s, "p", "", &uid, &err), MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND);
    other.v.bin = (struct om_binary){16, wanted.ab};
    OK(om_prop_set(s, "p", &service, &other, 1, &err));
    OK(om_section_resolve(s, "p", "global", &uid, &err));
    assert_true(om__uid_equal(&uid, &wanted));
    om_store_close(s);
}

/* ---- property values ---- */

static const uint8_t blob[] = {0, 1, 2, 0xFF};
static const int16_t i2s[] = {-1, 0, INT16_MAX};
static const int32_t longs[] = {INT32_MIN, 7};
static const float floats[] = {-0.0f, 1.5f};
static const double doubles[] = {1e300, -2.25};
static const int64_t i8s[] = {INT64_MIN, INT64_MAX};
static const uint64_t times[] = {0, UINT64_MAX};
static const struct om_guid guids[] = {{1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}}, {0, 0, 0, {0}}};
static const char *const strings[] = {"", "a;b", "\xED\xA0\x80", "caf\xE9"};
static const struct om_binary blobs[] = {{0, NULL}, {4, blob}};

#define TAG(type, id) OM_PROP_TAG(type, id)
#define MV(list)      .v.mv = {sizeof(list) / sizeof *(list), {.any = list}}

static const struct om_propval every_type[] = {
    {.tag = TAG(PT_NULL, 0x6700)},
    {.tag = TAG(PT_I2, 0x6701), .v.i = -2},
    {.tag = TAG(PT_LONG, 0x6702), .v.l = INT32_MIN},
    {.tag = TAG(PT_R4, 0x6703), .v.flt = 0.1f},
    {.tag = TAG(PT_DOUBLE, 0x6704), .v.dbl = -1e-300},
    {.tag = TAG(PT_CURRENCY, 0x6705), .v.cur = -12345},
    {.tag = TAG(PT_APPTIME, 0x6706), .v.at = 41000.5},
    {.tag = TAG(PT_ERROR, 0x6707), .v.err = 0x8004010F},
    {.tag = TAG(PT_BOOLEAN, 0x6708), .v.b = true},
    {.tag = TAG(PT_OBJECT, 0x6709), .v.bin = {4, blob}},
    {.tag = TAG(PT_I8, 0x670A), .v.li = INT64_MIN},
    {.tag = TAG(PT_STRING8, 0x670B), .v.str8 = "caf\xE9"},                  /* no UTF-8, kept */
    {.tag = TAG(PT_UNICODE, 0x670B), .v.utf8 = "caf\xC3\xA9 \xED\xA0\x80"}, /* the same id */
    {.tag = TAG(PT_SYSTIME, 0x670D), .v.ft = UINT64_MAX},
    {.tag = TAG(PT_CLSID, 0x670E),
     .v.guid = {0x11223344, 0x5566, 0x7788, {1, 2, 3, 4, 5, 6, 7, 8}}},
    {.tag = TAG(PT_SVREID, 0x670F), .v.bin = {4, blob}},
    {.tag = TAG(PT_SRESTRICT, 0x6710), .v.bin = {4, blob}},
    {.tag = TAG(PT_ACTIONS, 0x6711), .v.bin = {0, NULL}},
    {.tag = TAG(PT_BINARY, 0x6712), .v.bin = {4, blob}},
    {.tag = TAG(PT_MV_I2, 0x6720), MV(i2s)},
    {.tag = TAG(PT_MV_LONG, 0x6721), MV(longs)},
    {.tag = TAG(PT_MV_R4, 0x6722), MV(floats)},
    {.tag = TAG(PT_MV_DOUBLE, 0x6723), MV(doubles)},
    {.tag = TAG(PT_MV_CURRENCY, 0x6724), MV(i8s)},
    {.tag = TAG(PT_MV_APPTIME, 0x6725), MV(doubles)},
    {.tag = TAG(PT_MV_I8, 0x6726), MV(i8s)},
    {.tag = TAG(PT_MV_STRING8, 0x6727), MV(strings)},
    {.tag = TAG(PT_MV_UNICODE, 0x6728), MV(strings)},
    {.tag = TAG(PT_MV_SYSTIME, 0x6729), MV(times)},
    {.tag = TAG(PT_MV_CLSID, 0x672A), MV(guids)},
    {.tag = TAG(PT_MV_BINARY, 0x672B), MV(blobs)},
    {.tag = TAG(PT_MV_LONG, 0x672C), .v.mv = {0, {.any = NULL}}},
};
#define EVERY (sizeof every_type / sizeof *every_type)

static void assert_same_value(const struct om_propval *a, const struct om_propval *b)
{
    struct om_wr x, y;

    om_wr_init(&x, 1 << 20);
    om_wr_init(&y, 1 << 20);
    OK(om__value_encode(a, &x, &err));
    OK(om__value_encode(b, &y, &err));
    om_assert_bytes(x.buf, x.len, y.buf, y.len);
    om_wr_free(&x);
    om_wr_free(&y);
}

static void test_every_type_comes_back_from_the_file_as_it_was(void **state)
{
    struct om_store *s = open_store(OM_STORE_WRITE);
    struct om_props *props;

    (void)state;
    OK(om_profile_create(s, "p", &err));
    OK(om_prop_set(s, "p", &om_uid_global_section, every_type, EVERY, &err));
    om_store_close(s);
    s = open_store(OM_STORE_READ);
    OK(om_section_read(s, "p", &om_uid_global_section, &props, &err));
    assert_int_equal(props->count, EVERY);
    for (size_t i = 0; i < EVERY; i++)
        assert_same_value(prop(props, every_type[i].tag), &every_type[i]);
    assert_string_equal(prop(props, TAG(PT_STRING8, 0x670B))->v.str8, "caf\xE9");
    assert_string_equal(prop(props, TAG(PT_UNICODE, 0x670B))->v.utf8, "caf\xC3\xA9 \xED\xA0\x80");
    assert_float_equal(prop(props, TAG(PT_APPTIME, 0x6706))->v.at, 41000.5, 0);
    assert_int_equal(prop(props, TAG(PT_MV_BINARY, 0x672B))->v.mv.bin[1].pb[3], 0xFF);
    assert_string_equal(prop(props, TAG(PT_MV_STRING8, 0x6727))->v.mv.str[3], "caf\xE9");
    om_props_free(props);
    om_store_close(s);
}

static om_status decode_value(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    const om_proptag *tag = ctx;
    struct om_propval val;
    struct om_arena arena;
    om_status st;

    om__arena_init(&arena, 1 << 20);
    st = om__value_decode(*tag, p, n, &arena, &val, err);
    om__arena_free(&arena);
    return st;
}

static void test_stored_values_are_checked_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < EVERY; i++) {
        om_proptag tag = every_type[i].tag;
        struct om_wr w;

        om_wr_init(&w, 1 << 20);
        OK(om__value_encode(&every_type[i], &w, &err));
        om_check_codec_open(decode_value, w.buf ? w.buf : (const uint8_t *)"", w.len, &tag);
        om_wr_free(&w);
    }
}

static void test_reading_takes_the_type_asked_for_or_the_other_string(void **state)
{
    struct om_propval both[] = {{.tag = TAG(PT_STRING8, 0x6608), .v.str8 = "A"},
                                {.tag = TAG(PT_UNICODE, 0x6608), .v.utf8 = "W"},
                                {.tag = TAG(PT_LONG, 0x6604), .v.l = 5}};
    const struct om_props all = {3, both}, unicode = {1, both + 1};
    uint32_t n = 9;

    (void)state;
    assert_string_equal(om_props_string(&all, TAG(PT_STRING8, 0x6608)), "A");
    assert_string_equal(om_props_string(&all, TAG(PT_UNICODE, 0x6608)), "W");
    assert_string_equal(om_props_string(&unicode, TAG(PT_STRING8, 0x6608)), "W");
    assert_ptr_equal(om_props_find(&all, TAG(PT_UNSPECIFIED, 0x6604)), &both[2]);
    assert_null(om_props_find(&all, TAG(PT_STRING8, 0x6604)));
    assert_null(om_props_string(&all, TAG(PT_LONG, 0x6604)));
    assert_true(om_props_long(&all, TAG(PT_LONG, 0x6604), &n) && n == 5);
    assert_false(om_props_long(&all, TAG(PT_LONG, 0x6608), &n));
    assert_int_equal(n, 5);
}

static void test_setting_is_all_or_nothing(void **state)
{
    struct om_propval vals[] = {{.tag = TAG(PT_LONG, 0x6700), .v.l = 1},
                                {.tag = TAG(PT_UNSPECIFIED, 0x6701)}};
    struct om_store *s = open_store(OM_STORE_WRITE);
    char *big = calloc(1, (32u << 10) + 2), *before, *after;
    struct om_props *props;

    (void)state;
    OK(om_profile_create(s, "p", &err));
    before = dump(s);
    FAILS(om_prop_set(s, "p", &om_uid_global_section, vals, 2, &err), MAPI_E_INVALID_TYPE,
          OM_CAUSE_BAD_ARGUMENT);
    memset(big, 'x', (32u << 10) + 1);
    vals[1] = (struct om_propval){.tag = TAG(PT_UNICODE, 0x6701), .v.utf8 = big};
    FAILS(om_prop_set(s, "p", &om_uid_global_section, vals, 2, &err), MAPI_E_TOO_BIG,
          OM_CAUSE_TOO_LARGE);
    after = dump(s);
    assert_string_equal(before, after);
    big[32u << 10] = '\0';
    OK(om_prop_set(s, "p", &om_uid_global_section, vals, 2, &err));
    OK(om_prop_delete(s, "p", &om_uid_global_section, TAG(PT_STRING8, 0x6701), &err));
    FAILS(om_prop_get(s, "p", &om_uid_global_section, TAG(PT_UNICODE, 0x6701), &props, &err),
          MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND);
    FAILS(om_prop_delete(s, "p", &om_uid_global_section, TAG(PT_UNICODE, 0x6701), &err),
          MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND);
    free(before);
    free(after);
    free(big);
    om_store_close(s);
}

static void test_transactions_nest(void **state)
{
    struct om_store *s = open_store(OM_STORE_WRITE), *reader;
    struct om_profile_info info;

    (void)state;
    OK(om_profile_create(s, "a", &err));
    OK(om_store_begin(s, &err));
    OK(om_profile_create(s, "b", &err));
    OK(om_store_begin(s, &err));
    OK(om_profile_create(s, "c", &err));
    om_store_rollback(s);
    FAILS(om_profile_create(s, "A", &err), MAPI_E_COLLISION,
          OM_CAUSE_EXISTS); /* undoes only itself */
    reader = open_store(OM_STORE_READ);
    FAILS(om_profile_find(reader, "b", &info, &err), MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND);
    om_store_close(reader);
    OK(om_store_commit(s, &err));
    OK(om_profile_find(s, "b", &info, &err));
    FAILS(om_profile_find(s, "c", &info, &err), MAPI_E_NOT_FOUND, OM_CAUSE_NOT_FOUND);
    FAILS(om_store_commit(s, &err), MAPI_E_CALL_FAILED, OM_CAUSE_INTERNAL);
    om_store_rollback(s); /* of nothing */
    om_store_close(s);
}

/* ---- the file ---- */

static mode_t mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void test_modes_are_tight_whatever_the_umask(void **state)
{
    mode_t before = umask(0);

    (void)state;
    assert_int_equal(chmod(home, 0777), 0);
    om_store_close(open_store(OM_STORE_WRITE));
    umask(before);
    assert_int_equal(mode_of(home), 0700);
    assert_int_equal(mode_of(file), 0600);
    chmod(file, 0644);
    chmod(home, 0755);
    om_store_close(open_store(OM_STORE_WRITE));
    assert_int_equal(mode_of(home), 0700);
    assert_int_equal(mode_of(file), 0600);
}

static void test_a_folder_that_is_something_else_is_not_changed(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    char other[96];
    int fd;

    (void)state;
    snprintf(other, sizeof other, "%s/notes.txt", home);
    fd = open(other, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(chmod(home, 01777), 0);
    assert_int_equal(try_open(OM_STORE_WRITE, &err), MAPI_E_NO_ACCESS);
    assert_int_equal(err.cause, OM_CAUSE_ACCESS_DENIED);
    assert_int_equal(mode_of(home), 01777);
    assert_int_equal(access(file, F_OK), -1);
    chmod(home, 0755);
    om_store_close(open_store(OM_STORE_WRITE));
    assert_int_equal(mode_of(home), 0755);
    assert_int_equal(mode_of(file), 0600);
    unlink(other);
}

/* The file's bytes; free() them. */
static uint8_t *slurp(size_t *n)
{
    FILE *f = fopen(file, "rb");
    uint8_t *p = malloc(1 << 20);

    assert_non_null(f);
    *n = fread(p, 1, 1 << 20, f);
    fclose(f);
    return p;
}

static void spill(const uint8_t *p, size_t n)
{
    int fd = open(file, O_WRONLY | O_TRUNC | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), (ssize_t)n);
    close(fd);
}

static void make_profile(void)
{
    struct om_store *s = open_store(OM_STORE_WRITE);

    OK(om_profile_create(s, "p", &err));
    OK(om_service_add(s, "p", "MSEMS", NULL, &err));
    om_store_close(s);
}

static void assert_refused_untouched(om_status status, enum om_cause cause)
{
    struct om_error err;
    size_t before, after;
    uint8_t *p = slurp(&before), *q;

    for (unsigned flags = OM_STORE_READ; flags <= OM_STORE_WRITE; flags++) {
        assert_int_equal(try_open(flags, &err), status);
        assert_int_equal(err.cause, cause);
        assert_int_equal(err.layer, OM_LAYER_STORE);
        assert_string_equal(err.target, file);
        q = slurp(&after);
        om_assert_bytes(q, after, p, before);
        free(q);
    }
    free(p);
}

static void test_damage_is_said_and_left_alone(void **state)
{
    size_t n;
    uint8_t *p;

    (void)state;
    make_profile();
    p = slurp(&n);
    spill((const uint8_t
               *)"this is no database, though it is quite long enough to be one of them......"
                 "..........................................................................",
          140);
    assert_refused_untouched(MAPI_E_CORRUPT_DATA, OM_CAUSE_DAMAGED);
    spill(p, n / 2); /* cut off */
    assert_refused_untouched(MAPI_E_CORRUPT_DATA, OM_CAUSE_DAMAGED);
    memset(p + 4096, 0xA5, 4096); /* a page overwritten */
    spill(p, n);
    assert_refused_untouched(MAPI_E_CORRUPT_DATA, OM_CAUSE_DAMAGED);
    free(p);
}

/* Whatever byte is wrong: an answer or an error, never a crash. */
static void test_any_changed_byte_is_survived(void **state)
{
    unsigned refused = 0, read = 0;
    size_t n;
    uint8_t *p;

    (void)state;
    make_profile();
    p = slurp(&n);
    for (size_t at = 0; at < n; at += at < 200 ? 1 : 67) {
        struct om_error err = OM_ERROR_INIT;
        struct om_props *props = NULL;
        struct om_store *s = NULL;
        om_status st;

        p[at] ^= 0xFF;
        spill(p, n);
        p[at] ^= 0xFF;
        st = om_store_open(home, OM_STORE_READ, &s, &err);
        if (st == OM_OK)
            st = om_section_read(s, "p", &om_uid_global_section, &props, &err);
        if (st == OM_OK)
            read++;
        else
            refused++;
        assert_true(st == OM_OK || err.detail[0]);
        om_props_free(props);
        om_store_close(s);
    }
    assert_true(refused > 100 && read > 100);
    free(p);
}

static void sql(const char *text)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    chmod(file, 0600);
}

static void test_other_formats_are_refused(void **state)
{
    (void)state;
    make_profile();
    sql("PRAGMA user_version = 2");
    assert_refused_untouched(MAPI_E_VERSION, OM_CAUSE_NEWER_FORMAT);
    sql("PRAGMA user_version = -1");
    assert_refused_untouched(MAPI_E_CORRUPT_DATA, OM_CAUSE_DAMAGED);
    unlink(file);
    sql("CREATE TABLE theirs (x); PRAGMA user_version = 1");
    assert_refused_untouched(MAPI_E_CORRUPT_DATA, OM_CAUSE_DAMAGED);
}

static void test_damaged_rows_are_damage(void **state)
{
    struct om_store *s;
    struct om_props *props;

    (void)state;
    make_profile();
    sql("UPDATE property SET value = x'0102' WHERE tag = 0x66000003");
    s = open_store(OM_STORE_READ);
    FAILS(om_section_read(s, "p", &om_uid_global_section, &props, &err), MAPI_E_CORRUPT_DATA,
          OM_CAUSE_DAMAGED);
    om_store_close(s);
}

/* ---- dying and failing at every step ---- */

static om_status add_service(struct om_store *s, struct om_error *err)
{
    return om_service_add(s, "p", "MSEMS", NULL, err);
}

static om_status set_every_type(struct om_store *s, struct om_error *err)
{
    return om_prop_set(s, "p", &om_uid_global_section, every_type, EVERY, err);
}

static om_status copy_profile(struct om_store *s, struct om_error *err)
{
    return om_profile_copy(s, "full", "copy", err);
}

static om_status delete_profile(struct om_store *s, struct om_error *err)
{
    return om_profile_delete(s, "full", err);
}

typedef om_status change_fn(struct om_store *, struct om_error *);

/* "p", empty, and "full", with a service: what each change starts from. */
static void make_start(void)
{
    struct om_store *s = open_store(OM_STORE_WRITE);

    OK(om_profile_create(s, "p", &err));
    OK(om_profile_create(s, "full", &err));
    OK(om_service_add(s, "full", "MSEMS", NULL, &err));
    om_store_close(s);
}

/* In a child that dies at the nth step. True: it got to its end first. */
static bool child_survives(change_fn *change, unsigned long nth)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        struct om_error err = OM_ERROR_INIT;
        struct om_store *s;

        tripwire_arm(TRIP_KILL, nth);
        if (om_store_open(home, OM_STORE_WRITE, &s, &err) != OM_OK || change(s, &err) != OM_OK)
            _exit(1);
        om_store_close(s);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    else
        assert_int_equal(WTERMSIG(status), SIGKILL);
    return WIFEXITED(status);
}

/* At every step, or every few where the change is of the same kind as another. */
static void kill_everywhere(change_fn *change, unsigned long stride)
{
    unsigned long nth = 1, tries = 0, olds = 0, news = 0;
    char *before, *after;
    bool survived;
    uint8_t *start;
    size_t n;

    make_start();
    before = dump_file();
    start = slurp(&n);
    assert_true(child_survives(change, 0xFFFFFF));
    after = dump_file();
    assert_string_not_equal(before, after);
    do {
        char *now;

        spill(start, n);
        survived = child_survives(change, nth);
        nth += stride;
        tries++;
        now = dump_file();
        olds += strcmp(now, before) == 0;
        news += strcmp(now, after) == 0;
        assert_int_equal(olds + news, tries); /* the one or the other, never between */
        free(now);
    } while (!survived && nth < 1000);
    assert_true(survived && olds > 3 && news >= 1);
    print_message("# killed at %lu steps: %lu old, %lu new\n", tries - 1, olds, news - 1);
    free(before);
    free(after);
    free(start);
}

static void test_killed_while_adding_a_service(void **state)
{
    (void)state;
    kill_everywhere(add_service, 1);
}

static void test_killed_while_setting_properties(void **state)
{
    (void)state;
    kill_everywhere(set_every_type, 1);
}

static void test_killed_while_copying(void **state)
{
    (void)state;
    kill_everywhere(copy_profile, 5);
}

static void test_killed_while_deleting(void **state)
{
    (void)state;
    kill_everywhere(delete_profile, 5);
}

static void test_killed_while_creating_the_store(void **state)
{
    struct om_store *s;
    unsigned long nth;

    (void)state;
    for (nth = 1; nth < 100; nth++) {
        pid_t pid;
        int status;

        unlink(file);
        pid = fork();
        if (pid == 0) {
            struct om_error err = OM_ERROR_INIT;

            tripwire_arm(TRIP_KILL, nth);
            _exit(om_store_open(home, OM_STORE_WRITE, &s, &err) == OM_OK ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        s = open_store(OM_STORE_WRITE);
        OK(om_profile_create(s, "p", &err));
        om_store_close(s);
        if (WIFEXITED(status))
            break;
    }
    assert_in_range(nth, 5, 99);
}

static void fail_everywhere(enum tripwire how, om_status status, enum om_cause cause)
{
    unsigned long nth = 0;
    char *before, *now;
    struct om_store *s;
    om_status st;

    make_start();
    before = dump_file();
    s = open_store(OM_STORE_WRITE);
    do {
        struct om_error err = OM_ERROR_INIT;

        tripwire_arm(how, ++nth);
        st = add_service(s, &err);
        if (st != OM_OK) {
            assert_true(tripwire_tripped());
            tripwire_arm(TRIP_NEVER, 0);
            assert_int_equal(st, status);
            assert_int_equal(err.cause, cause);
            now = dump(s); /* the same handle goes on working */
            assert_string_equal(now, before);
            free(now);
        }
    } while (st != OM_OK && nth < 1000);
    assert_in_range(nth, 4, 999);
    tripwire_arm(TRIP_NEVER, 0);
    om_store_close(s);
    free(before);
}

static void test_a_full_disk_loses_nothing(void **state)
{
    (void)state;
    fail_everywhere(TRIP_FULL, MAPI_E_NOT_ENOUGH_DISK, OM_CAUSE_DISK_FULL);
}

static void test_a_failing_disk_loses_nothing(void **state)
{
    (void)state;
    fail_everywhere(TRIP_IOERR, MAPI_E_DISK_ERROR, OM_CAUSE_IO);
}

/* ---- several processes ---- */

static void test_eight_processes_write_at_once(void **state)
{
    enum { PROCESSES = 8, EACH = 6 };
    struct om_profiles *profiles;
    struct om_store *s;
    pid_t pids[PROCESSES];
    int status;

    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct om_error err = OM_ERROR_INIT;
            char name[32];

            if (om_store_open(home, OM_STORE_WRITE, &s, &err) != OM_OK)
                _exit(1);
            for (int j = 0; j < EACH; j++) {
                snprintf(name, sizeof name, "p%d-%d", i, j);
                if (om_profile_create(s, name, &err) != OM_OK ||
                    om_service_add(s, name, "MSEMS", NULL, &err) != OM_OK)
                    _exit(2);
            }
            om_store_close(s);
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    s = open_store(OM_STORE_READ);
    OK(om_profile_list(s, &profiles, &err));
    assert_int_equal(profiles->count, PROCESSES * EACH);
    for (uint32_t i = 0, defaults = 0; i < profiles->count; i++) {
        assert_int_equal(profiles->items[i].services, 1);
        defaults += profiles->items[i].is_default;
        assert_true(defaults <= 1);
    }
    om_profiles_free(profiles);
    om_store_close(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_store_that_is_not_there_reads_as_empty),
        T(test_profiles_live_and_have_one_default),
        T(test_names_that_cannot_be_are_refused),
        T(test_msems_has_the_defaults_of_mapisvc_inf),
        T(test_a_single_copy_service_comes_once_and_goes_whole),
        T(test_a_copy_is_the_same_under_new_uids),
        T(test_sections_go_by_uid_name_and_global),
        T(test_every_type_comes_back_from_the_file_as_it_was),
        T(test_stored_values_are_checked_byte_by_byte),
        T(test_reading_takes_the_type_asked_for_or_the_other_string),
        T(test_setting_is_all_or_nothing),
        T(test_transactions_nest),
        T(test_modes_are_tight_whatever_the_umask),
        T(test_a_folder_that_is_something_else_is_not_changed),
        T(test_damage_is_said_and_left_alone),
        T(test_any_changed_byte_is_survived),
        T(test_other_formats_are_refused),
        T(test_damaged_rows_are_damage),
        T(test_killed_while_adding_a_service),
        T(test_killed_while_setting_properties),
        T(test_killed_while_copying),
        T(test_killed_while_deleting),
        T(test_killed_while_creating_the_store),
        T(test_a_full_disk_loses_nothing),
        T(test_a_failing_disk_loses_nothing),
        T(test_eight_processes_write_at_once),
    };

    tripwire_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
