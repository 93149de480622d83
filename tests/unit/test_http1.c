/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "codec/http1.h"

/* Feeds an answer in chunks; gives the status. Bytes after the answer are left and counted. */
static om_status feed(struct om__http1 *h, const char *text, size_t n, size_t chunk, size_t *left,
                      struct om_error *err)
{
    om_status st = OM_OK;

    while (n && st == OM_OK && h->stage != OM_HTTP1_DONE) {
        size_t used, some = n < chunk ? n : chunk;
        char *copy = malloc(some);

        memcpy(copy, text, some);
        st = om__http1_feed(h, copy, some, &used, err);
        free(copy);
        text += used;
        n -= used;
    }
    *left = n;
    return st;
}

static void take(struct om__http1 *h, const char *text, size_t chunk)
{
    struct om_error err = OM_ERROR_INIT;
    size_t left;

    om__http1_init(h);
    if (feed(h, text, strlen(text), chunk, &left, &err) != OM_OK)
        fail_msg("%s", err.detail);
    assert_int_equal(left, 0);
}

static const char challenge_401[] =
    "HTTP/1.1 401 Unauthorized\r\n"
    "Content-Type: text/html\r\n"
    "WWW-Authenticate: Negotiate, NTLM TlRMTVNTUAACAAAA==\r\n"
    "www-authenticate:   Basic realm=\"a, NTLM b\", charset=UTF-8\r\n"
    "Content-Length: 5\r\n"
    "\r\n"
    "hello";

static void test_http1_reads_an_answer_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t chunk = 1; chunk < sizeof challenge_401; chunk++) {
        struct om__http1 h;

        take(&h, challenge_401, chunk);
        assert_int_equal(h.stage, OM_HTTP1_DONE);
        assert_int_equal(h.status, 401);
        assert_string_equal(h.reason, "Unauthorized");
        assert_true(h.keep_alive);
        assert_string_equal(om__http1_header(&h, "content-type", 0), "text/html");
        assert_null(om__http1_header(&h, "content-type", 1));
        om_assert_bytes(h.body.buf, h.body.len, (const uint8_t *)"hello", 5);
        om__http1_free(&h);
    }
}

