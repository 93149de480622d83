/* SPDX-License-Identifier: MIT */
/* The decision itself, without a store: what a test, a fuzzer and the session can call. */
#ifndef OM_PROFILE_ROUTE_H
#define OM_PROFILE_ROUTE_H

#include <onemapi/map.h>

struct om__route_input {
    const char *server;
    const struct om_props *props; /* the profile's global section; NULL: no profile */
    const struct om_map *map;     /* NULL: no map */
    enum om_routing_mode mode;
};

/* As om_route_explain(), whose errors it gives. The route copies what it needs. */
om_status om__route_decide(const struct om__route_input *in, struct om_route **out,
                           struct om_error *err);

#endif
