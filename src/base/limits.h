/* SPDX-License-Identifier: MIT */
/* Every ceiling in one place: what a peer or a file can make us hold is bounded by a name here. */
#ifndef OM_BASE_LIMITS_H
#define OM_BASE_LIMITS_H

#include <stddef.h>

#define OM_MAX_RPC_FRAG       5840u        /* what we offer in bind; [C706] 12.6.4.3 */
#define OM_MAX_RPC_STUB       (1u << 20)   /* one call's reassembled stub, either direction */
#define OM_MAX_RTS_PDU        512u         /* the largest RTS PDU of [MS-RPCH] 2.2.4 is far below */
#define OM_MAX_RPC_PDU        (64u << 10)  /* frag_length has 16 bits */
#define OM_MAX_ROH_QUEUE      (4u << 20)   /* what waits to be sent on one channel */
#define OM_MAX_HTTP_HEAD      (64u << 10)  /* status line and headers of one answer */
#define OM_MAX_HTTP_BODY      (256u << 10) /* error pages are read up to this, then dropped */
#define OM_MAX_AUTH_TOKEN     (64u << 10)  /* Kerberos tickets with a large PAC fit */
#define OM_MAX_ROP_PAYLOAD    32775u       /* [MS-OXCRPC] 3.1.4.2.1: 32 KB, and its header */
#define OM_MAX_ROP_OUT        0x40000u     /* cbOut we ask for; larger ones fault with 0x6f7 */
#define OM_MAX_ROP_ARENA      (16u << 20)  /* what one call's answer becomes when decoded */
#define OM_MAX_AUX            0x1008u      /* [MS-OXCRPC] 3.1.4.1: rgbAuxOut */
#define OM_MAX_NSPI_ROWS      4096u        /* rows asked for in one QueryRows */
#define OM_MAX_NSPI_VALUES    100000u      /* [MS-OXNSPI] 2.2.2: every count but the next two */
#define OM_MAX_NSPI_TAGS      100001u      /* [MS-OXNSPI] 2.2.2.2 */
#define OM_MAX_NSPI_BYTES     2097152u     /* [MS-OXNSPI] 2.2.2.3 */
#define OM_MAX_RESTRICT_DEPTH 32u          /* restrictions inside restrictions, PT_SRESTRICT */
#define OM_MAX_STRING         (32u << 10)  /* one string of a property, in bytes */
#define OM_MAX_PROFILE_VALUE  (1u << 20)   /* one property of a profile section */
#define OM_MAX_PROPTEXT       (16u << 20)  /* a value as text, and as parsed from it */
#define OM_MAX_MAP_DATA       (64u << 10)  /* one RpcHttpProxyMap value */
#define OM_MAX_MAP_ENTRIES    4096u        /* of all RpcHttpProxyMap values together */
#define OM_MAX_SERVER_NAME    512u         /* a personalized server id or host name */
#define OM_MAX_GAL_ROWS       (1u << 22)   /* entries of one address list */
#define OM_MAX_FOLDER_DEPTH   512u         /* far below any real tree; paths grow with it */
#define OM_MAX_TABLE_ROWS     (1u << 20)   /* folders of one mailbox */

#endif
