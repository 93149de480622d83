/* SPDX-License-Identifier: MIT */
/* Entry identifiers of message stores, [MS-OXCDATA] 2.2.4.3. */
#ifndef OM_CODEC_ENTRYID_H
#define OM_CODEC_ENTRYID_H

#include "base/rd.h"
#include "base/wr.h"

struct om__store_entryid {
    bool is_public;
    const char *server;     /* ServerShortname */
    const char *mailbox_dn; /* "" for a public store */
};

void om__store_entryid_encode(struct om_wr *w, const struct om__store_entryid *id);

/* The strings are borrowed from the input. */
om_status om__store_entryid_decode(const uint8_t *p, size_t n, struct om__store_entryid *out,
                                   struct om_error *err);

#endif
