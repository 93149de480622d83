/* SPDX-License-Identifier: MIT */
/* The stubs of the calls: parameters in the order of their IDL. [MS-OXNSPI] 3.1.4.1 */
#include "codec/nspi_props.h"

/* The arena is part of every decoder's signature, so that they fit in one table. */
#define NO_ARENA(a) ((void)(a))

/* 3.1.4.1.1 NspiBind */
void om__nspi_wr_bind_req(struct om_wr *w, const struct om__nspi_bind_req *m)
{
    om__ndr_wr_u32(w, m->flags);
    om__nspi_wr_stat(w, &m->stat);
    om__nspi_wr_guid_ptr(w, m->has_guid, &m->guid);
}

void om__nspi_rd_bind_req(struct om_rd *r, struct om_arena *a, struct om__nspi_bind_req *m)
{
    NO_ARENA(a);
    m->flags = om__ndr_rd_u32(r, "dwFlags");
    om__nspi_rd_stat(r, &m->stat);
    m->has_guid = om__nspi_rd_guid_ptr(r, &m->guid, "pServerGuid");
}

void om__nspi_wr_bind_resp(struct om_wr *w, const struct om__nspi_bind_resp *m)
{
    om__nspi_wr_guid_ptr(w, m->has_guid, &m->guid);
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->code);
}

void om__nspi_rd_bind_resp(struct om_rd *r, struct om_arena *a, struct om__nspi_bind_resp *m)
{
    NO_ARENA(a);
    m->has_guid = om__nspi_rd_guid_ptr(r, &m->guid, "pServerGuid");
    m->handle = om__ndr_rd_context(r, "contextHandle");
    m->code = om__ndr_rd_u32(r, "return value");
}

/* 3.1.4.1.2 NspiUnbind */
void om__nspi_wr_unbind_req(struct om_wr *w, const struct om__nspi_unbind_req *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->reserved);
}

void om__nspi_rd_unbind_req(struct om_rd *r, struct om_arena *a, struct om__nspi_unbind_req *m)
{
    NO_ARENA(a);
    m->handle = om__ndr_rd_context(r, "contextHandle");
    m->reserved = om__ndr_rd_u32(r, "Reserved");
}

void om__nspi_wr_unbind_resp(struct om_wr *w, const struct om__nspi_unbind_resp *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->code);
}

void om__nspi_rd_unbind_resp(struct om_rd *r, struct om_arena *a, struct om__nspi_unbind_resp *m)
{
    NO_ARENA(a);
    m->handle = om__ndr_rd_context(r, "contextHandle");
    m->code = om__ndr_rd_u32(r, "return value");
}

/* [unique] long *plDelta */
static void wr_delta(struct om_wr *w, bool present, int32_t delta)
{
    om__ndr_wr_ptr(w, present);
    if (present)
        om__ndr_wr_u32(w, (uint32_t)delta);
}

static bool rd_delta(struct om_rd *r, int32_t *delta)
{
    bool present = om__ndr_rd_ptr(r, "plDelta");

    *delta = present ? (int32_t)om__ndr_rd_u32(r, "plDelta") : 0;
    return present;
}

/* 3.1.4.1.4 NspiUpdateStat */
void om__nspi_wr_update_stat_req(struct om_wr *w, const struct om__nspi_update_stat_req *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->reserved);
    om__nspi_wr_stat(w, &m->stat);
    wr_delta(w, m->has_delta, m->delta);
}

void om__nspi_rd_update_stat_req(struct om_rd *r, struct om_arena *a,
                                 struct om__nspi_update_stat_req *m)
{
    NO_ARENA(a);
    m->handle = om__ndr_rd_context(r, "hRpc");
    m->reserved = om__ndr_rd_u32(r, "Reserved");
    om__nspi_rd_stat(r, &m->stat);
    m->has_delta = rd_delta(r, &m->delta);
}

void om__nspi_wr_update_stat_resp(struct om_wr *w, const struct om__nspi_update_stat_resp *m)
{
    om__nspi_wr_stat(w, &m->stat);
    wr_delta(w, m->has_delta, m->delta);
    om__ndr_wr_u32(w, m->code);
}

void om__nspi_rd_update_stat_resp(struct om_rd *r, struct om_arena *a,
                                  struct om__nspi_update_stat_resp *m)
{
    NO_ARENA(a);
    om__nspi_rd_stat(r, &m->stat);
    m->has_delta = rd_delta(r, &m->delta);
    m->code = om__ndr_rd_u32(r, "return value");
}

/* 3.1.4.1.8 NspiQueryRows */
void om__nspi_wr_query_rows_req(struct om_wr *w, const struct om__nspi_query_rows_req *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->flags);
    om__nspi_wr_stat(w, &m->stat);
    om__ndr_wr_u32(w, m->etable.v ? m->etable.count : 0);
    om__nspi_wr_dwords_ptr(w, &m->etable);
    om__ndr_wr_u32(w, m->count);
    om__nspi_wr_tags_ptr(w, &m->tags);
}

