/* SPDX-License-Identifier: MIT */
#include "codec/rop_buffer.h"

#include "base/limits.h"
#include "base/mem.h"
#include "codec/lzxpress.h"

enum {
    EXT_HEADER = 8,
    XOR_MAGIC = 0xA5,
    MAX_PAYLOADS = OM_MAX_ROP_OUT / EXT_HEADER,
};

/* [MS-OXCRPC] 2.2.2.1 */
struct ext_header {
    uint16_t version, flags, size, size_actual;
};

static struct ext_header get_header(struct om_rd *r)
{
    struct ext_header h;

    h.version = om_rd_u16(r, "Version");
    h.flags = om_rd_u16(r, "Flags");
    h.size = om_rd_u16(r, "Size");
    h.size_actual = om_rd_u16(r, "SizeActual");
    om_rd_check(r, h.version == 0, h.version, "Version");
    om_rd_check(r, h.size_actual <= OM_MAX_ROP_PAYLOAD, h.size_actual, "SizeActual");
    if (h.flags & OM_EXT_COMPRESSED)
        om_rd_check(r, h.size < h.size_actual, h.size, "Size");
    else
        om_rd_check(r, h.size == h.size_actual, h.size, "Size");
    return h;
}

static uint8_t *unxor(struct om_arena *a, const uint8_t *p, size_t n)
{
    uint8_t *plain = om__arena_alloc(a, n ? n : 1);

    for (size_t i = 0; plain && i < n; i++)
        plain[i] = p[i] ^ XOR_MAGIC;
    return plain;
}

/* [MS-OXCRPC] 3.1.4.2.1: what the sender did last is undone first. */
static om_status get_payload(struct om_rd *r, struct om_arena *a, struct om__ext_payload *out,
                             struct om_error *err)
{
    struct ext_header h = get_header(r);
    const uint8_t *p = om_rd_bytes(r, h.size, "payload");
    uint8_t *plain;

    if (p && (h.flags & OM_EXT_XOR))
        p = om_rd_mem(r, unxor(a, p, h.size), "payload");
    if (p && (h.flags & OM_EXT_COMPRESSED)) {
        plain = om_rd_mem(r, om__arena_alloc(a, h.size_actual), "payload");
        if (plain) {
            om_status st = om__lzxpress_decode(p, h.size, plain, h.size_actual, err);

            if (st != OM_OK)
                return st;
        }
        p = plain;
    }
    *out = (struct om__ext_payload){h.flags, p, h.size_actual};
    return om_rd_finish(r, OM_LAYER_EMSMDB, "RPC_HEADER_EXT", err);
}

/* How many payloads there are, by their headers alone. */
static uint32_t count_payloads(const uint8_t *p, size_t n)
{
    struct ext_header h = {0};
    uint32_t count = 0;
    struct om_rd r;

    om_rd_init(&r, p, n);
    while (om_rd_ok(&r) && count < MAX_PAYLOADS && !(h.flags & OM_EXT_LAST)) {
        h = get_header(&r);
        om_rd_skip(&r, h.size, "payload");
        count++;
    }
    return count;
}

om_status om__ext_decode(const uint8_t *p, size_t n, struct om_arena *a, struct om__ext_buffer *out,
                         struct om_error *err)
{
    uint32_t count = n ? count_payloads(p, n) : 0;
    struct om__ext_payload *list = NULL;
    om_status st = OM_OK;
    struct om_rd r;

    om_rd_init(&r, p, n);
    if (count)
        list = om_rd_mem(&r, om__arena_array(a, count, sizeof *list), "payloads");
    for (uint32_t i = 0; st == OM_OK && list && i < count; i++)
        st = get_payload(&r, a, &list[i], err);
    if (st != OM_OK)
        return st;
    om_rd_expect_end(&r, "last payload");
    st = om_rd_finish(&r, OM_LAYER_EMSMDB, "extended buffer", err);
    if (st == OM_OK)
        *out = (struct om__ext_buffer){count, list};
    return st;
}

size_t om__ext_begin(struct om_wr *w)
{
    return om_wr_reserve(w, EXT_HEADER);
}

/* The payload from `start` on becomes its compressed form. False: that would not be smaller. */
static bool compress(struct om_wr *w, size_t start)
{
    size_t size = w->len - start, packed;
    uint8_t *room;

    if (w->failed || size < 2)
        return false;
    room = om__malloc(size - 1);
    if (!room) {
        w->failed = true;
        return false;
    }
    packed = om__lzxpress_encode(w->buf + start, size, room, size - 1);
    if (packed) {
        om_wr_truncate(w, start);
        om_wr_bytes(w, room, packed);
    }
    om__free(room);
    return packed != 0;
}

void om__ext_end(struct om_wr *w, size_t begin, uint16_t flags)
{
    size_t start = begin + EXT_HEADER;

    om_wr_patch_u16(w, begin + 6, w->len - start);
    if ((flags & OM_EXT_COMPRESSED) && !compress(w, start))
        flags &= (uint16_t)~OM_EXT_COMPRESSED;
    om_wr_patch_u16(w, begin + 4, w->len - start);
    om_wr_patch_u16(w, begin + 2, flags);
    for (size_t i = start; (flags & OM_EXT_XOR) && !w->failed && i < w->len; i++)
        w->buf[i] ^= XOR_MAGIC;
}

om_status om__rop_payload_decode(const uint8_t *p, size_t n, struct om__rop_payload *out,
                                 struct om_error *err)
{
    struct om__rop_payload pl = {0};
    uint16_t size;
    struct om_rd r;
    om_status st;

    om_rd_init(&r, p, n);
    size = om_rd_u16(&r, "RopSize");
    om_rd_check(&r, size >= 2, size, "RopSize");
    pl.rops_size = om_rd_ok(&r) ? size - 2u : 0;
    pl.rops = om_rd_bytes(&r, pl.rops_size, "RopsList");
    om_rd_check(&r, om_rd_left(&r) % 4 == 0, om_rd_left(&r), "ServerObjectHandleTable");
    pl.handle_count = (uint32_t)(om_rd_left(&r) / 4);
    pl.handle_table = om_rd_bytes(&r, om_rd_left(&r), "ServerObjectHandleTable");
    st = om_rd_finish(&r, OM_LAYER_ROP, "ROP buffer", err);
    if (st == OM_OK)
        *out = pl;
    return st;
}

uint32_t om__rop_payload_handle(const struct om__rop_payload *pl, uint32_t index)
{
    struct om_rd r;

    if (index >= pl->handle_count)
        return OM_ROP_NO_HANDLE;
    om_rd_init(&r, pl->handle_table, 4 * (size_t)pl->handle_count);
    om_rd_skip(&r, 4 * (size_t)index, "ServerObjectHandleTable");
    return om_rd_u32(&r, "ServerObjectHandleTable");
}

size_t om__rop_payload_begin(struct om_wr *w)
{
    return om_wr_reserve(w, 2);
}

void om__rop_payload_end(struct om_wr *w, size_t begin, const uint32_t *handles, size_t count)
{
    om_wr_patch_u16(w, begin, w->len - begin);
    for (size_t i = 0; i < count; i++)
        om_wr_u32(w, handles[i]);
}
