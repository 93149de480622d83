/* SPDX-License-Identifier: MIT */
/* Property values and rows as they stand in ROP buffers. [MS-OXCDATA] 2.8.1, 2.11, 2.12. */
#include <string.h>

#include "base/limits.h"
#include "codec/props.h"
#include "codec/restriction.h"

/* [MS-OXCDATA] 2.8.1.1, 2.8.1.2: the first byte of a PropertyRow */
enum row_flag { ROW_STANDARD = 0, ROW_FLAGGED = 1 };

/* [MS-OXCDATA] 2.11.5 */
enum value_flag { VALUE_PRESENT = 0x0, VALUE_ABSENT = 0x1, VALUE_ERROR = 0xA };

/* The fewest bytes of one value in a ROP buffer: what a count is held against. */
static size_t wire_min(enum om__propkind kind)
{
    switch (kind) {
    case OM__PROPKIND_BAD:
    case OM__PROPKIND_NONE:
        return 0;
    case OM__PROPKIND_BOOL:
    case OM__PROPKIND_STR8:
    case OM__PROPKIND_RESTRICT:
        return 1;
    case OM__PROPKIND_I16:
    case OM__PROPKIND_UTF16:
    case OM__PROPKIND_BIN:
    case OM__PROPKIND_ACTIONS:
        return 2;
    case OM__PROPKIND_I32:
    case OM__PROPKIND_FLT:
        return 4;
    case OM__PROPKIND_DBL:
    case OM__PROPKIND_I64:
        return 8;
    case OM__PROPKIND_GUID:
        return 16;
    }
    return 0;
}

/* Moves past the value of a TaggedPropertyValue inside a restriction. */
static void skip_value(struct om_rd *r, uint16_t type)
{
    enum om__propkind kind = om__proptype_kind(type);
    uint32_t n = 1;

    if (type & OM_MV_FLAG)
        n = om_rd_count(r, om_rd_u32(r, "Count"), UINT32_MAX, wire_min(kind), "Count");
    for (uint32_t i = 0; i < n && om_rd_ok(r); i++) {
        switch (kind) {
        case OM__PROPKIND_STR8:
            om_rd_asciiz(r, NULL, "PropertyValue");
            break;
        case OM__PROPKIND_UTF16:
            while (om_rd_u16(r, "PropertyValue"))
                ;
            break;
        case OM__PROPKIND_BIN:
            om_rd_skip(r, om_rd_u16(r, "COUNT"), "PropertyValue");
            break;
        case OM__PROPKIND_BAD:
        case OM__PROPKIND_RESTRICT:
        case OM__PROPKIND_ACTIONS:
            om_rd_check(r, false, type, "PropertyType");
            break;
        default:
            om_rd_skip(r, wire_min(kind), "PropertyValue");
            break;
        }
    }
}

static void skip_tagged_value(struct om_rd *r)
{
    uint32_t tag = om_rd_u32(r, "PropertyTag");

    skip_value(r, OM_PROP_TYPE(tag));
}

static void skip_restriction(struct om_rd *r, unsigned depth);

static void skip_restrictions(struct om_rd *r, uint32_t n, unsigned depth)
{
    for (uint32_t i = 0; i < n && om_rd_ok(r); i++)
        skip_restriction(r, depth);
}

/* [MS-OXCDATA] 2.12: its end is found only by walking it. */
static void skip_restriction(struct om_rd *r, unsigned depth)
{
    uint8_t type = om_rd_u8(r, "RestrictType");

    if (!om_rd_check(r, depth < OM_MAX_RESTRICT_DEPTH, depth, "RestrictType"))
        return;
    switch (type) {
    case RES_AND:
    case RES_OR:
        skip_restrictions(r, om_rd_u16(r, "RestrictCount"), depth + 1);
        break;
    case RES_NOT:
        skip_restriction(r, depth + 1);
        break;
    case RES_CONTENT:
        om_rd_skip(r, 4 + 4, "FuzzyLevelLow");
        skip_tagged_value(r);
        break;
    case RES_PROPERTY:
        om_rd_skip(r, 1 + 4, "RelOp");
        skip_tagged_value(r);
        break;
    case RES_COMPAREPROPS:
    case RES_BITMASK:
    case RES_SIZE:
        om_rd_skip(r, 1 + 4 + 4, "RelOp");
        break;
    case RES_EXIST:
        om_rd_skip(r, 4, "PropTag");
        break;
    case RES_SUBRESTRICTION:
    case RES_COUNT:
        om_rd_skip(r, 4, type == RES_COUNT ? "Count" : "Subobject");
        skip_restriction(r, depth + 1);
        break;
    case RES_COMMENT:
        for (uint8_t n = om_rd_u8(r, "TaggedValuesCount"); n && om_rd_ok(r); n--)
            skip_tagged_value(r);
        if (om_rd_u8(r, "RestrictionPresent"))
            skip_restriction(r, depth + 1);
        break;
    default:
        om_rd_check(r, false, type, "RestrictType");
        break;
    }
}

