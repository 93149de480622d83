/* SPDX-License-Identifier: MIT */
/* ept_map stubs: what decodes must encode to a stub that decodes to the same. */
#include <stdlib.h>
#include <string.h>

#include "codec/epm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
    if (!ok)
        abort();
}

static bool same_tower(const struct om__epm_tower *a, const struct om__epm_tower *b)
{
    if (a->protocol == OM_EPM_OTHER) /* which is not written as it was */
        return true;
    return om__rpc_syntax_equal(&a->interface, &b->interface) &&
           om__rpc_syntax_equal(&a->transfer, &b->transfer) && a->protocol == b->protocol &&
           a->port == b->port && memcmp(a->address, b->address, sizeof a->address) == 0;
}

static void fuzz_request(struct om_wr *w, const uint8_t *data, size_t size)
{
    struct om__epm_map_request m, again;
    struct om_error err = OM_ERROR_INIT;

    if (om__epm_map_request_decode(data, size, &m, &err) != OM_OK) {
        check(err.layer == OM_LAYER_EPM && err.detail[0]);
        return;
    }
    check(om__epm_map_request_encode(w, &m, NULL) == OM_OK);
    check(om__epm_map_request_decode(w->buf, w->len, &again, NULL) == OM_OK);
    check(same_tower(&m.tower, &again.tower));
    check(m.max_towers == again.max_towers && om__ndr_context_equal(&m.handle, &again.handle));
}

static void fuzz_response(struct om_wr *w, const uint8_t *data, size_t size)
{
    struct om__epm_map_response m, again;
    uint16_t port;

    if (om__epm_map_response_decode(data, size, &m, NULL) != OM_OK)
        return;
    check(m.count <= OM_EPM_MAX_TOWERS);
    if (om__epm_port(&m, OM_EPM_NCACN_IP_TCP, &port, NULL) == OM_OK)
        check(port != 0);
    check(om__epm_map_response_encode(w, &m, NULL) == OM_OK);
    check(om__epm_map_response_decode(w->buf, w->len, &again, NULL) == OM_OK);
    check(m.count == again.count && m.status == again.status);
    for (uint32_t i = 0; i < m.count; i++)
        check(same_tower(&m.towers[i], &again.towers[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om_wr w;

    om_wr_init(&w, 0x10000);
    fuzz_request(&w, data, size);
    om_wr_reset(&w);
    fuzz_response(&w, data, size);
    om_wr_free(&w);
    return 0;
}
