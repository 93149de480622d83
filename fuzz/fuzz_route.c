/* SPDX-License-Identifier: MIT */
/*
 * A route from anything: a byte for the mode, a byte saying which numbers are set, five numbers,
 * then server, proxy, principal name and map, each up to a NUL. What comes of it must be
 * consistent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "profile/route.h"
#include "profile/tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static uint32_t read_props(struct om_rd *r, uint8_t which, struct om_propval *vals)
{
    static const om_proptag numbers[] = {PR_ROH_FLAGS, PR_ROH_PROXY_AUTH_SCHEME,
                                         PR_PROFILE_AUTH_PACKAGE, PR_PROFILE_UI_STATE};
    uint32_t n = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t value = om_rd_u32(r, "number");
        if (which & (1u << i))
            vals[n++] = (struct om_propval){.tag = numbers[i], .v.l = (int32_t)value};
    }
    return n;
}

static const char *text(struct om_rd *r)
{
    const char *s = om_rd_asciiz(r, NULL, "text");

    return s ? s : "";
}

static void check(const struct om_route *r, const struct om__route_input *in)
{
    bool http = r->transport == OM_TRANSPORT_NCACN_HTTP;

    require(strcmp(r->server, in->server) == 0 && r->mode == in->mode);
    require(http == (strchr(in->server, '@') != NULL) && http == (*r->domain != '\0'));
    require(http == (*r->proxy != '\0') && http == (r->proxy_port != 0));
    require(http || (!r->tls && r->http_auth == OM_HTTP_AUTH_NONE));
    require(r->rpc_auth != OM_RPC_METHOD_NONE || r->rpc_level == OM_ROUTE_LEVEL_NONE);
    require(r->source_count >= 3);
    for (uint32_t i = 0; i < r->source_count; i++)
        require(*r->sources[i].field && *r->sources[i].value && *r->sources[i].from &&
                !r->sources[i].by);
    for (uint32_t i = 0; i < r->overridden_count; i++)
        require(*r->overridden[i].value && *r->overridden[i].from && *r->overridden[i].by);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct om_error err = OM_ERROR_INIT;
    struct om_propval vals[6];
    struct om_props props = {0, vals};
    struct om_map_value value = {"RpcHttpProxyMap", NULL, 0};
    struct om__route_input in = {.props = &props};
    struct om_map *map;
    struct om_route *route;
    struct om_rd r;
    uint8_t which;
    om_status st;

    om_rd_init(&r, size ? data : (const uint8_t *)"", size);
    in.mode = om_rd_u8(&r, "mode") % OM_ROUTING_MODES_;
    which = om_rd_u8(&r, "which");
    props.count = read_props(&r, which, vals);
    in.server = text(&r);
    vals[props.count++] = (struct om_propval){.tag = PR_ROH_PROXY_SERVER, .v.utf8 = text(&r)};
    vals[props.count++] =
        (struct om_propval){.tag = PR_ROH_PROXY_PRINCIPAL_NAME, .v.utf8 = text(&r)};
    value.data = text(&r);
    value.size = strlen(value.data);
    require(om_map_parse(&value, 1, &map, NULL) == OM_OK);
    in.map = map;
    st = om__route_decide(&in, &route, &err);
    om_map_free(map);
    if (st == OM_OK) {
        check(route, &in);
        om_route_free(route);
    } else {
        require(om_error_status(&err) == st && err.detail[0] && err.cause != OM_CAUSE_NONE);
    }
    return 0;
}
