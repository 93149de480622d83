/* SPDX-License-Identifier: MIT */
/*
 * The input once as compressed bytes of any size announced, once as what is to be compressed: that
 * has to come back the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/lzxpress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const uint8_t *data, size_t size)
{
    size_t announced = size < 2 ? 0 : (size_t)(data[0] | data[1] << 8);
    uint8_t *out = malloc(announced + 1);

    if (!out)
        return;
    if (size >= 2)
        (void)om__lzxpress_decode(data + 2, size - 2, out, announced, NULL);
    free(out);
}

static void round_trip(const uint8_t *data, size_t size)
{
    size_t cap = size + size / 8 + 16, n;
    uint8_t *packed = malloc(cap), *out = malloc(size + 1);

    if (packed && out && size <= 0xFFFF) {
        n = om__lzxpress_encode(data, size, packed, cap);
        if (!n || om__lzxpress_decode(packed, n, out, size, NULL) != OM_OK ||
            (size && memcmp(out, data, size) != 0))
            abort();
    }
    free(packed);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size);
    round_trip(data, size);
    return 0;
}
