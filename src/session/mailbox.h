/* SPDX-License-Identifier: MIT */
#ifndef OM_SESSION_MAILBOX_H
#define OM_SESSION_MAILBOX_H

#include "session/mdb.h"

struct om_mailbox {
    struct om_mailbox *next; /* in the session's list */
    struct om_session *session;
    struct om__mdb *mdb;
    uint8_t logon_id;
    uint32_t store;        /* server object handle of the logon */
    uint64_t ipm_subtree;  /* the top of what a person sees */
    struct om_arena arena; /* of the strings in info */
    struct om_mailbox_info info;
};

/* Brings info.connection.round_trips up to date. */
void om__mailbox_count_round_trips(struct om_mailbox *m);

#endif
