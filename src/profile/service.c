/* SPDX-License-Identifier: MIT */
/* Message services and their providers: added from a description, listed, deleted. */
#include "profile/store.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/guid.h"
#include "base/mem.h"
#include "profile/describe.h"
#include "profile/tags.h"

#define MV_MAX 8 /* values of one PT_MV_STRING8 of a description */

/* ---- adding ---- */

static om_status write_mv(struct om_store *s, int64_t section, const struct om__describe_prop *p,
                          struct om_error *err)
{
    char copy[128], *save = NULL;
    const char *values[MV_MAX];
    struct om_propval val = {.tag = p->tag, .v.mv = {.str = values}};

    snprintf(copy, sizeof copy, "%s", p->text);
    for (char *word = strtok_r(copy, ",", &save); word && val.v.mv.count < MV_MAX;
         word = strtok_r(NULL, ",", &save))
        values[val.v.mv.count++] = word;
    return om__prop_write(s, section, &val, err);
}

static om_status write_described(struct om_store *s, int64_t section,
                                 const struct om__describe_prop *p, struct om_error *err)
{
    struct om_propval val = {.tag = p->tag};
    uint8_t bytes[16];

    switch (OM_PROP_TYPE(p->tag)) {
    case PT_LONG:
        val.v.l = (int32_t)p->number;
        break;
    case PT_STRING8:
        val.v.str8 = p->text;
        break;
    case PT_MV_STRING8:
        return write_mv(s, section, p, err);
    default:
        om__hex_parse(p->text, sizeof bytes, bytes);
        val.v.bin.cb = sizeof bytes;
        val.v.bin.pb = bytes;
        break;
    }
    return om__prop_write(s, section, &val, err);
}

/* A section with all that the description says under `name`. */
static om_status add_section(struct om_store *s, int64_t profile, int64_t service,
                             const struct om_uid *uid, const struct om__describe_service *d,
                             const char *name, int64_t *section, struct om_error *err)
{
    om_status st = om__section_open(s, profile, uid, service, section, err);

    for (size_t i = 0; i < d->prop_count && st == OM_OK; i++) {
        if (strcmp(d->props[i].section, name) == 0)
            st = write_described(s, *section, &d->props[i], err);
    }
    return st;
}

static om_status new_uid(struct om_uid *uid, struct om_error *err)
{
    if (om__random(uid->ab, sizeof uid->ab))
        return OM_OK;
    return om__fail(err, MAPI_E_CALL_FAILED, OM_LAYER_SYSTEM, OM_CAUSE_IO, OM_NATIVE_NONE, 0,
                    "the kernel gave no random bytes");
}

static om_status write_uid(struct om_store *s, int64_t section, om_proptag tag,
                           const struct om_uid *uid, struct om_error *err)
{
    struct om_propval val = {.tag = tag, .v.bin = {sizeof uid->ab, uid->ab}};

    return om__prop_write(s, section, &val, err);
}

static om_status write_name(struct om_store *s, int64_t section, const char *service,
                            struct om_error *err)
{
    struct om_propval val = {.tag = PR_SERVICE_NAME, .v.str8 = service};

    return om__prop_write(s, section, &val, err);
}

static om_status add_provider(struct om_store *s, int64_t profile, int64_t service,
                              const struct om_uid *service_uid,
                              const struct om__describe_service *d, const char *name,
                              struct om_error *err)
{
    struct om_uid uid;
    int64_t section;
    om_status st = new_uid(&uid, err);

    if (st == OM_OK)
        st = om__store_run(s, err, NULL, NULL,
                           "INSERT INTO provider(service, uid, name) VALUES (?, ?, ?)", "iut",
                           service, &uid, name);
    if (st == OM_OK)
        st = add_section(s, profile, service, &uid, d, name, &section, err);
    if (st == OM_OK)
        st = write_uid(s, section, PR_PROVIDER_UID, &uid, err);
    if (st == OM_OK)
        st = write_uid(s, section, PR_SERVICE_UID, service_uid, err);
    if (st == OM_OK)
        st = write_name(s, section, d->name, err);
    return st;
}

static om_status add_parts(struct om_store *s, int64_t profile,
                           const struct om__describe_service *d, const struct om_uid *uid,
                           struct om_error *err)
{
    int64_t service, section;
    om_status st = om__store_run(s, err, NULL, NULL,
                                 "INSERT INTO service(profile, uid, name) VALUES (?, ?, ?)", "iut",
                                 profile, uid, d->name);

