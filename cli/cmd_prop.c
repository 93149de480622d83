/* SPDX-License-Identifier: MIT */
/* onemapi prop ... */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- a value as text and as JSON ---- */

/* The library's text of a value; free() it. NULL: no memory. */
static char *value_text(const struct om_propval *val)
{
    int n = om_propval_format(val, NULL, 0);
    char *buf = n < 0 ? NULL : malloc((size_t)n + 1);

    if (buf)
        om_propval_format(val, buf, (size_t)n + 1);
    return buf;
}

static json_t *text_json(const struct om_propval *val)
{
    char *text = value_text(val);
    json_t *j = cli_json_text(text ? text : "");

    free(text);
    return j;
}

static json_t *single_json(const struct om_propval *val)
{
    switch (OM_PROP_TYPE(val->tag)) {
    case PT_NULL:
        return json_null();
    case PT_I2:
        return json_integer(val->v.i);
    case PT_LONG:
        return json_integer(val->v.l);
    case PT_I8:
        return json_integer(val->v.li);
    case PT_BOOLEAN:
        return json_boolean(val->v.b);
    case PT_STRING8:
        return cli_json_text(val->v.str8);
    case PT_UNICODE:
        return cli_json_text(val->v.utf8);
    default:
        return text_json(val); /* exact, where JSON's numbers are not */
    }
}

/* The i-th of several values as a value of its own. */
static struct om_propval element(const struct om_propval *val, uint32_t i)
{
    const struct om_mv *mv = &val->v.mv;
    struct om_propval one = {.tag = val->tag & ~(om_proptag)OM_MV_FLAG};

    switch (OM_PROP_TYPE(one.tag)) {
    case PT_I2:
        one.v.i = mv->i[i];
        break;
    case PT_LONG:
        one.v.l = mv->l[i];
        break;
    case PT_R4:
        one.v.flt = mv->flt[i];
        break;
    case PT_DOUBLE:
    case PT_APPTIME:
        one.v.dbl = mv->dbl[i];
        break;
    case PT_CURRENCY:
    case PT_I8:
        one.v.li = mv->li[i];
        break;
    case PT_SYSTIME:
        one.v.ft = mv->ft[i];
        break;
    case PT_CLSID:
        one.v.guid = mv->guid[i];
        break;
    case PT_STRING8:
    case PT_UNICODE:
        one.v.str8 = mv->str[i];
        break;
    default:
        one.v.bin = mv->bin[i];
        break;
    }
    return one;
}

static json_t *value_json(const struct om_propval *val)
{
    json_t *list;

    if (!(OM_PROP_TYPE(val->tag) & OM_MV_FLAG))
        return single_json(val);
    list = json_array();
    for (uint32_t i = 0; i < val->v.mv.count; i++) {
        struct om_propval one = element(val, i);
        json_array_append_new(list, single_json(&one));
    }
    return list;
}

/* {section, section_name, name, tag, type, value, text}; name is null for a tag without one. */
static json_t *prop_json(const struct om_section_info *section, const struct om_propval *val)
{
    const char *type = om_proptype_name(OM_PROP_TYPE(val->tag));
    char uid[OM_UID_CHARS], tag[11];

    om_uid_text(&section->uid, uid);
    snprintf(tag, sizeof tag, "0x%08X", (unsigned)val->tag);
    return json_pack("{s:s, s:o, s:s?, s:s, s:s?, s:o, s:o}", "section", uid, "section_name",
                     cli_json_text(section->name), "name", om_proptag_name(val->tag), "tag", tag,
                     "type", type, "value", value_json(val), "text", text_json(val));
}

static void prop_row(struct cli_table *table, const struct om_section_info *section,
                     const struct om_propval *val)
{
    const char *name = om_proptag_name(val->tag), *type = om_proptype_name(OM_PROP_TYPE(val->tag));
    char uid[OM_UID_CHARS], tag[11], *text = value_text(val);

    om_uid_text(&section->uid, uid);
    snprintf(tag, sizeof tag, "0x%08X", (unsigned)val->tag);
    if (!text)
        table->failed = true;
    else
        cli_table_row(table, (const char *const[]){*section->name ? section->name : uid, tag,
                                                   name ? name : "", type ? type : "", text});
    free(text);
}

/* ---- sections ---- */

/* What SECTION of the command line names. `name` gets what to call it in listings. */
static om_status find_section(struct cli *cli, struct om_store *store, const char *profile,
                              const char *text, struct om_section_info *section)
{
    om_status st = om_section_resolve(store, profile, text, &section->uid, &cli->err);
    struct om_uid uid;

    section->name = om_uid_from_text(text, &uid) ? "" : text;
    return st;
}

/* ---- list ---- */

