/* SPDX-License-Identifier: MIT */
/*
 * The client over real sockets, against a thread that plays a captured server: what gromox sent on
 * its OUT channel, PDU by PDU, each when the client has sent what it answers. Then the same server
 * falling silent, closing or talking nonsense at every place.
 */
#include "support/codec_check.h"
#include "support/rpch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/rpc_conn.h"

enum ending { SILENT, CLOSED };

struct peer {
    int listener, in, out;
    uint16_t port;
    pthread_t thread;
    const char *canned;    /* answers the first request with this and closes */
    const uint8_t *script; /* the captured OUT channel, head included */
    size_t size, at;
    size_t limit; /* bytes to send; then the ending */
    enum ending ending;
    int flip;     /* this byte of the script is damaged; -1 none */
    bool tcp;     /* no HTTP, no RTS: the RPC PDUs alone */
    bool drip;    /* one byte at a time */
    bool reverse; /* hold back the first of three answers */
    size_t sent;
};

static void peer_send(struct peer *p, const uint8_t *from, size_t n)
{
    uint8_t copy[65536];
    int fd = p->tcp ? p->in : p->out;

    memcpy(copy, from, n);
    if (p->flip >= 0 && (size_t)p->flip >= p->sent && (size_t)p->flip < p->sent + n)
        copy[(size_t)p->flip - p->sent] ^= 0xFF;
    if (n > p->limit - p->sent)
        n = p->limit - p->sent;
    for (size_t done = 0; done < n;) {
        ssize_t rc = send(fd, copy + done, p->drip ? 1 : n - done, MSG_NOSIGNAL);

        if (rc <= 0)
            break;
        done += (size_t)rc;
    }
    p->sent += n;
    if (p->sent == p->limit && p->ending == CLOSED) {
        shutdown(fd, SHUT_RDWR);
        if (p->in >= 0)
            shutdown(p->in, SHUT_RDWR);
    }
}

/* The script's next PDU; with `id`, the next RPC PDU under that call id. */
static bool peer_send_next(struct peer *p, const uint8_t *id)
{
    uint8_t copy[65536];
    const uint8_t *pdu;
    size_t n;

    do
        pdu = rpch_next(p->script, p->size, &p->at, &n);
    while (pdu && id && pdu[2] == 20);
    if (!pdu)
        return false;
    memcpy(copy, pdu, n);
    if (id)
        memcpy(copy + 12, id, 4);
    peer_send(p, copy, n);
    return true;
}

static bool read_exact(int fd, uint8_t *p, size_t n)
{
    while (n) {
        ssize_t rc = recv(fd, p, n, 0);

        if (rc <= 0)
            return false;
        p += rc;
        n -= (size_t)rc;
    }
    return true;
}

/* A request head; true for RPC_OUT_DATA. */
static bool read_head(int fd, char *head, size_t size)
{
    size_t n = 0;

    while (n + 1 < size && read_exact(fd, (uint8_t *)head + n, 1)) {
        head[++n] = 0;
        if (n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    return strncmp(head, "RPC_OUT_DATA", 12) == 0;
}

/* The client opens the OUT channel, waits for its answer, and opens the IN channel. */
static void peer_open(struct peer *p)
{
    size_t body = rpch_body(p->script, p->size);
    uint8_t first[104];
    char head[4096];

    p->out = accept(p->listener, NULL, NULL);
    if (!read_head(p->out, head, sizeof head) || !read_exact(p->out, first, 76))
        return;
    if (p->canned) {
        send(p->out, p->canned, strlen(p->canned), MSG_NOSIGNAL);
        return;
    }
    peer_send(p, p->script, body);
    p->at = body;
    peer_send_next(p, NULL); /* CONN/A3 */
    p->in = accept(p->listener, NULL, NULL);
    if (p->in >= 0 && !read_head(p->in, head, sizeof head) && read_exact(p->in, first, 104))
        peer_send_next(p, NULL); /* CONN/C2 */
}

static void *peer_run(void *arg)
{
    struct peer *p = arg;
    uint8_t pdu[65536], held[4];
    unsigned requests = 0;

    if (p->tcp) {
        p->in = accept(p->listener, NULL, NULL);
        p->at = rpch_body(p->script, p->size);
    } else {
        peer_open(p);
    }
    while (p->in >= 0 && read_exact(p->in, pdu, 16)) {
        size_t n = (size_t)(pdu[8] | pdu[9] << 8);

        if (n < 16 || !read_exact(p->in, pdu + 16, n - 16))
            break;
        if (pdu[2] != 0 && pdu[2] != 11)
            continue;
        requests += pdu[2] == 0;
        if (p->reverse && requests == 1 && pdu[2] == 0) {
            memcpy(held, pdu + 12, 4);
            continue;
        }
        peer_send_next(p, pdu + 12);
        if (p->reverse && requests == 3)
            peer_send_next(p, held);
    }
    if (p->in >= 0)
        close(p->in);
    if (p->out >= 0)
        close(p->out);
    return NULL;
}

static void peer_start(struct peer *p)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof a;

    p->in = p->out = -1;
    p->at = p->sent = 0;
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(p->listener >= 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(p->listener, 5), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)&a, &n), 0);
    p->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&p->thread, NULL, peer_run, p), 0);
}