void om__nspi_rd_query_rows_req(struct om_rd *r, struct om_arena *a,
                                struct om__nspi_query_rows_req *m)
{
    uint32_t count;

    m->handle = om__ndr_rd_context(r, "hRpc");
    m->flags = om__ndr_rd_u32(r, "dwFlags");
    om__nspi_rd_stat(r, &m->stat);
    count = om__ndr_rd_u32(r, "dwETableCount");
    om__nspi_rd_dwords_ptr(r, a, count, &m->etable, "lpETable");
    m->count = om__ndr_rd_u32(r, "Count");
    om__nspi_rd_tags_ptr(r, a, &m->tags, "pPropTags");
}

void om__nspi_wr_query_rows_resp(struct om_wr *w, const struct om__nspi_rows_resp *m)
{
    om__nspi_wr_stat(w, &m->stat);
    om__nspi_wr_rows_ptr(w, &m->rows);
    om__ndr_wr_u32(w, m->code);
}

void om__nspi_rd_query_rows_resp(struct om_rd *r, struct om_arena *a, struct om__nspi_rows_resp *m)
{
    om__nspi_rd_stat(r, &m->stat);
    om__nspi_rd_rows_ptr(r, a, &m->rows);
    m->code = om__ndr_rd_u32(r, "return value");
}

/* 3.1.4.1.9 NspiSeekEntries */
void om__nspi_wr_seek_entries_req(struct om_wr *w, const struct om__nspi_seek_entries_req *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->reserved);
    om__nspi_wr_stat(w, &m->stat);
    om__nspi_wr_propval(w, &m->target);
    om__nspi_wr_tags_ptr(w, &m->etable);
    om__nspi_wr_tags_ptr(w, &m->tags);
}

void om__nspi_rd_seek_entries_req(struct om_rd *r, struct om_arena *a,
                                  struct om__nspi_seek_entries_req *m)
{
    m->handle = om__ndr_rd_context(r, "hRpc");
    m->reserved = om__ndr_rd_u32(r, "Reserved");
    om__nspi_rd_stat(r, &m->stat);
    om__nspi_rd_propval(r, a, &m->target);
    om__nspi_rd_tags_ptr(r, a, &m->etable, "lpETable");
    om__nspi_rd_tags_ptr(r, a, &m->tags, "pPropTags");
}

void om__nspi_wr_seek_entries_resp(struct om_wr *w, const struct om__nspi_rows_resp *m)
{
    om__nspi_wr_query_rows_resp(w, m);
}

void om__nspi_rd_seek_entries_resp(struct om_rd *r, struct om_arena *a,
                                   struct om__nspi_rows_resp *m)
{
    om__nspi_rd_query_rows_resp(r, a, m);
}

/* 3.1.4.1.10 NspiGetMatches */
void om__nspi_wr_get_matches_req(struct om_wr *w, const struct om__nspi_get_matches_req *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->reserved1);
    om__nspi_wr_stat(w, &m->stat);
    om__nspi_wr_tags_ptr(w, &m->reserved);
    om__ndr_wr_u32(w, m->reserved2);
    om__nspi_wr_restriction_ptr(w, m->filter);
    om__nspi_wr_propname_ptr(w, m->propname);
    om__ndr_wr_u32(w, m->requested);
    om__nspi_wr_tags_ptr(w, &m->tags);
}

void om__nspi_rd_get_matches_req(struct om_rd *r, struct om_arena *a,
                                 struct om__nspi_get_matches_req *m)
{
    m->handle = om__ndr_rd_context(r, "hRpc");
    m->reserved1 = om__ndr_rd_u32(r, "Reserved1");
    om__nspi_rd_stat(r, &m->stat);
    om__nspi_rd_tags_ptr(r, a, &m->reserved, "pReserved");
    m->reserved2 = om__ndr_rd_u32(r, "Reserved2");
    m->filter = om__nspi_rd_restriction_ptr(r, a);
    m->propname = om__nspi_rd_propname_ptr(r, a);
    m->requested = om__ndr_rd_u32(r, "ulRequested");
    om__nspi_rd_tags_ptr(r, a, &m->tags, "pPropTags");
}

void om__nspi_wr_get_matches_resp(struct om_wr *w, const struct om__nspi_get_matches_resp *m)
{
    om__nspi_wr_stat(w, &m->stat);
    om__nspi_wr_tags_ptr(w, &m->mids);
    om__nspi_wr_rows_ptr(w, &m->rows);
    om__ndr_wr_u32(w, m->code);
}

