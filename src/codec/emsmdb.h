/* SPDX-License-Identifier: MIT */
/*
 * The calls of EMSMDB and AsyncEMSMDB as NDR stubs, requests and responses both ways: [MS-OXCRPC]
 * 3.1.4 and 3.3.4. What is inside rgbIn and rgbOut is in codec/rop_buffer.h and codec/rop/, what is
 * inside the auxiliary buffers in codec/aux_block.h.
 *
 * Decoders borrow: strings and buffers point into the stub. A request's decoder leaves alone what
 * follows the last parameter, where a verification trailer may stand ([MS-RPCE] 2.2.2.13). Encoders
 * write a whole stub at the cursor's origin; om_wr_finish() says whether it went well.
 */
#ifndef OM_CODEC_EMSMDB_H
#define OM_CODEC_EMSMDB_H

#include "codec/dcerpc.h"
#include "codec/ndr.h"

/* a4f1db00-ca47-1067-b31f-00dd010662da 0.81 and 5261574a-4572-206e-b268-6b199213b4e4 0.1 */
extern const struct om__rpc_syntax om__emsmdb_interface;
extern const struct om__rpc_syntax om__async_emsmdb_interface;

enum om__emsmdb_opnum {
    OM_EMSMDB_DISCONNECT = 1,     /* EcDoDisconnect */
    OM_EMSMDB_DUMMY = 6,          /* EcDummyRpc */
    OM_EMSMDB_CONNECT_EX = 10,    /* EcDoConnectEx */
    OM_EMSMDB_RPC_EXT2 = 11,      /* EcDoRpcExt2 */
    OM_EMSMDB_ASYNC_CONNECT = 14, /* EcDoAsyncConnectEx */
    OM_ASYNC_EMSMDB_WAIT = 0,     /* EcDoAsyncWaitEx, of the other interface */
};

/* "EcDoConnectEx", or NULL. Static storage. */
const char *om__emsmdb_call_name(unsigned opnum);

/*
 * A version, four parts: 15.0.847.4040. On the wire it has three words: with the high bit of the
 * second set, the first holds two parts of 8 bits; else the second part is 0. [MS-OXCRPC]
 * 3.1.4.1.3.1
 */
struct om__version {
    uint16_t part[4];
};

#define OM_VERSION_TEXT 24 /* 65535.65535.65535.65535 and a NUL */

struct om__version om__version_from_words(const uint16_t words[3]);
/* False, words untouched: a part does not fit (255, 255, 32767, 65535). */
bool om__version_to_words(const struct om__version *v, uint16_t words[3]);
int om__version_compare(const struct om__version *a, const struct om__version *b);
void om__version_format(const struct om__version *v, char out[OM_VERSION_TEXT]);
/* "16.0.4266.1001"; parts left out are 0. */
bool om__version_parse(const char *text, struct om__version *v);

/* What a server's version says about its age. */
enum om__exchange_age {
    OM_AGE_UNKNOWN,
    OM_AGE_2003, /* 6.5 */
    OM_AGE_2007, /* 8 */
    OM_AGE_2010, /* 14 */
    OM_AGE_2013, /* 15.0 */
    OM_AGE_2016, /* 15.1 */
    OM_AGE_2019, /* 15.2: 2019 and Subscription Edition */
};

enum om__exchange_age om__exchange_age(const struct om__version *v);
/* "Exchange 2013"; never NULL. */
const char *om__exchange_age_name(enum om__exchange_age age);

/* EcDoConnectEx, [MS-OXCRPC] 3.1.4.1 */
#define OM_CONNECT_NO_LINK 0xFFFFFFFFu /* ulIcxrLink: no other Session Context */

struct om__connect_req {
    const char *user_dn; /* szUserDN, 7 bits */
    uint32_t flags; /* ulFlags: 1 administrator's privileges, 0x8000 also without public folders */
    uint32_t con_mod;
    uint32_t limit; /* cbLimit: 0 */
    uint32_t cpid, lcid_string, lcid_sort;
    uint32_t icxr_link;
    uint16_t can_convert_code_pages;
    uint16_t client_version[3];
    uint32_t timestamp; /* of the Session Context linked to */
    struct om_binary aux_in;
    uint32_t aux_out_max; /* *pcbAuxOut */
};

