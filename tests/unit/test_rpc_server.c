/* SPDX-License-Identifier: MIT */
/* The server's end against another implementation's client, from captures. test_rpc_assoc.c has
 * both ends. */
#include "support/rpc_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/rpc_fault.h"
#include "codec/ntlmssp.h"
#include "proto/rpc_server.h"

static const struct om__rpc_interface interfaces[] = {
    {{{0xF5CC5A18, 0x4264, 0x101A, {0x8C, 0x59, 0x08, 0x00, 0x2B, 0x2F, 0x84, 0x26}}, 56, 0},
     "NSPI",
     NULL},
    {{{0xA4F1DB00, 0xCA47, 0x1067, {0xB3, 0x1F, 0x00, 0xDD, 0x01, 0x06, 0x62, 0xDA}}, 0, 81},
     "EMSMDB",
     NULL},
};

/* Answers with the CHALLENGE of the capture, so that the client's AUTHENTICATE fits. */
struct replayed {
    struct om_binary challenge;
    unsigned step;
    uint8_t key[OM_NTLM_KEY_SIZE];
    uint32_t flags;
};

static om_status accept(void *ctx, const uint8_t *in, size_t n, struct om_wr *out,
                        struct om__rpc_accepted *accepted, struct om_error *err)
{
    struct replayed *r = ctx;
    struct om__ntlm_authenticate m;
    struct om__ntlm_challenge c;
    uint8_t ntowf[OM_NTLM_KEY_SIZE];
    om_status st;

    if (r->step++ == 0) {
        om_wr_bytes(out, r->challenge.pb, r->challenge.cb);
        return OM_OK;
    }
    assert_int_equal(om__ntlm_challenge_decode(r->challenge.pb, r->challenge.cb, &c, err), OM_OK);
    assert_int_equal(om__ntlm_authenticate_decode(in, n, &m, err), OM_OK);
    assert_int_equal(om__ntlm_ntowf_v2("alice-pw-1", "alice@example.test", "", ntowf, err), OM_OK);
    st = om__ntlm_verify(&m, c.challenge, ntowf, r->key, err);
    r->flags = accepted->flags = m.flags;
    accepted->complete = st == OM_OK;
    memcpy(accepted->key, r->key, sizeof r->key);
    return st;
}

/* The stub of a captured answer, opened if it was sealed, appended to `whole`. */
static void open_answer(const struct om_exchange_pdu *x, struct om__ntlm_session *client,
                        struct om_wr *whole)
{
    struct om__rpc_pdu pdu;
    uint8_t *copy = malloc(x->n);

    assert_non_null(copy);
    memcpy(copy, x->p, x->n);
    assert_int_equal(om__rpc_pdu_decode(copy, x->n, &pdu, NULL), OM_OK);
    if (pdu.has_auth)
        assert_true(om__ntlm_session_unprotect(client, copy, pdu.trailer_at + OM_RPC_TRAILER_SIZE,
                                               pdu.stub_at, pdu.trailer_at - pdu.stub_at,
                                               pdu.auth.value.pb));
    om_wr_bytes(whole, pdu.stub.pb, pdu.stub.cb);
    free(copy);
}

static void feed(struct om__rpc_server *s, const struct om_exchange_pdu *x)
{
    for (size_t i = 0; i < x->n; i++)
        assert_int_equal(om__rpc_server_feed(s, x->p + i, 1, NULL), OM_OK);
}

static struct om_binary captured_challenge(const uint8_t *data, size_t size)
{
    struct om_exchange_pdu x;
    struct om__rpc_pdu pdu;
    size_t at = 0;

    assert_true(om_exchange_next(data, size, &at, &x));
    assert_true(om_exchange_next(data, size, &at, &x));
    assert_int_equal(om__rpc_pdu_decode(x.p, x.n, &pdu, NULL), OM_OK);
    return pdu.auth.value;
}

/* What our server sends for an answer, fragments put together again. */
static void check_answer(struct om__rpc_server *s, struct om__ntlm_session *client,
                         const struct om_wr *want)
{
    struct om_exchange_pdu x = {'S', NULL, 0};
    struct om_wr got;

    om_wr_init(&got, 1u << 20);
    while (om__rpc_server_output(s, &x.p, &x.n))
        open_answer(&x, client, &got);
    om_assert_bytes(got.buf, got.len, want->buf, want->len);
    om_wr_free(&got);
}

/*
 * The captured client against our server, which answers as the captured server did. Two client
 * sessions open the answers, the captured ones and ours: both have to run on the same key.
 */
