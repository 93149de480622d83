/* SPDX-License-Identifier: MIT */
/* Sections and their properties. */
#include "profile/store.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/guid.h"
#include "base/limits.h"
#include "base/mem.h"
#include "profile/tags.h"
#include "profile/value.h"

const struct om_uid om_uid_global_section = {{0x13, 0xDB, 0xB0, 0xC8, 0xAA, 0x05, 0x10, 0x1A, 0x9B,
                                              0xB0, 0x00, 0xAA, 0x00, 0x2F, 0xC4, 0x5A}};

om_status om__section_find(struct om_store *s, int64_t profile, const struct om_uid *uid,
                           int64_t *id, struct om_error *err)
{
    struct om__cell cell = {0};
    om_status st =
        om__store_run(s, err, om__row_cell, &cell,
                      "SELECT id FROM section WHERE profile = ? AND uid = ?", "iu", profile, uid);

    if (st == OM_OK)
        *id = cell.found ? cell.value : 0;
    return st;
}

om_status om__section_open(struct om_store *s, int64_t profile, const struct om_uid *uid,
                           int64_t service, int64_t *id, struct om_error *err)
{
    om_status st = om__section_find(s, profile, uid, id, err);

    if (st == OM_OK && *id == 0) {
        st = om__store_run(s, err, NULL, NULL,
                           "INSERT INTO section(profile, service, uid) VALUES (?, NULLIF(?, 0), ?)",
                           "iiu", profile, service, uid);
        *id = sqlite3_last_insert_rowid(s->db);
    } else if (st == OM_OK && service) {
        st = om__store_run(s, err, NULL, NULL, "UPDATE section SET service = ? WHERE id = ?", "ii",
                           service, *id);
    }
    return st;
}

/* ---- values ---- */

om_status om__prop_write(struct om_store *s, int64_t section, const struct om_propval *val,
                         struct om_error *err)
{
    struct om_wr w;
    om_status st;

    om_wr_init(&w, OM_MAX_PROFILE_VALUE);
    st = om__value_encode(val, &w, err);
    if (st == OM_OK)
        st = om__store_run(s, err, NULL, NULL,
                           "INSERT OR REPLACE INTO property(section, tag, value) VALUES (?, ?, ?)",
                           "iib", section, (int64_t)val->tag, (const void *)w.buf, w.len);
    om_wr_free(&w);
    return st;
}

om_status om_prop_set(struct om_store *s, const char *profile, const struct om_uid *section,
                      const struct om_propval *values, uint32_t count, struct om_error *err)
{
    om_status st = om_store_begin(s, err);
    int64_t id, section_id;

    if (st != OM_OK)
        return st;
    st = om__profile_id(s, profile, &id, err);
    if (st == OM_OK)
        st = om__section_open(s, id, section, 0, &section_id, err);
    for (uint32_t i = 0; i < count && st == OM_OK; i++)
        st = om__prop_write(s, section_id, &values[i], err);
    return om__store_end(s, st, err);
}

struct prop_list {
    struct om_props pub;
    struct om_arena arena;
    struct om__rows rows;
};

static om_status row_prop(void *ctx, sqlite3_stmt *row, struct om_error *err)
{
    struct prop_list *list = ctx;
    int64_t tag = sqlite3_column_int64(row, 0);
    const void *value = sqlite3_column_blob(row, 1);
    size_t size = (size_t)sqlite3_column_bytes(row, 1);
    struct om_propval *val = om__rows_add(&list->rows);
    om_status st;

    if (!val)
        return om__list_fail(&list->arena, err);
    if (tag < 0 || tag > UINT32_MAX)
        return om__store_damaged(err, "a property's tag is not valid");
    st = om__value_decode((om_proptag)tag, value, size, &list->arena, val, err);
    return st == MAPI_E_NOT_ENOUGH_MEMORY ? om__list_fail(&list->arena, err) : st;
}

static struct prop_list *prop_list_new(void)
{
    struct prop_list *list = om__calloc(1, sizeof *list);

    if (!list)
        return NULL;
    om__arena_init(&list->arena, OM_MAX_STORE_LIST);
    list->rows = (struct om__rows){.arena = &list->arena, .item_size = sizeof(struct om_propval)};
    return list;
}

void om_props_free(struct om_props *props)
{
    struct prop_list *list = (struct prop_list *)props;

    if (list)
        om__arena_free(&list->arena);
    om__free(list);
}

om_status om_section_read(struct om_store *s, const char *profile, const struct om_uid *section,
                          struct om_props **out, struct om_error *err)
{
    struct prop_list *list = prop_list_new();
    om_status st;
    int64_t id;

