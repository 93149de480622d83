/* SPDX-License-Identifier: MIT */
/* NDR of the structures that the calls of codec/nspi.h are made of. [MS-OXNSPI] 2.2 */
#ifndef OM_CODEC_NSPI_PROPS_H
#define OM_CODEC_NSPI_PROPS_H

#include "codec/nspi.h"

void om__nspi_rd_stat(struct om_rd *r, struct om__nspi_stat *stat);
void om__nspi_wr_stat(struct om_wr *w, const struct om__nspi_stat *stat);

/* [unique] FlatUID_r * as a parameter: referent, then the bytes. */
bool om__nspi_rd_guid_ptr(struct om_rd *r, struct om_guid *guid, const char *field);
void om__nspi_wr_guid_ptr(struct om_wr *w, bool present, const struct om_guid *guid);

/* [unique] PropertyTagArray_r * as a parameter */
void om__nspi_rd_tags_ptr(struct om_rd *r, struct om_arena *a, struct om__nspi_tags *tags,
                          const char *field);
void om__nspi_wr_tags_ptr(struct om_wr *w, const struct om__nspi_tags *tags);

/* [unique, size_is(n)] DWORD * as a parameter: `n` stood before it */
void om__nspi_rd_dwords_ptr(struct om_rd *r, struct om_arena *a, uint32_t n,
                            struct om__nspi_tags *out, const char *field);
void om__nspi_wr_dwords_ptr(struct om_wr *w, const struct om__nspi_tags *v);

/* StringsArray_r and WStringsArray_r */
void om__nspi_rd_strings(struct om_rd *r, struct om_arena *a, bool wide,
                         struct om__nspi_strings *out, const char *field);
void om__nspi_wr_strings(struct om_wr *w, bool wide, const struct om__nspi_strings *s);

/* PropertyValue_r with what it points to */
void om__nspi_rd_propval(struct om_rd *r, struct om_arena *a, struct om_propval *val);
void om__nspi_wr_propval(struct om_wr *w, const struct om_propval *val);

/* PropertyRow_r ** and PropertyRowSet_r ** as [out] parameters: one referent, then all of it */
const struct om_proprow *om__nspi_rd_row_ptr(struct om_rd *r, struct om_arena *a);
void om__nspi_wr_row_ptr(struct om_wr *w, const struct om_proprow *row);
void om__nspi_rd_rows_ptr(struct om_rd *r, struct om_arena *a, struct om__nspi_rows *rows);
void om__nspi_wr_rows_ptr(struct om_wr *w, const struct om__nspi_rows *rows);

/* [unique] Restriction_r * and PropertyName_r * as parameters. NULL for a NULL pointer. */
const struct om__restriction *om__nspi_rd_restriction_ptr(struct om_rd *r, struct om_arena *a);
void om__nspi_wr_restriction_ptr(struct om_wr *w, const struct om__restriction *res);
const struct om__nspi_propname *om__nspi_rd_propname_ptr(struct om_rd *r, struct om_arena *a);
void om__nspi_wr_propname_ptr(struct om_wr *w, const struct om__nspi_propname *name);

#endif
