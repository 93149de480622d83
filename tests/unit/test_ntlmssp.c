/* SPDX-License-Identifier: MIT */
#include "support/rpc_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "codec/dcerpc.h"
#include "proto/ntlm_session.h"

/* The common values and results of [MS-NLMP] 4.2.1 and 4.2.4. */
#define SERVER_CHALLENGE "0123456789abcdef"
#define NTOWF_V2         "0c868a403bfd7a93a3001ef22ef02e3f"
#define SESSION_BASE_KEY "8de40ccadbc14a82f15cb0ad0de95ca3"
#define NT_PROOF         "68cd0ab851e51c96aabc927bebef6a1c"
#define ENCRYPTED_KEY    "c5dad2544fc9799094ce1ce90bc9d03e"
#define RANDOM_KEY       "55555555555555555555555555555555"
#define SPEC_FLAGS       0xE28A8233u

static const char challenge_message[] =
    "4e544c4d53535000 02000000 0c000c0038000000 33828ae2 0123456789abcdef 0000000000000000"
    "2400240044000000 060070170000000f 530065007200760065007200"
    "02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000";

static const char authenticate_message[] =
    "4e544c4d53535000 03000000 180018006c000000 5400540084000000 0c000c0048000000"
    "0800080054000000 100010005c000000 10001000d8000000 358288e2 0501280a0000000f"
    "44006f006d00610069006e00 5500730065007200 43004f004d0050005500540045005200"
    "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa" NT_PROOF
    "0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000"
    "02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000 "
    "00000000" ENCRYPTED_KEY;

struct bytes {
    uint8_t *p;
    size_t n;
};

static struct bytes unhex(const char *text)
{
    struct bytes b;

    b.p = om_unhex(text, &b.n);
    return b;
}

static void assert_hex(const uint8_t *got, size_t n, const char *want)
{
    struct bytes b = unhex(want);

    om_assert_bytes(got, n, b.p, b.n);
    free(b.p);
}

static om_status decode(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__ntlm_authenticate a;
    struct om__ntlm_challenge c;
    struct om__ntlm_negotiate g;

    switch (*(const unsigned *)ctx) {
    case 1:
        return om__ntlm_negotiate_decode(p, n, &g, err);
    case 2:
        return om__ntlm_challenge_decode(p, n, &c, err);
    default:
        return om__ntlm_authenticate_decode(p, n, &a, err);
    }
}

static void check_message(const char *hex, unsigned type)
{
    struct bytes b = unhex(hex);

    assert_int_equal(om__ntlm_message_type(b.p, b.n), type);
    om_check_codec_open(decode, b.p, b.n, &type);
    free(b.p);
}

static void test_the_specification_challenge_round_trips(void **state)
{
    struct bytes b = unhex(challenge_message);
    struct om__ntlm_challenge m;
    struct om_binary av;
    struct om_arena arena;
    struct om_wr w;

    (void)state;
    om__arena_init(&arena, 4096);
    om_wr_init(&w, OM_NTLM_MAX_TOKEN);
    assert_int_equal(om__ntlm_challenge_decode(b.p, b.n, &m, NULL), OM_OK);
    assert_int_equal(m.flags, SPEC_FLAGS);
    assert_hex(m.challenge, 8, SERVER_CHALLENGE);
    assert_true(m.has_version);
    assert_string_equal(om__ntlm_text(&arena, m.target_name, m.flags), "Server");
    assert_true(om__ntlm_av_find(m.target_info, OM_NTLM_AV_NB_DOMAIN, &av));
    assert_string_equal(om__ntlm_text(&arena, av, m.flags), "Domain");
    assert_false(om__ntlm_av_find(m.target_info, OM_NTLM_AV_TIMESTAMP, &av));
    assert_int_equal(om__ntlm_challenge_encode(&w, &m, NULL), OM_OK);
    om_assert_bytes(w.buf, w.len, b.p, b.n);
    check_message(challenge_message, 2);
    om_wr_free(&w);
    om__arena_free(&arena);
    free(b.p);
}

