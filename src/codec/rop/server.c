/* SPDX-License-Identifier: MIT */
/* What a server puts into an answer of itself: [MS-OXCROPS] 2.2.14 and 2.2.15. */
#include "codec/rop/families.h"

static struct om_binary get_rest(struct om_rd *r, const char *field)
{
    size_t n = om_rd_left(r);
    const uint8_t *p = om_rd_bytes(r, n, field);

    return (struct om_binary){p ? (uint32_t)n : 0, n ? p : NULL};
}

/* RopBackoff, 2.2.15.2 */
enum { BACKOFF_ROP = 5 };

static void get_backoff(struct om_rd *r, struct om_arena *a, struct om__backoff_rsp *s)
{
    struct om__backoff_rop *rops = NULL;
    uint8_t count;

    s->logon_id = om_rd_u8(r, "LogonId");
    s->duration_ms = om_rd_u32(r, "Duration");
    count = om_rd_u8(r, "BackoffRopCount");
    s->rop_count = (uint8_t)om_rd_count(r, count, 0xFF, BACKOFF_ROP, "BackoffRopCount");
    if (s->rop_count)
        rops = om_rd_mem(r, om__arena_array(a, s->rop_count, sizeof *rops), "BackoffRopData");
    for (uint8_t i = 0; rops && i < s->rop_count; i++) {
        rops[i].id = om_rd_u8(r, "RopIdBackoff");
        rops[i].duration_ms = om_rd_u32(r, "Duration");
    }
    s->rops = rops;
    s->additional.cb = om_rd_u16(r, "AdditionalDataSize");
    s->additional.pb = om_rd_bytes(r, s->additional.cb, "AdditionalData");
}

static void put_backoff(struct om_wr *w, const struct om__backoff_rsp *s)
{
    om_wr_u8(w, s->logon_id);
    om_wr_u32(w, s->duration_ms);
    om_wr_u8(w, s->rop_count);
    for (uint8_t i = 0; i < s->rop_count; i++) {
        om_wr_u8(w, s->rops[i].id);
        om_wr_u32(w, s->rops[i].duration_ms);
    }
    if (!om_wr_check(w, s->additional.cb <= 0xFFFF))
        return;
    om_wr_u16(w, (uint16_t)s->additional.cb);
    om_wr_bytes(w, s->additional.pb, s->additional.cb);
}

bool om__rop_server_get(struct om_rd *r, struct om_arena *a, struct om__rop_response *out)
{
    switch (out->id) {
    case RopBackoff:
        get_backoff(r, a, &out->backoff);
        return true;
    case RopBufferTooSmall: /* 2.2.15.1 */
        out->too_small.size_needed = om_rd_u16(r, "SizeNeeded");
        out->too_small.requests = get_rest(r, "RequestBuffers");
        return true;
    case RopNotify: /* 2.2.14.2 */
        out->notify.handle = om_rd_u32(r, "NotificationHandle");
        out->notify.logon_id = om_rd_u8(r, "LogonId");
        out->notify.data = get_rest(r, "NotificationData");
        return true;
    case RopPending: /* 2.2.14.3 */
        out->pending_session = om_rd_u16(r, "SessionIndex");
        return true;
    }
    return false;
}

bool om__rop_server_put(struct om_wr *w, const struct om__rop_response *in)
{
    switch (in->id) {
    case RopBackoff:
        put_backoff(w, &in->backoff);
        return true;
    case RopBufferTooSmall:
        om_wr_u16(w, in->too_small.size_needed);
        om_wr_bytes(w, in->too_small.requests.pb, in->too_small.requests.cb);
        return true;
    case RopNotify:
        om_wr_u32(w, in->notify.handle);
        om_wr_u8(w, in->notify.logon_id);
        om_wr_bytes(w, in->notify.data.pb, in->notify.data.cb);
        return true;
    case RopPending:
        om_wr_u16(w, in->pending_session);
        return true;
    }
    return false;
}
