/* SPDX-License-Identifier: MIT */
/* Any auxiliary blocks that decode are written in one form, which reads and writes as itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/aux_block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static om_status copy(const uint8_t *p, size_t n, struct om_arena *a, struct om_wr *w)
{
    struct om__aux_list list;
    om_status st = om__aux_decode(p, n, a, &list, NULL);

    for (uint32_t i = 0; st == OM_OK && i < list.count; i++)
        om__aux_encode(w, &list.blocks[i]);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om_wr first, second;
    struct om_arena a;

    om__arena_init(&a, OM_MAX_ROP_ARENA);
    om_wr_init(&first, OM_MAX_ROP_ARENA);
    om_wr_init(&second, OM_MAX_ROP_ARENA);
    /* strings that overlap in the input stand apart in the output, which may be too large for that
     */
    if (copy(data, size, &a, &first) == OM_OK && !first.too_large) {
        if (first.failed || copy(first.buf, first.len, &a, &second) != OM_OK || second.failed ||
            first.len != second.len || (first.len && memcmp(first.buf, second.buf, first.len) != 0))
            abort();
    }
    om_wr_free(&first);
    om_wr_free(&second);
    om__arena_free(&a);
    return 0;
}
