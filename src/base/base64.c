/* SPDX-License-Identifier: MIT */
#include "base/base64.h"

#include <nettle/base64.h>

void om__base64_encode(struct om_wr *w, const void *p, size_t n)
{
    char *out = (char *)om_wr_space(w, BASE64_ENCODE_RAW_LENGTH(n));

    if (out)
        base64_encode_raw(out, n, p);
}

bool om__base64_decode(struct om_wr *w, const char *text, size_t n)
{
    struct base64_decode_ctx ctx;
    size_t start = w->len, size = BASE64_DECODE_LENGTH(n);
    uint8_t *out = om_wr_space(w, size);
    bool ok;

    if (!out)
        return false;
    base64_decode_init(&ctx);
    ok = base64_decode_update(&ctx, &size, out, n, text) && base64_decode_final(&ctx);
    w->len = start + (ok ? size : 0);
    return ok;
}
