/* SPDX-License-Identifier: MIT */
#include "support/rpc_exchange.h"
#include "support/rpc_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rpc_fault.h"

/* What the server answers: the stub in reverse, repeated `repeat` times. */
static void answer(struct om__rpc_server *s, const struct om__rpc_server_event *ev, size_t repeat)
{
    size_t n = ev->stub.cb;
    uint8_t *out = malloc(n * repeat + 1);

    assert_non_null(out);
    for (size_t i = 0; i < n * repeat; i++)
        out[i] = ev->stub.pb[n - 1 - i % n];
    assert_int_equal(om__rpc_server_respond(s, ev->call_id, out, n * repeat, NULL), OM_OK);
    free(out);
}

struct rig {
    struct om_test_pair pair;
    struct om_test_acceptor acceptor;
    struct om__rpc_acceptor ntlm;
    struct om__auth *auth;
};

static void start_with(struct rig *rig, enum om__auth_mech mech, enum om__rpc_level level,
                       const char *password, size_t chunk, bool sign_faults)
{
    struct om__rpc_server_config server = {.interfaces = om_test_interfaces,
                                           .interface_count = 2,
                                           .assoc_group_id = 77,
                                           .sign_faults = sign_faults,
                                           .sec_addr = "6001"};
    struct om__identity id = {0};
    struct om_error err = OM_ERROR_INIT;
    struct om__rpc_assoc_config client = {0};

    *rig = (struct rig){.pair.chunk = chunk,
                        .acceptor = {.domain = "CONTOSO", .password = "secret", .challenge = {9}}};
    rig->ntlm = (struct om__rpc_acceptor){om_test_accept, &rig->acceptor};
    server.ntlm = &rig->ntlm;
    assert_int_equal(om__identity_parse("CONTOSO\\alice", password, &id, &err), OM_OK);
    if (om__auth_new(&(struct om__auth_config){.mech = mech,
                                               .level = level,
                                               .identity = &id,
                                               .service = "exchangeMDB",
                                               .host = "server.contoso.test"},
                     &rig->auth, &err) != OM_OK)
        fail_msg("%s", err.detail);
    om__identity_free(&id);
    client.auth = rig->auth;
    assert_int_equal(om__rpc_assoc_new(&client, &rig->pair.client, &err), OM_OK);
    assert_int_equal(om__rpc_server_new(&server, &rig->pair.server, &err), OM_OK);
}

static void start(struct rig *rig, enum om__auth_mech mech, enum om__rpc_level level,
                  const char *password, size_t chunk)
{
    start_with(rig, mech, level, password, chunk, false);
}

static void stop(struct rig *rig)
{
    om__rpc_assoc_free(rig->pair.client);
    om__rpc_server_free(rig->pair.server);
    om__auth_free(rig->auth);
}

static struct om__rpc_event client_event(struct rig *rig, enum om__rpc_event_kind kind)
{
    struct om__rpc_event ev;

    if (!om__rpc_assoc_next(rig->pair.client, &ev))
        fail_msg("no event, state %s", om__rpc_assoc_state(rig->pair.client));
    if (ev.kind != kind)
        fail_msg("event %d instead of %d: %s", ev.kind, kind, ev.error ? ev.error->detail : "");
    return ev;
}

static void no_client_event(struct rig *rig)
{
    struct om__rpc_event ev;

    assert_false(om__rpc_assoc_next(rig->pair.client, &ev));
}

static struct om__rpc_server_event server_event(struct rig *rig,
                                                enum om__rpc_server_event_kind kind)
{
    struct om__rpc_server_event ev;

    assert_true(om__rpc_server_next(rig->pair.server, &ev));
    if (ev.kind != kind)
        fail_msg("server event %d: %s", ev.kind, ev.error ? ev.error->detail : "");
    return ev;
}

static void no_server_event(struct rig *rig)
{
    struct om__rpc_server_event ev;

    if (om__rpc_server_next(rig->pair.server, &ev))
        fail_msg("server event %d: %s", ev.kind, ev.error ? ev.error->detail : "");
}

/* Moves everything there and back, without an event on the server's side. */
static void settle(struct rig *rig)
{
    for (int i = 0; i < 3; i++) {
        om_test_to_server(&rig->pair);
        no_server_event(rig);
        om_test_to_client(&rig->pair);
    }
}

static uint16_t bind_first(struct rig *rig)
{
    uint16_t context;

    assert_int_equal(om__rpc_assoc_bind(rig->pair.client, &om_test_first, &context, NULL), OM_OK);
    settle(rig);
    assert_int_equal(client_event(rig, OM_RPC_EV_BOUND).context_id, context);
    settle(rig); /* AUTH3 */
    return context;
}

