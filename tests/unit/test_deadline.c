/* SPDX-License-Identifier: MIT */
/*
 * A peer that never stops talking must not outlast a deadline any more than one that says nothing.
 * Each peer here is a process of its own that floods one connection for as long as it is read.
 */
#include "support/codec_check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/emsmdb.h"
#include "codec/rts.h"
#include "net/rpc_conn.h"

enum { DEADLINE_MS = 400, LATE_MS = 3000, FLOOD_SECONDS = 10 };

struct flood {
    const char *head; /* sent once */
    const void *again;
    size_t size;
};

static void flood_first(int listener, const struct flood *f)
{
    uint8_t block[8192];
    size_t n = 0;
    int peer = accept(listener, NULL, NULL);

    signal(SIGPIPE, SIG_IGN);
    alarm(FLOOD_SECONDS);
    while (n + f->size <= sizeof block) {
        memcpy(block + n, f->again, f->size);
        n += f->size;
    }
    if (peer >= 0 && recv(peer, &(char){0}, 1, 0) == 1 &&
        send(peer, f->head, strlen(f->head), 0) == (ssize_t)strlen(f->head)) {
        while (send(peer, block, n, 0) == (ssize_t)n)
            ;
    }
    _exit(0);
}

/* Opens a connection through a flooding RPC proxy: it has to fail, and in time. */
static void through(const struct flood *f, enum om_http_auth auth, enum om_layer layer)
{
    struct om__identity user = {
        .user = (char[]){"alice"}, .domain = (char[]){"CONTOSO"}, .password = (char[]){"secret"}};
    struct om__rpc_target t = {.transport = OM_TRANSPORT_HTTP,
                               .server = "x@ex.test",
                               .port = 6001,
                               .proxy = "ex.test",
                               .proxy_port = 77,
                               .http_auth = auth,
                               .http_identity = &user,
                               .rpc_level = OM_RPC_LEVEL_NONE};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct om_error err = OM_ERROR_INIT;
    struct om__rpc_conn *c = NULL;
    socklen_t n = sizeof a;
    struct om__net net;
    char text[64];
    int64_t from;
    pid_t child;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        flood_first(fd, f);
    assert_int_equal(om__net_init(&net, NULL), OM_OK);
    snprintf(text, sizeof text, "ex.test:127.0.0.1:%u", ntohs(a.sin_port));
    assert_int_equal(om__net_add_overrides(&net, text, NULL), OM_OK);
    from = om__net_now();
    assert_true(OM_FAILED(
        om__rpc_conn_open(&net, &t, &om__emsmdb_interface, from + DEADLINE_MS, &c, &err)));
    if (om__net_now() - from > LATE_MS)
        fail_msg("it took %d ms: %s", (int)(om__net_now() - from), err.detail);
    if (err.layer != layer || err.cause != OM_CAUSE_TIMEOUT)
        fail_msg("%s, %s: %s", om_layer_name(err.layer), om_cause_name(err.cause), err.detail);
    om__net_free(&net);
    close(fd);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void test_pings_without_end_do_not_outlast_the_deadline(void **state)
{
    struct om__rts_pdu ping;
    struct om_wr w;

    (void)state;
    om__rts_make(OM_RTS_KIND_PING, &ping);
    om_wr_init(&w, 512);
    om__rts_encode(&w, &ping);
    assert_int_equal(om_wr_finish(&w, OM_LAYER_RTS, "Ping", NULL), OM_OK);
    through(&(struct flood){"HTTP/1.1 200 Success\r\nContent-Type: application/rpc\r\n"
                            "Content-Length: 1073741824\r\n\r\n",
                            w.buf, w.len},
            OM_HTTP_AUTH_NONE, OM_LAYER_RTS);
    om_wr_free(&w);
}

static void test_interim_answers_without_end_do_not_outlast_the_deadline(void **state)
{
    static const char again[] = "HTTP/1.1 100 Continue\r\n\r\n";

    (void)state;
    through(&(struct flood){"", again, sizeof again - 1}, OM_HTTP_AUTH_NTLM, OM_LAYER_HTTP);
    through(&(struct flood){"", again, sizeof again - 1}, OM_HTTP_AUTH_NONE, OM_LAYER_HTTP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pings_without_end_do_not_outlast_the_deadline),
        cmocka_unit_test(test_interim_answers_without_end_do_not_outlast_the_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
