/* SPDX-License-Identifier: MIT */
/* Restrictions over address book entries. [MS-OXCDATA] 2.12; the address book's limits:
 * [MS-OXNSPI] 2.2.5. */
#include "lab/gal.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 32
#define ID_ANR    0x360C /* PidTagAnr: ambiguous name resolution as a restriction */

struct matcher {
    const struct lab_gal_view *view;
    const struct lab_user *u;
    struct om_arena *a;
    uint32_t code;
};

static bool matches(struct matcher *m, const struct om__restriction *r, unsigned depth);

/* The entry's value; false when it has none. */
static bool value_of(struct matcher *m, om_proptag tag, struct om_propval *out)
{
    uint16_t type = OM_PROP_TYPE(tag);

    /* Text is compared as UTF-8 whatever the client's form. */
    if (type == PT_STRING8 || type == PT_MV_STRING8)
        tag = OM_PROP_TAG(type + 1, OM_PROP_ID(tag));
    if (!lab_gal_property(m->view, m->u, tag, m->a, out)) {
        m->code = LAB_NSPI_OUT_OF_MEMORY;
        return false;
    }
    return OM_PROP_TYPE(out->tag) != PT_ERROR;
}

/* The restriction's own text, folded; NULL when it is no text or memory is out. free() it. */
static char *text_of(struct matcher *m, const struct om_propval *val)
{
    uint16_t type = val ? OM_PROP_TYPE(val->tag) : PT_NULL;
    const char *s = NULL;
    char *folded;

    if (type == PT_UNICODE)
        s = val->v.utf8;
    else if (type == PT_STRING8 && val->v.str8)
        s = lab_gal_from_codepage(m->a, val->v.str8);
    folded = s ? lab_fold(s) : NULL;
    if (s && !folded)
        m->code = LAB_NSPI_OUT_OF_MEMORY;
    return folded;
}

static bool content_fits(uint32_t how, const char *text, const char *asked)
{
    switch (how & 0xFFFF) {
    case FL_SUBSTRING:
        return strstr(text, asked) != NULL;
    case FL_PREFIX:
        return strncmp(text, asked, strlen(asked)) == 0;
    default:
        return strcmp(text, asked) == 0;
    }
}

/* A directory compares text without case whether FL_IGNORECASE is there or not. */
static bool match_content(struct matcher *m, const struct om__restriction *r)
{
    char *asked = text_of(m, r->val);
    struct om_propval own;
    bool fits = false;
    uint32_t n;

    if (asked && value_of(m, r->tag, &own)) {
        bool many = (own.tag & OM_MV_FLAG) != 0;

        n = many ? own.v.mv.count : 1;
        for (uint32_t i = 0; i < n && !fits; i++) {
            char *text = OM_PROP_TYPE(own.tag) == PT_UNICODE || many
                             ? lab_fold(many ? own.v.mv.str[i] : own.v.utf8)
                             : NULL;

            fits = text && content_fits(r->relop, text, asked);
            free(text);
        }
    }
    free(asked);
    return fits;
}

static bool holds(uint32_t relop, int64_t order)
{
    switch (relop) {
    case RELOP_LT:
        return order < 0;
    case RELOP_LE:
        return order <= 0;
    case RELOP_GT:
        return order > 0;
    case RELOP_GE:
        return order >= 0;
    case RELOP_EQ:
        return order == 0;
    default:
        return order != 0;
    }
}

static bool match_text(struct matcher *m, const struct om__restriction *r, const char *own)
{
    char *asked = text_of(m, r->val), *text = asked ? lab_fold(own) : NULL;
    bool fits = text && holds(r->relop, strcmp(text, asked));

    free(text);
    free(asked);
    return fits;
}

static int compare_bytes(const struct om_binary *a, const struct om_binary *b)
{
    size_t n = a->cb < b->cb ? a->cb : b->cb;
    int order = n ? memcmp(a->pb, b->pb, n) : 0;

    return order ? order : (a->cb > b->cb) - (a->cb < b->cb);
}

static bool match_anr(struct matcher *m, const struct om__restriction *r)
{
    char *asked = text_of(m, r->val);
    bool fits = asked && *asked && lab_gal_fits(m->view->org, asked, m->u);

    free(asked);
    return fits;
}

static bool match_property(struct matcher *m, const struct om__restriction *r)
{
    struct om_propval own;

    if (r->relop > RELOP_NE)
        m->code = LAB_NSPI_TOO_COMPLEX;
    if (m->code || !r->val)
        return false;
    if (OM_PROP_ID(r->tag) == ID_ANR)
        return match_anr(m, r);
    if (!value_of(m, r->tag, &own))
        return false;
    switch (OM_PROP_TYPE(own.tag)) {
    case PT_UNICODE:
        return match_text(m, r, own.v.utf8);
    case PT_LONG:
        return OM_PROP_TYPE(r->val->tag) == PT_LONG &&
               holds(r->relop, (int64_t)own.v.l - r->val->v.l);
    case PT_BOOLEAN:
        return OM_PROP_TYPE(r->val->tag) == PT_BOOLEAN &&
               holds(r->relop, (int64_t)own.v.b - r->val->v.b);
    case PT_BINARY:
        return OM_PROP_TYPE(r->val->tag) == PT_BINARY &&
               holds(r->relop, compare_bytes(&own.v.bin, &r->val->v.bin));
    case PT_MV_UNICODE:
        for (uint32_t i = 0; i < own.v.mv.count; i++)
            if (match_text(m, r, own.v.mv.str[i]))
                return true;
        return false;
    default:
        return false;
    }
}

static bool match_bitmask(struct matcher *m, const struct om__restriction *r)
{
    struct om_propval own;
    bool set;

    if (!value_of(m, r->tag, &own) || OM_PROP_TYPE(own.tag) != PT_LONG)
        return false;
    set = ((uint32_t)own.v.l & r->number) != 0;
    return r->relop == BMR_NEZ ? set : !set;
}

static bool match_list(struct matcher *m, const struct om__restriction *r, unsigned depth)
{
    bool all = r->type == RES_AND;

    for (uint32_t i = 0; i < r->count && !m->code; i++)
        if (matches(m, &r->sub[i], depth + 1) != all)
            return !all;
    return all;
}

static bool matches(struct matcher *m, const struct om__restriction *r, unsigned depth)
{
    struct om_propval own;

    if (depth > MAX_DEPTH)
        m->code = LAB_NSPI_TOO_COMPLEX;
    if (m->code)
        return false;
    switch (r->type) {
    case RES_AND:
    case RES_OR:
        return match_list(m, r, depth);
    case RES_NOT:
        return r->count == 1 && !matches(m, r->sub, depth + 1) && !m->code;
    case RES_CONTENT:
        return match_content(m, r);
    case RES_PROPERTY:
        return match_property(m, r);
    case RES_BITMASK:
        return match_bitmask(m, r);
    case RES_EXIST:
        return value_of(m, r->tag, &own);
    default:
        m->code = LAB_NSPI_TOO_COMPLEX;
        return false;
    }
}

bool lab_gal_matches(const struct lab_gal_view *view, const struct lab_user *u,
                     const struct om__restriction *filter, struct om_arena *a, uint32_t *code)
{
    struct matcher m = {view, u, a, 0};
    bool fits = matches(&m, filter, 0);

    if (m.code)
        *code = m.code;
    return fits && !m.code;
}
