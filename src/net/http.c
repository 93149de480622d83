/* SPDX-License-Identifier: MIT */
#include "net/http.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/http1.h"
#include "proto/auth.h"

enum { READ_SIZE = 16 << 10 };

struct om__http_channel {
    struct om__http_config config;
    char host[300]; /* the Host header: with the port where it is not the scheme's */
    struct om__stream *stream;
    struct om__auth *auth; /* NTLM; NULL with basic and none */
    const char *scheme;    /* what the server calls it: "NTLM", "Negotiate" */
    struct om_wr
        authorization; /* value of the next request's header, NUL-terminated; empty: none */
    struct om_wr head; /* the request head that is being sent */
    size_t head_sent;
    struct om__http1 answer;
    bool eof;
    uint64_t legs, sent, received;
};

static void tell(const struct om__http_channel *ch, const char *event, const char *text)
{
    om__trace_emit(&ch->config.net->trace, &(struct om_trace_event){.layer = OM_LAYER_HTTP,
                                                                    .machine = ch->config.method,
                                                                    .event = event,
                                                                    .text = text});
}

/* Refusals */

static om_status fail_401(const struct om__http_channel *ch, struct om_error *err)
{
    static const char *const asked[] = {"no authentication", "Basic", "NTLM", "Negotiate"};
    const char *scheme = ch->scheme ? ch->scheme : "Basic", *token;
    char offered[120];
    size_t n;

    om__http1_schemes(&ch->answer, offered, sizeof offered);
    if (ch->config.auth == OM_HTTP_AUTH_NONE ||
        (!ch->auth && !om__http1_challenge(&ch->answer, scheme, &token, &n)))
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_HTTP, OM_CAUSE_AUTH_NOT_OFFERED,
                        OM_NATIVE_HTTP, 401, "%s is set, the RPC proxy offers %s",
                        asked[ch->config.auth], offered);
    return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_HTTP, OM_CAUSE_BAD_CREDENTIALS,
                    OM_NATIVE_HTTP, 401, "the RPC proxy refuses the user name or the password (%s)",
                    scheme);
}

/* An answer that is no channel. [MS-RPCH] 2.1.2.1.3 for 503 */
static om_status fail_answer(const struct om__http_channel *ch, struct om_error *err)
{
    const struct om__http1 *a = &ch->answer;
    const char *type = om__http1_header(a, "Content-Type", 0);
    uint32_t code;

    if (a->status == 401)
        return fail_401(ch, err);
    if (om__http1_rpc_error(a->reason, &code))
        return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_PROXY_ERROR,
                        OM_NATIVE_RPC_PROXY, code, "HTTP %u, %.60s", a->status, a->reason);
    if (a->status == 403)
        return om__fail(err, MAPI_E_NO_ACCESS, OM_LAYER_HTTP, OM_CAUSE_ACCESS_DENIED,
                        OM_NATIVE_HTTP, 403, "HTTP 403 %.60s", a->reason);
    if (a->status == 200)
        return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_HTTP_STATUS,
                        OM_NATIVE_HTTP, 200, "the answer to %s is no RPC channel but %.60s",
                        ch->config.method, type ? type : "of no type");
    return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_HTTP_STATUS, OM_NATIVE_HTTP,
                    a->status, "HTTP %u %.60s", a->status, a->reason);
}

/* Bytes in and out */

static om_status flush_head(struct om__http_channel *ch, struct om_error *err)
{
    while (!om__http_head_sent(ch)) {
        size_t sent;
        om_status st = om__stream_send(ch->stream, ch->head.buf + ch->head_sent,
                                       ch->head.len - ch->head_sent, &sent, err);

        if (st != OM_OK || !sent)
            return st;
        ch->head_sent += sent;
        ch->sent += sent;
    }
    om_wr_reset(&ch->head); /* it may hold a password */
    ch->head_sent = 0;
    return OM_OK;
}

static om_status pass_on(const struct om_error *from, struct om_error *err)
{
    if (err && err->status == OM_OK)
        *err = *from;
    return from->status;
}

/*
 * The connection ended, by its end or by the failure `why`. What was answered up to there still
 * counts; OM_OK then, and the answer is DONE.
 */
static om_status ended(struct om__http_channel *ch, const struct om_error *why,
                       struct om_error *err)
{
    struct om_error late = OM_ERROR_INIT;

