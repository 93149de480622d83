/* SPDX-License-Identifier: MIT */
/* Profiles: the rows everything else hangs from. */
#include "profile/store.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/guid.h"
#include "base/mem.h"

static const char *const mode_names[] = {
    [OM_ROUTING_SMART] = "smart",
    [OM_ROUTING_CDO] = "cdo",
    [OM_ROUTING_CDO_8309] = "cdo-8309",
};

const char *om_routing_mode_name(enum om_routing_mode mode)
{
    return (unsigned)mode < OM_ROUTING_MODES_ ? mode_names[mode] : "unknown";
}

bool om_routing_mode_parse(const char *name, enum om_routing_mode *mode)
{
    for (unsigned i = 0; i < OM_ROUTING_MODES_; i++) {
        if (strcasecmp(name, mode_names[i]) == 0) {
            *mode = (enum om_routing_mode)i;
            return true;
        }
    }
    return false;
}

/* ---- names ---- */

/* Length of the UTF-8 sequence at s; 0: none, or a control character, or a separator of paths. */
static size_t name_char(const unsigned char *s)
{
    size_t n = s[0] < 0x80                   ? 1
               : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
               : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
               : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                             : 0;

    if (n == 1 && (s[0] < 0x20 || s[0] == 0x7F || s[0] == '/' || s[0] == '\\'))
        return 0;
    if (n == 2 && s[0] == 0xC2 && s[1] < 0xA0)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    return n;
}

static om_status check_name(const char *name, struct om_error *err)
{
    const unsigned char *s = (const unsigned char *)name;
    const char *why = !*name                               ? "is empty"
                      : strlen(name) > OM_PROFILE_NAME_MAX ? "is longer than 255 bytes"
                                                           : NULL;

    while (!why && *s) {
        size_t n = name_char(s);
        if (n == 0)
            why = "has a control character, '/', '\\' or a byte that is no UTF-8 in it";
        s += n;
    }
    return why ? om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_PROFILE, OM_CAUSE_BAD_ARGUMENT,
                          OM_NATIVE_NONE, 0, "the profile's name %s", why)
               : OM_OK;
}

static om_status lookup(struct om_store *s, const char *name, struct om__cell *id,
                        struct om_error *err)
{
    *id = (struct om__cell){0};
    if (!name)
        return om__store_run(s, err, om__row_cell, id,
                             "SELECT id FROM profile WHERE is_default = 1", "");
    return om__store_run(s, err, om__row_cell, id, "SELECT id FROM profile WHERE name = ?", "t",
                         name);
}

om_status om__profile_id(struct om_store *s, const char *profile, int64_t *id, struct om_error *err)
{
    struct om__cell cell;
    om_status st = lookup(s, profile, &cell, err);

    if (st != OM_OK)
        return st;
    *id = cell.value;
    if (cell.found)
        return OM_OK;
    if (!profile)
        return om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_PROFILE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE,
                        0, "no profile was named and none is the default");
    return om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_PROFILE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
                    "there is no profile \"%.100s\"", profile);
}

static om_status check_free(struct om_store *s, const char *name, int64_t but, struct om_error *err)
{
    struct om__cell cell;
    om_status st = check_name(name, err);

    if (st == OM_OK)
        st = lookup(s, name, &cell, err);
    if (st == OM_OK && cell.found && cell.value != but)
        st = om__fail(err, MAPI_E_COLLISION, OM_LAYER_PROFILE, OM_CAUSE_EXISTS, OM_NATIVE_NONE, 0,
                      "there is a profile \"%.100s\" already", name);
    return st;
}

/* ---- reading ---- */

#define INFO_COLUMNS                                                                               \
    "SELECT p.name, p.is_default, p.mode,"                                                         \
    " (SELECT count(*) FROM service s WHERE s.profile = p.id) FROM profile p "

static om_status row_info(sqlite3_stmt *row, struct om_profile_info *info, struct om_error *err)
{
    const char *name = (const char *)sqlite3_column_text(row, 0);
    const char *mode = (const char *)sqlite3_column_text(row, 2);

    *info = (struct om_profile_info){0};
    if (!name || strlen(name) > OM_PROFILE_NAME_MAX || !mode ||
        !om_routing_mode_parse(mode, &info->mode))
        return om__store_damaged(err, "a profile's name or mode is not valid");
    memcpy(info->name, name, strlen(name));
    info->is_default = sqlite3_column_int(row, 1) != 0;
    info->services = (uint32_t)sqlite3_column_int64(row, 3);
    return OM_OK;
}

