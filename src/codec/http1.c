/* SPDX-License-Identifier: MIT */
#include "codec/http1.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/limits.h"

/* Places in the chunked coding, RFC 9112 7.1 */
enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER };

static om_status broken(struct om_error *err, const char *fmt, ...) OM_PRINTF(2, 3);

static om_status broken(struct om_error *err, const char *fmt, ...)
{
    char text[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
                    "%s", text);
}

/* Requests */

static bool is_clean(const char *s)
{
    for (; *s; s++) {
        if (iscntrl((unsigned char)*s))
            return false;
    }
    return true;
}

static void put_str(struct om_wr *w, const char *s)
{
    om_wr_bytes(w, s, strlen(s));
}

om_status om__http1_request(struct om_wr *w, const char *method, const char *target,
                            const struct om__http1_header *headers, size_t count,
                            struct om_error *err)
{
    const char *bad = !is_clean(target) || strchr(target, ' ') ? target : NULL;

    put_str(w, method);
    put_str(w, " ");
    put_str(w, target);
    put_str(w, " HTTP/1.1\r\n");
    for (size_t i = 0; i < count; i++) {
        if (!is_clean(headers[i].value))
            bad = headers[i].name;
        put_str(w, headers[i].name);
        put_str(w, ": ");
        put_str(w, headers[i].value);
        put_str(w, "\r\n");
    }
    put_str(w, "\r\n");
    if (bad)
        return om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_USAGE, OM_CAUSE_BAD_ARGUMENT,
                        OM_NATIVE_NONE, 0, "\"%s\" cannot stand in an HTTP request", bad);
    return om_wr_finish(w, OM_LAYER_HTTP, "HTTP request", err);
}

/* Answers: life */

void om__http1_init(struct om__http1 *h)
{
    memset(h, 0, sizeof *h);
    h->reason = "";
    om_wr_init(&h->head, OM_MAX_HTTP_HEAD);
    h->head.wipe = true;
    om_wr_init(&h->body, OM_MAX_HTTP_BODY);
}

void om__http1_free(struct om__http1 *h)
{
    if (!h)
        return;
    om_wr_free(&h->head);
    om_wr_free(&h->body);
}

void om__http1_reset(struct om__http1 *h)
{
    struct om_wr head = h->head, body = h->body;

    om__http1_init(h);
    om_wr_reset(&head);
    om_wr_reset(&body);
    h->head = head;
    h->body = body;
}

/* Answers: head */

/* "HTTP/1." DIGIT SP 3DIGIT [SP reason]. RFC 9112 4 */
static bool parse_status_line(struct om__http1 *h, char *line)
{
    if (strncmp(line, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)line[7]) || line[8] != ' ')
        return false;
    for (int i = 9; i < 12; i++) {
        if (!isdigit((unsigned char)line[i]))
            return false;
    }
    if (line[12] && line[12] != ' ')
        return false;
    h->minor = (unsigned)(line[7] - '0');
    h->status = (unsigned)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
    h->reason = line[12] ? line + 13 : line + 12;
    return h->status >= 100 && h->status <= 599;
}

static bool is_token(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)s[i]) && !strchr("!#$%&'*+-.^_`|~", s[i]))
            return false;
    }
    return n > 0;
}

static char *trimmed(char *s)
{
    size_t n;

    while (*s == ' ' || *s == '\t')
        s++;
    for (n = strlen(s); n && (s[n - 1] == ' ' || s[n - 1] == '\t'); n--)
        s[n - 1] = 0;
    return s;
}

static om_status parse_header(struct om__http1 *h, char *line, struct om_error *err)
{
    char *colon = strchr(line, ':');

    if (!colon || !is_token(line, (size_t)(colon - line)))
        return broken(err, "the answer has a header line \"%.40s\"", line);
    if (h->header_count == OM_HTTP1_HEADERS)
        return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_TOO_LARGE,
                        OM_NATIVE_NONE, 0, "the answer has more than %u headers", OM_HTTP1_HEADERS);
    *colon = 0;
    h->headers[h->header_count].name = line;
    h->headers[h->header_count].value = trimmed(colon + 1);
    h->header_count++;
    return OM_OK;
}

