/* SPDX-License-Identifier: MIT */
#include "lab/http.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "codec/ntlmssp.h"

static const char page[] = "<!DOCTYPE html><title>onemapi lab</title>\n";

const char *lab_http_header(const struct lab_http *h, const char *name)
{
    size_t i;

    for (i = 0; i < h->header_count; i++)
        if (!strcasecmp(h->headers[i].name, name))
            return h->headers[i].value;
    return NULL;
}

static bool misbehaves(const struct lab_http *h, enum lab_misbehaviour kind)
{
    return lab_misbehaves(h->conn->net->misbehave, kind, h->service->server->name, h->conn->port);
}

/* ---- answers ---- */

/* Does the connection end with this answer? It must where the peer may still send a body we will
 * not read. */
static bool ends(const struct lab_http *h)
{
    return !h->keep_alive ||
           (h->body_left && (h->expects_continue || h->body_left > LAB_HTTP_DRAIN));
}

void lab_http_reply(struct lab_http *h, unsigned status, const char *reason, const char *headers,
                    const char *body)
{
    bool end = ends(h), head_only = !strcmp(h->method, "HEAD");
    struct om_wr w;
    char text[256];

    om_wr_init(&w, LAB_HTTP_HEAD + OM_MAX_AUTH_TOKEN);
    snprintf(text, sizeof(text),
             "HTTP/1.1 %u %s\r\nServer: Microsoft-IIS/8.5\r\nContent-Length: %zu\r\n", status,
             reason, strlen(body));
    om_wr_bytes(&w, text, strlen(text));
    if (*body)
        om_wr_bytes(&w, "Content-Type: text/html\r\n", 25);
    om_wr_bytes(&w, headers, strlen(headers));
    if (end)
        om_wr_bytes(&w, "Connection: close\r\n", 19);
    else if (!h->minor)
        om_wr_bytes(&w, "Connection: Keep-Alive\r\n", 24);
    om_wr_bytes(&w, "\r\n", 2);
    om_wr_bytes(&w, body, head_only ? 0 : strlen(body));
    h->replied = true;
    if (w.failed)
        lab_conn_close(h->conn);
    else
        lab_conn_send(h->conn, w.buf, w.len);
    om_wr_free(&w);
    if (end)
        lab_conn_finish(h->conn);
}

void lab_http_rpc_error(struct lab_http *h, uint32_t code)
{
    char text[128];

    snprintf(text, sizeof(text),
             "HTTP/1.0 503 RPC Error: %x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", code);
    h->replied = true;
    lab_conn_send(h->conn, text, strlen(text));
    lab_conn_finish(h->conn);
}

void lab_http_continue(struct lab_http *h)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (h->expects_continue)
        lab_conn_send(h->conn, text, sizeof(text) - 1);
    h->expects_continue = false;
}

/* ---- authentication ---- */

static void offer(struct lab_http *h, struct om_wr *w)
{
    bool negotiate_only =
        misbehaves(h, LAB_MIS_HTTP_NEGOTIATE) || misbehaves(h, LAB_MIS_HTTP_RENAME);
    char line[128];

    if (h->service->auth & LAB_HTTP_NTLM)
        om_wr_bytes(w, "WWW-Authenticate: Negotiate\r\n", 29);
    if (h->service->auth & LAB_HTTP_NTLM && !negotiate_only)
        om_wr_bytes(w, "WWW-Authenticate: NTLM\r\n", 24);
    if (h->service->auth & LAB_HTTP_BASIC && !negotiate_only) {
        snprintf(line, sizeof(line), "WWW-Authenticate: Basic realm=\"%s\"\r\n", LAB_DOMAIN);
        om_wr_bytes(w, line, strlen(line));
    }
}

/* "NTLM base64" of a challenge, under the name the client called the scheme by. */
static void challenge(struct om_wr *w, const char *scheme, const struct om_wr *token)
{
    uint8_t *text;

    om_wr_bytes(w, "WWW-Authenticate: ", 18);
    om_wr_bytes(w, scheme, strlen(scheme));
    om_wr_u8(w, ' ');
    text = om_wr_space(w, (token->len + 2) / 3 * 4 + 1); /* EVP writes a NUL behind */
    if (text) {
        EVP_EncodeBlock(text, token->buf, (int)token->len);
        w->len--;
    }
    om_wr_bytes(w, "\r\n", 2);
}

static void refuse(struct lab_http *h, const char *scheme, const struct om_wr *token)
{
    struct om_wr w;

    om_wr_init(&w, LAB_HTTP_HEAD + OM_MAX_AUTH_TOKEN);
    if (token)
        challenge(&w, scheme, token);
    else
        offer(h, &w);
    om_wr_u8(&w, 0);
    if (misbehaves(h, LAB_MIS_HTTP_CLOSE_401))
        h->keep_alive = false;
    if (w.failed)
        lab_conn_close(h->conn);
    else
        lab_http_reply(h, 401, "Unauthorized", (const char *)w.buf, page);
    om_wr_free(&w);
}

