/* SPDX-License-Identifier: MIT */
/* The referral service of a server, [MS-OXABREF]: which address book to use, what a server's host
 * is. */
#ifndef OM_SESSION_REFERRAL_H
#define OM_SESSION_REFERRAL_H

#include "base/arena.h"
#include "session/link.h"

extern const struct om__rpc_syntax om__referral_syntax;

/* RfrGetNewDSA at `server`; the answer is in the arena. */
om_status om__referral_new_dsa(struct om_session *s, const char *server, struct om_arena *arena,
                               const char **dsa, struct om_error *err);

/* RfrGetFQDNFromServerDN on a link where `context` is the service; the answer is in the arena. */
om_status om__referral_fqdn(struct om_session *s, struct om__link *link, uint16_t context,
                            const char *server_dn, struct om_arena *arena, const char **fqdn,
                            struct om_error *err);

#endif