/* One call of n bytes that comes back reversed and `repeat` times as long. */
static void call_once(struct rig *rig, uint16_t context, size_t n, size_t repeat)
{
    uint8_t *stub = malloc(n + 1);
    struct om__rpc_server_event sv;
    struct om__rpc_event ev;
    uint32_t id;

    assert_non_null(stub);
    for (size_t i = 0; i < n; i++)
        stub[i] = (uint8_t)(i * 7 + i / 251);
    assert_int_equal(om__rpc_assoc_call(rig->pair.client, context, 5, NULL, stub, n, &id, NULL),
                     OM_OK);
    om_test_to_server(&rig->pair);
    sv = server_event(rig, OM_RPC_SV_REQUEST);
    assert_int_equal(sv.opnum, 5);
    assert_int_equal(sv.call_id, id);
    assert_int_equal(sv.level, om__auth_level(rig->auth));
    om_assert_bytes(sv.stub.pb, sv.stub.cb, stub, n);
    answer(rig->pair.server, &sv, repeat);
    om_test_to_client(&rig->pair);
    ev = client_event(rig, OM_RPC_EV_RESPONSE);
    assert_int_equal(ev.call_id, id);
    assert_int_equal(ev.context_id, context);
    assert_int_equal(ev.stub.cb, n * repeat);
    for (size_t i = 0; i < n * repeat; i++)
        if (ev.stub.pb[i] != stub[n - 1 - i % n])
            fail_msg("byte %zu of the answer differs", i);
    no_client_event(rig);
    free(stub);
}

static void converse(enum om__auth_mech mech, enum om__rpc_level level, size_t chunk)
{
    uint16_t first, second;
    struct rig rig;

    start(&rig, mech, level, "secret", chunk);
    first = bind_first(&rig);
    call_once(&rig, first, 1, 1);
    call_once(&rig, first, 60, 300);  /* the answer in four fragments */
    call_once(&rig, first, 20001, 2); /* both in several */
    assert_int_equal(om__rpc_assoc_bind(rig.pair.client, &om_test_second, &second, NULL), OM_OK);
    settle(&rig);
    assert_int_equal(client_event(&rig, OM_RPC_EV_BOUND).context_id, second);
    assert_int_not_equal(first, second);
    call_once(&rig, second, 33, 1);
    call_once(&rig, first, 16, 1);
    assert_int_equal(om__rpc_server_shutdown(rig.pair.server, NULL), OM_OK);
    om_test_to_client(&rig.pair);
    client_event(&rig, OM_RPC_EV_CLOSED);
    no_client_event(&rig);
    assert_int_equal(om__rpc_assoc_bind(rig.pair.client, &om_test_first, &first, NULL),
                     MAPI_E_CONNECTION_LOST);
    stop(&rig);
}

static void test_conversation_without_security(void **state)
{
    (void)state;
    converse(OM_AUTH_MECH_NONE, OM_RPC_LEVEL_NONE, 0);
    converse(OM_AUTH_MECH_NONE, OM_RPC_LEVEL_NONE, 1);
}

static void test_conversation_under_ntlm_at_every_level(void **state)
{
    (void)state;
    converse(OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_CONNECT, 0);
    converse(OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PACKET, 0);
    converse(OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_INTEGRITY, 0);
    converse(OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, 0);
    converse(OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, 1);
    converse(OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, 4096);
}

static void test_privacy_hides_the_stub_and_integrity_does_not(void **state)
{
    static const char secret[] = "a stub that nobody on the way may read";
    const uint8_t *pdu;
    uint16_t context;
    struct rig rig;
    uint32_t id;
    size_t n;

    (void)state;
    for (enum om__rpc_level level = OM_RPC_LEVEL_INTEGRITY; level <= OM_RPC_LEVEL_PRIVACY;
         level++) {
        start(&rig, OM_AUTH_MECH_NTLM, level, "secret", 0);
        context = bind_first(&rig);
        assert_int_equal(
            om__rpc_assoc_call(rig.pair.client, context, 1, NULL, secret, sizeof secret, &id, NULL),
            OM_OK);
        assert_true(om__rpc_assoc_output(rig.pair.client, &pdu, &n));
        assert_int_equal(memmem(pdu, n, secret, sizeof secret) == NULL,
                         level == OM_RPC_LEVEL_PRIVACY);
        stop(&rig);
    }
}

static void test_several_calls_answered_in_any_order(void **state)
{
    struct om__rpc_server_event sv[3];
    uint8_t stub[3][40];
    uint16_t context;
    uint32_t id[3];
    struct rig rig;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    context = bind_first(&rig);
    for (int i = 0; i < 3; i++) {
        memset(stub[i], 'a' + i, sizeof stub[i]);
        assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, (uint16_t)i, NULL, stub[i],
                                            40, &id[i], NULL),
                         OM_OK);
    }
    assert_int_equal(om__rpc_assoc_outstanding(rig.pair.client), 3);
    om_test_to_server(&rig.pair);
    for (int i = 0; i < 3; i++) {
        sv[i] = server_event(&rig, OM_RPC_SV_REQUEST);
        assert_int_equal(sv[i].opnum, i);
    }
    for (int i = 2; i >= 0; i--)
        assert_int_equal(om__rpc_server_respond(rig.pair.server, id[i], stub[i], 40, NULL), OM_OK);
    om_test_to_client(&rig.pair);
    for (int i = 2; i >= 0; i--) {
        struct om__rpc_event ev = client_event(&rig, OM_RPC_EV_RESPONSE);

        assert_int_equal(ev.call_id, id[i]);
        om_assert_bytes(ev.stub.pb, ev.stub.cb, stub[i], 40);
    }
    assert_int_equal(om__rpc_assoc_outstanding(rig.pair.client), 0);
    stop(&rig);
}