/* The line at *at without its end, NUL-terminated in place; folded lines are joined. */
static char *next_line(char **at)
{
    char *line = *at, *lf = line;

    for (;;) {
        lf = strchr(lf, '\n');
        if (!lf)
            return NULL;
        if ((lf[1] != ' ' && lf[1] != '\t') || lf == line)
            break;
        *lf = ' '; /* obs-fold, RFC 9112 5.2 */
        if (lf > line && lf[-1] == '\r')
            lf[-1] = ' ';
    }
    *lf = 0;
    if (lf > line && lf[-1] == '\r')
        lf[-1] = 0;
    *at = lf + 1;
    return line;
}

static bool header_has(const struct om__http1 *h, const char *name, const char *word)
{
    const char *v;

    for (unsigned i = 0; (v = om__http1_header(h, name, i)); i++) {
        if (strcasestr(v, word))
            return true;
    }
    return false;
}

static bool parse_length(const char *s, uint64_t *n)
{
    *n = 0;
    if (!*s)
        return false;
    for (; *s; s++) {
        if (!isdigit((unsigned char)*s) || *n > (UINT64_MAX - 9) / 10)
            return false;
        *n = *n * 10 + (uint64_t)(*s - '0');
    }
    return true;
}

/* RFC 9112 6.3 */
static om_status choose_framing(struct om__http1 *h, struct om_error *err)
{
    const char *coding = om__http1_header(h, "Transfer-Encoding", 0), *v;
    uint64_t length = 0;

    h->framing = OM_HTTP1_UNTIL_CLOSE;
    for (unsigned i = 0; (v = om__http1_header(h, "Content-Length", i)); i++) {
        if (!parse_length(v, &length) || (i && length != h->left))
            return broken(err, "the answer's Content-Length is \"%.40s\"", v);
        h->left = length;
        h->framing = OM_HTTP1_LENGTH;
    }
    if (coding && strcasecmp(coding, "identity") != 0) {
        if (strcasecmp(coding, "chunked") != 0)
            return broken(err, "the answer's Transfer-Encoding is \"%.40s\"", coding);
        h->framing = OM_HTTP1_CHUNKED;
        h->left = 0;
    }
    if (h->status == 204 || h->status == 304)
        h->framing = OM_HTTP1_NO_BODY;
    h->keep_alive = h->framing != OM_HTTP1_UNTIL_CLOSE && !header_has(h, "Connection", "close") &&
                    (h->minor >= 1 || header_has(h, "Connection", "keep-alive"));
    return OM_OK;
}

static om_status parse_head(struct om__http1 *h, struct om_error *err)
{
    char *at, *line;
    om_status st;

    om_wr_u8(&h->head, 0);
    st = om_wr_finish(&h->head, OM_LAYER_HTTP, "head of the HTTP answer", err);
    if (st != OM_OK)
        return st;
    at = (char *)h->head.buf;
    line = next_line(&at);
    if (!line || !parse_status_line(h, line))
        return broken(err, "the answer's status line is \"%.60s\"", line ? line : "");
    while ((line = next_line(&at)) && *line) {
        st = parse_header(h, line, err);
        if (st != OM_OK)
            return st;
    }
    if (h->status < 200) { /* 100 Continue and its like: the answer is still to come */
        om__http1_reset(h);
        return OM_OK;
    }
    st = choose_framing(h, err);
    if (st != OM_OK)
        return st;
    h->stage = h->framing == OM_HTTP1_NO_BODY || (h->framing == OM_HTTP1_LENGTH && h->left == 0)
                   ? OM_HTTP1_DONE
                   : OM_HTTP1_BODY;
    return OM_OK;
}

/* What is no HTTP is said at its first byte, not when a blank line fails to come. */
static om_status check_beginning(const struct om__http1 *h, struct om_error *err)
{
    static const char begin[] = "HTTP/1.";
    size_t n = h->head.len < sizeof begin - 1 ? h->head.len : sizeof begin - 1;
    char shown[33];
    size_t i;

    if (memcmp(h->head.buf, begin, n) == 0)
        return OM_OK;
    for (i = 0; i < h->head.len && i < sizeof shown - 1; i++)
        shown[i] = (char)(isprint(h->head.buf[i]) ? h->head.buf[i] : '.');
    shown[i] = 0;
    return broken(err, "the answer is no HTTP: it begins with \"%s\"", shown);
}

