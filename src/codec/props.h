/* SPDX-License-Identifier: MIT */
/*
 * Property values: copying, comparing, looking up in rows, and the forms in which they stand in ROP
 * buffers. [MS-OXCDATA] 2.8.1 (rows) and 2.11 (values). Their NDR forms are in codec/nspi.h, their
 * text form in codec/proptext.h.
 *
 * Decoded values point into the arena, never into the input: they outlive the buffer they came in.
 */
#ifndef OM_CODEC_PROPS_H
#define OM_CODEC_PROPS_H

#include <onemapi/prop.h>

#include "base/arena.h"
#include "base/rd.h"
#include "base/wr.h"

/* A column asked for as MVI_PROP(tag) is PT_MV_* with this bit; its rows hold one value each. */
#define OM_MV_INSTANCE 0x2000u

/* Where the value of a type lies in union om_propdata, and how its bytes look in a ROP buffer. */
enum om__propkind {
    OM__PROPKIND_BAD,  /* no such type */
    OM__PROPKIND_NONE, /* PT_UNSPECIFIED and PT_NULL: no value */
    OM__PROPKIND_I16,
    OM__PROPKIND_I32, /* PT_LONG, PT_ERROR */
    OM__PROPKIND_FLT,
    OM__PROPKIND_DBL, /* PT_DOUBLE, PT_APPTIME */
    OM__PROPKIND_BOOL,
    OM__PROPKIND_I64, /* PT_CURRENCY, PT_I8, PT_SYSTIME */
    OM__PROPKIND_STR8,
    OM__PROPKIND_UTF16,
    OM__PROPKIND_GUID,
    OM__PROPKIND_BIN,      /* PT_BINARY, PT_SVREID, PT_OBJECT */
    OM__PROPKIND_RESTRICT, /* PT_SRESTRICT: v.bin has its bytes as they stand in a ROP buffer */
    OM__PROPKIND_ACTIONS   /* PT_ACTIONS: likewise */
};

/* The kind of one element: OM_MV_FLAG is ignored where the type has a multi-valued form. */
enum om__propkind om__proptype_kind(uint16_t type);
/* Bytes of one element in union om_propdata's arrays; 0: the type has no multi-valued form. */
size_t om__proptype_mv_size(uint16_t type);

/* The same id and the same type, PT_STRING8 and PT_UNICODE (also multi-valued) counting as one. */
bool om__proptag_match(om_proptag a, om_proptag b);

/* Tag and value alike. Floating point is compared by its bits, so that a NaN equals itself. */
bool om__propval_equal(const struct om_propval *a, const struct om_propval *b);
bool om__proprow_equal(const struct om_proprow *a, const struct om_proprow *b);

/* Deep copies. False: the arena gave no memory; *dst is untouched then. */
bool om__propval_copy(struct om_arena *a, struct om_propval *dst, const struct om_propval *src);
bool om__proprow_copy(struct om_arena *a, struct om_proprow *dst, const struct om_proprow *src);

/*
 * The first value whose tag matches (om__proptag_match), or NULL. A property that could not be had
 * stands in its row with type PT_ERROR (or PT_UNSPECIFIED: not there at all) and so is not found.
 */
const struct om_propval *om__proprow_find(const struct om_proprow *row, om_proptag tag);
/* The same for any type: also finds the PT_ERROR that stands for the property. */
const struct om_propval *om__proprow_find_id(const struct om_proprow *row, uint16_t id);
/* The value's bytes whether PT_STRING8 or PT_UNICODE; NULL when it is not in the row. Borrowed. */
const char *om__proprow_string(const struct om_proprow *row, om_proptag tag);
/* The value of a PT_LONG, PT_I2, PT_BOOLEAN or PT_I8 property, or `absent`. */
int64_t om__proprow_int(const struct om_proprow *row, om_proptag tag, int64_t absent);
/* The value of a PT_BINARY property, or {0, NULL}. Borrowed. */
struct om_binary om__proprow_binary(const struct om_proprow *row, om_proptag tag);

/*
 * PropertyValue, [MS-OXCDATA] 2.11.2.1: the value alone, its type known from elsewhere. In ROP
 * buffers the COUNT of bytes has 16 bits and the count of values 32 (2.11.1.1).
 * The decoder sets out->tag to `tag` (the single-valued type for an OM_MV_INSTANCE column); a type
 * it does not know fails the cursor (OM_RD_BAD), because what follows cannot be found.
 */
void om_rd_propval(struct om_rd *r, struct om_arena *a, om_proptag tag, struct om_propval *out);
void om_wr_propval(struct om_wr *w, const struct om_propval *val);

/* TaggedPropertyValue, [MS-OXCDATA] 2.11.4: the tag, then the value. */
void om_rd_tagged_propval(struct om_rd *r, struct om_arena *a, struct om_propval *out);
void om_wr_tagged_propval(struct om_wr *w, const struct om_propval *val);

/* `n` TaggedPropertyValues, such as PropertyValues of RopSetProperties. */
void om_rd_tagged_propvals(struct om_rd *r, struct om_arena *a, uint32_t n, struct om_proprow *out);
void om_wr_tagged_propvals(struct om_wr *w, const struct om_proprow *row);

/*
 * FlaggedPropertyValue, [MS-OXCDATA] 2.11.5, or FlaggedPropertyValueWithType, 2.11.6, when the
 * column's type is PT_UNSPECIFIED. A value that is an error becomes the column's id with type
 * PT_ERROR and the code; one that is not there becomes the id with type PT_UNSPECIFIED. The encoder
 * takes both.
 */
void om_rd_flagged_propval(struct om_rd *r, struct om_arena *a, om_proptag column,
                           struct om_propval *out);
void om_wr_flagged_propval(struct om_wr *w, om_proptag column, const struct om_propval *val);

/*
 * A PropertyRow for the columns asked for, [MS-OXCDATA] 2.8.1: Standard or Flagged, as its first
 * byte says. The row has one value for each column, in their order. The encoder writes a
 * StandardPropertyRow when every value is there and without error; a value whose type is not its
 * column's is a caller's mistake and fails the cursor, as does a row of another length.
 */
void om_rd_proprow(struct om_rd *r, struct om_arena *a, const om_proptag *columns, size_t ncolumns,
                   struct om_proprow *out);
void om_wr_proprow(struct om_wr *w, const om_proptag *columns, size_t ncolumns,
                   const struct om_proprow *row);

#endif