/* [MS-OXORULE] 2.2.5: each ActionBlock says its length. */
static void skip_actions(struct om_rd *r)
{
    for (uint16_t n = om_rd_u16(r, "NoOfActions"); n && om_rd_ok(r); n--)
        om_rd_skip(r, om_rd_u16(r, "ActionLength"), "ActionBlock");
}

static void own_bytes(struct om_rd *r, struct om_arena *a, const uint8_t *p, size_t n,
                      struct om_binary *out)
{
    *out = (struct om_binary){0, NULL};
    if (!om_rd_ok(r) || !n)
        return;
    out->pb = om_rd_mem(r, om__arena_dup(a, p, n), "PropertyValue");
    out->cb = out->pb ? (uint32_t)n : 0;
}

static void rd_bytes(struct om_rd *r, struct om_arena *a, enum om__propkind kind,
                     struct om_binary *out)
{
    const uint8_t *p = r->pos;
    size_t n;

    if (kind == OM__PROPKIND_RESTRICT)
        skip_restriction(r, 0);
    else if (kind == OM__PROPKIND_ACTIONS)
        skip_actions(r);
    n = (size_t)(r->pos - p);
    if (kind == OM__PROPKIND_BIN) {
        n = om_rd_u16(r, "COUNT");
        p = om_rd_bytes(r, n, "PropertyValue");
    }
    own_bytes(r, a, p, n, out);
}

static void rd_slot(struct om_rd *r, struct om_arena *a, enum om__propkind kind, void *slot)
{
    static const char field[] = "PropertyValue";
    const char *s;
    uint64_t v64;
    uint32_t v32;
    size_t n;

    switch (kind) {
    case OM__PROPKIND_BAD:
    case OM__PROPKIND_NONE:
        break;
    case OM__PROPKIND_I16:
        *(int16_t *)slot = (int16_t)om_rd_u16(r, field);
        break;
    case OM__PROPKIND_I32:
    case OM__PROPKIND_FLT:
        v32 = om_rd_u32(r, field);
        memcpy(slot, &v32, sizeof v32);
        break;
    case OM__PROPKIND_DBL:
    case OM__PROPKIND_I64:
        v64 = om_rd_u64(r, field);
        memcpy(slot, &v64, sizeof v64);
        break;
    case OM__PROPKIND_BOOL:
        *(bool *)slot = om_rd_u8(r, field) != 0;
        break;
    case OM__PROPKIND_STR8:
        s = om_rd_asciiz(r, &n, field);
        *(const char **)slot = s ? om_rd_mem(r, om__arena_strndup(a, s, n), field) : NULL;
        break;
    case OM__PROPKIND_UTF16:
        *(const char **)slot = om_rd_utf16z(r, a, field);
        break;
    case OM__PROPKIND_GUID:
        *(struct om_guid *)slot = om_rd_guid(r, field);
        break;
    case OM__PROPKIND_BIN:
    case OM__PROPKIND_RESTRICT:
    case OM__PROPKIND_ACTIONS:
        rd_bytes(r, a, kind, slot);
        break;
    }
}

static void rd_mv(struct om_rd *r, struct om_arena *a, uint16_t type, struct om_mv *out)
{
    enum om__propkind kind = om__proptype_kind(type);
    size_t size = om__proptype_mv_size(type);
    uint32_t n = om_rd_count(r, om_rd_u32(r, "COUNT"), UINT32_MAX, wire_min(kind), "COUNT");
    char *slots = n ? om_rd_mem(r, om__arena_array(a, n, size), "COUNT") : NULL;

    *out = (struct om_mv){.count = 0};
    for (uint32_t i = 0; slots && i < n && om_rd_ok(r); i++)
        rd_slot(r, a, kind, slots + i * size);
    if (slots && om_rd_ok(r))
        *out = (struct om_mv){.count = n, .any = slots};
}

