/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http.h"

/* libcurl's, before which TLS wrote to a peer that has gone, where the library lets that signal. */
static bool receiving_signals;

CURLcode curl_easy_recv(CURL *curl, void *buffer, size_t size, size_t *n)
{
    CURLcode (*real)(CURL *, void *, size_t, size_t *);

    *(void **)&real = dlsym(RTLD_NEXT, "curl_easy_recv");
    if (receiving_signals)
        raise(SIGPIPE);
    return real(curl, buffer, size, n);
}

/* Settings */

static void test_net_reads_overrides_in_all_their_forms(void **state)
{
    struct om__net net;
    const struct om__net_override *o;

    (void)state;
    assert_int_equal(om__net_init(&net, NULL), OM_OK);
    assert_int_equal(om__net_add_overrides(&net,
                                           "mail.test:443:127.0.0.1:9443, mail.test:127.0.0.2\n"
                                           "old:135:[::1];[fe80::2]:10.0.0.1:99",
                                           NULL),
                     OM_OK);
    assert_int_equal(net.override_count, 4);
    o = om__net_find_override(&net, "MAIL.test", 443);
    assert_string_equal(o->address, "127.0.0.1");
    assert_int_equal(o->to_port, 9443);
    o = om__net_find_override(&net, "mail.test", 80);
    assert_string_equal(o->address, "127.0.0.2");
    assert_int_equal(o->to_port, 0);
    o = om__net_find_override(&net, "old", 135);
    assert_string_equal(o->address, "::1");
    assert_null(om__net_find_override(&net, "old", 136));
    o = om__net_find_override(&net, "fe80::2", 1);
    assert_int_equal(o->to_port, 99);
    assert_null(om__net_find_override(&net, "mail", 443));
    assert_int_equal(om__net_add_overrides(&net, " ", NULL), OM_OK);
    assert_int_equal(net.override_count, 4);
    om__net_free(&net);
}

