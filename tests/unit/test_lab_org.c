/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guid.h"
#include "lab/org.h"

static struct lab_org *org;

static int set_up(void **state)
{
    (void)state;
    org = lab_org_new(200);
    return org ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lab_org_free(org);
    return 0;
}

static void assert_same(const struct lab_user *got, const char *alias)
{
    assert_non_null(got);
    assert_string_equal(got->alias, alias);
}

static void test_org_finds_a_user_by_each_of_its_names(void **state)
{
    const struct lab_user *alice = lab_org_by_alias(org, "ALICE");
    char id[128], guid[OM_GUID_TEXT];

    (void)state;
    assert_same(alice, "alice");
    assert_same(lab_org_by_smtp(org, "Alice@CONTOSO.test"), "alice");
    assert_same(lab_org_by_smtp(org, "alice@mail.contoso.test"), "alice");
    assert_same(lab_org_by_dn(org, alice->legacy_dn), "alice");
    assert_same(lab_org_by_guid(org, &alice->guid), "alice");
    assert_same(lab_org_by_server_id(org, alice->server_id), "alice");
    assert_same(lab_org_by_mid(org, alice->mid), "alice");
    om__guid_format(&alice->guid, guid);
    snprintf(id, sizeof id, "%s@contoso.com", guid);
    assert_null(lab_org_by_server_id(org, id));
    assert_null(lab_org_by_server_id(org, "alice@contoso.test"));
    assert_null(lab_org_by_mid(org, 0));
    assert_null(lab_org_by_mid(org, UINT32_MAX));
    assert_null(lab_org_by_alias(org, "nobody"));
    assert_null(lab_org_by_alias(org, NULL));
}

static void test_org_knows_who_logs_on_in_every_spelling(void **state)
{
    (void)state;
    assert_same(lab_org_by_login(org, "alice", "CONTOSO"), "alice");
    assert_same(lab_org_by_login(org, "alice", "contoso.test"), "alice");
    assert_same(lab_org_by_login(org, "Alice", ""), "alice");
    assert_same(lab_org_by_login(org, "alice@contoso.test", NULL), "alice");
    assert_same(lab_org_by_login(org, "contoso\\alice", ""), "alice");
    assert_null(lab_org_by_login(org, "FABRIKAM\\alice", ""));
    assert_null(lab_org_by_login(org, "CON\\alice", ""));
    assert_null(lab_org_by_login(org, "alice", "FABRIKAM"));
    assert_null(lab_org_by_login(org, "staff", "CONTOSO"));
    assert_null(lab_org_by_login(org, "u00001", "CONTOSO"));
}

static void test_org_places_mailboxes_as_their_age_does(void **state)
{
    const struct lab_user *alice = lab_org_by_alias(org, "alice"),
                          *bob = lab_org_by_alias(org, "bob");

    (void)state;
    assert_int_equal(alice->server->age, 2013);
    assert_non_null(strchr(alice->server_id, '@'));
    assert_non_null(strstr(alice->home_mdb, alice->server_id));
    assert_string_equal(bob->server_id, "ex2010.contoso.test");
    assert_string_equal(bob->home_mdb, LAB_ORG_DN
                        "/cn=Configuration/cn=Servers/cn=EX2010/cn=Microsoft Private MDB");
    assert_ptr_equal(lab_org_server(org, alice->home_mdb), alice->server);
    assert_ptr_equal(lab_org_server(org, alice->server_id), alice->server);
    assert_ptr_equal(lab_org_server(org, bob->home_mdb), bob->server);
    assert_ptr_equal(lab_org_server(org, bob->server->dn), bob->server);
    assert_ptr_equal(lab_org_server(org, "ex2010"), bob->server);
    assert_ptr_equal(lab_org_server(org, "EX2010.contoso.test"), bob->server);
    assert_string_equal(lab_org_fqdn(org, alice->home_mdb), alice->server_id);
    assert_string_equal(lab_org_fqdn(org, bob->home_mdb), "ex2010.contoso.test");
    assert_string_equal(lab_org_fqdn(org, bob->server->dn), "ex2010.contoso.test");
    assert_null(lab_org_fqdn(org, "ex2010"));
    assert_null(lab_org_fqdn(org, alice->legacy_dn));
    assert_null(lab_org_server(org, "ex2007"));
    assert_null(lab_org_server(org, LAB_ORG_DN "/cn=Configuration/cn=Servers/cn=EX2010/cn=x"));
    assert_null(lab_org_server(org, LAB_ORG_DN "/cn=Configuration/cn=Servers/cn="));
    assert_null(lab_org_server(org, ""));
}

