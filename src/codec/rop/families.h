/* SPDX-License-Identifier: MIT */
/* What the files of this folder give to rop.c: their rows of the codec table. */
#ifndef OM_CODEC_ROP_FAMILIES_H
#define OM_CODEC_ROP_FAMILIES_H

#include "codec/rop/rop.h"

struct om__rop_family {
    const struct om__rop_codec *codecs;
    size_t count;
};

extern const struct om__rop_family om__rop_logon_family;    /* logon.c */
extern const struct om__rop_family om__rop_folder_family;   /* folder.c */
extern const struct om__rop_family om__rop_table_family;    /* table.c */
extern const struct om__rop_family om__rop_property_family; /* property.c */
extern const struct om__rop_family om__rop_release_family;  /* release.c */

#define OM_ROP_FAMILY(name, list)                                                                  \
    const struct om__rop_family name = {list, sizeof(list) / sizeof *(list)}

/* server.c: what a server answers with of itself. False: `id` is none of them. */
bool om__rop_server_get(struct om_rd *r, struct om_arena *a, struct om__rop_response *out);
bool om__rop_server_put(struct om_wr *w, const struct om__rop_response *in);

/* A count of property tags and the tags; table.c. */
void om__rop_rd_proptags(struct om_rd *r, struct om_arena *a, struct om__proptags *out);
void om__rop_wr_proptags(struct om_wr *w, const struct om__proptags *in);

#endif