struct om__connect_rsp {
    struct om__ndr_context cxh;
    uint32_t polls_max_ms; /* pcmsPollsMax */
    uint32_t retry_count;
    uint32_t retry_delay_ms;
    uint16_t icxr;
    const char *dn_prefix;    /* NULL where the server sent a NULL pointer */
    const char *display_name; /* in the code page of ulCpid; may be NULL */
    uint16_t server_version[3];
    uint16_t best_version[3];
    uint32_t timestamp;
    struct om_binary aux_out;
    uint32_t result;
};

void om__connect_req_put(struct om_wr *w, const struct om__connect_req *in);
om_status om__connect_req_get(const uint8_t *stub, size_t n, struct om__connect_req *out,
                              struct om_error *err);
void om__connect_rsp_put(struct om_wr *w, const struct om__connect_rsp *in);
om_status om__connect_rsp_get(const uint8_t *stub, size_t n, struct om__connect_rsp *out,
                              struct om_error *err);

/* EcDoRpcExt2, [MS-OXCRPC] 3.1.4.2 */
struct om__rpcext2_req {
    struct om__ndr_context cxh;
    uint32_t flags; /* OM_RPCEXT2_*, rop_buffer.h */
    struct om_binary in;
    uint32_t out_max; /* *pcbOut */
    struct om_binary aux_in;
    uint32_t aux_out_max;
};

struct om__rpcext2_rsp {
    struct om__ndr_context cxh; /* all zeroes: the server dropped the Session Context */
    uint32_t flags;
    struct om_binary out;
    struct om_binary aux_out;
    uint32_t trans_time_ms;
    uint32_t result;
};

void om__rpcext2_req_put(struct om_wr *w, const struct om__rpcext2_req *in);
om_status om__rpcext2_req_get(const uint8_t *stub, size_t n, struct om__rpcext2_req *out,
                              struct om_error *err);
void om__rpcext2_rsp_put(struct om_wr *w, const struct om__rpcext2_rsp *in);
om_status om__rpcext2_rsp_get(const uint8_t *stub, size_t n, struct om__rpcext2_rsp *out,
                              struct om_error *err);

/*
 * The calls that carry a context handle one way or the other and nothing else. Requests of
 * EcDoDisconnect (3.1.4.3) and EcDoAsyncConnectEx (3.1.4.4) are a handle; their responses, a handle
 * and a result. EcDummyRpc's request (3.1.4.6) is empty, its response a result.
 */
struct om__handle_rsp {
    struct om__ndr_context cxh; /* EcDoDisconnect: zeroes; EcDoAsyncConnectEx: the ACXH */
    uint32_t result;
};

void om__handle_req_put(struct om_wr *w, const struct om__ndr_context *cxh);
om_status om__handle_req_get(const uint8_t *stub, size_t n, struct om__ndr_context *out,
                             struct om_error *err);
void om__handle_rsp_put(struct om_wr *w, const struct om__handle_rsp *in);
om_status om__handle_rsp_get(const uint8_t *stub, size_t n, struct om__handle_rsp *out,
                             struct om_error *err);
void om__dummy_rsp_put(struct om_wr *w, uint32_t result);
om_status om__dummy_rsp_get(const uint8_t *stub, size_t n, uint32_t *result, struct om_error *err);

/* EcDoAsyncWaitEx of AsyncEMSMDB, [MS-OXCRPC] 3.3.4.1 */
#define OM_ASYNC_WAIT_PENDING 0x00000001u /* pulFlagsOut: NotificationPending */

struct om__async_wait_req {
    struct om__ndr_context acxh;
    uint32_t flags; /* 0 */
};

struct om__async_wait_rsp {
    uint32_t flags;
    uint32_t result;
};

void om__async_wait_req_put(struct om_wr *w, const struct om__async_wait_req *in);
om_status om__async_wait_req_get(const uint8_t *stub, size_t n, struct om__async_wait_req *out,
                                 struct om_error *err);
void om__async_wait_rsp_put(struct om_wr *w, const struct om__async_wait_rsp *in);
om_status om__async_wait_rsp_get(const uint8_t *stub, size_t n, struct om__async_wait_rsp *out,
                                 struct om_error *err);

#endif
