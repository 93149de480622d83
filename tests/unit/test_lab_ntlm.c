/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "codec/ntlmssp.h"
#include "lab/ntlm_accept.h"

static struct lab_org *org;

static int set_up(void **state)
{
    (void)state;
    org = lab_org_new(0);
    return org ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lab_org_free(org);
    return 0;
}

/* A client of the test's own: says what it is told to, right or wrong. */
struct client {
    uint32_t flags; /* of NEGOTIATE */
    const char *user, *domain, *password;
    bool mic, spoil_mic;
    const uint8_t *binding; /* a tls-server-end-point hash, or NULL */
    bool v1;                /* an NTLMv1 response instead */

    struct lab_ntlm acceptor;
    uint8_t *negotiate;
    size_t negotiate_len;
    struct om_wr challenge, authenticate;
    struct om__ntlm_challenge seen;
    uint8_t key[OM_NTLM_KEY_SIZE]; /* the exported session key */
};

#define FLAGS                                                                                      \
    (OM_NTLM_UNICODE | OM_NTLM_OEM | OM_NTLM_REQUEST_TARGET | OM_NTLM_NTLM | OM_NTLM_ALWAYS_SIGN | \
     OM_NTLM_EXTENDED_SESSIONSECURITY | OM_NTLM_128)

static struct client alice(void)
{
    return (struct client){
        .flags = FLAGS,
        .user = "alice",
        .domain = "CONTOSO",
        .password = lab_org_by_alias(org, "alice")->password,
    };
}

static void end(struct client *c)
{
    lab_ntlm_reset(&c->acceptor);
    om_wr_free(&c->challenge);
    om_wr_free(&c->authenticate);
    free(c->negotiate);
}

static struct om_binary binary(const struct om_wr *w)
{
    return (struct om_binary){.cb = (uint32_t)w->len, .pb = w->buf};
}

static enum lab_ntlm_state step(struct client *c, const uint8_t *p, size_t n,
                                const uint8_t *binding, bool demand, struct om_wr *out)
{
    return lab_ntlm_accept(&c->acceptor, org, "ex2013.contoso.test", p, n, binding, demand, out);
}

/* The first two messages; `raw` replaces the NEGOTIATE that would be written. */
static void begin(struct client *c, const char *raw)
{
    struct om__ntlm_negotiate m = {.flags = c->flags};
    struct om_wr w;

    om_wr_init(&w, OM_NTLM_MAX_TOKEN);
    om_wr_init(&c->challenge, OM_NTLM_MAX_TOKEN);
    om_wr_init(&c->authenticate, OM_NTLM_MAX_TOKEN);
    if (raw) {
        c->negotiate = om_unhex(raw, &c->negotiate_len);
    } else {
        assert_int_equal(om__ntlm_negotiate_encode(&w, &m, NULL), OM_OK);
        c->negotiate_len = w.len;
        c->negotiate = malloc(w.len);
        memcpy(c->negotiate, w.buf, w.len);
    }
    om_wr_free(&w);
    assert_int_equal(step(c, c->negotiate, c->negotiate_len, NULL, false, &c->challenge),
                     LAB_NTLM_CHALLENGED);
    assert_int_equal(om__ntlm_challenge_decode(c->challenge.buf, c->challenge.len, &c->seen, NULL),
                     OM_OK);
}

/* What stands behind the 16 bytes of NTProofStr. [MS-NLMP] 2.2.2.7 */
static void wr_temp(struct om_wr *w, const struct client *c)
{
    static const char prefix[] = "tls-server-end-point:";
    struct om_binary stamp;
    uint8_t data[sizeof(prefix) - 1 + 32], hash[16];

    om_wr_u16(w, 0x0101);
    om_wr_zeros(w, 6);
    assert_true(om__ntlm_av_find(c->seen.target_info, OM_NTLM_AV_TIMESTAMP, &stamp));
    om_wr_bytes(w, stamp.pb, 8);
    om_wr_bytes(w, "\1\2\3\4\5\6\7\10", 8);
    om_wr_u32(w, 0);
    if (c->mic) {
        om_wr_u16(w, OM_NTLM_AV_FLAGS);
        om_wr_u16(w, 4);
        om_wr_u32(w, OM_NTLM_AV_FLAG_MIC);
    }
    if (c->binding) {
        memcpy(data, prefix, sizeof(prefix) - 1);
        memcpy(data + sizeof(prefix) - 1, c->binding, 32);
        om__ntlm_channel_binding(data, sizeof(data), hash);
        om__ntlm_wr_av(w, OM_NTLM_AV_CHANNEL_BINDINGS, hash, sizeof(hash));
    }
    om_wr_bytes(w, c->seen.target_info.pb, c->seen.target_info.cb);
    om_wr_u32(w, 0);
}

static void wr_name(struct om_wr *w, uint32_t flags, const char *name)
{
    if (flags & OM_NTLM_UNICODE)
        om_wr_utf16(w, name);
    else
        om_wr_bytes(w, name, strlen(name));
}

