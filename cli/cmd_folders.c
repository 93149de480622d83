/* SPDX-License-Identifier: MIT */
/* onemapi folders [--mailbox WHO] */
#include "cli/session.h"

enum { OPT_MAILBOX = CLI_OPT_OWN };

struct listing {
    json_t *array; /* with --json */
    struct cli_table table;
};

/* The eight bytes as they stand on the wire, [MS-OXCDATA] 2.2.1.1: replica id, then the counter. */
static void id_text(uint64_t id, char out[17])
{
    for (int i = 0; i < 8; i++, id >>= 8)
        snprintf(out + 2 * i, 3, "%02x", (unsigned)(id & 0xFF));
}

static bool add(void *ctx, const struct om_folder *f)
{
    struct listing *l = ctx;
    char id[17], parent[17], total[12], unread[12];
    const char *cells[] = {f->path, total, unread, f->container_class, id};

    id_text(f->id, id);
    id_text(f->parent_id, parent);
    snprintf(total, sizeof total, "%u", (unsigned)f->total);
    snprintf(unread, sizeof unread, "%u", (unsigned)f->unread);
    if (!l->array) {
        cli_table_row(&l->table, cells);
        return true;
    }
    json_array_append_new(
        l->array, json_pack("{s:o, s:o, s:s, s:s, s:o, s:I, s:I}", "path", cli_json_text(f->path),
                            "name", cli_json_text(f->name), "id", id, "parent_id", parent, "class",
                            cli_json_text(f->container_class), "total", (json_int_t)f->total,
                            "unread", (json_int_t)f->unread));
    return true;
}

static int print(struct cli *cli, const struct om_mailbox_info *m, struct listing *l)
{
    char server[80];

    if (l->array)
        return cli_json(cli, json_pack("{s:o, s:o, s:s, s:s, s:s, s:O}", "mailbox",
                                       cli_json_text(m->smtp[0] ? m->smtp : m->alias), "server",
                                       cli_json_text(m->connection.server), "server_version",
                                       m->connection.server_version, "server_age",
                                       m->connection.server_age, "transport",
                                       m->connection.transport, "folders", l->array));
    cli_server_text(&m->connection, server, sizeof server);
    cli_put_text(stdout, m->display_name);
    printf(", %s, %s, ", server, m->connection.transport);
    cli_put_text(stdout, m->connection.server);
    putchar('\n');
    return cli_table_print(cli, &l->table);
}

static int list(struct cli *cli, struct cli_session *s, const char *who)
{
    static const char *const header[] = {"FOLDER", "TOTAL", "UNREAD", "CLASS", "ID"};
    struct listing l = {.array = cli->json ? json_array() : NULL};
    struct om_mailbox *mailbox;
    int rc;

    if (!l.array)
        cli_table_init(&l.table, sizeof header / sizeof *header, header);
    if (cli_session_mailbox(cli, s, who, &mailbox) != OM_OK ||
        om_mailbox_folders(mailbox, add, &l, &cli->err) != OM_OK) {
        cli_table_free(&l.table);
        rc = cli_fail(cli);
    } else {
        rc = print(cli, om_mailbox_info(mailbox), &l);
    }
    json_decref(l.array);
    return rc;
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct cli_session s;
    int rc;

    (void)argc;
    (void)argv;
    if (cli_session_open(cli, &s) != OM_OK)
        return cli_fail(cli);
    rc = list(cli, &s, cli->mailbox);
    cli_session_close(&s);
    return rc;
}

static void option(struct cli *cli, int val, const char *arg)
{
    if (val == OPT_MAILBOX)
        cli->mailbox = arg;
}

static const struct option options[] = {
    {"mailbox", required_argument, NULL, OPT_MAILBOX},
    {NULL, 0, NULL, 0},
};

const struct cli_command cli_cmd_folders = {
    .name = "folders",
    .args = "[--mailbox WHO]",
    .summary = "List the folders of a mailbox",
    .help = "WHO is an alias, an SMTP address, a legacy DN or \"GAL:display name\". The mailbox "
            "may be on\n"
            "another server, of another age.",
    .options = options,
    .options_help = "      --mailbox WHO          somebody else's mailbox, not the profile's own\n",
    .option = option,
    .run = run,
};
