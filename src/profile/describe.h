/* SPDX-License-Identifier: MIT */
/*
 * What MAPI can add to a profile: the message services, their providers and sections, with the
 * properties each starts with. It is MAPISVC.INF as a table: a row is one line of that file,
 * `section` the name in brackets above it.
 */
#ifndef OM_PROFILE_DESCRIBE_H
#define OM_PROFILE_DESCRIBE_H

#include <onemapi/prop.h>

struct om__describe_prop {
    const char *section;
    om_proptag tag;
    uint32_t number;  /* PT_LONG */
    const char *text; /* PT_STRING8; PT_MV_STRING8 with commas between; PT_BINARY in hexadecimal */
};

struct om__describe_service {
    const char *name;
    const char *const *providers;      /* "Providers=", in its order; ends with NULL */
    const char *const *sections;       /* "Sections=": besides those of the providers */
    const struct om_uid *section_uids; /* "UID=" of each of these */
    const struct om__describe_prop *props;
    size_t prop_count;
};

/* Names compare without case. NULL: not known. */
const struct om__describe_service *om__describe_find(const char *name);

/* The PT_LONG a section of the description has, or 0. */
uint32_t om__describe_long(const struct om__describe_service *d, const char *section,
                           om_proptag tag);

/* "MSEMS", ...: all names, for messages. */
const char *om__describe_names(void);

#endif
