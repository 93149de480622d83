/* SPDX-License-Identifier: MIT */
#include "support/rpc_pair.h"

#include <string.h>

#include "base/mem.h"
#include "codec/ntlmssp.h"
#include "proto/auth.h"

static om_status try_new(const char *user, const char *password, struct om__auth_config config,
                         struct om__auth **auth, struct om_error *err)
{
    struct om__identity id = {0};
    om_status st;

    assert_int_equal(om__identity_parse(user, password, &id, NULL), OM_OK);
    config.identity = &id;
    config.service = "HTTP";
    config.host = "mail.contoso.test";
    st = om__auth_new(&config, auth, err);
    om__identity_free(&id);
    return st;
}

static struct om__auth *fresh(const char *user, struct om__auth_config config)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__auth *auth;

    if (try_new(user, "secret", config, &auth, &err) != OM_OK)
        fail_msg("%s", err.detail);
    return auth;
}

/* Both legs of NTLM; gives the acceptor's verdict. */
static om_status exchange(struct om__auth *auth, struct om_test_acceptor *acceptor,
                          struct om__rpc_accepted *accepted)
{
    struct om_error err = OM_ERROR_INIT;
    const uint8_t *token;
    struct om_wr reply;
    om_status st;
    size_t n;

    om_wr_init(&reply, 4096);
    assert_int_equal(om__auth_step(auth, NULL, 0, &token, &n, NULL), OM_OK);
    assert_int_equal(om__ntlm_message_type(token, n), 1);
    assert_false(om__auth_complete(auth));
    assert_int_equal(om__auth_signature_size(auth), 0);
    assert_int_equal(om_test_accept(acceptor, token, n, &reply, accepted, NULL), OM_OK);
    if (om__auth_step(auth, reply.buf, reply.len, &token, &n, &err) != OM_OK)
        fail_msg("%s", err.detail);
    assert_int_equal(om__ntlm_message_type(token, n), 3);
    assert_true(om__auth_complete(auth));
    st = om_test_accept(acceptor, token, n, &reply, accepted, NULL);
    om_wr_free(&reply);
    return st;
}

