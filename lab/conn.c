/* SPDX-License-Identifier: MIT */
#include "lab/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MS 1000

/* Watches for what can go on: reading until the peer's end, writing while something is queued. */
static void rewatch(struct lab_conn *c)
{
    uint32_t events = 0;

    if (c->dead)
        return;
    if (!c->eof)
        events |= EPOLLIN;
    if ((c->out_at < c->out_len && !c->write_wants_read) || c->read_wants_write)
        events |= EPOLLOUT;
    if (!lab_loop_watch(c->net->loop, &c->watch, events))
        lab_conn_close(c);
}

static void reap(struct lab_timer *t)
{
    struct lab_conn *c = (struct lab_conn *)((char *)t - offsetof(struct lab_conn, reaper));

    c->ops->closed(c);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    SSL_free(c->tls);
    free(c->in);
    free(c->out);
    free(c);
}

void lab_conn_close(struct lab_conn *c)
{
    if (c->dead)
        return;
    c->dead = true;
    lab_loop_forget(c->net->loop, &c->watch);
    close(c->watch.fd);
    c->watch.fd = -1;
    c->reaper.fire = reap;
    lab_loop_arm(c->net->loop, &c->reaper, 0);
}

static void linger_over(struct lab_timer *t)
{
    lab_conn_close((struct lab_conn *)((char *)t - offsetof(struct lab_conn, reaper)));
}

/* Everything is sent: says so to the peer. */
static void last_word(struct lab_conn *c)
{
    if (c->eof) {
        lab_conn_close(c);
        return;
    }
    if (c->tls && c->handshaken)
        SSL_shutdown(c->tls);
    ERR_clear_error();
    shutdown(c->watch.fd, SHUT_WR);
    c->lingering = true;
    c->reaper.fire = linger_over;
    lab_loop_arm(c->net->loop, &c->reaper, LINGER_MS);
}

void lab_conn_finish(struct lab_conn *c)
{
    if (c->dead || c->finishing)
        return;
    c->finishing = true;
    if (c->out_at == c->out_len)
        last_word(c);
}

void lab_conn_consume(struct lab_conn *c, size_t n)
{
    c->in_len -= n;
    memmove(c->in, c->in + n, c->in_len);
}

/* What the socket or TLS did with n bytes asked for. */
enum moved { MOVED, AGAIN, GONE };

static enum moved moved_tls(struct lab_conn *c, int r, bool writing)
{
    int e = SSL_get_error(c->tls, r);

    ERR_clear_error();
    if (e == SSL_ERROR_WANT_READ) {
        c->write_wants_read = writing;
        return AGAIN;
    }
    if (e == SSL_ERROR_WANT_WRITE) {
        c->read_wants_write = !writing;
        return AGAIN;
    }
    return GONE;
}

static enum moved read_some(struct lab_conn *c, uint8_t *p, size_t n, size_t *got)
{
    ssize_t r;
    int ok;

    if (c->tls) {
        c->read_wants_write = false;
        ok = SSL_read_ex(c->tls, p, n, got);
        return ok == 1 ? MOVED : moved_tls(c, ok, false);
    }
    r = recv(c->watch.fd, p, n, 0);
    if (r > 0) {
        *got = (size_t)r;
        return MOVED;
    }
    return r < 0 && (errno == EAGAIN || errno == EINTR) ? AGAIN : GONE;
}

static enum moved write_some(struct lab_conn *c, const uint8_t *p, size_t n, size_t *put)
{
    ssize_t r;
    int ok;

    if (c->tls) {
        c->write_wants_read = false;
        ok = SSL_write_ex(c->tls, p, n, put);
        return ok == 1 ? MOVED : moved_tls(c, ok, true);
    }
    r = send(c->watch.fd, p, n, MSG_NOSIGNAL);
    if (r >= 0) {
        *put = (size_t)r;
        return MOVED;
    }
    return errno == EAGAIN || errno == EINTR ? AGAIN : GONE;
}

/* How many of n bytes may go at once. */
static size_t allowed(const struct lab_conn *c, size_t n)
{
    const struct lab_fault_rule *r;

    r = lab_misbehaves(c->net->misbehave, LAB_MIS_TRICKLE, c->server, c->port);
    if (r && r->number && n > r->number)
        n = r->number;
    r = lab_misbehaves(c->net->misbehave, LAB_MIS_CUT, c->server, c->port);
    if (r && c->sent + n > r->number)
        n = r->number - (size_t)c->sent;
    return n;
}

/* "cut": this was its last byte. */
static bool is_cut(const struct lab_conn *c)
{
    const struct lab_fault_rule *r =
        lab_misbehaves(c->net->misbehave, LAB_MIS_CUT, c->server, c->port);

    return r && c->sent >= r->number;
}

static void flush(struct lab_conn *c)
{
    enum moved m = MOVED;

    while (m == MOVED && c->out_at < c->out_len && !is_cut(c)) {
        size_t put = 0;

        m = write_some(c, c->out + c->out_at, allowed(c, c->out_len - c->out_at), &put);
        c->out_at += put;
        c->sent += put;
    }
    if (is_cut(c))
        m = GONE;
    if (m == GONE) {
        lab_conn_close(c);
        return;
    }
    if (c->out_at == c->out_len) {
        c->out_at = c->out_len = 0;
        if (c->finishing && !c->lingering)
            last_word(c);
    }
}

