/* SPDX-License-Identifier: MIT */
/* onemapi map ... */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

/* ---- problems ---- */

static json_t *problems_json(const struct om_map_problem *problems, uint32_t count)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < count; i++) {
        const struct om_map_problem *p = &problems[i];
        json_array_append_new(
            list, json_pack("{s:o, s:i, s:i, s:s, s:o}", "value_name", cli_json_text(p->value_name),
                            "entry", (int)p->entry, "column", (int)p->column, "kind",
                            om_map_warning_name(p->kind), "message", cli_json_text(p->message)));
    }
    return list;
}

static void print_problems(FILE *f, const char *what, const struct om_map_problem *problems,
                           uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct om_map_problem *p = &problems[i];

        fprintf(f, "%s: ", what);
        cli_put_text(f, p->value_name);
        fprintf(f, ", entry %u, column %u: ", (unsigned)p->entry, (unsigned)p->column);
        cli_put_text(f, p->message);
        fputc('\n', f);
    }
}

/* ---- list ---- */

/* Whether a value is good, asked of the merged map. */
static uint32_t errors_of(const struct om_map *map, const char *value_name)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < map->error_count; i++)
        n += strcmp(map->errors[i].value_name, value_name) == 0;
    return n;
}

static json_t *entry_json(const struct om_map_entry *e)
{
    return json_pack("{s:o, s:i, s:o, s:o, s:i, s:b, s:s, s:s, s:b}", "value_name",
                     cli_json_text(e->value_name), "entry", (int)e->entry, "domain",
                     cli_json_text(e->domain), "proxy", cli_json_text(e->proxy), "proxy_port",
                     (int)e->port, "tls", e->tls, "http_auth", om_http_auth_name(e->http_auth),
                     "rpc_auth", om_rpc_auth_name(e->rpc_auth), "ignore_certificate",
                     e->ignore_certificate);
}

static int list_json(struct cli *cli, const struct om_map_values *values, const struct om_map *map)
{
    json_t *value_list = json_array(), *entry_list = json_array();

    for (uint32_t i = 0; i < values->count; i++)
        json_array_append_new(value_list, json_pack("{s:o, s:o, s:i}", "value_name",
                                                    cli_json_text(values->items[i].name), "data",
                                                    cli_json_text(values->items[i].data), "errors",
                                                    (int)errors_of(map, values->items[i].name)));
    for (uint32_t i = 0; i < map->entry_count; i++)
        json_array_append_new(entry_list, entry_json(&map->entries[i]));
    return cli_json(cli, json_pack("{s:o, s:o}", "values", value_list, "entries", entry_list));
}

static int list_table(struct cli *cli, const struct om_map *map)
{
    static const char *const header[] = {"VALUE", "ENTRY", "DOMAIN",     "PROXY",
                                         "HTTP",  "RPC",   "CERTIFICATE"};
    struct cli_table table;

    cli_table_init(&table, 7, header);
    for (uint32_t i = 0; i < map->entry_count; i++) {
        const struct om_map_entry *e = &map->entries[i];
        bool bracket = strchr(e->proxy, ':');
        char number[12], proxy[300];

        snprintf(number, sizeof number, "%u", (unsigned)e->entry);
        snprintf(proxy, sizeof proxy, "%s://%s%s%s:%u", e->tls ? "https" : "http",
                 bracket ? "[" : "", e->proxy, bracket ? "]" : "", (unsigned)e->port);
        cli_table_row(&table, (const char *const[]){e->value_name, number, e->domain, proxy,
                                                    om_http_auth_name(e->http_auth),
                                                    om_rpc_auth_name(e->rpc_auth),
                                                    !e->tls                 ? "none"
                                                    : e->ignore_certificate ? "ignored"
                                                                            : "verified"});
    }
    print_problems(stderr, "error", map->errors, map->error_count);
    return cli_table_print(cli, &table);
}

static int run_list(struct cli *cli, int argc, char **argv)
{
    struct om_map_values *values = NULL;
    struct om_store *store;
    struct om_map *map = NULL;
    int rc;

    (void)argc;
    (void)argv;
    if (cli_store(cli, OM_STORE_READ, &store) != OM_OK)
        return cli_fail(cli);
    if (om_map_list(store, &values, &cli->err) != OM_OK ||
        om_map_parse(values->items, values->count, &map, &cli->err) != OM_OK)
        rc = cli_fail(cli);
    else
        rc = cli->json ? list_json(cli, values, map) : list_table(cli, map);
    om_map_free(map);
    om_map_values_free(values);
    om_store_close(store);
    return rc;
}

/* ---- set, delete ---- */

