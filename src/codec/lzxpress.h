/* SPDX-License-Identifier: MIT */
/*
 * The plain LZ77 form of LZXPRESS, which [MS-OXCRPC] 3.1.4.1.1.2 calls DIRECT2: [MS-XCA] 2.3
 * (compression), 2.4 (decompression). The size of the original travels beside it, never in it.
 */
#ifndef OM_CODEC_LZXPRESS_H
#define OM_CODEC_LZXPRESS_H

#include <onemapi/error.h>

/*
 * Fills out[0..size) exactly. MAPI_E_CORRUPT_DATA when the bytes end early, copy from before the
 * beginning, or hold more than `size`; out has what was decoded until then.
 */
om_status om__lzxpress_decode(const uint8_t *in, size_t n, uint8_t *out, size_t size,
                              struct om_error *err);

/*
 * Bytes written to out[0..cap), or 0 when they would not fit: give cap = n - 1 to compress only
 * where it pays. At most 65535 bytes go in, as SizeActual of an extended buffer has 16 bits.
 */
size_t om__lzxpress_encode(const uint8_t *in, size_t n, uint8_t *out, size_t cap);

#endif
