/* SPDX-License-Identifier: MIT */
/* What a server of an age is reached by: data, so that another age is another row. */
#ifndef LAB_PERSONALITY_H
#define LAB_PERSONALITY_H

#include <stdbool.h>
#include <stdint.h>

struct lab_personality {
    unsigned age;      /* as in lab_server */
    bool rpc_http;     /* an RPC proxy at 443 and 80 reaches its 6001, 6002 and 6004 */
    bool rpc_tcp;      /* an endpoint mapper at 135, and ports of its own behind it */
    const char *proxy; /* the RPC proxy's name, besides the server's own; NULL without one */
};

/* NULL: the lab does not know how such a server behaves. */
const struct lab_personality *lab_personality(unsigned age);

#endif
