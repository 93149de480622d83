/* SPDX-License-Identifier: MIT */
/* onemapi service ... */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int run_add(struct cli *cli, int argc, char **argv)
{
    char text[OM_UID_CHARS];
    struct om_store *store;
    struct om_uid uid;
    om_status st;

    (void)argc;
    if (cli_store(cli, OM_STORE_WRITE, &store) != OM_OK)
        return cli_fail(cli);
    st = om_service_add(store, argv[0], argv[1], &uid, &cli->err);
    om_store_close(store);
    if (st != OM_OK)
        return cli_fail(cli);
    om_uid_text(&uid, text);
    if (cli->json)
        return cli_json(cli, json_pack("{s:o, s:o, s:s}", "profile", cli_json_text(argv[0]),
                                       "service", cli_json_text(argv[1]), "uid", text));
    printf("%s\n", text);
    return CLI_OK;
}

static json_t *service_json(const struct om_service_info *s)
{
    char uid[OM_UID_CHARS];

    om_uid_text(&s->uid, uid);
    return json_pack("{s:o, s:s, s:o, s:i}", "name", cli_json_text(s->name), "uid", uid,
                     "display_name", cli_json_text(s->display_name), "providers",
                     (int)s->providers);
}

static int list_services(struct cli *cli, const struct om_services *services)
{
    static const char *const header[] = {"NAME", "UID", "PROVIDERS", "DISPLAY NAME"};
    struct cli_table table;

    if (cli->json) {
        json_t *list = json_array();

        for (uint32_t i = 0; i < services->count; i++)
            json_array_append_new(list, service_json(&services->items[i]));
        return cli_json(cli, json_pack("{s:o}", "services", list));
    }
    cli_table_init(&table, 4, header);
    for (uint32_t i = 0; i < services->count; i++) {
        const struct om_service_info *s = &services->items[i];
        char uid[OM_UID_CHARS], providers[12];

        om_uid_text(&s->uid, uid);
        snprintf(providers, sizeof providers, "%u", (unsigned)s->providers);
        cli_table_row(&table, (const char *const[]){s->name, uid, providers, s->display_name});
    }
    return cli_table_print(cli, &table);
}

static int run_list(struct cli *cli, int argc, char **argv)
{
    struct om_services *services;
    struct om_store *store;
    int rc;

    if (cli_store(cli, OM_STORE_READ, &store) != OM_OK)
        return cli_fail(cli);
    if (om_service_list(store, argc ? argv[0] : cli->profile, &services, &cli->err) != OM_OK) {
        rc = cli_fail(cli);
    } else {
        rc = list_services(cli, services);
        om_services_free(services);
    }
    om_store_close(store);
    return rc;
}

/* The service's UID, from the UID itself or the name of the only service called so. */
static bool find_service(const struct om_services *services, const char *text, struct om_uid *uid)
{
    unsigned found = 0;

    if (om_uid_from_text(text, uid))
        return true;
    for (uint32_t i = 0; i < services->count; i++) {
        if (strcasecmp(services->items[i].name, text) == 0) {
            *uid = services->items[i].uid;
            found++;
        }
    }
    return found == 1;
}

static int delete_one(struct cli *cli, struct om_store *store, const char *profile,
                      const char *text)
{
    struct om_services *services;
    struct om_uid uid;
    bool found;

    if (om_service_list(store, profile, &services, &cli->err) != OM_OK)
        return cli_fail(cli);
    found = find_service(services, text, &uid);
    om_services_free(services);
    if (!found)
        return cli_usage_error(
            cli, "\"%.60s\" is neither a UID nor the name of exactly one service", text);
    if (om_service_delete(store, profile, &uid, &cli->err) != OM_OK)
        return cli_fail(cli);
    return cli->json ? cli_json(cli, json_pack("{s:o}", "deleted", cli_json_text(text))) : CLI_OK;
}

static int run_delete(struct cli *cli, int argc, char **argv)
{
    struct om_store *store;
    int rc;

    (void)argc;
    if (cli_store(cli, OM_STORE_WRITE, &store) != OM_OK)
        return cli_fail(cli);
    rc = delete_one(cli, store, argv[0], argv[1]);
    om_store_close(store);
    return rc;
}

static const struct cli_command add = {
    .name = "add",
    .args = "PROFILE MSEMS",
    .summary = "Add a message service with its providers and sections",
    .help = "MSEMS creates the providers EMS_DSA, EMS_MDB_public, EMS_MDB_private, EMS_RXP, "
            "EMS_MSX and\n"
            "EMS_Hook and the global profile section 13DBB0C8AA05101A9BB000AA002FC45A with MAPI's "
            "defaults.\n"
            "Prints the service's UID.",
    .min_args = 2,
    .max_args = 2,
    .run = run_add};
static const struct cli_command list = {.name = "list",
                                        .args = "[PROFILE]",
                                        .summary = "List the message services of a profile",
                                        .max_args = 1,
                                        .run = run_list};
static const struct cli_command delete = {.name = "delete",
                                          .args = "PROFILE UID",
                                          .summary = "Delete a service, its providers and sections",
                                          .min_args = 2,
                                          .max_args = 2,
                                          .run = run_delete};

static const struct cli_command *const children[] = {&add, &list, &delete, NULL};

const struct cli_command cli_cmd_service = {.name = "service",
                                            .args = "",
                                            .summary = "Add, list and delete message services",
                                            .children = children};