static void test_too_many_calls_wait(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    uint16_t context;
    struct rig rig;
    uint32_t id;

    (void)state;
    start(&rig, OM_AUTH_MECH_NONE, OM_RPC_LEVEL_NONE, "", 0);
    context = bind_first(&rig);
    for (unsigned i = 0; i < OM_RPC_ASSOC_CALLS; i++)
        assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, NULL),
                         OM_OK);
    assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, &err),
                     MAPI_E_BUSY);
    om_error_clear(&err);
    assert_int_equal(om__rpc_assoc_call(rig.pair.client, 5, 0, NULL, "x", 1, &id, &err),
                     MAPI_E_CALL_FAILED);
    assert_int_equal(err.cause, OM_CAUSE_INTERNAL);
    stop(&rig);
}

static void test_an_object_reaches_the_server(void **state)
{
    struct om_guid object = {1, 2, 3, {4}};
    struct om__rpc_server_event sv;
    uint8_t stub[9000] = {1};
    uint16_t context;
    struct rig rig;
    uint32_t id;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    context = bind_first(&rig);
    assert_int_equal(
        om__rpc_assoc_call(rig.pair.client, context, 1, &object, stub, sizeof stub, &id, NULL),
        OM_OK);
    om_test_to_server(&rig.pair);
    sv = server_event(&rig, OM_RPC_SV_REQUEST);
    assert_non_null(sv.object);
    assert_memory_equal(sv.object, &object, sizeof object);
    om_assert_bytes(sv.stub.pb, sv.stub.cb, stub, sizeof stub);
    assert_string_equal(sv.interface->name, "FIRST");
    stop(&rig);
}

static void test_a_wrong_password_is_bad_credentials(void **state)
{
    struct om__rpc_event ev;
    uint16_t context;
    struct rig rig;
    uint32_t id;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "wrong", 0);
    context = bind_first(&rig); /* AUTH3 has no answer */
    assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, NULL),
                     OM_OK);
    settle(&rig);
    ev = client_event(&rig, OM_RPC_EV_FAULT);
    assert_int_equal(ev.call_id, id);
    assert_int_equal(ev.status, 5);
    assert_int_equal(ev.error->status, MAPI_E_LOGON_FAILED);
    assert_int_equal(ev.error->layer, OM_LAYER_AUTH);
    assert_int_equal(ev.error->cause, OM_CAUSE_BAD_CREDENTIALS);
    assert_int_equal(om__rpc_server_level(rig.pair.server), OM_RPC_LEVEL_NONE);
    stop(&rig);
}

static void test_access_denied_after_an_answer_is_no_matter_of_credentials(void **state)
{
    struct om__rpc_server_event sv;
    struct om__rpc_event ev;
    uint16_t context;
    struct rig rig;
    uint32_t id;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    context = bind_first(&rig);
    call_once(&rig, context, 10, 1);
    assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, NULL),
                     OM_OK);
    om_test_to_server(&rig.pair);
    sv = server_event(&rig, OM_RPC_SV_REQUEST);
    assert_int_equal(om__rpc_server_fault(rig.pair.server, sv.call_id, 5, NULL), OM_OK);
    om_test_to_client(&rig.pair);
    ev = client_event(&rig, OM_RPC_EV_FAULT);
    assert_int_equal(ev.error->status, MAPI_E_NO_ACCESS);
    assert_int_equal(ev.error->cause, OM_CAUSE_ACCESS_DENIED);
    assert_int_equal(ev.error->native, 5);
    call_once(&rig, context, 10, 1); /* a fault is not the end */
    stop(&rig);
}

static void test_an_interface_that_is_not_served_is_refused(void **state)
{
    const struct om__rpc_syntax unknown = {{0x99, 0, 0, {0}}, 1, 0};
    const struct om__rpc_syntax newer = {om_test_second.uuid, 0, 82};
    const struct om__rpc_syntax asked[] = {unknown, newer};
    struct om_error err = OM_ERROR_INIT;
    struct om__rpc_event ev;
    uint16_t context;
    struct rig rig;

    (void)state;
    for (int i = 0; i < 2; i++) {
        start(&rig, OM_AUTH_MECH_NONE, OM_RPC_LEVEL_NONE, "", 0);
        assert_int_equal(om__rpc_assoc_bind(rig.pair.client, &asked[i], &context, NULL), OM_OK);
        settle(&rig);
        ev = client_event(&rig, OM_RPC_EV_BIND_FAILED);
        assert_int_equal(ev.error->cause, OM_CAUSE_BIND_REFUSED);
        assert_int_equal(ev.error->native_kind, OM_NATIVE_BIND_REASON);
        assert_int_equal(ev.error->native, OM_RPC_REASON_ABSTRACT_SYNTAX);
        no_client_event(&rig); /* the bind's failure was the end, reported once */
        om_error_clear(&err);
        assert_int_equal(om__rpc_assoc_bind(rig.pair.client, &om_test_first, &context, &err),
                         MAPI_E_NO_SUPPORT);
        assert_int_equal(err.cause, OM_CAUSE_BIND_REFUSED);
        stop(&rig);
    }
}

