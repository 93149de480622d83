/* SPDX-License-Identifier: MIT */
/*
 * A client's bytes into a server of two interfaces that answers every request. The first byte's low
 * bit turns NTLM on, with an acceptor that takes anything; the rest of it is the size of the
 * pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "proto/rpc_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct om__rpc_interface interfaces[] = {
    {{{0xF5CC5A18, 0x4264, 0x101A, {0x8C, 0x59, 0x08, 0x00, 0x2B, 0x2F, 0x84, 0x26}}, 56, 0},
     "NSPI",
     NULL},
    {{{0xA4F1DB00, 0xCA47, 0x1067, {0xB3, 0x1F, 0x00, 0xDD, 0x01, 0x06, 0x62, 0xDA}}, 0, 81},
     "EMSMDB",
     NULL},
};

static void check(int ok)
{
    if (!ok)
        abort();
}

/* Takes any token: the first gets an answer, the second completes. */
static om_status accept(void *ctx, const uint8_t *in, size_t n, struct om_wr *out,
                        struct om__rpc_accepted *accepted, struct om_error *err)
{
    unsigned *step = ctx;

    (void)in;
    (void)err;
    accepted->complete = (*step)++ > 0;
    accepted->flags = OM_NTLM_EXTENDED_SESSIONSECURITY | OM_NTLM_KEY_EXCH | OM_NTLM_128;
    memset(accepted->key, 1, sizeof accepted->key);
    check(n > 0);
    om_wr_bytes(out, "token", 5);
    return OM_OK;
}

static void check_output(struct om__rpc_server *s)
{
    struct om__rpc_pdu pdu;
    const uint8_t *p;
    size_t n;

    while (om__rpc_server_output(s, &p, &n))
        check(om__rpc_pdu_decode(p, n, &pdu, NULL) == OM_OK);
}

static bool drain(struct om__rpc_server *s)
{
    struct om__rpc_server_event ev;

    while (om__rpc_server_next(s, &ev)) {
        if (ev.kind == OM_RPC_SV_FAILED) {
            check(ev.error->status != OM_OK && ev.error->cause != OM_CAUSE_NONE);
            check(!om__rpc_server_next(s, &ev));
            return false;
        }
        if (ev.kind != OM_RPC_SV_REQUEST)
            continue;
        check(ev.interface && ev.stub.cb <= OM_MAX_RPC_STUB);
        if (ev.opnum % 3 == 0)
            check(om__rpc_server_fault(s, ev.call_id, 0x6F7, NULL) == OM_OK);
        else if (ev.opnum % 3 == 1)
            check(om__rpc_server_respond(s, ev.call_id, ev.stub.pb, ev.stub.cb, NULL) == OM_OK);
    }
    check_output(s);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om__rpc_server_config config = {
        .interfaces = interfaces, .interface_count = 2, .sec_addr = "6001", .assoc_group_id = 1};
    unsigned step = 0;
    const struct om__rpc_acceptor acceptor = {accept, &step};
    size_t piece = size && data[0] / 2 ? data[0] / 2u : 0x10000;
    struct om__rpc_server *s;
    bool alive = true;

    if (!size)
        return 0;
    if (data[0] & 1)
        config.ntlm = &acceptor;
    if (om__rpc_server_new(&config, &s, NULL) != OM_OK)
        return 0;
    for (size_t at = 1; at < size && alive; at += piece) {
        size_t n = size - at < piece ? size - at : piece;

        check(om__rpc_server_feed(s, data + at, n, NULL) == OM_OK);
        alive = drain(s);
    }
    check_output(s);
    om__rpc_server_free(s);
    return 0;
}
