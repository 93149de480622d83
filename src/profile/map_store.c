/* SPDX-License-Identifier: MIT */
/* The values of RpcHttpProxyMap in the store. */
#include "profile/map.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "profile/store.h"

#define PREFIX         "RpcHttpProxyMap"
#define NAME_MAX_BYTES 255

struct values_impl {
    struct om_map_values pub;
    struct om_arena arena;
    struct om__rows rows;
};

static om_status row_value(void *ctx, sqlite3_stmt *row, struct om_error *err)
{
    struct values_impl *list = ctx;
    struct om_map_value *value = om__rows_add(&list->rows);
    const void *data = sqlite3_column_blob(row, 1);
    size_t size = (size_t)sqlite3_column_bytes(row, 1);
    char *copy = om__arena_alloc(&list->arena, size + 1);

    if (!value || !copy)
        return om__list_fail(&list->arena, err);
    if (size)
        memcpy(copy, data, size);
    value->name = om__column_text(row, 0, &list->arena);
    value->data = copy;
    value->size = size;
    return value->name ? OM_OK : om__list_fail(&list->arena, err);
}

om_status om_map_list(struct om_store *s, struct om_map_values **out, struct om_error *err)
{
    struct values_impl *list = om__calloc(1, sizeof *list);
    om_status st;

    if (!list)
        return om__fail_memory(err, "the proxy map's values");
    om__arena_init(&list->arena, OM_MAX_STORE_LIST);
    list->rows = (struct om__rows){.arena = &list->arena, .item_size = sizeof(struct om_map_value)};
    st = om__store_run(s, err, row_value, list, "SELECT name, data FROM map_value ORDER BY name",
                       "");
    if (st != OM_OK) {
        om_map_values_free(&list->pub);
        return st;
    }
    list->pub.count = list->rows.count;
    list->pub.items = list->rows.items;
    *out = &list->pub;
    return OM_OK;
}

void om_map_values_free(struct om_map_values *values)
{
    struct values_impl *list = (struct values_impl *)values;

    if (list)
        om__arena_free(&list->arena);
    om__free(list);
}

om_status om_map_load(struct om_store *s, struct om_map **out, struct om_error *err)
{
    struct om_map_values *values;
    om_status st = om_map_list(s, &values, err);

    if (st != OM_OK)
        return st;
    st = om_map_parse(values->items, values->count, out, err);
    om_map_values_free(values);
    return st;
}

static om_status check_name(const char *name, struct om_error *err)
{
    const char *why = NULL;

    if (strncasecmp(name, PREFIX, sizeof PREFIX - 1) != 0)
        why = "does not begin with " PREFIX;
    else if (strlen(name) > NAME_MAX_BYTES)
        why = "is longer than 255 bytes";
    for (const char *p = name; *p && !why; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F || *p == '\\')
            why = "has a control character or '\\' in it";
    }
    return why ? om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_MAP, OM_CAUSE_BAD_ARGUMENT,
                          OM_NATIVE_NONE, 0, "the value's name \"%.60s\" %s", name, why)
               : OM_OK;
}

static om_status check_data(const struct om_map_value *value, struct om_error *err)
{
    const struct om_map_problem *p;
    struct om_map *map;
    char more[40] = "";
    om_status st;

    if (value->size > OM_MAX_MAP_DATA)
        return om__fail(err, MAPI_E_TOO_BIG, OM_LAYER_MAP, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
                        "a map value may have %u bytes, this has %zu", OM_MAX_MAP_DATA,
                        value->size);
    st = om_map_parse(value, 1, &map, err);
    if (st != OM_OK)
        return st;
    if (map->error_count) {
        p = &map->errors[0];
        if (map->error_count > 1)
            snprintf(more, sizeof more, " (and %u more)", (unsigned)map->error_count - 1);
        st = om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_MAP, OM_CAUSE_BAD_SYNTAX,
                      OM_NATIVE_COLUMN, p->column, "%.60s, entry %u, column %u: %s%s", value->name,
                      (unsigned)p->entry, (unsigned)p->column, p->message, more);
    }
    om_map_free(map);
    return st;
}

om_status om_map_set(struct om_store *s, const char *name, const char *data, size_t size,
                     struct om_error *err)
{
    struct om_map_value value = {name, data, size};
    om_status st = check_name(name, err);

    if (st == OM_OK)
        st = check_data(&value, err);
    if (st == OM_OK)
        st = om_store_begin(s, err);
    if (st != OM_OK)
        return st;
    st = om__store_run(s, err, NULL, NULL,
                       "INSERT OR REPLACE INTO map_value(name, data) VALUES (?, ?)", "tb", name,
                       (const void *)data, size);
    return om__store_end(s, st, err);
}

om_status om_map_delete(struct om_store *s, const char *name, struct om_error *err)
{
    om_status st = om_store_begin(s, err);

    if (st != OM_OK)
        return st;
    st = om__store_run(s, err, NULL, NULL, "DELETE FROM map_value WHERE name = ?", "t", name);
    if (st == OM_OK && sqlite3_changes(s->db) == 0)
        st = om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_MAP, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
                      "there is no map value \"%.60s\"", name);
    return om__store_end(s, st, err);
}
