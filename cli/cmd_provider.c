/* SPDX-License-Identifier: MIT */
/* onemapi provider list */
#include "cli/cli.h"

/* PR_RESOURCE_TYPE, mapidefs.h */
static const char *type_name(uint32_t type)
{
    switch (type) {
    case 33:
        return "MAPI_STORE_PROVIDER";
    case 35:
        return "MAPI_AB_PROVIDER";
    case 36:
        return "MAPI_TRANSPORT_PROVIDER";
    case 40:
        return "MAPI_HOOK_PROVIDER";
    default:
        return "";
    }
}

static json_t *provider_json(const struct om_provider_info *p)
{
    char uid[OM_UID_CHARS], service[OM_UID_CHARS];

    om_uid_text(&p->uid, uid);
    om_uid_text(&p->service, service);
    return json_pack("{s:o, s:s, s:s, s:s, s:o, s:I, s:I}", "name", cli_json_text(p->name), "uid",
                     uid, "service", service, "type", type_name(p->resource_type), "display_name",
                     cli_json_text(p->display_name), "resource_type", (json_int_t)p->resource_type,
                     "resource_flags", (json_int_t)p->resource_flags);
}

static int list_providers(struct cli *cli, const struct om_providers *providers)
{
    static const char *const header[] = {"NAME", "UID", "TYPE", "FLAGS", "DISPLAY NAME"};
    struct cli_table table;

    if (cli->json) {
        json_t *list = json_array();

        for (uint32_t i = 0; i < providers->count; i++)
            json_array_append_new(list, provider_json(&providers->items[i]));
        return cli_json(cli, json_pack("{s:o}", "providers", list));
    }
    cli_table_init(&table, 5, header);
    for (uint32_t i = 0; i < providers->count; i++) {
        const struct om_provider_info *p = &providers->items[i];
        char uid[OM_UID_CHARS], flags[16];

        om_uid_text(&p->uid, uid);
        snprintf(flags, sizeof flags, "0x%X", (unsigned)p->resource_flags);
        cli_table_row(&table, (const char *const[]){p->name, uid, type_name(p->resource_type),
                                                    flags, p->display_name});
    }
    return cli_table_print(cli, &table);
}

static int run_list(struct cli *cli, int argc, char **argv)
{
    struct om_providers *providers;
    struct om_store *store;
    int rc;

    if (cli_store(cli, OM_STORE_READ, &store) != OM_OK)
        return cli_fail(cli);
    if (om_provider_list(store, argc ? argv[0] : cli->profile, &providers, &cli->err) != OM_OK) {
        rc = cli_fail(cli);
    } else {
        rc = list_providers(cli, providers);
        om_providers_free(providers);
    }
    om_store_close(store);
    return rc;
}

static const struct cli_command list = {.name = "list",
                                        .args = "[PROFILE]",
                                        .summary =
                                            "List the providers of all services of a profile",
                                        .max_args = 1,
                                        .run = run_list};

static const struct cli_command *const children[] = {&list, NULL};

const struct cli_command cli_cmd_provider = {.name = "provider",
                                             .args = "",
                                             .summary = "List the providers of a profile",
                                             .children = children};