static void test_net_says_where_an_override_is_wrong(void **state)
{
    static const struct {
        const char *text;
        unsigned column;
    } wrong[] = {
        {"mail", 5},
        {"mail:443", 6},
        {"mail:0:127.0.0.1", 6},
        {":127.0.0.1", 1},
        {"mail:", 6},
        {"mail:70000:127.0.0.1", 6},
        {"mail:127.0.0", 6},
        {"mail:127.0.0.1:", 16},
        {"mail:127.0.0.1:5x", 16},
        {"a:1.2.3.4 b:x", 13},
        {"[::1:1.2.3.4", 1},
        {"a:1.2.3.4:5:6", 12},
        {"a:::1", 3},
        {"a:[::1", 3},
        {"a:[]", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct om__net net;
        struct om_error err = OM_ERROR_INIT;

        assert_int_equal(om__net_init(&net, NULL), OM_OK);
        if (om__net_add_overrides(&net, wrong[i].text, &err) != MAPI_E_INVALID_PARAMETER ||
            err.native_kind != OM_NATIVE_COLUMN || err.native != wrong[i].column)
            fail_msg("\"%s\": column %u: %s", wrong[i].text, err.native, err.detail);
        assert_int_equal(err.cause, OM_CAUSE_BAD_SYNTAX);
        assert_int_equal(net.override_count, 0);
        om__net_free(&net);
    }
}

static void test_net_checks_the_ca_file_when_it_is_named(void **state)
{
    struct om__net net;
    struct om_error err = OM_ERROR_INIT;

    (void)state;
    assert_int_equal(om__net_init(&net, NULL), OM_OK);
    assert_int_equal(om__net_set_ca_file(&net, "/nonexistent/ca.pem", &err), MAPI_E_NOT_FOUND);
    assert_string_equal(err.target, "/nonexistent/ca.pem");
    om_error_clear(&err);
    assert_true(OM_FAILED(om__net_set_ca_file(&net, OM_TEST_DATA "/meson.build", &err)));
    assert_int_equal(err.cause, OM_CAUSE_BAD_SYNTAX);
    assert_null(net.ca_file);
    om__net_free(&net);
}

static void test_net_clock_runs_forward(void **state)
{
    int64_t a = om__net_now(), b;

    (void)state;
    assert_false(om__net_wait(NULL, 0, a + 20));
    b = om__net_now();
    assert_true(b - a >= 20 && b - a < 2000);
}

/* Streams, against sockets of this process: what is connected waits in the listener's queue. */

static int listen_here(uint16_t *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static struct om__net *test_net(const char *host, uint16_t port)
{
    static struct om__net net;
    char text[100];

    assert_int_equal(om__net_init(&net, NULL), OM_OK);
    snprintf(text, sizeof text, "%s:77:127.0.0.1:%u", host, port);
    assert_int_equal(om__net_add_overrides(&net, text, NULL), OM_OK);
    return &net;
}

static void test_stream_moves_bytes_and_sees_the_end(void **state)
{
    uint16_t port;
    int listener = listen_here(&port), peer;
    struct om__net *net = test_net("ex.test", port);
    struct om__stream_target t = {.host = "ex.test", .port = 77};
    struct om__stream *s = NULL;
    char buf[8];
    size_t n;
    bool eof;

    (void)state;
    assert_int_equal(om__stream_open(net, &t, om__net_deadline(net), &s, NULL), OM_OK);
    peer = accept(listener, NULL, NULL);
    assert_true(peer >= 0);
    assert_int_equal(om__stream_recv(s, buf, sizeof buf, &n, &eof, NULL), OM_OK);
    assert_int_equal(n, 0);
    assert_false(eof);
    assert_int_equal(om__stream_send(s, "ping", 4, &n, NULL), OM_OK);
    assert_int_equal(n, 4);
    assert_int_equal(read(peer, buf, sizeof buf), 4);
    assert_int_equal(write(peer, "pong!", 5), 5);
    close(peer);
    assert_true(om__net_wait(&(struct pollfd){.fd = om__stream_fd(s), .events = POLLIN}, 1,
                             om__net_now() + 2000));
    assert_int_equal(om__stream_recv(s, buf, sizeof buf, &n, &eof, NULL), OM_OK);
    assert_int_equal(n, 5);
    assert_int_equal(om__stream_recv(s, buf, sizeof buf, &n, &eof, NULL), OM_OK);
    assert_true(eof);
    assert_false(om__stream_verified(s));
    om__stream_certificate_hash(s, &n);
    assert_int_equal(n, 0);
    om__stream_close(s);
    close(listener);
    om__net_free(net);
}

static void test_stream_writing_to_a_closed_peer_is_an_error_not_a_signal(void **state)
{
    uint16_t port;
    int listener = listen_here(&port), peer;
    struct om__net *net = test_net("ex.test", port);
    struct om__stream_target t = {.host = "ex.test", .port = 77};
    struct om_error err = OM_ERROR_INIT;
    struct om__stream *s = NULL;
    struct linger hard = {1, 0};
    om_status st = OM_OK;
    size_t n;

    (void)state;
    assert_int_equal(om__stream_open(net, &t, om__net_deadline(net), &s, NULL), OM_OK);
    peer = accept(listener, NULL, NULL);
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(peer);
    for (int i = 0; i < 50 && st == OM_OK; i++)
        st = om__stream_send(s, "x", 1, &n, &err);
    assert_int_equal(st, MAPI_E_NETWORK_ERROR);
    assert_int_equal(err.layer, OM_LAYER_TCP);
    assert_true(err.cause == OM_CAUSE_RESET || err.cause == OM_CAUSE_CLOSED);
    om__stream_close(s);
    close(listener);
    om__net_free(net);
}

static void test_stream_reading_is_no_signal_where_tls_writes(void **state)
{
    uint16_t port;
    int listener = listen_here(&port);
    struct om__net *net = test_net("ex.test", port);
    struct om__stream_target t = {.host = "ex.test", .port = 77};
    struct om__stream *s = NULL;
    sigset_t pending;
    char buf[8];
    size_t n;
    bool eof;

    (void)state;
    assert_int_equal(om__stream_open(net, &t, om__net_deadline(net), &s, NULL), OM_OK);
    receiving_signals = true; /* and SIGPIPE's action is the default: to end the process */
    assert_int_equal(om__stream_recv(s, buf, sizeof buf, &n, &eof, NULL), OM_OK);
    receiving_signals = false;
    assert_int_equal(sigpending(&pending), 0);
    assert_false(sigismember(&pending, SIGPIPE));
    om__stream_close(s);
    close(listener);
    om__net_free(net);
}

static void test_http_cuts_no_user_name(void **state)
{
    static const struct {
        size_t size;
        om_status status;
    } cases[] = {{510, OM_OK}, {511, MAPI_E_INVALID_PARAMETER}, {600, MAPI_E_INVALID_PARAMETER}};
    char user[601];
    uint16_t port;
    int listener = listen_here(&port);
    struct om__net *net = test_net("ex.test", port);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct om__identity id = {0};
        struct om__http_config config = {.net = net,
                                         .proxy = "ex.test",
                                         .port = 77,
                                         .method = "RPC_OUT_DATA",
                                         .path = "/rpc/rpcproxy.dll?a:6001",
                                         .auth = OM_HTTP_AUTH_BASIC,
                                         .identity = &id};
        struct om__http_channel *ch = NULL;
        struct om_error err = OM_ERROR_INIT;

        memset(user, 'u', cases[i].size);
        user[cases[i].size] = 0;
        assert_int_equal(om__identity_parse(user, "secret", &id, NULL), OM_OK);
        assert_int_equal(om__http_open(&config, om__net_deadline(net), &ch, &err), cases[i].status);
        if (cases[i].status != OM_OK)
            assert_int_equal(err.layer, OM_LAYER_USAGE);
        om__http_close(ch);
        om__identity_free(&id);
    }
    close(listener);
    om__net_free(net);
}

static void refuse(const struct om__stream_target *t, struct om__net *net, int64_t ms,
                   enum om_layer layer, enum om_cause cause)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__stream *s = NULL;
    int64_t from = om__net_now();

    assert_int_equal(om__stream_open(net, t, from + ms, &s, &err), MAPI_E_NETWORK_ERROR);
    if (err.layer != layer || err.cause != cause)
        fail_msg("%s, %s: %s", om_layer_name(err.layer), om_cause_name(err.cause), err.detail);
    assert_true(om__net_now() - from < ms + 1500);
    assert_non_null(strstr(err.target, t->host));
    assert_null(s);
}

