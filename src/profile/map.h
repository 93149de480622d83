/* SPDX-License-Identifier: MIT */
/* Parts of the map's grammar that routing uses too. */
#ifndef OM_PROFILE_MAP_H
#define OM_PROFILE_MAP_H

#include <onemapi/map.h>

/* [http://|https://]host[:port], borrowed from the text. */
struct om__proxy {
    const char *host; /* without the brackets of an IPv6 address */
    size_t host_len;
    uint16_t port; /* the scheme's own unless port_given */
    bool port_given, scheme_given, tls;
};

/*
 * Reads n bytes of text. NULL: well. Else what is wrong, as a constant string, and in *at the
 * offset where.
 */
const char *om__proxy_parse(const char *text, size_t n, struct om__proxy *out, size_t *at);

/* The entry for a domain: its own before "*". With `exact` the case must match. NULL: none. */
const struct om_map_entry *om__map_find(const struct om_map *map, const char *domain, bool exact);

#endif
