/* SPDX-License-Identifier: MIT */
#ifndef OM_BASE_FILETIME_H
#define OM_BASE_FILETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define OM_FILETIME_TEXT 29 /* 1601-01-01T00:00:00.0000000Z and a NUL */

/* FILETIME: 100 ns since 1601-01-01 UTC, [MS-DTYP] 2.3.3. */
uint64_t om__filetime_from_unix(int64_t seconds, uint32_t nanoseconds);
int64_t om__filetime_to_unix(uint64_t ft, uint32_t *nanoseconds); /* nanoseconds may be NULL */

/* ISO 8601 in UTC; the fraction is left out when it is zero. False past the year 9999. */
bool om__filetime_format(uint64_t ft, char out[OM_FILETIME_TEXT]);
bool om__filetime_parse(const char *text, uint64_t *ft); /* what om__filetime_format() writes */

#endif
