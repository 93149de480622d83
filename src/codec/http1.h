/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 as a client of an RPC proxy needs it: request heads out, answers in, in any pieces.
 * RFC 9110, RFC 9112; [MS-RPCH] 2.1.2.1. HTTP/1.0 answers too: RPC proxies send their errors so.
 */
#ifndef OM_CODEC_HTTP1_H
#define OM_CODEC_HTTP1_H

#include "base/wr.h"

#define OM_HTTP1_HEADERS 128u /* in one answer */

struct om__http1_header {
    const char *name, *value;
};

/*
 * Appends a request head, blank line included. A control character in target or a value is refused
 * (usage, bad-argument): it would begin another header.
 */
om_status om__http1_request(struct om_wr *w, const char *method, const char *target,
                            const struct om__http1_header *headers, size_t count,
                            struct om_error *err);

enum om__http1_stage {
    OM_HTTP1_HEAD,
    OM_HTTP1_BODY,
    OM_HTTP1_DONE,
};

enum om__http1_framing {
    OM_HTTP1_NO_BODY,
    OM_HTTP1_LENGTH,
    OM_HTTP1_CHUNKED,
    OM_HTTP1_UNTIL_CLOSE,
};

/* One answer. What is parsed is valid once the stage is past HEAD. */
struct om__http1 {
    enum om__http1_stage stage;
    unsigned minor;     /* of HTTP/1.x */
    unsigned status;    /* 200 to 599; 1xx answers are passed over */
    const char *reason; /* "" when there is none; borrowed from the object, as the headers are */
    struct om__http1_header headers[OM_HTTP1_HEADERS];
    size_t header_count;
    enum om__http1_framing framing;
    uint64_t left;   /* bytes of the body, or of the chunk, still to come */
    bool keep_alive; /* may another request follow on this connection? */

    struct om_wr body; /* what has come of it, at most OM_MAX_HTTP_BODY */

    /* private */
    struct om_wr head;
    size_t line;    /* bytes of the line that is being read */
    unsigned chunk; /* where in the chunked coding */
    unsigned digits;
};

void om__http1_init(struct om__http1 *h);
void om__http1_free(struct om__http1 *h);  /* NULL-safe; wipes, for heads carry tokens */
void om__http1_reset(struct om__http1 *h); /* for the next answer on the same connection */

/*
 * Takes bytes; *used tells how many. Stops where the head ends, so that the caller can take the
 * body elsewhere, and where the body ends. A body over its ceiling ends there, with keep_alive
 * false. Errors: layer http, cause protocol or too-large.
 */
om_status om__http1_feed(struct om__http1 *h, const void *p, size_t n, size_t *used,
                         struct om_error *err);

/*
 * The peer closed. What has come is enough when there is a whole head, or the whole status line of
 * a refusal that needs no more (a 401 does: its headers): the stage is then DONE. Otherwise the
 * error: cause closed.
 */
om_status om__http1_eof(struct om__http1 *h, struct om_error *err);

/* The value of a header, without regard to case; the `nth` (from 0) of that name; or NULL. */
const char *om__http1_header(const struct om__http1 *h, const char *name, unsigned nth);

/*
 * Is an authentication scheme offered in WWW-Authenticate? Several headers and several challenges
 * in one header count alike. *token, *n: its token68, n 0 when it has none. RFC 9110 11.6.1
 */
bool om__http1_challenge(const struct om__http1 *h, const char *scheme, const char **token,
                         size_t *n);

/* "Negotiate, NTLM, Basic"; "nothing" when there is no challenge. Cut to size. */
void om__http1_schemes(const struct om__http1 *h, char *buf, size_t size);

/* The code of "RPC Error: 6ba[, EEInfo: ...]", [MS-RPCH] 2.1.2.1.3 */
bool om__http1_rpc_error(const char *reason, uint32_t *code);

#endif
