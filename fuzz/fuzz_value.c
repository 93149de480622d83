/* SPDX-License-Identifier: MIT */
/*
 * A property as it stands in the store's file: two bytes of type, then the value. What is read must
 * be written as the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "profile/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om_propval val;
    struct om_arena arena;
    struct om_wr w;
    om_proptag tag;

    if (size < 2)
        return 0;
    tag = OM_PROP_TAG(data[0] | data[1] << 8, 0x6700);
    om__arena_init(&arena, 16u << 20);
    om_wr_init(&w, OM_MAX_PROFILE_VALUE);
    if (om__value_decode(tag, data + 2, size - 2, &arena, &val, NULL) == OM_OK &&
        (om__value_encode(&val, &w, NULL) != OM_OK || w.len != size - 2 ||
         (w.len && memcmp(w.buf, data + 2, w.len) != 0)))
        abort();
    om_wr_free(&w);
    om__arena_free(&arena);
    return 0;
}