    if (!list)
        return om__fail_memory(err, "properties");
    st = om__store_snapshot(s, err);
    if (st == OM_OK) {
        st = om__profile_id(s, profile, &id, err);
        if (st == OM_OK)
            st = om__store_run(
                s, err, row_prop, list,
                "SELECT p.tag, p.value FROM property p JOIN section c ON p.section = c.id"
                " WHERE c.profile = ? AND c.uid = ? ORDER BY p.tag",
                "iu", id, section);
        st = om__store_end(s, st, err);
    }
    list->pub.count = list->rows.count;
    list->pub.items = list->rows.items;
    if (st == OM_OK)
        *out = &list->pub;
    else
        om_props_free(&list->pub);
    return st;
}

/* ---- finding ---- */

/* The same identifier as the other string type, single or multiple; the tag itself where there is
 * none. */
static om_proptag other_string(om_proptag tag)
{
    uint16_t base = OM_PROP_TYPE(tag) & (uint16_t)~OM_MV_FLAG;

    return base == PT_STRING8 || base == PT_UNICODE ? tag ^ (PT_STRING8 ^ PT_UNICODE) : tag;
}

const struct om_propval *om_props_find(const struct om_props *props, om_proptag tag)
{
    const struct om_propval *second = NULL;
    bool any = OM_PROP_TYPE(tag) == PT_UNSPECIFIED;

    for (uint32_t i = 0; i < props->count; i++) {
        const struct om_propval *val = &props->items[i];

        if (val->tag == tag || (any && OM_PROP_ID(val->tag) == OM_PROP_ID(tag)))
            return val;
        if (val->tag == other_string(tag))
            second = val;
    }
    return second;
}

const char *om_props_string(const struct om_props *props, om_proptag tag)
{
    const struct om_propval *val = om_props_find(props, tag);

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

bool om_props_long(const struct om_props *props, om_proptag tag, uint32_t *value)
{
    const struct om_propval *val = om_props_find(props, OM_PROP_TAG(PT_LONG, OM_PROP_ID(tag)));

    if (!val)
        return false;
    *value = (uint32_t)val->v.l;
    return true;
}

static om_status no_such_prop(const struct om_uid *section, om_proptag tag, struct om_error *err)
{
    const char *name = om_proptag_name(tag);
    char uid[OM_UID_TEXT];

    om__uid_format(section, uid);
    return om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_PROFILE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
                    "section %s has no %s (0x%08X)", uid, name ? name : "such property",
                    (unsigned)tag);
}

om_status om_prop_get(struct om_store *s, const char *profile, const struct om_uid *section,
                      om_proptag tag, struct om_props **out, struct om_error *err)
{
    const struct om_propval *val;
    struct om_props *props;
    om_status st = om_section_read(s, profile, section, &props, err);

    if (st != OM_OK)
        return st;
    val = om_props_find(props, tag);
    if (!val) {
        om_props_free(props);
        return no_such_prop(section, tag, err);
    }
    props->items = val;
    props->count = 1;
    *out = props;
    return OM_OK;
}

static om_status delete_prop(struct om_store *s, const char *profile, const struct om_uid *section,
                             om_proptag tag, struct om_error *err)
{
    struct om_props *props;
    int64_t id, section_id;
    om_proptag found;
    om_status st = om_prop_get(s, profile, section, tag, &props, err);

    if (st != OM_OK)
        return st;
    found = props->items[0].tag;
    om_props_free(props);
    st = om__profile_id(s, profile, &id, err);
    if (st == OM_OK)
        st = om__section_find(s, id, section, &section_id, err);
    if (st == OM_OK)
        st = om__store_run(s, err, NULL, NULL, "DELETE FROM property WHERE section = ? AND tag = ?",
                           "ii", section_id, (int64_t)found);
    return st;
}

om_status om_prop_delete(struct om_store *s, const char *profile, const struct om_uid *section,
                         om_proptag tag, struct om_error *err)
{
    om_status st = om_store_begin(s, err);

    return st == OM_OK ? om__store_end(s, delete_prop(s, profile, section, tag, err), err) : st;
}

/* ---- listing and naming sections ---- */

struct section_list {
    struct om_sections pub;
    struct om_arena arena;
    struct om__rows rows;
};

static om_status row_section(void *ctx, sqlite3_stmt *row, struct om_error *err)
{
    struct section_list *list = ctx;
    struct om_section_info *info = om__rows_add(&list->rows);
    om_status st;

    if (!info)
        return om__list_fail(&list->arena, err);
    st = om__column_uid(row, 0, &info->uid, err);
    info->name = om__column_text(row, 1, &list->arena);
    if (st == OM_OK && om__uid_equal(&info->uid, &om_uid_global_section))
        info->name = "global";
    info->properties = (uint32_t)sqlite3_column_int64(row, 2);
    return st == OM_OK && !info->name ? om__list_fail(&list->arena, err) : st;
}

