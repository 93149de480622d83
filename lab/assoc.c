/* SPDX-License-Identifier: MIT */
#include "lab/assoc.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "lab/loop.h"
#include "lab/misbehave.h"
#include "lab/ntlm_accept.h"

struct lab_assoc {
    const struct lab_port *port;
    const struct lab_user *user; /* the carrier's */
    struct om__rpc_server *rpc;
    struct om__rpc_acceptor acceptor;
    struct lab_ntlm ntlm;
    void *state[LAB_PORT_INTERFACES];
    struct om_wr spoiled; /* the last PDU, when it was changed on purpose */
    unsigned sent;        /* PDUs */
    size_t stubs;         /* bytes of the answers' stubs so far */
    bool over, mute;
};

void lab_port_serve(struct lab_port *p, const struct lab_interface *interface, const char *name)
{
    if (p->count < LAB_PORT_INTERFACES)
        p->interfaces[p->count++] = (struct om__rpc_interface){
            .syntax = *interface->syntax, .name = name, .user = (void *)(uintptr_t)interface};
}

/* ---- security ---- */

static om_status accept_step(void *ctx, const uint8_t *in, size_t n, struct om_wr *out,
                             struct om__rpc_accepted *accepted, struct om_error *err)
{
    struct lab_assoc *a = ctx;

    switch (lab_ntlm_accept(&a->ntlm, a->port->world->org, a->port->server->host, in, n, NULL,
                            false, out)) {
    case LAB_NTLM_CHALLENGED:
        return OM_OK;
    case LAB_NTLM_ACCEPTED:
        accepted->complete = true;
        accepted->flags = a->ntlm.flags;
        memcpy(accepted->key, a->ntlm.session_key, sizeof(accepted->key));
        return OM_OK;
    default:
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_BAD_CREDENTIALS,
                        OM_NATIVE_NONE, 0, "the NTLM exchange was refused");
    }
}

/* ---- life ---- */

struct lab_assoc *lab_assoc_new(const struct lab_port *port, const struct lab_user *user)
{
    struct lab_assoc *a = calloc(1, sizeof(*a));
    struct om__rpc_server_config config = {
        .interfaces = port->interfaces,
        .interface_count = port->count,
        .assoc_group_id = 1,
        .sec_addr = port->sec_addr,
    };

    if (!a)
        return NULL;
    a->port = port;
    a->user = user;
    a->acceptor = (struct om__rpc_acceptor){.step = accept_step, .ctx = a};
    config.ntlm = &a->acceptor;
    om_wr_init(&a->spoiled, OM_MAX_RPC_STUB);
    if (om__rpc_server_new(&config, &a->rpc, NULL) == OM_OK)
        return a;
    free(a);
    return NULL;
}

static const struct lab_interface *interface_of(const struct lab_port *port, size_t i)
{
    return port->interfaces[i].user;
}

void lab_assoc_free(struct lab_assoc *a)
{
    size_t i;

    if (!a)
        return;
    for (i = 0; i < a->port->count; i++)
        if (a->state[i] && interface_of(a->port, i)->closed)
            interface_of(a->port, i)->closed(a->port->world->org, a->state[i]);
    om__rpc_server_free(a->rpc);
    lab_ntlm_reset(&a->ntlm);
    om_wr_free(&a->spoiled);
    free(a);
}

/* ---- calls ---- */

static struct lab_call call_of(struct lab_assoc *a, const struct om__rpc_server_event *ev)
{
    const struct lab_port *p = a->port;

    return (struct lab_call){
        .org = p->world->org,
        .mail = p->world->mail,
        .server = p->server,
        .now_ms = lab_loop_now(),
        .caller = ev->level == OM_RPC_LEVEL_NONE ? a->user : a->ntlm.user,
        .encrypted = ev->level == OM_RPC_LEVEL_PRIVACY,
        .transport = p->transport,
        .state = &a->state[ev->interface - p->interfaces],
        .misbehave = p->world->misbehave,
        .port = p,
    };
}

/* Where in this answer's stub the rule's place is; false: in another's. */
static bool place(const struct lab_assoc *a, enum lab_misbehaviour kind, size_t n, size_t *at)
{
    const struct lab_port *p = a->port;
    const struct lab_fault_rule *r =
        lab_misbehaves(p->world->misbehave, kind, p->server->name, p->port);

    if (!r || r->number < a->stubs || r->number - a->stubs >= n)
        return false;
    *at = r->number - a->stubs;
    return true;
}

/* A stub that is signed and sealed as it should be, and lies. */
static void spoil_stub(struct lab_assoc *a, struct om_wr *out)
{
    size_t at, n = out->len;

    if (place(a, LAB_MIS_STUB_HUGE, n, &at))
        memset(out->buf + at, 0xFF, n - at < 4 ? n - at : 4);
    if (place(a, LAB_MIS_STUB_SHORT, n, &at))
        om_wr_truncate(out, at);
    a->stubs += n;
}

