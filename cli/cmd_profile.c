/* SPDX-License-Identifier: MIT */
/* onemapi profile ... */
#include "cli/cli.h"

#include <string.h>

static json_t *profile_json(const struct om_profile_info *p)
{
    return json_pack("{s:o, s:b, s:s, s:i}", "name", cli_json_text(p->name), "default",
                     p->is_default, "mode", om_routing_mode_name(p->mode), "services",
                     (int)p->services);
}

static int list_profiles(struct cli *cli, const struct om_profiles *profiles)
{
    static const char *const header[] = {"NAME", "DEFAULT", "MODE", "SERVICES"};
    struct cli_table table;
    json_t *list;

    if (cli->json) {
        list = json_array();
        for (uint32_t i = 0; i < profiles->count; i++)
            json_array_append_new(list, profile_json(&profiles->items[i]));
        return cli_json(cli, json_pack("{s:o}", "profiles", list));
    }
    if (profiles->count == 0)
        cli_note_empty(cli, "there is no profile; onemapi profile create NAME makes one");
    cli_table_init(&table, 4, header);
    for (uint32_t i = 0; i < profiles->count; i++) {
        const struct om_profile_info *p = &profiles->items[i];
        char services[12];

        snprintf(services, sizeof services, "%u", (unsigned)p->services);
        cli_table_row(&table, (const char *const[]){p->name, p->is_default ? "yes" : "",
                                                    om_routing_mode_name(p->mode), services});
    }
    return cli_table_print(cli, &table);
}

static int run_list(struct cli *cli, int argc, char **argv)
{
    struct om_profiles *profiles;
    struct om_store *store;
    int rc;

    (void)argc;
    (void)argv;
    if (cli_store(cli, OM_STORE_READ, &store) != OM_OK)
        return cli_fail(cli);
    if (om_profile_list(store, &profiles, &cli->err) != OM_OK) {
        rc = cli_fail(cli);
    } else {
        rc = list_profiles(cli, profiles);
        om_profiles_free(profiles);
    }
    om_store_close(store);
    return rc;
}

/* ---- show ---- */

static json_t *sections_json(const struct om_sections *sections)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < sections->count; i++) {
        const struct om_section_info *s = &sections->items[i];
        char uid[OM_UID_CHARS];

        om_uid_text(&s->uid, uid);
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:i}", "uid", uid, "name",
                                        cli_json_text(s->name), "properties", (int)s->properties));
    }
    return list;
}

static int show(struct cli *cli, const struct om_profile_info *info,
                const struct om_sections *sections)
{
    static const char *const header[] = {"SECTION", "UID", "PROPERTIES"};
    struct cli_table table;
    json_t *doc;

    if (cli->json) {
        doc = profile_json(info);
        if (doc)
            json_object_set_new(doc, "sections", sections_json(sections));
        return cli_json(cli, doc);
    }
    printf("profile:  ");
    cli_put_text(stdout, info->name);
    printf("%s\nmode:     %s\nservices: %u\n\n", info->is_default ? " (default)" : "",
           om_routing_mode_name(info->mode), (unsigned)info->services);
    cli_table_init(&table, 3, header);
    for (uint32_t i = 0; i < sections->count; i++) {
        char uid[OM_UID_CHARS], count[12];

        om_uid_text(&sections->items[i].uid, uid);
        snprintf(count, sizeof count, "%u", (unsigned)sections->items[i].properties);
        cli_table_row(&table, (const char *const[]){sections->items[i].name, uid, count});
    }
    return cli_table_print(cli, &table);
}

static int run_show(struct cli *cli, int argc, char **argv)
{
    const char *name = argc ? argv[0] : cli->profile;
    struct om_sections *sections;
    struct om_profile_info info;
    struct om_store *store;
    int rc;

    if (cli_store(cli, OM_STORE_READ, &store) != OM_OK)
        return cli_fail(cli);
    if (om_profile_find(store, name, &info, &cli->err) != OM_OK ||
        om_section_list(store, info.name, &sections, &cli->err) != OM_OK) {
        rc = cli_fail(cli);
    } else {
        rc = show(cli, &info, sections);
        om_sections_free(sections);
    }
    om_store_close(store);
    return rc;
}

/* ---- changes ---- */

enum change { CREATE, DELETE, RENAME, COPY, DEFAULT, MODE };

