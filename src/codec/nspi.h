/* SPDX-License-Identifier: MIT */
/*
 * The address book's RPC interface: the stubs of its calls, both directions. [MS-OXNSPI] 2.2
 * (structures), 3.1.4.1 (calls); on the wire NDR, see codec/ndr.h.
 *
 * Each call has a request and a response structure and four functions:
 *
 *   om__nspi_wr_CALL_req   what the client sends     om__nspi_rd_CALL_req   what the server reads
 *   om__nspi_wr_CALL_resp  what the server answers   om__nspi_rd_CALL_resp  what the client reads
 *
 * The cursor's base (origin) is the first byte of the stub; ask om_rd_finish() or om_wr_finish()
 * with OM_LAYER_NSPI for the verdict. Bytes after the stub are not looked at: transports pad. What
 * is decoded points into the arena alone.
 *
 * `code` is the call's return value as it stands on the wire: 0, a MAPI code, or a warning such as
 * MAPI_W_ERRORS_RETURNED. An answer that reports an error is still a whole answer.
 *
 * [MS-OXNSPI] knows these types of values: PT_NULL, PT_I2, PT_LONG, PT_ERROR, PT_BOOLEAN, PT_OBJECT
 * (a container's table: no value), PT_STRING8, PT_UNICODE, PT_SYSTIME, PT_CLSID, PT_BINARY and the
 * multi-valued forms of I2, LONG, STRING8, UNICODE, SYSTIME, CLSID and BINARY. A decoder refuses
 * another, an encoder too. A property whose string is a NULL pointer on the wire (a GAL without a
 * name) is decoded as its id with type PT_UNSPECIFIED, which means: not there. The encoder writes
 * such a pointer for a string that is NULL.
 */
#ifndef OM_CODEC_NSPI_H
#define OM_CODEC_NSPI_H

#include <onemapi/prop.h>

#include "codec/ndr.h"
#include "codec/restriction.h"

/* The interface: F5CC5A18-4264-101A-8C59-08002B2F8426, version 56.0 */
#define OM_NSPI_UUID                                                                               \
    {                                                                                              \
        0xF5CC5A18, 0x4264, 0x101A,                                                                \
        {                                                                                          \
            0x8C, 0x59, 0x08, 0x00, 0x2B, 0x2F, 0x84, 0x26                                         \
        }                                                                                          \
    }
#define OM_NSPI_VERSION_MAJOR 56
#define OM_NSPI_VERSION_MINOR 0

enum om__nspi_opnum {
    OM_NSPI_BIND = 0,
    OM_NSPI_UNBIND = 1,
    OM_NSPI_UPDATE_STAT = 2,
    OM_NSPI_QUERY_ROWS = 3,
    OM_NSPI_SEEK_ENTRIES = 4,
    OM_NSPI_GET_MATCHES = 5,
    OM_NSPI_DN_TO_MID = 7,
    OM_NSPI_GET_PROPS = 9,
    OM_NSPI_GET_SPECIAL_TABLE = 12,
    OM_NSPI_QUERY_COLUMNS = 16,
    OM_NSPI_RESOLVE_NAMES = 19,
    OM_NSPI_RESOLVE_NAMES_W = 20
};

/* [MS-OXNSPI] 2.2.1.8, 2.2.1.9: Minimal Entry IDs that are not objects */
#define OM_MID_BEGINNING_OF_TABLE 0u
#define OM_MID_CURRENT            1u
#define OM_MID_END_OF_TABLE       2u
#define OM_MID_UNRESOLVED         0u
#define OM_MID_AMBIGUOUS          1u
#define OM_MID_RESOLVED           2u

