/* SPDX-License-Identifier: MIT */
/*
 * What rgbIn, rgbOut, rgbAuxIn and rgbAuxOut hold: payloads behind an RPC_HEADER_EXT each
 * ([MS-OXCRPC] 2.2.2.1, 3.1.4.2.1), and the payload of rgbIn and rgbOut: RopSize, the ROPs, the
 * Server object handle table ([MS-OXCROPS] 2.2.1). MAPI/HTTP's Execute carries the same bytes.
 */
#ifndef OM_CODEC_ROP_BUFFER_H
#define OM_CODEC_ROP_BUFFER_H

#include "base/arena.h"
#include "base/rd.h"
#include "base/wr.h"

/* Flags of RPC_HEADER_EXT */
enum {
    OM_EXT_COMPRESSED = 0x0001, /* LZXPRESS; Size < SizeActual */
    OM_EXT_XOR = 0x0002,        /* every byte XOR 0xA5, after compression */
    OM_EXT_LAST = 0x0004,       /* no other payload follows */
};

/* pulFlags of EcDoRpcExt2, [MS-OXCRPC] 3.1.4.2: what the server may do to rgbOut. */
enum {
    OM_RPCEXT2_NO_COMPRESSION = 0x0001,
    OM_RPCEXT2_NO_XOR = 0x0002,
    OM_RPCEXT2_CHAIN = 0x0004, /* several payloads in rgbOut are welcome */
};

struct om__ext_payload {
    uint16_t flags;      /* of its header, as they came */
    const uint8_t *data; /* plain; points into the input where nothing had to be undone */
    size_t size;
};

struct om__ext_buffer {
    uint32_t count;
    const struct om__ext_payload *payloads;
};

/*
 * All payloads of a buffer. Empty input gives a count of 0: a call that failed has no payload.
 * Each is undone as its own flags say, whatever flags the call asked for: servers skip the XOR of
 * compressed payloads and on encrypted connections. A chain without Last, bytes after Last, and
 * sizes that contradict the flags are MAPI_E_CORRUPT_DATA, layer emsmdb. A payload is at most
 * OM_MAX_ROP_PAYLOAD; the arena's ceiling bounds them together (OM_MAX_ROP_ARENA).
 */
om_status om__ext_decode(const uint8_t *p, size_t n, struct om_arena *a, struct om__ext_buffer *out,
                         struct om_error *err);

/*
 * Writing one payload: begin leaves room for the header, then the payload with whatever writes it,
 * then end. With OM_EXT_COMPRESSED it is compressed if that makes it smaller; the flag is left out
 * where it does not. More than 0xFFFF bytes fail the cursor as too large.
 */
size_t om__ext_begin(struct om_wr *w);
void om__ext_end(struct om_wr *w, size_t begin, uint16_t flags);

/* [MS-OXCROPS] 2.2.1: ROP input and output buffers. */
struct om__rop_payload {
    const uint8_t *rops; /* borrowed; the ROPs without RopSize */
    size_t rops_size;
    uint32_t handle_count;
    const uint8_t *handle_table; /* borrowed; om__rop_payload_handle() reads it */
};

om_status om__rop_payload_decode(const uint8_t *p, size_t n, struct om__rop_payload *out,
                                 struct om_error *err);

/* The server object handle at an index of the table; 0xFFFFFFFF outside of it. Handles may be 0. */
uint32_t om__rop_payload_handle(const struct om__rop_payload *pl, uint32_t index);

#define OM_ROP_NO_HANDLE 0xFFFFFFFFu

/*
 * Writing one: begin, the ROPs with whatever writes them, then end with the handles. RopSize, 16
 * bits with itself counted, is patched by the end.
 */
size_t om__rop_payload_begin(struct om_wr *w);
void om__rop_payload_end(struct om_wr *w, size_t begin, const uint32_t *handles, size_t count);

#endif
