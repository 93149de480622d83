/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guid.h"
#include "base/limits.h"
#include "codec/emsmdb.h"

struct file {
    uint8_t *p;
    size_t n;
};

static struct file load(unsigned call, const char *kind)
{
    struct file f;
    char name[64];

    snprintf(name, sizeof name, "golden/emsmdb/%03u.%s", call, kind);
    f.p = om_test_file(name, &f.n);
    return f;
}

static om_status connect_req(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__connect_req q;

    return om__connect_req_get(p, n, ctx ? ctx : &q, err);
}

static om_status connect_rsp(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__connect_rsp s;

    return om__connect_rsp_get(p, n, ctx ? ctx : &s, err);
}

static om_status rpcext2_req(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__rpcext2_req q;

    return om__rpcext2_req_get(p, n, ctx ? ctx : &q, err);
}

static om_status rpcext2_rsp(const uint8_t *p, size_t n, struct om_error *err, void *ctx)
{
    struct om__rpcext2_rsp s;

    return om__rpcext2_rsp_get(p, n, ctx ? ctx : &s, err);
}

static void test_a_connect_request_is_read_and_written_alike(void **state)
{
    struct file f = load(0, "req");
    struct om__connect_req q = {0};
    struct om__version v;
    struct om_wr w;

    (void)state;
    assert_int_equal(om__connect_req_get(f.p, f.n, &q, NULL), OM_OK);
    assert_string_equal(q.user_dn, "/o=Gromox default/ou=Exchange Administrative Group "
                                   "(FYDIBOHF23SPDLT)/cn=Recipients/cn=0100000001000000-alice");
    assert_int_equal(q.cpid, 1252);
    assert_int_equal(q.lcid_string, 1033);
    assert_int_equal(q.icxr_link, OM_CONNECT_NO_LINK);
    assert_int_equal(q.aux_out_max, OM_MAX_AUX);
    v = om__version_from_words(q.client_version);
    assert_int_equal(om__version_compare(&v, &(struct om__version){{15, 0, 4569, 1000}}), 0);
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__connect_req_put(&w, &q);
    om_assert_bytes(w.buf, w.len, f.p, f.n);
    om_check_codec(connect_req, f.p, f.n, NULL);
    om_wr_free(&w);
    free(f.p);
}

static void test_a_connect_response_decodes(void **state)
{
    struct om__connect_rsp s = {0}, again = {0};
    struct file f = load(0, "rsp");
    char text[OM_VERSION_TEXT];
    struct om__version v;
    struct om_wr w;

    (void)state;
    assert_int_equal(om__connect_rsp_get(f.p, f.n, &s, NULL), OM_OK);
    assert_false(om__ndr_context_is_null(&s.cxh));
    assert_int_equal(s.polls_max_ms, 60000);
    assert_int_equal(s.retry_count, 6);
    assert_int_equal(s.retry_delay_ms, 10000);
    assert_string_equal(s.dn_prefix, "");
    assert_string_equal(s.display_name, "Alice Anderson");
    assert_int_equal(s.timestamp, 1230336433);
    assert_int_equal(s.aux_out.cb, 36);
    assert_int_equal(s.result, 0);
    v = om__version_from_words(s.server_version);
    om__version_format(&v, text);
    assert_string_equal(text, "15.0.847.4040");
    assert_int_equal(om__exchange_age(&v), OM_AGE_2013);
    om_check_codec(connect_rsp, f.p, f.n, NULL);
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__connect_rsp_put(&w, &s);
    assert_int_equal(w.len, f.n); /* the referents of its pointers are the server's own choice */
    assert_int_equal(om__connect_rsp_get(w.buf, w.len, &again, NULL), OM_OK);
    assert_string_equal(again.display_name, s.display_name);
    om_assert_bytes(again.aux_out.pb, again.aux_out.cb, s.aux_out.pb, s.aux_out.cb);
    om_wr_free(&w);
    free(f.p);
}

/* ecNotEncrypted and its like come without strings. */
static void test_a_refused_connect_has_null_strings(void **state)
{
    const struct om__connect_rsp refusal = {.result = 0x970};
    struct om__connect_rsp s = {.dn_prefix = "?"};
    struct om_wr w;

    (void)state;
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__connect_rsp_put(&w, &refusal);
    assert_int_equal(om__connect_rsp_get(w.buf, w.len, &s, NULL), OM_OK);
    assert_true(om__ndr_context_is_null(&s.cxh));
    assert_null(s.dn_prefix);
    assert_null(s.display_name);
    assert_int_equal(s.result, 0x970);
    om_check_codec(connect_rsp, w.buf, w.len, NULL);
    om_wr_free(&w);
}