static void peer_stop(struct peer *p)
{
    shutdown(p->listener, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listener);
}

/* The client */

static const struct om__rpc_syntax nspi = {
    {0xF5CC5A18, 0x4264, 0x101A, {0x8C, 0x59, 0x08, 0x00, 0x2B, 0x2F, 0x84, 0x26}}, 56, 0};

struct captured {
    uint8_t *in, *out;
    size_t n_in, n_out;
};

static struct captured captured;

static int load(void **state)
{
    (void)state;
    captured.in = om_test_file("golden/rpch/nspi-in.client", &captured.n_in);
    captured.out = om_test_file("golden/rpch/nspi-out.server", &captured.n_out);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    free(captured.in);
    free(captured.out);
    return 0;
}

static struct peer new_peer(void)
{
    return (struct peer){
        .script = captured.out, .size = captured.n_out, .limit = SIZE_MAX, .flip = -1};
}

static void settings(struct om__net *net, uint16_t port)
{
    char text[64];

    assert_int_equal(om__net_init(net, NULL), OM_OK);
    snprintf(text, sizeof text, "mail.test:127.0.0.1:%u", port);
    assert_int_equal(om__net_add_overrides(net, text, NULL), OM_OK);
}

static om_status open_to(struct om__net *net, const struct peer *p, int64_t ms,
                         enum om_http_auth auth, struct om__rpc_conn **c, struct om_error *err)
{
    static char user[] = "alice", domain[] = "TEST", password[] = "alice-pw-1";
    static const struct om__identity id = {user, domain, password};
    struct om__rpc_target t = {.transport = p->tcp ? OM_TRANSPORT_TCP : OM_TRANSPORT_HTTP,
                               .server = p->tcp ? "mail.test" : "guid@test",
                               .port = 6004,
                               .proxy = "mail.test",
                               .http_auth = auth,
                               .http_identity = &id,
                               .rpc_level = OM_RPC_LEVEL_NONE};

    settings(net, p->port);
    return om__rpc_conn_open(net, &t, &nspi, om__net_now() + ms, c, err);
}

/* The captured request's stub, and the stub it was answered with. */
static const uint8_t *nth_stub(const uint8_t *file, size_t size, unsigned ptype, unsigned nth,
                               size_t *n)
{
    size_t at = rpch_body(file, size);
    const uint8_t *pdu;

    while ((pdu = rpch_next(file, size, &at, n))) {
        if (pdu[2] == ptype && nth-- == 0) {
            *n -= 24;
            return pdu + 24;
        }
    }
    fail_msg("the capture ends");
    return NULL;
}

static om_status make_call(struct om__rpc_conn *c, unsigned nth, int64_t ms, struct om_error *err)
{
    size_t n, want;
    const uint8_t *stub = nth_stub(captured.in, captured.n_in, 0, nth, &n);
    const uint8_t *answer = nth_stub(captured.out, captured.n_out, 2, nth, &want);
    struct om_rd r;
    om_status st = om__rpc_conn_call(c, 0, (uint16_t)nth, stub, n, om__net_now() + ms, &r, err);

    if (st == OM_OK)
        om_assert_bytes(r.pos, om_rd_left(&r), answer, want);
    return st;
}