struct profile_list {
    struct om_profiles pub;
    struct om_arena arena;
    struct om__rows rows;
};

static om_status row_list(void *ctx, sqlite3_stmt *row, struct om_error *err)
{
    struct profile_list *list = ctx;
    struct om_profile_info *info = om__rows_add(&list->rows);

    return info ? row_info(row, info, err) : om__list_fail(&list->arena, err);
}

om_status om_profile_list(struct om_store *s, struct om_profiles **out, struct om_error *err)
{
    struct profile_list *list = om__calloc(1, sizeof *list);
    om_status st;

    if (!list)
        return om__fail_memory(err, "the list of profiles");
    om__arena_init(&list->arena, OM_MAX_STORE_LIST);
    list->rows =
        (struct om__rows){.arena = &list->arena, .item_size = sizeof(struct om_profile_info)};
    st = om__store_run(s, err, row_list, list, INFO_COLUMNS "ORDER BY p.name", "");
    if (st != OM_OK) {
        om_profiles_free(&list->pub);
        return st;
    }
    list->pub.count = list->rows.count;
    list->pub.items = list->rows.items;
    *out = &list->pub;
    return OM_OK;
}

void om_profiles_free(struct om_profiles *profiles)
{
    struct profile_list *list = (struct profile_list *)profiles;

    if (list)
        om__arena_free(&list->arena);
    om__free(list);
}

static om_status row_find(void *ctx, sqlite3_stmt *row, struct om_error *err)
{
    return row_info(row, ctx, err);
}

om_status om_profile_find(struct om_store *s, const char *profile, struct om_profile_info *out,
                          struct om_error *err)
{
    struct om_profile_info info = {0};
    om_status st = om__store_snapshot(s, err);
    int64_t id;

    if (st != OM_OK)
        return st;
    st = om__profile_id(s, profile, &id, err);
    if (st == OM_OK)
        st = om__store_run(s, err, row_find, &info, INFO_COLUMNS "WHERE p.id = ?", "i", id);
    st = om__store_end(s, st, err);
    if (st == OM_OK)
        *out = info;
    return st;
}

/* ---- changing ---- */

static om_status create(struct om_store *s, const char *name, struct om_error *err)
{
    om_status st = check_free(s, name, 0, err);

    if (st != OM_OK)
        return st;
    return om__store_run(s, err, NULL, NULL,
                         "INSERT INTO profile(name, mode, is_default)"
                         " SELECT ?, 'smart', NOT EXISTS (SELECT 1 FROM profile)",
                         "t", name);
}

om_status om_profile_create(struct om_store *s, const char *profile, struct om_error *err)
{
    om_status st = om_store_begin(s, err);

    return st == OM_OK ? om__store_end(s, create(s, profile, err), err) : st;
}

/* One statement on one profile, in a transaction of its own. */
static om_status change(struct om_store *s, const char *profile, const char *sql,
                        struct om_error *err)
{
    om_status st = om_store_begin(s, err);
    int64_t id;

    if (st != OM_OK)
        return st;
    st = om__profile_id(s, profile, &id, err);
    if (st == OM_OK)
        st = om__store_run(s, err, NULL, NULL, sql, "i", id);
    return om__store_end(s, st, err);
}

om_status om_profile_delete(struct om_store *s, const char *profile, struct om_error *err)
{
    return change(s, profile, "DELETE FROM profile WHERE id = ?", err);
}

om_status om_profile_set_default(struct om_store *s, const char *profile, struct om_error *err)
{
    om_status st = om_store_begin(s, err);

    if (st != OM_OK)
        return st;
    /* two steps: the index allows one default at every moment */
    st = change(s, profile, "UPDATE profile SET is_default = 0 WHERE is_default = 1 AND id <> ?",
                err);
    if (st == OM_OK)
        st = change(s, profile, "UPDATE profile SET is_default = 1 WHERE id = ?", err);
    return om__store_end(s, st, err);
}

om_status om_profile_set_mode(struct om_store *s, const char *profile, enum om_routing_mode mode,
                              struct om_error *err)
{
    om_status st = om_store_begin(s, err);
    int64_t id;