static void replay(const char *name, size_t interface, unsigned want)
{
    struct om__ntlm_session theirs = {0}, ours = {0};
    struct om__rpc_server_event ev;
    struct om_exchange_pdu x;
    struct om__rpc_pdu pdu;
    unsigned calls = 0;
    size_t size, at = 0;
    uint8_t *data = om_test_file(name, &size);
    struct replayed r = {.challenge = captured_challenge(data, size)};
    const struct om__rpc_acceptor acceptor = {accept, &r};
    struct om__rpc_server_config config = {
        .interfaces = interfaces, .interface_count = 2, .ntlm = &acceptor, .sec_addr = "6001"};
    struct om__rpc_server *s;
    uint32_t id = 0;
    struct om_wr answer;

    om_wr_init(&answer, 1u << 20);
    assert_int_equal(om__rpc_server_new(&config, &s, NULL), OM_OK);
    while (om_exchange_next(data, size, &at, &x)) {
        assert_int_equal(om__rpc_pdu_decode(x.p, x.n, &pdu, NULL), OM_OK);
        if (x.from == 'C') {
            feed(s, &x);
            assert_int_equal(om__rpc_server_next(s, &ev), pdu.header.ptype == OM_RPC_REQUEST);
            if (pdu.header.ptype == OM_RPC_AUTH3) {
                om__ntlm_session_init(&theirs, r.key, r.flags, true, NULL);
                om__ntlm_session_init(&ours, r.key, r.flags, true, NULL);
            }
            if (pdu.header.ptype != OM_RPC_REQUEST)
                continue;
            assert_int_equal(ev.kind, OM_RPC_SV_REQUEST);
            assert_ptr_equal(ev.interface, &interfaces[interface]);
            assert_int_equal(ev.opnum, pdu.request.opnum);
            assert_int_equal(ev.level, r.step ? OM_RPC_LEVEL_PRIVACY : OM_RPC_LEVEL_NONE);
            assert_int_equal(ev.stub.cb, pdu.request.alloc_hint);
            id = ev.call_id;
        } else if (pdu.header.ptype == OM_RPC_RESPONSE) {
            open_answer(&x, &theirs, &answer);
            if (!(pdu.header.flags & OM_PFC_LAST_FRAG))
                continue;
            assert_int_equal(om__rpc_server_respond(s, id, answer.buf, answer.len, NULL), OM_OK);
            check_answer(s, &ours, &answer);
            om_wr_reset(&answer);
            calls++;
        } else {
            const uint8_t *p;
            size_t n;

            assert_true(om__rpc_server_output(s, &p, &n)); /* bind_ack */
            assert_int_equal(p[2], OM_RPC_BIND_ACK);
        }
    }
    assert_int_equal(calls, want);
    om__rpc_server_free(s);
    om_wr_free(&answer);
    free(data);
}

static void test_another_client_is_served_from_its_capture(void **state)
{
    (void)state;
    replay("golden/rpc/nspi_none.bin", 0, 8);
    replay("golden/rpc/emsmdb_none.bin", 1, 16);
    replay("golden/rpc/nspi_ntlm_privacy.bin", 0, 5);
    replay("golden/rpc/emsmdb_ntlm_privacy.bin", 1, 21);
}

struct talk {
    struct om__rpc_server *s;
    struct om__rpc_server_event ev;
};

static bool say(struct talk *t, const char *hex)
{
    size_t n;
    uint8_t *p = om_unhex(hex, &n);

    assert_int_equal(om__rpc_server_feed(t->s, p, n, NULL), OM_OK);
    free(p);
    return om__rpc_server_next(t->s, &t->ev);
}

static struct om__rpc_pdu hear(struct talk *t)
{
    struct om__rpc_pdu pdu;
    const uint8_t *p;
    size_t n;

    assert_true(om__rpc_server_output(t->s, &p, &n));
    assert_int_equal(om__rpc_pdu_decode(p, n, &pdu, NULL), OM_OK);
    return pdu;
}

static struct talk begin(void)
{
    struct om__rpc_server_config config = {.interfaces = interfaces, .interface_count = 2};
    struct talk t;

    assert_int_equal(om__rpc_server_new(&config, &t.s, NULL), OM_OK);
    return t;
}

#define NDR     "045d888aeb1cc9119fe808002b104860 02000000"
#define NDR64   "33057171babe37498319b5dbef9ccc36 01000000"
#define BTFN    "2c1cb76c12984045 0300000000000000 01000000"
#define EMSMDB  "00dbf1a447ca6710b31f00dd010662da 00005100"
#define UNKNOWN "00dbf1a447ca6710b31f00dd010662db 00005100"
#define BIND1                                                                                      \
    "05 00 0b 03 10000000 4800 0000 01000000 b810 b810 00000000 01 000000 0000 01 00" EMSMDB NDR

