/* SPDX-License-Identifier: MIT */
/*
 * The store's file underneath: opening and checking it, transactions, and one way to run a
 * statement. The tables are in store.c; the public half is include/onemapi/profile.h.
 */
#ifndef OM_PROFILE_STORE_H
#define OM_PROFILE_STORE_H

#include <sqlite3.h>

#include <onemapi/profile.h>

#include "base/arena.h"

#define OM_STORE_FILE    "profiles.db"
#define OM_STORE_VERSION 1 /* user_version: what this code writes, and the newest it reads */

struct om_store {
    sqlite3 *db;
    char *path;
    bool writable;
    unsigned depth; /* of transactions */
};

/* A SQLite result as status and cause; `doing` completes "while ...". Layer store, native the
 * extended code. */
om_status om__store_fail(struct om_store *s, struct om_error *err, int rc, const char *doing);

/* Called for each row of a result; a failure ends the statement. */
typedef om_status om__row_fn(void *ctx, sqlite3_stmt *row, struct om_error *err);

/*
 * Runs one statement. `types` has a letter for each parameter, in order:
 *   i int64_t   t const char * (NULL binds NULL)   b const void *, size_t   u const struct om_uid *
 * row may be NULL.
 */
om_status om__store_run(struct om_store *s, struct om_error *err, om__row_fn *row, void *ctx,
                        const char *sql, const char *types, ...);

/* Begins a transaction that only reads: what follows sees one state. End with om__store_end(). */
om_status om__store_snapshot(struct om_store *s, struct om_error *err);

/* Commits when st is a success, else rolls back; gives what came of it. */
om_status om__store_end(struct om_store *s, om_status st, struct om_error *err);

/* For a row function's ctx: the first column of the first row. `found` tells that there was one. */
struct om__cell {
    bool found;
    int64_t value;
};
om__row_fn om__row_cell;

/* Text or blob of a column, copied; NULL when memory is out. NULL values become "". */
const char *om__column_text(sqlite3_stmt *row, int column, struct om_arena *a);
/* A blob of exactly 16 bytes; anything else is damage. */
om_status om__column_uid(sqlite3_stmt *row, int column, struct om_uid *uid, struct om_error *err);

/* The failure of a value in the file that cannot be what this code wrote. */
om_status om__store_damaged(struct om_error *err, const char *what);

/* Lists are one allocation after another in an arena that is part of the list itself. */
#define OM_MAX_STORE_LIST (64u << 20) /* bytes of one answer */

/* Memory ran out, or the answer is larger than any store of this program's making. */
om_status om__list_fail(const struct om_arena *a, struct om_error *err);

/* ---- shared by the files of this layer ---- */

/* A profile's row by name, NULL the default one. */
om_status om__profile_id(struct om_store *s, const char *profile, int64_t *id,
                         struct om_error *err);

/* The section's row, 0 when there is none. */
om_status om__section_find(struct om_store *s, int64_t profile, const struct om_uid *uid,
                           int64_t *id, struct om_error *err);
/* The same, created when it is not there; owned by `service` (0: by nobody) and so deleted with it.
 */
om_status om__section_open(struct om_store *s, int64_t profile, const struct om_uid *uid,
                           int64_t service, int64_t *id, struct om_error *err);

om_status om__prop_write(struct om_store *s, int64_t section, const struct om_propval *val,
                         struct om_error *err);

#endif
