/* SPDX-License-Identifier: MIT */
#include "lab/serve.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lab/cert.h"
#include "lab/mailstore.h"
#include "lab/personality.h"
#include "lab/rpc_listener.h"
#include "lab/rpc_proxy.h"

#define GRACE_MS      2000 /* what connections get to end in, after a signal */
#define GRACE_STEP_MS 10
#define NAMES         32 /* of all hosts, in one certificate */
#define PROXY_PORTS   3

/* One port of one server: it listens, or it refuses. */
struct slot {
    struct lab_listener listener;
    struct host *host;
    int refusing;           /* a descriptor, -1 without */
    struct lab_proxy proxy; /* 443 and 80 */
    struct lab_port port;   /* the others */
    SSL_CTX *tls;           /* 443 */
    uint8_t binding[32];
};

struct host {
    struct lab_host is;
    struct lab *lab;
    struct slot slots[LAB_SLOTS];
    struct lab_endpoint endpoints[8];
    size_t endpoint_count;
};

struct lab {
    const struct lab_options *options;
    struct lab_world world;
    struct lab_net net;
    struct lab_certs certs;
    const char *names[NAMES + 1];
    struct host *hosts;
    struct lab_host *public_hosts;
    size_t host_count;
    struct lab_port *proxy_ports; /* what any RPC proxy here may reach */
    size_t proxy_port_count;
    struct lab_watch signals;
    struct lab_timer grace;
    uint64_t deadline; /* of the connections, once signalled */
};

static bool fail(const char *what)
{
    fprintf(stderr, "onemapi-lab: %s\n", what);
    return false;
}

/* ---- what is served where ---- */

static void name_port(struct lab_port *p, struct lab *lab, const struct lab_server *server,
                      enum lab_transport transport, uint16_t port)
{
    *p = (struct lab_port){
        .world = &lab->world, .server = server, .transport = transport, .port = port};
}

static void serve_management(struct lab_port *p)
{
    lab_port_serve(p, &lab_mgmt_interface, "management");
}

static void serve_emsmdb(struct lab_port *p)
{
    lab_port_serve(p, &lab_emsmdb_interface, "EMSMDB");
    lab_port_serve(p, &lab_async_emsmdb_interface, "AsyncEMSMDB");
    serve_management(p);
}

static void serve_directory(struct lab_port *p)
{
    lab_port_serve(p, &lab_nspi_interface, "NSPI");
    lab_port_serve(p, &lab_rfr_interface, "RFR");
    serve_management(p);
}

/* 6001, 6002, 6004 of a server behind an RPC proxy. On Exchange NSPI and RFR answer at both of
 * theirs. */
static void add_proxy_ports(struct lab *lab, const struct lab_server *server)
{
    struct lab_port *p = &lab->proxy_ports[lab->proxy_port_count];

    name_port(&p[0], lab, server, LAB_NCACN_HTTP, 6001);
    serve_emsmdb(&p[0]);
    name_port(&p[1], lab, server, LAB_NCACN_HTTP, 6002);
    serve_directory(&p[1]);
    name_port(&p[2], lab, server, LAB_NCACN_HTTP, 6004);
    serve_directory(&p[2]);
    lab->proxy_port_count += PROXY_PORTS;
}

static void accept_http(struct lab_listener *l, int fd)
{
    struct slot *s = l->owner;

    lab_http_accept(l->net, fd, s->tls, s->tls ? 443 : 80, &s->proxy.http);
}

static void accept_rpc(struct lab_listener *l, int fd)
{
    struct slot *s = l->owner;

    lab_rpc_accept(l->net, fd, &s->port);
}

static uint16_t wanted_port(const struct host *h, enum lab_slot slot)
{
    static const uint16_t real[] = {
        [LAB_SLOT_HTTPS] = 443, [LAB_SLOT_HTTP] = 80, [LAB_SLOT_EPM] = 135};
    const struct lab_options *o = h->lab->options;

    if (o->real_ports)
        return slot <= LAB_SLOT_EPM ? real[slot] : 0;
    if (!o->port_base)
        return 0;
    return (uint16_t)(o->port_base + (size_t)(h - h->lab->hosts) * LAB_SLOTS + slot);
}