static void test_the_specification_target_info_can_be_built(void **state)
{
    struct om_wr w;

    (void)state;
    om_wr_init(&w, 256);
    om__ntlm_wr_av_text(&w, OM_NTLM_AV_NB_DOMAIN, "Domain");
    om__ntlm_wr_av_text(&w, OM_NTLM_AV_NB_COMPUTER, "Server");
    om__ntlm_wr_av(&w, OM_NTLM_AV_EOL, NULL, 0);
    assert_hex(w.buf, w.len,
               "02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000");
    om_wr_free(&w);
}

static void test_the_specification_authenticate_round_trips(void **state)
{
    struct bytes b = unhex(authenticate_message);
    struct om__ntlm_authenticate m;
    struct om_binary av;
    struct om_wr w;

    (void)state;
    om_wr_init(&w, OM_NTLM_MAX_TOKEN);
    assert_int_equal(om__ntlm_authenticate_decode(b.p, b.n, &m, NULL), OM_OK);
    assert_int_equal(m.flags, 0xE2888235);
    assert_true(m.has_version);
    assert_false(m.has_mic);
    assert_hex(m.user.pb, m.user.cb, "5500730065007200");
    assert_hex(m.session_key.pb, m.session_key.cb, ENCRYPTED_KEY);
    assert_true(
        om__ntlm_av_find(om__ntlm_response_avs(m.nt_response), OM_NTLM_AV_NB_COMPUTER, &av));
    assert_int_equal(om__ntlm_authenticate_encode(&w, &m, NULL), OM_OK);
    om_assert_bytes(w.buf, w.len, b.p, b.n);
    check_message(authenticate_message, 3);
    om_wr_free(&w);
    free(b.p);
}