static void test_org_gives_rights_to_owners_delegates_and_the_administrator(void **state)
{
    const struct lab_user *alice = lab_org_by_alias(org, "alice"),
                          *bob = lab_org_by_alias(org, "bob"),
                          *admin = lab_org_by_alias(org, "admin"),
                          *mallory = lab_org_by_alias(org, "mallory");

    (void)state;
    assert_true(lab_org_may_open(org, alice, alice));
    assert_true(lab_org_may_open(org, alice, bob));
    assert_true(lab_org_may_open(org, bob, alice));
    assert_true(lab_org_may_open(org, admin, mallory));
    assert_false(lab_org_may_open(org, mallory, alice));
    assert_false(lab_org_may_open(org, mallory, bob));
    assert_false(lab_org_may_open(org, alice, mallory));
    assert_false(lab_org_may_open(org, NULL, alice));
}

static void test_org_lists_the_gal_by_folded_name_without_the_hidden(void **state)
{
    const struct lab_user *shadow = lab_org_by_alias(org, "shadow");

    (void)state;
    assert_int_equal(org->gal_count, org->user_count - 1);
    assert_int_equal(shadow->row, UINT32_MAX);
    for (size_t i = 0; i < org->gal_count; i++) {
        assert_int_equal(org->gal[i]->row, i);
        assert_true(!i || strcmp(org->gal[i - 1]->sort_key, org->gal[i]->sort_key) <= 0);
    }
}

static void test_org_is_the_same_each_time_but_for_passwords(void **state)
{
    struct lab_org *again = lab_org_new(200);

    (void)state;
    assert_non_null(again);
    for (size_t i = 0; i < org->user_count; i++) {
        assert_string_equal(again->users[i].legacy_dn, org->users[i].legacy_dn);
        assert_true(om__guid_equal(&again->users[i].guid, &org->users[i].guid));
        if (again->users[i].password)
            assert_string_not_equal(again->users[i].password, org->users[i].password);
    }
    lab_org_free(again);
}

static void test_org_of_many_entries_keeps_every_name_unique(void **state)
{
    struct lab_org *big = lab_org_new(20000);

    (void)state;
    assert_non_null(big);
    for (size_t i = 0; i < big->user_count; i += 37) {
        const struct lab_user *u = &big->users[i];

        assert_ptr_equal(lab_org_by_alias(big, u->alias), u);
        assert_ptr_equal(lab_org_by_smtp(big, u->smtp), u);
        assert_ptr_equal(lab_org_by_dn(big, u->legacy_dn), u);
        assert_ptr_equal(lab_org_by_guid(big, &u->guid), u);
    }
    lab_org_free(big);
}

static void test_fold_lowers_every_script_and_squeezes_spaces(void **state)
{
    static const char *const pairs[][2] = {
        {"  Zoë   ÅNGSTRÖM ", "zoë ångström"},
        {"ΣΟΦΙΑ", "σοφια"},
        {"ИВАН", "иван"},
        {"", ""},
        {"   ", ""},
        {"山田 太郎", "山田 太郎"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char *got = lab_fold(pairs[i][0]);

        assert_non_null(got);
        assert_string_equal(got, pairs[i][1]);
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_org_finds_a_user_by_each_of_its_names),
        cmocka_unit_test(test_org_knows_who_logs_on_in_every_spelling),
        cmocka_unit_test(test_org_places_mailboxes_as_their_age_does),
        cmocka_unit_test(test_org_gives_rights_to_owners_delegates_and_the_administrator),
        cmocka_unit_test(test_org_lists_the_gal_by_folded_name_without_the_hidden),
        cmocka_unit_test(test_org_is_the_same_each_time_but_for_passwords),
        cmocka_unit_test(test_org_of_many_entries_keeps_every_name_unique),
        cmocka_unit_test(test_fold_lowers_every_script_and_squeezes_spaces),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
