/* SPDX-License-Identifier: MIT */
/* Any RTS PDU that decodes must encode, and decode again to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/rts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om__rts_pdu pdu, back;
    struct om_wr a, b;

    if (om__rts_decode(data, size, &pdu, NULL) != OM_OK)
        return 0;
    om_wr_init(&a, 4096);
    om_wr_init(&b, 4096);
    om__rts_encode(&a, &pdu);
    if (a.failed || a.len != size || om__rts_decode(a.buf, a.len, &back, NULL) != OM_OK)
        abort();
    om__rts_encode(&b, &back);
    if (b.len != a.len || memcmp(a.buf, b.buf, a.len) != 0 ||
        om__rts_kind(&pdu) != om__rts_kind(&back))
        abort();
    om_wr_free(&a);
    om_wr_free(&b);
    return 0;
}
