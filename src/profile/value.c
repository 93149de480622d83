/* SPDX-License-Identifier: MIT */
#include "profile/value.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/rd.h"

/* Bytes of one value of a fixed-size type; 0 for those that have their own size. */
static size_t fixed_size(uint16_t type)
{
    switch (type) {
    case PT_BOOLEAN:
        return 1;
    case PT_I2:
        return 2;
    case PT_LONG:
    case PT_R4:
    case PT_ERROR:
        return 4;
    case PT_DOUBLE:
    case PT_CURRENCY:
    case PT_APPTIME:
    case PT_I8:
    case PT_SYSTIME:
        return 8;
    case PT_CLSID:
        return 16;
    default:
        return 0;
    }
}

static bool is_string(uint16_t type)
{
    return type == PT_STRING8 || type == PT_UNICODE;
}

static bool is_bytes(uint16_t type)
{
    return type == PT_BINARY || type == PT_OBJECT || type == PT_SVREID || type == PT_SRESTRICT ||
           type == PT_ACTIONS;
}

/* The multi-valued forms [MS-OXCDATA] 2.11.1 has. */
static bool can_be_multiple(uint16_t type)
{
    return is_string(type) || type == PT_BINARY ||
           (fixed_size(type) && type != PT_BOOLEAN && type != PT_ERROR);
}

/* ---- encoding ---- */

static uint64_t bits_of(const void *p, size_t n)
{
    uint64_t v64;
    uint32_t v32;
    uint16_t v16;

    if (n == 2)
        return memcpy(&v16, p, 2), v16;
    if (n == 4)
        return memcpy(&v32, p, 4), v32;
    return memcpy(&v64, p, 8), v64;
}

/* One value of a fixed-size type as it lies in memory. */
static void put_fixed(struct om_wr *w, uint16_t type, const void *p)
{
    size_t n = fixed_size(type);

    if (type == PT_CLSID)
        om_wr_guid(w, p);
    else if (n == 2)
        om_wr_u16(w, (uint16_t)bits_of(p, n));
    else if (n == 4)
        om_wr_u32(w, (uint32_t)bits_of(p, n));
    else
        om_wr_u64(w, bits_of(p, n));
}

/* Bytes before which their length stands when they are one of several. False: over the ceiling. */
static bool put_bytes(struct om_wr *w, const void *p, size_t n, size_t ceiling, bool counted)
{
    if (n > ceiling)
        return false;
    if (counted)
        om_wr_u32(w, (uint32_t)n);
    om_wr_bytes(w, p, n);
    return true;
}

static bool put_multiple(struct om_wr *w, uint16_t type, const struct om_mv *mv)
{
    size_t size = fixed_size(type);
    bool fits = true;

    om_wr_u32(w, mv->count);
    for (uint32_t i = 0; i < mv->count && fits && !w->failed; i++) {
        if (is_string(type))
            fits = put_bytes(w, mv->str[i], strlen(mv->str[i]), OM_MAX_STRING, true);
        else if (size)
            put_fixed(w, type, (const uint8_t *)mv->any + i * size);
        else
            fits = put_bytes(w, mv->bin[i].pb, mv->bin[i].cb, OM_MAX_PROFILE_VALUE, true);
    }
    return fits;
}

static bool put_single(struct om_wr *w, uint16_t type, const union om_propdata *v)
{
    if (is_string(type)) /* str8 and utf8 are the same pointer */
        return put_bytes(w, v->str8, strlen(v->str8), OM_MAX_STRING, false);
    if (is_bytes(type))
        return put_bytes(w, v->bin.pb, v->bin.cb, OM_MAX_PROFILE_VALUE, false);
    if (type == PT_BOOLEAN)
        om_wr_u8(w, v->b);
    else if (type != PT_NULL)
        put_fixed(w, type, v);
    return true;
}

om_status om__value_encode(const struct om_propval *val, struct om_wr *w, struct om_error *err)
{
    uint16_t type = OM_PROP_TYPE(val->tag);
    uint16_t base = (uint16_t)(type & ~OM_MV_FLAG);
    bool multiple = type & OM_MV_FLAG, fits;
    bool known = multiple
                     ? can_be_multiple(base)
                     : base == PT_NULL || is_string(base) || is_bytes(base) || fixed_size(base);

    if (!known)
        return om__fail(err, MAPI_E_INVALID_TYPE, OM_LAYER_PROFILE, OM_CAUSE_BAD_ARGUMENT,
                        OM_NATIVE_NONE, 0, "0x%08X: a value of type 0x%04X cannot be stored",
                        (unsigned)val->tag, (unsigned)type);
    fits = multiple ? put_multiple(w, base, &val->v.mv) : put_single(w, base, &val->v);
    if (!fits || w->too_large)
        return om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_PROFILE, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE,
                        0, "0x%08X: a string may have %u bytes, a value %u", (unsigned)val->tag,
                        OM_MAX_STRING, OM_MAX_PROFILE_VALUE);
    return om_wr_finish(w, OM_LAYER_PROFILE, "property value", err);
}