/* The bytes of base64 text; NULL when it is none. free() it. */
static uint8_t *unbase64(const char *text, size_t *n)
{
    size_t len = strlen(text);
    uint8_t *out;
    int got;

    if (!len || len % 4 || len > OM_MAX_AUTH_TOKEN)
        return NULL;
    out = malloc(len / 4 * 3 + 1);
    got = out ? EVP_DecodeBlock(out, (const unsigned char *)text, (int)len) : -1;
    if (got < 0) {
        free(out);
        return NULL;
    }
    *n = (size_t)got - (text[len - 1] == '=') - (text[len - 2] == '=');
    out[*n] = 0;
    return out;
}

static const struct lab_user *basic(struct lab_http *h, const char *value)
{
    const struct lab_user *user = NULL;
    char *text, *colon;
    size_t n = 0;

    text = (char *)unbase64(value, &n);
    colon = text ? strchr(text, ':') : NULL;
    if (colon) {
        *colon = 0;
        user = lab_org_by_login(h->service->org, text, NULL);
        if (user && (strlen(user->password) != strlen(colon + 1) ||
                     !om__equal_ct(user->password, colon + 1, strlen(colon + 1))))
            user = NULL;
    }
    if (text)
        om__wipe(text, n);
    free(text);
    return user;
}

/* A first token where a third was due, and this server is one that does not begin anew. */
static bool out_of_turn(const struct lab_http *h, const uint8_t *token, size_t n)
{
    return misbehaves(h, LAB_MIS_HTTP_RENAME) && h->ntlm.state == LAB_NTLM_CHALLENGED &&
           om__ntlm_message_type(token, n) == 1;
}

/* True: the user is known. False: the answer, a challenge or a refusal, is on its way. */
static bool ntlm(struct lab_http *h, const char *scheme, const char *value)
{
    struct om_wr out;
    size_t n = 0;
    uint8_t *token = unbase64(value, &n);

    om_wr_init(&out, OM_MAX_AUTH_TOKEN);
    if (h->ntlm.state == LAB_NTLM_ACCEPTED || h->ntlm.state == LAB_NTLM_REFUSED)
        lab_ntlm_reset(&h->ntlm);
    h->user = NULL;
    switch (token && !out_of_turn(h, token, n)
                ? lab_ntlm_accept(&h->ntlm, h->service->org, h->service->server->host, token, n,
                                  h->service->binding, misbehaves(h, LAB_MIS_HTTP_EPA), &out)
                : LAB_NTLM_REFUSED) {
    case LAB_NTLM_ACCEPTED:
        h->user = h->ntlm.user;
        h->user_lasts = true;
        break;
    case LAB_NTLM_CHALLENGED:
        refuse(h, scheme, &out);
        break;
    default:
        lab_ntlm_reset(&h->ntlm);
        break;
    }
    free(token);
    om_wr_free(&out);
    return h->user;
}

/* The text behind "Scheme ", or NULL. */
static const char *scheme_value(const char *authorization, const char *scheme)
{
    size_t n = strlen(scheme);

    if (!authorization || strncasecmp(authorization, scheme, n) || authorization[n] != ' ')
        return NULL;
    return authorization + n + strspn(authorization + n, " ");
}

/* Who asks? False: the answer was given, or will be once the body is read. */
static bool authenticate(struct lab_http *h)
{
    const char *authorization = lab_http_header(h, "Authorization"), *value;

    if (!authorization && h->user && h->user_lasts)
        return true;
    h->user = NULL;
    if (h->service->auth & LAB_HTTP_BASIC && (value = scheme_value(authorization, "Basic"))) {
        h->user_lasts = false;
        h->user = basic(h, value);
    } else if (h->service->auth & LAB_HTTP_NTLM && !misbehaves(h, LAB_MIS_HTTP_NEGOTIATE) &&
               ((value = scheme_value(authorization, "NTLM")))) {
        ntlm(h, misbehaves(h, LAB_MIS_HTTP_RENAME) ? "Negotiate" : "NTLM", value);
    } else if (h->service->auth & LAB_HTTP_NTLM &&
               ((value = scheme_value(authorization, "Negotiate")))) {
        ntlm(h, "Negotiate", value);
    }
    if (misbehaves(h, LAB_MIS_HTTP_LOOP) && !h->replied)
        h->user = NULL;
    if (!h->user && !h->replied && h->body_left && misbehaves(h, LAB_MIS_HTTP_READ_BODY))
        h->refuse_late = true;
    else if (!h->user && !h->replied)
        refuse(h, NULL, NULL);
    return h->user;
}

/* ---- requests ---- */

