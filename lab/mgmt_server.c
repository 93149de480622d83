/* SPDX-License-Identifier: MIT */
/* Remote management, [C706] appendix Q: what every RPC server tells about itself. */
#include "codec/ndr.h"
#include "lab/assoc.h"

enum { INQ_IF_IDS = 0, IS_SERVER_LISTENING = 2 };

/* afa8bd80-7d8a-11c9-bef4-08002b102989 1.0 */
static const struct om__rpc_syntax mgmt = {
    .uuid = {0xafa8bd80, 0x7d8a, 0x11c9, {0xbe, 0xf4, 0x08, 0x00, 0x2b, 0x10, 0x29, 0x89}},
    .major = 1,
};

/* rpc_if_id_vector_p_t: a pointer to a counted array of pointers to interface identifiers. */
static void wr_if_ids(struct om_wr *w, const struct lab_port *p)
{
    size_t i;

    om__ndr_wr_ptr(w, true);
    om__ndr_wr_conformant(w, (uint32_t)p->count);
    om__ndr_wr_u32(w, (uint32_t)p->count);
    for (i = 0; i < p->count; i++)
        om__ndr_wr_ptr(w, true);
    for (i = 0; i < p->count; i++) {
        om__ndr_wr_guid(w, &p->interfaces[i].syntax.uuid);
        om__ndr_wr_u16(w, p->interfaces[i].syntax.major);
        om__ndr_wr_u16(w, p->interfaces[i].syntax.minor);
    }
}

static void manage(struct lab_call *call, uint16_t opnum, struct om_rd *stub, struct om_wr *out,
                   uint32_t *fault)
{
    (void)stub;
    switch (opnum) {
    case INQ_IF_IDS:
        wr_if_ids(out, call->port);
        om__ndr_wr_u32(out, 0);
        break;
    case IS_SERVER_LISTENING:
        om__ndr_wr_u32(out, 0);
        om__ndr_wr_u32(out, 1);
        break;
    default:
        *fault = LAB_FAULT_OP_RANGE;
        break;
    }
}

const struct lab_interface lab_mgmt_interface = {.syntax = &mgmt, .handler = manage};
