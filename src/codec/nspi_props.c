/* SPDX-License-Identifier: MIT */
#include "codec/nspi_props.h"

#include <string.h>

#include "base/limits.h"
#include "codec/props.h"

/*
 * NDR writes a structure in two parts: first all its fields with a referent for each pointer, then
 * what the pointers that are not NULL point to. Between the two a value remembers its pointer here.
 */
static const char pending[1];

/* [MS-OXNSPI] 2.2.8 */
void om__nspi_rd_stat(struct om_rd *r, struct om__nspi_stat *stat)
{
    stat->sort_type = om__ndr_rd_u32(r, "SortType");
    stat->container_id = om__ndr_rd_u32(r, "ContainerID");
    stat->current_rec = om__ndr_rd_u32(r, "CurrentRec");
    stat->delta = (int32_t)om__ndr_rd_u32(r, "Delta");
    stat->num_pos = om__ndr_rd_u32(r, "NumPos");
    stat->total_recs = om__ndr_rd_u32(r, "TotalRecs");
    stat->code_page = om__ndr_rd_u32(r, "CodePage");
    stat->template_locale = om__ndr_rd_u32(r, "TemplateLocale");
    stat->sort_locale = om__ndr_rd_u32(r, "SortLocale");
}

void om__nspi_wr_stat(struct om_wr *w, const struct om__nspi_stat *stat)
{
    om__ndr_wr_u32(w, stat->sort_type);
    om__ndr_wr_u32(w, stat->container_id);
    om__ndr_wr_u32(w, stat->current_rec);
    om__ndr_wr_u32(w, (uint32_t)stat->delta);
    om__ndr_wr_u32(w, stat->num_pos);
    om__ndr_wr_u32(w, stat->total_recs);
    om__ndr_wr_u32(w, stat->code_page);
    om__ndr_wr_u32(w, stat->template_locale);
    om__ndr_wr_u32(w, stat->sort_locale);
}

/* FlatUID_r, [MS-OXNSPI] 2.2.2.1: an array of bytes, so it is aligned to nothing */
bool om__nspi_rd_guid_ptr(struct om_rd *r, struct om_guid *guid, const char *field)
{
    bool present = om__ndr_rd_ptr(r, field);

    *guid = (struct om_guid){0};
    if (present)
        *guid = om_rd_guid(r, field);
    return present;
}

void om__nspi_wr_guid_ptr(struct om_wr *w, bool present, const struct om_guid *guid)
{
    om__ndr_wr_ptr(w, present);
    if (present)
        om_wr_guid(w, guid);
}

static const uint32_t *rd_dwords(struct om_rd *r, struct om_arena *a, uint32_t n, const char *field)
{
    uint32_t *v = om_rd_mem(r, om__arena_array(a, n, sizeof *v), field);

    for (uint32_t i = 0; v && i < n; i++)
        v[i] = om__ndr_rd_u32(r, field);
    return om_rd_ok(r) ? v : NULL;
}

/*
 * PropertyTagArray_r, [MS-OXNSPI] 2.2.2.2: the array ends the structure, so its max_count stands
 * before cValues. It has size_is(cValues + 1), length_is(cValues).
 */
void om__nspi_rd_tags_ptr(struct om_rd *r, struct om_arena *a, struct om__nspi_tags *tags,
                          const char *field)
{
    uint32_t max_count, values, count;

    *tags = (struct om__nspi_tags){0, NULL};
    if (!om__ndr_rd_ptr(r, field))
        return;
    max_count = om__ndr_rd_u32(r, field);
    values = om__ndr_rd_u32(r, "cValues");
    om_rd_check(r, values <= max_count, values, "cValues");
    count = om__ndr_rd_varying(r, OM_MAX_NSPI_TAGS, 4, field);
    om_rd_check(r, count == values, count, field);
    tags->v = rd_dwords(r, a, count, field);
    tags->count = tags->v ? count : 0;
}

