/* SPDX-License-Identifier: MIT */
/*
 * The client over real sockets and TLS against the lab, in a process of its own: what works, and
 * what each of the lab's misbehaviours looks like from here.
 */
#include "support/codec_check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <onemapi/onemapi.h>

#include "lab/http.h"
#include "lab/serve.h"
#include "net/rpc_conn.h"

static char dir[64]; /* the lab's; its passwords and mailboxes outlive one lab */

struct lab {
    pid_t pid;
    char *resolve; /* ONEMAPI_RESOLVE */
    char ca_file[80];
    char password[2][64]; /* alice's and bob's */
};

static char *slurp(const char *name, char *buf, size_t size)
{
    char path[128];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    fd = open(path, O_RDONLY);
    if (fd < 0)
        fail_msg("%s", path);
    n = read(fd, buf, size - 1);
    assert_true(n >= 0);
    buf[n] = 0;
    buf[strcspn(buf, "\n")] = name[0] == 'p' ? 0 : buf[strcspn(buf, "\n")];
    close(fd);
    return buf;
}

static void child(int ready, const char *misbehave, unsigned http_auth)
{
    struct lab_options o = {.dir = dir, .http_auth = http_auth};
    char why[256];

    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that fails leaves no lab behind */
    dup2(ready, STDOUT_FILENO);
    if (misbehave && !lab_misbehave_add(&o.misbehave, misbehave, why, sizeof why))
        _exit(99);
    _exit(lab_serve(&o));
}

static struct lab lab_start(const char *misbehave, unsigned http_auth)
{
    struct lab lab = {0};
    char env[8192], line[16384];
    size_t n = 0;
    int pipes[2];

    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    lab.pid = fork();
    assert_true(lab.pid >= 0);
    if (lab.pid == 0) {
        close(pipes[0]);
        child(pipes[1], misbehave, http_auth);
    }
    close(pipes[1]);
    while (n + 1 < sizeof line && read(pipes[0], line + n, 1) == 1 && line[n] != '\n')
        n++;
    assert_true(n > 0); /* its line says that it is ready */
    close(pipes[0]);
    lab.resolve = strdup(strstr(slurp("env", env, sizeof env), "ONEMAPI_RESOLVE='") + 17);
    lab.resolve[strcspn(lab.resolve, "'")] = 0;
    snprintf(lab.ca_file, sizeof lab.ca_file, "%s/ca.pem", dir);
    slurp("passwords/alice", lab.password[0], sizeof lab.password[0]);
    slurp("passwords/bob", lab.password[1], sizeof lab.password[1]);
    return lab;
}

static void lab_stop(struct lab *lab)
{
    kill(lab->pid, SIGTERM);
    waitpid(lab->pid, NULL, 0);
    free(lab->resolve);
}

/* What a visit needs to know. */
struct visit {
    enum om__transport transport;
    enum om_http_auth http_auth;
    bool rpc_ntlm, ignore_certificate, no_ca, plain;
    const char *http_password, *rpc_password; /* NULL: the right one */
    uint16_t port;                            /* 0: 6004, over TCP the endpoint mapper */
    int64_t ms;                               /* 0: 5000 */
};

static struct visit http_visit(enum om_http_auth auth)
{
    return (struct visit){.transport = OM_TRANSPORT_HTTP, .http_auth = auth};
}

struct outcome {
    om_status status;
    struct om_error err;
    struct om__rpc_conn_stats stats;
    enum om__certificate certificate;
    int64_t ms;
};

/* Remote management's first call, rpc__mgmt_inq_if_ids: every port of the lab answers it. */
static om_status ask(struct om__rpc_conn *c, int64_t deadline, struct om_error *err)
{
    static const struct om__rpc_syntax mgmt = {
        {0xAFA8BD80, 0x7D8A, 0x11C9, {0xBE, 0xF4, 0x08, 0x00, 0x2B, 0x10, 0x29, 0x89}}, 1, 0};
    uint16_t context;
    struct om_rd r;
    om_status st = om__rpc_conn_bind(c, &mgmt, deadline, &context, err);

    for (unsigned i = 0; i < 3 && st == OM_OK; i++)
        st = om__rpc_conn_call(c, context, 0, "", 0, deadline, &r, err);
    if (st == OM_OK)
        assert_true(om_rd_left(&r) > 40);
    return st;
}

