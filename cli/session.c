/* SPDX-License-Identifier: MIT */
#include "cli/session.h"

#include <string.h>

/* Warnings always; -v prints steps for a person, -vv every transition of every state machine. */
static void print_trace(void *ctx, const struct om_trace_event *ev)
{
    struct cli *cli = ctx;

    if (ev->warning) {
        cli_warn(cli, "%s", ev->text);
        return;
    }
    if (!cli->verbose)
        return;
    if (!ev->machine) {
        fprintf(stderr, "%s: ", om_layer_name(ev->layer));
        cli_put_text(stderr, ev->text ? ev->text : "");
        fputc('\n', stderr);
        return;
    }
    if (cli->verbose < 2)
        return;
    fprintf(stderr, "%s: %s: ", om_layer_name(ev->layer), ev->machine);
    if (ev->from && ev->to)
        fprintf(stderr, "%s --%s--> %s", ev->from, ev->event ? ev->event : "", ev->to);
    else
        fputs(ev->event ? ev->event : "", stderr); /* bytes that moved, no state that changed */
    if (ev->text) {
        fputs(": ", stderr);
        cli_put_text(stderr, ev->text);
    }
    fputc('\n', stderr);
}

/*
 * Whether the RPC proxy sees somebody else, or the same one with another password. Otherwise the
 * session takes the RPC identity for both, and one password is asked for, once.
 */
static bool has_http_identity(const struct cli *cli)
{
    if (!cli->http_user)
        return false;
    return !cli->user || strcmp(cli->user, cli->http_user) != 0 || cli->http_password_file ||
           cli->http_password_command;
}

/* Asks for what the session needs; the passwords are the caller's to free. */
static om_status credentials(struct cli *cli, struct om_session_options *o, char **password,
                             char **http_password)
{
    bool http = has_http_identity(cli);
    om_status st = OM_OK;

    if (cli->user)
        st = cli_password(cli, CLI_IDENTITY_RPC, cli->user, password);
    if (st == OM_OK && http)
        st = cli_password(cli, CLI_IDENTITY_HTTP, cli->http_user, http_password);
    o->rpc = (struct om_credentials){cli->user, *password};
    o->http = (struct om_credentials){http ? cli->http_user : NULL, *http_password};
    return st;
}

om_status cli_session_open(struct cli *cli, struct cli_session *out)
{
    struct om_session_options options = {
        .ca_file = cli->ca_file,
        .resolve = (const char *const *)cli->resolves,
        .timeout_ms = (int)cli->timeout_ms,
        .client_version = cli->client_version,
        .trace = print_trace,
        .trace_ctx = cli,
    };
    char *password = NULL, *http_password = NULL;
    struct cli_session s = {0};
    om_status st = cli_store(cli, OM_STORE_READ, &s.store);

    if (st == OM_OK)
        st = credentials(cli, &options, &password, &http_password);
    if (st == OM_OK)
        st = om_session_open(s.store, cli->profile, &options, &s.session, &cli->err);
    cli_password_free(password);
    cli_password_free(http_password);
    if (st != OM_OK) {
        cli_session_close(&s);
        return st;
    }
    *out = s;
    return OM_OK;
}

void cli_session_close(struct cli_session *s)
{
    om_session_close(s->session);
    om_store_close(s->store);
    *s = (struct cli_session){0};
}

om_status cli_session_mailbox(struct cli *cli, struct cli_session *s, const char *who,
                              struct om_mailbox **out)
{
    return who ? om_session_open_mailbox(s->session, who, out, &cli->err)
               : om_session_logon(s->session, out, &cli->err);
}

void cli_server_text(const struct om_connection_info *c, char *buf, size_t size)
{
    if (c->server_age[0])
        snprintf(buf, size, "Exchange %s (%s)", c->server_age, c->server_version);
    else
        snprintf(buf, size, "%s", c->server_version);
}