void om__nspi_wr_tags_ptr(struct om_wr *w, const struct om__nspi_tags *tags)
{
    om__ndr_wr_ptr(w, tags->v);
    if (!tags->v)
        return;
    om__ndr_wr_conformant(w, tags->count + 1);
    om__ndr_wr_u32(w, tags->count);
    om__ndr_wr_varying(w, tags->count);
    for (uint32_t i = 0; i < tags->count; i++)
        om__ndr_wr_u32(w, tags->v[i]);
}

void om__nspi_rd_dwords_ptr(struct om_rd *r, struct om_arena *a, uint32_t n,
                            struct om__nspi_tags *out, const char *field)
{
    uint32_t count;

    *out = (struct om__nspi_tags){0, NULL};
    if (!om__ndr_rd_ptr(r, field))
        return;
    count = om__ndr_rd_conformant(r, OM_MAX_NSPI_VALUES, 4, field);
    om_rd_check(r, count == n, count, field);
    out->v = rd_dwords(r, a, count, field);
    out->count = out->v ? count : 0;
}

void om__nspi_wr_dwords_ptr(struct om_wr *w, const struct om__nspi_tags *v)
{
    om__ndr_wr_ptr(w, v->v);
    if (!v->v)
        return;
    om__ndr_wr_conformant(w, v->count);
    for (uint32_t i = 0; i < v->count; i++)
        om__ndr_wr_u32(w, v->v[i]);
}

/* [string] char * or wchar_t *: what the referent points to */
static const char *rd_string(struct om_rd *r, struct om_arena *a, bool wide, const char *field)
{
    const char *s;

    if (wide)
        return om__ndr_rd_wstr(r, a, OM_MAX_STRING, field);
    s = om__ndr_rd_str(r, OM_MAX_STRING, field);
    return s ? om_rd_mem(r, om__arena_strdup(a, s), field) : NULL;
}

static void wr_string(struct om_wr *w, bool wide, const char *s)
{
    if (wide)
        om__ndr_wr_wstr(w, s);
    else
        om__ndr_wr_str(w, s);
}

/* n referents, then their strings. NULL elements stay NULL. */
static const char *const *rd_string_array(struct om_rd *r, struct om_arena *a, bool wide,
                                          uint32_t n, const char *field)
{
    const char **v = om_rd_mem(r, om__arena_array(a, n, sizeof *v), field);

    for (uint32_t i = 0; v && i < n; i++)
        v[i] = om__ndr_rd_ptr(r, field) ? pending : NULL;
    for (uint32_t i = 0; v && i < n && om_rd_ok(r); i++)
        v[i] = v[i] ? rd_string(r, a, wide, field) : NULL;
    return om_rd_ok(r) ? v : NULL;
}

static void wr_string_array(struct om_wr *w, bool wide, uint32_t n, const char *const *v)
{
    for (uint32_t i = 0; i < n; i++)
        om__ndr_wr_ptr(w, v[i]);
    for (uint32_t i = 0; i < n; i++) {
        if (v[i])
            wr_string(w, wide, v[i]);
    }
}

/* [MS-OXNSPI] 2.2.7.1, 2.2.7.2 */
void om__nspi_rd_strings(struct om_rd *r, struct om_arena *a, bool wide,
                         struct om__nspi_strings *out, const char *field)
{
    uint32_t n = om__ndr_rd_conformant(r, OM_MAX_NSPI_VALUES, 4, field);
    uint32_t count = om__ndr_rd_u32(r, "Count");

    om_rd_check(r, count == n, count, "Count");
    out->v = rd_string_array(r, a, wide, om_rd_ok(r) ? n : 0, field);
    out->count = out->v ? n : 0;
}

void om__nspi_wr_strings(struct om_wr *w, bool wide, const struct om__nspi_strings *s)
{
    om__ndr_wr_conformant(w, s->count);
    om__ndr_wr_u32(w, s->count);
    wr_string_array(w, wide, s->count, s->v);
}

