/* SPDX-License-Identifier: MIT */
/* onemapi stores */
#include <stdlib.h>

#include "cli/session.h"

struct listing {
    json_t *array; /* with --json */
    struct cli_table table;
};

/* Two hexadecimal digits a byte; free() it. */
static char *hex(const struct om_binary *b)
{
    char *text = malloc(2 * (size_t)b->cb + 1);

    for (uint32_t i = 0; text && i < b->cb; i++)
        snprintf(text + 2 * i, 3, "%02X", b->pb[i]);
    if (text && b->cb == 0)
        text[0] = '\0';
    return text;
}

static bool add(void *ctx, const struct om_store_info *s)
{
    struct listing *l = ctx;
    const char *cells[] = {s->name, s->provider, s->is_default ? "default" : "", s->server,
                           s->mailbox};
    char *id;

    if (!l->array) {
        cli_table_row(&l->table, cells);
        return true;
    }
    id = hex(&s->entry_id);
    json_array_append_new(l->array,
                          json_pack("{s:o, s:s, s:b, s:o, s:o, s:s}", "name",
                                    cli_json_text(s->name), "provider", s->provider, "default",
                                    s->is_default, "server", cli_json_text(s->server), "mailbox",
                                    cli_json_text(s->mailbox), "entry_id", id ? id : ""));
    free(id);
    return true;
}

static int print(struct cli *cli, struct listing *l)
{
    if (l->array)
        return cli_json(cli, json_pack("{s:O}", "stores", l->array));
    return cli_table_print(cli, &l->table);
}

static int run(struct cli *cli, int argc, char **argv)
{
    static const char *const header[] = {"NAME", "PROVIDER", "", "SERVER", "MAILBOX"};
    struct listing l = {.array = cli->json ? json_array() : NULL};
    struct cli_session s;
    int rc;

    (void)argc;
    (void)argv;
    if (cli_session_open(cli, &s) != OM_OK) {
        json_decref(l.array);
        return cli_fail(cli);
    }
    if (!l.array)
        cli_table_init(&l.table, sizeof header / sizeof *header, header);
    if (om_session_stores(s.session, add, &l, &cli->err) == OM_OK) {
        rc = print(cli, &l);
    } else {
        cli_table_free(&l.table);
        rc = cli_fail(cli);
    }
    cli_session_close(&s);
    json_decref(l.array);
    return rc;
}

const struct cli_command cli_cmd_stores = {
    .name = "stores",
    .summary = "List the message stores of the profile",
    .run = run,
};