static void test_user_and_domain_reach_the_server_as_given(void **state)
{
    static const char *const rows[][3] = {
        {"CONTOSO\\alice", "CONTOSO", "alice"},
        {"alice@contoso.test", "", "alice@contoso.test"},
        {"CONTOSO\\alice@x", "CONTOSO", "alice@x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct om_test_acceptor acceptor = {.domain = "CONTOSO", .password = "secret"};
        struct om__auth_config config = {.mech = OM_AUTH_MECH_NTLM, .level = OM_RPC_LEVEL_PRIVACY};
        struct om__auth *auth = fresh(rows[i][0], config);
        struct om__rpc_accepted accepted;

        assert_int_equal(exchange(auth, &acceptor, &accepted), OM_OK);
        assert_string_equal(acceptor.seen_domain, rows[i][1]);
        assert_string_equal(acceptor.seen_user, rows[i][2]);
        assert_int_equal(om__auth_signature_size(auth), 16);
        om__auth_free(auth);
    }
}

static void test_what_is_negotiated_follows_the_level(void **state)
{
    static const struct {
        enum om__rpc_level level;
        uint32_t want, never;
    } rows[] = {
        {OM_RPC_LEVEL_PRIVACY, OM_NTLM_SIGN | OM_NTLM_SEAL | OM_NTLM_KEY_EXCH | OM_NTLM_128, 0},
        {OM_RPC_LEVEL_INTEGRITY, OM_NTLM_SIGN, OM_NTLM_SEAL},
        {OM_RPC_LEVEL_CONNECT, OM_NTLM_EXTENDED_SESSIONSECURITY, OM_NTLM_SEAL},
        {OM_RPC_LEVEL_NONE, OM_NTLM_EXTENDED_SESSIONSECURITY, OM_NTLM_SEAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct om_test_acceptor acceptor = {.domain = "CONTOSO", .password = "secret"};
        struct om__auth_config config = {.mech = OM_AUTH_MECH_NTLM, .level = rows[i].level};
        struct om__auth *auth = fresh("CONTOSO\\alice", config);
        struct om__rpc_accepted accepted;

        assert_int_equal(exchange(auth, &acceptor, &accepted), OM_OK);
        assert_int_equal(acceptor.flags & rows[i].want, rows[i].want);
        assert_int_equal(acceptor.flags & rows[i].never, 0);
        om__auth_free(auth);
    }
}

/* Raw NTLM's CHALLENGE is protected by nothing: whoever is on the way can take flags out of it. */
static void test_a_challenge_without_strong_protection_is_refused(void **state)
{
    static const struct {
        enum om__rpc_level level;
        uint32_t taken_out;
    } rows[] = {
        {OM_RPC_LEVEL_PRIVACY, OM_NTLM_128},
        {OM_RPC_LEVEL_PRIVACY, OM_NTLM_128 | OM_NTLM_56},
        {OM_RPC_LEVEL_PRIVACY, OM_NTLM_SEAL},
        {OM_RPC_LEVEL_INTEGRITY, OM_NTLM_SIGN},
        {OM_RPC_LEVEL_INTEGRITY, OM_NTLM_EXTENDED_SESSIONSECURITY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct om_test_acceptor acceptor = {.domain = "CONTOSO", .password = "secret"};
        struct om__auth_config config = {.mech = OM_AUTH_MECH_NTLM, .level = rows[i].level};
        struct om__auth *auth = fresh("CONTOSO\\alice", config);
        struct om_error err = OM_ERROR_INIT;
        struct om__rpc_accepted accepted;
        const uint8_t *token;
        struct om_wr reply;
        size_t n;

        om_wr_init(&reply, 4096);
        assert_int_equal(om__auth_step(auth, NULL, 0, &token, &n, NULL), OM_OK);
        assert_int_equal(om_test_accept(&acceptor, token, n, &reply, &accepted, NULL), OM_OK);
        for (size_t k = 0; k < 4; k++) /* NegotiateFlags, [MS-NLMP] 2.2.1.2 */
            reply.buf[20 + k] &= (uint8_t) ~(rows[i].taken_out >> 8 * k);
        if (!OM_FAILED(om__auth_step(auth, reply.buf, reply.len, &token, &n, &err)))
            fail_msg("taken without 0x%08X", rows[i].taken_out);
        assert_int_equal(err.layer, OM_LAYER_AUTH);
        assert_false(om__auth_complete(auth));
        om_wr_free(&reply);
        om__auth_free(auth);
    }
}

static void test_the_channel_binding_reaches_the_server(void **state)
{
    static const uint8_t data[] = "tls-server-end-point:0123456789abcdef0123456789abcdef";
    struct om_test_acceptor acceptor = {.domain = "CONTOSO", .password = "secret"};
    struct om__auth_config config = {.mech = OM_AUTH_MECH_NTLM};
    struct om__rpc_accepted accepted;
    uint8_t want[16], none[16] = {0};
    struct om__auth *auth;

    (void)state;
    auth = fresh("CONTOSO\\alice", config);
    assert_int_equal(exchange(auth, &acceptor, &accepted), OM_OK);
    assert_memory_equal(acceptor.seen_binding, none, 16);
    om__auth_free(auth);

    acceptor.step = 0;
    config.channel_binding = data;
    config.channel_binding_size = sizeof data - 1;
    auth = fresh("CONTOSO\\alice", config);
    assert_int_equal(exchange(auth, &acceptor, &accepted), OM_OK);
    om__ntlm_channel_binding(data, sizeof data - 1, want);
    assert_memory_equal(acceptor.seen_binding, want, 16);
    om__auth_free(auth);
}

static void test_a_wrong_password_is_refused_by_the_acceptor(void **state)
{
    struct om_test_acceptor acceptor = {.domain = "CONTOSO", .password = "another"};
    struct om__auth *auth =
        fresh("CONTOSO\\alice", (struct om__auth_config){.mech = OM_AUTH_MECH_NTLM});
    struct om__rpc_accepted accepted;

    (void)state;
    assert_int_equal(exchange(auth, &acceptor, &accepted), MAPI_E_LOGON_FAILED);
    om__auth_free(auth);
}

static void test_ntlm_without_a_password_says_so(void **state)
{
    struct om__auth_config config = {.mech = OM_AUTH_MECH_NTLM};
    struct om_error err = OM_ERROR_INIT;
    struct om__auth *auth = NULL;

    (void)state;
    assert_int_equal(try_new("alice", NULL, config, &auth, &err), MAPI_E_LOGON_FAILED);
    assert_int_equal(err.layer, OM_LAYER_AUTH);
    assert_int_equal(err.cause, OM_CAUSE_NO_CREDENTIALS);
    assert_null(auth);
}

static void test_a_broken_token_is_an_error_and_the_end(void **state)
{
    struct om__auth *auth =
        fresh("CONTOSO\\alice", (struct om__auth_config){.mech = OM_AUTH_MECH_NTLM});
    struct om_error err = OM_ERROR_INIT;
    const uint8_t *token = NULL;
    size_t n;

    (void)state;
    assert_int_equal(om__auth_step(auth, NULL, 0, &token, &n, NULL), OM_OK);
    assert_int_equal(
        om__auth_step(auth, (const uint8_t *)"NTLMSSP\0\2\0\0\0", 12, &token, &n, &err),
        MAPI_E_CORRUPT_DATA);
    assert_int_equal(err.layer, OM_LAYER_AUTH);
    assert_int_equal(err.cause, OM_CAUSE_PROTOCOL);
    assert_false(om__auth_complete(auth));
    om_error_clear(&err);
    assert_int_equal(om__auth_step(auth, (const uint8_t *)"x", 1, &token, &n, &err),
                     MAPI_E_LOGON_FAILED);
    assert_int_equal(err.cause, OM_CAUSE_AUTH_FAILED);
    om__auth_free(auth);
}

/* One CHALLENGE into a fresh exchange; gives the status, which must come with a cause. */
static om_status challenge_with(const uint8_t *p, size_t n)
{
    struct om__auth_config config = {.mech = OM_AUTH_MECH_NTLM, .level = OM_RPC_LEVEL_PRIVACY};
    struct om__auth *auth = fresh("CONTOSO\\alice", config);
    struct om_error err = OM_ERROR_INIT;
    const uint8_t *token;
    om_status st;
    size_t size;

    assert_int_equal(om__auth_step(auth, NULL, 0, &token, &size, NULL), OM_OK);
    st = om__auth_step(auth, p, n, &token, &size, &err);
    if (st != OM_OK) {
        assert_int_equal(err.layer, OM_LAYER_AUTH);
        assert_int_not_equal(err.cause, OM_CAUSE_NONE);
        assert_int_not_equal(err.detail[0], 0);
    }
    om__auth_free(auth);
    return st;
}

static void test_no_challenge_brings_the_mechanism_down(void **state)
{
    struct om_test_acceptor acceptor = {.domain = "CONTOSO", .password = "secret"};
    struct om__rpc_accepted accepted;
    struct om_wr good, negotiate;
    struct om__ntlm_negotiate m = {.flags = 0xE2088235};
    struct om__ntlm_challenge c;

    (void)state;
    om_wr_init(&negotiate, 100);
    om_wr_init(&good, 4096);
    assert_int_equal(om__ntlm_negotiate_encode(&negotiate, &m, NULL), OM_OK);
    assert_int_equal(
        om_test_accept(&acceptor, negotiate.buf, negotiate.len, &good, &accepted, NULL), OM_OK);
    assert_int_equal(challenge_with(good.buf, good.len), OM_OK);
    for (size_t i = 0; i < good.len; i++) {
        static const uint8_t bits[] = {0x01, 0x80, 0xFF};

        assert_int_not_equal(challenge_with(good.buf, i), OM_OK);
        for (size_t b = 0; b < sizeof bits; b++) {
            good.buf[i] ^= bits[b];
            challenge_with(good.buf, good.len);
            good.buf[i] ^= bits[b];
        }
    }
    assert_int_equal(om__ntlm_challenge_decode(good.buf, good.len, &c, NULL), OM_OK);
    c.target_name = (struct om_binary){0};
    om_wr_reset(&negotiate);
    negotiate.ceiling = 4096;
    assert_int_equal(om__ntlm_challenge_encode(&negotiate, &c, NULL), OM_OK);
    assert_int_equal(challenge_with(negotiate.buf, negotiate.len), MAPI_E_CORRUPT_DATA);
    om_wr_free(&negotiate);
    om_wr_free(&good);
}

static void test_no_security_is_complete_and_takes_no_token(void **state)
{
    struct om__auth_config config = {.mech = OM_AUTH_MECH_NONE, .level = OM_RPC_LEVEL_PRIVACY};
    struct om_error err = OM_ERROR_INIT;
    const uint8_t *token;
    struct om__auth *auth;
    size_t n;

    (void)state;
    assert_int_equal(om__auth_new(&config, &auth, &err), OM_OK);
    assert_true(om__auth_complete(auth));
    assert_int_equal(om__auth_level(auth), OM_RPC_LEVEL_NONE);
    assert_int_equal(om__auth_step(auth, NULL, 0, &token, &n, &err), OM_OK);
    assert_int_equal(n, 0);
    assert_int_equal(om__auth_step(auth, (const uint8_t *)"x", 1, &token, &n, &err),
                     MAPI_E_LOGON_FAILED);
    om__auth_free(auth);
    om__auth_free(NULL);
}

#ifdef OM_FAULTS
static void test_every_allocation_may_fail(void **state)
{
    struct om__auth_config config = {.mech = OM_AUTH_MECH_NTLM,
                                     .level = OM_RPC_LEVEL_PRIVACY,
                                     .channel_binding = (const uint8_t *)"x",
                                     .channel_binding_size = 1,
                                     .service = "HTTP",
                                     .host = "mail.contoso.test"};
    struct om__identity id = {0};
    unsigned long nth = 0;
    bool hit = true;

    (void)state;
    assert_int_equal(om__identity_parse("alice", "secret", &id, NULL), OM_OK);
    config.identity = &id;
    while (hit) {
        struct om_error err = OM_ERROR_INIT;
        struct om__auth *auth = NULL;
        const uint8_t *token;
        size_t n;
        om_status st;

        om__fault_arm(OM_FAULT_ALLOC, ++nth);
        st = om__auth_new(&config, &auth, &err);
        if (st == OM_OK)
            st = om__auth_step(auth, NULL, 0, &token, &n, &err);
        hit = om__fault_hit();
        om__fault_arm(OM_FAULT_ALLOC, 0);
        assert_int_equal(st == OM_OK, !hit);
        if (hit)
            assert_int_equal(err.cause, OM_CAUSE_NO_MEMORY);
        om__auth_free(auth);
    }
    assert_true(nth > 5);
    om__identity_free(&id);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_and_domain_reach_the_server_as_given),
        cmocka_unit_test(test_what_is_negotiated_follows_the_level),
        cmocka_unit_test(test_a_challenge_without_strong_protection_is_refused),
        cmocka_unit_test(test_the_channel_binding_reaches_the_server),
        cmocka_unit_test(test_a_wrong_password_is_refused_by_the_acceptor),
        cmocka_unit_test(test_ntlm_without_a_password_says_so),
        cmocka_unit_test(test_a_broken_token_is_an_error_and_the_end),
        cmocka_unit_test(test_no_challenge_brings_the_mechanism_down),
        cmocka_unit_test(test_no_security_is_complete_and_takes_no_token),
#ifdef OM_FAULTS
        cmocka_unit_test(test_every_allocation_may_fail),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
