/* SPDX-License-Identifier: MIT */
/* Properties of mailboxes, folders and messages, as tables and RopGetProperties* show them. */
#ifndef OM_LAB_STORE_PROPS_H
#define OM_LAB_STORE_PROPS_H

#include "lab/mailstore.h"

/* ReplId 1 and the counter, [MS-OXCDATA] 2.2.1.1; and back: false for a ReplId the lab never gives.
 */
uint64_t lab_wire_id(uint64_t counter);
bool lab_wire_counter(uint64_t wire, uint64_t *counter);

/* What a value is of: the message; else the folder; else the mailbox itself. */
struct lab_store_row {
    const struct lab_mailbox *box;
    const struct lab_user *owner;
    const struct lab_folder *folder;
    const struct lab_message *message; /* with the folder it lies in */
};

/*
 * One property. PT_UNSPECIFIED takes the property's own type, PT_STRING8 is Windows-1252. What is
 * not there becomes PT_ERROR with ecNotFound. False: the arena is full.
 */
bool lab_store_property(const struct lab_store_row *row, om_proptag tag, struct om_arena *a,
                        struct om_propval *out);

/* A row of the columns. False: the arena is full. */
bool lab_store_proprow(const struct lab_store_row *row, const om_proptag *tags, size_t count,
                       struct om_arena *a, struct om_proprow *out);

/* All it has; text as PT_UNICODE or PT_STRING8. NULL: the arena is full. */
const om_proptag *lab_store_all_tags(const struct lab_store_row *row, bool unicode,
                                     struct om_arena *a, size_t *count);

#endif
