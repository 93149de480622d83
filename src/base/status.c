/* SPDX-License-Identifier: MIT */
#include <onemapi/status.h>

#include "base/ec.h"

#define CASE_(name, scode, text)                                                                   \
    case name:                                                                                     \
        return #name;
const char *om_status_name(om_status st)
{
    switch ((long)st) {
        OM_STATUS_LIST(CASE_)
    default:
        return st == OM_OK ? "S_OK" : NULL;
    }
}
#undef CASE_

#define CASE_(name, scode, text)                                                                   \
    case name:                                                                                     \
        return text;
const char *om_status_text(om_status st)
{
    switch ((long)st) {
        OM_STATUS_LIST(CASE_)
    default:
        return st == OM_OK ? "success" : NULL;
    }
}
#undef CASE_

#define ROW_(name, code, status, cause, text) {code, status, OM_CAUSE_##cause, #name, text},
static const struct om__ec_info table[] = {OM_EC_LIST(ROW_)};
#undef ROW_

const struct om__ec_info *om__ec_find(uint32_t ec)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].code == ec)
            return &table[i];
    }
    return NULL;
}

const char *om_ec_name(uint32_t ec)
{
    const struct om__ec_info *info = om__ec_find(ec);

    return info ? info->name : NULL;
}

om_status om_status_from_ec(uint32_t ec)
{
    const struct om__ec_info *info;

    if (ec == 0)
        return OM_OK;
    info = om__ec_find(ec);
    if (info)
        return info->status;
    return ec & 0x80000000u ? OM_STATUS(ec) : MAPI_E_CALL_FAILED;
}
