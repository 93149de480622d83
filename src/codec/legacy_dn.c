/* SPDX-License-Identifier: MIT */
#include "codec/legacy_dn.h"

#include <string.h>
#include <strings.h>

bool om__dn_next(const char **pos, struct om__dn_part *part)
{
    const char *p = *pos;
    size_t type, value;

    if (*p != '/')
        return false;
    type = strcspn(++p, "=/");
    if (type == 0 || p[type] != '=')
        return false;
    value = strcspn(p + type + 1, "/");
    if (value == 0)
        return false;
    part->type = (struct om__dn_slice){p, type};
    part->value = (struct om__dn_slice){p + type + 1, value};
    *pos = p + type + 1 + value;
    return true;
}

bool om__dn_last(const char *dn, struct om__dn_slice *value)
{
    struct om__dn_part part = {{NULL, 0}, {NULL, 0}};

    while (om__dn_next(&dn, &part))
        ;
    if (*dn || !part.value.p)
        return false;
    *value = part.value;
    return true;
}

bool om__dn_valid(const char *dn)
{
    struct om__dn_slice last;

    return om__dn_last(dn, &last);
}

bool om__dn_equal(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

bool om__dn_slice_equal(struct om__dn_slice s, const char *text)
{
    return strncasecmp(s.p, text, s.n) == 0 && text[s.n] == 0;
}

static bool is_mdb(struct om__dn_slice s)
{
    return om__dn_slice_equal(s, "Microsoft Private MDB") ||
           om__dn_slice_equal(s, "Microsoft Public MDB");
}

bool om__dn_server(const char *dn, struct om__dn_slice *server)
{
    enum { OUTSIDE, CONFIGURATION, SERVERS } where = OUTSIDE;
    struct om__dn_slice last = {NULL, 0};
    struct om__dn_part part;
    unsigned below = 0; /* elements under cn=Servers, the database not counted */

    while (om__dn_next(&dn, &part)) {
        if (where == SERVERS) {
            if (is_mdb(part.value) && *dn == 0)
                break;
            last = part.value;
            below++;
        } else if (!om__dn_slice_equal(part.type, "cn")) {
            where = OUTSIDE;
        } else if (where == CONFIGURATION && om__dn_slice_equal(part.value, "Servers")) {
            where = SERVERS;
        } else {
            where = om__dn_slice_equal(part.value, "Configuration") ? CONFIGURATION : OUTSIDE;
        }
    }
    if (*dn || below < 1 || below > 2)
        return false;
    *server = last;
    return true;
}
