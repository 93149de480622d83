/* SPDX-License-Identifier: MIT */
/* onemapi logon */
#include "cli/session.h"

static json_t *logon_json(const struct cli *cli, const char *profile,
                          const struct om_mailbox_info *m)
{
    const struct om_connection_info *c = &m->connection;

    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:b, s:s, s:i, s:i}",
        "profile", profile, "user", cli_json_text(cli->user), "mailbox",
        cli_json_text(m->smtp[0] ? m->smtp : m->alias), "display_name",
        cli_json_text(m->display_name), "server", cli_json_text(c->server), "server_version",
        c->server_version, "server_age", c->server_age, "transport", c->transport, "proxy",
        cli_json_text(c->proxy), "http_auth", cli_json_text(c->http_auth), "rpc_auth", c->rpc_auth,
        "rpc_level", c->rpc_level, "encrypted", c->encrypted, "certificate", c->certificate,
        "round_trips", (int)c->round_trips, "ms", (int)c->ms);
}

static void print_line(const char *label, const char *value)
{
    printf("%-12s", label);
    cli_put_text(stdout, value);
    putchar('\n');
}

static void print_logon(const struct cli *cli, const char *profile, const struct om_mailbox_info *m)
{
    const struct om_connection_info *c = &m->connection;
    char text[200];

    print_line("profile", profile);
    if (cli->user)
        print_line("user", cli->user);
    print_line("mailbox", m->smtp[0] ? m->smtp : m->alias);
    print_line("name", m->display_name);
    print_line("server", c->server);
    cli_server_text(c, text, sizeof text);
    print_line("version", text);
    print_line("transport", c->transport);
    if (c->proxy) {
        snprintf(text, sizeof text, "%s, HTTP %s, certificate %s", c->proxy, c->http_auth,
                 c->certificate);
        print_line("proxy", text);
    }
    snprintf(text, sizeof text, "%s, %s", c->rpc_auth, c->rpc_level);
    print_line("RPC", text);
    snprintf(text, sizeof text, "%u round trips, %u ms", c->round_trips, c->ms);
    print_line("took", text);
}

static int run(struct cli *cli, int argc, char **argv)
{
    struct cli_session s;
    struct om_mailbox *mailbox;
    int rc;

    (void)argc;
    (void)argv;
    if (cli_session_open(cli, &s) != OM_OK)
        return cli_fail(cli);
    if (cli_session_mailbox(cli, &s, NULL, &mailbox) != OM_OK) {
        rc = cli_fail(cli);
    } else if (cli->json) {
        rc =
            cli_json(cli, logon_json(cli, om_session_profile(s.session), om_mailbox_info(mailbox)));
    } else {
        print_logon(cli, om_session_profile(s.session), om_mailbox_info(mailbox));
        rc = CLI_OK;
    }
    cli_session_close(&s);
    return rc;
}

const struct cli_command cli_cmd_logon = {
    .name = "logon",
    .summary = "Log on to the profile's mailbox and say what was reached, and how",
    .run = run,
};
