/* SPDX-License-Identifier: MIT */
/* Restriction_r and PropertyName_r as NDR. [MS-OXNSPI] 2.2.5, 2.2.6.1 */
#include "base/limits.h"
#include "codec/nspi_props.h"

/* Between a structure's fields and what they point to, a pointer that is not NULL points here. */
static const struct om_propval pending_val;
static const struct om__restriction pending_sub;

/* lpRes of AND and OR has a count before it, that of NOT and SUBRESTRICTION has none. */
static bool has_list(enum om__restype type)
{
    return type == RES_AND || type == RES_OR;
}

static void rd_sub(struct om_rd *r, struct om__restriction *res)
{
    res->sub = om__ndr_rd_ptr(r, "lpRes") ? &pending_sub : NULL;
    if (!has_list(res->type))
        res->count = res->sub != NULL;
}

/* [MS-OXNSPI] 2.2.5.1 to 2.2.5.10: rt, the union's discriminant, its arm */
static void rd_fields(struct om_rd *r, struct om__restriction *res)
{
    uint32_t rt = om__ndr_rd_u32(r, "rt"), arm = om__ndr_rd_u32(r, "res");

    if (!om_rd_check(r, rt == arm && rt <= RES_SUBRESTRICTION, rt, "rt"))
        return;
    *res = (struct om__restriction){.type = (enum om__restype)rt};
    switch (res->type) {
    case RES_AND:
    case RES_OR:
        res->count = om__ndr_rd_u32(r, "cRes");
        rd_sub(r, res);
        break;
    case RES_NOT:
        rd_sub(r, res);
        break;
    case RES_CONTENT:
    case RES_PROPERTY:
        res->relop = om__ndr_rd_u32(r, "relop");
        res->tag = om__ndr_rd_u32(r, "ulPropTag");
        res->val = om__ndr_rd_ptr(r, "lpProp") ? &pending_val : NULL;
        break;
    case RES_COMPAREPROPS:
        res->relop = om__ndr_rd_u32(r, "relop");
        res->tag = om__ndr_rd_u32(r, "ulPropTag1");
        res->tag2 = om__ndr_rd_u32(r, "ulPropTag2");
        break;
    case RES_BITMASK:
    case RES_SIZE:
        res->relop = om__ndr_rd_u32(r, "relop");
        res->tag = om__ndr_rd_u32(r, "ulPropTag");
        res->number = om__ndr_rd_u32(r, "ulMask");
        break;
    case RES_EXIST:
        om__ndr_rd_u32(r, "ulReserved1");
        res->tag = om__ndr_rd_u32(r, "ulPropTag");
        om__ndr_rd_u32(r, "ulReserved2");
        break;
    case RES_SUBRESTRICTION:
        res->tag = om__ndr_rd_u32(r, "ulSubObject");
        rd_sub(r, res);
        break;
    default:
        break;
    }
}

static void wr_fields(struct om_wr *w, const struct om__restriction *res)
{
    bool sub = res->count && res->sub;

    if (!om_wr_check(w, res->type <= RES_SUBRESTRICTION))
        return;
    om__ndr_wr_u32(w, res->type);
    om__ndr_wr_u32(w, res->type);
    switch (res->type) {
    case RES_AND:
    case RES_OR:
        om__ndr_wr_u32(w, res->count);
        om__ndr_wr_ptr(w, sub);
        break;
    case RES_NOT:
        om__ndr_wr_ptr(w, sub);
        break;
    case RES_CONTENT:
    case RES_PROPERTY:
        om__ndr_wr_u32(w, res->relop);
        om__ndr_wr_u32(w, res->tag);
        om__ndr_wr_ptr(w, res->val);
        break;
    case RES_COMPAREPROPS:
        om__ndr_wr_u32(w, res->relop);
        om__ndr_wr_u32(w, res->tag);
        om__ndr_wr_u32(w, res->tag2);
        break;
    case RES_BITMASK:
    case RES_SIZE:
        om__ndr_wr_u32(w, res->relop);
        om__ndr_wr_u32(w, res->tag);
        om__ndr_wr_u32(w, res->number);
        break;
    case RES_EXIST:
        om__ndr_wr_u32(w, 0);
        om__ndr_wr_u32(w, res->tag);
        om__ndr_wr_u32(w, 0);
        break;
    case RES_SUBRESTRICTION:
        om__ndr_wr_u32(w, res->tag);
        om__ndr_wr_ptr(w, sub);
        break;
    default:
        break;
    }
}

