/* SPDX-License-Identifier: MIT */
/*
 * A property value as the store keeps it: the bytes of its type, little-endian, without the tag.
 *   fixed size types     their bytes; PT_BOOLEAN one byte
 *   strings and bytes    as they are, without a NUL or length
 *   PT_MV_*              a count of 32 bits, then the values; strings and bytes each after 32 bits
 * of length
 */
#ifndef OM_PROFILE_VALUE_H
#define OM_PROFILE_VALUE_H

#include <onemapi/prop.h>

#include "base/arena.h"
#include "base/wr.h"

/* MAPI_E_INVALID_TYPE for a type that cannot be stored, MAPI_E_TOO_BIG past a ceiling; layer
 * profile. */
om_status om__value_encode(const struct om_propval *val, struct om_wr *w, struct om_error *err);

/* The value lives in the arena. MAPI_E_CORRUPT_DATA, damaged, for bytes that om__value_encode()
 * never writes. */
om_status om__value_decode(om_proptag tag, const void *p, size_t n, struct om_arena *a,
                           struct om_propval *out, struct om_error *err);

#endif