    if (st != OM_OK)
        return st;
    st = om__profile_id(s, profile, &id, err);
    if (st == OM_OK)
        st = om__store_run(s, err, NULL, NULL, "UPDATE profile SET mode = ? WHERE id = ?", "ti",
                           om_routing_mode_name(mode), id);
    return om__store_end(s, st, err);
}

om_status om_profile_rename(struct om_store *s, const char *profile, const char *name,
                            struct om_error *err)
{
    om_status st = om_store_begin(s, err);
    int64_t id;

    if (st != OM_OK)
        return st;
    st = om__profile_id(s, profile, &id, err);
    if (st == OM_OK)
        st = check_free(s, name, id, err); /* its own name in another case is fine */
    if (st == OM_OK)
        st = om__store_run(s, err, NULL, NULL, "UPDATE profile SET name = ? WHERE id = ?", "ti",
                           name, id);
    return om__store_end(s, st, err);
}

/* ---- copying ---- */

/*
 * Row by row into the new profile; `map` remembers which service became which. UIDs that MAPI made
 * for a service or provider are made anew; a section that is neither's (the global one) keeps its
 * own.
 */
static const char *const copy_steps[] = {
    "CREATE TEMP TABLE IF NOT EXISTS uid_map (old BLOB PRIMARY KEY, new BLOB NOT NULL)",
    "DELETE FROM uid_map",
    "INSERT OR IGNORE INTO uid_map SELECT uid, randomblob(16) FROM service WHERE profile = ?1",
    "INSERT OR IGNORE INTO uid_map SELECT p.uid, randomblob(16) FROM provider p"
    " JOIN service s ON p.service = s.id WHERE s.profile = ?1",
    "INSERT INTO service(profile, uid, name) SELECT ?2, m.new, s.name FROM service s"
    " JOIN uid_map m ON m.old = s.uid WHERE s.profile = ?1 ORDER BY s.id",
    "INSERT INTO provider(service, uid, name) SELECT n.id, mp.new, p.name FROM provider p"
    " JOIN service s ON p.service = s.id JOIN uid_map ms ON ms.old = s.uid"
    " JOIN service n ON n.profile = ?2 AND n.uid = ms.new JOIN uid_map mp ON mp.old = p.uid"
    " WHERE s.profile = ?1 ORDER BY p.id",
    "INSERT INTO section(profile, service, uid) SELECT ?2, n.id, coalesce(m.new, c.uid) FROM "
    "section c"
    " LEFT JOIN service s ON c.service = s.id LEFT JOIN uid_map ms ON ms.old = s.uid"
    " LEFT JOIN service n ON n.profile = ?2 AND n.uid = ms.new"
    " LEFT JOIN uid_map m ON m.old = c.uid WHERE c.profile = ?1 ORDER BY c.id",
    /* a property that holds one of those UIDs, such as PR_SERVICE_UID, follows */
    "INSERT INTO property(section, tag, value) SELECT n.id, p.tag, coalesce(v.new, p.value)"
    " FROM property p JOIN section c ON p.section = c.id LEFT JOIN uid_map m ON m.old = c.uid"
    " JOIN section n ON n.profile = ?2 AND n.uid = coalesce(m.new, c.uid)"
    " LEFT JOIN uid_map v ON v.old = p.value WHERE c.profile = ?1",
    "UPDATE profile SET mode = (SELECT mode FROM profile WHERE id = ?1) WHERE id = ?2",
    "DELETE FROM uid_map",
};

static om_status copy(struct om_store *s, const char *profile, const char *name,
                      struct om_error *err)
{
    int64_t from, to;
    om_status st = om__profile_id(s, profile, &from, err);

    if (st == OM_OK)
        st = create(s, name, err);
    if (st == OM_OK)
        st = om__profile_id(s, name, &to, err);
    for (size_t i = 0; i < sizeof copy_steps / sizeof *copy_steps && st == OM_OK; i++) {
        bool second = strstr(copy_steps[i], "?2"), first = strstr(copy_steps[i], "?1");
        st = om__store_run(s, err, NULL, NULL, copy_steps[i],
                           second  ? "ii"
                           : first ? "i"
                                   : "",
                           from, to);
    }
    return st;
}

om_status om_profile_copy(struct om_store *s, const char *profile, const char *name,
                          struct om_error *err)
{
    om_status st = om_store_begin(s, err);

    return st == OM_OK ? om__store_end(s, copy(s, profile, name, err), err) : st;
}