static struct outcome go(const struct lab *lab, const struct visit *v)
{
    static const struct om__rpc_syntax nspi = {
        {0xF5CC5A18, 0x4264, 0x101A, {0x8C, 0x59, 0x08, 0x00, 0x2B, 0x2F, 0x84, 0x26}}, 56, 0};
    static char domain[] = "CONTOSO", alice[] = "alice", bob[] = "bob";
    bool tcp = v->transport == OM_TRANSPORT_TCP;
    char http_pw[64], rpc_pw[64];
    struct om__identity http = {alice, domain, http_pw}, rpc = {tcp ? bob : alice, domain, rpc_pw};
    struct om__rpc_target t = {.transport = v->transport,
                               .server = tcp ? "ex2010.contoso.test" : "ex2013.contoso.test",
                               .port = v->port ? v->port
                                       : tcp   ? 0
                                               : 6004,
                               .proxy = "mail.contoso.test",
                               .tls = !v->plain,
                               .ignore_certificate = v->ignore_certificate,
                               .http_auth = v->http_auth,
                               .http_identity = &http,
                               .rpc_auth = v->rpc_ntlm ? OM_AUTH_MECH_NTLM : OM_AUTH_MECH_NONE,
                               .rpc_level = v->rpc_ntlm ? OM_RPC_LEVEL_PRIVACY : OM_RPC_LEVEL_NONE,
                               .rpc_identity = &rpc};
    struct outcome o = {.err = OM_ERROR_INIT};
    struct om__rpc_conn *c = NULL;
    struct om__net net;
    int64_t from = om__net_now(), deadline = from + (v->ms ? v->ms : 5000);

    snprintf(http_pw, sizeof http_pw, "%s", v->http_password ? v->http_password : lab->password[0]);
    snprintf(rpc_pw, sizeof rpc_pw, "%s", v->rpc_password ? v->rpc_password : lab->password[tcp]);
    assert_int_equal(om__net_init(&net, NULL), OM_OK);
    assert_int_equal(om__net_add_overrides(&net, lab->resolve, NULL), OM_OK);
    if (!v->no_ca)
        assert_int_equal(om__net_set_ca_file(&net, lab->ca_file, NULL), OM_OK);
    o.status = om__rpc_conn_open(&net, &t, &nspi, deadline, &c, &o.err);
    if (o.status == OM_OK) {
        o.status = ask(c, deadline, &o.err);
        o.certificate = om__rpc_conn_certificate(c);
        om__rpc_conn_stats(c, &o.stats);
    }
    om__rpc_conn_close(c);
    om__net_free(&net);
    o.ms = om__net_now() - from;
    return o;
}

static struct outcome must_work(const struct lab *lab, const struct visit *v)
{
    struct outcome o = go(lab, v);

    if (o.status != OM_OK)
        fail_msg("%s, %s: %s", om_layer_name(o.err.layer), om_cause_name(o.err.cause),
                 o.err.detail);
    return o;
}

static void must_fail(const struct lab *lab, const struct visit *v, const char *name,
                      enum om_layer layer, enum om_cause cause)
{
    struct outcome o = go(lab, v);