    ch->eof = true;
    if (ch->answer.stage == OM_HTTP1_DONE || om__http1_eof(&ch->answer, &late) == OM_OK)
        return OM_OK;
    return pass_on(why->status != OM_OK ? why : &late, err);
}

/* Reads what is there into the answer; until the deadline, for interim answers may never end. */
static om_status read_answer(struct om__http_channel *ch, int64_t deadline, struct om_error *err)
{
    uint8_t buf[READ_SIZE];

    while (ch->answer.stage != OM_HTTP1_DONE && om__net_now() < deadline) {
        struct om_error why = OM_ERROR_INIT;
        size_t got, at = 0, used;
        bool eof;
        om_status st = om__stream_recv(ch->stream, buf, sizeof buf, &got, &eof, &why);

        if (st != OM_OK || eof)
            return ended(ch, &why, err);
        if (!got)
            return OM_OK;
        ch->received += got;
        while (at < got && ch->answer.stage != OM_HTTP1_DONE) {
            st = om__http1_feed(&ch->answer, buf + at, got - at, &used, err);
            if (st != OM_OK)
                return st;
            at += used;
        }
    }
    return OM_OK;
}

static om_status timed_out(const struct om__http_channel *ch, struct om_error *err)
{
    return om__fail(err, MAPI_E_TIMEOUT, OM_LAYER_HTTP, OM_CAUSE_TIMEOUT, OM_NATIVE_NONE, 0,
                    "no answer to %s came in time", ch->config.method);
}

/* The whole answer to a request without a body. */
static om_status exchange(struct om__http_channel *ch, int64_t deadline, struct om_error *err)
{
    om_status st;

    ch->legs++;
    st = om__http_request(ch, 0, err);
    while (st == OM_OK) {
        struct pollfd fd = {.fd = om__stream_fd(ch->stream), .events = POLLIN};

        st = flush_head(ch, err);
        if (st == OM_OK)
            st = read_answer(ch, deadline, err);
        if (st != OM_OK || ch->answer.stage == OM_HTTP1_DONE)
            break;
        if (!om__http_head_sent(ch))
            fd.events |= POLLOUT;
        if (!om__net_wait(&fd, 1, deadline) || om__net_now() >= deadline)
            st = timed_out(ch, err);
    }
    return st;
}

/* Authentication */

static om_status set_authorization(struct om__http_channel *ch, const char *scheme, const void *p,
                                   size_t n, struct om_error *err)
{
    struct om_wr *w = &ch->authorization;

    om_wr_reset(w);
    om_wr_bytes(w, scheme, strlen(scheme));
    om_wr_u8(w, ' ');
    om__base64_encode(w, p, n);
    om_wr_u8(w, 0);
    return om_wr_finish(w, OM_LAYER_HTTP, "Authorization header", err);
}

/* RFC 7617 2, in UTF-8 */
static om_status use_basic(struct om__http_channel *ch, struct om_error *err)
{
    const struct om__identity *id = ch->config.identity;
    char user[512];
    struct om_wr w;
    om_status st;

    if (strlen(id->domain) + strlen(id->user) + 2 > sizeof user)
        return om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_USAGE, OM_CAUSE_BAD_ARGUMENT,
                        OM_NATIVE_NONE, 0, "a user name for Basic may have %zu bytes",
                        sizeof user - 2);
    om__identity_format(id, user, sizeof user);
    if (strchr(user, ':'))
        return om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_USAGE, OM_CAUSE_BAD_ARGUMENT,
                        OM_NATIVE_NONE, 0, "a user name for Basic cannot have a colon");
    om_wr_init(&w, OM_MAX_AUTH_TOKEN);
    w.wipe = true;
    om_wr_bytes(&w, user, strlen(user));
    om_wr_u8(&w, ':');
    om_wr_bytes(&w, id->password, strlen(id->password));
    st = om_wr_finish(&w, OM_LAYER_HTTP, "Basic credentials", err);
    if (st == OM_OK)
        st = set_authorization(ch, "Basic", w.buf, w.len, err);
    om_wr_free(&w);
    return st;
}