static void test_a_refused_second_interface_leaves_the_first(void **state)
{
    const struct om__rpc_syntax unknown = {{0x99, 0, 0, {0}}, 1, 0};
    uint16_t first, refused, second;
    struct om__rpc_event ev;
    struct rig rig;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    /* all three at once: one bind, then alter_contexts one by one */
    assert_int_equal(om__rpc_assoc_bind(rig.pair.client, &om_test_first, &first, NULL), OM_OK);
    assert_int_equal(om__rpc_assoc_bind(rig.pair.client, &unknown, &refused, NULL), OM_OK);
    assert_int_equal(om__rpc_assoc_bind(rig.pair.client, &om_test_second, &second, NULL), OM_OK);
    settle(&rig);
    assert_int_equal(client_event(&rig, OM_RPC_EV_BOUND).context_id, first);
    settle(&rig);
    ev = client_event(&rig, OM_RPC_EV_BIND_FAILED);
    assert_int_equal(ev.context_id, refused);
    assert_int_equal(ev.error->cause, OM_CAUSE_BIND_REFUSED);
    settle(&rig);
    assert_int_equal(client_event(&rig, OM_RPC_EV_BOUND).context_id, second);
    call_once(&rig, first, 5, 1);
    call_once(&rig, second, 5, 1);
    stop(&rig);
}

static void test_ntlm_where_it_is_not_offered_is_bind_nak(void **state)
{
    struct om__rpc_server_config config = {.interfaces = om_test_interfaces, .interface_count = 2};
    struct om__rpc_event ev;
    uint16_t context;
    struct rig rig;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    om__rpc_server_free(rig.pair.server);
    assert_int_equal(om__rpc_server_new(&config, &rig.pair.server, NULL), OM_OK);
    assert_int_equal(om__rpc_assoc_bind(rig.pair.client, &om_test_first, &context, NULL), OM_OK);
    om_test_to_server(&rig.pair);
    server_event(&rig, OM_RPC_SV_FAILED);
    om_test_to_client(&rig.pair);
    ev = client_event(&rig, OM_RPC_EV_BIND_FAILED);
    assert_int_equal(ev.error->cause, OM_CAUSE_AUTH_NOT_OFFERED);
    assert_int_equal(ev.error->native, OM_RPC_NAK_AUTH_TYPE);
    no_client_event(&rig);
    stop(&rig);
}

static void test_a_server_that_requires_security_faults_without_it(void **state)
{
    struct om__rpc_server_config config = {
        .interfaces = om_test_interfaces, .interface_count = 2, .require_auth = true};
    uint16_t context;
    struct rig rig;
    uint32_t id;

    (void)state;
    start(&rig, OM_AUTH_MECH_NONE, OM_RPC_LEVEL_NONE, "", 0);
    om__rpc_server_free(rig.pair.server);
    assert_int_equal(om__rpc_server_new(&config, &rig.pair.server, NULL), OM_OK);
    context = bind_first(&rig);
    assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, NULL),
                     OM_OK);
    settle(&rig);
    assert_int_equal(client_event(&rig, OM_RPC_EV_FAULT).error->cause, OM_CAUSE_ACCESS_DENIED);
    stop(&rig);
}

/* Flips one bit of each PDU, at an offset counted from its end when negative. */
static void flip(uint8_t *pdu, size_t n, void *ctx)
{
    int at = *(int *)ctx;

    pdu[at < 0 ? (size_t)((int)n + at) : (size_t)at] ^= 0x40;
}

static void test_a_damaged_answer_does_not_pass(void **state)
{
    /* context id in the header, stub, padding, trailer's context id, checksum, sequence */
    static const int places[] = {20, 30, -28, -18, -10, -1};
    struct om__rpc_server_event sv;
    struct om__rpc_event ev;
    uint16_t context;
    struct rig rig;
    uint32_t id;

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        for (enum om__rpc_level level = OM_RPC_LEVEL_INTEGRITY; level <= OM_RPC_LEVEL_PRIVACY;
             level++) {
            int at = places[i];

            start(&rig, OM_AUTH_MECH_NTLM, level, "secret", 0);
            context = bind_first(&rig);
            assert_int_equal(
                om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "0123456789", 10, &id, NULL),
                OM_OK);
            om_test_to_server(&rig.pair);
            sv = server_event(&rig, OM_RPC_SV_REQUEST);
            answer(rig.pair.server, &sv, 1);
            rig.pair.mangle = flip;
            rig.pair.mangle_ctx = &at;
            om_test_to_client(&rig.pair);
            ev = client_event(&rig, OM_RPC_EV_FAILED);
            assert_int_equal(ev.error->layer, OM_LAYER_AUTH);
            assert_int_equal(ev.error->cause, OM_CAUSE_BAD_SIGNATURE);
            no_client_event(&rig);
            assert_int_equal(
                om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, NULL),
                MAPI_E_CORRUPT_DATA);
            stop(&rig);
        }
    }
}

/* A call that is answered by a fault, on its way to the client. */
static uint32_t call_to_fault(struct rig *rig, uint16_t context)
{
    uint32_t id;

    assert_int_equal(om__rpc_assoc_call(rig->pair.client, context, 0, NULL, "x", 1, &id, NULL),
                     OM_OK);
    om_test_to_server(&rig->pair);
    assert_int_equal(server_event(rig, OM_RPC_SV_REQUEST).call_id, id);
    assert_int_equal(om__rpc_server_fault(rig->pair.server, id, 0x6F7, NULL), OM_OK);
    om_test_to_client(&rig->pair);
    return id;
}

