/* SPDX-License-Identifier: MIT */
/* What the files of the session layer share. The public half is include/onemapi/session.h. */
#ifndef OM_SESSION_SESSION_INT_H
#define OM_SESSION_SESSION_INT_H

#include <onemapi/session.h>

#include "base/identity.h"
#include "net/net.h"
#include "session/link.h"

/* CONNECT_*, the bits of PR_PROFILE_CONNECT_FLAGS that decide something here. */
#define OM_CONNECT_SEPARATE_CONNECTION 0x00000004u
#define OM_CONNECT_IGNORE_NO_PF        0x00008000u

struct om__address_book;
struct om__mdb;

/* What the profile says, read once when the session opens. Strings belong to the session. */
struct om__session_profile {
    char *name;
    char *unresolved_name; /* PR_PROFILE_UNRESOLVED_NAME; NULL when it is not set */
    char *
        unresolved_server; /* PR_PROFILE_UNRESOLVED_SERVER, else PR_PROFILE_HOME_SERVER; likewise */
    char *user_dn;         /* PR_PROFILE_USER: a profile that was resolved before; likewise */
    uint32_t connect_flags;
};

struct om_session {
    struct om_store *store;
    struct om__session_profile profile;
    struct om__net net;
    struct om__identity rpc_identity;
    struct om__identity http_identity;
    char *client_version; /* NULL: the default */

    struct om__address_book *book; /* of the profile's server; opened when it is first needed */
    struct om__mdb *mdbs;          /* connections to mailbox servers */
    struct om_mailbox *mailboxes;
    struct om_mailbox *own; /* one of them, or NULL before the logon */
    bool public_store;      /* the logon opened one */
    char warned[300];       /* the last warning: every link to a proxy has the same cause for one */
};

/* A step that is no state machine's, for the trace. */
void om__session_note(struct om_session *s, enum om_layer layer, const char *fmt, ...)
    OM_PRINTF(3, 4);

/* The same as a warning, but not twice in a row. */
void om__session_warn(struct om_session *s, enum om_layer layer, const char *fmt, ...)
    OM_PRINTF(3, 4);

/* Does the profile ask for this? */
bool om__session_flag(const struct om_session *s, uint32_t connect_flag);

#endif