static om_status new_auth(struct om__http_channel *ch, struct om_error *err)
{
    static const char prefix[] = "tls-server-end-point:";
    uint8_t binding[sizeof prefix - 1 + OM_STREAM_BINDING_MAX];
    struct om__auth_config ac = {.mech = OM_AUTH_MECH_NTLM,
                                 .level = OM_RPC_LEVEL_NONE,
                                 .identity = ch->config.identity,
                                 .service = "HTTP",
                                 .host = ch->config.proxy};
    size_t n;
    const uint8_t *hash = om__stream_certificate_hash(ch->stream, &n);

    if (n) {
        memcpy(binding, prefix, sizeof prefix - 1);
        memcpy(binding + sizeof prefix - 1, hash, n);
        ac.channel_binding = binding;
        ac.channel_binding_size = sizeof prefix - 1 + n;
    }
    om__auth_free(ch->auth);
    ch->auth = NULL;
    return om__auth_new(&ac, &ch->auth, err);
}

static om_status connect_channel(struct om__http_channel *ch, int64_t deadline,
                                 struct om_error *err)
{
    const struct om__http_config *c = &ch->config;
    struct om__stream_target t = {.host = c->proxy,
                                  .port = c->port,
                                  .tls = c->tls,
                                  .ignore_certificate = c->ignore_certificate,
                                  .principal_name = c->principal_name,
                                  .may_use_http_proxy = true};

    om__stream_close(ch->stream);
    ch->stream = NULL;
    ch->eof = false;
    om__http1_reset(&ch->answer);
    return om__stream_open(c->net, &t, deadline, &ch->stream, err);
}

/* First leg under one scheme's name: our token out, the server's answer in. */
static om_status first_leg(struct om__http_channel *ch, int64_t deadline, struct om_error *err)
{
    const uint8_t *out;
    size_t n;
    om_status st = new_auth(ch, err);

    if (st == OM_OK)
        st = om__auth_step(ch->auth, NULL, 0, &out, &n, err);
    if (st == OM_OK)
        st = set_authorization(ch, ch->scheme, out, n, err);
    return st == OM_OK ? exchange(ch, deadline, err) : st;
}

/* The server's token: step, and keep what comes out for the request itself. */
static om_status second_leg(struct om__http_channel *ch, const char *token, size_t n,
                            struct om_error *err)
{
    const uint8_t *out;
    struct om_wr in;
    om_status st;
    bool good;

    om_wr_init(&in, OM_MAX_AUTH_TOKEN);
    good = om__base64_decode(&in, token, n);
    st = om_wr_finish(&in, OM_LAYER_HTTP, "the server's token", err);
    if (st == OM_OK && !good)
        st = om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE,
                      0, "the server's %s token is no base64", ch->scheme);
    if (st == OM_OK)
        st = om__auth_step(ch->auth, in.buf, in.len, &out, &n, err);
    if (st == OM_OK && !om__auth_complete(ch->auth))
        st = om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_AUTH_FAILED, OM_NATIVE_NONE,
                      0, "NTLM wants a leg more than it has");
    if (st == OM_OK)
        st = set_authorization(ch, ch->scheme, out, n, err);
    om_wr_free(&in);
    return st;
}

/*
 * Some servers know Negotiate alone and take raw NTLM tokens under that name. One that offers it is
 * asked anew by it. One that has answered our token by it has begun: a second first token would
 * break that off, so its answer is what we go on with.
 */
static om_status settle_scheme(struct om__http_channel *ch, int64_t deadline, struct om_error *err)
{
    const char *token;
    size_t n = 0;
    om_status st = OM_OK;

    if (ch->answer.status != 401 || om__http1_challenge(&ch->answer, ch->scheme, &token, &n) ||
        !om__http1_challenge(&ch->answer, "Negotiate", &token, &n))
        return OM_OK;
    ch->scheme = "Negotiate";
    if (n)
        return OM_OK;
    if (ch->eof || !ch->answer.keep_alive)
        st = connect_channel(ch, deadline, err);
    return st == OM_OK ? first_leg(ch, deadline, err) : st;
}

static om_status not_offered(const struct om__http_channel *ch, struct om_error *err)
{
    char offered[120];

    om__http1_schemes(&ch->answer, offered, sizeof offered);
    return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_HTTP, OM_CAUSE_AUTH_NOT_OFFERED,
                    OM_NATIVE_HTTP, 401, "%s is set, the RPC proxy offers %s",
                    ch->config.auth == OM_HTTP_AUTH_NTLM ? "NTLM" : "Negotiate", offered);
}

