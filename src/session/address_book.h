/* SPDX-License-Identifier: MIT */
/*
 * The address book of a server: NSPI ([MS-OXNSPI]) where the server offers it itself, else where
 * its referral service ([MS-OXABREF]) points to.
 */
#ifndef OM_SESSION_ADDRESS_BOOK_H
#define OM_SESSION_ADDRESS_BOOK_H

#include "base/arena.h"
#include "codec/nspi.h"
#include "session/link.h"

struct om__address_book {
    struct om_session *session;
    char *server;         /* whose address book this is: what the profile names */
    struct om__link link; /* context 0 is NSPI */
    struct om__ndr_context handle;
    struct om_error
        refusal; /* why the last host asked for has its short name only; or status OM_OK */
};

om_status om__address_book_open(struct om_session *s, const char *server,
                                struct om__address_book **out, struct om_error *err);
void om__address_book_close(struct om__address_book *book); /* NULL-safe */

/* The session's own, of the profile's server, opened when it is first asked for. Borrowed. */
om_status om__session_book(struct om_session *s, struct om__address_book **out,
                           struct om_error *err);

/*
 * The one entry that `who` stands for: an alias ("alice", "=alice"), an SMTP address, a legacy DN,
 * "GAL:display name" or anything ambiguous name resolution makes one entry of. Strings are in the
 * arena. MAPI_E_NOT_FOUND, or MAPI_E_AMBIGUOUS_RECIP after `fn` (may be NULL) saw the candidates.
 */
om_status om__address_book_resolve(struct om__address_book *book, const char *who,
                                   struct om_arena *arena, struct om_gal_entry *out, om_gal_fn *fn,
                                   void *ctx, struct om_error *err);

/* All entries, in the table's order; with `text` those ANR finds for it. */
om_status om__address_book_list(struct om__address_book *book, const char *text, om_gal_fn *fn,
                                void *ctx, struct om_error *err);

/*
 * The host name of a server named in the directory ("EX2010"), from RfrGetFQDNFromServerDN; the
 * name itself where no referral service knows it. In the arena.
 */
om_status om__address_book_host(struct om__address_book *book, const char *home_mdb,
                                const char *name, struct om_arena *arena, const char **out,
                                struct om_error *err);

#endif
