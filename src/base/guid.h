/* SPDX-License-Identifier: MIT */
#ifndef OM_BASE_GUID_H
#define OM_BASE_GUID_H

#include <onemapi/prop.h>

#define OM_GUID_TEXT 37 /* xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx and a NUL */
#define OM_UID_TEXT  33 /* 32 hexadecimal digits and a NUL */

void om__guid_format(const struct om_guid *g, char out[OM_GUID_TEXT]); /* lower case, no braces */
bool om__guid_parse(const char *text, struct om_guid *g); /* braces allowed, any case */
bool om__guid_equal(const struct om_guid *a, const struct om_guid *b);

void om__uid_format(const struct om_uid *u,
                    char out[OM_UID_TEXT]);             /* upper case, as MFCMAPI shows it */
bool om__uid_parse(const char *text, struct om_uid *u); /* 32 digits, any case */
bool om__uid_equal(const struct om_uid *a, const struct om_uid *b);

/* n random bytes from the kernel. False: the kernel has none, which only a broken system shows. */
bool om__random(void *p, size_t n);
bool om__guid_random(struct om_guid *g); /* version 4, RFC 4122 4.4 */

/* Two hexadecimal digits a byte; out has 2 * n + 1. */
void om__hex_format(const void *p, size_t n, bool upper, char *out);
/* Exactly n bytes from 2 * n digits; the text may go on after them. */
bool om__hex_parse(const char *text, size_t n, void *out);

#endif