static void replay(bool tcp, bool drip)
{
    struct peer p = new_peer();
    struct om_error err = OM_ERROR_INIT;
    struct om__rpc_conn_stats stats;
    struct om__rpc_conn *c = NULL;
    struct om__net net;

    p.tcp = tcp;
    p.drip = drip;
    peer_start(&p);
    if (open_to(&net, &p, 5000, OM_HTTP_AUTH_BASIC, &c, &err) != OM_OK)
        fail_msg("%s: %s", om_layer_name(err.layer), err.detail);
    for (unsigned i = 0; i < 6; i++) {
        if (make_call(c, i, 5000, &err) != OM_OK)
            fail_msg("call %u: %s", i, err.detail);
    }
    om__rpc_conn_stats(c, &stats);
    assert_true(stats.bytes_sent > 500 && stats.bytes_received > 800);
    assert_true(stats.round_trips >= (drip ? 7 : tcp ? 7 : 9) && stats.round_trips <= 10);
    assert_int_equal(om__rpc_conn_certificate(c), OM_CERTIFICATE_NONE);
    assert_string_equal(om__rpc_conn_target(c),
                        tcp ? "mail.test:6004" : "guid@test:6004 via mail.test:80");
    om__rpc_conn_close(c);
    peer_stop(&p);
    om__net_free(&net);
}

static void test_conn_gets_a_captured_servers_answers(void **state)
{
    (void)state;
    replay(false, false);
    replay(true, false);
    replay(false, true);
    replay(true, true);
}

static void test_conn_gives_answers_in_the_order_they_are_asked_for(void **state)
{
    struct peer p = new_peer();
    struct om_error err = OM_ERROR_INIT;
    struct om__rpc_conn *c = NULL;
    struct om__net net;
    struct om_rd r;
    uint32_t ids[3];
    const uint8_t *want;
    size_t n;

    (void)state;
    p.reverse = true; /* answers come for calls 2, 3, 1 */
    peer_start(&p);
    assert_int_equal(open_to(&net, &p, 5000, OM_HTTP_AUTH_NONE, &c, &err), OM_OK);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(om__rpc_conn_send(c, 0, 1, "stub", 4, &ids[i], &err), OM_OK);
    for (unsigned i = 0; i < 3; i++) {
        static const unsigned nth[] = {2, 0, 1};

        assert_int_equal(om__rpc_conn_recv(c, ids[i], om__net_now() + 5000, &r, &err), OM_OK);
        want = nth_stub(captured.out, captured.n_out, 2, nth[i], &n);
        om_assert_bytes(r.pos, om_rd_left(&r), want, n);
    }
    assert_true(OM_FAILED(om__rpc_conn_recv(c, ids[0], om__net_now(), &r, &err)));
    om__rpc_conn_close(c);
    peer_stop(&p);
    om__net_free(&net);
}

/* Opens and calls twice; whatever fails must say why, within its time. */
static om_status visit(struct peer *p, int64_t ms, struct om_error *err)
{
    struct om__rpc_conn *c = NULL;
    struct om__net net;
    int64_t from = om__net_now();
    om_status st;

    peer_start(p);
    st = open_to(&net, p, ms, OM_HTTP_AUTH_BASIC, &c, err);
    for (unsigned i = 0; i < 2 && st == OM_OK; i++)
        st = make_call(c, i, ms, err);
    if (c && st != OM_OK && err->cause != OM_CAUSE_TIMEOUT) {
        struct om_error again = OM_ERROR_INIT;

        assert_true(OM_FAILED(make_call(c, 1, ms, &again))); /* what is broken stays so, at once */
        assert_string_equal(again.detail, err->detail);
    }
    om__rpc_conn_close(c);
    assert_true(om__net_now() - from < 3 * ms + 5000);
    peer_stop(p);
    om__net_free(&net);
    if (st != OM_OK) {
        assert_int_not_equal(err->cause, OM_CAUSE_NONE);
        assert_int_not_equal(err->detail[0], 0);
        assert_int_not_equal(err->target[0], 0);
        assert_int_not_equal(om_error_hint(err)[0], 0);
    }
    return st;
}