/* [MS-OXCDATA] 2.11.2.1 */
void om_rd_propval(struct om_rd *r, struct om_arena *a, om_proptag tag, struct om_propval *out)
{
    uint16_t type = OM_PROP_TYPE(tag);
    enum om__propkind kind;

    if (type & OM_MV_INSTANCE)
        type &= (uint16_t) ~(OM_MV_INSTANCE | OM_MV_FLAG);
    kind = om__proptype_kind(type);
    *out = (struct om_propval){.tag = OM_PROP_TAG(type, OM_PROP_ID(tag))};
    if (!om_rd_check(r, kind != OM__PROPKIND_BAD, type, "PropertyType"))
        return;
    if (type & OM_MV_FLAG)
        rd_mv(r, a, type, &out->v.mv);
    else
        rd_slot(r, a, kind, &out->v);
}

static void wr_slot(struct om_wr *w, enum om__propkind kind, const void *slot)
{
    const struct om_binary *bin = slot;
    uint64_t v64;
    uint32_t v32;
    size_t at;

    switch (kind) {
    case OM__PROPKIND_BAD:
        om_wr_check(w, false);
        break;
    case OM__PROPKIND_NONE:
        break;
    case OM__PROPKIND_I16:
        om_wr_u16(w, (uint16_t) * (const int16_t *)slot);
        break;
    case OM__PROPKIND_I32:
    case OM__PROPKIND_FLT:
        memcpy(&v32, slot, sizeof v32);
        om_wr_u32(w, v32);
        break;
    case OM__PROPKIND_DBL:
    case OM__PROPKIND_I64:
        memcpy(&v64, slot, sizeof v64);
        om_wr_u64(w, v64);
        break;
    case OM__PROPKIND_BOOL:
        om_wr_u8(w, *(const bool *)slot);
        break;
    case OM__PROPKIND_STR8:
        om_wr_asciiz(w, *(const char *const *)slot);
        break;
    case OM__PROPKIND_UTF16:
        om_wr_utf16z(w, *(const char *const *)slot);
        break;
    case OM__PROPKIND_GUID:
        om_wr_guid(w, slot);
        break;
    case OM__PROPKIND_BIN:
        at = om_wr_reserve(w, 2);
        om_wr_bytes(w, bin->pb, bin->cb);
        om_wr_patch_u16(w, at, bin->cb);
        break;
    case OM__PROPKIND_RESTRICT:
    case OM__PROPKIND_ACTIONS:
        om_wr_bytes(w, bin->pb, bin->cb);
        break;
    }
}

void om_wr_propval(struct om_wr *w, const struct om_propval *val)
{
    uint16_t type = OM_PROP_TYPE(val->tag);
    enum om__propkind kind = om__proptype_kind(type);
    size_t size = om__proptype_mv_size(type);

    if (!(type & OM_MV_FLAG)) {
        wr_slot(w, kind, &val->v);
        return;
    }
    om_wr_u32(w, val->v.mv.count);
    for (uint32_t i = 0; i < val->v.mv.count; i++)
        wr_slot(w, kind, (const char *)val->v.mv.any + i * size);
}

/* [MS-OXCDATA] 2.11.4 */
void om_rd_tagged_propval(struct om_rd *r, struct om_arena *a, struct om_propval *out)
{
    om_proptag tag = om_rd_u32(r, "PropertyTag");

    om_rd_propval(r, a, tag, out);
}

void om_wr_tagged_propval(struct om_wr *w, const struct om_propval *val)
{
    om_wr_u32(w, val->tag);
    om_wr_propval(w, val);
}

void om_rd_tagged_propvals(struct om_rd *r, struct om_arena *a, uint32_t n, struct om_proprow *out)
{
    uint32_t count = om_rd_count(r, n, UINT32_MAX, 4, "PropertyValueCount");
    struct om_propval *vals = om_rd_mem(r, om__arena_array(a, count, sizeof *vals), "Values");

    *out = (struct om_proprow){0, NULL};
    for (uint32_t i = 0; i < count && om_rd_ok(r); i++)
        om_rd_tagged_propval(r, a, &vals[i]);
    if (om_rd_ok(r))
        *out = (struct om_proprow){.count = count, .vals = vals};
}

void om_wr_tagged_propvals(struct om_wr *w, const struct om_proprow *row)
{
    for (uint32_t i = 0; i < row->count; i++)
        om_wr_tagged_propval(w, &row->vals[i]);
}

/* [MS-OXCDATA] 2.11.5 and, with the type before the flag, 2.11.6 */
void om_rd_flagged_propval(struct om_rd *r, struct om_arena *a, om_proptag column,
                           struct om_propval *out)
{
    uint16_t id = OM_PROP_ID(column), type = OM_PROP_TYPE(column);
    uint8_t flag;

