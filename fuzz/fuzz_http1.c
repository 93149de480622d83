/* SPDX-License-Identifier: MIT */
/* An answer cut anywhere reads as it does whole. The first byte of the input is the size of the
 * cuts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static om_status run(struct om__http1 *h, const uint8_t *p, size_t n, size_t cut)
{
    om_status st = OM_OK;

    om__http1_init(h);
    while (n && st == OM_OK && h->stage != OM_HTTP1_DONE) {
        size_t used, some = n < cut ? n : cut;

        st = om__http1_feed(h, p, some, &used, NULL);
        if (st == OM_OK && used == 0)
            abort();
        p += used;
        n -= used;
    }
    if (st == OM_OK && h->stage != OM_HTTP1_DONE)
        st = om__http1_eof(h, NULL);
    return st;
}

static void look(const struct om__http1 *h)
{
    const char *token;
    char text[40];
    uint32_t code;
    size_t n;

    om__http1_schemes(h, text, sizeof text);
    (void)om__http1_challenge(h, "NTLM", &token, &n);
    (void)om__http1_rpc_error(h->reason, &code);
    if (h->status < 200 || h->status > 599 || h->body.len > OM_MAX_HTTP_BODY)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om__http1 whole, cut;
    om_status a, b;

    if (size < 1)
        return 0;
    a = run(&whole, data + 1, size - 1, SIZE_MAX);
    b = run(&cut, data + 1, size - 1, data[0] + 1u);
    if (a != b)
        abort();
    if (a == OM_OK) {
        look(&whole);
        if (whole.status != cut.status || whole.header_count != cut.header_count ||
            whole.body.len != cut.body.len || whole.keep_alive != cut.keep_alive ||
            (whole.body.len && memcmp(whole.body.buf, cut.body.buf, whole.body.len) != 0))
            abort();
    }
    om__http1_free(&whole);
    om__http1_free(&cut);
    return 0;
}