/* Bytes of the script up to the end of the second answer. */
static size_t script_end(bool tcp)
{
    size_t at = rpch_body(captured.out, captured.n_out), n, total = tcp ? 0 : at;
    unsigned answers = 0;

    while (answers < 3) {
        const uint8_t *pdu = rpch_next(captured.out, captured.n_out, &at, &n);

        answers += pdu[2] != 20;
        total += tcp && pdu[2] == 20 ? 0 : n;
    }
    return total;
}

static void cut_everywhere(bool tcp)
{
    size_t end = script_end(tcp);

    for (size_t limit = 0; limit <= end; limit++) {
        struct peer p = new_peer();
        struct om_error err = OM_ERROR_INIT;
        om_status st;

        p.tcp = tcp;
        p.limit = limit;
        p.ending = CLOSED;
        st = visit(&p, 5000, &err);
        if (limit == end)
            assert_int_equal(st, OM_OK);
        else if (st == OM_OK || err.cause == OM_CAUSE_TIMEOUT)
            fail_msg("cut after %zu bytes: %s", limit, st ? err.detail : "it works");
    }
}

static void test_conn_cut_at_every_byte_says_so_at_once(void **state)
{
    (void)state;
    cut_everywhere(false);
    cut_everywhere(true);
}

static void test_conn_ends_its_waits_when_the_server_falls_silent(void **state)
{
    size_t ends[] = {0, 40, 169, 190, 240, 290};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct peer p = new_peer();
        struct om_error err = OM_ERROR_INIT;

        p.limit = ends[i];
        p.ending = SILENT;
        assert_int_equal(visit(&p, 200, &err), MAPI_E_TIMEOUT);
        assert_int_equal(err.cause, OM_CAUSE_TIMEOUT);
    }
}

static void test_conn_survives_every_damaged_byte(void **state)
{
    size_t end = script_end(false);

    (void)state;
    for (size_t at = 0; at < end; at++) {
        struct peer p = new_peer();
        struct om_error err = OM_ERROR_INIT;

        p.flip = (int)at;
        p.limit = end; /* a length that grew waits for bytes that never come */
        p.ending = CLOSED;
        /* make_call() compares stubs: bytes inside them are not the connection's to check */
        if (at >= rpch_body(captured.out, captured.n_out) + 72 + 68 + 24)
            break;
        (void)visit(&p, 60, &err);
    }
}

/* Refusals of the web server */

static const struct refusal {
    enum om_http_auth auth;
    const char *answer;
    om_status status;
    enum om_cause cause;
    enum om_native kind;
    uint32_t native;
    const char *says;
} refusals[] = {
    {OM_HTTP_AUTH_BASIC,
     "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
     "Content-Length: 0\r\n\r\n",
     MAPI_E_LOGON_FAILED, OM_CAUSE_BAD_CREDENTIALS, OM_NATIVE_HTTP, 401, "refuses"},
    {OM_HTTP_AUTH_BASIC,
     "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate, NTLM\r\n"
     "Content-Length: 0\r\n\r\n",
     MAPI_E_LOGON_FAILED, OM_CAUSE_AUTH_NOT_OFFERED, OM_NATIVE_HTTP, 401, "Negotiate, NTLM"},
    {OM_HTTP_AUTH_NONE, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n",
     MAPI_E_LOGON_FAILED, OM_CAUSE_AUTH_NOT_OFFERED, OM_NATIVE_HTTP, 401, "Basic"},
    {OM_HTTP_AUTH_BASIC, "HTTP/1.0 503 RPC Error: 6ba, EEInfo: AAEC\r\n\r\n", MAPI_E_NETWORK_ERROR,
     OM_CAUSE_PROXY_ERROR, OM_NATIVE_RPC_PROXY, 0x6ba, "6ba"},
    {OM_HTTP_AUTH_BASIC, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
     MAPI_E_NETWORK_ERROR, OM_CAUSE_HTTP_STATUS, OM_NATIVE_HTTP, 503, "503"},
    {OM_HTTP_AUTH_BASIC,
     "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n"
     "4\r\nnope\r\n0\r\n\r\n",
     MAPI_E_NETWORK_ERROR, OM_CAUSE_HTTP_STATUS, OM_NATIVE_HTTP, 404, "404"},
    {OM_HTTP_AUTH_BASIC, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", MAPI_E_NO_ACCESS,
     OM_CAUSE_ACCESS_DENIED, OM_NATIVE_HTTP, 403, "403"},
    {OM_HTTP_AUTH_BASIC,
     "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
     MAPI_E_NETWORK_ERROR, OM_CAUSE_HTTP_STATUS, OM_NATIVE_HTTP, 200, "text/html"},
    {OM_HTTP_AUTH_BASIC,
     "HTTP/1.1 200 OK\r\nContent-Type: application/rpc\r\n"
     "Transfer-Encoding: chunked\r\n\r\n",
     MAPI_E_NO_SUPPORT, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE, 0, "chunks"},
    {OM_HTTP_AUTH_BASIC, "HTTP/1.1 503 RPC Error: 5\r\nContent-Le", MAPI_E_NETWORK_ERROR,
     OM_CAUSE_PROXY_ERROR, OM_NATIVE_RPC_PROXY, 5, "RPC Error"},
    {OM_HTTP_AUTH_BASIC, "\x15\x03\x01", MAPI_E_NETWORK_ERROR, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
     "no HTTP"},
    {OM_HTTP_AUTH_BASIC, "", MAPI_E_NETWORK_ERROR, OM_CAUSE_CLOSED, OM_NATIVE_NONE, 0, "closed"},
};

