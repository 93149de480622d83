/* SPDX-License-Identifier: MIT */
/* Names of property tags, both ways. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/nearest.h"
#include "codec/props.h"

struct tag_name {
    uint16_t id;
    uint16_t type;
    const char *name, *canonical; /* PR_..., PidTag... or NULL */
};

#define T(id, type, name, canonical) {id, PT_##type, name, canonical},
static const struct tag_name names[] = {
#include "codec/proptags_table.inc"
};
#undef T

#define COUNT (sizeof names / sizeof *names)

/* The first row of an id, or the row where it would stand. */
static size_t lower_bound(uint16_t id)
{
    size_t low = 0, high = COUNT;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (names[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static om_proptag tag_of(const struct tag_name *n)
{
    return OM_PROP_TAG(n->type, n->id);
}

const char *om_proptag_name(om_proptag tag)
{
    for (size_t i = lower_bound(OM_PROP_ID(tag)); i < COUNT && names[i].id == OM_PROP_ID(tag);
         i++) {
        if (om__proptag_match(tag_of(&names[i]), tag))
            return names[i].name;
    }
    return NULL;
}

/* Eight hexadecimal digits, with or without 0x. */
static bool parse_number(const char *text, om_proptag *tag)
{
    const char *digits = strncasecmp(text, "0x", 2) == 0 ? text + 2 : text;

    if (strspn(digits, "0123456789abcdefABCDEF") != 8 || digits[8])
        return false;
    *tag = (om_proptag)strtoul(digits, NULL, 16);
    return true;
}

static bool name_equal(const char *name, const char *text, size_t n)
{
    return name && strncasecmp(name, text, n) == 0 && name[n] == 0;
}

/* The table is short and a name is looked up once for each word a person types: one pass will do.
 */
static const struct tag_name *find_name(const char *text, size_t n)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (name_equal(names[i].name, text, n) || name_equal(names[i].canonical, text, n))
            return &names[i];
    }
    return NULL;
}

/* PR_..._A and PR_..._W of a string: the same property in 8-bit characters or Unicode. */
static const struct tag_name *find_with_width(const char *text, size_t n, uint16_t *type)
{
    const struct tag_name *found;
    char width = n > 2 && text[n - 2] == '_' ? (char)toupper((unsigned char)text[n - 1]) : 0;
    uint16_t single;

    if (width != 'A' && width != 'W')
        return NULL;
    found = find_name(text, n - 2);
    single = found ? found->type & (uint16_t)~OM_MV_FLAG : PT_UNSPECIFIED;
    if (single != PT_STRING8 && single != PT_UNICODE)
        return NULL;
    *type = (uint16_t)((found->type & OM_MV_FLAG) | (width == 'A' ? PT_STRING8 : PT_UNICODE));
    return found;
}

static om_status unknown(const char *text, struct om_error *err)
{
    struct om__nearest near;
    char list[160];

    om__nearest_init(&near, text);
    for (size_t i = 0; err && i < COUNT; i++) { /* the list is for who reads the error */
        om__nearest_offer(&near, names[i].name);
        if (names[i].canonical && strncasecmp(text, "Pid", 3) == 0)
            om__nearest_offer(&near, names[i].canonical);
    }
    om__nearest_format(&near, list, sizeof list);
    return om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_USAGE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
                    "no property is called \"%.64s\"%s", text, list);
}

om_status om_proptag_parse(const char *text, om_proptag *tag, struct om_error *err)
{
    const struct tag_name *found;
    size_t n = strlen(text);
    uint16_t type;

    if (parse_number(text, tag))
        return OM_OK;
    found = find_name(text, n);
    if (found) {
        *tag = tag_of(found);
        return OM_OK;
    }
    found = find_with_width(text, n, &type);
    if (found) {
        *tag = OM_PROP_TAG(type, found->id);
        return OM_OK;
    }
    return unknown(text, err);
}
