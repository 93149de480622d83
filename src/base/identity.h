/* SPDX-License-Identifier: MIT */
/* Who logs on. The password is wiped when the identity is freed and never leaves it but for a
 * mechanism. */
#ifndef OM_BASE_IDENTITY_H
#define OM_BASE_IDENTITY_H

#include <onemapi/error.h>

struct om__identity {
    char *user;     /* "alice", or the whole UPN "alice@contoso.test" */
    char *domain;   /* "CONTOSO"; "" with a UPN */
    char *password; /* UTF-8; NULL when there is none (a ticket cache is used) */
};

/* From "DOMAIN\\user", "user@domain" or "user". password may be NULL; it is copied. */
om_status om__identity_parse(const char *text, const char *password, struct om__identity *out,
                             struct om_error *err);
void om__identity_free(struct om__identity *id); /* wipes; NULL-safe; back to all NULL */

/* The field's way to write it: "DOMAIN\\user" or the UPN. Cut to size. */
void om__identity_format(const struct om__identity *id, char *buf, size_t size);

#endif