    service = sqlite3_last_insert_rowid(s->db);
    if (st == OM_OK)
        st = add_section(s, profile, service, uid, d, d->name, &section, err);
    if (st == OM_OK)
        st = write_uid(s, section, PR_SERVICE_UID, uid, err);
    if (st == OM_OK)
        st = write_name(s, section, d->name, err);
    for (size_t i = 0; d->providers[i] && st == OM_OK; i++)
        st = add_provider(s, profile, service, uid, d, d->providers[i], err);
    for (size_t i = 0; d->sections[i] && st == OM_OK; i++)
        st =
            add_section(s, profile, service, &d->section_uids[i], d, d->sections[i], &section, err);
    return st;
}

/* SERVICE_SINGLE_COPY: MAPI refuses the second one with MAPI_E_NO_ACCESS. */
static om_status check_copies(struct om_store *s, int64_t profile,
                              const struct om__describe_service *d, struct om_error *err)
{
    struct om__cell cell = {0};
    om_status st;

    if (!(om__describe_long(d, d->name, PR_RESOURCE_FLAGS) & SERVICE_SINGLE_COPY))
        return OM_OK;
    st = om__store_run(s, err, om__row_cell, &cell,
                       "SELECT 1 FROM service WHERE profile = ? AND name = ?", "it", profile,
                       d->name);
    if (st == OM_OK && cell.found)
        st =
            om__fail(err, MAPI_E_NO_ACCESS, OM_LAYER_PROFILE, OM_CAUSE_EXISTS, OM_NATIVE_NONE, 0,
                     "the profile has the service %s already, and it is marked SERVICE_SINGLE_COPY",
                     d->name);
    return st;
}

om_status om_service_add(struct om_store *s, const char *profile, const char *service,
                         struct om_uid *uid, struct om_error *err)
{
    const struct om__describe_service *d = om__describe_find(service);
    struct om_uid made;
    om_status st = om_store_begin(s, err);
    int64_t id;

    if (st != OM_OK)
        return st;
    st = om__profile_id(s, profile, &id, err);
    if (st == OM_OK && !d)
        st = om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_PROFILE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE,
                      0, "no message service \"%.40s\" is known; known: %s", service,
                      om__describe_names());
    if (st == OM_OK)
        st = check_copies(s, id, d, err);
    if (st == OM_OK)
        st = new_uid(&made, err);
    if (st == OM_OK)
        st = add_parts(s, id, d, &made, err);
    st = om__store_end(s, st, err);
    if (st == OM_OK && uid)
        *uid = made;
    return st;
}

om_status om_service_delete(struct om_store *s, const char *profile, const struct om_uid *uid,
                            struct om_error *err)
{
    om_status st = om_store_begin(s, err);
    char text[OM_UID_TEXT];
    int64_t id;

    if (st != OM_OK)
        return st;
    st = om__profile_id(s, profile, &id, err);
    if (st == OM_OK)
        st = om__store_run(s, err, NULL, NULL, "DELETE FROM service WHERE profile = ? AND uid = ?",
                           "iu", id, uid);
    om__uid_format(uid, text);
    if (st == OM_OK && sqlite3_changes(s->db) == 0)
        st = om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_PROFILE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE,
                      0, "the profile has no service %s", text);
    return om__store_end(s, st, err);
}

/* ---- listing ---- */

/* Any list of this file: the public structure first, its items and what they point to in the arena.
 */
struct list {
    union {
        struct om_services services;
        struct om_providers providers;
    } pub;
    struct om_arena arena;
    struct om__rows rows;
};

static struct list *list_new(size_t item_size)
{
    struct list *list = om__calloc(1, sizeof *list);

    if (!list)
        return NULL;
    om__arena_init(&list->arena, OM_MAX_STORE_LIST);
    list->rows = (struct om__rows){.arena = &list->arena, .item_size = item_size};
    return list;
}

static void list_free(struct list *list)
{
    if (list)
        om__arena_free(&list->arena);
    om__free(list);
}