/* The types of PROP_VAL_UNION, [MS-OXNSPI] 2.2.2.11 */
static bool in_union(uint16_t type)
{
    switch (type) {
    case PT_UNSPECIFIED:
    case PT_NULL:
    case PT_OBJECT:
    case PT_I2:
    case PT_LONG:
    case PT_ERROR:
    case PT_BOOLEAN:
    case PT_STRING8:
    case PT_UNICODE:
    case PT_SYSTIME:
    case PT_CLSID:
    case PT_BINARY:
    case PT_MV_I2:
    case PT_MV_LONG:
    case PT_MV_STRING8:
    case PT_MV_UNICODE:
    case PT_MV_SYSTIME:
    case PT_MV_CLSID:
    case PT_MV_BINARY:
        return true;
    default:
        return false;
    }
}

/* cValues and the referent of a counted array, which Binary_r and all *Array_r begin with */
static uint32_t rd_counted(struct om_rd *r, const void **any, const char *field)
{
    uint32_t n = om__ndr_rd_u32(r, "cValues");

    *any = om__ndr_rd_ptr(r, field) ? pending : NULL;
    return n;
}

static void wr_counted(struct om_wr *w, uint32_t n, const void *any)
{
    om__ndr_wr_u32(w, n);
    om__ndr_wr_ptr(w, n && any);
}

static uint64_t rd_filetime(struct om_rd *r)
{
    uint64_t low = om__ndr_rd_u32(r, "dwLowDateTime");

    return low | (uint64_t)om__ndr_rd_u32(r, "dwHighDateTime") << 32;
}

static void wr_filetime(struct om_wr *w, uint64_t ft)
{
    om__ndr_wr_u32(w, (uint32_t)ft);
    om__ndr_wr_u32(w, (uint32_t)(ft >> 32));
}

/* PropertyValue_r, [MS-OXNSPI] 2.2.2.12, its fields: tag, reserved, union's discriminant, arm */
static void rd_val_fields(struct om_rd *r, struct om_propval *val)
{
    uint32_t arm;
    uint16_t type;
    const void *any;

    val->tag = om__ndr_rd_u32(r, "ulPropTag");
    om__ndr_rd_u32(r, "ulReserved");
    arm = om__ndr_rd_u32(r, "Value");
    type = OM_PROP_TYPE(val->tag);
    if (!om_rd_check(r, arm == type && in_union(type), arm, "Value"))
        return;
    if (type & OM_MV_FLAG) {
        val->v.mv.count = rd_counted(r, &any, "Value");
        val->v.mv.any = any;
        return;
    }
    switch (type) {
    case PT_I2:
        val->v.i = (int16_t)om__ndr_rd_u16(r, "i");
        break;
    case PT_BOOLEAN:
        val->v.b = om__ndr_rd_u16(r, "b") != 0;
        break;
    case PT_SYSTIME:
        val->v.ft = rd_filetime(r);
        break;
    case PT_STRING8:
    case PT_UNICODE:
    case PT_CLSID:
        val->v.utf8 = om__ndr_rd_ptr(r, "Value") ? pending : NULL;
        break;
    case PT_BINARY:
        val->v.bin.cb = rd_counted(r, &any, "lpb");
        val->v.bin.pb = any;
        break;
    case PT_UNSPECIFIED:
    case PT_NULL:
    case PT_OBJECT:
        om__ndr_rd_u32(r, "lReserved");
        break;
    default:
        val->v.l = (int32_t)om__ndr_rd_u32(r, "l");
        break;
    }
}

static void wr_val_fields(struct om_wr *w, const struct om_propval *val)
{
    uint16_t type = OM_PROP_TYPE(val->tag);

    if (!om_wr_check(w, in_union(type)))
        return;
    om__ndr_wr_u32(w, val->tag);
    om__ndr_wr_u32(w, 0);
    om__ndr_wr_u32(w, type);
    if (type & OM_MV_FLAG) {
        wr_counted(w, val->v.mv.count, val->v.mv.any);
        return;
    }
    switch (type) {
    case PT_I2:
        om__ndr_wr_u16(w, (uint16_t)val->v.i);
        break;
    case PT_BOOLEAN:
        om__ndr_wr_u16(w, val->v.b);
        break;
    case PT_SYSTIME:
        wr_filetime(w, val->v.ft);
        break;
    case PT_STRING8:
    case PT_UNICODE:
        om__ndr_wr_ptr(w, val->v.utf8);
        break;
    case PT_CLSID:
        om__ndr_wr_ptr(w, true);
        break;
    case PT_BINARY:
        wr_counted(w, val->v.bin.cb, val->v.bin.pb);
        break;
    case PT_UNSPECIFIED:
    case PT_NULL:
    case PT_OBJECT:
        om__ndr_wr_u32(w, 0);
        break;
    default:
        om__ndr_wr_u32(w, (uint32_t)val->v.l);
        break;
    }
}

