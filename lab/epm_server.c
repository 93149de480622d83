/* SPDX-License-Identifier: MIT */
/* The endpoint mapper: ept_map, [C706] appendix O. Others of its operations nobody here asks for.
 */
#include "codec/epm.h"
#include "lab/assoc.h"
#include "lab/misbehave.h"

/* Is the interface the one that a rule took out of the endpoint map? */
static bool unregistered(const struct lab_call *call, const struct om__rpc_syntax *interface)
{
    static const struct {
        const struct lab_interface *service;
        uint16_t port; /* over RPC/HTTP: what a rule calls it by */
    } services[] = {
        {&lab_emsmdb_interface, 6001}, {&lab_rfr_interface, 6002}, {&lab_nspi_interface, 6004}};
    const struct lab_fault_rule *rule =
        lab_misbehaves(call->misbehave, LAB_MIS_UNREGISTERED, call->server->name, 135);

    for (size_t i = 0; rule && i < sizeof services / sizeof *services; i++)
        if (services[i].port == rule->number &&
            om__rpc_syntax_equal(services[i].service->syntax, interface))
            return true;
    return false;
}

static const struct lab_endpoint *find(const struct lab_call *call,
                                       const struct om__epm_tower *asked)
{
    size_t i;

    if (asked->protocol != OM_EPM_NCACN_IP_TCP || unregistered(call, &asked->interface))
        return NULL;
    for (i = 0; i < call->port->endpoint_count; i++)
        if (om__rpc_syntax_equal(call->port->endpoints[i].syntax, &asked->interface))
            return &call->port->endpoints[i];
    return NULL;
}

static void map(struct lab_call *call, uint16_t opnum, struct om_rd *stub, struct om_wr *out,
                uint32_t *fault)
{
    struct om__epm_map_response answer = {.status = OM_EPM_NOT_REGISTERED};
    struct om__epm_map_request asked;
    const struct lab_endpoint *e;

    if (opnum != OM_EPM_OPNUM_MAP) {
        *fault = LAB_FAULT_OP_RANGE;
        return;
    }
    if (om__epm_map_request_decode(stub->pos, om_rd_left(stub), &asked, NULL) != OM_OK) {
        *fault = LAB_FAULT_BAD_STUB;
        return;
    }
    answer.max_towers = asked.max_towers;
    e = find(call, &asked.tower);
    if (e && asked.max_towers) {
        answer.status = OM_EPM_OK;
        answer.count = 1;
        answer.towers[0] = asked.tower;
        answer.towers[0].port = e->port;
        answer.towers[0].address[0] = (uint8_t)(e->address >> 24);
        answer.towers[0].address[1] = (uint8_t)(e->address >> 16);
        answer.towers[0].address[2] = (uint8_t)(e->address >> 8);
        answer.towers[0].address[3] = (uint8_t)e->address;
    }
    if (om__epm_map_response_encode(out, &answer, NULL) != OM_OK)
        *fault = LAB_FAULT_BAD_STUB;
}

const struct lab_interface lab_epm_interface = {.syntax = &om__epm_interface, .handler = map};
