/* SPDX-License-Identifier: MIT */
/*
 * What the address book's calls are made of, without their wire form: positions in a list, names
 * that are looked for, properties of entries, restrictions. [MS-OXNSPI] 3.1.4.3 to 3.1.4.7.
 *
 * Return values that are codes are NSPI's, as they stand on the wire (LAB_NSPI_*).
 */
#ifndef OM_LAB_GAL_H
#define OM_LAB_GAL_H

#include "codec/nspi.h"
#include "lab/org.h"

/* [MS-OXNSPI] 2.2.1.2 */
enum {
    LAB_NSPI_OK = 0,
    LAB_NSPI_ERRORS_RETURNED = 0x00040380,
};
#define LAB_NSPI_GENERAL_FAILURE   0x80004005u
#define LAB_NSPI_NOT_SUPPORTED     0x80040102u
#define LAB_NSPI_OUT_OF_RESOURCES  0x8004010Eu
#define LAB_NSPI_NOT_FOUND         0x8004010Fu
#define LAB_NSPI_LOGON_FAILED      0x80040111u
#define LAB_NSPI_TOO_COMPLEX       0x80040117u
#define LAB_NSPI_INVALID_CODEPAGE  0x8004011Eu
#define LAB_NSPI_TABLE_TOO_BIG     0x80040403u
#define LAB_NSPI_INVALID_BOOKMARK  0x80040405u
#define LAB_NSPI_OUT_OF_MEMORY     0x8007000Eu
#define LAB_NSPI_INVALID_PARAMETER 0x80070057u

/* The list a container's Minimal Entry ID names, or NULL. */
const struct lab_list *lab_gal_list(const struct lab_org *org, uint32_t mid);

/* The row of an entry in a list, or the row where it would be; *there says which. */
size_t lab_gal_row(const struct lab_list *list, const struct lab_user *u, bool *there);

/* The first row whose folded display name is not below `key`; count when all are. */
size_t lab_gal_lower_bound(const struct lab_list *list, const char *key);

/*
 * The row a STAT means, absolute or fractional and with its Delta: 3.1.4.5.1, 3.1.4.5.2. *moved is
 * how far Delta went (NULL: not wanted). LAB_NSPI_NOT_FOUND when CurrentRec is not in the list.
 */
uint32_t lab_gal_locate(const struct lab_org *org, const struct lab_list *list,
                        const struct om__nspi_stat *stat, size_t *row, int32_t *moved);

/* Tells the client where the table stands now: row, or its end. */
void lab_gal_report(const struct lab_list *list, size_t row, struct om__nspi_stat *stat);

/*
 * Ambiguous name resolution in a list, 3.1.4.7: OM_MID_UNRESOLVED, OM_MID_AMBIGUOUS, or
 * OM_MID_RESOLVED and *found. What a name may be: "=alias" exactly, an SMTP address, a DN
 * ("/o=...", "/guid=..."), or the beginnings of words of the display name or of the alias.
 */
uint32_t lab_gal_resolve(const struct lab_org *org, const struct lab_list *list, const char *name,
                         const struct lab_user **found);

/* Does the name fit this entry? `folded` by lab_fold(), not empty. Of a DN `u` must have been
 * looked up before. */
bool lab_gal_fits(const struct lab_org *org, const char *folded, const struct lab_user *u);

/* A session's view of the directory. */
struct lab_gal_view {
    const struct lab_org *org;
    struct om_guid server; /* in ephemeral entry ids */
    bool ephemeral;        /* entry ids are of this session: fEphID */
    uint32_t container;    /* of the table the entry is shown in */
};

/*
 * Property `tag` of an entry. PT_UNSPECIFIED takes the property's own type. What the entry does not
 * have, or has with another type, becomes PT_ERROR with LAB_NSPI_NOT_FOUND. `u` NULL: an entry
 * without properties. False: the arena is full.
 */
bool lab_gal_property(const struct lab_gal_view *view, const struct lab_user *u, om_proptag tag,
                      struct om_arena *a, struct om_propval *out);

/* All tags an entry can have, text as PT_UNICODE or PT_STRING8. NULL: the arena is full. */
const om_proptag *lab_gal_columns(bool unicode, struct om_arena *a, size_t *count);

/* The columns of who asks for none: 3.1.4.1.8. */
const om_proptag *lab_gal_default_columns(size_t *count);

/* A row of the hierarchy table, 3.1.4.1.3. False: the arena is full. */
bool lab_gal_container_row(const struct lab_list *list, bool unicode, struct om_arena *a,
                           struct om_proprow *out);

/*
 * Is the entry one of those the restriction lets through? *code becomes LAB_NSPI_TOO_COMPLEX for
 * what is not supported (RES_SUBRESTRICTION, RELOP_RE, too deep), LAB_NSPI_OUT_OF_MEMORY, and stays
 * otherwise.
 */
bool lab_gal_matches(const struct lab_gal_view *view, const struct lab_user *u,
                     const struct om__restriction *filter, struct om_arena *a, uint32_t *code);

/* Text of the code page NSPI clients name, as UTF-8; and back ('?' for what it does not have).
 * Arena or NULL. */
char *lab_gal_from_codepage(struct om_arena *a, const char *s);
char *lab_gal_to_codepage(struct om_arena *a, const char *utf8);

#endif