static om_status feed_head(struct om__http1 *h, const uint8_t *p, size_t n, size_t *used,
                           struct om_error *err)
{
    bool ended = false;
    size_t i;
    om_status st;

    for (i = 0; i < n && !ended; i++) {
        if (p[i] == 0)
            return broken(err, "the head of the answer has a zero byte");
        if (p[i] == '\n') {
            ended = h->line == 0 && h->head.len + i > 0;
            h->line = 0;
        } else if (p[i] != '\r') {
            h->line++;
        }
    }
    om_wr_bytes(&h->head, p, i);
    *used = i;
    st = om_wr_finish(&h->head, OM_LAYER_HTTP, "head of the HTTP answer", err);
    if (st == OM_OK)
        st = check_beginning(h, err);
    return st == OM_OK && ended ? parse_head(h, err) : st;
}

/* Answers: body */

/* Keeps what fits; past the ceiling nobody reads on. */
static void keep(struct om__http1 *h, const uint8_t *p, size_t n)
{
    size_t room = OM_MAX_HTTP_BODY - h->body.len;

    om_wr_bytes(&h->body, p, n < room ? n : room);
    if (n > room) {
        h->stage = OM_HTTP1_DONE;
        h->keep_alive = false;
    }
}

static size_t take_counted(struct om__http1 *h, const uint8_t *p, size_t n)
{
    size_t some = h->left < n ? (size_t)h->left : n;

    keep(h, p, some);
    h->left -= some;
    return some;
}

/* One byte that is not chunk data. False: the coding is broken. */
static bool chunk_byte(struct om__http1 *h, uint8_t c)
{
    switch (h->chunk) {
    case CHUNK_SIZE:
        if (isxdigit(c)) {
            unsigned d = (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);

            h->left = h->left << 4 | d;
            return ++h->digits <= 15;
        }
        if (h->digits == 0)
            return false;
        h->chunk = CHUNK_EXTENSION;
        return chunk_byte(h, c);
    case CHUNK_EXTENSION:
        if (c == '\n') {
            h->chunk = h->left ? CHUNK_DATA : CHUNK_TRAILER;
            h->digits = 0;
            h->line = 0;
        }
        return ++h->line < 4096;
    case CHUNK_DATA_END:
        if (c == '\n')
            h->chunk = CHUNK_SIZE;
        return c == '\n' || c == '\r';
    default: /* CHUNK_TRAILER */
        if (c == '\n' && h->digits == 0)
            h->stage = OM_HTTP1_DONE;
        h->digits = c == '\n' ? 0 : c == '\r' ? h->digits : 1;
        return ++h->line < 4096;
    }
}

static om_status feed_chunked(struct om__http1 *h, const uint8_t *p, size_t n, size_t *used,
                              struct om_error *err)
{
    size_t i = 0;

    while (i < n && h->stage == OM_HTTP1_BODY) {
        if (h->chunk == CHUNK_DATA) {
            i += take_counted(h, p + i, n - i);
            if (h->left == 0)
                h->chunk = CHUNK_DATA_END;
        } else if (!chunk_byte(h, p[i++])) {
            return broken(err, "the answer's chunked body is broken");
        }
    }
    *used = i;
    return OM_OK;
}

om_status om__http1_feed(struct om__http1 *h, const void *p, size_t n, size_t *used,
                         struct om_error *err)
{
    om_status st = OM_OK;

    *used = 0;
    if (n == 0 || h->stage == OM_HTTP1_DONE)
        return OM_OK;
    if (h->stage == OM_HTTP1_HEAD)
        return feed_head(h, p, n, used, err);
    switch (h->framing) {
    case OM_HTTP1_CHUNKED:
        st = feed_chunked(h, p, n, used, err);
        break;
    case OM_HTTP1_LENGTH:
        *used = take_counted(h, p, n);
        if (h->left == 0)
            h->stage = OM_HTTP1_DONE;
        break;
    default:
        keep(h, p, n);
        *used = n;
    }
    if (st == OM_OK)
        st = om_wr_finish(&h->body, OM_LAYER_HTTP, "body of the HTTP answer", err);
    return st;
}