static void test_a_signed_fault_moves_the_sequence_on(void **state)
{
    (void)state;
    for (enum om__rpc_level level = OM_RPC_LEVEL_INTEGRITY; level <= OM_RPC_LEVEL_PRIVACY;
         level++) {
        struct rig rig;
        struct om__rpc_event ev;
        uint16_t context;
        uint32_t id;

        start_with(&rig, OM_AUTH_MECH_NTLM, level, "secret", 0, true);
        context = bind_first(&rig);
        id = call_to_fault(&rig, context);
        ev = client_event(&rig, OM_RPC_EV_FAULT);
        assert_int_equal(ev.call_id, id);
        assert_int_equal(ev.status, 0x6F7);
        call_once(&rig, context, 10, 1);
        stop(&rig);
    }
}

static void test_a_damaged_signed_fault_is_not_believed(void **state)
{
    static const int places[] = {24, -18, -1}; /* status, trailer's context id, sequence */

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct rig rig;
        int at = places[i];
        uint16_t context;

        start_with(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0, true);
        context = bind_first(&rig);
        rig.pair.mangle = flip;
        rig.pair.mangle_ctx = &at;
        call_to_fault(&rig, context);
        assert_int_equal(client_event(&rig, OM_RPC_EV_FAILED).error->cause, OM_CAUSE_BAD_SIGNATURE);
        no_client_event(&rig);
        stop(&rig);
    }
}

static void test_an_answer_of_another_level_is_refused_by_name(void **state)
{
    struct om__rpc_server_event sv;
    struct om__rpc_event ev;
    int at = -23; /* auth_level */
    uint16_t context;
    struct rig rig;
    uint32_t id;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    context = bind_first(&rig);
    assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, NULL),
                     OM_OK);
    om_test_to_server(&rig.pair);
    sv = server_event(&rig, OM_RPC_SV_REQUEST);
    answer(rig.pair.server, &sv, 1);
    rig.pair.mangle = flip;
    rig.pair.mangle_ctx = &at;
    om_test_to_client(&rig.pair);
    ev = client_event(&rig, OM_RPC_EV_FAILED);
    assert_int_equal(ev.error->cause, OM_CAUSE_BAD_SIGNATURE);
    assert_string_equal(ev.error->detail,
                        "a response has a verifier of 16 bytes, type 10, level unknown; agreed are "
                        "16 bytes, type 10, level privacy");
    stop(&rig);
}

static void test_a_damaged_request_is_faulted_and_ends_the_association(void **state)
{
    struct om__rpc_server_event sv;
    const uint8_t *pdu;
    uint8_t copy[200];
    uint16_t context;
    struct rig rig;
    uint32_t id;
    size_t n;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    context = bind_first(&rig);
    assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, NULL),
                     OM_OK);
    assert_true(om__rpc_assoc_output(rig.pair.client, &pdu, &n));
    assert_true(n <= sizeof copy);
    memcpy(copy, pdu, n);
    copy[22] ^= 1; /* the opnum */
    assert_int_equal(om__rpc_server_feed(rig.pair.server, copy, n, NULL), OM_OK);
    sv = server_event(&rig, OM_RPC_SV_FAILED);
    assert_int_equal(sv.error->cause, OM_CAUSE_BAD_SIGNATURE);
    om_test_to_client(&rig.pair);
    assert_int_equal(client_event(&rig, OM_RPC_EV_FAULT).status, OM_FAULT_SEC_PKG_ERROR);
    stop(&rig);
}

static void feed_hex(struct rig *rig, const char *hex)
{
    size_t n;
    uint8_t *p = om_unhex(hex, &n);

    assert_int_equal(om__rpc_assoc_feed(rig->pair.client, p, n, NULL), OM_OK);
    free(p);
}

static void broken(const char *hex, bool bound, const char *detail)
{
    struct om__rpc_event ev;
    uint16_t context;
    struct rig rig;
    uint32_t id;

    start(&rig, OM_AUTH_MECH_NONE, OM_RPC_LEVEL_NONE, "", 0);
    if (bound) {
        context = bind_first(&rig);
        assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, NULL),
                         OM_OK);
        assert_int_equal(id, 2);
    }
    feed_hex(&rig, hex);
    ev = client_event(&rig, OM_RPC_EV_FAILED);
    assert_int_equal(ev.error->cause, OM_CAUSE_PROTOCOL);
    assert_string_equal(ev.error->detail, detail);
    no_client_event(&rig);
    stop(&rig);
}

#define RESPONSE(flags, id)                                                                        \
    "05 00 02 " flags " 10000000 1c00 0000 " id " 04000000 0000 00 00 01020304"
#define BIND_ACK                                                                                   \
    "05 00 0c 03 10000000 3c00 0000 01000000 d016 d016 05000000 0000 0000 01 000000 0000 0000"     \
    "045d888aeb1cc9119fe808002b104860 02000000"