struct listing {
    json_t *list;
    struct cli_table table;
};

static om_status list_section(struct cli *cli, struct om_store *store, const char *profile,
                              const struct om_section_info *section, struct listing *out)
{
    struct om_props *props;
    om_status st = om_section_read(store, profile, &section->uid, &props, &cli->err);

    if (st != OM_OK)
        return st;
    for (uint32_t i = 0; i < props->count; i++) {
        if (cli->json)
            json_array_append_new(out->list, prop_json(section, &props->items[i]));
        else
            prop_row(&out->table, section, &props->items[i]);
    }
    om_props_free(props);
    return OM_OK;
}

static om_status list_all(struct cli *cli, struct om_store *store, const char *profile,
                          struct listing *out)
{
    struct om_sections *sections;
    om_status st = om_section_list(store, profile, &sections, &cli->err);

    if (st != OM_OK)
        return st;
    for (uint32_t i = 0; i < sections->count && st == OM_OK; i++)
        st = list_section(cli, store, profile, &sections->items[i], out);
    om_sections_free(sections);
    return st;
}

static int run_list(struct cli *cli, int argc, char **argv)
{
    static const char *const header[] = {"SECTION", "TAG", "NAME", "TYPE", "VALUE"};
    struct listing out = {.list = json_array()};
    struct om_section_info section;
    struct om_store *store;
    om_status st = cli_store(cli, OM_STORE_READ, &store);
    int rc;

    if (st != OM_OK) {
        json_decref(out.list);
        return cli_fail(cli);
    }
    cli_table_init(&out.table, 5, header);
    if (argc == 1)
        st = list_all(cli, store, argv[0], &out);
    else if ((st = find_section(cli, store, argv[0], argv[1], &section)) == OM_OK)
        st = list_section(cli, store, argv[0], &section, &out);
    om_store_close(store);
    if (st != OM_OK)
        rc = cli_fail(cli);
    else if (cli->json)
        rc = cli_json(cli, json_pack("{s:o, s:O}", "profile", cli_json_text(argv[0]), "properties",
                                     out.list));
    else
        rc = cli_table_print(cli, &out.table);
    cli_table_free(&out.table);
    json_decref(out.list);
    return rc;
}

/* ---- get ---- */

static int print_prop(struct cli *cli, const struct om_section_info *section,
                      const struct om_propval *val)
{
    char *text;

    if (cli->json)
        return cli_json(cli, prop_json(section, val));
    text = value_text(val);
    if (!text)
        return cli_no_memory(cli);
    cli_put_text(stdout, text);
    putchar('\n');
    free(text);
    return CLI_OK;
}

static int run_get(struct cli *cli, int argc, char **argv)
{
    struct om_section_info section;
    struct om_store *store;
    struct om_props *props = NULL;
    om_proptag tag;
    om_status st;
    int rc;

    (void)argc;
    if (om_proptag_parse(argv[2], &tag, &cli->err) != OM_OK ||
        cli_store(cli, OM_STORE_READ, &store) != OM_OK)
        return cli_fail(cli);
    st = find_section(cli, store, argv[0], argv[1], &section);
    if (st == OM_OK)
        st = om_prop_get(store, argv[0], &section.uid, tag, &props, &cli->err);
    rc = st == OM_OK ? print_prop(cli, &section, &props->items[0]) : cli_fail(cli);
    om_props_free(props);
    om_store_close(store);
    return rc;
}

/* ---- set ---- */

/* A name that ends in _A or _W, or a number, says which string type is meant. */
static bool type_is_said(const char *name)
{
    size_t n = strlen(name);

    return (name[0] >= '0' && name[0] <= '9') ||
           (n > 2 && (strcasecmp(name + n - 2, "_A") == 0 || strcasecmp(name + n - 2, "_W") == 0));
}

/* "PROP=VALUE". A string keeps the type it has in the section unless the name says which. */
static om_status parse_setting(struct cli *cli, const char *text, const struct om_props *props,
                               struct om_propval **out)
{
    const char *equals = strchr(text, '=');
    const struct om_propval *there;
    om_proptag tag;
    om_status st;
    char *name;

    name = strndup(text, (size_t)(equals - text));
    if (!name)
        return MAPI_E_NOT_ENOUGH_MEMORY;
    st = om_proptag_parse(name, &tag, &cli->err);
    if (st == OM_OK) {
        there = type_is_said(name) ? NULL : om_props_find(props, tag);
        st = om_propval_parse(there ? there->tag : tag, equals + 1, out, &cli->err);
    }
    free(name);
    return st;
}