static bool open_slot(struct host *h, enum lab_slot slot,
                      void (*accepted)(struct lab_listener *, int))
{
    struct slot *s = &h->slots[slot];
    uint16_t port = wanted_port(h, slot);

    if (!accepted) {
        s->refusing = lab_refuse(h->is.address, &port);
        h->is.ports[slot] = port;
        return s->refusing >= 0;
    }
    s->listener.accepted = accepted;
    s->listener.owner = s;
    if (!lab_listen(&h->lab->net, &s->listener, h->is.address, port))
        return false;
    h->is.ports[slot] = s->listener.port;
    snprintf(s->port.sec_addr, sizeof(s->port.sec_addr), "%u", s->listener.port);
    return true;
}

/* ---- a server with an RPC proxy ---- */

static SSL_CTX *tls_context(const struct lab *lab, const struct lab_server *server)
{
    static const struct {
        enum lab_misbehaviour told;
        enum lab_cert_kind kind;
    } wrong[] = {
        {LAB_MIS_CERT_EXPIRED, LAB_CERT_EXPIRED},
        {LAB_MIS_CERT_WRONG_HOST, LAB_CERT_WRONG_HOST},
        {LAB_MIS_CERT_SELF_SIGNED, LAB_CERT_SELF_SIGNED},
    };
    size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (lab_misbehaves(&lab->options->misbehave, wrong[i].told, server->name, 443))
            return lab_certs_context(&lab->certs, wrong[i].kind);
    return lab_certs_context(&lab->certs, LAB_CERT_GOOD);
}

static void set_proxy(struct host *h, struct slot *s)
{
    struct lab *lab = h->lab;

    s->proxy = (struct lab_proxy){
        .http = {.org = lab->world.org,
                 .server = h->is.server,
                 .auth = lab->options->http_auth,
                 .binding = s->tls ? s->binding : NULL},
        .loop = lab->net.loop,
        .misbehave = &lab->options->misbehave,
        .ports = lab->proxy_ports,
        .port_count = lab->proxy_port_count,
    };
    lab_proxy_init(&s->proxy);
}

static bool open_http_host(struct host *h)
{
    struct slot *https = &h->slots[LAB_SLOT_HTTPS], *http = &h->slots[LAB_SLOT_HTTP];

    https->tls = tls_context(h->lab, h->is.server);
    if (!https->tls || !lab_cert_binding(https->tls, https->binding))
        return fail("TLS could not be set up");
    set_proxy(h, https);
    set_proxy(h, http);
    return open_slot(h, LAB_SLOT_HTTPS, accept_http) && open_slot(h, LAB_SLOT_HTTP, accept_http);
}

/* ---- a server with RPC over TCP ---- */

static void add_endpoints(struct host *h, enum lab_slot slot)
{
    struct lab_port *p = &h->slots[slot].port;
    size_t i;

    for (i = 0; i < p->count; i++)
        if (p->interfaces[i].user != &lab_mgmt_interface)
            h->endpoints[h->endpoint_count++] =
                (struct lab_endpoint){&p->interfaces[i].syntax, h->is.address, h->is.ports[slot]};
}