static void test_what_a_server_must_not_send_names_event_and_state(void **state)
{
    (void)state;
    broken(RESPONSE("03", "02000000"), false, "response in state idle");
    broken("05 00 0d 03 10000000 1200 0000 01000000 0800", true, "bind_nak in state bound");
    broken(RESPONSE("03", "09000000"), true,
           "a response for call 9, which nobody waits for, in state bound");
    broken(RESPONSE("02", "02000000"), true, "call 2: a later fragment where the first is due");
    broken(RESPONSE("01", "02000000") RESPONSE("01", "02000000"), true,
           "call 2: a first fragment where the next is due");
    broken("05 00 00 03 10000000 1800 0000 02000000 00000000 0000 0000", true,
           "a request from the server, in state bound");
    broken("05 00 02 03 00000000 001c 0000 00000002", true,
           "PDU header: packed_drep (only little-endian, 0x10,) at byte 5 is 0x0, which is not "
           "allowed here");
    broken("05 00 02 03 10000000 0f00 0000 02000000", true,
           "PDU header: frag_length at byte 10 is 0xF, which is not allowed here");
    broken("48 54 54 50 2f 31 2e 31 20 35 30 33 20 52 50 43 20", true,
           "PDU header: rpc_vers at byte 1 is 0x48, which is not allowed here");
}

static void test_a_fault_to_an_unknown_call_is_a_protocol_error(void **state)
{
    (void)state;
    broken("05 00 03 03 10000000 2000 0000 09000000 20000000 0000 00 00 05000000 00000000", true,
           "a fault for call 9, which nobody waits for, in state bound");
}

static void bad_bind_ack(const char *hex, const char *detail)
{
    struct om__rpc_event ev;
    uint16_t context;
    struct rig rig;

    start(&rig, OM_AUTH_MECH_NONE, OM_RPC_LEVEL_NONE, "", 0);
    assert_int_equal(om__rpc_assoc_bind(rig.pair.client, &om_test_first, &context, NULL), OM_OK);
    feed_hex(&rig, hex);
    ev = client_event(&rig, OM_RPC_EV_FAILED);
    assert_string_equal(ev.error->detail, detail);
    stop(&rig);
}

static void test_bind_acks_that_cannot_be(void **state)
{
    (void)state;
    bad_bind_ack("05 00 0c 03 10000000 3800 0000 01000000 d016 0001 05000000 0000 0000 01 000000"
                 "0000 0000 045d888aeb1cc9119fe808002b104860 02000000",
                 "the server takes fragments of 256 bytes; at least 1432 is the rule");
    bad_bind_ack("05 00 0c 03 10000000 3800 0000 01000000 d016 d016 05000000 0000 0000 01 000000"
                 "0000 0000 045d888aeb1cc9119fe808002b104860 01000000",
                 "the server chose a transfer syntax that was not offered");
    bad_bind_ack("05 00 0c 03 10000000 2000 0000 01000000 d016 d016 05000000 0000 0000 00 000000",
                 "a bind_ack without a result");
    bad_bind_ack("05 00 0c 03 10000000 3800 0000 07000000 d016 d016 05000000 0000 0000 01 000000"
                 "0000 0000 045d888aeb1cc9119fe808002b104860 02000000",
                 "a bind_ack for call 7, where call 1 waits for it");
}

static void test_a_bind_ack_without_a_token_is_not_taken_for_security(void **state)
{
    struct om__rpc_event ev;
    uint16_t context;
    struct rig rig;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    assert_int_equal(om__rpc_assoc_bind(rig.pair.client, &om_test_first, &context, NULL), OM_OK);
    feed_hex(&rig, "05 00 0c 03 10000000 3800 0000 01000000 d016 d016 05000000 0000 0000 01 000000"
                   "0000 0000 045d888aeb1cc9119fe808002b104860 02000000");
    ev = client_event(&rig, OM_RPC_EV_FAILED);
    assert_int_equal(ev.error->cause, OM_CAUSE_AUTH_NOT_OFFERED);
    stop(&rig);
}

static void test_an_unsigned_answer_does_not_pass_under_security(void **state)
{
    struct om__rpc_event ev;
    uint16_t context;
    struct rig rig;
    uint32_t id;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    context = bind_first(&rig);
    assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, NULL),
                     OM_OK);
    feed_hex(&rig, RESPONSE("03", "02000000"));
    ev = client_event(&rig, OM_RPC_EV_FAILED);
    assert_int_equal(ev.error->cause, OM_CAUSE_BAD_SIGNATURE);
    stop(&rig);
}

static void test_the_end_of_the_stream(void **state)
{
    struct om__rpc_event ev;
    uint16_t context;
    struct rig rig;
    uint32_t id;

    (void)state;
    start(&rig, OM_AUTH_MECH_NONE, OM_RPC_LEVEL_NONE, "", 0);
    context = bind_first(&rig);
    om__rpc_assoc_eof(rig.pair.client);
    client_event(&rig, OM_RPC_EV_CLOSED);
    stop(&rig);

    start(&rig, OM_AUTH_MECH_NONE, OM_RPC_LEVEL_NONE, "", 0);
    context = bind_first(&rig);
    assert_int_equal(om__rpc_assoc_call(rig.pair.client, context, 0, NULL, "x", 1, &id, NULL),
                     OM_OK);
    om__rpc_assoc_eof(rig.pair.client);
    ev = client_event(&rig, OM_RPC_EV_FAILED);
    assert_int_equal(ev.error->cause, OM_CAUSE_CLOSED);
    assert_string_equal(ev.error->detail,
                        "end of stream in state bound, 1 calls without an answer");
    stop(&rig);
}