static const unsigned calls[] = {1,  2,  3,  4,  5,  6,   7,   8,   9,   10,  11,  12,  13,
                                 14, 17, 18, 19, 20, 186, 199, 200, 201, 202, 203, 204, 205};

static void check_request(unsigned call)
{
    struct file f = load(call, "req");
    struct om__rpcext2_req q;
    struct om_wr w;

    if (om__rpcext2_req_get(f.p, f.n, &q, NULL) != OM_OK)
        fail_msg("%03u.req is refused", call);
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__rpcext2_req_put(&w, &q);
    om_assert_bytes(w.buf, w.len, f.p, f.n);
    om_check_codec(rpcext2_req, f.p, f.n, NULL);
    om_wr_free(&w);
    free(f.p);
}

static void check_response(unsigned call)
{
    struct file f = load(call, "rsp");
    struct om__rpcext2_rsp s;
    struct om_wr w;

    if (om__rpcext2_rsp_get(f.p, f.n, &s, NULL) != OM_OK)
        fail_msg("%03u.rsp is refused", call);
    assert_int_equal(s.result, call == 205 ? 0x4B6 : 0);
    assert_int_equal(s.out.cb == 0, call == 205);
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__rpcext2_rsp_put(&w, &s);
    om_assert_bytes(w.buf, w.len, f.p, f.n);
    if (f.n < 1500)
        om_check_codec(rpcext2_rsp, f.p, f.n, NULL);
    om_wr_free(&w);
    free(f.p);
}

static void test_every_captured_call_is_read_and_written_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        check_request(calls[i]);
        check_response(calls[i]);
    }
    for (unsigned call = 15; call < 40; call++)
        check_request(call);
}

static void test_a_disconnect_is_a_handle_and_back(void **state)
{
    struct file req = load(206, "req"), rsp = load(206, "rsp");
    struct om__ndr_context cxh;
    struct om__handle_rsp s;
    struct om_wr w;

    (void)state;
    om_wr_init(&w, OM_MAX_RPC_STUB);
    assert_int_equal(om__handle_req_get(req.p, req.n, &cxh, NULL), OM_OK);
    om__handle_req_put(&w, &cxh);
    om_assert_bytes(w.buf, w.len, req.p, req.n);
    om_wr_reset(&w);
    assert_int_equal(om__handle_rsp_get(rsp.p, rsp.n, &s, NULL), OM_OK);
    assert_int_equal(s.result, 0);
    om__handle_rsp_put(&w, &s);
    om_assert_bytes(w.buf, w.len, rsp.p, rsp.n);
    om_wr_free(&w);
    free(req.p);
    free(rsp.p);
}

static void test_waiting_and_the_dummy_call(void **state)
{
    const struct om__async_wait_req ask = {.acxh = {0, {1, 2, 3, {4}}}, .flags = 0};
    const struct om__async_wait_rsp told = {.flags = OM_ASYNC_WAIT_PENDING, .result = 0};
    struct om__async_wait_req q;
    struct om__async_wait_rsp s;
    uint32_t result = 7;
    struct om_wr w;

    (void)state;
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__async_wait_req_put(&w, &ask);
    assert_int_equal(w.len, 24);
    assert_int_equal(om__async_wait_req_get(w.buf, w.len, &q, NULL), OM_OK);
    assert_true(om__ndr_context_equal(&q.acxh, &ask.acxh));
    om_wr_reset(&w);
    om__async_wait_rsp_put(&w, &told);
    assert_int_equal(om__async_wait_rsp_get(w.buf, w.len, &s, NULL), OM_OK);
    assert_int_equal(s.flags, OM_ASYNC_WAIT_PENDING);
    om_wr_reset(&w);
    om__dummy_rsp_put(&w, 0x4B6);
    assert_int_equal(om__dummy_rsp_get(w.buf, w.len, &result, NULL), OM_OK);
    assert_int_equal(result, 0x4B6);
    assert_int_equal(om__dummy_rsp_get(w.buf, 3, &result, NULL), MAPI_E_CORRUPT_DATA);
    om_wr_free(&w);
}