static void test_stream_names_what_keeps_it_from_connecting(void **state)
{
    uint16_t port;
    int listener = listen_here(&port);
    struct om__net *net = test_net("ex.test", port);
    struct om__stream_target refused = {.host = "ex.test", .port = 77};
    struct om__stream_target nowhere = {.host = "no-such-host.invalid", .port = 443};
    struct om__stream_target silent = {.host = "ex.test", .port = 77, .tls = true};

    (void)state;
    refuse(&silent, net, 200, OM_LAYER_TLS, OM_CAUSE_TIMEOUT);
    refuse(&nowhere, net, 5000, OM_LAYER_DNS, OM_CAUSE_UNRESOLVED_HOST);
    close(listener);
    refuse(&refused, net, 5000, OM_LAYER_TCP, OM_CAUSE_REFUSED);
    om__net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net_reads_overrides_in_all_their_forms),
        cmocka_unit_test(test_net_says_where_an_override_is_wrong),
        cmocka_unit_test(test_net_checks_the_ca_file_when_it_is_named),
        cmocka_unit_test(test_net_clock_runs_forward),
        cmocka_unit_test(test_stream_moves_bytes_and_sees_the_end),
        cmocka_unit_test(test_stream_writing_to_a_closed_peer_is_an_error_not_a_signal),
        cmocka_unit_test(test_stream_reading_is_no_signal_where_tls_writes),
        cmocka_unit_test(test_http_cuts_no_user_name),
        cmocka_unit_test(test_stream_names_what_keeps_it_from_connecting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