static om_status use_ntlm(struct om__http_channel *ch, int64_t deadline, struct om_error *err)
{
    const char *token;
    size_t n = 0;
    om_status st;

    ch->scheme = ch->config.auth == OM_HTTP_AUTH_NTLM ? "NTLM" : "Negotiate";
    st = first_leg(ch, deadline, err);
    if (st == OM_OK)
        st = settle_scheme(ch, deadline, err);
    if (st != OM_OK)
        return st;
    if (ch->answer.status == 200) { /* it wants nobody's name */
        om_wr_reset(&ch->authorization);
        return ch->eof || !ch->answer.keep_alive ? connect_channel(ch, deadline, err) : OM_OK;
    }
    if (ch->answer.status != 401)
        return fail_answer(ch, err);
    if (!om__http1_challenge(&ch->answer, ch->scheme, &token, &n))
        return not_offered(ch, err);
    if (!n)
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_HTTP, OM_CAUSE_AUTH_FAILED,
                        OM_NATIVE_HTTP, 401,
                        "the RPC proxy offers %s and does not answer its "
                        "first token",
                        ch->scheme);
    if (ch->eof || !ch->answer.keep_alive)
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_HTTP, OM_CAUSE_AUTH_FAILED,
                        OM_NATIVE_HTTP, 401,
                        "the connection is closed after NTLM's first leg, and "
                        "NTLM authenticates a connection");
    return second_leg(ch, token, n, err);
}

static om_status authenticate(struct om__http_channel *ch, int64_t deadline, struct om_error *err)
{
    const struct om__http_config *c = &ch->config;

    if (c->auth == OM_HTTP_AUTH_NONE)
        return OM_OK;
    if (!c->identity || !c->identity->password)
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_HTTP, OM_CAUSE_NO_CREDENTIALS,
                        OM_NATIVE_NONE, 0, "the RPC proxy wants a user name and a password");
    return c->auth == OM_HTTP_AUTH_BASIC ? use_basic(ch, err) : use_ntlm(ch, deadline, err);
}

/* The channel */

static void set_host(struct om__http_channel *ch)
{
    const struct om__http_config *c = &ch->config;
    bool v6 = strchr(c->proxy, ':') && c->proxy[0] != '[';
    int n = snprintf(ch->host, sizeof ch->host, v6 ? "[%s]" : "%s", c->proxy);

    if (c->port != (c->tls ? 443 : 80) && n > 0 && (size_t)n < sizeof ch->host)
        snprintf(ch->host + n, sizeof ch->host - (size_t)n, ":%u", c->port);
}

om_status om__http_open(const struct om__http_config *config, int64_t deadline,
                        struct om__http_channel **out, struct om_error *err)
{
    struct om__http_channel *ch = om__calloc(1, sizeof *ch);
    om_status st;

    if (!ch)
        return om__fail_memory(err, "an HTTP channel");
    ch->config = *config;
    set_host(ch);
    om_wr_init(&ch->authorization, 2 * OM_MAX_AUTH_TOKEN);
    om_wr_init(&ch->head, 3 * OM_MAX_AUTH_TOKEN);
    ch->authorization.wipe = ch->head.wipe = true;
    om__http1_init(&ch->answer);
    st = connect_channel(ch, deadline, err);
    if (st == OM_OK)
        st = authenticate(ch, deadline, err);
    om__error_doing(err, "opening %s", config->method);
    if (st == OM_OK)
        *out = ch;
    else
        om__http_close(ch);
    return st;
}

void om__http_close(struct om__http_channel *ch)
{
    if (!ch)
        return;
    om__stream_close(ch->stream);
    om__auth_free(ch->auth);
    om_wr_free(&ch->authorization);
    om_wr_free(&ch->head);
    om__http1_free(&ch->answer);
    om__free(ch);
}