/* Binary_r, [MS-OXNSPI] 2.2.2.3, what lpb points to */
static void rd_bytes(struct om_rd *r, struct om_arena *a, struct om_binary *bin)
{
    struct om_binary got = {0, NULL};
    uint32_t cb = bin->cb;

    if (bin->pb) {
        got = om__ndr_rd_bytes(r, OM_MAX_NSPI_BYTES, "lpb");
        om_rd_check(r, got.cb == cb, cb, "cb");
    }
    if (om_rd_ok(r) && got.cb)
        got.pb = om_rd_mem(r, om__arena_dup(a, got.pb, got.cb), "lpb");
    *bin = got;
}

/* The fewest bytes of an element of a *Array_r on the wire */
static size_t mv_wire_min(uint16_t type)
{
    switch (type) {
    case PT_MV_I2:
        return 2;
    case PT_MV_BINARY:
    case PT_MV_SYSTIME:
        return 8;
    default:
        return 4;
    }
}

static void rd_mv_binaries(struct om_rd *r, struct om_arena *a, uint32_t n, struct om_binary *v)
{
    const void *any;

    for (uint32_t i = 0; i < n; i++) {
        v[i].cb = rd_counted(r, &any, "lpb");
        v[i].pb = any;
    }
    for (uint32_t i = 0; i < n && om_rd_ok(r); i++)
        rd_bytes(r, a, &v[i]);
}

/* FlatUIDArray_r holds pointers, [MS-OXNSPI] 2.2.2.8 */
static void rd_mv_guids(struct om_rd *r, uint32_t n, struct om_guid *v)
{
    for (uint32_t i = 0; i < n; i++)
        v[i].data1 = om__ndr_rd_ptr(r, "lpguid");
    for (uint32_t i = 0; i < n && om_rd_ok(r); i++) {
        if (v[i].data1)
            v[i] = om_rd_guid(r, "lpguid");
    }
}

/* Strings of a property: an element that was NULL becomes "". */
static void rd_mv_strings(struct om_rd *r, struct om_arena *a, bool wide, uint32_t n,
                          struct om_mv *mv)
{
    const char *const *v = rd_string_array(r, a, wide, n, "lppsz");
    const char **own = om_rd_mem(r, om__arena_array(a, n, sizeof *own), "lppsz");

    for (uint32_t i = 0; v && own && i < n; i++)
        own[i] = v[i] ? v[i] : pending;
    mv->str = own;
}

static void rd_mv_elements(struct om_rd *r, struct om_arena *a, uint16_t type, uint32_t n,
                           struct om_mv *mv)
{
    void *v = om_rd_mem(r, om__arena_array(a, n, om__proptype_mv_size(type)), "Value");

    mv->any = v;
    for (uint32_t i = 0; v && i < n && om_rd_ok(r); i++) {
        if (type == PT_MV_I2)
            ((int16_t *)v)[i] = (int16_t)om__ndr_rd_u16(r, "lpi");
        else if (type == PT_MV_LONG)
            ((int32_t *)v)[i] = (int32_t)om__ndr_rd_u32(r, "lpl");
        else if (type == PT_MV_SYSTIME)
            ((uint64_t *)v)[i] = rd_filetime(r);
    }
    if (v && type == PT_MV_BINARY)
        rd_mv_binaries(r, a, n, v);
    if (v && type == PT_MV_CLSID)
        rd_mv_guids(r, n, v);
}