om_status om_section_list(struct om_store *s, const char *profile, struct om_sections **out,
                          struct om_error *err)
{
    struct section_list *list = om__calloc(1, sizeof *list);
    om_status st;
    int64_t id;

    if (!list)
        return om__fail_memory(err, "the list of sections");
    om__arena_init(&list->arena, OM_MAX_STORE_LIST);
    list->rows =
        (struct om__rows){.arena = &list->arena, .item_size = sizeof(struct om_section_info)};
    st = om__store_snapshot(s, err);
    if (st == OM_OK) {
        st = om__profile_id(s, profile, &id, err);
        if (st == OM_OK)
            st = om__store_run(
                s, err, row_section, list,
                "SELECT c.uid, coalesce("
                " (SELECT name FROM provider p WHERE p.uid = c.uid),"
                " (SELECT name FROM service v WHERE v.uid = c.uid AND v.profile = c.profile)),"
                " (SELECT count(*) FROM property q WHERE q.section = c.id)"
                " FROM section c WHERE c.profile = ? ORDER BY c.id",
                "i", id);
        st = om__store_end(s, st, err);
    }
    list->pub.count = list->rows.count;
    list->pub.items = list->rows.items;
    if (st == OM_OK)
        *out = &list->pub;
    else
        om_sections_free(&list->pub);
    return st;
}

void om_sections_free(struct om_sections *sections)
{
    struct section_list *list = (struct section_list *)sections;

    if (list)
        om__arena_free(&list->arena);
    om__free(list);
}

/* PR_EMSMDB_SECTION_UID of the MSEMS service's own section, if that is 16 bytes. */
static om_status resolve_global(struct om_store *s, const char *profile,
                                const struct om_sections *sections, struct om_uid *uid,
                                struct om_error *err)
{
    om_status st = OM_OK;

    *uid = om_uid_global_section;
    for (uint32_t i = 0; i < sections->count && st == OM_OK; i++) {
        const struct om_propval *val;
        struct om_props *props;

        if (strcasecmp(sections->items[i].name, "MSEMS") != 0)
            continue;
        st = om_section_read(s, profile, &sections->items[i].uid, &props, err);
        if (st != OM_OK)
            break;
        val = om_props_find(props, PR_EMSMDB_SECTION_UID);
        if (val && val->v.bin.cb == sizeof uid->ab)
            memcpy(uid->ab, val->v.bin.pb, sizeof uid->ab);
        om_props_free(props);
        break;
    }
    return st;
}

static om_status no_such_section(const struct om_sections *sections, const char *text,
                                 struct om_error *err)
{
    char names[160] = "global";
    size_t used = strlen(names);

    for (uint32_t i = 0; i < sections->count && used < sizeof names; i++) {
        const char *name = sections->items[i].name;
        if (*name && strcmp(name, "global") != 0)
            used += (size_t)snprintf(names + used, sizeof names - used, ", %s", name);
    }
    return om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_PROFILE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
                    "no section \"%.40s\"; there are: %s", text, names);
}

static om_status resolve(struct om_store *s, const char *profile,
                         const struct om_sections *sections, const char *text, struct om_uid *uid,
                         struct om_error *err)
{
    const struct om_section_info *found = NULL;

    if (om__uid_parse(text, uid)) /* also one that is not there yet */
        return OM_OK;
    if (strcasecmp(text, "global") == 0)
        return resolve_global(s, profile, sections, uid, err);
    for (uint32_t i = 0; i < sections->count; i++) {
        if (!*text || strcasecmp(sections->items[i].name, text) != 0)
            continue;
        if (found)
            return om__fail(err, MAPI_E_AMBIGUOUS_RECIP, OM_LAYER_PROFILE, OM_CAUSE_AMBIGUOUS,
                            OM_NATIVE_NONE, 0, "the profile has more than one section \"%.40s\"",
                            text);
        found = &sections->items[i];
    }
    if (!found)
        return no_such_section(sections, text, err);
    *uid = found->uid;
    return OM_OK;
}

om_status om_section_resolve(struct om_store *s, const char *profile, const char *text,
                             struct om_uid *uid, struct om_error *err)
{
    struct om_sections *sections;
    struct om_uid found;
    om_status st = om__store_snapshot(s, err);

    if (st != OM_OK)
        return st;
    st = om_section_list(s, profile, &sections, err);
    if (st == OM_OK) {
        st = resolve(s, profile, sections, text, &found, err);
        om_sections_free(sections);
    }
    st = om__store_end(s, st, err);
    if (st == OM_OK)
        *uid = found;
    return st;
}
