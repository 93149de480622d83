/* SPDX-License-Identifier: MIT */
/*
 * The client's side of a virtual connection of RPC over HTTP v2: two one-way channels that carry
 * RPC PDUs as one connection would. [MS-RPCH] 3.2.1 (common), 3.2.2 (client).
 *
 * No I/O, no clock. The caller brings the two HTTP channels up, sends what om__roh_output() has,
 * feeds what the OUT channel brought (the bytes after the HTTP head, cut anywhere) and passes `now`
 * in milliseconds of any clock that never goes back.
 *
 * After an error the virtual connection is closed; only om__roh_free() is left to call.
 */
#ifndef OM_PROTO_ROH_VC_H
#define OM_PROTO_ROH_VC_H

#include <onemapi/error.h>

#include "base/trace.h"
#include "codec/rts.h"

#define OM_ROH_CHANNEL_LIFETIME 0x40000000u /* bytes of an IN channel, its Content-Length too */
#define OM_ROH_OUT_LENGTH       76u         /* CONN/A1; Content-Length of RPC_OUT_DATA, 2.1.2.1.2 */
#define OM_ROH_KEEPALIVE_MS     300000u     /* what we ask for in CONN/B1 */

enum om__roh_channel { OM_ROH_IN, OM_ROH_OUT };

/* [MS-RPCH] 3.2.2.1.1; the cookies are random unless a test wants the ones of a capture */
struct om__roh_config {
    struct om_uid connection, in_channel, out_channel;
    struct om_uid association; /* the same for all virtual connections of one RPC association */
    uint32_t receive_window;   /* 8 to 256 KiB, 2.2.3.5.1 */
    uint32_t keepalive_ms;     /* at least 60,000, 2.2.3.5.6 */
    struct om__trace trace;
};

/* Random cookies, the largest window the specification allows, OM_ROH_KEEPALIVE_MS. */
om_status om__roh_config_init(struct om__roh_config *config, struct om_error *err);

struct om__roh_vc;

om_status om__roh_create(const struct om__roh_config *config, struct om__roh_vc **out,
                         struct om_error *err);
void om__roh_free(struct om__roh_vc *vc); /* NULL-safe */

/*
 * The channel is being requested: the first PDU of its body, CONN/B1 or CONN/A1, is now in the
 * channel's output, to be sent behind the head of the HTTP request.
 */
om_status om__roh_requested(struct om__roh_vc *vc, enum om__roh_channel ch, struct om_error *err);

/* The OUT channel's answer has come, with status 200; its body follows by om__roh_feed(). */
om_status om__roh_responded(struct om__roh_vc *vc, struct om_error *err);

/* Both ways open: CONN/C2 has come. */
bool om__roh_is_open(const struct om__roh_vc *vc);

/*
 * Queues one whole RPC PDU. It waits until the virtual connection is open and the peer's
 * window has room for it; RTS PDUs overtake it.
 */
om_status om__roh_send(struct om__roh_vc *vc, const void *pdu, size_t n, struct om_error *err);

/* What is to be sent on a channel now; NULL and 0: nothing. Borrowed until the next call on vc. */
const uint8_t *om__roh_output(const struct om__roh_vc *vc, enum om__roh_channel ch, size_t *n);
/* n bytes of it went out. */
void om__roh_sent(struct om__roh_vc *vc, enum om__roh_channel ch, size_t n, int64_t now);

/* Bytes that wait, for the sockets or for the peer's window. */
size_t om__roh_backlog(const struct om__roh_vc *vc);

/* Bytes of the OUT channel's body. RTS PDUs are acted on, RPC PDUs queued for om__roh_next(). */
om_status om__roh_feed(struct om__roh_vc *vc, const void *p, size_t n, struct om_error *err);

/*
 * The next whole RPC PDU, borrowed until the next call on vc; false: none yet. Taking it frees its
 * place in our window, so an acknowledgement may now be in the IN channel's output; *st tells when
 * even that failed.
 */
bool om__roh_next(struct om__roh_vc *vc, const uint8_t **pdu, size_t *n, om_status *st,
                  struct om_error *err);

/* When om__roh_tick() is due; INT64_MAX: never. */
int64_t om__roh_deadline(const struct om__roh_vc *vc);
/* Sends a Ping when nothing else was sent for long enough. 3.2.2.6.1 */
om_status om__roh_tick(struct om__roh_vc *vc, int64_t now, struct om_error *err);

/* The peer closed a channel. Always an error: which, and in what state. 3.2.2.5.11 */
om_status om__roh_channel_closed(struct om__roh_vc *vc, enum om__roh_channel ch,
                                 struct om_error *err);

/* We close: from now on nothing is sent or taken. The caller closes the channels. 3.2.2.4.3 */
void om__roh_close(struct om__roh_vc *vc);

/* For texts: "Wait_A3W". */
const char *om__roh_state(const struct om__roh_vc *vc);

#endif
