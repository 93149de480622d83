/* SPDX-License-Identifier: MIT */
#include "base/filetime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKS        10000000u            /* in a second */
#define UNIX_SECONDS INT64_C(11644473600) /* from 1601-01-01 to 1970-01-01 */

uint64_t om__filetime_from_unix(int64_t seconds, uint32_t nanoseconds)
{
    return (uint64_t)(seconds + UNIX_SECONDS) * TICKS + nanoseconds / 100;
}

int64_t om__filetime_to_unix(uint64_t ft, uint32_t *nanoseconds)
{
    if (nanoseconds)
        *nanoseconds = (uint32_t)(ft % TICKS) * 100;
    return (int64_t)(ft / TICKS) - UNIX_SECONDS;
}

bool om__filetime_format(uint64_t ft, char out[OM_FILETIME_TEXT])
{
    time_t t = (time_t)om__filetime_to_unix(ft, NULL);
    unsigned fraction = (unsigned)(ft % TICKS);
    struct tm tm;
    size_t n;

    if (!gmtime_r(&t, &tm) || tm.tm_year + 1900 > 9999)
        return false;
    n = strftime(out, OM_FILETIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    if (fraction)
        snprintf(out + n, OM_FILETIME_TEXT - n, ".%07uZ", fraction);
    else
        snprintf(out + n, OM_FILETIME_TEXT - n, "Z");
    return true;
}

bool om__filetime_parse(const char *text, uint64_t *ft)
{
    struct tm tm = {0};
    const char *p = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    uint64_t fraction = 0;

    if (!p)
        return false;
    if (*p == '.') {
        char digits[8] = "0000000";
        size_t n = strspn(++p, "0123456789");
        if (n == 0 || n > 7)
            return false;
        memcpy(digits, p, n);
        fraction = strtoul(digits, NULL, 10);
        p += n;
    }
    if (strcmp(p, "Z") != 0 || tm.tm_year < -299)
        return false;
    *ft = om__filetime_from_unix(timegm(&tm), 0) + fraction;
    return true;
}