void om__nspi_rd_get_matches_resp(struct om_rd *r, struct om_arena *a,
                                  struct om__nspi_get_matches_resp *m)
{
    om__nspi_rd_stat(r, &m->stat);
    om__nspi_rd_tags_ptr(r, a, &m->mids, "ppOutMIds");
    om__nspi_rd_rows_ptr(r, a, &m->rows);
    m->code = om__ndr_rd_u32(r, "return value");
}

/* 3.1.4.1.13 NspiDNToMId */
void om__nspi_wr_dn_to_mid_req(struct om_wr *w, const struct om__nspi_dn_to_mid_req *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->reserved);
    om__nspi_wr_strings(w, false, &m->names);
}

void om__nspi_rd_dn_to_mid_req(struct om_rd *r, struct om_arena *a,
                               struct om__nspi_dn_to_mid_req *m)
{
    m->handle = om__ndr_rd_context(r, "hRpc");
    m->reserved = om__ndr_rd_u32(r, "Reserved");
    om__nspi_rd_strings(r, a, false, &m->names, "pNames");
}

void om__nspi_wr_dn_to_mid_resp(struct om_wr *w, const struct om__nspi_tags_resp *m)
{
    om__nspi_wr_tags_ptr(w, &m->tags);
    om__ndr_wr_u32(w, m->code);
}

void om__nspi_rd_dn_to_mid_resp(struct om_rd *r, struct om_arena *a, struct om__nspi_tags_resp *m)
{
    om__nspi_rd_tags_ptr(r, a, &m->tags, "ppMIds");
    m->code = om__ndr_rd_u32(r, "return value");
}

/* 3.1.4.1.7 NspiGetProps */
void om__nspi_wr_get_props_req(struct om_wr *w, const struct om__nspi_get_props_req *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->flags);
    om__nspi_wr_stat(w, &m->stat);
    om__nspi_wr_tags_ptr(w, &m->tags);
}

void om__nspi_rd_get_props_req(struct om_rd *r, struct om_arena *a,
                               struct om__nspi_get_props_req *m)
{
    m->handle = om__ndr_rd_context(r, "hRpc");
    m->flags = om__ndr_rd_u32(r, "dwFlags");
    om__nspi_rd_stat(r, &m->stat);
    om__nspi_rd_tags_ptr(r, a, &m->tags, "pPropTags");
}

void om__nspi_wr_get_props_resp(struct om_wr *w, const struct om__nspi_get_props_resp *m)
{
    om__nspi_wr_row_ptr(w, m->row);
    om__ndr_wr_u32(w, m->code);
}

void om__nspi_rd_get_props_resp(struct om_rd *r, struct om_arena *a,
                                struct om__nspi_get_props_resp *m)
{
    m->row = om__nspi_rd_row_ptr(r, a);
    m->code = om__ndr_rd_u32(r, "return value");
}

/* 3.1.4.1.3 NspiGetSpecialTable */
void om__nspi_wr_get_special_table_req(struct om_wr *w,
                                       const struct om__nspi_get_special_table_req *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->flags);
    om__nspi_wr_stat(w, &m->stat);
    om__ndr_wr_u32(w, m->version);
}

void om__nspi_rd_get_special_table_req(struct om_rd *r, struct om_arena *a,
                                       struct om__nspi_get_special_table_req *m)
{
    NO_ARENA(a);
    m->handle = om__ndr_rd_context(r, "hRpc");
    m->flags = om__ndr_rd_u32(r, "dwFlags");
    om__nspi_rd_stat(r, &m->stat);
    m->version = om__ndr_rd_u32(r, "lpVersion");
}

void om__nspi_wr_get_special_table_resp(struct om_wr *w,
                                        const struct om__nspi_get_special_table_resp *m)
{
    om__ndr_wr_u32(w, m->version);
    om__nspi_wr_rows_ptr(w, &m->rows);
    om__ndr_wr_u32(w, m->code);
}

void om__nspi_rd_get_special_table_resp(struct om_rd *r, struct om_arena *a,
                                        struct om__nspi_get_special_table_resp *m)
{
    m->version = om__ndr_rd_u32(r, "lpVersion");
    om__nspi_rd_rows_ptr(r, a, &m->rows);
    m->code = om__ndr_rd_u32(r, "return value");
}

/* 3.1.4.1.5 NspiQueryColumns */
void om__nspi_wr_query_columns_req(struct om_wr *w, const struct om__nspi_query_columns_req *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->reserved);
    om__ndr_wr_u32(w, m->flags);
}

void om__nspi_rd_query_columns_req(struct om_rd *r, struct om_arena *a,
                                   struct om__nspi_query_columns_req *m)
{
    NO_ARENA(a);
    m->handle = om__ndr_rd_context(r, "hRpc");
    m->reserved = om__ndr_rd_u32(r, "Reserved");
    m->flags = om__ndr_rd_u32(r, "dwFlags");
}

