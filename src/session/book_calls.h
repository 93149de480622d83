/* SPDX-License-Identifier: MIT */
/* What address_book.c and resolve.c share: calls of NSPI on an open address book. */
#ifndef OM_SESSION_BOOK_CALLS_H
#define OM_SESSION_BOOK_CALLS_H

#include "session/address_book.h"

#define OM_BOOK_CEILING     (8u << 20) /* one decoded page */
#define OM_BOOK_MATCHES_MAX 20000u     /* entries ANR may find before the server says too many */

/* What is asked of every entry: enough for om__book_entry(). */
extern const struct om__nspi_tags om__book_columns;

/* The table of the GAL, at its first row. */
struct om__nspi_stat om__book_stat(void);

/* Sends the stub written, as operation `opnum`, and gives the answer's; frees the writer. */
om_status om__book_call(struct om__address_book *b, uint16_t opnum, const char *name,
                        struct om_wr *w, struct om_rd *answer, struct om_error *err);

/* The verdict on a decoded answer: its bytes first, then the code the server gave. */
om_status om__book_verdict(const struct om__address_book *b, const struct om_rd *r, uint32_t code,
                           const char *name, struct om_error *err);

/* A row of om__book_columns as an entry; its strings are the row's, or in the arena. False: no
 * memory. */
bool om__book_entry(const struct om_proprow *row, struct om_arena *arena, struct om_gal_entry *out);

/* Rows of the table at `stat`, or of an explicit table when `mids` is not NULL. */
om_status om__book_rows(struct om__address_book *b, const struct om__nspi_stat *stat,
                        const struct om__nspi_tags *mids, uint32_t count, struct om_arena *arena,
                        struct om__nspi_rows_resp *resp, struct om_error *err);

/* The Minimal Entry IDs that ambiguous name resolution finds for a text; in the arena. */
om_status om__book_matches(struct om__address_book *b, const char *text, struct om_arena *arena,
                           struct om__nspi_tags *mids, struct om_error *err);

/* The entries of an explicit table, a page at a time. */
om_status om__book_list(struct om__address_book *b, const struct om__nspi_tags *mids, om_gal_fn *fn,
                        void *ctx, struct om_error *err);

#endif
