/* SPDX-License-Identifier: MIT */
/*
 * The input is the data of two map values, divided at the first 0xFF. Every entry that was read,
 * written out again, must be read as the same entry; errors and warnings must point into the data
 * they are about.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <onemapi/map.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void check_entry(const struct om_map_entry *e)
{
    bool v6 = strchr(e->proxy, ':');
    char text[1024];
    int n = snprintf(text, sizeof text, "%s=%s%s%s%s:%u,%s,%s,%s", e->domain,
                     e->tls ? "https://" : "http://", v6 ? "[" : "", e->proxy, v6 ? "]" : "",
                     (unsigned)e->port, om_http_auth_name(e->http_auth),
                     om_rpc_auth_name(e->rpc_auth), e->ignore_certificate ? "true" : "false");
    struct om_map_value value = {"again", text, (size_t)n};
    const struct om_map_entry *a;
    struct om_map *map;

    require(om_map_parse(&value, 1, &map, NULL) == OM_OK);
    require(map->error_count == 0 && map->entry_count == 1);
    a = &map->entries[0];
    require(strcmp(a->domain, e->domain) == 0 && strcmp(a->proxy, e->proxy) == 0);
    require(a->port == e->port && a->tls == e->tls && a->http_auth == e->http_auth &&
            a->rpc_auth == e->rpc_auth && a->ignore_certificate == e->ignore_certificate);
    om_map_free(map);
}

static void check_problems(const struct om_map_problem *problems, uint32_t count,
                           const struct om_map_value values[2])
{
    for (uint32_t i = 0; i < count; i++) {
        const struct om_map_problem *p = &problems[i];
        size_t size = values[strcmp(p->value_name, "b") == 0].size;

        require(p->column >= 1 && p->column <= size + 1 && *p->message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *cut = size ? memchr(data, 0xFF, size) : NULL;
    size_t first = cut ? (size_t)(cut - data) : size, second = cut ? size - first - 1 : 0;
    struct om_map_value values[2] = {{"b", cut ? (const char *)cut + 1 : NULL, second},
                                     {"a", (const char *)data, first}};
    struct om_map_value in_order[2] = {values[1], values[0]};
    struct om_map *map;

    require(om_map_parse(values, 2, &map, NULL) == OM_OK);
    for (uint32_t i = 0; i < map->entry_count && i < 16; i++)
        check_entry(&map->entries[i]);
    check_problems(map->errors, map->error_count, in_order);
    check_problems(map->warnings, map->warning_count, in_order);
    om_map_free(map);
    return 0;
}