static void test_conn_tells_the_web_servers_refusals_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        struct peer p = new_peer();
        struct om_error err = OM_ERROR_INIT;
        struct om__rpc_conn *c = NULL;
        struct om__net net;

        p.canned = r->answer;
        peer_start(&p);
        if (open_to(&net, &p, 5000, r->auth, &c, &err) != r->status || err.cause != r->cause ||
            err.native_kind != r->kind || err.native != r->native || !strstr(err.detail, r->says))
            fail_msg("%.30s: %s %s: %s", r->answer, om_layer_name(err.layer),
                     om_cause_name(err.cause), err.detail);
        assert_string_equal(err.target, "guid@test:6004 via mail.test:80");
        assert_int_not_equal(om_error_hint(&err)[0], 0);
        peer_stop(&p);
        om__net_free(&net);
    }
}

static void test_conn_says_when_nobody_listens(void **state)
{
    struct peer p = new_peer();
    struct om_error err = OM_ERROR_INIT;
    struct om__rpc_conn *c = NULL;
    struct om__net net;

    (void)state;
    p.tcp = true;
    peer_start(&p);
    peer_stop(&p);
    assert_int_equal(open_to(&net, &p, 5000, OM_HTTP_AUTH_NONE, &c, &err), MAPI_E_NETWORK_ERROR);
    assert_int_equal(err.layer, OM_LAYER_TCP);
    assert_int_equal(err.cause, OM_CAUSE_REFUSED);
    assert_null(c);
    om__net_free(&net);
}

/* A server's name may come from a server, and be anything. */
static void test_conn_says_what_cannot_be_a_host(void **state)
{
    struct om__rpc_target t = {.transport = OM_TRANSPORT_TCP,
                               .server = "ex\xEF\xBF\xBD\xEF\xBF\xBD",
                               .port = 6001,
                               .rpc_level = OM_RPC_LEVEL_NONE};
    struct om_error err = OM_ERROR_INIT;
    struct om__rpc_conn *c = NULL;
    struct om__net net;

    (void)state;
    assert_int_equal(om__net_init(&net, NULL), OM_OK);
    assert_int_equal(om__rpc_conn_open(&net, &t, &nspi, om__net_now() + 5000, &c, &err),
                     MAPI_E_NETWORK_ERROR);
    assert_int_equal(err.layer, OM_LAYER_DNS);
    assert_int_equal(err.cause, OM_CAUSE_UNRESOLVED_HOST);
    om__net_free(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conn_gets_a_captured_servers_answers),
        cmocka_unit_test(test_conn_gives_answers_in_the_order_they_are_asked_for),
        cmocka_unit_test(test_conn_cut_at_every_byte_says_so_at_once),
        cmocka_unit_test(test_conn_ends_its_waits_when_the_server_falls_silent),
        cmocka_unit_test(test_conn_survives_every_damaged_byte),
        cmocka_unit_test(test_conn_tells_the_web_servers_refusals_apart),
        cmocka_unit_test(test_conn_says_when_nobody_listens),
        cmocka_unit_test(test_conn_says_what_cannot_be_a_host),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