static bool open_tcp_host(struct host *h)
{
    static const uint16_t names[] = {[LAB_SLOT_EPM] = 135,
                                     [LAB_SLOT_EMSMDB] = 6001,
                                     [LAB_SLOT_RFR] = 6002,
                                     [LAB_SLOT_NSPI] = 6004};
    enum lab_slot slot;

    for (slot = LAB_SLOT_EPM; slot < LAB_SLOTS; slot++)
        name_port(&h->slots[slot].port, h->lab, h->is.server, LAB_NCACN_IP_TCP, names[slot]);
    lab_port_serve(&h->slots[LAB_SLOT_EPM].port, &lab_epm_interface, "endpoint mapper");
    serve_management(&h->slots[LAB_SLOT_EPM].port);
    serve_emsmdb(&h->slots[LAB_SLOT_EMSMDB].port);
    lab_port_serve(&h->slots[LAB_SLOT_RFR].port, &lab_rfr_interface, "RFR");
    serve_management(&h->slots[LAB_SLOT_RFR].port);
    lab_port_serve(&h->slots[LAB_SLOT_NSPI].port, &lab_nspi_interface, "NSPI");
    serve_management(&h->slots[LAB_SLOT_NSPI].port);
    for (slot = LAB_SLOT_EPM; slot < LAB_SLOTS; slot++) {
        if (!open_slot(h, slot, accept_rpc))
            return false;
        if (slot != LAB_SLOT_EPM)
            add_endpoints(h, slot);
    }
    h->slots[LAB_SLOT_EPM].port.endpoints = h->endpoints;
    h->slots[LAB_SLOT_EPM].port.endpoint_count = h->endpoint_count;
    return true;
}

/* What a personality does not serve is refused, not left to whoever holds that port next. */
static bool open_host(struct host *h)
{
    const struct lab_personality *p = h->is.personality;
    bool ok;

    ok = p->rpc_http ? open_http_host(h)
                     : open_slot(h, LAB_SLOT_HTTPS, NULL) && open_slot(h, LAB_SLOT_HTTP, NULL);
    ok = ok && (p->rpc_tcp ? open_tcp_host(h) : open_slot(h, LAB_SLOT_EPM, NULL));
    if (!ok)
        fprintf(stderr, "onemapi-lab: ports of %s: %s\n", h->is.server->host, strerror(errno));
    return ok;
}

/* ---- the whole ---- */

static bool make_hosts(struct lab *lab)
{
    struct lab_org *org = lab->world.org;
    size_t i, names = 0;

    lab->hosts = calloc(org->server_count, sizeof(*lab->hosts));
    lab->public_hosts = calloc(org->server_count, sizeof(*lab->public_hosts));
    lab->proxy_ports = calloc(org->server_count * PROXY_PORTS, sizeof(*lab->proxy_ports));
    if (!lab->hosts || !lab->public_hosts || !lab->proxy_ports)
        return fail("out of memory");
    for (i = 0; i < org->server_count; i++) {
        struct host *h = &lab->hosts[lab->host_count++];
        enum lab_slot slot;

        for (slot = 0; slot < LAB_SLOTS; slot++)
            h->slots[slot] = (struct slot){.host = h, .refusing = -1, .listener.watch.fd = -1};
        h->lab = lab;
        h->is.server = &org->servers[i];
        h->is.personality = lab_personality(org->servers[i].age);
        h->is.address = INADDR_LOOPBACK + (lab->options->real_ports ? (uint32_t)i : 0);
        if (!h->is.personality || names + 2 > NAMES)
            return fail("a server of an age this lab does not play");
        if (h->is.personality->proxy)
            lab->names[names++] = h->is.personality->proxy;
        lab->names[names++] = h->is.server->host;
        if (h->is.personality->rpc_http)
            add_proxy_ports(lab, h->is.server);
    }
    return true;
}

static bool open_world(struct lab *lab, const char *dir)
{
    char why[256];

    lab->world.misbehave = lab->net.misbehave = &lab->options->misbehave;
    lab->world.org = lab_org_new(lab->options->gal);
    if (!lab->world.org)
        return fail("out of memory");
    if (!lab_setup_passwords(dir, lab->world.org, why, sizeof(why)) || !make_hosts(lab))
        return fail(why);
    if (!lab_certs_open(&lab->certs, dir, lab->names, why, sizeof(why)))
        return fail(why);
    lab->world.mail = lab_mailstore_open(dir, lab->options->mail, why, sizeof(why));
    return lab->world.mail ? true : fail(why);
}