static om_status list_read(struct om_store *s, const char *profile, struct list *list,
                           om__row_fn *row, const char *sql, struct om_error *err)
{
    om_status st = om__store_snapshot(s, err);
    int64_t id;

    if (st != OM_OK)
        return st;
    st = om__profile_id(s, profile, &id, err);
    if (st == OM_OK)
        st = om__store_run(s, err, row, list, sql, "iiiii", id, (int64_t)PR_DISPLAY_NAME,
                           (int64_t)(PR_DISPLAY_NAME ^ (PT_STRING8 ^ PT_UNICODE)),
                           (int64_t)PR_RESOURCE_TYPE, (int64_t)PR_RESOURCE_FLAGS);
    return om__store_end(s, st, err);
}

/* A property of the section whose UID is X.uid, as a column. */
#define PROPERTY(owner, tag)                                                                       \
    "(SELECT q.value FROM property q JOIN section c ON q.section = c.id"                           \
    " WHERE c.profile = ?1 AND c.uid = " owner ".uid AND q.tag = " tag ")"

static om_status row_service(void *ctx, sqlite3_stmt *row, struct om_error *err)
{
    struct list *list = ctx;
    struct om_service_info *info = om__rows_add(&list->rows);
    om_status st;

    if (!info)
        return om__list_fail(&list->arena, err);
    st = om__column_uid(row, 0, &info->uid, err);
    info->name = om__column_text(row, 1, &list->arena);
    info->display_name = om__column_text(row, 2, &list->arena);
    info->providers = (uint32_t)sqlite3_column_int64(row, 3);
    return st == OM_OK && list->arena.failed ? om__list_fail(&list->arena, err) : st;
}

om_status om_service_list(struct om_store *s, const char *profile, struct om_services **out,
                          struct om_error *err)
{
    struct list *list = list_new(sizeof(struct om_service_info));
    om_status st;

    if (!list)
        return om__fail_memory(err, "the list of services");
    st =
        list_read(s, profile, list, row_service,
                  "SELECT v.uid, v.name, coalesce(" PROPERTY("v", "?2") ", " PROPERTY(
                      "v", "?3") "),"
                                 " (SELECT count(*) FROM provider p WHERE p.service = v.id), ?4, ?5"
                                 " FROM service v WHERE v.profile = ?1 ORDER BY v.id",
                  err);
    if (st != OM_OK) {
        list_free(list);
        return st;
    }
    list->pub.services.count = list->rows.count;
    list->pub.services.items = list->rows.items;
    *out = &list->pub.services;
    return OM_OK;
}

void om_services_free(struct om_services *services)
{
    list_free((struct list *)services);
}

/* A PT_LONG as the store keeps it. */
static uint32_t column_long(sqlite3_stmt *row, int column)
{
    const uint8_t *p = sqlite3_column_blob(row, column);

    if (!p || sqlite3_column_bytes(row, column) != 4)
        return 0;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static om_status row_provider(void *ctx, sqlite3_stmt *row, struct om_error *err)
{
    struct list *list = ctx;
    struct om_provider_info *info = om__rows_add(&list->rows);
    om_status st;

    if (!info)
        return om__list_fail(&list->arena, err);
    st = om__column_uid(row, 0, &info->uid, err);
    if (st == OM_OK)
        st = om__column_uid(row, 1, &info->service, err);
    info->name = om__column_text(row, 2, &list->arena);
    info->display_name = om__column_text(row, 3, &list->arena);
    info->resource_type = column_long(row, 4);
    info->resource_flags = column_long(row, 5);
    return st == OM_OK && list->arena.failed ? om__list_fail(&list->arena, err) : st;
}

om_status om_provider_list(struct om_store *s, const char *profile, struct om_providers **out,
                           struct om_error *err)
{
    struct list *list = list_new(sizeof(struct om_provider_info));
    om_status st;

    if (!list)
        return om__fail_memory(err, "the list of providers");
    st = list_read(
        s, profile, list, row_provider,
        "SELECT p.uid, v.uid, p.name, coalesce(" PROPERTY("p", "?2") ", " PROPERTY(
            "p", "?3") "), " PROPERTY("p",
                                      "?4") ", " PROPERTY("p",
                                                          "?5") " FROM provider p JOIN service v "
                                                                "ON p.service = v.id WHERE "
                                                                "v.profile = ?1 ORDER BY p.id",
        err);
    if (st != OM_OK) {
        list_free(list);
        return st;
    }
    list->pub.providers.count = list->rows.count;
    list->pub.providers.items = list->rows.items;
    *out = &list->pub.providers;
    return OM_OK;
}

void om_providers_free(struct om_providers *providers)
{
    list_free((struct list *)providers);
}