    if (o.status == OM_OK)
        fail_msg("%s: it works", name);
    /* a peer that closes while bytes are on their way to it resets the connection */
    if (cause == OM_CAUSE_CLOSED && o.err.layer == OM_LAYER_TCP && o.err.cause == OM_CAUSE_RESET)
        return;
    if (o.err.layer != layer || o.err.cause != cause)
        fail_msg("%s: %s, %s: %s", name, om_layer_name(o.err.layer), om_cause_name(o.err.cause),
                 o.err.detail);
    if (!o.err.detail[0] || !o.err.target[0] || !om_error_hint(&o.err)[0])
        fail_msg("%s: detail \"%s\", target \"%s\", hint \"%s\"", name, o.err.detail, o.err.target,
                 om_error_hint(&o.err));
    if (cause != OM_CAUSE_TIMEOUT && o.ms > 4500)
        fail_msg("%s: only after %ld ms", name, (long)o.ms);
}

static const enum om_http_auth methods[] = {OM_HTTP_AUTH_BASIC, OM_HTTP_AUTH_NTLM,
                                            OM_HTTP_AUTH_NEGOTIATE};

static void test_conn_reaches_the_lab_every_way(void **state)
{
    struct lab lab = lab_start(NULL, LAB_HTTP_BASIC | LAB_HTTP_NTLM);

    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        for (int ntlm = 0; ntlm < 2; ntlm++) {
            struct visit v = http_visit(methods[i]);
            struct outcome o;

            v.rpc_ntlm = ntlm;
            o = must_work(&lab, &v);
            assert_int_equal(o.certificate, OM_CERTIFICATE_VERIFIED);
            /* OUT, IN with NTLM's first legs; bind, alter_context, three calls */
            assert_int_equal(o.stats.round_trips, methods[i] == OM_HTTP_AUTH_BASIC ? 7 : 9);
            v.no_ca = v.ignore_certificate = true;
            o = must_work(&lab, &v);
            assert_int_equal(o.certificate, OM_CERTIFICATE_IGNORED);
            v = http_visit(methods[i]);
            v.plain = true;
            o = must_work(&lab, &v);
            assert_int_equal(o.certificate, OM_CERTIFICATE_NONE);
        }
    }
    for (int ntlm = 0; ntlm < 2; ntlm++) {
        struct visit v = {.transport = OM_TRANSPORT_TCP, .rpc_ntlm = ntlm};
        struct outcome o = must_work(&lab, &v);

        assert_int_equal(o.stats.round_trips, 7); /* the mapper's bind and call among them */
    }
    lab_stop(&lab);
}

static void test_conn_tells_refusals_of_a_lab_that_behaves(void **state)
{
    struct lab lab = lab_start(NULL, LAB_HTTP_BASIC);
    struct visit v = http_visit(OM_HTTP_AUTH_NTLM);

    (void)state;
    must_fail(&lab, &v, "not offered", OM_LAYER_HTTP, OM_CAUSE_AUTH_NOT_OFFERED);
    v = http_visit(OM_HTTP_AUTH_NEGOTIATE);
    must_fail(&lab, &v, "not offered", OM_LAYER_HTTP, OM_CAUSE_AUTH_NOT_OFFERED);
    v = http_visit(OM_HTTP_AUTH_BASIC);
    v.no_ca = true;
    must_fail(&lab, &v, "unknown authority", OM_LAYER_TLS, OM_CAUSE_CERTIFICATE);
    v = http_visit(OM_HTTP_AUTH_BASIC);
    v.port = 6999;
    must_fail(&lab, &v, "no such port", OM_LAYER_HTTP, OM_CAUSE_PROXY_ERROR);
    v = http_visit(OM_HTTP_AUTH_BASIC);
    v.rpc_ntlm = true;
    v.rpc_password = "wrong";
    must_fail(&lab, &v, "RPC password", OM_LAYER_AUTH, OM_CAUSE_BAD_CREDENTIALS);
    lab_stop(&lab);
}

static void test_conn_hears_of_a_wrong_password_at_once(void **state)
{
    static const char *const labs[] = {NULL, "http-read-body"};

    (void)state;
    for (size_t l = 0; l < 2; l++) {
        struct lab lab = lab_start(labs[l], LAB_HTTP_BASIC | LAB_HTTP_NTLM);

        for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
            struct visit v = http_visit(methods[i]);

            v.http_password = "wrong";
            must_fail(&lab, &v, "wrong password", OM_LAYER_HTTP, OM_CAUSE_BAD_CREDENTIALS);
        }
        lab_stop(&lab);
    }
}

