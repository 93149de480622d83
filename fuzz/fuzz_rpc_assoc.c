/* SPDX-License-Identifier: MIT */
/*
 * A server's bytes into a client that binds two interfaces and keeps calls outstanding. The first
 * byte is the size of the pieces they come in. Whatever comes: PDUs sent are whole, events come in
 * the order promised, and after the last one there is none.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "proto/rpc_assoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct om__rpc_syntax first = {{1, 0, 0, {0}}, 1, 0}, second = {{2, 0, 0, {0}}, 1, 0};

static void check(int ok)
{
    if (!ok)
        abort();
}

struct client {
    struct om__rpc_assoc *a;
    bool bound[2], over;
};

static void check_output(struct om__rpc_assoc *a)
{
    struct om__rpc_pdu pdu;
    const uint8_t *p;
    size_t n;

    while (om__rpc_assoc_output(a, &p, &n)) {
        check(om__rpc_pdu_decode(p, n, &pdu, NULL) == OM_OK);
        check(pdu.header.call_id != 0);
    }
}

static void call(struct client *c, uint16_t context)
{
    static const uint8_t stub[3000];
    uint32_t id;

    if (om__rpc_assoc_outstanding(c->a) < OM_RPC_ASSOC_CALLS)
        check(om__rpc_assoc_call(c->a, context, 1, NULL, stub, sizeof stub, &id, NULL) == OM_OK);
}

static void take(struct client *c, const struct om__rpc_event *ev)
{
    check(!c->over);
    check(ev->context_id < 2);
    switch (ev->kind) {
    case OM_RPC_EV_BOUND:
        check(!c->bound[ev->context_id]);
        c->bound[ev->context_id] = true;
        call(c, ev->context_id);
        call(c, ev->context_id);
        break;
    case OM_RPC_EV_BIND_FAILED:
        check(ev->error->cause != OM_CAUSE_NONE);
        c->over = ev->context_id == 0;
        break;
    case OM_RPC_EV_RESPONSE:
        check(c->bound[ev->context_id] && ev->stub.cb <= OM_MAX_RPC_STUB);
        call(c, ev->context_id);
        break;
    case OM_RPC_EV_FAULT:
        check(c->bound[ev->context_id] && ev->error->status != OM_OK);
        break;
    case OM_RPC_EV_FAILED:
        check(ev->error->status != OM_OK && ev->error->cause != OM_CAUSE_NONE);
        c->over = true;
        break;
    case OM_RPC_EV_CLOSED:
        c->over = true;
        break;
    }
}

static void drain(struct client *c)
{
    struct om__rpc_event ev;

    while (om__rpc_assoc_next(c->a, &ev))
        take(c, &ev);
    check_output(c->a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t piece = size && data[0] ? data[0] : 0x10000;
    struct om__rpc_assoc_config config = {0};
    struct client c = {0};
    uint16_t id;

    if (!size || om__rpc_assoc_new(&config, &c.a, NULL) != OM_OK)
        return 0;
    check(om__rpc_assoc_bind(c.a, &first, &id, NULL) == OM_OK);
    check(om__rpc_assoc_bind(c.a, &second, &id, NULL) == OM_OK);
    for (size_t at = 1; at < size && !c.over; at += piece) {
        size_t n = size - at < piece ? size - at : piece;

        check(om__rpc_assoc_feed(c.a, data + at, n, NULL) == OM_OK);
        drain(&c);
    }
    om__rpc_assoc_eof(c.a);
    drain(&c);
    check(c.over);
    check(om__rpc_assoc_feed(c.a, "", 1, NULL) != OM_OK);
    om__rpc_assoc_free(c.a);
    return 0;
}