    if (type == PT_UNSPECIFIED)
        type = om_rd_u16(r, "PropertyType");
    flag = om_rd_u8(r, "Flag");
    *out = (struct om_propval){.tag = OM_PROP_TAG(PT_UNSPECIFIED, id)};
    if (flag == VALUE_PRESENT) {
        om_rd_propval(r, a, OM_PROP_TAG(type, id), out);
    } else if (flag == VALUE_ERROR) {
        out->tag = OM_PROP_TAG(PT_ERROR, id);
        out->v.err = om_rd_u32(r, "PropertyValue");
    } else {
        om_rd_check(r, flag == VALUE_ABSENT, flag, "Flag");
    }
}

/* Whether the value may stand in the column. */
static bool fits(om_proptag column, const struct om_propval *val)
{
    uint16_t want = OM_PROP_TYPE(column), type = OM_PROP_TYPE(val->tag);

    if (want & OM_MV_INSTANCE)
        want &= (uint16_t) ~(OM_MV_INSTANCE | OM_MV_FLAG);
    return OM_PROP_ID(column) == OM_PROP_ID(val->tag) &&
           (want == type || want == PT_UNSPECIFIED || type == PT_ERROR || type == PT_UNSPECIFIED);
}

static enum value_flag value_flag(const struct om_propval *val)
{
    switch (OM_PROP_TYPE(val->tag)) {
    case PT_ERROR:
        return VALUE_ERROR;
    case PT_UNSPECIFIED:
        return VALUE_ABSENT;
    default:
        return VALUE_PRESENT;
    }
}

void om_wr_flagged_propval(struct om_wr *w, om_proptag column, const struct om_propval *val)
{
    enum value_flag flag = value_flag(val);

    if (!om_wr_check(w, fits(column, val)))
        return;
    if (OM_PROP_TYPE(column) == PT_UNSPECIFIED)
        om_wr_u16(w, OM_PROP_TYPE(val->tag));
    om_wr_u8(w, (uint8_t)flag);
    if (flag != VALUE_ABSENT)
        om_wr_propval(w, val);
}

/* A value of a StandardPropertyRow: PropertyValue, or TypedPropertyValue ([MS-OXCDATA] 2.11.3). */
static void rd_standard(struct om_rd *r, struct om_arena *a, om_proptag column,
                        struct om_propval *out)
{
    if (OM_PROP_TYPE(column) == PT_UNSPECIFIED)
        column = OM_PROP_TAG(om_rd_u16(r, "PropertyType"), OM_PROP_ID(column));
    om_rd_propval(r, a, column, out);
}

/* [MS-OXCDATA] 2.8.1 */
void om_rd_proprow(struct om_rd *r, struct om_arena *a, const om_proptag *columns, size_t ncolumns,
                   struct om_proprow *out)
{
    uint8_t flag = om_rd_u8(r, "Flag");
    struct om_propval *vals = NULL;

    *out = (struct om_proprow){0, NULL};
    if (om_rd_check(r, flag <= ROW_FLAGGED, flag, "Flag"))
        vals = om_rd_mem(r, om__arena_array(a, ncolumns, sizeof *vals), "ValueArray");
    for (size_t i = 0; i < ncolumns && om_rd_ok(r); i++) {
        if (flag == ROW_FLAGGED)
            om_rd_flagged_propval(r, a, columns[i], &vals[i]);
        else
            rd_standard(r, a, columns[i], &vals[i]);
    }
    if (om_rd_ok(r))
        *out = (struct om_proprow){.count = (uint32_t)ncolumns, .vals = vals};
}

void om_wr_proprow(struct om_wr *w, const om_proptag *columns, size_t ncolumns,
                   const struct om_proprow *row)
{
    enum row_flag flag = ROW_STANDARD;

    if (!om_wr_check(w, row->count == ncolumns))
        return;
    for (size_t i = 0; i < ncolumns; i++) {
        if (value_flag(&row->vals[i]) != VALUE_PRESENT)
            flag = ROW_FLAGGED;
    }
    om_wr_u8(w, (uint8_t)flag);
    for (size_t i = 0; i < ncolumns; i++) {
        const struct om_propval *val = &row->vals[i];

        if (flag == ROW_FLAGGED) {
            om_wr_flagged_propval(w, columns[i], val);
            continue;
        }
        om_wr_check(w, fits(columns[i], val));
        if (OM_PROP_TYPE(columns[i]) == PT_UNSPECIFIED)
            om_wr_u16(w, OM_PROP_TYPE(val->tag));
        om_wr_propval(w, val);
    }
}