/* [MS-OXNSPI] 2.2.2.4 to 2.2.2.10, what the array's pointer points to */
static void rd_mv(struct om_rd *r, struct om_arena *a, uint16_t type, struct om_mv *mv)
{
    uint32_t n, values = mv->count;
    struct om_mv got = {.count = 0};

    if (mv->any) {
        n = om__ndr_rd_conformant(r, OM_MAX_NSPI_VALUES, mv_wire_min(type), "cValues");
        if (om_rd_check(r, n == values, values, "cValues") && n) {
            if (type == PT_MV_STRING8 || type == PT_MV_UNICODE)
                rd_mv_strings(r, a, type == PT_MV_UNICODE, n, &got);
            else
                rd_mv_elements(r, a, type, n, &got);
            got.count = n;
        }
    }
    *mv = om_rd_ok(r) ? got : (struct om_mv){.count = 0};
}

static void wr_mv(struct om_wr *w, uint16_t type, const struct om_mv *mv)
{
    if (!mv->count)
        return;
    om__ndr_wr_conformant(w, mv->count);
    if (type == PT_MV_STRING8 || type == PT_MV_UNICODE) {
        wr_string_array(w, type == PT_MV_UNICODE, mv->count, mv->str);
        return;
    }
    for (uint32_t i = 0; i < mv->count; i++) {
        if (type == PT_MV_I2)
            om__ndr_wr_u16(w, (uint16_t)mv->i[i]);
        else if (type == PT_MV_LONG)
            om__ndr_wr_u32(w, (uint32_t)mv->l[i]);
        else if (type == PT_MV_SYSTIME)
            wr_filetime(w, mv->ft[i]);
        else if (type == PT_MV_BINARY)
            wr_counted(w, mv->bin[i].cb, mv->bin[i].pb);
        else if (type == PT_MV_CLSID)
            om__ndr_wr_ptr(w, true);
    }
    for (uint32_t i = 0; i < mv->count; i++) {
        if (type == PT_MV_BINARY && mv->bin[i].cb)
            om__ndr_wr_bytes(w, mv->bin[i].pb, mv->bin[i].cb);
        else if (type == PT_MV_CLSID)
            om_wr_guid(w, &mv->guid[i]);
    }
}

static void rd_val_pointees(struct om_rd *r, struct om_arena *a, struct om_propval *val)
{
    uint16_t type = OM_PROP_TYPE(val->tag);
    bool string = type == PT_STRING8 || type == PT_UNICODE || type == PT_CLSID;

    if (string && !val->v.utf8) {
        val->tag = OM_PROP_TAG(PT_UNSPECIFIED, OM_PROP_ID(val->tag));
        return;
    }
    if (type & OM_MV_FLAG)
        rd_mv(r, a, type, &val->v.mv);
    else if (type == PT_CLSID)
        val->v.guid = om_rd_guid(r, "lpguid");
    else if (string)
        val->v.utf8 = rd_string(r, a, type == PT_UNICODE, "lpsz");
    else if (type == PT_BINARY)
        rd_bytes(r, a, &val->v.bin);
}

static void wr_val_pointees(struct om_wr *w, const struct om_propval *val)
{
    uint16_t type = OM_PROP_TYPE(val->tag);

    if (type & OM_MV_FLAG)
        wr_mv(w, type, &val->v.mv);
    else if (type == PT_CLSID)
        om_wr_guid(w, &val->v.guid);
    else if ((type == PT_STRING8 || type == PT_UNICODE) && val->v.utf8)
        wr_string(w, type == PT_UNICODE, val->v.utf8);
    else if (type == PT_BINARY && val->v.bin.cb)
        om__ndr_wr_bytes(w, val->v.bin.pb, val->v.bin.cb);
}

void om__nspi_rd_propval(struct om_rd *r, struct om_arena *a, struct om_propval *val)
{
    *val = (struct om_propval){.tag = 0};
    rd_val_fields(r, val);
    if (om_rd_ok(r))
        rd_val_pointees(r, a, val);
}

void om__nspi_wr_propval(struct om_wr *w, const struct om_propval *val)
{
    wr_val_fields(w, val);
    wr_val_pointees(w, val);
}

/* PropertyRow_r, [MS-OXNSPI] 2.2.3, its fields; `vals` says whether lpProps is there */
static void rd_row_fields(struct om_rd *r, struct om_proprow *row)
{
    const void *any;

    om__ndr_rd_u32(r, "Reserved");
    row->count = rd_counted(r, &any, "lpProps");
    row->vals = any;
}

