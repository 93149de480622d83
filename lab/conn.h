/* SPDX-License-Identifier: MIT */
/*
 * One accepted connection, plain or TLS: a buffer of what arrived, a queue of what is to be sent.
 *
 * Whatever ends a connection (the peer, an error, lab_conn_close()) ends it in one way: closed() is
 * called once, from the loop and never from inside another call, and the connection is freed after
 * it.
 */
#ifndef LAB_CONN_H
#define LAB_CONN_H

#include <openssl/ssl.h>

#include "lab/loop.h"
#include "lab/misbehave.h"

#define LAB_CONN_IN (64u << 10) /* the most that waits to be consumed */
#define LAB_CONN_OUT                                                                               \
    (8u << 20) /* the most that waits to be sent: beyond it the peer does not read */

struct lab_conn;

struct lab_conn_ops {
    /* Something arrived: look at c->in, lab_conn_consume() what is done with. */
    void (*readable)(struct lab_conn *c);
    void (*closed)(struct lab_conn *c);
};

/* Where connections come from and what they have in common. */
struct lab_net {
    struct lab_loop *loop;
    const struct lab_misbehave *misbehave;
    struct lab_conn *conns;
};

struct lab_conn {
    struct lab_watch watch; /* first: the loop hands it back */
    struct lab_net *net;
    struct lab_conn *next, **link;
    const struct lab_conn_ops *ops;
    void *owner;
    SSL *tls;           /* NULL: plain */
    const char *server; /* whose port it came in by: what misbehaviour may be limited to */
    uint16_t port;      /* the protocol's port, not the unprivileged one behind it */

    uint8_t *in;
    size_t in_len;

    uint8_t *out;
    size_t out_at, out_len, out_cap;
    uint64_t sent; /* bytes, over all */

    bool handshaken, finishing, dead;
    bool eof;       /* the peer sends no more */
    bool lingering; /* our last word is sent; waiting for the peer to close */
    bool read_wants_write, write_wants_read; /* what TLS asked for */
    struct lab_timer reaper;
};

/* Takes over fd. NULL: no memory, or told to misbehave; fd is closed. */
struct lab_conn *lab_conn_new(struct lab_net *net, int fd, SSL_CTX *tls, const char *server,
                              uint16_t port, const struct lab_conn_ops *ops, void *owner);

/* Moves past n bytes of c->in. */
void lab_conn_consume(struct lab_conn *c, size_t n);

/* Queues and sends what goes at once. A dead or finishing connection takes nothing. */
void lab_conn_send(struct lab_conn *c, const void *p, size_t n);

/*
 * Closes when everything queued has gone and the peer has closed too, or a second later: closing on
 * a peer that is still sending would reset the connection and might cost it our answer.
 */
void lab_conn_finish(struct lab_conn *c);
void lab_conn_close(struct lab_conn *c); /* closes now */

/* A listening socket. */
struct lab_listener {
    struct lab_watch watch;
    struct lab_net *net;
    void (*accepted)(struct lab_listener *l, int fd);
    void *owner;
    uint16_t port; /* where it listens */
};

/* 127.0.0.x:port; port 0: any. False: errno says why. */
bool lab_listen(struct lab_net *net, struct lab_listener *l, uint32_t address, uint16_t port);
/* Holds the port without listening, so that whoever connects is refused. The descriptor, or -1. */
int lab_refuse(uint32_t address, uint16_t *port);
void lab_listener_close(struct lab_listener *l);

#endif