/* [MS-OXNSPI] 2.2.1.4, 2.2.1.10 to 2.2.1.15 */
#define OM_NSPI_CP_TELETEX       0x4F25u
#define OM_NSPI_CP_WINUNICODE    0x04B0u
#define OM_NSPI_LOCALE           0x0409u
#define OM_NSPI_SORT_DISPLAYNAME 0u
#define OM_NSPI_ANONYMOUS_LOGIN  0x20u       /* NspiBind */
#define OM_NSPI_SKIP_OBJECTS     0x1u        /* NspiGetProps, NspiQueryRows */
#define OM_NSPI_EPHEMERAL_ID     0x2u        /* the same two: entry ids for this session only */
#define OM_NSPI_CREATION_TABLE   0x2u        /* NspiGetSpecialTable: address creation templates */
#define OM_NSPI_UNICODE_STRINGS  0x4u        /* NspiGetSpecialTable */
#define OM_NSPI_UNICODE_TYPES    0x80000000u /* NspiQueryColumns */

/* [MS-OXNSPI] 2.2.8: where in which table */
struct om__nspi_stat {
    uint32_t sort_type;
    uint32_t container_id; /* Minimal Entry ID; 0 is the GAL */
    uint32_t current_rec;  /* Minimal Entry ID */
    int32_t delta;         /* rows from current_rec */
    uint32_t num_pos;      /* row number, about */
    uint32_t total_recs;   /* rows, about */
    uint32_t code_page;
    uint32_t template_locale;
    uint32_t sort_locale;
};

/* PropertyTagArray_r, [MS-OXNSPI] 2.2.2.2: tags, or Minimal Entry IDs. v NULL: a NULL pointer. */
struct om__nspi_tags {
    uint32_t count;
    const uint32_t *v;
};

/* PropertyRowSet_r, [MS-OXNSPI] 2.2.4. rows is NULL for a NULL pointer. */
struct om__nspi_rows {
    uint32_t count;
    const struct om_proprow *rows;
};

/* StringsArray_r and WStringsArray_r, [MS-OXNSPI] 2.2.7. An element may be NULL. */
struct om__nspi_strings {
    uint32_t count;
    const char *const *v;
};

/* PropertyName_r, [MS-OXNSPI] 2.2.6.1 */
struct om__nspi_propname {
    bool has_guid;
    struct om_guid guid;
    uint32_t reserved;
    int32_t id;
};

/* --- NspiBind (opnum 0), 3.1.4.1.1 --- */
struct om__nspi_bind_req {
    uint32_t flags;
    struct om__nspi_stat stat; /* the code page matters */
    bool has_guid;
    struct om_guid guid;
};
struct om__nspi_bind_resp {
    bool has_guid;
    struct om_guid guid; /* the server's, as in ephemeral entry ids */
    struct om__ndr_context handle;
    uint32_t code;
};
void om__nspi_wr_bind_req(struct om_wr *w, const struct om__nspi_bind_req *m);
void om__nspi_rd_bind_req(struct om_rd *r, struct om_arena *a, struct om__nspi_bind_req *m);
void om__nspi_wr_bind_resp(struct om_wr *w, const struct om__nspi_bind_resp *m);
void om__nspi_rd_bind_resp(struct om_rd *r, struct om_arena *a, struct om__nspi_bind_resp *m);

/* --- NspiUnbind (opnum 1), 3.1.4.1.2. Its code is 1 (UnbindSuccess) when all is well. --- */
#define OM_NSPI_UNBIND_SUCCESS 1u
struct om__nspi_unbind_req {
    struct om__ndr_context handle;
    uint32_t reserved;
};
struct om__nspi_unbind_resp {
    struct om__ndr_context handle;
    uint32_t code;
};
void om__nspi_wr_unbind_req(struct om_wr *w, const struct om__nspi_unbind_req *m);
void om__nspi_rd_unbind_req(struct om_rd *r, struct om_arena *a, struct om__nspi_unbind_req *m);
void om__nspi_wr_unbind_resp(struct om_wr *w, const struct om__nspi_unbind_resp *m);
void om__nspi_rd_unbind_resp(struct om_rd *r, struct om_arena *a, struct om__nspi_unbind_resp *m);

