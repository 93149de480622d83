/* SPDX-License-Identifier: MIT */
#include "base/rpc_fault.h"

#include "base/err.h"

#define ROW(name, code, status, cause, text) {code, status, OM_CAUSE_##cause, #name, text},
static const struct om__rpc_fault_info faults[] = {OM_RPC_FAULT_LIST(ROW)};
#undef ROW

const struct om__rpc_fault_info *om__rpc_fault_find(uint32_t code)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].code == code)
            return &faults[i];
    return NULL;
}

const char *om_rpc_fault_name(uint32_t code)
{
    const struct om__rpc_fault_info *f = om__rpc_fault_find(code);

    return f ? f->name : NULL;
}

const char *om_rpc_fault_text(uint32_t code)
{
    const struct om__rpc_fault_info *f = om__rpc_fault_find(code);

    return f ? f->text : NULL;
}

om_status om__fail_rpc_fault(struct om_error *err, uint32_t code)
{
    const struct om__rpc_fault_info *f = om__rpc_fault_find(code);

    if (!f)
        return om__fail(err, MAPI_E_CALL_FAILED, OM_LAYER_RPC, OM_CAUSE_FAULT, OM_NATIVE_RPC_FAULT,
                        code, "fault 0x%08X", code);
    return om__fail(err, f->status, OM_LAYER_RPC, f->cause, OM_NATIVE_RPC_FAULT, code,
                    "fault 0x%08X, %s: %s", code, f->name, f->text);
}
