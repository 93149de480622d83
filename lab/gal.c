/* SPDX-License-Identifier: MIT */
#include "lab/gal.h"

#include <stdlib.h>
#include <string.h>

#include "base/guid.h"

/* ---- lists and rows ---- */

const struct lab_list *lab_gal_list(const struct lab_org *org, uint32_t mid)
{
    for (unsigned i = 0; i < LAB_LISTS; i++)
        if (org->lists[i].mid == mid)
            return &org->lists[i];
    return NULL;
}

size_t lab_gal_row(const struct lab_list *list, const struct lab_user *u, bool *there)
{
    size_t low = 0, high = list->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (lab_org_compare(list->entries[mid], u) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *there = low < list->count && list->entries[low] == u;
    return low;
}

size_t lab_gal_lower_bound(const struct lab_list *list, const char *key)
{
    size_t low = 0, high = list->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (strcmp(list->entries[mid]->sort_key, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* ---- positions ---- */

/* [MS-OXNSPI] 3.1.4.5.2: about NumPos / TotalRecs, which are the client's and may be of another
 * time. */
static size_t fraction(const struct lab_list *list, const struct om__nspi_stat *stat)
{
    uint64_t row;

    if (!stat->total_recs)
        return stat->num_pos < list->count ? stat->num_pos : list->count;
    row = (uint64_t)list->count * stat->num_pos / stat->total_recs;
    return row < list->count ? (size_t)row : list->count;
}

uint32_t lab_gal_locate(const struct lab_org *org, const struct lab_list *list,
                        const struct om__nspi_stat *stat, size_t *row, int32_t *moved)
{
    const struct lab_user *u;
    size_t start = 0;
    bool there = true;
    int64_t end;

    if (stat->current_rec == OM_MID_CURRENT) {
        start = fraction(list, stat);
    } else if (stat->current_rec == OM_MID_END_OF_TABLE) {
        start = list->count;
    } else if (stat->current_rec != OM_MID_BEGINNING_OF_TABLE) {
        u = lab_org_by_mid(org, stat->current_rec);
        if (!u)
            return LAB_NSPI_NOT_FOUND;
        start = lab_gal_row(list, u, &there);
    }
    if (!there)
        return LAB_NSPI_NOT_FOUND;
    end = (int64_t)start + stat->delta;
    end = end < 0 ? 0 : end > (int64_t)list->count ? (int64_t)list->count : end;
    *row = (size_t)end;
    if (moved)
        *moved = (int32_t)(end - (int64_t)start);
    return LAB_NSPI_OK;
}

void lab_gal_report(const struct lab_list *list, size_t row, struct om__nspi_stat *stat)
{
    stat->current_rec = row < list->count ? list->entries[row]->mid : OM_MID_END_OF_TABLE;
    stat->num_pos = (uint32_t)row;
    stat->total_recs = (uint32_t)list->count;
    stat->delta = 0;
}

/* ---- names ---- */

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* Does a word of `name` begin with these n bytes? Both folded. */
static bool word_begins(const char *name, const char *token, size_t n)
{
    for (const char *word = name; word; word = strchr(word, ' ')) {
        word += strspn(word, " (");
        if (strncmp(word, token, n) == 0)
            return true;
    }
    return false;
}

/* Each word asked for begins a word of the name, in any order: "smith ch" finds Chris Smith. */
static bool words_fit(const char *asked, const char *name)
{
    while (*asked) {
        size_t n = strcspn(asked, " ");

        if (!word_begins(name, asked, n))
            return false;
        asked += n;
        asked += strspn(asked, " ");
    }
    return true;
}

static const char *without_smtp(const char *s)
{
    return begins(s, "smtp:") ? s + 5 : s;
}

/* "/guid=" and 32 digits in the order of the bytes on the wire: a container's or an object's short
 * DN. */
static const struct lab_user *by_guid_dn(const struct lab_org *org, const char *dn)
{
    struct om_guid g;
    uint8_t b[16];
    struct om_rd r;

    if (strlen(dn) != 6 + 32 || !begins(dn, "/guid=") || !om__hex_parse(dn + 6, sizeof b, b))
        return NULL;
    om_rd_init(&r, b, sizeof b);
    g = om_rd_guid(&r, "guid");
    return lab_org_by_guid(org, &g);
}

bool lab_gal_fits(const struct lab_org *org, const char *folded, const struct lab_user *u)
{
    char *alias;
    bool fits;

    if (*folded == '=')
        return lab_org_by_alias(org, folded + 1) == u;
    if (begins(folded, "/guid="))
        return by_guid_dn(org, folded) == u;
    if (*folded == '/')
        return lab_org_by_dn(org, folded) == u;
    if (strchr(folded, '@'))
        return lab_org_by_smtp(org, without_smtp(folded)) == u;
    if (begins(u->sort_key, folded) || words_fit(folded, u->sort_key))
        return true;
    alias = lab_fold(u->alias);
    fits = alias && begins(alias, folded);
    free(alias);
    return fits;
}

/* Names that mean one entry at most need no search. */
static const struct lab_user *exact(const struct lab_org *org, const char *folded, bool *is_exact)
{
    *is_exact = true;
    if (*folded == '=')
        return lab_org_by_alias(org, folded + 1);
    if (begins(folded, "/guid="))
        return by_guid_dn(org, folded);
    if (*folded == '/')
        return lab_org_by_dn(org, folded);
    if (strchr(folded, '@'))
        return lab_org_by_smtp(org, without_smtp(folded));
    *is_exact = false;
    return NULL;
}

static uint32_t search(const struct lab_org *org, const struct lab_list *list, const char *folded,
                       const struct lab_user **found)
{
    const struct lab_user *first = NULL;

    for (size_t i = 0; i < list->count; i++) {
        if (!lab_gal_fits(org, folded, list->entries[i]))
            continue;
        if (first)
            return OM_MID_AMBIGUOUS;
        first = list->entries[i];
    }
    *found = first;
    return first ? OM_MID_RESOLVED : OM_MID_UNRESOLVED;
}

uint32_t lab_gal_resolve(const struct lab_org *org, const struct lab_list *list, const char *name,
                         const struct lab_user **found)
{
    char *folded = name ? lab_fold(name) : NULL;
    uint32_t result = OM_MID_UNRESOLVED;
    const struct lab_user *u;
    bool is_exact, there;

    *found = NULL;
    if (folded && *folded) {
        u = exact(org, folded, &is_exact);
        if (!is_exact) {
            result = search(org, list, folded, found);
        } else if (u && (lab_gal_row(list, u, &there), there)) {
            *found = u;
            result = OM_MID_RESOLVED;
        }
    }
    free(folded);
    return result;
}

/* ---- code pages ---- */

/* Windows-1252 in its Latin-1 part: what the lab's western names need. */
char *lab_gal_to_codepage(struct om_arena *a, const char *utf8)
{
    char *out = om__arena_alloc(a, strlen(utf8) + 1), *to = out;
    const uint8_t *from = (const uint8_t *)utf8;

    while (out && *from) {
        if (*from < 0x80) {
            *to++ = (char)*from++;
        } else if ((*from & 0xFE) == 0xC2 && from[1]) {
            *to++ = (char)((*from & 1) << 6 | (from[1] & 0x3F) | 0x80);
            from += 2;
        } else {
            *to++ = '?';
            for (from++; (*from & 0xC0) == 0x80; from++)
                ;
        }
    }
    return out;
}

char *lab_gal_from_codepage(struct om_arena *a, const char *s)
{
    char *out = om__arena_alloc(a, 2 * strlen(s) + 1), *to = out;

    for (const uint8_t *c = (const uint8_t *)s; out && *c; c++) {
        if (*c < 0x80) {
            *to++ = (char)*c;
        } else {
            *to++ = (char)(0xC0 | *c >> 6);
            *to++ = (char)(0x80 | (*c & 0x3F));
        }
    }
    return out;
}