/* --- NspiUpdateStat (opnum 2), 3.1.4.1.4 --- */
struct om__nspi_update_stat_req {
    struct om__ndr_context handle;
    uint32_t reserved;
    struct om__nspi_stat stat;
    bool has_delta;
    int32_t delta;
};
struct om__nspi_update_stat_resp {
    struct om__nspi_stat stat;
    bool has_delta;
    int32_t delta;
    uint32_t code;
};
void om__nspi_wr_update_stat_req(struct om_wr *w, const struct om__nspi_update_stat_req *m);
void om__nspi_rd_update_stat_req(struct om_rd *r, struct om_arena *a,
                                 struct om__nspi_update_stat_req *m);
void om__nspi_wr_update_stat_resp(struct om_wr *w, const struct om__nspi_update_stat_resp *m);
void om__nspi_rd_update_stat_resp(struct om_rd *r, struct om_arena *a,
                                  struct om__nspi_update_stat_resp *m);

/* --- NspiQueryRows (opnum 3), 3.1.4.1.8 --- */
struct om__nspi_query_rows_req {
    struct om__ndr_context handle;
    uint32_t flags;
    struct om__nspi_stat stat;
    struct om__nspi_tags etable; /* an explicit table's Minimal Entry IDs, or NULL */
    uint32_t count;
    struct om__nspi_tags tags; /* columns, or NULL: the server's choice */
};
struct om__nspi_rows_resp {
    struct om__nspi_stat stat;
    struct om__nspi_rows rows;
    uint32_t code;
};
void om__nspi_wr_query_rows_req(struct om_wr *w, const struct om__nspi_query_rows_req *m);
void om__nspi_rd_query_rows_req(struct om_rd *r, struct om_arena *a,
                                struct om__nspi_query_rows_req *m);
void om__nspi_wr_query_rows_resp(struct om_wr *w, const struct om__nspi_rows_resp *m);
void om__nspi_rd_query_rows_resp(struct om_rd *r, struct om_arena *a, struct om__nspi_rows_resp *m);

/* --- NspiSeekEntries (opnum 4), 3.1.4.1.9 --- */
struct om__nspi_seek_entries_req {
    struct om__ndr_context handle;
    uint32_t reserved;
    struct om__nspi_stat stat;
    struct om_propval target;
    struct om__nspi_tags etable;
    struct om__nspi_tags tags;
};
void om__nspi_wr_seek_entries_req(struct om_wr *w, const struct om__nspi_seek_entries_req *m);
void om__nspi_rd_seek_entries_req(struct om_rd *r, struct om_arena *a,
                                  struct om__nspi_seek_entries_req *m);
void om__nspi_wr_seek_entries_resp(struct om_wr *w, const struct om__nspi_rows_resp *m);
void om__nspi_rd_seek_entries_resp(struct om_rd *r, struct om_arena *a,
                                   struct om__nspi_rows_resp *m);

/* --- NspiGetMatches (opnum 5), 3.1.4.1.10 --- */
struct om__nspi_get_matches_req {
    struct om__ndr_context handle;
    uint32_t reserved1;
    struct om__nspi_stat stat;
    struct om__nspi_tags reserved;
    uint32_t reserved2;
    const struct om__restriction *filter;     /* or NULL */
    const struct om__nspi_propname *propname; /* or NULL */
    uint32_t requested;                       /* if more rows match: MAPI_E_TABLE_TOO_BIG */
    struct om__nspi_tags tags;
};
struct om__nspi_get_matches_resp {
    struct om__nspi_stat stat;
    struct om__nspi_tags mids;
    struct om__nspi_rows rows;
    uint32_t code;
};
void om__nspi_wr_get_matches_req(struct om_wr *w, const struct om__nspi_get_matches_req *m);
void om__nspi_rd_get_matches_req(struct om_rd *r, struct om_arena *a,
                                 struct om__nspi_get_matches_req *m);
void om__nspi_wr_get_matches_resp(struct om_wr *w, const struct om__nspi_get_matches_resp *m);
void om__nspi_rd_get_matches_resp(struct om_rd *r, struct om_arena *a,
                                  struct om__nspi_get_matches_resp *m);

