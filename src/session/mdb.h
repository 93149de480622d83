/* SPDX-License-Identifier: MIT */
/* A connection to a mailbox server: the Session Context of EcDoConnectEx and ROP buffers on it. */
#ifndef OM_SESSION_MDB_H
#define OM_SESSION_MDB_H

#include "codec/emsmdb.h"
#include "codec/rop/batch.h"
#include "session/link.h"

struct om__mdb {
    struct om__mdb *next; /* in the session's list */
    struct om_session *session;
    struct om__link link;
    struct om__ndr_context cxh;
    struct om__version version; /* the server's */
    char version_text[OM_VERSION_TEXT];
    unsigned users;  /* mailboxes on it; closed with the last one */
    unsigned logons; /* logon ids handed out */
};

/*
 * A logon id of this connection's own: two logons of one id would be one. It has 8 bits, so a
 * connection shared by 256 mailboxes is full: MAPI_E_SESSION_LIMIT.
 */
om_status om__mdb_logon_id(struct om__mdb *mdb, uint8_t *id, struct om_error *err);

/*
 * Connects to `server` as `user_dn` and puts the connection into the session's list. An existing
 * one is shared unless the profile says CONNECT_USE_SEPARATE_CONNECTION. Belongs to the caller:
 * om__mdb_release().
 */
om_status om__mdb_acquire(struct om_session *s, const char *server, const char *user_dn,
                          struct om__mdb **out, struct om_error *err);
void om__mdb_release(struct om__mdb *mdb); /* NULL-safe */

/* EcDoDisconnect, best effort, and out of the list, whoever uses it. */
void om__mdb_close(struct om__mdb *mdb);

/* EcDoRpcExt2 with the batch; everything in *answers is in the arena. */
om_status om__mdb_execute(struct om__mdb *mdb, const struct om__rop_batch *batch,
                          struct om_arena *arena, struct om__rop_answers *answers,
                          struct om_error *err);

#endif