static om_status apply(struct om_store *store, enum change what, char **argv, struct om_error *err)
{
    enum om_routing_mode mode;

    switch (what) {
    case CREATE:
        return om_profile_create(store, argv[0], err);
    case DELETE:
        return om_profile_delete(store, argv[0], err);
    case RENAME:
        return om_profile_rename(store, argv[0], argv[1], err);
    case COPY:
        return om_profile_copy(store, argv[0], argv[1], err);
    case DEFAULT:
        return om_profile_set_default(store, argv[0], err);
    case MODE:
        om_routing_mode_parse(argv[1], &mode); /* looked at before the store was opened */
        return om_profile_set_mode(store, argv[0], mode, err);
    }
    return OM_OK;
}

/* With --json the profile as it is now; after a deletion only its name. */
static int report(struct cli *cli, struct om_store *store, enum change what, char **argv)
{
    const char *name = what == RENAME || what == COPY ? argv[1] : argv[0];
    struct om_profile_info info;

    if (!cli->json)
        return CLI_OK;
    if (what == DELETE)
        return cli_json(cli, json_pack("{s:o}", "deleted", cli_json_text(name)));
    if (om_profile_find(store, name, &info, &cli->err) != OM_OK)
        return cli_fail(cli);
    return cli_json(cli, profile_json(&info));
}

static int run_change(struct cli *cli, enum change what, char **argv)
{
    struct om_store *store;
    int rc;

    if (cli_store(cli, OM_STORE_WRITE, &store) != OM_OK)
        return cli_fail(cli);
    rc = apply(store, what, argv, &cli->err) == OM_OK ? report(cli, store, what, argv)
                                                      : cli_fail(cli);
    om_store_close(store);
    return rc;
}

static int run_create(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return run_change(cli, CREATE, argv);
}

static int run_delete(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return run_change(cli, DELETE, argv);
}

static int run_rename(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return run_change(cli, RENAME, argv);
}

static int run_copy(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return run_change(cli, COPY, argv);
}

static int run_default(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return run_change(cli, DEFAULT, argv);
}

static int run_mode(struct cli *cli, int argc, char **argv)
{
    enum om_routing_mode mode;

    (void)argc;
    if (!om_routing_mode_parse(argv[1], &mode))
        return cli_usage_error(cli, "there is no routing mode \"%.40s\": smart, cdo, cdo-8309",
                               argv[1]);
    return run_change(cli, MODE, argv);
}

static const struct cli_command create = {
    .name = "create",
    .args = "NAME",
    .summary = "Create an empty profile; the first becomes the default",
    .min_args = 1,
    .max_args = 1,
    .run = run_create};
static const struct cli_command list = {
    .name = "list", .args = "", .summary = "List the profiles", .run = run_list};
static const struct cli_command show_command = {.name = "show",
                                                .args = "[NAME]",
                                                .summary = "Show a profile and its sections",
                                                .max_args = 1,
                                                .run = run_show};
static const struct cli_command delete = {.name = "delete",
                                          .args = "NAME",
                                          .summary =
                                              "Delete a profile with all its services and sections",
                                          .min_args = 1,
                                          .max_args = 1,
                                          .run = run_delete};
static const struct cli_command rename_command = {.name = "rename",
                                                  .args = "OLD NEW",
                                                  .summary = "Rename a profile",
                                                  .min_args = 2,
                                                  .max_args = 2,
                                                  .run = run_rename};
static const struct cli_command copy = {.name = "copy",
                                        .args = "SRC DST",
                                        .summary =
                                            "Copy a profile; services and providers get new UIDs",
                                        .min_args = 2,
                                        .max_args = 2,
                                        .run = run_copy};
static const struct cli_command default_command = {.name = "default",
                                                   .args = "NAME",
                                                   .summary = "Make a profile the default",
                                                   .min_args = 1,
                                                   .max_args = 1,
                                                   .run = run_default};
static const struct cli_command mode_command = {
    .name = "mode",
    .args = "NAME smart|cdo|cdo-8309",
    .summary = "Set how the profile and the proxy map route to a server",
    .help =
        "smart     a proxy in the profile applies to 2013 targets, a legacy target stays "
        "reachable\n"
        "cdo       as MAPI/CDO 6.5.8320 and later: a profile with RPC proxy properties fails on a\n"
        "          legacy target with MAPI_E_FAILONEPROVIDER\n"
        "cdo-8309  the same, and the map's domains compare with their case",
    .min_args = 2,
    .max_args = 2,
    .run = run_mode};

static const struct cli_command *const children[] = {
    &create,          &list,         &show_command, &delete, &rename_command, &copy,
    &default_command, &mode_command, NULL};

const struct cli_command cli_cmd_profile = {.name = "profile",
                                            .args = "",
                                            .summary = "Create, list, show and change profiles",
                                            .children = children};
