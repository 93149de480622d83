/* SPDX-License-Identifier: MIT */
/* The lab's referrals, called with the client's own codec and no network between. */
#include "support/codec_check.h"

#include <string.h>

#include "codec/rfr.h"
#include "lab/misbehave.h"
#include "lab/org.h"
#include "lab/service.h"

static struct lab_org *org;
static struct lab_misbehave behave;
static struct om_arena arena;
static struct lab_call call;
static void *state_slot;

static void serve_by(unsigned age, const char *caller)
{
    for (size_t i = 0; i < org->server_count; i++)
        if (org->servers[i].age == age)
            call.server = &org->servers[i];
    call.caller = caller ? lab_org_by_alias(org, caller) : NULL;
}

static int set_up(void **state)
{
    (void)state;
    org = lab_org_new(0);
    memset(&behave, 0, sizeof behave);
    om__arena_init(&arena, 1u << 20);
    call = (struct lab_call){.org = org, .state = &state_slot, .misbehave = &behave};
    if (!org)
        return -1;
    serve_by(2013, "alice");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lab_org_free(org);
    om__arena_free(&arena);
    return 0;
}

/* Runs a call whose answer's stub is left in `out`; gives the fault. */
static uint32_t run(uint16_t opnum, struct om_wr *in, struct om_wr *out)
{
    struct om_rd r;
    uint32_t fault = 0;

    assert_false(in->failed);
    om_rd_init(&r, in->buf, in->len);
    lab_rfr_interface.handler(&call, opnum, &r, out, &fault);
    if (!om_rd_ok(&r))
        fault = LAB_FAULT_BAD_STUB;
    om_wr_free(in);
    return fault;
}

static struct om__rfr_get_new_dsa_resp new_dsa(const char *dn, bool wants_server)
{
    struct om__rfr_get_new_dsa_req req = {.user_dn = dn, .server = {wants_server, ""}};
    struct om__rfr_get_new_dsa_resp resp;
    struct om_wr in, out;
    struct om_rd r;

    om_wr_init(&in, 4096);
    om_wr_init(&out, 4096);
    om__rfr_wr_get_new_dsa_req(&in, &req);
    assert_int_equal(run(OM_RFR_GET_NEW_DSA, &in, &out), 0);
    om_rd_init(&r, out.buf, out.len);
    om__rfr_rd_get_new_dsa_resp(&r, &arena, &resp);
    assert_int_equal(om_rd_finish(&r, OM_LAYER_RFR, "RfrGetNewDSA", NULL), OM_OK);
    om_wr_free(&out);
    return resp;
}

static struct om__rfr_get_fqdn_resp fqdn(const char *dn)
{
    struct om__rfr_get_fqdn_req req = {.server_dn = dn};
    struct om__rfr_get_fqdn_resp resp;
    struct om_wr in, out;
    struct om_rd r;

    om_wr_init(&in, 4096);
    om_wr_init(&out, 4096);
    om__rfr_wr_get_fqdn_req(&in, &req);
    assert_int_equal(run(OM_RFR_GET_FQDN, &in, &out), 0);
    om_rd_init(&r, out.buf, out.len);
    om__rfr_rd_get_fqdn_resp(&r, &arena, &resp);
    assert_int_equal(om_rd_finish(&r, OM_LAYER_RFR, "RfrGetFQDNFromServerDN", NULL), OM_OK);
    om_wr_free(&out);
    return resp;
}

static void test_new_dsa_is_the_server_asked_in_the_name_of_its_age(void **state)
{
    const struct lab_user *alice = lab_org_by_alias(org, "alice"),
                          *frank = lab_org_by_alias(org, "frank"),
                          *bob = lab_org_by_alias(org, "bob");

    (void)state;
    assert_string_equal(new_dsa(frank->legacy_dn, true).server.s, frank->server_id);
    assert_string_equal(new_dsa("", true).server.s, alice->server_id);
    assert_string_equal(new_dsa(bob->legacy_dn, true).server.s, alice->server_id);
    serve_by(2013, "bob");
    assert_string_equal(new_dsa(bob->legacy_dn, true).server.s, "ex2013.contoso.test");
    serve_by(2010, "alice");
    assert_string_equal(new_dsa(alice->legacy_dn, true).server.s, "ex2010.contoso.test");
}

static void test_new_dsa_has_nowhere_to_answer_without_a_pointer(void **state)
{
    struct om__rfr_get_new_dsa_resp resp = new_dsa("", false);

    (void)state;
    assert_false(resp.server.present);
    assert_int_equal(resp.code, 0);
}

static void test_fqdn_is_the_host_or_the_personalized_id_in_the_dn(void **state)
{
    const struct lab_user *alice = lab_org_by_alias(org, "alice"),
                          *bob = lab_org_by_alias(org, "bob");
    struct om__rfr_get_fqdn_resp resp;

    (void)state;
    assert_string_equal(fqdn(bob->home_mdb).fqdn, "ex2010.contoso.test");
    assert_string_equal(fqdn(bob->server->dn).fqdn, "ex2010.contoso.test");
    assert_string_equal(fqdn(alice->home_mdb).fqdn, alice->server_id);
    resp = fqdn(alice->legacy_dn);
    assert_int_equal(resp.code, 0x8004010F);
    assert_null(resp.fqdn);
}

static void test_referrals_refuse_as_told(void **state)
{
    char why[128];

    (void)state;
    assert_true(lab_misbehave_add(&behave, "ec-rfr=80004005", why, sizeof why));
    assert_int_equal(new_dsa("", true).code, 0x80004005);
    assert_int_equal(fqdn(org->servers[0].dn).code, 0x80004005);
    assert_null(fqdn(org->servers[0].dn).fqdn);
}

static void test_broken_stubs_and_unknown_operations_are_faults(void **state)
{
    struct om_wr in, out;

    (void)state;
    om_wr_init(&in, 64);
    om_wr_init(&out, 64);
    om_wr_zeros(&in, 3);
    assert_int_equal(run(OM_RFR_GET_FQDN, &in, &out), LAB_FAULT_BAD_STUB);
    om_wr_zeros(&in, 3);
    assert_int_equal(run(OM_RFR_GET_NEW_DSA, &in, &out), LAB_FAULT_BAD_STUB);
    assert_int_equal(run(2, &in, &out), LAB_FAULT_OP_RANGE);
    om_wr_free(&out);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_new_dsa_is_the_server_asked_in_the_name_of_its_age),
        TEST(test_new_dsa_has_nowhere_to_answer_without_a_pointer),
        TEST(test_fqdn_is_the_host_or_the_personalized_id_in_the_dn),
        TEST(test_referrals_refuse_as_told),
        TEST(test_broken_stubs_and_unknown_operations_are_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
