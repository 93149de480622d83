/* SPDX-License-Identifier: MIT */
/*
 * The HTTP server in front of the RPC proxy: HTTP/1.1 and 1.0, keep-alive, Expect: 100-continue,
 * bodies of any declared length handed on as they come, authentication by Basic or by NTLM, whose
 * state belongs to the connection ([MS-NTHT] 2.1). "Negotiate" is offered and takes raw NTLM tokens
 * too.
 */
#ifndef LAB_HTTP_H
#define LAB_HTTP_H

#include "lab/conn.h"
#include "lab/ntlm_accept.h"
#include "lab/org.h"

#define LAB_HTTP_HEAD    (32u << 10) /* request line and headers of one request */
#define LAB_HTTP_HEADERS 64
#define LAB_HTTP_DRAIN   (64u << 10) /* a refused request's body is read up to this */

enum lab_http_auth {
    LAB_HTTP_BASIC = 1,
    LAB_HTTP_NTLM = 2
}; /* what --http-auth offers, as a mask */

struct lab_http;

/* What stands behind the server. */
struct lab_http_service {
    struct lab_org *org;
    const struct lab_server *server;
    unsigned auth;          /* enum lab_http_auth */
    const uint8_t *binding; /* tls-server-end-point hash, 32 bytes; NULL without TLS */

    /* Is there such a path? Asked before authentication. */
    bool (*knows)(const char *path);
    /* An authenticated request's head: reply, or take the body first. */
    void (*request)(struct lab_http *h);
    /* Body bytes; gives how many it took. What is left comes again with more behind it. */
    size_t (*body)(struct lab_http *h, const uint8_t *p, size_t n);
    /* The connection is gone. */
    void (*closed)(struct lab_http *h);
    void *owner;
};

struct lab_http {
    struct lab_conn *conn;
    const struct lab_http_service *service;
    void *state; /* the service's, for one request */

    /* The request being answered; strings live until the next one. */
    char *head;
    const char *method, *path, *query; /* query is "" when there is none */
    unsigned minor;                    /* of HTTP/1.x */
    struct {
        const char *name, *value;
    } headers[LAB_HTTP_HEADERS];
    size_t header_count;
    uint64_t length, body_left;
    bool in_body, expects_continue, replied, keep_alive;
    bool refuse_late; /* http-read-body: the 401 comes when the body has been read */

    const struct lab_user *user; /* who it is, when authenticated */
    bool user_lasts;             /* NTLM: for the whole connection */
    struct lab_ntlm ntlm;
};

/* Takes over an accepted socket. */
void lab_http_accept(struct lab_net *net, int fd, SSL_CTX *tls, uint16_t port,
                     const struct lab_http_service *service);

const char *lab_http_header(const struct lab_http *h,
                            const char *name); /* NULL when there is none */

/* Tells a client that waits for it to send its body. */
void lab_http_continue(struct lab_http *h);

/* A whole answer: `headers` is "" or lines that end in CRLF. The connection closes where it has to.
 */
void lab_http_reply(struct lab_http *h, unsigned status, const char *reason, const char *headers,
                    const char *body);

/* "503 RPC Error: HEX", [MS-RPCH] 2.1.2.1.3, and closes. */
void lab_http_rpc_error(struct lab_http *h, uint32_t code);

#endif