/* ---- decoding ---- */

static void get_fixed(struct om_rd *r, uint16_t type, void *out)
{
    size_t n = fixed_size(type);

    if (type == PT_CLSID) {
        struct om_guid g = om_rd_guid(r, "guid");
        memcpy(out, &g, sizeof g);
    } else if (n == 2) {
        uint16_t v = om_rd_u16(r, "value");
        memcpy(out, &v, n);
    } else if (n == 4) {
        uint32_t v = om_rd_u32(r, "value");
        memcpy(out, &v, n);
    } else {
        uint64_t v = om_rd_u64(r, "value");
        memcpy(out, &v, n);
    }
}

static const char *get_string(struct om_rd *r, size_t n, struct om_arena *a)
{
    const uint8_t *p;

    if (!om_rd_check(r, n <= OM_MAX_STRING, n, "length"))
        return "";
    p = om_rd_bytes(r, n, "string");
    if (!p || !om_rd_check(r, !memchr(p, 0, n), 0, "string"))
        return "";
    return om_rd_mem(r, om__arena_strndup(a, (const char *)p, n), "string");
}

static struct om_binary get_bytes(struct om_rd *r, size_t n, struct om_arena *a)
{
    struct om_binary b = {0, NULL};
    const uint8_t *p = om_rd_bytes(r, n, "bytes");

    if (!p || n == 0)
        return b;
    b.pb = om_rd_mem(r, om__arena_dup(a, p, n), "bytes");
    b.cb = (uint32_t)n;
    return b;
}

static void get_multiple(struct om_rd *r, uint16_t type, struct om_arena *a, struct om_mv *mv)
{
    size_t size = fixed_size(type), in_memory = size;
    uint8_t *items;

    if (is_string(type))
        in_memory = sizeof(const char *);
    else if (!size)
        in_memory = sizeof(struct om_binary);
    mv->count =
        om_rd_count(r, om_rd_u32(r, "count"), OM_MAX_PROFILE_VALUE, size ? size : 4, "count");
    mv->any = NULL;
    if (mv->count == 0)
        return;
    items = om_rd_mem(r, om__arena_array(a, mv->count, in_memory), "values");
    mv->any = items;
    for (uint32_t i = 0; i < mv->count && om_rd_ok(r); i++) {
        void *item = items + i * in_memory;

        if (is_string(type)) {
            const char *s = get_string(r, om_rd_u32(r, "length"), a);
            memcpy(item, &s, sizeof s);
        } else if (size) {
            get_fixed(r, type, item);
        } else {
            struct om_binary b = get_bytes(r, om_rd_u32(r, "length"), a);
            memcpy(item, &b, sizeof b);
        }
    }
}

static void get_single(struct om_rd *r, uint16_t type, struct om_arena *a, union om_propdata *v)
{
    if (is_string(type)) {
        v->str8 = get_string(r, om_rd_left(r), a);
    } else if (is_bytes(type)) {
        v->bin = get_bytes(r, om_rd_left(r), a);
    } else if (type == PT_BOOLEAN) {
        uint8_t b = om_rd_u8(r, "boolean");
        om_rd_check(r, b <= 1, b, "boolean");
        v->b = b == 1;
    } else if (type != PT_NULL) {
        om_rd_check(r, fixed_size(type) != 0, type, "type");
        if (om_rd_ok(r))
            get_fixed(r, type, v);
    }
}

om_status om__value_decode(om_proptag tag, const void *p, size_t n, struct om_arena *a,
                           struct om_propval *out, struct om_error *err)
{
    uint16_t type = OM_PROP_TYPE(tag), base = (uint16_t)(type & ~OM_MV_FLAG);
    struct om_propval val = {.tag = tag};
    struct om_error why = OM_ERROR_INIT;
    struct om_rd r;

    om_rd_init(&r, n ? p : "", n); /* SQLite gives NULL for no bytes */
    if (type & OM_MV_FLAG) {
        om_rd_check(&r, can_be_multiple(base), type, "type");
        get_multiple(&r, base, a, &val.v.mv);
    } else {
        get_single(&r, base, a, &val.v);
    }
    om_rd_expect_end(&r, "value");
    if (om_rd_finish(&r, OM_LAYER_STORE, "property value", &why) != OM_OK) {
        if (why.cause == OM_CAUSE_NO_MEMORY)
            return om__fail_memory(err, "a property");
        return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_STORE, OM_CAUSE_DAMAGED,
                        OM_NATIVE_OFFSET, why.native, "0x%08X: %s", (unsigned)tag, why.detail);
    }
    *out = val;
    return OM_OK;
}