static void test_contexts_are_answered_one_by_one_as_windows_offers_them(void **state)
{
    struct talk t = begin();
    struct om__rpc_pdu pdu;

    (void)state;
    /* NDR, NDR64 alone, feature negotiation, an interface that is not here */
    assert_false(say(&t, "05 00 0b 13 10000000 cc00 0000 02000000 d016 d016 00000000 04 000000"
                         "0000 01 00" EMSMDB NDR "0100 01 00" EMSMDB NDR64 "0200 01 00" EMSMDB BTFN
                         "0300 01 00" UNKNOWN NDR));
    pdu = hear(&t);
    assert_int_equal(pdu.header.ptype, OM_RPC_BIND_ACK);
    assert_int_equal(pdu.header.flags, 0x13);
    assert_int_equal(pdu.header.call_id, 2);
    assert_int_equal(pdu.bind_ack.n_results, 4);
    assert_int_equal(pdu.bind_ack.results[0].result, OM_RPC_ACCEPTANCE);
    assert_int_equal(pdu.bind_ack.results[1].result, OM_RPC_PROVIDER_REJECTION);
    assert_int_equal(pdu.bind_ack.results[1].reason, OM_RPC_REASON_TRANSFER_SYNTAXES);
    assert_int_equal(pdu.bind_ack.results[2].result, OM_RPC_NEGOTIATE_ACK);
    assert_int_equal(pdu.bind_ack.results[3].reason, OM_RPC_REASON_ABSTRACT_SYNTAX);
    om__rpc_server_free(t.s);
}

static void test_calls_that_cannot_be_are_faulted(void **state)
{
    struct talk t = begin();
    struct om__rpc_pdu pdu;

    (void)state;
    assert_false(say(&t, BIND1));
    hear(&t);
    /* a context that is not bound: one fault, at the last fragment */
    assert_false(say(&t, "05 00 00 01 10000000 1800 0000 02000000 00000000 0900 0000"));
    assert_false(say(&t, "05 00 00 02 10000000 1800 0000 02000000 00000000 0900 0000"));
    pdu = hear(&t);
    assert_int_equal(pdu.header.ptype, OM_RPC_FAULT);
    assert_int_equal(pdu.fault.status, OM_FAULT_UNKNOWN_INTERFACE);
    assert_int_equal(pdu.header.flags & OM_PFC_DID_NOT_EXECUTE, OM_PFC_DID_NOT_EXECUTE);
    /* one that is: handed out, then faulted by the interface */
    assert_true(say(&t, "05 00 00 03 10000000 1800 0000 03000000 00000000 0000 0700"));
    assert_int_equal(t.ev.opnum, 7);
    assert_int_equal(om__rpc_server_fault(t.s, 3, OM_FAULT_OP_RANGE, NULL), OM_OK);
    pdu = hear(&t);
    assert_int_equal(pdu.header.flags & OM_PFC_DID_NOT_EXECUTE, 0);
    assert_int_equal(om__rpc_server_respond(t.s, 3, "", 0, NULL), MAPI_E_CALL_FAILED); /* twice */
    /* orphaned: told so; the same call id twice: the end */
    assert_true(say(&t, "05 00 00 03 10000000 1800 0000 04000000 00000000 0000 0700"));
    assert_true(say(&t, "05 00 13 03 10000000 1000 0000 04000000"));
    assert_int_equal(t.ev.kind, OM_RPC_SV_ORPHANED);
    assert_true(say(&t, "05 00 00 03 10000000 1800 0000 04000000 00000000 0000 0700"));
    assert_int_equal(t.ev.kind, OM_RPC_SV_FAILED);
    assert_int_equal(t.ev.error->cause, OM_CAUSE_PROTOCOL);
    om__rpc_server_free(t.s);
}

static void fails(const char *hex, const char *detail)
{
    struct talk t = begin();

    assert_true(say(&t, hex));
    assert_int_equal(t.ev.kind, OM_RPC_SV_FAILED);
    assert_string_equal(t.ev.error->detail, detail);
    assert_false(om__rpc_server_next(t.s, &t.ev));
    assert_int_equal(om__rpc_server_feed(t.s, "", 1, NULL), MAPI_E_CALL_FAILED);
    om__rpc_server_free(t.s);
}

static void test_what_a_client_must_not_send_names_event_and_state(void **state)
{
    (void)state;
    fails("05 00 00 03 10000000 1800 0000 02000000 00000000 0000 0000", "request in state new");
    fails("05 00 10 03 10000000 1400 0000 02000000 20202020", "auth3 in state new");
    fails(BIND1 BIND1, "bind in state bound");
    fails(BIND1 "05 00 10 03 10000000 1400 0000 02000000 20202020", "auth3 in state bound");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_client_is_served_from_its_capture),
        cmocka_unit_test(test_contexts_are_answered_one_by_one_as_windows_offers_them),
        cmocka_unit_test(test_calls_that_cannot_be_are_faulted),
        cmocka_unit_test(test_what_a_client_must_not_send_names_event_and_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
