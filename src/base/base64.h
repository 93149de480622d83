/* SPDX-License-Identifier: MIT */
/* Base64, RFC 4648 section 4. */
#ifndef OM_BASE_BASE64_H
#define OM_BASE_BASE64_H

#include "base/wr.h"

/* Appends the text of n bytes, padded, without a NUL. */
void om__base64_encode(struct om_wr *w, const void *p, size_t n);

/* Appends the bytes of n characters; spaces are skipped. False: it is no base64, or w failed. */
bool om__base64_decode(struct om_wr *w, const char *text, size_t n);

#endif
