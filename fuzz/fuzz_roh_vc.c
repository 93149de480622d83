/* SPDX-License-Identifier: MIT */
/*
 * Any bytes on the OUT channel, cut anywhere: what comes up is whole RPC PDUs, what goes out whole
 * RTS PDUs, and an error says its cause and ends the connection. The first byte of the input
 * chooses the window and the cuts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/roh_vc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ready(struct om__roh_vc *vc)
{
    const uint8_t *p;
    size_t n;
    om_status st;

    while (om__roh_next(vc, &p, &n, &st, NULL)) {
        if (n < 16 || (size_t)(p[8] | p[9] << 8) != n || p[2] == 20)
            abort();
    }
}

static void check_output(struct om__roh_vc *vc, int64_t now)
{
    struct om__rts_pdu pdu;
    size_t n, size;
    const uint8_t *p;

    while ((p = om__roh_output(vc, OM_ROH_IN, &n)) != NULL) {
        size = (size_t)(p[8] | p[9] << 8);
        if (size > n || om__rts_decode(p, size, &pdu, NULL) != OM_OK)
            abort();
        om__roh_sent(vc, OM_ROH_IN, size, now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om__roh_config config = {.receive_window = OM_RTS_WINDOW_MIN, .keepalive_ms = 300000};
    struct om_error err = OM_ERROR_INIT;
    struct om__roh_vc *vc;
    om_status st = OM_OK;
    size_t cut, at = 1;

    if (size < 1)
        return 0;
    cut = (data[0] & 0x7F) + 1u;
    if (data[0] & 0x80)
        config.receive_window = OM_RTS_WINDOW_MAX;
    if (om__roh_create(&config, &vc, NULL) != OM_OK)
        return 0;
    if (om__roh_requested(vc, OM_ROH_IN, NULL) || om__roh_requested(vc, OM_ROH_OUT, NULL) ||
        om__roh_responded(vc, NULL))
        abort();
    while (at < size && st == OM_OK) {
        size_t n = size - at < cut ? size - at : cut;

        st = om__roh_feed(vc, data + at, n, &err);
        check_ready(vc);
        check_output(vc, (int64_t)at);
        if (om__roh_tick(vc, (int64_t)at * 100000, NULL) == OM_OK)
            check_output(vc, (int64_t)at * 100000);
        at += n;
    }
    if (st != OM_OK && (err.cause == OM_CAUSE_NONE || !err.detail[0] || om__roh_is_open(vc)))
        abort();
    om__roh_free(vc);
    return 0;
}