/* Cuts the head into its parts, in place. False: no HTTP. */
static bool parse_head(struct lab_http *h)
{
    char *line = h->head, *end, *colon, *version, *target, *query;

    end = strstr(line, "\r\n");
    *end = 0;
    h->method = line;
    target = strchr(line, ' ');
    version = target ? strchr(target + 1, ' ') : NULL;
    if (!version || strlen(version) != 9 || strncmp(version + 1, "HTTP/1.", 7))
        return false;
    *target++ = *version++ = 0;
    h->minor = version[7] == '0' ? 0 : 1;
    h->path = target;
    query = strchr(target, '?');
    if (query)
        *query++ = 0;
    h->query = query ? query : "";
    for (line = end + 2; (end = strstr(line, "\r\n")) && end != line; line = end + 2) {
        *end = 0;
        colon = strchr(line, ':');
        if (!colon || h->header_count == LAB_HTTP_HEADERS)
            return false;
        *colon++ = 0;
        h->headers[h->header_count].name = line;
        h->headers[h->header_count++].value = colon + strspn(colon, " \t");
    }
    return true;
}

static bool parse_fields(struct lab_http *h)
{
    const char *length = lab_http_header(h, "Content-Length"),
               *connection = lab_http_header(h, "Connection");
    const char *expect = lab_http_header(h, "Expect");
    char *end;

    if (lab_http_header(h, "Transfer-Encoding"))
        return false; /* no client of an RPC proxy sends chunks */
    errno = 0;
    h->length = length ? strtoull(length, &end, 10) : 0;
    if (length && (end == length || *end || errno || *length == '-'))
        return false;
    h->body_left = h->length;
    h->keep_alive = h->minor ? !connection || strcasecmp(connection, "close")
                             : connection && !strcasecmp(connection, "keep-alive");
    h->expects_continue = h->minor && h->length && expect && !strcasecmp(expect, "100-continue");
    return true;
}

static void begin(struct lab_http *h)
{
    const struct lab_fault_rule *rule;

    if (misbehaves(h, LAB_MIS_HTTP_GARBAGE)) {
        lab_conn_send(h->conn, "\x05\x00\x0b\x03 no web server here\r\n\r\n", 26);
        lab_conn_finish(h->conn);
        return;
    }
    rule = lab_misbehaves(h->conn->net->misbehave, LAB_MIS_HTTP_STATUS, h->service->server->name,
                          h->conn->port);
    if (rule)
        lab_http_reply(h, rule->number, "As Told", "", page);
    else if (!h->service->knows(h->path))
        lab_http_reply(h, 404, "Not Found", "", page);
    else if (authenticate(h))
        h->service->request(h);
}

/* One head, if it is all there. */
static bool take_head(struct lab_http *h)
{
    struct lab_conn *c = h->conn;
    uint8_t *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    size_t n = end ? (size_t)(end - c->in) + 4 : 0;

    if (!end) {
        if (c->in_len > LAB_HTTP_HEAD)
            lab_conn_close(c);
        return false;
    }
    free(h->head);
    h->head = malloc(n + 1);
    h->header_count = 0;
    h->method = h->path = h->query = "";
    h->replied = h->refuse_late = h->keep_alive = h->expects_continue = false;
    h->minor = 1;
    h->length = h->body_left = 0;
    if (!h->head) {
        lab_conn_close(c);
        return false;
    }
    memcpy(h->head, c->in, n);
    h->head[n] = 0;
    lab_conn_consume(c, n);
    if (strlen(h->head) != n || !parse_head(h) || !parse_fields(h))
        lab_http_reply(h, 400, "Bad Request", "", page);
    else
        begin(h);
    h->in_body = true;
    return true;
}

static bool take_body(struct lab_http *h)
{
    struct lab_conn *c = h->conn;
    size_t n = c->in_len < h->body_left ? c->in_len : (size_t)h->body_left, took = n;

    if (n && !h->replied && !h->refuse_late)
        took = h->service->body(h, c->in, n);
    lab_conn_consume(c, took);
    h->body_left -= took;
    if (h->body_left)
        return took;
    if (h->refuse_late)
        refuse(h, NULL, NULL);
    h->in_body = !h->replied; /* the next request waits for this one's answer */
    return h->replied;
}

static void readable(struct lab_conn *c)
{
    struct lab_http *h = c->owner;

    while (!c->dead && !c->finishing && (h->in_body ? take_body(h) : take_head(h)))
        ;
}

static void closed(struct lab_conn *c)
{
    struct lab_http *h = c->owner;

    h->service->closed(h);
    lab_ntlm_reset(&h->ntlm);
    free(h->head);
    free(h);
}

void lab_http_accept(struct lab_net *net, int fd, SSL_CTX *tls, uint16_t port,
                     const struct lab_http_service *service)
{
    static const struct lab_conn_ops ops = {readable, closed};
    struct lab_http *h = calloc(1, sizeof(*h));

    if (!h) {
        close(fd);
        return;
    }
    h->service = service;
    h->conn = lab_conn_new(net, fd, tls, service->server->name, port, &ops, h);
    if (!h->conn)
        free(h);
}
