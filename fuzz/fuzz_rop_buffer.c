/* SPDX-License-Identifier: MIT */
/* Any extended buffer that decodes is written again with its flags and reads as the same payloads.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/rop_buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(struct om_wr *w, const struct om__ext_buffer *buf)
{
    for (uint32_t i = 0; i < buf->count; i++) {
        size_t begin = om__ext_begin(w);

        om_wr_bytes(w, buf->payloads[i].data, buf->payloads[i].size);
        om__ext_end(w, begin, buf->payloads[i].flags);
    }
}

static void check_same(const struct om__ext_buffer *a, const struct om__ext_buffer *b)
{
    struct om__rop_payload pl;

    if (a->count != b->count)
        abort();
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->payloads[i].size != b->payloads[i].size ||
            memcmp(a->payloads[i].data, b->payloads[i].data, a->payloads[i].size) != 0)
            abort();
        if (om__rop_payload_decode(a->payloads[i].data, a->payloads[i].size, &pl, NULL) == OM_OK &&
            (2 + pl.rops_size + 4 * (size_t)pl.handle_count != a->payloads[i].size ||
             om__rop_payload_handle(&pl, pl.handle_count) != OM_ROP_NO_HANDLE))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om__ext_buffer buf, again;
    struct om_arena a;
    struct om_wr w;

    om__arena_init(&a, OM_MAX_ROP_ARENA);
    om_wr_init(&w, OM_MAX_ROP_ARENA);
    if (om__ext_decode(data, size, &a, &buf, NULL) == OM_OK) {
        encode(&w, &buf);
        if (w.failed)
            abort();
        if (om__ext_decode(w.buf, w.len, &a, &again, NULL) == OM_OK)
            check_same(&buf, &again);
        else if (!a.too_large)
            abort();
    }
    om_wr_free(&w);
    om__arena_free(&a);
    return 0;
}