/* --- NspiDNToMId (opnum 7), 3.1.4.1.13 --- */
struct om__nspi_dn_to_mid_req {
    struct om__ndr_context handle;
    uint32_t reserved;
    struct om__nspi_strings names;
};
struct om__nspi_tags_resp {
    struct om__nspi_tags tags; /* Minimal Entry IDs; NspiQueryColumns: tags */
    uint32_t code;
};
void om__nspi_wr_dn_to_mid_req(struct om_wr *w, const struct om__nspi_dn_to_mid_req *m);
void om__nspi_rd_dn_to_mid_req(struct om_rd *r, struct om_arena *a,
                               struct om__nspi_dn_to_mid_req *m);
void om__nspi_wr_dn_to_mid_resp(struct om_wr *w, const struct om__nspi_tags_resp *m);
void om__nspi_rd_dn_to_mid_resp(struct om_rd *r, struct om_arena *a, struct om__nspi_tags_resp *m);

/* --- NspiGetProps (opnum 9), 3.1.4.1.7 --- */
struct om__nspi_get_props_req {
    struct om__ndr_context handle;
    uint32_t flags;
    struct om__nspi_stat stat; /* current_rec is the object */
    struct om__nspi_tags tags;
};
struct om__nspi_get_props_resp {
    const struct om_proprow *row; /* or NULL */
    uint32_t code;                /* MAPI_W_ERRORS_RETURNED: some values are PT_ERROR */
};
void om__nspi_wr_get_props_req(struct om_wr *w, const struct om__nspi_get_props_req *m);
void om__nspi_rd_get_props_req(struct om_rd *r, struct om_arena *a,
                               struct om__nspi_get_props_req *m);
void om__nspi_wr_get_props_resp(struct om_wr *w, const struct om__nspi_get_props_resp *m);
void om__nspi_rd_get_props_resp(struct om_rd *r, struct om_arena *a,
                                struct om__nspi_get_props_resp *m);

/* --- NspiGetSpecialTable (opnum 12), 3.1.4.1.3 --- */
struct om__nspi_get_special_table_req {
    struct om__ndr_context handle;
    uint32_t flags;
    struct om__nspi_stat stat;
    uint32_t version; /* of the hierarchy the client has, 0: none */
};
struct om__nspi_get_special_table_resp {
    uint32_t version;
    struct om__nspi_rows rows;
    uint32_t code;
};
void om__nspi_wr_get_special_table_req(struct om_wr *w,
                                       const struct om__nspi_get_special_table_req *m);
void om__nspi_rd_get_special_table_req(struct om_rd *r, struct om_arena *a,
                                       struct om__nspi_get_special_table_req *m);
void om__nspi_wr_get_special_table_resp(struct om_wr *w,
                                        const struct om__nspi_get_special_table_resp *m);
void om__nspi_rd_get_special_table_resp(struct om_rd *r, struct om_arena *a,
                                        struct om__nspi_get_special_table_resp *m);

/* --- NspiQueryColumns (opnum 16), 3.1.4.1.5 --- */
struct om__nspi_query_columns_req {
    struct om__ndr_context handle;
    uint32_t reserved;
    uint32_t flags;
};
void om__nspi_wr_query_columns_req(struct om_wr *w, const struct om__nspi_query_columns_req *m);
void om__nspi_rd_query_columns_req(struct om_rd *r, struct om_arena *a,
                                   struct om__nspi_query_columns_req *m);
void om__nspi_wr_query_columns_resp(struct om_wr *w, const struct om__nspi_tags_resp *m);
void om__nspi_rd_query_columns_resp(struct om_rd *r, struct om_arena *a,
                                    struct om__nspi_tags_resp *m);

