/* SPDX-License-Identifier: MIT */
/*
 * Exchange's own distinguished names: "/o=Contoso/ou=First/cn=Recipients/cn=bob". They name users
 * and servers, compare without regard to case, and have no escapes. [MS-OXABREF] 3.1.4.2 (servers).
 * Nothing is allocated; slices borrow the text.
 */
#ifndef OM_CODEC_LEGACY_DN_H
#define OM_CODEC_LEGACY_DN_H

#include <stdbool.h>
#include <stddef.h>

struct om__dn_slice {
    const char *p;
    size_t n;
};

/* One element, "cn=bob": neither slice is empty. */
struct om__dn_part {
    struct om__dn_slice type;
    struct om__dn_slice value;
};

/*
 * The element at *pos, which moves to the next. False at the end, and at what is no element; then
 * **pos is what stands there, NUL at the end.
 */
bool om__dn_next(const char **pos, struct om__dn_part *part);

bool om__dn_valid(const char *dn); /* one element at least, and nothing else */
bool om__dn_equal(const char *a, const char *b);
bool om__dn_slice_equal(struct om__dn_slice s, const char *text); /* without regard to case */

/* The value of the last element: the alias in a user's DN. */
bool om__dn_last(const char *dn, struct om__dn_slice *value);

/*
 * The server in a DN of a server or of a database on it:
 *   /o=.../ou=.../cn=Configuration/cn=Servers[/cn=INSTANCE]/cn=SERVER[/cn=Microsoft Private MDB]
 * It is a host's short name, or a personalized server id from 2013 on. False for any other DN.
 */
bool om__dn_server(const char *dn, struct om__dn_slice *server);

#endif