static void rd_row_pointees(struct om_rd *r, struct om_arena *a, struct om_proprow *row)
{
    struct om_propval *vals = NULL;
    uint32_t n = 0, values = row->count;

    if (row->vals) {
        /* 14: a short at the end of the stub */
        n = om__ndr_rd_conformant(r, OM_MAX_NSPI_VALUES, 14, "cValues");
        om_rd_check(r, n == values, values, "cValues");
        vals = om_rd_ok(r) ? om_rd_mem(r, om__arena_array(a, n, sizeof *vals), "lpProps") : NULL;
    }
    for (uint32_t i = 0; vals && i < n && om_rd_ok(r); i++)
        rd_val_fields(r, &vals[i]);
    for (uint32_t i = 0; vals && i < n && om_rd_ok(r); i++)
        rd_val_pointees(r, a, &vals[i]);
    *row = (struct om_proprow){0, NULL};
    if (om_rd_ok(r))
        *row = (struct om_proprow){.count = n, .vals = vals};
}

static void wr_row_fields(struct om_wr *w, const struct om_proprow *row)
{
    om__ndr_wr_u32(w, 0);
    wr_counted(w, row->count, row->vals);
}

static void wr_row_pointees(struct om_wr *w, const struct om_proprow *row)
{
    if (!row->count)
        return;
    om__ndr_wr_conformant(w, row->count);
    for (uint32_t i = 0; i < row->count; i++)
        wr_val_fields(w, &row->vals[i]);
    for (uint32_t i = 0; i < row->count; i++)
        wr_val_pointees(w, &row->vals[i]);
}

const struct om_proprow *om__nspi_rd_row_ptr(struct om_rd *r, struct om_arena *a)
{
    struct om_proprow *row;

    if (!om__ndr_rd_ptr(r, "ppRows"))
        return NULL;
    row = om_rd_mem(r, om__arena_alloc(a, sizeof *row), "ppRows");
    if (!row)
        return NULL;
    rd_row_fields(r, row);
    rd_row_pointees(r, a, row);
    return row;
}

void om__nspi_wr_row_ptr(struct om_wr *w, const struct om_proprow *row)
{
    om__ndr_wr_ptr(w, row);
    if (!row)
        return;
    wr_row_fields(w, row);
    wr_row_pointees(w, row);
}

/* PropertyRowSet_r, [MS-OXNSPI] 2.2.4: the array ends the structure, so max_count comes first */
void om__nspi_rd_rows_ptr(struct om_rd *r, struct om_arena *a, struct om__nspi_rows *out)
{
    struct om_proprow *rows;
    uint32_t n, count;

    *out = (struct om__nspi_rows){0, NULL};
    if (!om__ndr_rd_ptr(r, "ppRows"))
        return;
    n = om__ndr_rd_conformant(r, OM_MAX_NSPI_VALUES, 12, "aRow");
    count = om__ndr_rd_u32(r, "cRows");
    om_rd_check(r, count == n, count, "cRows");
    rows = om_rd_mem(r, om_rd_ok(r) ? om__arena_array(a, n, sizeof *rows) : NULL, "aRow");
    for (uint32_t i = 0; rows && i < n && om_rd_ok(r); i++)
        rd_row_fields(r, &rows[i]);
    for (uint32_t i = 0; rows && i < n && om_rd_ok(r); i++)
        rd_row_pointees(r, a, &rows[i]);
    if (om_rd_ok(r))
        *out = (struct om__nspi_rows){.count = n, .rows = rows};
}

void om__nspi_wr_rows_ptr(struct om_wr *w, const struct om__nspi_rows *rows)
{
    om__ndr_wr_ptr(w, rows->rows);
    if (!rows->rows)
        return;
    om__ndr_wr_conformant(w, rows->count);
    om__ndr_wr_u32(w, rows->count);
    for (uint32_t i = 0; i < rows->count; i++)
        wr_row_fields(w, &rows->rows[i]);
    for (uint32_t i = 0; i < rows->count; i++)
        wr_row_pointees(w, &rows->rows[i]);
}