static void test_http1_finds_every_scheme_offered(void **state)
{
    struct om__http1 h;
    const char *token;
    char list[64];
    size_t n;

    (void)state;
    take(&h, challenge_401, 1000);
    assert_true(om__http1_challenge(&h, "ntlm", &token, &n));
    om_assert_bytes((const uint8_t *)token, n, (const uint8_t *)"TlRMTVNTUAACAAAA==", 18);
    assert_true(om__http1_challenge(&h, "Negotiate", &token, &n));
    assert_int_equal(n, 0);
    assert_true(om__http1_challenge(&h, "Basic", &token, &n));
    assert_false(om__http1_challenge(&h, "Digest", &token, &n));
    assert_false(om__http1_challenge(&h, "charset", &token, &n));
    om__http1_schemes(&h, list, sizeof list);
    assert_string_equal(list, "Negotiate, NTLM, Basic");
    om__http1_schemes(&h, list, 8);
    om__http1_free(&h);
    take(&h, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", 1000);
    om__http1_schemes(&h, list, sizeof list);
    assert_string_equal(list, "nothing");
    om__http1_free(&h);
}

static void test_http1_stops_where_the_head_ends(void **state)
{
    static const char text[] = "HTTP/1.1 200 Success\r\nContent-Type: application/rpc\r\n"
                               "Content-Length: 1073741824\r\n\r\n\x05\x00\x14\x03";
    struct om__http1 h;
    size_t used;

    (void)state;
    om__http1_init(&h);
    assert_int_equal(om__http1_feed(&h, text, sizeof text - 1, &used, NULL), OM_OK);
    assert_int_equal(used, sizeof text - 1 - 4);
    assert_int_equal(h.stage, OM_HTTP1_BODY);
    assert_int_equal(h.left, 1073741824);
    om__http1_free(&h);
}

static void test_http1_passes_over_interim_answers(void **state)
{
    struct om__http1 h;

    (void)state;
    take(&h, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Done\r\nA: 1\r\n\r\n", 3);
    assert_int_equal(h.status, 204);
    assert_int_equal(h.header_count, 1);
    om__http1_free(&h);
}

static void test_http1_reads_chunked_bodies(void **state)
{
    static const char text[] = "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: Chunked\r\n\r\n"
                               "5;x=y\r\nhello\r\nA\r\n, my world\r\n0\r\nTrailer: 1\r\n\r\n";

    (void)state;
    for (size_t chunk = 1; chunk < sizeof text; chunk++) {
        struct om__http1 h;

        take(&h, text, chunk);
        assert_int_equal(h.stage, OM_HTTP1_DONE);
        om_assert_bytes(h.body.buf, h.body.len, (const uint8_t *)"hello, my world", 15);
        om__http1_free(&h);
    }
}

static void test_http1_reads_the_errors_of_rpc_proxies(void **state)
{
    struct om__http1 h;
    uint32_t code = 0;

    (void)state;
    take(&h, "HTTP/1.0 503 RPC Error: 6ba, EEInfo: AAEC\r\nConnection: close\r\n\r\n<html>", 9);
    assert_int_equal(h.stage, OM_HTTP1_BODY);
    assert_int_equal(om__http1_eof(&h, NULL), OM_OK);
    assert_int_equal(h.status, 503);
    assert_int_equal(h.minor, 0);
    assert_false(h.keep_alive);
    assert_true(om__http1_rpc_error(h.reason, &code));
    assert_int_equal(code, 0x6ba);
    om__http1_free(&h);
    assert_true(om__http1_rpc_error("rpc error: C0000022", &code));
    assert_int_equal(code, 0xC0000022);
    assert_false(om__http1_rpc_error("RPC Error: ", &code));
    assert_false(om__http1_rpc_error("Service Unavailable", &code));
}

static void test_http1_trusts_a_status_line_without_the_rest(void **state)
{
    struct om__http1 h;
    struct om_error err = OM_ERROR_INIT;
    size_t left;

    (void)state;
    om__http1_init(&h);
    assert_int_equal(feed(&h, "HTTP/1.1 503 RPC Error: 5\r\nContent-Len", 38, 7, &left, &err),
                     OM_OK);
    assert_int_equal(om__http1_eof(&h, &err), OM_OK);
    assert_int_equal(h.status, 503);
    assert_int_equal(h.stage, OM_HTTP1_DONE);
    om__http1_free(&h);
    om__http1_init(&h);
    assert_true(OM_FAILED(om__http1_eof(&h, &err)));
    assert_int_equal(err.cause, OM_CAUSE_CLOSED);
    om__http1_free(&h);
}

/* What a 401 offers and what a 200 carries stand in the headers that did not come. */
static void test_http1_needs_the_whole_head_of_a_401_and_a_200(void **state)
{
    static const char *const heads[] = {
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenti",
        "HTTP/1.1 200 Success\r\nContent-Type: application/rpc\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct om_error err = OM_ERROR_INIT;
        struct om__http1 h;
        size_t left;

        om__http1_init(&h);
        assert_int_equal(feed(&h, heads[i], strlen(heads[i]), 5, &left, &err), OM_OK);
        assert_true(OM_FAILED(om__http1_eof(&h, &err)));
        assert_int_equal(err.cause, OM_CAUSE_CLOSED);
        assert_int_equal(err.native_kind, OM_NATIVE_HTTP);
        assert_int_equal(err.native, i ? 200 : 401);
        om__http1_free(&h);
    }
}

static void refuse(const char *text, enum om_cause cause)
{
    struct om__http1 h;
    struct om_error err = OM_ERROR_INIT;
    size_t left;
    om_status st;

    om__http1_init(&h);
    st = feed(&h, text, strlen(text), 11, &left, &err);
    if (st == OM_OK)
        st = om__http1_eof(&h, &err);
    if (!OM_FAILED(st) || err.cause != cause || err.layer != OM_LAYER_HTTP)
        fail_msg("\"%.40s\": %s", text, err.detail);
    om__http1_free(&h);
}

static void test_http1_refuses_what_is_no_answer(void **state)
{
    (void)state;
    refuse("SSH-2.0-OpenSSH_9.2\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/2.0 200 OK\r\n\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 20 OK\r\n\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 999 OK\r\n\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 200 OK\r\nName : x\r\n\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12345678901234567\r\n",
           OM_CAUSE_PROTOCOL);
    refuse("HTTP/1.1 200", OM_CAUSE_CLOSED);
}

static void test_http1_holds_its_ceilings(void **state)
{
    static char line[1001], body[65536];
    struct om__http1 h;
    struct om_error err = OM_ERROR_INIT;
    om_status st = OM_OK;
    size_t used;

    (void)state;
    memset(line, 'x', 1000);
    om__http1_init(&h);
    st = om__http1_feed(&h, "HTTP/1.1 200 OK\r\nX: ", 20, &used, &err);
    for (int i = 0; i < 100 && st == OM_OK; i++)
        st = om__http1_feed(&h, line, 1000, &used, &err);
    assert_int_equal(st, MAPI_E_TOO_BIG);
    om__http1_free(&h);
    om__http1_init(&h);
    st = om__http1_feed(&h, "HTTP/1.1 200 OK\r\n\r\n", 19, &used, &err);
    for (int i = 0; i < 100 && h.stage != OM_HTTP1_DONE; i++)
        assert_int_equal(om__http1_feed(&h, body, sizeof body, &used, &err), OM_OK);
    assert_int_equal(h.body.len, 256 << 10);
    assert_false(h.keep_alive);
    om__http1_free(&h);
}

static void test_http1_joins_folded_lines(void **state)
{
    struct om__http1 h;

    (void)state;
    take(&h, "HTTP/1.1 204 OK\r\nA: one\r\n\t two \r\nB: 3\r\n\r\n", 4);
    assert_int_equal(h.header_count, 2);
    assert_non_null(strstr(om__http1_header(&h, "a", 0), "two"));
    om__http1_free(&h);
}

static void test_http1_writes_requests_nobody_can_add_to(void **state)
{
    static const char want[] =
        "RPC_IN_DATA /rpc/rpcproxy.dll?a:6001 HTTP/1.1\r\nHost: m\r\nB: c\r\n\r\n";
    struct om__http1_header headers[] = {{"Host", "m"}, {"B", "c"}};
    struct om_error err = OM_ERROR_INIT;
    struct om_wr w;

    (void)state;
    om_wr_init(&w, 1000);
    assert_int_equal(
        om__http1_request(&w, "RPC_IN_DATA", "/rpc/rpcproxy.dll?a:6001", headers, 2, &err), OM_OK);
    om_assert_bytes(w.buf, w.len, (const uint8_t *)want, sizeof want - 1);
    assert_true(OM_FAILED(om__http1_request(&w, "GET", "/a b", headers, 2, &err)));
    assert_int_equal(err.layer, OM_LAYER_USAGE);
    headers[1].value = "c\r\nX: y";
    assert_true(OM_FAILED(om__http1_request(&w, "GET", "/", headers, 2, NULL)));
    om_wr_free(&w);
}

static void test_base64_gives_back_what_it_took(void **state)
{
    /* RFC 4648 section 10 */
    static const char *const pairs[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    struct om_wr w;

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *plain = pairs[i][0], *text = pairs[i][1];

        om_wr_init(&w, 100);
        om__base64_encode(&w, plain, strlen(plain));
        om_assert_bytes(w.buf, w.len, (const uint8_t *)text, strlen(text));
        om_wr_reset(&w);
        assert_true(om__base64_decode(&w, text, strlen(text)));
        om_assert_bytes(w.buf, w.len, (const uint8_t *)plain, strlen(plain));
        om_wr_free(&w);
    }
    om_wr_init(&w, 100);
    assert_false(om__base64_decode(&w, "Zm9", 3));
    assert_false(om__base64_decode(&w, "Z*9v", 4));
    assert_int_equal(w.len, 0);
    om_wr_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http1_reads_an_answer_however_it_is_cut),
        cmocka_unit_test(test_http1_finds_every_scheme_offered),
        cmocka_unit_test(test_http1_stops_where_the_head_ends),
        cmocka_unit_test(test_http1_passes_over_interim_answers),
        cmocka_unit_test(test_http1_reads_chunked_bodies),
        cmocka_unit_test(test_http1_reads_the_errors_of_rpc_proxies),
        cmocka_unit_test(test_http1_trusts_a_status_line_without_the_rest),
        cmocka_unit_test(test_http1_needs_the_whole_head_of_a_401_and_a_200),
        cmocka_unit_test(test_http1_refuses_what_is_no_answer),
        cmocka_unit_test(test_http1_holds_its_ceilings),
        cmocka_unit_test(test_http1_joins_folded_lines),
        cmocka_unit_test(test_http1_writes_requests_nobody_can_add_to),
        cmocka_unit_test(test_base64_gives_back_what_it_took),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