static void serve(struct lab_assoc *a, const struct om__rpc_server_event *ev)
{
    const struct lab_port *p = a->port;
    const struct lab_fault_rule *rule =
        lab_misbehaves(p->world->misbehave, LAB_MIS_RPC_FAULT, p->server->name, p->port);
    const struct lab_interface *interface = ev->interface->user;
    struct lab_call call = call_of(a, ev);
    uint32_t call_id = ev->call_id, fault = 0;
    struct om_rd stub;
    struct om_wr out;
    om_status st;

    om_rd_init(&stub, ev->stub.pb, ev->stub.cb);
    om_wr_init(&out, OM_MAX_RPC_STUB);
    if (rule)
        fault = rule->number;
    else
        interface->handler(&call, ev->opnum, &stub, &out, &fault);
    if (!fault && (!om_rd_ok(&stub) || out.failed))
        fault = LAB_FAULT_BAD_STUB;
    if (!fault)
        spoil_stub(a, &out);
    st = fault ? om__rpc_server_fault(a->rpc, call_id, fault, NULL)
               : om__rpc_server_respond(a->rpc, call_id, out.buf, out.len, NULL);
    a->over = a->over || st != OM_OK;
    om_wr_free(&out);
}

void lab_assoc_feed(struct lab_assoc *a, const void *p, size_t n)
{
    struct om__rpc_server_event ev;

    if (a->over)
        return;
    if (om__rpc_server_feed(a->rpc, p, n, NULL) != OM_OK)
        a->over = true;
    while (om__rpc_server_next(a->rpc, &ev)) {
        if (ev.kind == OM_RPC_SV_REQUEST)
            serve(a, &ev);
        else if (ev.kind == OM_RPC_SV_FAILED)
            a->over = true;
    }
}

/* ---- what goes out ---- */

static bool nth(const struct lab_assoc *a, enum lab_misbehaviour kind, bool from)
{
    const struct lab_port *p = a->port;
    const struct lab_fault_rule *r =
        lab_misbehaves(p->world->misbehave, kind, p->server->name, p->port);

    return r && (a->sent == r->number || (from && a->sent > r->number));
}

static void put_bind_nak(struct lab_assoc *a, uint32_t reason, uint32_t call_id)
{
    struct om__rpc_pdu nak = {
        .header = {.ptype = OM_RPC_BIND_NAK,
                   .flags = OM_PFC_FIRST_FRAG | OM_PFC_LAST_FRAG,
                   .call_id = call_id},
        .bind_nak = {.reason = (uint16_t)reason, .has_versions = true, .n_versions = 1},
    };

    nak.bind_nak.versions[0].major = 5;
    om_wr_reset(&a->spoiled);
    om__rpc_pdu_encode(&a->spoiled, &nak, NULL);
}

/* Offsets in the common header, [C706] 12.6.3.1. */
enum { PTYPE_AT = 2, FRAG_LENGTH_AT = 8, CALL_ID_AT = 12 };

/* Spoils a copy of the PDU as told; false when it goes out as it is. */
static bool spoil(struct lab_assoc *a, const uint8_t *pdu, size_t n)
{
    const struct lab_port *p = a->port;
    const struct lab_fault_rule *nak =
        lab_misbehaves(p->world->misbehave, LAB_MIS_RPC_BIND_NAK, p->server->name, p->port);
    bool length = nth(a, LAB_MIS_RPC_FRAG_LENGTH, false), id = nth(a, LAB_MIS_RPC_CALL_ID, false);
    bool signature = nth(a, LAB_MIS_RPC_SIGNATURE, false), type = nth(a, LAB_MIS_RPC_TYPE, false);
    bool noise = nth(a, LAB_MIS_RPC_GARBAGE, false), bind = nak && pdu[PTYPE_AT] == OM_RPC_BIND_ACK;

    if (!length && !id && !signature && !type && !noise && !bind)
        return false;
    om_wr_reset(&a->spoiled);
    om_wr_bytes(&a->spoiled, pdu, n);
    if (a->spoiled.failed)
        return false;
    if (length)
        a->spoiled.buf[FRAG_LENGTH_AT] ^= 0x41;
    if (id)
        a->spoiled.buf[CALL_ID_AT + 3] ^= 0x7F;
    if (signature)
        a->spoiled.buf[n - 1] ^= 0xFF;
    if (type)
        a->spoiled.buf[PTYPE_AT] = OM_RPC_REQUEST;
    if (noise)
        memset(a->spoiled.buf, 0xA5, n);
    if (bind)
        put_bind_nak(a, nak->number, pdu[CALL_ID_AT]);
    return true;
}

bool lab_assoc_output(struct lab_assoc *a, const uint8_t **pdu, size_t *n)
{
    if (a->mute || !om__rpc_server_output(a->rpc, pdu, n))
        return false;
    a->sent++;
    if (nth(a, LAB_MIS_RPC_SILENT, true)) {
        a->mute = true;
        return false;
    }
    if (nth(a, LAB_MIS_RPC_CLOSE, true)) {
        a->mute = a->over = true;
        return false;
    }
    if (spoil(a, *pdu, *n)) {
        *pdu = a->spoiled.buf;
        *n = a->spoiled.len;
    }
    return true;
}

size_t lab_assoc_output_size(const struct lab_assoc *a)
{
    return a->mute ? 0 : om__rpc_server_output_size(a->rpc);
}

bool lab_assoc_over(const struct lab_assoc *a)
{
    return a->over;
}
