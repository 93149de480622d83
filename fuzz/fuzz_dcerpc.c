/* SPDX-License-Identifier: MIT */
/* Any PDU that decodes must encode to bytes that decode to the same, at the same places. */
#include <stdlib.h>
#include <string.h>

#include "codec/dcerpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om_error err = OM_ERROR_INIT;
    struct om__rpc_pdu pdu, copy, again;
    struct om_wr w;

    if (om__rpc_pdu_decode(data, size, &pdu, &err) != OM_OK) {
        check(err.cause != OM_CAUSE_NONE && err.detail[0]);
        return 0;
    }
    check(pdu.stub_at + pdu.stub.cb + pdu.auth.pad_length == pdu.trailer_at);
    check(pdu.trailer_at <= size);
    om_wr_init(&w, 0x10000);
    copy = pdu;
    check(om__rpc_pdu_encode(&w, &copy, &err) == OM_OK);
    check(w.len == size);
    check(om__rpc_pdu_decode(w.buf, w.len, &again, &err) == OM_OK);
    check(again.stub.cb == pdu.stub.cb && again.trailer_at == pdu.trailer_at);
    check(again.stub.cb == 0 || memcmp(again.stub.pb, pdu.stub.pb, pdu.stub.cb) == 0);
    check(memcmp(&again.header, &pdu.header, sizeof pdu.header) == 0);
    om_wr_free(&w);
    return 0;
}
