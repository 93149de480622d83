/* SPDX-License-Identifier: MIT */
/* onemapi gal [TEXT], onemapi resolve NAME */
#include "cli/session.h"

struct listing {
    json_t *array; /* with --json */
    struct cli_table table;
};

static const char *const header[] = {"NAME", "ALIAS", "SMTP", "TYPE", "HOME SERVER"};

static bool add(void *ctx, const struct om_gal_entry *e)
{
    struct listing *l = ctx;
    const char *cells[] = {e->display_name, e->alias, e->smtp, e->type, e->home_server};

    if (!l->array) {
        cli_table_row(&l->table, cells);
        return true;
    }
    json_array_append_new(
        l->array, json_pack("{s:o, s:o, s:o, s:o, s:s, s:o}", "name",
                            cli_json_text(e->display_name), "alias", cli_json_text(e->alias),
                            "smtp", cli_json_text(e->smtp), "dn", cli_json_text(e->legacy_dn),
                            "type", e->type, "home_server", cli_json_text(e->home_server)));
    return true;
}

static void listing_init(const struct cli *cli, struct listing *l)
{
    *l = (struct listing){.array = cli->json ? json_array() : NULL};
    if (!l->array)
        cli_table_init(&l->table, sizeof header / sizeof *header, header);
}

static int print(struct cli *cli, struct listing *l)
{
    if (l->array)
        return cli_json(cli, json_pack("{s:o}", "entries", l->array));
    return cli_table_print(cli, &l->table);
}

static int run_gal(struct cli *cli, int argc, char **argv)
{
    struct cli_session s;
    struct listing l;
    int rc;

    if (cli_session_open(cli, &s) != OM_OK)
        return cli_fail(cli);
    listing_init(cli, &l);
    if (om_session_gal(s.session, argc > 0 ? argv[0] : NULL, add, &l, &cli->err) == OM_OK) {
        if (!l.array && l.table.rows <= 1)
            cli_note_empty(cli, argc > 0 ? "no entry fits" : "the address book is empty");
        rc = print(cli, &l);
    } else {
        json_decref(l.array);
        cli_table_free(&l.table);
        rc = cli_fail(cli);
    }
    cli_session_close(&s);
    return rc;
}

/* An ambiguous name: the candidates go with the error. */
static int fail_resolve(struct cli *cli, struct listing *l)
{
    int rc;

    if (l->array)
        return cli_fail_with(cli, json_pack("{s:o}", "candidates", l->array));
    rc = cli_fail(cli);
    if (l->table.rows > 1)
        cli_table_print_to(cli, &l->table, stderr);
    else
        cli_table_free(&l->table);
    return rc;
}

static int run_resolve(struct cli *cli, int argc, char **argv)
{
    struct cli_session s;
    struct listing l;
    int rc;

    (void)argc;
    if (cli_session_open(cli, &s) != OM_OK)
        return cli_fail(cli);
    listing_init(cli, &l);
    if (om_session_resolve(s.session, argv[0], add, &l, &cli->err) == OM_OK)
        rc = print(cli, &l);
    else
        rc = fail_resolve(cli, &l);
    cli_session_close(&s);
    return rc;
}

const struct cli_command cli_cmd_gal = {
    .name = "gal",
    .args = "[TEXT]",
    .summary = "List the Global Address List, or what TEXT finds in it",
    .max_args = 1,
    .run = run_gal,
};

const struct cli_command cli_cmd_resolve = {
    .name = "resolve",
    .args = "NAME",
    .summary = "Find the one entry a name stands for",
    .help = "NAME is an alias (alice, =alice), an SMTP address, a legacy DN or \"GAL:display "
            "name\". A name\n"
            "that fits several entries fails, and lists them.",
    .min_args = 1,
    .max_args = 1,
    .run = run_resolve,
};
