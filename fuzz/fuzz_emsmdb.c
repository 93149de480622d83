/* SPDX-License-Identifier: MIT */
/* Any stub that decodes encodes to one that decodes to the same. The first byte chooses the call.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/emsmdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decodes and, when that went well, writes what was read. */
typedef om_status copy_fn(const uint8_t *p, size_t n, struct om_wr *w);

#define COPY(name)                                                                                 \
    static om_status copy_##name(const uint8_t *p, size_t n, struct om_wr *w)                      \
    {                                                                                              \
        struct om_error err = OM_ERROR_INIT;                                                       \
        struct om__##name s;                                                                       \
        om_status st = om__##name##_get(p, n, &s, &err);                                           \
                                                                                                   \
        if (st == OM_OK)                                                                           \
            om__##name##_put(w, &s);                                                               \
        else if (err.status != st || !err.detail[0])                                               \
            abort();                                                                               \
        return st;                                                                                 \
    }

COPY(connect_req)
COPY(connect_rsp)
COPY(rpcext2_req)
COPY(rpcext2_rsp)
COPY(handle_rsp)
COPY(async_wait_req)
COPY(async_wait_rsp)

static om_status copy_handle_req(const uint8_t *p, size_t n, struct om_wr *w)
{
    struct om__ndr_context cxh;
    om_status st = om__handle_req_get(p, n, &cxh, NULL);

    if (st == OM_OK)
        om__handle_req_put(w, &cxh);
    return st;
}

static om_status copy_dummy_rsp(const uint8_t *p, size_t n, struct om_wr *w)
{
    uint32_t result;
    om_status st = om__dummy_rsp_get(p, n, &result, NULL);

    if (st == OM_OK)
        om__dummy_rsp_put(w, result);
    return st;
}

static copy_fn *const copies[] = {
    copy_connect_req, copy_connect_rsp,    copy_rpcext2_req,    copy_rpcext2_rsp, copy_handle_req,
    copy_handle_rsp,  copy_async_wait_req, copy_async_wait_rsp, copy_dummy_rsp,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om_wr a, b;
    copy_fn *copy;

    if (size < 1)
        return 0;
    copy = copies[data[0] % (sizeof copies / sizeof *copies)];
    om_wr_init(&a, OM_MAX_RPC_STUB);
    om_wr_init(&b, OM_MAX_RPC_STUB);
    if (copy(data + 1, size - 1, &a) == OM_OK) {
        if (a.failed || copy(a.buf, a.len, &b) != OM_OK || b.len != a.len ||
            memcmp(a.buf, b.buf, a.len) != 0)
            abort();
    }
    om_wr_free(&a);
    om_wr_free(&b);
    return 0;
}