/* The library names the first mistake; the others go before it. */
static int fail_set(struct cli *cli, const struct om_map_value *value)
{
    struct om_error ignored = OM_ERROR_INIT;
    json_t *extra = NULL;
    struct om_map *map;

    if (cli->err.cause != OM_CAUSE_BAD_SYNTAX || om_map_parse(value, 1, &map, &ignored) != OM_OK)
        return cli_fail(cli);
    if (cli->json)
        extra = json_pack("{s:o}", "errors", problems_json(map->errors, map->error_count));
    else if (map->error_count > 1)
        print_problems(stderr, "error", map->errors + 1, map->error_count - 1);
    om_map_free(map);
    return cli_fail_with(cli, extra);
}

/* What was set, and cannot work yet. */
static void warn_unsupported(struct cli *cli, const struct om_map_value *value)
{
    struct om_error ignored = OM_ERROR_INIT;
    struct om_map *map;

    if (om_map_parse(value, 1, &map, &ignored) != OM_OK)
        return;
    for (uint32_t i = 0; i < map->warning_count; i++) {
        const struct om_map_problem *p = &map->warnings[i];

        if (p->kind == OM_MAP_UNSUPPORTED)
            cli_warn(cli, "entry %u, column %u: %s", (unsigned)p->entry, (unsigned)p->column,
                     p->message);
    }
    om_map_free(map);
}

static int run_set(struct cli *cli, int argc, char **argv)
{
    struct om_map_value value = {argv[0], argv[1], strlen(argv[1])};
    struct om_store *store;
    om_status st;

    (void)argc;
    if (cli_store(cli, OM_STORE_WRITE, &store) != OM_OK)
        return cli_fail(cli);
    st = om_map_set(store, value.name, value.data, value.size, &cli->err);
    om_store_close(store);
    if (st != OM_OK)
        return fail_set(cli, &value);
    warn_unsupported(cli, &value);
    if (!cli->json)
        return CLI_OK;
    return cli_json(cli, json_pack("{s:o, s:o}", "value_name", cli_json_text(value.name), "data",
                                   cli_json_text(value.data)));
}

static int run_delete(struct cli *cli, int argc, char **argv)
{
    struct om_store *store;
    om_status st;

    (void)argc;
    if (cli_store(cli, OM_STORE_WRITE, &store) != OM_OK)
        return cli_fail(cli);
    st = om_map_delete(store, argv[0], &cli->err);
    om_store_close(store);
    if (st != OM_OK)
        return cli_fail(cli);
    return cli->json ? cli_json(cli, json_pack("{s:o}", "deleted", cli_json_text(argv[0])))
                     : CLI_OK;
}

/* ---- check ---- */

static int report_check(struct cli *cli, const struct om_map *map)
{
    int rc = map->error_count ? CLI_FAILED : CLI_OK, printed;

    if (cli->json) {
        printed = cli_json(cli, json_pack("{s:o, s:o, s:i}", "errors",
                                          problems_json(map->errors, map->error_count), "warnings",
                                          problems_json(map->warnings, map->warning_count),
                                          "entries", (int)map->entry_count));
        return printed ? printed : rc;
    }
    print_problems(stdout, "error", map->errors, map->error_count);
    print_problems(stdout, "warning", map->warnings, map->warning_count);
    printf("%u entries, %u errors, %u warnings\n", (unsigned)map->entry_count,
           (unsigned)map->error_count, (unsigned)map->warning_count);
    return rc;
}

static om_status load_for_check(struct cli *cli, const char *data, struct om_map **map)
{
    struct om_map_value value = {"RpcHttpProxyMap", data, data ? strlen(data) : 0};
    struct om_store *store;
    om_status st;

    if (data)
        return om_map_parse(&value, 1, map, &cli->err);
    st = cli_store(cli, OM_STORE_READ, &store);
    if (st != OM_OK)
        return st;
    st = om_map_load(store, map, &cli->err);
    om_store_close(store);
    return st;
}

static int run_check(struct cli *cli, int argc, char **argv)
{
    struct om_map *map;
    int rc;

    if (load_for_check(cli, argc ? argv[0] : NULL, &map) != OM_OK)
        return cli_fail(cli);
    rc = report_check(cli, map);
    om_map_free(map);
    return rc;
}

/* ---- explain ---- */