static void test_a_stub_over_the_ceiling_is_refused_and_nothing_breaks(void **state)
{
    uint8_t *big = calloc(1, OM_MAX_RPC_STUB + 1);
    struct om_error err = OM_ERROR_INIT;
    uint16_t context;
    struct rig rig;
    uint32_t id;

    (void)state;
    assert_non_null(big);
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    context = bind_first(&rig);
    assert_int_equal(
        om__rpc_assoc_call(rig.pair.client, context, 0, NULL, big, OM_MAX_RPC_STUB + 1, &id, &err),
        MAPI_E_TOO_BIG);
    call_once(&rig, context, 100, 1);
    call_once(&rig, context, OM_MAX_RPC_STUB, 1);
    stop(&rig);
    free(big);
}

struct timeline {
    char text[400];
};

static void note(void *ctx, const struct om_trace_event *ev)
{
    struct timeline *t = ctx;
    size_t n = strlen(t->text);

    snprintf(t->text + n, sizeof t->text - n, "%s>%s ", ev->event, ev->to);
}

static void test_every_transition_is_traced(void **state)
{
    struct timeline t = {{0}};
    struct om__rpc_assoc_config config = {.trace = {note, &t}};
    uint16_t context;
    struct rig rig;

    (void)state;
    start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
    om__rpc_assoc_free(rig.pair.client);
    config.auth = rig.auth;
    assert_int_equal(om__rpc_assoc_new(&config, &rig.pair.client, NULL), OM_OK);
    context = bind_first(&rig);
    call_once(&rig, context, 1, 1);
    om__rpc_assoc_eof(rig.pair.client);
    assert_string_equal(t.text, "bind asked for>binding bind_ack>securing security complete>bound "
                                "call asked for>bound response>bound end of stream>closed ");
    stop(&rig);
}

#ifdef OM_FAULTS
/* A conversation that gives up at the first failure, which has to be an error with a cause. */
static bool give_up(om_status st, const struct om_error *err)
{
    if (st != OM_OK) {
        assert_true(OM_FAILED(st));
        assert_int_equal(err->status, st);
        assert_int_not_equal(err->cause, OM_CAUSE_NONE);
    }
    return st != OM_OK;
}

static void serve(struct om__rpc_server *s)
{
    struct om__rpc_server_event ev;

    while (om__rpc_server_next(s, &ev)) {
        struct om_error err = OM_ERROR_INIT;

        if (ev.kind == OM_RPC_SV_REQUEST)
            give_up(om__rpc_server_respond(s, ev.call_id, ev.stub.pb, ev.stub.cb, &err), &err);
        else
            assert_int_not_equal(ev.error->cause, OM_CAUSE_NONE);
    }
}

static bool next_is(struct rig *rig, enum om__rpc_event_kind kind)
{
    struct om__rpc_event ev = {0};

    om_test_to_server(&rig->pair);
    serve(rig->pair.server);
    om_test_to_client(&rig->pair);
    if (!om__rpc_assoc_next(rig->pair.client, &ev))
        return false;
    if (ev.error)
        assert_int_not_equal(ev.error->cause, OM_CAUSE_NONE);
    return ev.kind == kind;
}

static void talk(struct rig *rig)
{
    static uint8_t stub[9000];
    struct om_error err = OM_ERROR_INIT;
    uint16_t first, second;
    uint32_t id;

    if (give_up(om__rpc_assoc_bind(rig->pair.client, &om_test_first, &first, &err), &err) ||
        !next_is(rig, OM_RPC_EV_BOUND))
        return;
    if (give_up(om__rpc_assoc_bind(rig->pair.client, &om_test_second, &second, &err), &err) ||
        !next_is(rig, OM_RPC_EV_BOUND))
        return;
    if (give_up(om__rpc_assoc_call(rig->pair.client, second, 1, NULL, stub, sizeof stub, &id, &err),
                &err))
        return;
    next_is(rig, OM_RPC_EV_RESPONSE);
}

static void test_every_allocation_may_fail(void **state)
{
    unsigned long nth = 0;
    bool hit = true;
    struct rig rig;

    (void)state;
    while (hit) {
        start(&rig, OM_AUTH_MECH_NTLM, OM_RPC_LEVEL_PRIVACY, "secret", 0);
        om__fault_arm(OM_FAULT_ALLOC, ++nth);
        talk(&rig);
        hit = om__fault_hit();
        om__fault_arm(OM_FAULT_ALLOC, 0);
        stop(&rig);
    }
    assert_true(nth > 20);
}
#endif

/* Captures of an independent server, its side fed byte by byte */

