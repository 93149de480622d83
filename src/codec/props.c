/* SPDX-License-Identifier: MIT */
#include "codec/props.h"

#include <string.h>
#include <strings.h>

#include "base/guid.h"
#include "base/limits.h"

/* [MS-OXCDATA] 2.11.1. mv: bytes of an element in memory, 0 where there is no PT_MV_ form. */
static const struct type_info {
    uint16_t type;
    uint8_t kind;
    uint8_t mv;
    const char *name, *mv_name;
} types[] = {
    {PT_UNSPECIFIED, OM__PROPKIND_NONE, 0, "PT_UNSPECIFIED", NULL},
    {PT_NULL, OM__PROPKIND_NONE, 0, "PT_NULL", NULL},
    {PT_I2, OM__PROPKIND_I16, sizeof(int16_t), "PT_I2", "PT_MV_I2"},
    {PT_LONG, OM__PROPKIND_I32, sizeof(int32_t), "PT_LONG", "PT_MV_LONG"},
    {PT_R4, OM__PROPKIND_FLT, sizeof(float), "PT_R4", "PT_MV_R4"},
    {PT_DOUBLE, OM__PROPKIND_DBL, sizeof(double), "PT_DOUBLE", "PT_MV_DOUBLE"},
    {PT_CURRENCY, OM__PROPKIND_I64, sizeof(int64_t), "PT_CURRENCY", "PT_MV_CURRENCY"},
    {PT_APPTIME, OM__PROPKIND_DBL, sizeof(double), "PT_APPTIME", "PT_MV_APPTIME"},
    {PT_ERROR, OM__PROPKIND_I32, 0, "PT_ERROR", NULL},
    {PT_BOOLEAN, OM__PROPKIND_BOOL, 0, "PT_BOOLEAN", NULL},
    {PT_OBJECT, OM__PROPKIND_BIN, 0, "PT_OBJECT", NULL},
    {PT_I8, OM__PROPKIND_I64, sizeof(int64_t), "PT_I8", "PT_MV_I8"},
    {PT_STRING8, OM__PROPKIND_STR8, sizeof(char *), "PT_STRING8", "PT_MV_STRING8"},
    {PT_UNICODE, OM__PROPKIND_UTF16, sizeof(char *), "PT_UNICODE", "PT_MV_UNICODE"},
    {PT_SYSTIME, OM__PROPKIND_I64, sizeof(uint64_t), "PT_SYSTIME", "PT_MV_SYSTIME"},
    {PT_CLSID, OM__PROPKIND_GUID, sizeof(struct om_guid), "PT_CLSID", "PT_MV_CLSID"},
    {PT_SVREID, OM__PROPKIND_BIN, 0, "PT_SVREID", NULL},
    {PT_SRESTRICT, OM__PROPKIND_RESTRICT, 0, "PT_SRESTRICT", NULL},
    {PT_ACTIONS, OM__PROPKIND_ACTIONS, 0, "PT_ACTIONS", NULL},
    {PT_BINARY, OM__PROPKIND_BIN, sizeof(struct om_binary), "PT_BINARY", "PT_MV_BINARY"},
};

static const struct type_info *type_info(uint16_t type)
{
    uint16_t single = type & (uint16_t)~OM_MV_FLAG;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].type == single)
            return single == type || types[i].mv ? &types[i] : NULL;
    }
    return NULL;
}

enum om__propkind om__proptype_kind(uint16_t type)
{
    const struct type_info *t = type_info(type);

    return t ? (enum om__propkind)t->kind : OM__PROPKIND_BAD;
}

size_t om__proptype_mv_size(uint16_t type)
{
    const struct type_info *t = type_info(type);

    return t ? t->mv : 0;
}

const char *om_proptype_name(uint16_t type)
{
    const struct type_info *t = type_info(type);

    if (!t)
        return NULL;
    return type & OM_MV_FLAG ? t->mv_name : t->name;
}

bool om_proptype_parse(const char *name, uint16_t *type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct type_info *t = &types[i];

        if (strcasecmp(name, t->name) == 0) {
            *type = t->type;
            return true;
        }
        if (t->mv_name && strcasecmp(name, t->mv_name) == 0) {
            *type = t->type | OM_MV_FLAG;
            return true;
        }
    }
    return false;
}

bool om__proptag_match(om_proptag a, om_proptag b)
{
    /* PT_STRING8 and PT_UNICODE differ in the lowest bit, with and without OM_MV_FLAG. */
    uint16_t ta = OM_PROP_TYPE(a), tb = OM_PROP_TYPE(b);
    bool strings = (ta & ~OM_MV_FLAG) >> 1 == PT_UNICODE >> 1;

    return OM_PROP_ID(a) == OM_PROP_ID(b) && (ta == tb || (strings && ta >> 1 == tb >> 1));
}

/*
 * Every member of union om_propdata begins where the union does, so one value and one element of a
 * multi-valued array are handled alike: as a slot of the kind's type.
 */
static const void *mv_slot(const struct om_mv *mv, size_t i, size_t size)
{
    return (const char *)mv->any + i * size;
}