static void test_short_negotiates_are_taken(void **state)
{
    /* curl: 32 bytes; with and without a name; flags alone; with a version */
    static const char *const messages[] = {
        "4e544c4d53535000 01000000 06820800 0000000000000000 0000000000000000",
        "4e544c4d53535000 01000000 07820800 0000000020000000 0000000020000000",
        "4e544c4d53535000 01000000 05820800",
        "4e544c4d53535000 01000000 078208a2 0000000028000000 0000000028000000 0a00614a0000000f",
        ("4e544c4d53535000 01000000 0732 0800 0600060025000000 0500050020000000 4c41424f52 "
         "444f4d41494e"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        check_message(messages[i], 1);
}

static void test_negotiate_round_trips(void **state)
{
    const struct om__ntlm_negotiate m = {
        .flags = OM_NTLM_UNICODE | OM_NTLM_OEM_DOMAIN | OM_NTLM_VERSION,
        .domain = {6, (const uint8_t *)"DOMAIN"},
        .has_version = true,
        .version = {6, 1, 0xB1, 0x1D, 0, 0, 0, 15},
    };
    struct om__ntlm_negotiate back;
    struct om_wr w;

    (void)state;
    om_wr_init(&w, OM_NTLM_MAX_TOKEN);
    assert_int_equal(om__ntlm_negotiate_encode(&w, &m, NULL), OM_OK);
    assert_int_equal(w.len, 46);
    assert_int_equal(om__ntlm_negotiate_decode(w.buf, w.len, &back, NULL), OM_OK);
    assert_int_equal(back.flags, m.flags);
    assert_memory_equal(back.domain.pb, "DOMAIN", 6);
    assert_int_equal(back.workstation.cb, 0);
    assert_true(back.has_version);
    assert_memory_equal(back.version, m.version, 8);
    om_wr_free(&w);
}

static void test_what_is_no_ntlm_is_told_apart(void **state)
{
    (void)state;
    assert_int_equal(om__ntlm_message_type((const uint8_t *)"NTLMSSP\0\4\0\0\0", 12), 0);
    assert_int_equal(om__ntlm_message_type((const uint8_t *)"NTLMSSP\0\1\0\0", 11), 0);
    assert_int_equal(om__ntlm_message_type((const uint8_t *)"`\202", 2), 0);
    assert_int_equal(om__ntlm_message_type(NULL, 0), 0);
}

static void test_keys_are_those_of_the_specification(void **state)
{
    struct bytes b = unhex(authenticate_message), random = unhex(RANDOM_KEY);
    struct bytes challenge = unhex(SERVER_CHALLENGE);
    struct om__ntlm_authenticate m;
    uint8_t ntowf[16], proof[16], key[16];

    (void)state;
    assert_int_equal(om__ntlm_authenticate_decode(b.p, b.n, &m, NULL), OM_OK);
    assert_int_equal(om__ntlm_ntowf_v2("Password", "User", "Domain", ntowf, NULL), OM_OK);
    assert_hex(ntowf, 16, NTOWF_V2);
    om__ntlm_proof(ntowf, challenge.p,
                   (struct om_binary){m.nt_response.cb - 16, m.nt_response.pb + 16}, proof);
    assert_hex(proof, 16, NT_PROOF);
    om__ntlm_session_base_key(ntowf, proof, key);
    assert_hex(key, 16, SESSION_BASE_KEY);
    om__ntlm_rc4k(key, random.p, key);
    assert_hex(key, 16, ENCRYPTED_KEY);
    assert_int_equal(om__ntlm_verify(&m, challenge.p, ntowf, key, NULL), OM_OK);
    assert_hex(key, 16, RANDOM_KEY);
    om__ntlm_seal_key(SPEC_FLAGS, key, true, proof);
    assert_hex(proof, 16, "59f600973cc4960a25480a7c196e4c58");
    om__ntlm_sign_key(key, true, proof);
    assert_hex(proof, 16, "4788dc861b4782f35d43fd98fe1a2d39");
    free(challenge.p);
    free(random.p);
    free(b.p);
}

static void test_a_wrong_password_does_not_verify(void **state)
{
    struct bytes b = unhex(authenticate_message), challenge = unhex(SERVER_CHALLENGE);
    struct om_error err = OM_ERROR_INIT;
    struct om__ntlm_authenticate m;
    uint8_t ntowf[16], key[16] = {0};

    (void)state;
    assert_int_equal(om__ntlm_authenticate_decode(b.p, b.n, &m, NULL), OM_OK);
    assert_int_equal(om__ntlm_ntowf_v2("password", "User", "Domain", ntowf, NULL), OM_OK);
    assert_int_equal(om__ntlm_verify(&m, challenge.p, ntowf, key, &err), MAPI_E_LOGON_FAILED);
    assert_int_equal(err.cause, OM_CAUSE_BAD_CREDENTIALS);
    assert_hex(key, 16, "00000000000000000000000000000000"); /* untouched */
    m.nt_response.cb = 24;                                   /* as NTLMv1 */
    om_error_clear(&err);
    assert_int_equal(om__ntlm_verify(&m, challenge.p, ntowf, key, &err), MAPI_E_LOGON_FAILED);
    m.nt_response = (struct om_binary){0};
    om_error_clear(&err);
    assert_int_equal(om__ntlm_verify(&m, challenge.p, ntowf, key, &err), MAPI_E_LOGON_FAILED);
    free(challenge.p);
    free(b.p);
}

static void test_every_byte_of_the_proof_counts(void **state)
{
    struct bytes b = unhex(authenticate_message), challenge = unhex(SERVER_CHALLENGE);
    const size_t proof_at = 0x84; /* NtChallengeResponseBufferOffset of the example */
    struct om__ntlm_authenticate m;
    uint8_t ntowf[16], key[16];

    (void)state;
    assert_int_equal(om__ntlm_ntowf_v2("Password", "User", "Domain", ntowf, NULL), OM_OK);
    assert_int_equal(om__ntlm_authenticate_decode(b.p, b.n, &m, NULL), OM_OK);
    for (size_t i = 0; i < m.nt_response.cb; i++) {
        b.p[proof_at + i] ^= 1;
        assert_int_equal(om__ntlm_verify(&m, challenge.p, ntowf, key, NULL), MAPI_E_LOGON_FAILED);
        b.p[proof_at + i] ^= 1;
    }
    assert_int_equal(om__ntlm_verify(&m, challenge.p, ntowf, key, NULL), OM_OK);
    free(challenge.p);
    free(b.p);
}

static void test_user_names_are_upper_cased_beyond_ascii(void **state)
{
    uint8_t lower[16], upper[16], other[16];

    (void)state;
    assert_int_equal(om__ntlm_ntowf_v2("x", "j\xC3\xBCrgen\xD0\xB6", "D", lower, NULL), OM_OK);
    assert_int_equal(om__ntlm_ntowf_v2("x", "J\xC3\x9CRGEN\xD0\x96", "D", upper, NULL), OM_OK);
    assert_int_equal(om__ntlm_ntowf_v2("x", "JURGEN", "D", other, NULL), OM_OK);
    assert_memory_equal(lower, upper, 16);
    assert_memory_not_equal(lower, other, 16);
    assert_int_equal(om__ntlm_ntowf_v2("x", "U", "d", lower, NULL), OM_OK);
    assert_int_equal(om__ntlm_ntowf_v2("x", "u", "D", upper, NULL), OM_OK);
    assert_memory_not_equal(lower, upper, 16); /* the domain is not */
}

static void test_the_mic_covers_all_three_messages_and_not_itself(void **state)
{
    struct bytes c = unhex(challenge_message);
    const struct om_binary one = {3, (const uint8_t *)"one"}, two = {(uint32_t)c.n, c.p};
    struct om__ntlm_authenticate m = {.flags = SPEC_FLAGS,
                                      .has_version = true,
                                      .has_mic = true,
                                      .user = {2, (const uint8_t *)"U\0"}};
    uint8_t key[16] = {1}, mic[16], again[16];
    struct om_binary three;
    struct om_wr w;

    (void)state;
    om_wr_init(&w, OM_NTLM_MAX_TOKEN);
    assert_int_equal(om__ntlm_authenticate_encode(&w, &m, NULL), OM_OK);
    three = (struct om_binary){(uint32_t)w.len, w.buf};
    assert_int_equal(om__ntlm_mic(key, one, two, three, mic, NULL), OM_OK);
    memcpy(w.buf + OM_NTLM_MIC_OFFSET, mic, 16);
    assert_int_equal(om__ntlm_mic(key, one, two, three, again, NULL), OM_OK);
    assert_memory_equal(mic, again, 16);
    assert_int_equal(om__ntlm_authenticate_decode(w.buf, w.len, &m, NULL), OM_OK);
    assert_true(m.has_mic);
    assert_memory_equal(m.mic, mic, 16);
    for (size_t at = 0; at < w.len; at += 8) {
        bool in_mic = at >= OM_NTLM_MIC_OFFSET && at < OM_NTLM_MIC_OFFSET + 16;

        w.buf[at] ^= 1;
        assert_int_equal(om__ntlm_mic(key, one, two, three, again, NULL), OM_OK);
        assert_int_equal(memcmp(mic, again, 16) == 0, in_mic);
        w.buf[at] ^= 1;
    }
    three.cb = 87;
    assert_int_equal(om__ntlm_mic(key, one, two, three, again, NULL), MAPI_E_CORRUPT_DATA);
    om_wr_free(&w);
    free(c.p);
}

/* [MS-NLMP] 4.2.4.4 */
static void test_sealing_is_that_of_the_specification(void **state)
{
    struct bytes key = unhex(RANDOM_KEY), text = unhex("50006c00610069006e007400650078007400");
    struct om__ntlm_session client, server;
    uint8_t sig[16];

    (void)state;
    assert_int_equal(om__ntlm_session_init(&client, key.p, SPEC_FLAGS, true, NULL), OM_OK);
    assert_int_equal(om__ntlm_session_init(&server, key.p, SPEC_FLAGS, false, NULL), OM_OK);
    om__ntlm_session_protect(&client, text.p, text.n, 0, text.n, sig);
    assert_hex(text.p, text.n, "54e50165bf1936dc996020c1811b0f06fb5f");
    assert_hex(sig, 16, "010000007fb38ec5c55d497600000000");
    assert_true(om__ntlm_session_unprotect(&server, text.p, text.n, 0, text.n, sig));
    assert_hex(text.p, text.n, "50006c00610069006e007400650078007400");
    /* sign only, the second in its direction; and the other way round */
    om__ntlm_session_protect(&client, text.p, text.n, 0, 0, sig);
    assert_true(om__ntlm_session_unprotect(&server, text.p, text.n, 0, 0, sig));
    om__ntlm_session_protect(&server, text.p, text.n, 2, 4, sig);
    assert_true(om__ntlm_session_unprotect(&client, text.p, text.n, 2, 4, sig));
    /* one bit of what is signed but not sealed */
    om__ntlm_session_protect(&server, text.p, text.n, 2, 4, sig);
    text.p[0] ^= 1;
    assert_false(om__ntlm_session_unprotect(&client, text.p, text.n, 2, 4, sig));
    om__ntlm_session_wipe(&client);
    om__ntlm_session_wipe(&server);
    free(text.p);
    free(key.p);
}

static void test_a_replayed_pdu_does_not_verify(void **state)
{
    struct bytes key = unhex(RANDOM_KEY);
    struct om__ntlm_session client, server;
    uint8_t text[8] = "replay", copy[8], sig[16];

    (void)state;
    assert_int_equal(om__ntlm_session_init(&client, key.p, SPEC_FLAGS, true, NULL), OM_OK);
    assert_int_equal(om__ntlm_session_init(&server, key.p, SPEC_FLAGS, false, NULL), OM_OK);
    om__ntlm_session_protect(&client, text, 8, 0, 8, sig);
    memcpy(copy, text, 8);
    assert_true(om__ntlm_session_unprotect(&server, text, 8, 0, 8, sig));
    assert_false(om__ntlm_session_unprotect(&server, copy, 8, 0, 8, sig));
    free(key.p);
}

static void test_without_extended_security_there_is_no_session(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__ntlm_session s;
    uint8_t key[16] = {0};

    (void)state;
    assert_int_equal(om__ntlm_session_init(&s, key, OM_NTLM_NTLM, true, &err), MAPI_E_NO_SUPPORT);
    assert_int_equal(err.cause, OM_CAUSE_UNSUPPORTED);
}

/* The exported session key of a captured bind, from its own messages and the password. */
static void captured_keys(const uint8_t *data, size_t size, size_t *at,
                          struct om__ntlm_session *client, struct om__ntlm_session *server)
{
    struct om__ntlm_authenticate m;
    struct om__ntlm_challenge c;
    struct om_exchange_pdu x;
    struct om__rpc_pdu pdu;
    uint8_t ntowf[16], key[16];

    assert_true(om_exchange_next(data, size, at, &x)); /* bind */
    assert_true(om_exchange_next(data, size, at, &x)); /* bind_ack */
    assert_int_equal(om__rpc_pdu_decode(x.p, x.n, &pdu, NULL), OM_OK);
    assert_int_equal(om__ntlm_challenge_decode(pdu.auth.value.pb, pdu.auth.value.cb, &c, NULL), 0);
    assert_true(om_exchange_next(data, size, at, &x)); /* auth3 */
    assert_int_equal(om__rpc_pdu_decode(x.p, x.n, &pdu, NULL), OM_OK);
    assert_int_equal(om__ntlm_authenticate_decode(pdu.auth.value.pb, pdu.auth.value.cb, &m, NULL),
                     0);
    assert_int_equal(om__ntlm_ntowf_v2("alice-pw-1", "alice@example.test", "", ntowf, NULL), OM_OK);
    assert_int_equal(om__ntlm_verify(&m, c.challenge, ntowf, key, NULL), OM_OK);
    assert_int_equal(om__ntlm_session_init(client, key, m.flags, true, NULL), OM_OK);
    assert_int_equal(om__ntlm_session_init(server, key, m.flags, false, NULL), OM_OK);
}

static void open_capture(const char *name, unsigned want)
{
    struct om__ntlm_session client, server;
    struct om_exchange_pdu x;
    unsigned count = 0;
    size_t size, at = 0;
    uint8_t *data = om_test_file(name, &size);

    captured_keys(data, size, &at, &client, &server);
    while (om_exchange_next(data, size, &at, &x)) {
        struct om__ntlm_session *receiver = x.from == 'C' ? &server : &client;
        struct om__ntlm_session *sender = x.from == 'C' ? &client : &server;
        struct om__rpc_pdu pdu;
        uint8_t *plain = malloc(x.n), sig[16];
        size_t trailer_end;

        assert_non_null(plain);
        memcpy(plain, x.p, x.n);
        assert_int_equal(om__rpc_pdu_decode(x.p, x.n, &pdu, NULL), OM_OK);
        assert_int_equal(pdu.auth.value.cb, 16);
        trailer_end = pdu.trailer_at + OM_RPC_TRAILER_SIZE;
        assert_true(om__ntlm_session_unprotect(receiver, plain, trailer_end, pdu.stub_at,
                                               pdu.trailer_at - pdu.stub_at, pdu.auth.value.pb));
        /* and what the sender would have made of it is what was sent */
        om__ntlm_session_protect(sender, plain, trailer_end, pdu.stub_at,
                                 pdu.trailer_at - pdu.stub_at, sig);
        om_assert_bytes(plain, trailer_end, x.p, trailer_end);
        assert_memory_equal(sig, pdu.auth.value.pb, 16);
        free(plain);
        count++;
    }
    assert_int_equal(count, want);
    free(data);
}

static void test_captured_sessions_open_and_every_signature_matches(void **state)
{
    (void)state;
    open_capture("golden/rpc/nspi_ntlm_privacy.bin", 10);
    open_capture("golden/rpc/emsmdb_ntlm_privacy.bin", 59);
}

static void test_captured_tokens_round_trip(void **state)
{
    struct om__ntlm_authenticate m;
    struct om__ntlm_challenge c;
    struct om__ntlm_negotiate g;
    struct om_exchange_pdu x;
    struct om__rpc_pdu pdu;
    size_t size, at = 0;
    uint8_t *data = om_test_file("golden/rpc/nspi_ntlm_privacy.bin", &size);
    struct om_wr w;

    (void)state;
    om_wr_init(&w, OM_NTLM_MAX_TOKEN);
    for (unsigned type = 1; type <= 3; type++) {
        struct om_binary *t = &pdu.auth.value;

        assert_true(om_exchange_next(data, size, &at, &x));
        assert_int_equal(om__rpc_pdu_decode(x.p, x.n, &pdu, NULL), OM_OK);
        assert_int_equal(om__ntlm_message_type(t->pb, t->cb), type);
        om_check_codec_open(decode, t->pb, t->cb, &type);
        om_wr_reset(&w);
        if (type == 1 && om__ntlm_negotiate_decode(t->pb, t->cb, &g, NULL) == OM_OK)
            continue; /* its offsets of nothing are 0: not worth writing alike */
        if (type == 2 && om__ntlm_challenge_decode(t->pb, t->cb, &c, NULL) == OM_OK)
            om__ntlm_challenge_encode(&w, &c, NULL);
        if (type == 3 && om__ntlm_authenticate_decode(t->pb, t->cb, &m, NULL) == OM_OK)
            om__ntlm_authenticate_encode(&w, &m, NULL);
        om_assert_bytes(w.buf, w.len, t->pb, t->cb);
    }
    om_wr_free(&w);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_specification_challenge_round_trips),
        cmocka_unit_test(test_the_specification_target_info_can_be_built),
        cmocka_unit_test(test_the_specification_authenticate_round_trips),
        cmocka_unit_test(test_short_negotiates_are_taken),
        cmocka_unit_test(test_negotiate_round_trips),
        cmocka_unit_test(test_what_is_no_ntlm_is_told_apart),
        cmocka_unit_test(test_keys_are_those_of_the_specification),
        cmocka_unit_test(test_a_wrong_password_does_not_verify),
        cmocka_unit_test(test_every_byte_of_the_proof_counts),
        cmocka_unit_test(test_user_names_are_upper_cased_beyond_ascii),
        cmocka_unit_test(test_the_mic_covers_all_three_messages_and_not_itself),
        cmocka_unit_test(test_sealing_is_that_of_the_specification),
        cmocka_unit_test(test_a_replayed_pdu_does_not_verify),
        cmocka_unit_test(test_without_extended_security_there_is_no_session),
        cmocka_unit_test(test_captured_sessions_open_and_every_signature_matches),
        cmocka_unit_test(test_captured_tokens_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
