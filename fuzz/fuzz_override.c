/* SPDX-License-Identifier: MIT */
/* Any text for --resolve: what is taken can be written out and read again; an error names a column
 * in it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_back(const struct om__net_override *o)
{
    struct om__net again = {0};
    char text[1200], port[8] = "", to[8] = "";
    bool v6 = strchr(o->address, ':'), bracketed = strchr(o->host, ':');

    if (o->port)
        snprintf(port, sizeof port, ":%u", o->port);
    if (o->to_port)
        snprintf(to, sizeof to, ":%u", o->to_port);
    snprintf(text, sizeof text, "%s%s%s%s:%s%s%s%s", bracketed ? "[" : "", o->host,
             bracketed ? "]" : "", port, v6 ? "[" : "", o->address, v6 ? "]" : "", to);
    if (om__net_add_overrides(&again, text, NULL) != OM_OK || again.override_count != 1 ||
        strcmp(again.overrides[0].host, o->host) != 0 || again.overrides[0].port != o->port ||
        strcmp(again.overrides[0].address, o->address) != 0 ||
        again.overrides[0].to_port != o->to_port)
        abort();
    om__net_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om__net net = {0};
    struct om_error err = OM_ERROR_INIT;
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (om__net_add_overrides(&net, text, &err) != OM_OK) {
        if (net.override_count || err.cause == OM_CAUSE_NONE ||
            (err.native_kind == OM_NATIVE_COLUMN &&
             (err.native < 1 || err.native > strlen(text) + 1)))
            abort();
    }
    for (size_t i = 0; i < net.override_count; i++)
        check_back(&net.overrides[i]);
    om__net_free(&net);
    free(text);
    return 0;
}
