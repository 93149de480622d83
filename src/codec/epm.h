/* SPDX-License-Identifier: MIT */
/*
 * The endpoint mapper's ept_map, both directions: which port serves an interface.
 * [C706] appendix O (interface), appendix L (towers); [MS-RPCE] 2.2.1.2.
 */
#ifndef OM_CODEC_EPM_H
#define OM_CODEC_EPM_H

#include "codec/dcerpc.h"
#include "codec/ndr.h"

#define OM_EPM_PORT       135u
#define OM_EPM_OPNUM_MAP  3u
#define OM_EPM_MAX_TOWERS 16u  /* in one answer */
#define OM_EPM_MAX_ASKED  500u /* [MS-RPCE] 2.2.1.2.5: range(0,500) of max_towers */
#define OM_EPM_MAX_TOWER  256u /* bytes of one tower */

extern const struct om__rpc_syntax om__epm_interface; /* e1af8308-5d1f-11c9-91a4-08002b14a0fa 3.0 */

/* [MS-RPCE] 2.2.1.2.4, [C706] appendix E */
enum om__epm_status {
    OM_EPM_OK = 0,
    OM_EPM_NOT_REGISTERED = 0x16C9A0D6, /* EPT_S_NOT_REGISTERED on the wire */
    OM_EPM_CANT_PERFORM_OP = 0x16C9A0D7,
};

/* The transports that end a tower; floors 3 to 5, [C706] appendix I */
enum om__epm_protocol {
    OM_EPM_OTHER,        /* pipes, UDP and so on: port and address are 0 */
    OM_EPM_NCACN_IP_TCP, /* floors 0x0B, 0x07, 0x09 */
    OM_EPM_NCACN_HTTP,   /* floors 0x0B, 0x1F, 0x09 */
};

struct om__epm_tower {
    struct om__rpc_syntax interface, transfer;
    enum om__epm_protocol protocol;
    uint16_t port;      /* 0 in a question */
    uint8_t address[4]; /* IPv4, network order; zeroes mean "the host you asked" */
};

struct om__epm_map_request {
    bool has_object;
    struct om_guid object;
    struct om__epm_tower tower;
    struct om__ndr_context handle; /* all zeroes on the first call */
    uint32_t max_towers;
};

struct om__epm_map_response {
    struct om__ndr_context handle;
    uint32_t max_towers; /* as the request had it: the size of the array that `count` fills */
    uint32_t count;
    struct om__epm_tower towers[OM_EPM_MAX_TOWERS];
    uint32_t status;
};

/* Stubs, without the PDU's header. The encoders set w->origin and append. OM_LAYER_EPM. */
om_status om__epm_map_request_encode(struct om_wr *w, const struct om__epm_map_request *m,
                                     struct om_error *err);
om_status om__epm_map_request_decode(const uint8_t *p, size_t n, struct om__epm_map_request *m,
                                     struct om_error *err);
om_status om__epm_map_response_encode(struct om_wr *w, const struct om__epm_map_response *m,
                                      struct om_error *err);
om_status om__epm_map_response_decode(const uint8_t *p, size_t n, struct om__epm_map_response *m,
                                      struct om_error *err);

/* A question for an interface over that protocol, at any address. */
void om__epm_ask(struct om__epm_map_request *m, const struct om__rpc_syntax *interface,
                 enum om__epm_protocol protocol);

/*
 * The port of an answer over that protocol, from the first tower that has one. Without such a
 * tower: MAPI_E_NETWORK_ERROR, OM_CAUSE_NOT_REGISTERED, native the status; another status that is
 * not 0: OM_CAUSE_SERVER_ERROR.
 */
om_status om__epm_port(const struct om__epm_map_response *m, enum om__epm_protocol protocol,
                       uint16_t *port, struct om_error *err);

#endif