om_status om__http_request(struct om__http_channel *ch, uint64_t length, struct om_error *err)
{
    char number[24], pragma[80];
    struct om__http1_header headers[9];
    size_t n = 0;

    snprintf(number, sizeof number, "%" PRIu64, length);
    headers[n++] = (struct om__http1_header){"Cache-Control", "no-cache"};
    headers[n++] = (struct om__http1_header){"Connection", "Keep-Alive"};
    headers[n++] = (struct om__http1_header){"Pragma", "No-cache"};
    headers[n++] = (struct om__http1_header){"Accept", "application/rpc"};
    headers[n++] = (struct om__http1_header){"User-Agent", "MSRPC"};
    headers[n++] = (struct om__http1_header){"Host", ch->host};
    if (ch->config.session) {
        snprintf(pragma, sizeof pragma, "SessionId=%s", ch->config.session);
        headers[n++] = (struct om__http1_header){"Pragma", pragma};
    }
    headers[n++] = (struct om__http1_header){"Content-Length", number};
    if (ch->authorization.len)
        headers[n++] = (struct om__http1_header){"Authorization", (char *)ch->authorization.buf};
    om_wr_reset(&ch->head);
    ch->head_sent = 0;
    om__http1_reset(&ch->answer);
    tell(ch, "request", length ? NULL : "authentication, first leg");
    return om__http1_request(&ch->head, ch->config.method, ch->config.path, headers, n, err);
}

om_status om__http_send(struct om__http_channel *ch, const void *p, size_t n, size_t *sent,
                        struct om_error *err)
{
    om_status st = flush_head(ch, err);

    *sent = 0;
    if (st != OM_OK || !om__http_head_sent(ch) || !n)
        return st;
    st = om__stream_send(ch->stream, p, n, sent, err);
    ch->sent += *sent;
    return st;
}

bool om__http_head_sent(const struct om__http_channel *ch)
{
    return ch->head_sent == ch->head.len;
}

bool om__http_answered(const struct om__http_channel *ch)
{
    const char *type = om__http1_header(&ch->answer, "Content-Type", 0);

    return ch->answer.stage != OM_HTTP1_HEAD && ch->answer.status == 200 && type &&
           strncasecmp(type, "application/rpc", 15) == 0;
}

/*
 * Head bytes to the parser; of a channel's answer what is left over moves to the front of p. Of
 * any other answer the head says enough.
 */
static om_status take_head(struct om__http_channel *ch, uint8_t *p, size_t n, size_t *left,
                           struct om_error *err)
{
    size_t used = 0, at = 0;
    om_status st = OM_OK;
    char text[80];

    *left = 0;
    while (st == OM_OK && at < n && ch->answer.stage == OM_HTTP1_HEAD) {
        st = om__http1_feed(&ch->answer, p + at, n - at, &used, err);
        at += used;
    }
    if (st != OM_OK || ch->answer.stage == OM_HTTP1_HEAD)
        return st;
    if (!om__http_answered(ch))
        return fail_answer(ch, err);
    if (ch->answer.framing == OM_HTTP1_CHUNKED)
        return om__fail(err, MAPI_E_NO_SUPPORT, OM_LAYER_HTTP, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE,
                        0, "the channel comes in chunks: something in between re-encodes it");
    snprintf(text, sizeof text, "HTTP %u %.60s", ch->answer.status, ch->answer.reason);
    tell(ch, "answer", text);
    memmove(p, p + at, n - at);
    *left = n - at;
    return OM_OK;
}

om_status om__http_recv(struct om__http_channel *ch, void *p, size_t n, size_t *got, bool *eof,
                        struct om_error *err)
{
    struct om_error why = OM_ERROR_INIT;
    om_status st = om__stream_recv(ch->stream, p, n, got, eof, &why);

    ch->received += *got;
    if (om__http_answered(ch))
        return st == OM_OK ? OM_OK : pass_on(&why, err);
    /* an IN channel may end without any answer: the caller knows what that means */
    if (st == OM_OK && *eof && ch->answer.head.len == 0)
        return OM_OK;
    if (st != OM_OK || *eof) {
        st = ended(ch, &why, err);
        return st == OM_OK ? fail_answer(ch, err) : st;
    }
    return *got ? take_head(ch, p, *got, got, err) : OM_OK;
}

om_status om__http_timeout(const struct om__http_channel *ch, struct om_error *err)
{
    if (ch->answer.stage != OM_HTTP1_HEAD && !om__http_answered(ch))
        return fail_answer(ch, err);
    return timed_out(ch, err);
}

int om__http_fd(const struct om__http_channel *ch)
{
    return om__stream_fd(ch->stream);
}

bool om__http_verified(const struct om__http_channel *ch)
{
    return om__stream_verified(ch->stream);
}

void om__http_count(const struct om__http_channel *ch, struct om__rpc_conn_stats *stats)
{
    stats->round_trips += ch->legs;
    stats->bytes_sent += ch->sent;
    stats->bytes_received += ch->received;
}