om_status om__http1_eof(struct om__http1 *h, struct om_error *err)
{
    om_status st = OM_OK;

    if (h->stage == OM_HTTP1_HEAD) {
        if (!h->head.len || !memchr(h->head.buf, '\n', h->head.len))
            return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_CLOSED,
                            OM_NATIVE_NONE, 0,
                            h->head.len ? "the connection was closed in the answer's status line"
                                        : "the connection was closed without an answer");
        st = parse_head(h, err);
        if (st == OM_OK && h->status == 0)
            st = om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_CLOSED, OM_NATIVE_NONE,
                          0, "the connection was closed after an interim answer");
        else if (st == OM_OK && (h->status < 300 || h->status == 401))
            st = om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_HTTP, OM_CAUSE_CLOSED, OM_NATIVE_HTTP,
                          h->status, "the connection was closed in the head of the answer (%u)",
                          h->status);
    }
    h->stage = OM_HTTP1_DONE;
    h->keep_alive = false;
    return st;
}

/* Answers: what they say */

const char *om__http1_header(const struct om__http1 *h, const char *name, unsigned nth)
{
    for (size_t i = 0; i < h->header_count; i++) {
        if (strcasecmp(h->headers[i].name, name) == 0 && nth-- == 0)
            return h->headers[i].value;
    }
    return NULL;
}

struct span {
    const char *p;
    size_t n;
};

/* The element up to the next comma outside quotes; *at moves past it. */
static bool next_element(const char **at, struct span *out)
{
    const char *s = *at + strspn(*at, ", \t"), *e = s;
    bool quoted = false;

    if (!*s)
        return false;
    for (; *e && (quoted || *e != ','); e++) {
        if (*e == '"')
            quoted = !quoted;
        else if (quoted && *e == '\\' && e[1])
            e++;
    }
    *at = e;
    while (e > s && (e[-1] == ' ' || e[-1] == '\t'))
        e--;
    *out = (struct span){s, (size_t)(e - s)};
    return true;
}

/* Scheme and token68 of an element; false when it is a parameter (name=value) of the one before. */
static bool as_challenge(struct span el, struct span *scheme, struct span *token)
{
    size_t n = 0, from;

    while (n < el.n && el.p[n] != ' ' && el.p[n] != '\t')
        n++;
    if (!is_token(el.p, n))
        return false;
    for (from = n; from < el.n && (el.p[from] == ' ' || el.p[from] == '\t'); from++)
        ;
    *scheme = (struct span){el.p, n};
    *token = (struct span){el.p + from, el.n - from};
    return true;
}

bool om__http1_challenge(const struct om__http1 *h, const char *scheme, const char **token,
                         size_t *n)
{
    struct span el, name, rest;
    const char *at;

    for (unsigned i = 0; (at = om__http1_header(h, "WWW-Authenticate", i)); i++) {
        while (next_element(&at, &el)) {
            if (!as_challenge(el, &name, &rest) || name.n != strlen(scheme) ||
                strncasecmp(name.p, scheme, name.n) != 0)
                continue;
            *token = rest.p;
            *n = rest.n;
            return true;
        }
    }
    return false;
}

void om__http1_schemes(const struct om__http1 *h, char *buf, size_t size)
{
    struct span el, name, rest;
    const char *at;
    size_t used = 0;

    snprintf(buf, size, "nothing");
    for (unsigned i = 0; (at = om__http1_header(h, "WWW-Authenticate", i)); i++) {
        while (next_element(&at, &el)) {
            if (!as_challenge(el, &name, &rest) || used >= size)
                continue;
            used += (size_t)snprintf(buf + used, size - used, "%s%.*s", used ? ", " : "",
                                     (int)(name.n < 32 ? name.n : 32), name.p);
        }
    }
}

bool om__http1_rpc_error(const char *reason, uint32_t *code)
{
    static const char begin[] = "RPC Error: ";
    const char *s = strcasestr(reason, begin);
    unsigned digits = 0;
    uint32_t v = 0;

    if (!s)
        return false;
    for (s += sizeof begin - 1; isxdigit((unsigned char)*s) && digits < 8; s++, digits++) {
        unsigned char c = (unsigned char)*s;

        v = v << 4 | (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    if (!digits)
        return false;
    *code = v;
    return true;
}
