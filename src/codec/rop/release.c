/* SPDX-License-Identifier: MIT */
/* RopRelease, [MS-OXCROPS] 2.2.15.3: the one request that no response answers. */
#include "codec/rop/families.h"

static const struct om__rop_codec codecs[] = {
    {.id = RopRelease, .handles = OM_ROP_IN, .no_response = true},
};

OM_ROP_FAMILY(om__rop_release_family, codecs);
