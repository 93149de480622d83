/* SPDX-License-Identifier: MIT */
/* What the commands that talk to a server share. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/cli.h"

struct cli_session {
    struct om_store *store;
    struct om_session *session;
};

/* Opens the profile for a session; on failure cli->err says why and there is nothing to close. */
om_status cli_session_open(struct cli *cli, struct cli_session *out);
void cli_session_close(struct cli_session *s);

/* The profile's own mailbox, or that of `who`. */
om_status cli_session_mailbox(struct cli *cli, struct cli_session *s, const char *who,
                              struct om_mailbox **out);

/* "Exchange 2013 (15.0.847.32)", or the version alone. */
void cli_server_text(const struct om_connection_info *c, char *buf, size_t size);

#endif