static void replay(const char *name, const struct om__rpc_syntax *interface, unsigned want)
{
    struct om__rpc_assoc_config config = {0};
    struct om__rpc_assoc *a;
    struct om_exchange_pdu x;
    struct om__rpc_pdu pdu;
    struct om__rpc_event ev;
    unsigned answers = 0, bound = 0;
    uint16_t context;
    uint32_t id;
    size_t size, at = 0, n;
    const uint8_t *out;
    uint8_t *data = om_test_file(name, &size);

    config.max_frag = 4280;
    assert_int_equal(om__rpc_assoc_new(&config, &a, NULL), OM_OK);
    while (om_exchange_next(data, size, &at, &x)) {
        assert_int_equal(om__rpc_pdu_decode(x.p, x.n, &pdu, NULL), OM_OK);
        if (pdu.header.ptype == OM_RPC_BIND)
            assert_int_equal(om__rpc_assoc_bind(a, interface, &context, NULL), OM_OK);
        else if (pdu.header.ptype == OM_RPC_REQUEST)
            assert_int_equal(om__rpc_assoc_call(a, context, pdu.request.opnum, NULL, pdu.stub.pb,
                                                pdu.stub.cb, &id, NULL),
                             OM_OK);
        for (size_t i = 0; x.from == 'S' && i < x.n; i++) {
            uint8_t byte = x.p[i];

            if (i == 12) /* its client counted calls anew after the bind */
                byte = (uint8_t)(pdu.header.ptype == OM_RPC_RESPONSE ? id : byte);
            assert_int_equal(om__rpc_assoc_feed(a, &byte, 1, NULL), OM_OK);
            while (om__rpc_assoc_next(a, &ev)) {
                assert_int_equal(i, x.n - 1);
                assert_true(ev.kind == OM_RPC_EV_BOUND || ev.kind == OM_RPC_EV_RESPONSE);
                bound += ev.kind == OM_RPC_EV_BOUND;
                answers += ev.kind == OM_RPC_EV_RESPONSE;
            }
        }
        if (x.from == 'C') { /* what we send says what its client said */
            struct om__rpc_pdu ours;

            assert_true(om__rpc_assoc_output(a, &out, &n));
            assert_int_equal(om__rpc_pdu_decode(out, n, &ours, NULL), OM_OK);
            assert_int_equal(ours.header.ptype, pdu.header.ptype);
            om_assert_bytes(ours.stub.pb, ours.stub.cb, pdu.stub.pb, pdu.stub.cb);
        }
    }
    assert_int_equal(bound, 1);
    assert_int_equal(answers, want);
    om__rpc_assoc_free(a);
    free(data);
}

static void test_captured_servers_are_understood_byte_by_byte(void **state)
{
    const struct om__rpc_syntax nspi = {
        {0xF5CC5A18, 0x4264, 0x101A, {0x8C, 0x59, 0x08, 0x00, 0x2B, 0x2F, 0x84, 0x26}}, 56, 0};
    const struct om__rpc_syntax emsmdb = {
        {0xA4F1DB00, 0xCA47, 0x1067, {0xB3, 0x1F, 0x00, 0xDD, 0x01, 0x06, 0x62, 0xDA}}, 0, 81};

    (void)state;
    replay("golden/rpc/nspi_none.bin", &nspi, 8);
    replay("golden/rpc/emsmdb_none.bin", &emsmdb, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversation_without_security),
        cmocka_unit_test(test_conversation_under_ntlm_at_every_level),
        cmocka_unit_test(test_privacy_hides_the_stub_and_integrity_does_not),
        cmocka_unit_test(test_several_calls_answered_in_any_order),
        cmocka_unit_test(test_too_many_calls_wait),
        cmocka_unit_test(test_an_object_reaches_the_server),
        cmocka_unit_test(test_a_wrong_password_is_bad_credentials),
        cmocka_unit_test(test_access_denied_after_an_answer_is_no_matter_of_credentials),
        cmocka_unit_test(test_an_interface_that_is_not_served_is_refused),
        cmocka_unit_test(test_a_refused_second_interface_leaves_the_first),
        cmocka_unit_test(test_ntlm_where_it_is_not_offered_is_bind_nak),
        cmocka_unit_test(test_a_server_that_requires_security_faults_without_it),
        cmocka_unit_test(test_a_damaged_answer_does_not_pass),
        cmocka_unit_test(test_a_signed_fault_moves_the_sequence_on),
        cmocka_unit_test(test_a_damaged_signed_fault_is_not_believed),
        cmocka_unit_test(test_an_answer_of_another_level_is_refused_by_name),
        cmocka_unit_test(test_a_damaged_request_is_faulted_and_ends_the_association),
        cmocka_unit_test(test_what_a_server_must_not_send_names_event_and_state),
        cmocka_unit_test(test_a_fault_to_an_unknown_call_is_a_protocol_error),
        cmocka_unit_test(test_bind_acks_that_cannot_be),
        cmocka_unit_test(test_a_bind_ack_without_a_token_is_not_taken_for_security),
        cmocka_unit_test(test_an_unsigned_answer_does_not_pass_under_security),
        cmocka_unit_test(test_the_end_of_the_stream),
        cmocka_unit_test(test_a_stub_over_the_ceiling_is_refused_and_nothing_breaks),
        cmocka_unit_test(test_every_transition_is_traced),
        cmocka_unit_test(test_captured_servers_are_understood_byte_by_byte),
#ifdef OM_FAULTS
        cmocka_unit_test(test_every_allocation_may_fail),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