static void test_conn_gets_along_with_odd_servers(void **state)
{
    static const char *const odd[] = {"http-negotiate-only", "http-ntlm-as-negotiate", "http-epa",
                                      "trickle=1"};

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct lab lab = lab_start(odd[i], LAB_HTTP_BASIC | LAB_HTTP_NTLM);
        struct visit v = http_visit(OM_HTTP_AUTH_NTLM);

        v.rpc_ntlm = true;
        (void)must_work(&lab, &v);
        v = http_visit(OM_HTTP_AUTH_NEGOTIATE);
        (void)must_work(&lab, &v);
        lab_stop(&lab);
    }
}

static const struct {
    const char *misbehave;
    bool tcp;
    enum om_layer layer;
    enum om_cause cause;
} table[] = {
    {"silent", false, OM_LAYER_TLS, OM_CAUSE_TIMEOUT},
    {"silent", true, OM_LAYER_RPC, OM_CAUSE_TIMEOUT},
    {"close", true, OM_LAYER_RPC, OM_CAUSE_CLOSED},
    {"cert-expired", false, OM_LAYER_TLS, OM_CAUSE_CERTIFICATE},
    {"cert-wrong-host", false, OM_LAYER_TLS, OM_CAUSE_CERTIFICATE},
    {"cert-self-signed", false, OM_LAYER_TLS, OM_CAUSE_CERTIFICATE},
    {"http-status=500", false, OM_LAYER_HTTP, OM_CAUSE_HTTP_STATUS},
    {"http-401", false, OM_LAYER_HTTP, OM_CAUSE_BAD_CREDENTIALS},
    {"http-close-401", false, OM_LAYER_HTTP, OM_CAUSE_AUTH_FAILED},
    {"http-garbage", false, OM_LAYER_HTTP, OM_CAUSE_PROTOCOL},
    {"proxy-error=6ba", false, OM_LAYER_HTTP, OM_CAUSE_PROXY_ERROR},
    {"rts-no-a3", false, OM_LAYER_RTS, OM_CAUSE_PROTOCOL},
    {"rts-no-c2", false, OM_LAYER_RTS, OM_CAUSE_TIMEOUT},
    {"rts-bad", false, OM_LAYER_RTS, OM_CAUSE_PROTOCOL},
    {"rpc-silent=1", false, OM_LAYER_RPC, OM_CAUSE_TIMEOUT},
    {"rpc-silent=3", true, OM_LAYER_RPC, OM_CAUSE_TIMEOUT},
    {"rpc-close=3", false, OM_LAYER_RTS, OM_CAUSE_CLOSED},
    {"rpc-close=3", true, OM_LAYER_RPC, OM_CAUSE_CLOSED},
    {"rpc-call-id=3", false, OM_LAYER_RPC, OM_CAUSE_PROTOCOL},
    {"rpc-type=3", true, OM_LAYER_RPC, OM_CAUSE_PROTOCOL},
    {"rpc-signature=3", false, OM_LAYER_AUTH, OM_CAUSE_BAD_SIGNATURE},
    {"rpc-fault=5", true, OM_LAYER_RPC, OM_CAUSE_ACCESS_DENIED},
    {"rpc-bind-nak=1", false, OM_LAYER_RPC, OM_CAUSE_BIND_REFUSED},
};

static void test_conn_names_each_misbehaviour(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lab lab = lab_start(table[i].misbehave, LAB_HTTP_BASIC | LAB_HTTP_NTLM);
        struct visit v = http_visit(OM_HTTP_AUTH_NTLM);

        if (table[i].tcp)
            v = (struct visit){.transport = OM_TRANSPORT_TCP};
        v.rpc_ntlm = true;
        v.ms = table[i].cause == OM_CAUSE_TIMEOUT ? 700 : 5000;
        must_fail(&lab, &v, table[i].misbehave, table[i].layer, table[i].cause);
        lab_stop(&lab);
    }
}

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/onemapi-conn-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    char command[100];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