/* --- NspiResolveNames (opnum 19) and NspiResolveNamesW (opnum 20), 3.1.4.1.16 and .17 --- */
struct om__nspi_resolve_names_req {
    struct om__ndr_context handle;
    uint32_t reserved;
    struct om__nspi_stat stat;
    struct om__nspi_tags tags;
    struct om__nspi_strings names; /* 19: in the code page of stat; 20: UTF-8 here */
};
struct om__nspi_resolve_names_resp {
    struct om__nspi_tags mids; /* one a name: OM_MID_UNRESOLVED, _AMBIGUOUS or _RESOLVED */
    struct om__nspi_rows rows; /* one for each name resolved */
    uint32_t code;
};
void om__nspi_wr_resolve_names_req(struct om_wr *w, const struct om__nspi_resolve_names_req *m);
void om__nspi_rd_resolve_names_req(struct om_rd *r, struct om_arena *a,
                                   struct om__nspi_resolve_names_req *m);
void om__nspi_wr_resolve_names_w_req(struct om_wr *w, const struct om__nspi_resolve_names_req *m);
void om__nspi_rd_resolve_names_w_req(struct om_rd *r, struct om_arena *a,
                                     struct om__nspi_resolve_names_req *m);
void om__nspi_wr_resolve_names_resp(struct om_wr *w, const struct om__nspi_resolve_names_resp *m);
void om__nspi_rd_resolve_names_resp(struct om_rd *r, struct om_arena *a,
                                    struct om__nspi_resolve_names_resp *m);

/*
 * PR_ENTRYID of the address book, [MS-OXNSPI] 2.2.9.2 (ephemeral: a Minimal Entry ID, good for the
 * session) and 2.2.9.3 (permanent: a DN). Not NDR: the bytes of a PT_BINARY value.
 */
struct om__nspi_entryid {
    bool ephemeral;
    struct om_guid provider; /* ephemeral: NspiBind's guid; permanent: always GUID_NSPI */
    uint32_t display_type;   /* DT_MAILUSER 0, DT_DISTLIST 1, ..., DT_CONTAINER 0x100 */
    uint32_t mid;            /* ephemeral */
    const char *dn;          /* permanent; borrowed from the input when decoded */
};
void om__nspi_wr_entryid(struct om_wr *w, const struct om__nspi_entryid *id);
void om__nspi_rd_entryid(struct om_rd *r, struct om__nspi_entryid *id);

/* Every message, for tables of them: name and structure. */
#define OM_NSPI_MESSAGES(X)                                                                        \
    X(bind_req, om__nspi_bind_req)                                                                 \
    X(bind_resp, om__nspi_bind_resp)                                                               \
    X(unbind_req, om__nspi_unbind_req)                                                             \
    X(unbind_resp, om__nspi_unbind_resp)                                                           \
    X(update_stat_req, om__nspi_update_stat_req)                                                   \
    X(update_stat_resp, om__nspi_update_stat_resp)                                                 \
    X(query_rows_req, om__nspi_query_rows_req)                                                     \
    X(query_rows_resp, om__nspi_rows_resp)                                                         \
    X(seek_entries_req, om__nspi_seek_entries_req)                                                 \
    X(seek_entries_resp, om__nspi_rows_resp)                                                       \
    X(get_matches_req, om__nspi_get_matches_req)                                                   \
    X(get_matches_resp, om__nspi_get_matches_resp)                                                 \
    X(dn_to_mid_req, om__nspi_dn_to_mid_req)                                                       \
    X(dn_to_mid_resp, om__nspi_tags_resp)                                                          \
    X(get_props_req, om__nspi_get_props_req)                                                       \
    X(get_props_resp, om__nspi_get_props_resp)                                                     \
    X(get_special_table_req, om__nspi_get_special_table_req)                                       \
    X(get_special_table_resp, om__nspi_get_special_table_resp)                                     \
    X(query_columns_req, om__nspi_query_columns_req)                                               \
    X(query_columns_resp, om__nspi_tags_resp)                                                      \
    X(resolve_names_req, om__nspi_resolve_names_req)                                               \
    X(resolve_names_w_req, om__nspi_resolve_names_req)                                             \
    X(resolve_names_resp, om__nspi_resolve_names_resp)

#endif