/* lpProp of CONTENT and PROPERTY */
static void rd_val(struct om_rd *r, struct om_arena *a, struct om__restriction *res)
{
    struct om_propval *val = om_rd_mem(r, om__arena_alloc(a, sizeof *val), "lpProp");

    res->val = val;
    if (val)
        om__nspi_rd_propval(r, a, val);
}

static void rd_pointees(struct om_rd *r, struct om_arena *a, struct om__restriction *res,
                        unsigned depth)
{
    struct om__restriction *sub;
    uint32_t n = 1;

    if (res->val)
        rd_val(r, a, res);
    if (!res->sub) {
        res->count = 0;
        return;
    }
    if (!om_rd_check(r, depth < OM_MAX_RESTRICT_DEPTH, depth, "lpRes"))
        return;
    if (has_list(res->type)) {
        n = om__ndr_rd_conformant(r, OM_MAX_NSPI_VALUES, 12, "cRes");
        om_rd_check(r, n == res->count, res->count, "cRes");
    }
    sub = om_rd_mem(r, om_rd_ok(r) ? om__arena_array(a, n, sizeof *sub) : NULL, "lpRes");
    for (uint32_t i = 0; i < n && om_rd_ok(r); i++)
        rd_fields(r, &sub[i]);
    for (uint32_t i = 0; i < n && om_rd_ok(r); i++)
        rd_pointees(r, a, &sub[i], depth + 1);
    res->sub = sub;
}

static void wr_pointees(struct om_wr *w, const struct om__restriction *res, unsigned depth)
{
    if (res->val && (res->type == RES_CONTENT || res->type == RES_PROPERTY))
        om__nspi_wr_propval(w, res->val);
    if (!res->count || !res->sub || !om_wr_check(w, depth < OM_MAX_RESTRICT_DEPTH))
        return;
    if (has_list(res->type))
        om__ndr_wr_conformant(w, res->count);
    else if (!om_wr_check(w, res->count == 1))
        return;
    for (uint32_t i = 0; i < res->count; i++)
        wr_fields(w, &res->sub[i]);
    for (uint32_t i = 0; i < res->count; i++)
        wr_pointees(w, &res->sub[i], depth + 1);
}

const struct om__restriction *om__nspi_rd_restriction_ptr(struct om_rd *r, struct om_arena *a)
{
    struct om__restriction *res;

    if (!om__ndr_rd_ptr(r, "Filter"))
        return NULL;
    res = om_rd_mem(r, om__arena_alloc(a, sizeof *res), "Filter");
    if (!res)
        return NULL;
    rd_fields(r, res);
    if (om_rd_ok(r))
        rd_pointees(r, a, res, 0);
    return om_rd_ok(r) ? res : NULL;
}

void om__nspi_wr_restriction_ptr(struct om_wr *w, const struct om__restriction *res)
{
    om__ndr_wr_ptr(w, res);
    if (!res)
        return;
    wr_fields(w, res);
    wr_pointees(w, res, 0);
}

const struct om__nspi_propname *om__nspi_rd_propname_ptr(struct om_rd *r, struct om_arena *a)
{
    struct om__nspi_propname *name;

    if (!om__ndr_rd_ptr(r, "lpPropName"))
        return NULL;
    name = om_rd_mem(r, om__arena_alloc(a, sizeof *name), "lpPropName");
    if (!name)
        return NULL;
    name->has_guid = om__ndr_rd_ptr(r, "lpguid");
    name->reserved = om__ndr_rd_u32(r, "ulReserved");
    name->id = (int32_t)om__ndr_rd_u32(r, "lID");
    if (name->has_guid)
        name->guid = om_rd_guid(r, "lpguid");
    return name;
}

void om__nspi_wr_propname_ptr(struct om_wr *w, const struct om__nspi_propname *name)
{
    om__ndr_wr_ptr(w, name);
    if (!name)
        return;
    om__ndr_wr_ptr(w, name->has_guid);
    om__ndr_wr_u32(w, name->reserved);
    om__ndr_wr_u32(w, (uint32_t)name->id);
    if (name->has_guid)
        om_wr_guid(w, &name->guid);
}