/* cbIn beside the array's own count: a stub in which they differ is not to be trusted. */
static void test_a_size_that_contradicts_its_array_is_refused(void **state)
{
    struct om_error err = OM_ERROR_INIT;
    struct file f = load(3, "req");
    struct om__rpcext2_req q;

    (void)state;
    f.p[52]++; /* cbIn, behind 24 bytes, the count, 21 bytes of rgbIn and 3 of padding */
    assert_int_equal(om__rpcext2_req_get(f.p, f.n, &q, &err), MAPI_E_CORRUPT_DATA);
    assert_string_equal(err.detail,
                        "EcDoRpcExt2 request: rgbIn at byte 56 is 0x16, which is not allowed here");
    free(f.p);
}

static void test_versions_have_three_words_on_the_wire(void **state)
{
    static const uint16_t old[] = {6, 7638, 1}, new[] = {0x0F01, 0x8000 | 2507, 6};
    struct om__version v = om__version_from_words(old);
    uint16_t words[3] = {1, 2, 3};

    (void)state;
    assert_memory_equal(&v, (&(struct om__version){{6, 0, 7638, 1}}), sizeof v);
    v = om__version_from_words(new);
    assert_memory_equal(&v, (&(struct om__version){{15, 1, 2507, 6}}), sizeof v);
    assert_true(om__version_to_words(&v, words));
    assert_memory_equal(words, new, sizeof words);
    v = (struct om__version){{256, 0, 0, 0}};
    assert_false(om__version_to_words(&v, words));
    v = (struct om__version){{1, 0, 0x8000, 0}};
    assert_false(om__version_to_words(&v, words));
    assert_memory_equal(words, new, sizeof words);
}

static void test_versions_are_read_from_text(void **state)
{
    static const char *const bad[] = {"",      ".",         "1.",       "1..2",
                                      "65536", "1.2.3.4.5", "1.2.3.4 ", "-1"};
    struct om__version v, other = {{16, 0, 4266, 1002}};

    (void)state;
    assert_true(om__version_parse("16.0.4266.1001", &v));
    assert_int_equal(om__version_compare(&v, &other), -1);
    assert_int_equal(om__version_compare(&other, &v), 1);
    assert_true(om__version_parse("14.3", &v));
    assert_memory_equal(&v, (&(struct om__version){{14, 3, 0, 0}}), sizeof v);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (om__version_parse(bad[i], &v))
            fail_msg("\"%s\" is taken for a version", bad[i]);
    }
}

static void test_a_version_tells_a_server_s_age(void **state)
{
    static const struct {
        struct om__version v;
        enum om__exchange_age age;
    } rows[] = {
        {{{6, 5, 7638, 1}}, OM_AGE_2003},  {{{6, 0, 0, 0}}, OM_AGE_UNKNOWN},
        {{{8, 3, 83, 0}}, OM_AGE_2007},    {{{14, 3, 123, 3}}, OM_AGE_2010},
        {{{15, 0, 847, 0}}, OM_AGE_2013},  {{{15, 1, 225, 0}}, OM_AGE_2016},
        {{{15, 2, 1544, 4}}, OM_AGE_2019}, {{{16, 0, 0, 0}}, OM_AGE_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(om__exchange_age(&rows[i].v), rows[i].age);
    assert_string_equal(om__exchange_age_name(OM_AGE_2010), "Exchange 2010");
    assert_non_null(om__exchange_age_name((enum om__exchange_age)99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_connect_request_is_read_and_written_alike),
        cmocka_unit_test(test_a_connect_response_decodes),
        cmocka_unit_test(test_a_refused_connect_has_null_strings),
        cmocka_unit_test(test_every_captured_call_is_read_and_written_alike),
        cmocka_unit_test(test_a_disconnect_is_a_handle_and_back),
        cmocka_unit_test(test_waiting_and_the_dummy_call),
        cmocka_unit_test(test_a_size_that_contradicts_its_array_is_refused),
        cmocka_unit_test(test_versions_have_three_words_on_the_wire),
        cmocka_unit_test(test_versions_are_read_from_text),
        cmocka_unit_test(test_a_version_tells_a_server_s_age),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
