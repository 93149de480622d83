/* SPDX-License-Identifier: MIT */
/* Any requests a server can read are written in one form, which reads and writes as itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/rop/rop.h"
#include "codec/rop_buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static om_status copy(const uint8_t *p, size_t n, struct om_arena *a, struct om_wr *w)
{
    struct om__rop_requests q;
    om_status st = om__rop_requests_decode(p, n, a, &q, NULL);
    size_t begin;

    if (st != OM_OK)
        return st;
    begin = om__rop_payload_begin(w);
    for (uint32_t i = 0; i < q.count; i++)
        om__rop_request_put(w, &q.list[i]);
    om__rop_payload_end(w, begin, q.handles, q.handle_count);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om_wr first, second;
    struct om_arena a;

    om__arena_init(&a, OM_MAX_ROP_ARENA);
    om_wr_init(&first, OM_MAX_ROP_ARENA);
    om_wr_init(&second, OM_MAX_ROP_ARENA);
    if (copy(data, size, &a, &first) == OM_OK) {
        if (first.failed || copy(first.buf, first.len, &a, &second) != OM_OK || second.failed ||
            first.len != second.len || memcmp(first.buf, second.buf, first.len) != 0)
            abort();
    }
    om_wr_free(&first);
    om_wr_free(&second);
    om__arena_free(&a);
    return 0;
}