static bool out_room(struct lab_conn *c, size_t n)
{
    size_t cap = c->out_cap ? c->out_cap : 4096;
    uint8_t *p;

    if (c->out_at) {
        memmove(c->out, c->out + c->out_at, c->out_len - c->out_at);
        c->out_len -= c->out_at;
        c->out_at = 0;
    }
    if (n > LAB_CONN_OUT - c->out_len)
        return false;
    while (cap < c->out_len + n)
        cap *= 2;
    if (cap == c->out_cap)
        return true;
    p = realloc(c->out, cap);
    if (!p)
        return false;
    c->out = p;
    c->out_cap = cap;
    return true;
}

void lab_conn_send(struct lab_conn *c, const void *p, size_t n)
{
    bool waiting = c->out_at < c->out_len;

    if (c->dead || c->finishing || !n)
        return;
    if (!out_room(c, n)) {
        lab_conn_close(c);
        return;
    }
    memcpy(c->out + c->out_len, p, n);
    c->out_len += n;
    if (!waiting && c->handshaken)
        flush(c);
    rewatch(c);
}

/* Reads what there is and drops it: nobody waits for it any more. */
static void drain(struct lab_conn *c)
{
    uint8_t sink[16384];
    ssize_t r;

    do
        r = recv(c->watch.fd, sink, sizeof(sink), 0);
    while (r > 0);
    if (r == 0 || (errno != EAGAIN && errno != EINTR))
        lab_conn_close(c);
}

static void fill(struct lab_conn *c)
{
    enum moved m = MOVED;

    while (m == MOVED && !c->finishing && !c->dead) {
        size_t got = 0;

        m = read_some(c, c->in + c->in_len, LAB_CONN_IN - c->in_len, &got);
        c->in_len += got;
        if (got)
            c->ops->readable(c);
        if (c->in_len == LAB_CONN_IN)
            lab_conn_close(c); /* more than anybody can consume */
    }
    if (m == GONE) {
        c->eof = true;
        lab_conn_finish(c);
    }
}

static bool handshake(struct lab_conn *c)
{
    int r;

    if (c->handshaken)
        return true;
    r = SSL_accept(c->tls);
    if (r == 1) {
        c->handshaken = true;
        return true;
    }
    c->read_wants_write = false;
    if (moved_tls(c, r, false) == GONE)
        lab_conn_close(c);
    return false;
}

static void ready(struct lab_watch *w, uint32_t events)
{
    struct lab_conn *c = (struct lab_conn *)w;

    if (c->lingering) {
        drain(c);
    } else if (handshake(c)) {
        flush(c);
        if (!c->dead && !c->finishing && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
            fill(c);
        else if (events & (EPOLLHUP | EPOLLERR))
            lab_conn_close(c);
    }
    rewatch(c);
}

/* "silent" and "close": the connection never comes to life. */
static void ignore_ready(struct lab_watch *w, uint32_t events)
{
    struct lab_conn *c = (struct lab_conn *)w;
    uint8_t sink[4096];

    (void)events;
    if (recv(c->watch.fd, sink, sizeof(sink), 0) == 0 || (events & (EPOLLHUP | EPOLLERR)))
        lab_conn_close(c);
}

static bool begin(struct lab_conn *c, SSL_CTX *tls)
{
    int one = 1;

    setsockopt(c->watch.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->in = malloc(LAB_CONN_IN);
    if (!c->in)
        return false;
    if (!tls) {
        c->handshaken = true;
        return true;
    }
    c->tls = SSL_new(tls);
    if (!c->tls)
        return false;
    SSL_set_mode(c->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return SSL_set_fd(c->tls, c->watch.fd) == 1;
}

struct lab_conn *lab_conn_new(struct lab_net *net, int fd, SSL_CTX *tls, const char *server,
                              uint16_t port, const struct lab_conn_ops *ops, void *owner)
{
    bool close_it = lab_misbehaves(net->misbehave, LAB_MIS_CLOSE, server, port);
    struct lab_conn *c = close_it ? NULL : calloc(1, sizeof(*c));

    if (!c) {
        close(fd);
        return NULL;
    }
    c->watch = (struct lab_watch){.fd = fd, .ready = ready};
    if (lab_misbehaves(net->misbehave, LAB_MIS_SILENT, server, port))
        c->watch.ready = ignore_ready;
    c->net = net;
    c->ops = ops;
    c->owner = owner;
    c->server = server;
    c->port = port;
    c->reaper.fire = reap;
    if (!begin(c, tls)) {
        SSL_free(c->tls);
        close(fd);
        free(c->in);
        free(c);
        return NULL;
    }
    c->next = net->conns;
    c->link = &net->conns;
    if (c->next)
        c->next->link = &c->next;
    net->conns = c;
    rewatch(c);
    return c;
}

static int bound(uint32_t address, uint16_t *port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(address)};
    socklen_t n = sizeof(a);
    int one = 1, saved, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || getsockname(fd, (struct sockaddr *)&a, &n)) {
        saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    *port = ntohs(a.sin_port);
    return fd;
}

int lab_refuse(uint32_t address, uint16_t *port)
{
    return bound(address, port);
}

static void listener_ready(struct lab_watch *w, uint32_t events)
{
    struct lab_listener *l = (struct lab_listener *)w;
    int fd;

    (void)events;
    while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        l->accepted(l, fd);
}

bool lab_listen(struct lab_net *net, struct lab_listener *l, uint32_t address, uint16_t port)
{
    l->net = net;
    l->port = port;
    l->watch = (struct lab_watch){.fd = bound(address, &l->port), .ready = listener_ready};
    return l->watch.fd >= 0 && !listen(l->watch.fd, 512) &&
           lab_loop_watch(net->loop, &l->watch, EPOLLIN);
}

void lab_listener_close(struct lab_listener *l)
{
    if (!l->net || l->watch.fd < 0)
        return;
    lab_loop_forget(l->net->loop, &l->watch);
    close(l->watch.fd);
    l->watch.fd = -1;
}