/* Floats are compared as their bits: slots of one kind and no padding. */
static bool slot_equal(enum om__propkind kind, const void *a, const void *b)
{
    const struct om_binary *ba = a, *bb = b;

    switch (kind) {
    case OM__PROPKIND_BAD:
    case OM__PROPKIND_NONE:
        return true;
    case OM__PROPKIND_I16:
        return memcmp(a, b, sizeof(int16_t)) == 0;
    case OM__PROPKIND_I32:
    case OM__PROPKIND_FLT:
        return memcmp(a, b, sizeof(int32_t)) == 0;
    case OM__PROPKIND_DBL:
    case OM__PROPKIND_I64:
        return memcmp(a, b, sizeof(int64_t)) == 0;
    case OM__PROPKIND_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case OM__PROPKIND_STR8:
    case OM__PROPKIND_UTF16:
        return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
    case OM__PROPKIND_GUID:
        return om__guid_equal(a, b);
    case OM__PROPKIND_BIN:
    case OM__PROPKIND_RESTRICT:
    case OM__PROPKIND_ACTIONS:
        return ba->cb == bb->cb && (!ba->cb || memcmp(ba->pb, bb->pb, ba->cb) == 0);
    }
    return false;
}

bool om__propval_equal(const struct om_propval *a, const struct om_propval *b)
{
    uint16_t type = OM_PROP_TYPE(a->tag);
    enum om__propkind kind = om__proptype_kind(type);
    size_t size = om__proptype_mv_size(type);

    if (a->tag != b->tag)
        return false;
    if (!(type & OM_MV_FLAG))
        return slot_equal(kind, &a->v, &b->v);
    if (a->v.mv.count != b->v.mv.count)
        return false;
    for (uint32_t i = 0; i < a->v.mv.count; i++) {
        if (!slot_equal(kind, mv_slot(&a->v.mv, i, size), mv_slot(&b->v.mv, i, size)))
            return false;
    }
    return true;
}

bool om__proprow_equal(const struct om_proprow *a, const struct om_proprow *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (!om__propval_equal(&a->vals[i], &b->vals[i]))
            return false;
    }
    return true;
}

/* Replaces what a slot points to by a copy in the arena. */
static bool slot_own(struct om_arena *a, enum om__propkind kind, void *slot)
{
    const char **str = slot;
    struct om_binary *bin = slot;

    switch (kind) {
    case OM__PROPKIND_STR8:
    case OM__PROPKIND_UTF16:
        *str = om__arena_strdup(a, *str);
        return *str;
    case OM__PROPKIND_BIN:
    case OM__PROPKIND_RESTRICT:
    case OM__PROPKIND_ACTIONS:
        bin->pb = bin->cb ? om__arena_dup(a, bin->pb, bin->cb) : NULL;
        return bin->pb || !bin->cb;
    default:
        return true;
    }
}

bool om__propval_copy(struct om_arena *a, struct om_propval *dst, const struct om_propval *src)
{
    uint16_t type = OM_PROP_TYPE(src->tag);
    enum om__propkind kind = om__proptype_kind(type);
    size_t size = om__proptype_mv_size(type);
    struct om_propval val = *src;
    char *slots;

    if (type & OM_MV_FLAG) {
        slots = om__arena_dup(a, src->v.mv.any, src->v.mv.count * size);
        if (!slots)
            return false;
        for (uint32_t i = 0; i < src->v.mv.count; i++) {
            if (!slot_own(a, kind, slots + i * size))
                return false;
        }
        val.v.mv.any = val.v.mv.count ? slots : NULL;
    } else if (!slot_own(a, kind, &val.v)) {
        return false;
    }
    *dst = val;
    return true;
}

bool om__proprow_copy(struct om_arena *a, struct om_proprow *dst, const struct om_proprow *src)
{
    struct om_propval *vals = om__arena_array(a, src->count, sizeof *vals);

    if (!vals)
        return false;
    for (uint32_t i = 0; i < src->count; i++) {
        if (!om__propval_copy(a, &vals[i], &src->vals[i]))
            return false;
    }
    *dst = (struct om_proprow){.count = src->count, .vals = vals};
    return true;
}

const struct om_propval *om__proprow_find(const struct om_proprow *row, om_proptag tag)
{
    for (uint32_t i = 0; i < row->count; i++) {
        if (om__proptag_match(row->vals[i].tag, tag))
            return &row->vals[i];
    }
    return NULL;
}

const struct om_propval *om__proprow_find_id(const struct om_proprow *row, uint16_t id)
{
    for (uint32_t i = 0; i < row->count; i++) {
        if (OM_PROP_ID(row->vals[i].tag) == id)
            return &row->vals[i];
    }
    return NULL;
}

const char *om__proprow_string(const struct om_proprow *row, om_proptag tag)
{
    const struct om_propval *val = om__proprow_find(row, tag);

    if (!val)
        return NULL;
    switch (OM_PROP_TYPE(val->tag)) {
    case PT_STRING8:
        return val->v.str8;
    case PT_UNICODE:
        return val->v.utf8;
    default:
        return NULL;
    }
}

int64_t om__proprow_int(const struct om_proprow *row, om_proptag tag, int64_t absent)
{
    const struct om_propval *val = om__proprow_find(row, tag);

    if (!val)
        return absent;
    switch (OM_PROP_TYPE(val->tag)) {
    case PT_I2:
        return val->v.i;
    case PT_LONG:
        return val->v.l;
    case PT_BOOLEAN:
        return val->v.b;
    case PT_I8:
        return val->v.li;
    default:
        return absent;
    }
}

struct om_binary om__proprow_binary(const struct om_proprow *row, om_proptag tag)
{
    const struct om_propval *val = om__proprow_find(row, tag);

    return val && OM_PROP_TYPE(val->tag) == PT_BINARY ? val->v.bin : (struct om_binary){0, NULL};
}
