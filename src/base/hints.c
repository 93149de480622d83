/* SPDX-License-Identifier: MIT */
/*
 * What to do about a failure: one table for the command, the doctor and the manual. A row with
 * layer NONE fits every layer, one with `any` every native code; the first row that fits wins, so
 * the particular stands above the general.
 */
#include <onemapi/error.h>

struct hint {
    enum om_layer layer;
    enum om_cause cause;
    enum om_native kind; /* NONE: any native code */
    uint32_t native;
    const char *text;
};

static const struct hint hints[] = {
    {OM_LAYER_NONE, OM_CAUSE_NO_MEMORY, OM_NATIVE_NONE, 0,
     "free memory on this machine, or raise the limit of this process"},
    {OM_LAYER_USAGE, OM_CAUSE_BAD_ARGUMENT, OM_NATIVE_NONE, 0,
     "onemapi --help lists the commands, onemapi COMMAND --help their words and options"},
};

const char *om_error_hint(const struct om_error *err)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        const struct hint *h = &hints[i];

        if (h->cause != err->cause || (h->layer != OM_LAYER_NONE && h->layer != err->layer))
            continue;
        if (h->kind == OM_NATIVE_NONE || (h->kind == err->native_kind && h->native == err->native))
            return h->text;
    }
    return "";
}