void om__nspi_wr_query_columns_resp(struct om_wr *w, const struct om__nspi_tags_resp *m)
{
    om__nspi_wr_tags_ptr(w, &m->tags);
    om__ndr_wr_u32(w, m->code);
}

void om__nspi_rd_query_columns_resp(struct om_rd *r, struct om_arena *a,
                                    struct om__nspi_tags_resp *m)
{
    om__nspi_rd_tags_ptr(r, a, &m->tags, "ppColumns");
    m->code = om__ndr_rd_u32(r, "return value");
}

/* 3.1.4.1.16 NspiResolveNames, 3.1.4.1.17 NspiResolveNamesW: alike but for the strings */
static void wr_resolve_req(struct om_wr *w, bool wide, const struct om__nspi_resolve_names_req *m)
{
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->reserved);
    om__nspi_wr_stat(w, &m->stat);
    om__nspi_wr_tags_ptr(w, &m->tags);
    om__nspi_wr_strings(w, wide, &m->names);
}

static void rd_resolve_req(struct om_rd *r, struct om_arena *a, bool wide,
                           struct om__nspi_resolve_names_req *m)
{
    m->handle = om__ndr_rd_context(r, "hRpc");
    m->reserved = om__ndr_rd_u32(r, "Reserved");
    om__nspi_rd_stat(r, &m->stat);
    om__nspi_rd_tags_ptr(r, a, &m->tags, "pPropTags");
    om__nspi_rd_strings(r, a, wide, &m->names, "paStr");
}

void om__nspi_wr_resolve_names_req(struct om_wr *w, const struct om__nspi_resolve_names_req *m)
{
    wr_resolve_req(w, false, m);
}

void om__nspi_rd_resolve_names_req(struct om_rd *r, struct om_arena *a,
                                   struct om__nspi_resolve_names_req *m)
{
    rd_resolve_req(r, a, false, m);
}

void om__nspi_wr_resolve_names_w_req(struct om_wr *w, const struct om__nspi_resolve_names_req *m)
{
    wr_resolve_req(w, true, m);
}

void om__nspi_rd_resolve_names_w_req(struct om_rd *r, struct om_arena *a,
                                     struct om__nspi_resolve_names_req *m)
{
    rd_resolve_req(r, a, true, m);
}

void om__nspi_wr_resolve_names_resp(struct om_wr *w, const struct om__nspi_resolve_names_resp *m)
{
    om__nspi_wr_tags_ptr(w, &m->mids);
    om__nspi_wr_rows_ptr(w, &m->rows);
    om__ndr_wr_u32(w, m->code);
}

void om__nspi_rd_resolve_names_resp(struct om_rd *r, struct om_arena *a,
                                    struct om__nspi_resolve_names_resp *m)
{
    om__nspi_rd_tags_ptr(r, a, &m->mids, "ppMIds");
    om__nspi_rd_rows_ptr(r, a, &m->rows);
    m->code = om__ndr_rd_u32(r, "return value");
}

/* [MS-OXNSPI] 2.2.9.2, 2.2.9.3 */
#define ID_PERMANENT 0x00u
#define ID_EPHEMERAL 0x87u

static const struct om_guid guid_nspi = {
    0xC840A7DC, 0x42C0, 0x1A10, {0xB4, 0xB9, 0x08, 0x00, 0x2B, 0x2F, 0xE1, 0x82}};

void om__nspi_wr_entryid(struct om_wr *w, const struct om__nspi_entryid *id)
{
    om_wr_u32(w, id->ephemeral ? ID_EPHEMERAL : ID_PERMANENT); /* ID Type, R1, R2, R3 */
    om_wr_guid(w, id->ephemeral ? &id->provider : &guid_nspi);
    om_wr_u32(w, 1); /* R4 */
    om_wr_u32(w, id->display_type);
    if (id->ephemeral)
        om_wr_u32(w, id->mid);
    else
        om_wr_asciiz(w, id->dn);
}

void om__nspi_rd_entryid(struct om_rd *r, struct om__nspi_entryid *id)
{
    uint32_t type = om_rd_u32(r, "ID Type");

    *id = (struct om__nspi_entryid){.ephemeral = type == ID_EPHEMERAL};
    om_rd_check(r, type == ID_EPHEMERAL || type == ID_PERMANENT, type, "ID Type");
    id->provider = om_rd_guid(r, "ProviderUID");
    om_rd_u32(r, "R4");
    id->display_type = om_rd_u32(r, "DisplayType");
    if (id->ephemeral)
        id->mid = om_rd_u32(r, "MId");
    else
        id->dn = om_rd_asciiz(r, NULL, "DistinguishedName");
}
