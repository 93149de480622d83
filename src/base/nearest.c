/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 64u /* longer texts are no typing mistakes */

void om__nearest_init(struct om__nearest *n, const char *text)
{
    *n = (struct om__nearest){.text = text};
}

static int lower(char c)
{
    return tolower((unsigned char)c);
}

/* Letters inserted, deleted or changed between the two: Levenshtein's distance, row by row. */
static unsigned edits(const char *a, const char *b)
{
    unsigned row[LONGEST + 1];
    size_t na = strlen(a), nb = strlen(b);

    if (na > LONGEST || nb > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= nb; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned change = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            unsigned least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

            diagonal = row[j];
            row[j] = change < least ? change : least;
        }
    }
    return row[nb];
}

/* At most `most`, or more than that. A part of a name that was typed is as near as two mistakes. */
static unsigned distance(const char *text, const char *name, unsigned most)
{
    size_t a = strlen(text), b = strlen(name), apart = a > b ? a - b : b - a;
    unsigned d = apart > most ? most + 1 : edits(text, name); /* `apart` letters differ at least */

    return d > 2 && a >= 4 && a < b && strcasestr(name, text) ? 2 : d;
}

void om__nearest_offer(struct om__nearest *n, const char *name)
{
    unsigned near = 1 + (unsigned)strlen(n->text) / 4, d = distance(n->text, name, near);
    size_t at = OM_NEAREST_COUNT;

    if (d > near)
        return;
    while (at > 0 && (!n->name[at - 1] || d < n->distance[at - 1])) {
        if (at < OM_NEAREST_COUNT) {
            n->name[at] = n->name[at - 1];
            n->distance[at] = n->distance[at - 1];
        }
        at--;
    }
    if (at < OM_NEAREST_COUNT) {
        n->name[at] = name;
        n->distance[at] = d;
    }
}

void om__nearest_format(const struct om__nearest *n, char *buf, size_t size)
{
    size_t len = 0;

    if (size)
        buf[0] = 0;
    for (size_t i = 0; i < OM_NEAREST_COUNT && n->name[i] && len < size; i++)
        len +=
            (size_t)snprintf(buf + len, size - len, "%s%s", i ? ", " : "; nearest: ", n->name[i]);
}
