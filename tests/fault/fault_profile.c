/* SPDX-License-Identifier: MIT */
/*
 * Makes the Nth allocation of the profile layer fail, for every N: each call ends with an error
 * that says so, what it was to change is as before, and nothing leaks.
 */
#include "support/codec_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <onemapi/map.h>

#include "base/mem.h"

#ifndef OM_FAULTS
#error "build with -Dfaults=true"
#endif

#define ID "F5FA2827-5978-43cd-8FA8-E07BC3BB5591@contoso.test"

static char home[64];

typedef om_status step_fn(struct om_store *s, struct om_error *err);

static om_status change(struct om_store *s, struct om_error *err)
{
    static const char data[] = "contoso.test=m,ntlm,ntlm,false *=n,basic,none,true";
    om_status st = om_profile_create(s, "p", err);

    if (st == OM_OK)
        st = om_service_add(s, "p", "MSEMS", NULL, err);
    if (st == OM_OK)
        st = om_profile_copy(s, "p", "q", err);
    if (st == OM_OK)
        st = om_map_set(s, "RpcHttpProxyMap_A", data, sizeof data - 1, err);
    return st;
}

static om_status set_props(struct om_store *s, struct om_error *err)
{
    static const char *const names[] = {"a", "b"};
    const struct om_propval vals[] = {
        {.tag = 0x6608001E, .v.str8 = ID},
        {.tag = 0x6613101E, .v.mv = {2, {.str = names}}},
        {.tag = 0x66230003, .v.l = 3},
        {.tag = 0x6622001F, .v.utf8 = "p.test"},
    };

    return om_prop_set(s, "p", &om_uid_global_section, vals, 4, err);
}

static om_status read_all(struct om_store *s, struct om_error *err)
{
    struct om_profiles *profiles = NULL;
    struct om_services *services = NULL;
    struct om_providers *providers = NULL;
    struct om_sections *sections = NULL;
    struct om_props *props = NULL;
    struct om_map_values *values = NULL;
    struct om_uid uid;
    om_status st = om_profile_list(s, &profiles, err);

    if (st == OM_OK)
        st = om_service_list(s, "p", &services, err);
    if (st == OM_OK)
        st = om_provider_list(s, "p", &providers, err);
    if (st == OM_OK)
        st = om_section_list(s, "p", &sections, err);
    if (st == OM_OK)
        st = om_section_resolve(s, "p", "EMS_DSA", &uid, err);
    if (st == OM_OK)
        st = om_prop_get(s, "p", &om_uid_global_section, 0x6613101E, &props, err);
    if (st == OM_OK)
        st = om_map_list(s, &values, err);
    om_profiles_free(profiles);
    om_services_free(services);
    om_providers_free(providers);
    om_sections_free(sections);
    om_props_free(props);
    om_map_values_free(values);
    return st;
}

static om_status route(struct om_store *s, struct om_error *err)
{
    struct om_route *r = NULL;
    om_status st = om_route_explain(s, "p", ID, &r, err);

    om_route_free(r);
    return st;
}

/* One run with the Nth allocation failing, opening included. */
static om_status once(step_fn *step, unsigned long nth, struct om_error *err)
{
    struct om_store *s = NULL;
    om_status st;

    om__fault_arm(OM_FAULT_ALLOC, nth);
    st = om_store_open(home, OM_STORE_WRITE, &s, err);
    if (st == OM_OK)
        st = om_store_begin(s, err);
    if (st == OM_OK) {
        st = step(s, err);
        if (st == OM_OK)
            st = om_store_commit(s, err);
        else
            om_store_rollback(s);
    }
    om_store_close(s);
    return st;
}

static void walk(step_fn *step, unsigned long least)
{
    unsigned long nth = 0;
    om_status st;

    do {
        struct om_error err = OM_ERROR_INIT;

        st = once(step, ++nth, &err);
        if (st != OM_OK) {
            assert_true(om__fault_hit());
            assert_int_equal(st, MAPI_E_NOT_ENOUGH_MEMORY);
            assert_int_equal(err.cause, OM_CAUSE_NO_MEMORY);
            assert_true(err.detail[0]);
        }
    } while (st != OM_OK && nth < 10000);
    assert_false(om__fault_hit());
    om__fault_arm(OM_FAULT_ALLOC, 0);
    print_message("# %lu allocations\n", nth - 1);
    assert_true(nth > least);
}

static void test_changing(void **state)
{
    (void)state;
    walk(change, 40);
}

static void test_setting(void **state)
{
    (void)state;
    walk(set_props, 5);
}

static void test_reading(void **state)
{
    (void)state;
    walk(read_all, 15);
}

static void test_routing(void **state)
{
    (void)state;
    walk(route, 8);
}

static int make_home(void **state)
{
    (void)state;
    snprintf(home, sizeof home, "/tmp/onemapi-fault-XXXXXX");
    return mkdtemp(home) ? 0 : -1;
}

static int drop_home(void **state)
{
    char file[96];

    (void)state;
    snprintf(file, sizeof file, "%s/profiles.db", home);
    unlink(file);
    return rmdir(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changing), /* what the others need */
        cmocka_unit_test(test_setting),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_routing),
    };

    return cmocka_run_group_tests(tests, make_home, drop_home);
}
