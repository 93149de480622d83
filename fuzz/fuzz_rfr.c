/* SPDX-License-Identifier: MIT */
/*
 * The first byte chooses the message, the rest is its stub. What decodes must encode, decode again
 * and encode to the same bytes; but a DN that a NUL cut short may be too short to be sent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/rfr.h"

#define FUNCTIONS(name, type)                                                                      \
    static void rd_##name(struct om_rd *r, struct om_arena *a, void *m)                            \
    {                                                                                              \
        om__rfr_rd_##name(r, a, m);                                                                \
    }                                                                                              \
    static void wr_##name(struct om_wr *w, const void *m)                                          \
    {                                                                                              \
        om__rfr_wr_##name(w, m);                                                                   \
    }
OM_RFR_MESSAGES(FUNCTIONS)

#define MEMBER(name, type) struct type name;
union message {
    OM_RFR_MESSAGES(MEMBER)
};

#define ROW(name, type) {rd_##name, wr_##name},
static const struct {
    void (*read)(struct om_rd *r, struct om_arena *a, void *m);
    void (*write)(struct om_wr *w, const void *m);
} messages[] = {OM_RFR_MESSAGES(ROW)};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t i = size ? data[0] % (sizeof messages / sizeof *messages) : 0;
    union message m = {0}, again = {0};
    struct om_arena a;
    struct om_wr one, two;
    struct om_rd r;

    om__arena_init(&a, 1 << 22);
    om_wr_init(&one, OM_MAX_RPC_STUB);
    om_wr_init(&two, OM_MAX_RPC_STUB);
    om_rd_init(&r, data + (size != 0), size - (size != 0));
    messages[i].read(&r, &a, &m);
    if (om_rd_ok(&r)) {
        messages[i].write(&one, &m);
        if (one.failed && !one.too_large && !one.invalid)
            abort();
        om_rd_init(&r, one.buf, one.len);
        messages[i].read(&r, &a, &again);
        if (!one.failed && !om_rd_ok(&r) && r.why != OM_RD_NO_MEMORY)
            abort();
        if (!one.failed && om_rd_ok(&r)) {
            messages[i].write(&two, &again);
            if (two.len != one.len || memcmp(one.buf, two.buf, one.len) != 0)
                abort();
        }
    }
    om_wr_free(&one);
    om_wr_free(&two);
    om__arena_free(&a);
    return 0;
}