static bool open_network(struct lab *lab, const char *dir)
{
    char why[256];
    size_t i;

    for (i = 0; i < lab->host_count; i++) {
        if (!open_host(&lab->hosts[i]))
            return false;
        lab->public_hosts[i] = lab->hosts[i].is;
    }
    return lab_setup_env(dir, lab->world.org, lab->public_hosts, lab->host_count, why,
                         sizeof(why)) ||
           fail(why);
}

static void close_listeners(struct lab *lab)
{
    enum lab_slot slot;
    size_t i;

    for (i = 0; i < lab->host_count; i++) {
        for (slot = 0; slot < LAB_SLOTS; slot++) {
            struct slot *s = &lab->hosts[i].slots[slot];

            lab_listener_close(&s->listener);
            if (s->refusing >= 0)
                close(s->refusing);
            s->refusing = -1;
        }
    }
}

/* Ends when the last connection has; those that take too long are cut off. */
static void grace_over(struct lab_timer *t)
{
    struct lab *lab = (struct lab *)((char *)t - offsetof(struct lab, grace));
    struct lab_conn *c;

    if (!lab->net.conns) {
        lab_loop_stop(lab->net.loop);
        return;
    }
    if (lab_loop_now() >= lab->deadline)
        for (c = lab->net.conns; c; c = c->next)
            lab_conn_close(c);
    lab_loop_arm(lab->net.loop, t, GRACE_STEP_MS);
}

static void signalled(struct lab_watch *w, uint32_t events)
{
    struct lab *lab = (struct lab *)((char *)w - offsetof(struct lab, signals));
    struct signalfd_siginfo info;
    struct lab_conn *c;

    (void)events;
    if (read(w->fd, &info, sizeof(info)) != sizeof(info))
        return;
    close_listeners(lab);
    for (c = lab->net.conns; c; c = c->next)
        lab_conn_finish(c);
    lab->deadline = lab_loop_now() + GRACE_MS;
    lab_loop_arm(lab->net.loop, &lab->grace, 0);
}

static bool watch_signals(struct lab *lab)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    lab->grace.fire = grace_over;
    lab->signals = (struct lab_watch){.fd = -1, .ready = signalled};
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return false;
    lab->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return lab->signals.fd >= 0 && lab_loop_watch(lab->net.loop, &lab->signals, EPOLLIN);
}

static void lab_close(struct lab *lab)
{
    size_t i;

    close_listeners(lab);
    for (i = 0; i < lab->host_count; i++)
        SSL_CTX_free(lab->hosts[i].slots[LAB_SLOT_HTTPS].tls);
    if (lab->signals.fd >= 0)
        close(lab->signals.fd);
    lab_certs_close(&lab->certs);
    lab_mailstore_close(lab->world.mail);
    lab_org_free(lab->world.org);
    lab_loop_free(lab->net.loop);
    free(lab->hosts);
    free(lab->public_hosts);
    free(lab->proxy_ports);
}

/* A channel is a descriptor, and a test may hold hundreds open. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int lab_serve(const struct lab_options *options)
{
    struct lab lab = {.options = options, .signals.fd = -1};
    char why[256], *dir = NULL;
    bool ok = lab_setup_dir(options->dir, why, sizeof(why)) || fail(why);
    int lock = ok ? lab_setup_lock(options->dir, why, sizeof(why)) : -1;

    ok = ok && (lock >= 0 || fail(why));
    allow_descriptors();
    dir = ok ? realpath(options->dir, NULL) : NULL;
    lab.net.loop = lab_loop_new();
    ok = dir && lab.net.loop && open_world(&lab, dir) && open_network(&lab, dir);
    ok = ok && (watch_signals(&lab) || fail("no signals to be had"));
    ok = ok && (lab_setup_ready(dir, lab.world.org) || fail("the ready line could not be written"));
    ok = ok && lab_loop_run(lab.net.loop);
    lab_close(&lab);
    free(dir);
    if (lock >= 0)
        close(lock);
    return ok ? 0 : 1;
}
