/* SPDX-License-Identifier: MIT */
/*
 * The mailboxes: folders and messages in DIR/mail.db (SQLite). A mailbox comes to be at its first
 * logon, with the folders Exchange gives a new one, a few of its owner's, and the messages the
 * store was filled with: those of --mail, else twenty of the lab's own. MIME is read by GMime and
 * kept as it came.
 */
#ifndef OM_LAB_MAILSTORE_H
#define OM_LAB_MAILSTORE_H

#include <stddef.h>

#include "base/arena.h"
#include "lab/org.h"

struct lab_mailstore;

/* The folders RopLogon tells of, in its order. [MS-OXCROPS] 2.2.3.1.2 */
enum lab_special {
    LAB_ROOT,
    LAB_DEFERRED_ACTION,
    LAB_SPOOLER_QUEUE,
    LAB_IPM_SUBTREE, /* "Top of Information Store" */
    LAB_INBOX,
    LAB_OUTBOX,
    LAB_SENT_ITEMS,
    LAB_DELETED_ITEMS,
    LAB_COMMON_VIEWS,
    LAB_SCHEDULE,
    LAB_SEARCH,
    LAB_VIEWS,
    LAB_SHORTCUTS,
    LAB_SPECIAL_COUNT
};

/* Identifiers are global counters: the 48 bits of a FolderId or MessageId above its ReplId. 0 is
 * none. */
struct lab_mailbox {
    int64_t id; /* in the store */
    struct om_guid guid, replica;
    uint64_t special[LAB_SPECIAL_COUNT];
};

struct lab_folder {
    uint64_t id, parent;
    uint32_t depth; /* 1: right under the folder asked for */
    uint32_t total, unread, size;
    bool has_children;
    const char *name, *container_class; /* UTF-8 */
};

struct lab_message {
    uint64_t id;
    bool read, has_attachments;
    uint32_t size;
    uint64_t delivered, submitted;                                        /* FILETIME */
    const char *subject, *sender_name, *sender_smtp, *to, *message_class; /* UTF-8 */
};

/*
 * Opens or makes DIR/mail.db, and fills it from the folder `mail` (all of its *.eml, recursively)
 * when it is new; `mail` may be NULL. NULL: `why` says what failed.
 */
struct lab_mailstore *lab_mailstore_open(const char *dir, const char *mail, char *why,
                                         size_t why_size);
void lab_mailstore_close(struct lab_mailstore *store); /* NULL-safe */

/* The mailbox of `owner`, made when it is not there. False: the database failed. */
bool lab_mailstore_mailbox(struct lab_mailstore *store, const struct lab_user *owner,
                           struct lab_mailbox *out);

/*
 * The children of a folder by name, or with `deep` all below it, each before its children. What
 * they point to lives in the arena. False: the database failed or the arena is full.
 */
bool lab_mailstore_folders(struct lab_mailstore *store, const struct lab_mailbox *box,
                           uint64_t parent, bool deep, struct om_arena *a, struct lab_folder **out,
                           size_t *count);

/* One folder; depth is 0. *found is false when there is none. */
bool lab_mailstore_folder(struct lab_mailstore *store, const struct lab_mailbox *box, uint64_t id,
                          struct om_arena *a, struct lab_folder *out, bool *found);

/* The messages of a folder, newest first. */
bool lab_mailstore_messages(struct lab_mailstore *store, const struct lab_mailbox *box,
                            uint64_t folder, struct om_arena *a, struct lab_message **out,
                            size_t *count);

#endif