static json_t *sources_json(const struct om_route_source *sources, uint32_t count)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < count; i++) {
        json_t *item =
            json_pack("{s:s, s:o, s:o}", "field", sources[i].field, "value",
                      cli_json_text(sources[i].value), "from", cli_json_text(sources[i].from));
        if (item && sources[i].by)
            json_object_set_new(item, "by", cli_json_text(sources[i].by));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *null_unless(bool applies, json_t *value)
{
    if (applies)
        return value;
    json_decref(value);
    return json_null();
}

/* What does not apply over TCP is null. */
static json_t *route_json(const struct om_route *r)
{
    bool http = r->transport == OM_TRANSPORT_NCACN_HTTP;

    return json_pack(
        "{s:o, s:o, s:s, s:s, s:o, s:o, s:b, s:o, s:s, s:s, s:b, s:o, s:o, s:o}", "server",
        cli_json_text(r->server), "domain", null_unless(http, cli_json_text(r->domain)), "mode",
        om_routing_mode_name(r->mode), "transport", om_transport_name(r->transport), "proxy",
        null_unless(http, cli_json_text(r->proxy)), "proxy_port",
        null_unless(http, json_integer(r->proxy_port)), "tls", http && r->tls, "http_auth",
        null_unless(http, json_string(om_http_auth_name(r->http_auth))), "rpc_auth",
        om_rpc_auth_name(r->rpc_auth), "rpc_level", om_rpc_level_name(r->rpc_level),
        "ignore_certificate", r->ignore_certificate, "principal_name",
        null_unless(*r->principal_name, cli_json_text(r->principal_name)), "sources",
        sources_json(r->sources, r->source_count), "overridden",
        sources_json(r->overridden, r->overridden_count));
}

static int print_route(struct cli *cli, const struct om_route *r)
{
    static const char *const header[] = {"FIELD", "VALUE", "FROM", "OVERRIDDEN BY"};
    struct cli_table table;

    printf("server: ");
    cli_put_text(stdout, r->server);
    printf("\nmode:   %s\n\n", om_routing_mode_name(r->mode));
    cli_table_init(&table, 4, header);
    for (uint32_t i = 0; i < r->source_count; i++)
        cli_table_row(&table, (const char *const[]){r->sources[i].field, r->sources[i].value,
                                                    r->sources[i].from, ""});
    for (uint32_t i = 0; i < r->overridden_count; i++)
        cli_table_row(&table, (const char *const[]){r->overridden[i].field, r->overridden[i].value,
                                                    r->overridden[i].from, r->overridden[i].by});
    return cli_table_print(cli, &table);
}

static int run_explain(struct cli *cli, int argc, char **argv)
{
    struct om_route *route;
    struct om_store *store;
    om_status st;
    int rc;

    (void)argc;
    if (cli_store(cli, OM_STORE_READ, &store) != OM_OK)
        return cli_fail(cli);
    st = om_route_explain(store, cli->profile, argv[0], &route, &cli->err);
    om_store_close(store);
    if (st != OM_OK)
        return cli_fail(cli);
    rc = cli->json ? cli_json(cli, route_json(route)) : print_route(cli, route);
    om_route_free(route);
    return rc;
}

static const struct cli_command list = {.name = "list",
                                        .args = "",
                                        .summary =
                                            "List the values of RpcHttpProxyMap and their entries",
                                        .run = run_list};
static const struct cli_command set = {
    .name = "set",
    .args = "VALUE_NAME DATA",
    .summary = "Set a value of RpcHttpProxyMap",
    .help =
        "VALUE_NAME is RpcHttpProxyMap and a suffix of your own: RpcHttpProxyMap_onemapi.\n"
        "DATA is entries separated by white space or ';':\n"
        "    domain=proxy,HTTP method,RPC method,IgnoreInvalidCert\n"
        "    contoso.com=mail.contoso.com,ntlm,ntlm,false\n"
        "A domain * is for every domain without an entry of its own. The proxy may have http:// "
        "or\n"
        "https:// before it and a port behind. HTTP methods: basic, ntlm, negotiate; RPC methods:\n"
        "ntlm, negotiate, kerberos, none, anonymous.",
    .min_args = 2,
    .max_args = 2,
    .run = run_set};
static const struct cli_command delete = {.name = "delete",
                                          .args = "VALUE_NAME",
                                          .summary = "Delete a value of RpcHttpProxyMap",
                                          .min_args = 1,
                                          .max_args = 1,
                                          .run = run_delete};
static const struct cli_command check = {
    .name = "check",
    .args = "[DATA]",
    .summary = "Find mistakes and risks in the map, or in DATA",
    .help = "Errors end with exit code 1. Warnings: duplicates, shadowed entries, certificate "
            "checks off,\n"
            "basic without TLS, kerberos, which is not supported yet, and case that MAPI/CDO "
            "6.5.8309\n"
            "would miss.",
    .max_args = 1,
    .run = run_check};
static const struct cli_command explain = {
    .name = "explain",
    .args = "SERVER",
    .summary = "Show the way to a server, and who decided what",
    .help = "SERVER is a personalized server id (guid@domain) or a legacy server's name. The "
            "profile is that of\n"
            "-p, else the default one; without any, the map alone decides.",
    .min_args = 1,
    .max_args = 1,
    .run = run_explain};

static const struct cli_command *const children[] = {&list, &set, &delete, &check, &explain, NULL};

const struct cli_command cli_cmd_map = {.name = "map",
                                        .args = "",
                                        .summary = "List, set, check and explain RpcHttpProxyMap",
                                        .children = children};