/* Within a transaction, so that what was read is still so when it is written. */
static om_status set_all(struct cli *cli, struct om_store *store, int count, char **settings,
                         const char *profile, const struct om_uid *section)
{
    struct om_propval **vals = calloc((size_t)count, sizeof *vals);
    struct om_props *props = NULL;
    om_status st = vals ? om_section_read(store, profile, section, &props, &cli->err)
                        : MAPI_E_NOT_ENOUGH_MEMORY;

    for (int i = 0; i < count && st == OM_OK; i++) {
        st = parse_setting(cli, settings[i], props, &vals[i]);
        if (st == OM_OK)
            st = om_prop_set(store, profile, section, vals[i], 1, &cli->err);
    }
    for (int i = 0; vals && i < count; i++)
        om_propval_free(vals[i]);
    free(vals);
    om_props_free(props);
    return st;
}

static int run_set(struct cli *cli, int argc, char **argv)
{
    struct om_section_info section;
    struct om_store *store;
    om_status st;

    for (int i = 2; i < argc; i++) {
        if (!strchr(argv[i], '=') || argv[i][0] == '=')
            return cli_usage_error(cli, "\"%.80s\" is not PROP=VALUE", argv[i]);
    }
    if (cli_store(cli, OM_STORE_WRITE, &store) != OM_OK)
        return cli_fail(cli);
    st = om_store_begin(store, &cli->err);
    if (st == OM_OK) {
        st = find_section(cli, store, argv[0], argv[1], &section);
        if (st == OM_OK)
            st = set_all(cli, store, argc - 2, argv + 2, argv[0], &section.uid);
        if (st == OM_OK)
            st = om_store_commit(store, &cli->err);
        else
            om_store_rollback(store);
    }
    om_store_close(store);
    if (st == MAPI_E_NOT_ENOUGH_MEMORY && cli->err.status == OM_OK)
        return cli_no_memory(cli);
    if (st != OM_OK)
        return cli_fail(cli);
    return cli->json ? cli_json(cli, json_pack("{s:o, s:i}", "profile", cli_json_text(argv[0]),
                                               "set", argc - 2))
                     : CLI_OK;
}

/* ---- delete ---- */

static int run_delete(struct cli *cli, int argc, char **argv)
{
    struct om_section_info section;
    struct om_store *store;
    om_proptag tag;
    om_status st;

    (void)argc;
    if (om_proptag_parse(argv[2], &tag, &cli->err) != OM_OK ||
        cli_store(cli, OM_STORE_WRITE, &store) != OM_OK)
        return cli_fail(cli);
    st = find_section(cli, store, argv[0], argv[1], &section);
    if (st == OM_OK)
        st = om_prop_delete(store, argv[0], &section.uid, tag, &cli->err);
    om_store_close(store);
    if (st != OM_OK)
        return cli_fail(cli);
    return cli->json ? cli_json(cli, json_pack("{s:o}", "deleted", cli_json_text(argv[2])))
                     : CLI_OK;
}

#define WHERE                                                                                      \
    "SECTION is a UID, a provider's or service's name, or global. PROP is a name\n"                \
    "(PR_PROFILE_CONNECT_FLAGS) or a tag (0x66040003); _A and _W behind a name choose "            \
    "PT_STRING8\n"                                                                                 \
    "and PT_UNICODE.\n"

static const struct cli_command list = {.name = "list",
                                        .args = "PROFILE [SECTION]",
                                        .summary = "List properties",
                                        .help = WHERE,
                                        .min_args = 1,
                                        .max_args = 2,
                                        .run = run_list};
static const struct cli_command get = {.name = "get",
                                       .args = "PROFILE SECTION PROP",
                                       .summary = "Print one property's value",
                                       .help = WHERE,
                                       .min_args = 3,
                                       .max_args = 3,
                                       .run = run_get};
static const struct cli_command set = {
    .name = "set",
    .args = "PROFILE SECTION PROP=VALUE...",
    .summary = "Set properties, all or none",
    .help = WHERE
    "Flags may be names joined with '|':\n"
    "    PR_PROFILE_CONNECT_FLAGS='CONNECT_USE_SEPARATE_CONNECTION|CONNECT_IGNORE_NO_PF'\n"
    "Several values of a PT_MV_* property have ';' between them.",
    .min_args = 3,
    .max_args = 1000,
    .run = run_set};
static const struct cli_command delete = {.name = "delete",
                                          .args = "PROFILE SECTION PROP",
                                          .summary = "Delete one property",
                                          .help = WHERE,
                                          .min_args = 3,
                                          .max_args = 3,
                                          .run = run_delete};

static const struct cli_command *const children[] = {&list, &get, &set, &delete, NULL};

const struct cli_command cli_cmd_prop = {.name = "prop",
                                         .args = "",
                                         .summary =
                                             "List, get, set and delete properties of sections",
                                         .children = children};