/* The third message, [MS-NLMP] 3.1.5.1.2. */
static void wr_authenticate(struct client *c)
{
    static const uint8_t version[8] = {10, 0, 0, 0, 0, 0, 0, 15};
    uint8_t ntowf[OM_NTLM_KEY_SIZE], proof[OM_NTLM_KEY_SIZE], mic[OM_NTLM_KEY_SIZE];
    struct om__ntlm_authenticate m = {.flags = c->seen.flags, .has_mic = c->mic};
    struct om_wr temp, response, user, domain;

    om_wr_init(&temp, OM_NTLM_MAX_TOKEN);
    om_wr_init(&response, OM_NTLM_MAX_TOKEN);
    om_wr_init(&user, OM_NTLM_MAX_TOKEN);
    om_wr_init(&domain, OM_NTLM_MAX_TOKEN);
    wr_temp(&temp, c);
    assert_int_equal(om__ntlm_ntowf_v2(c->password, c->user, c->domain, ntowf, NULL), OM_OK);
    om__ntlm_proof(ntowf, c->seen.challenge, binary(&temp), proof);
    om__ntlm_session_base_key(ntowf, proof, c->key);
    om_wr_bytes(&response, proof, sizeof(proof));
    om_wr_bytes(&response, temp.buf, c->v1 ? 8 : temp.len);
    wr_name(&user, m.flags, c->user);
    wr_name(&domain, m.flags, c->domain);
    m.nt_response = binary(&response);
    m.user = binary(&user);
    m.domain = binary(&domain);
    m.has_version = c->mic;
    memcpy(m.version, version, sizeof(version));
    assert_int_equal(om__ntlm_authenticate_encode(&c->authenticate, &m, NULL), OM_OK);
    if (c->mic) {
        struct om_binary negotiate = {.cb = (uint32_t)c->negotiate_len, .pb = c->negotiate};

        assert_int_equal(om__ntlm_mic(c->key, negotiate, binary(&c->challenge),
                                      binary(&c->authenticate), mic, NULL),
                         OM_OK);
        memcpy(c->authenticate.buf + OM_NTLM_MIC_OFFSET, mic, sizeof(mic));
        if (c->spoil_mic)
            c->authenticate.buf[OM_NTLM_MIC_OFFSET] ^= 1;
    }
    om_wr_free(&temp);
    om_wr_free(&response);
    om_wr_free(&user);
    om_wr_free(&domain);
}

static enum lab_ntlm_state finish(struct client *c, const uint8_t *binding, bool demand)
{
    struct om_wr none;
    enum lab_ntlm_state got;

    wr_authenticate(c);
    om_wr_init(&none, OM_NTLM_MAX_TOKEN);
    got = step(c, c->authenticate.buf, c->authenticate.len, binding, demand, &none);
    assert_int_equal(none.len, 0);
    om_wr_free(&none);
    return got;
}

static void test_ntlm_takes_the_right_password_and_agrees_on_the_key(void **state)
{
    struct client c = alice();

    (void)state;
    begin(&c, NULL);
    assert_true(c.seen.flags & OM_NTLM_UNICODE);
    assert_false(c.seen.flags & OM_NTLM_KEY_EXCH); /* nobody asked for it */
    assert_int_equal(finish(&c, NULL, false), LAB_NTLM_ACCEPTED);
    assert_ptr_equal(c.acceptor.user, lab_org_by_alias(org, "alice"));
    assert_memory_equal(c.acceptor.session_key, c.key, sizeof(c.key));
    end(&c);
}

static void test_ntlm_takes_curls_first_message_and_answers_in_oem(void **state)
{
    struct client c = alice();

    (void)state;
    c.domain = "";
    /* 32 bytes: OEM, request target, NTLM, always sign, extended session security; no names */
    begin(&c, "4e544c4d53535000 01000000 06820800 0000000000000000 0000000000000000");
    assert_false(c.seen.flags & OM_NTLM_UNICODE);
    assert_true(c.seen.flags & OM_NTLM_OEM);
    assert_int_equal(c.seen.target_name.cb, 7);
    assert_memory_equal(c.seen.target_name.pb, "CONTOSO", 7);
    assert_int_equal(finish(&c, NULL, false), LAB_NTLM_ACCEPTED);
    end(&c);
}

static void test_ntlm_takes_a_user_principal_name(void **state)
{
    struct client c = alice();

    (void)state;
    c.user = "alice@contoso.test";
    c.domain = "";
    begin(&c, NULL);
    assert_int_equal(finish(&c, NULL, false), LAB_NTLM_ACCEPTED);
    end(&c);
}