/* ---- what a profile says of connections ---- */

static void count_connections(void *ctx, const struct om_trace_event *ev)
{
    if (ev->event && strcmp(ev->event, "connected") == 0)
        ++*(unsigned *)ctx;
}

static void make_profile(struct om_store *store, const char *name, int32_t connect_flags)
{
    const struct om_propval vals[] = {
        {.tag = OM_PROP_TAG(PT_STRING8, 0x6607), .v.str8 = "bob"},
        {.tag = OM_PROP_TAG(PT_STRING8, 0x6608), .v.str8 = "ex2010.contoso.test"},
        {.tag = OM_PROP_TAG(PT_LONG, 0x6604), .v.l = connect_flags},
    };
    struct om_error err = OM_ERROR_INIT;

    assert_int_equal(om_profile_create(store, name, &err), OM_OK);
    assert_int_equal(om_service_add(store, name, "MSEMS", NULL, &err), OM_OK);
    assert_int_equal(om_prop_set(store, name, &om_uid_global_section, vals, 3, &err), OM_OK);
}

/* Connections that a second mailbox on the server of the first one costs. */
static unsigned cost_of_another(const struct lab *lab, struct om_store *store, const char *profile)
{
    const char *const resolve[] = {lab->resolve, NULL};
    char password[64];
    unsigned before, count = 0;
    struct om_session_options o = {
        .rpc = {"CONTOSO\\admin", slurp("passwords/admin", password, sizeof password)},
        .resolve = resolve,
        .timeout_ms = 10000,
        .trace = count_connections,
        .trace_ctx = &count,
    };
    struct om_error err = OM_ERROR_INIT;
    struct om_mailbox *mailbox;
    struct om_session *s;

    assert_int_equal(om_session_open(store, profile, &o, &s, &err), OM_OK);
    if (om_session_logon(s, &mailbox, &err) != OM_OK)
        fail_msg("logon: %s", err.detail);
    before = count;
    if (om_session_open_mailbox(s, "erin", &mailbox, &err) != OM_OK)
        fail_msg("erin: %s", err.detail);
    om_session_close(s);
    return count - before;
}

static void test_mailboxes_of_a_server_share_a_connection_unless_told_not_to(void **state)
{
    struct lab lab = lab_start(NULL, LAB_HTTP_BASIC | LAB_HTTP_NTLM);
    struct om_error err = OM_ERROR_INIT;
    struct om_store *store;
    unsigned shared, separate;
    char home[96];

    (void)state;
    snprintf(home, sizeof home, "%s/connections", dir);
    assert_int_equal(om_store_open(home, OM_STORE_WRITE, &store, &err), OM_OK);
    make_profile(store, "shared", 0x8000);         /* CONNECT_IGNORE_NO_PF */
    make_profile(store, "separate", 0x8000 | 0x4); /* and CONNECT_USE_SEPARATE_CONNECTION */
    /* Both ask the referral service for the host; then one has the connection, the other makes two.
     */
    shared = cost_of_another(&lab, store, "shared");
    separate = cost_of_another(&lab, store, "separate");
    assert_int_equal(separate, shared + 2); /* endpoint mapper, EMSMDB */
    om_store_close(store);
    lab_stop(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conn_reaches_the_lab_every_way),
        cmocka_unit_test(test_conn_tells_refusals_of_a_lab_that_behaves),
        cmocka_unit_test(test_conn_hears_of_a_wrong_password_at_once),
        cmocka_unit_test(test_conn_gets_along_with_odd_servers),
        cmocka_unit_test(test_conn_names_each_misbehaviour),
        cmocka_unit_test(test_mailboxes_of_a_server_share_a_connection_unless_told_not_to),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