static void test_ntlm_refuses_who_is_not_who_it_says(void **state)
{
    static const struct {
        const char *user, *domain, *password;
    } wrong[] = {
        {"alice", "CONTOSO", "not-it"}, {"alice", "CONTOSO", ""},   {"alice", "FABRIKAM", NULL},
        {"bob", "CONTOSO", NULL},       {"nobody", "CONTOSO", "x"}, {"", "", ""},
        {"staff", "CONTOSO", ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct client c = alice();

        c.user = wrong[i].user;
        c.domain = wrong[i].domain;
        c.password = wrong[i].password ? wrong[i].password : c.password;
        begin(&c, NULL);
        assert_int_equal(finish(&c, NULL, false), LAB_NTLM_REFUSED);
        assert_null(c.acceptor.user);
        end(&c);
    }
}

static void test_ntlm_refuses_an_old_response(void **state)
{
    struct client c = alice();

    (void)state;
    c.v1 = true;
    begin(&c, NULL);
    assert_int_equal(finish(&c, NULL, false), LAB_NTLM_REFUSED);
    end(&c);
}

static void test_ntlm_checks_the_mic_where_there_is_one(void **state)
{
    struct client c = alice(), d = alice();

    (void)state;
    c.mic = d.mic = d.spoil_mic = true;
    begin(&c, NULL);
    assert_int_equal(finish(&c, NULL, false), LAB_NTLM_ACCEPTED);
    begin(&d, NULL);
    assert_int_equal(finish(&d, NULL, false), LAB_NTLM_REFUSED);
    end(&c);
    end(&d);
}

static void test_ntlm_demands_the_channels_own_binding(void **state)
{
    uint8_t ours[32] = {1, 2, 3}, other[32] = {3, 2, 1};
    const struct {
        const uint8_t *sent;
        bool demand, bound;
        enum lab_ntlm_state want;
    } cases[] = {
        {NULL, false, false, LAB_NTLM_ACCEPTED},  {NULL, true, false, LAB_NTLM_REFUSED},
        {ours, true, true, LAB_NTLM_ACCEPTED},    {other, true, false, LAB_NTLM_REFUSED},
        {other, false, false, LAB_NTLM_ACCEPTED},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client c = alice();

        c.binding = cases[i].sent;
        begin(&c, NULL);
        assert_int_equal(finish(&c, ours, cases[i].demand), cases[i].want);
        assert_int_equal(c.acceptor.bound, cases[i].bound);
        end(&c);
    }
}

static void test_ntlm_needs_the_messages_in_their_order(void **state)
{
    struct client c = alice();
    struct om_wr out;

    (void)state;
    om_wr_init(&out, OM_NTLM_MAX_TOKEN);
    begin(&c, NULL);
    assert_int_equal(finish(&c, NULL, false), LAB_NTLM_ACCEPTED);
    /* the same third message again answers a challenge that is no more */
    assert_int_equal(step(&c, c.authenticate.buf, c.authenticate.len, NULL, false, &out),
                     LAB_NTLM_REFUSED);
    assert_int_equal(step(&c, (const uint8_t *)"NTLMSSP", 8, NULL, false, &out), LAB_NTLM_REFUSED);
    om_wr_free(&out);
    end(&c);
}

static om_status decode_third(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct client *c = ctx;
    struct lab_ntlm copy = {.state = LAB_NTLM_CHALLENGED};
    enum lab_ntlm_state got;
    struct om_wr out;

    om_wr_init(&out, OM_NTLM_MAX_TOKEN);
    copy.challenge_len = c->challenge.len;
    copy.challenge = malloc(copy.challenge_len);
    memcpy(copy.challenge, c->challenge.buf, copy.challenge_len);
    got = lab_ntlm_accept(&copy, org, "ex2013.contoso.test", p, n, NULL, false, &out);
    lab_ntlm_reset(&copy);
    om_wr_free(&out);
    if (got == LAB_NTLM_ACCEPTED)
        return OM_OK;
    return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_BAD_CREDENTIALS,
                    OM_NATIVE_NONE, 0, "refused");
}

static void test_ntlm_survives_a_damaged_third_message(void **state)
{
    struct client c = alice();

    (void)state;
    begin(&c, NULL);
    wr_authenticate(&c);
    om_check_codec_open(decode_third, c.authenticate.buf, c.authenticate.len, &c);
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ntlm_takes_the_right_password_and_agrees_on_the_key),
        cmocka_unit_test(test_ntlm_takes_curls_first_message_and_answers_in_oem),
        cmocka_unit_test(test_ntlm_takes_a_user_principal_name),
        cmocka_unit_test(test_ntlm_refuses_who_is_not_who_it_says),
        cmocka_unit_test(test_ntlm_refuses_an_old_response),
        cmocka_unit_test(test_ntlm_checks_the_mic_where_there_is_one),
        cmocka_unit_test(test_ntlm_demands_the_channels_own_binding),
        cmocka_unit_test(test_ntlm_needs_the_messages_in_their_order),
        cmocka_unit_test(test_ntlm_survives_a_damaged_third_message),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
