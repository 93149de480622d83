/* SPDX-License-Identifier: MIT */
/* The address book's RPC interface over the organisation. [MS-OXNSPI] 3.1.4.1. */
#include <string.h>

#include "base/guid.h"
#include "base/limits.h"
#include "codec/dcerpc.h"
#include "codec/nspi.h"
#include "lab/gal.h"
#include "lab/misbehave.h"
#include "lab/service.h"

#include <stdlib.h>

#define MAX_SESSIONS      16u        /* of one association */
#define MAX_CALL_MEMORY   (8u << 20) /* one call's request and answer, decoded */
#define ANSWER_BUDGET     (OM_MAX_RPC_STUB / 2)
#define PR_ACCOUNT        OM_PROP_TAG(PT_UNICODE, 0x3A00)
#define HIERARCHY_VERSION 2u /* ours never changes; 0 and 1 are what clients begin with */
#define SEEK_ROWS         50u

/* What an association holds: its context handles, and the GUID of this server in ephemeral ids. */
struct sessions {
    struct om_guid server;
    unsigned count;
    struct om__ndr_context handles[MAX_SESSIONS];
};

/* One call being answered. */
struct op {
    struct lab_call *call;
    struct om_rd *in;
    struct om_wr *out;
    uint32_t *fault;
    struct om_arena a;
    struct lab_gal_view view;
};

/* ---- sessions ---- */

static struct sessions *sessions_of(struct lab_call *call)
{
    struct sessions *s = *call->state;

    if (s)
        return s;
    s = calloc(1, sizeof *s);
    if (s && !om__guid_random(&s->server)) {
        free(s);
        s = NULL;
    }
    *call->state = s;
    return s;
}

static void closed(struct lab_org *org, void *state)
{
    (void)org;
    free(state);
}

static int find_session(const struct sessions *s, const struct om__ndr_context *handle)
{
    for (unsigned i = 0; s && i < s->count; i++)
        if (om__ndr_context_equal(&s->handles[i], handle))
            return (int)i;
    return -1;
}

/* The request is whole and its handle is of this association: then the call can be answered. */
static bool begin(struct op *op, const struct om__ndr_context *handle)
{
    struct sessions *s = *op->call->state;

    if (!om_rd_ok(op->in))
        return false;
    if (find_session(s, handle) < 0) {
        *op->fault = LAB_FAULT_CONTEXT_MISMATCH;
        return false;
    }
    op->view.org = op->call->org;
    op->view.server = s->server;
    return true;
}

static uint32_t bind_code(const struct op *op, const struct om__nspi_bind_req *req)
{
    const struct lab_fault_rule *rule =
        lab_misbehaves(op->call->misbehave, LAB_MIS_NSPI_BIND, op->call->server->name, 6004);

    if (rule)
        return rule->number;
    if (req->stat.code_page == OM_NSPI_CP_WINUNICODE)
        return LAB_NSPI_INVALID_CODEPAGE;
    return op->call->caller ? LAB_NSPI_OK : LAB_NSPI_LOGON_FAILED;
}

/* 3.1.4.1.1 */
static void do_bind(struct op *op)
{
    struct om__nspi_bind_resp resp = {0};
    struct om__nspi_bind_req req;
    struct sessions *s;

    om__nspi_rd_bind_req(op->in, &op->a, &req);
    if (!om_rd_ok(op->in))
        return;
    resp.code = bind_code(op, &req);
    resp.has_guid = req.has_guid;
    if (!resp.code) {
        s = sessions_of(op->call);
        if (s && s->count < MAX_SESSIONS && om__guid_random(&resp.handle.uuid)) {
            s->handles[s->count++] = resp.handle;
            resp.guid = s->server;
        } else {
            resp.code = LAB_NSPI_OUT_OF_RESOURCES;
        }
    }
    om__nspi_wr_bind_resp(op->out, &resp);
}

/* 3.1.4.1.2 */
static void do_unbind(struct op *op)
{
    struct om__nspi_unbind_resp resp = {.code = OM_NSPI_UNBIND_SUCCESS};
    struct sessions *s = *op->call->state;
    struct om__nspi_unbind_req req;

    om__nspi_rd_unbind_req(op->in, &op->a, &req);
    if (!begin(op, &req.handle))
        return;
    s->handles[find_session(s, &req.handle)] = s->handles[s->count - 1];
    s->count--;
    om__nspi_wr_unbind_resp(op->out, &resp);
}

/* ---- rows ---- */

/* What a value takes in the answer, about: enough to stop before the answer gets too large. */
static size_t cost(const struct om_propval *v)
{
    size_t n = 24;

    switch (OM_PROP_TYPE(v->tag)) {
    case PT_UNICODE:
        return n + (v->v.utf8 ? 2 * strlen(v->v.utf8) : 0);
    case PT_STRING8:
        return n + (v->v.str8 ? strlen(v->v.str8) : 0);
    case PT_BINARY:
        return n + v->v.bin.cb;
    case PT_MV_UNICODE:
    case PT_MV_STRING8:
        for (uint32_t i = 0; i < v->v.mv.count; i++)
            n += 24 + 2 * strlen(v->v.mv.str[i]);
        return n;
    default:
        return n;
    }
}

struct columns {
    const om_proptag *tags;
    size_t count;
};

static struct columns columns_of(const struct om__nspi_tags *asked)
{
    struct columns c = {asked->v, asked->count};

    if (!asked->v)
        c.tags = lab_gal_default_columns(&c.count);
    return c;
}

static bool alias_is_address(const struct op *op)
{
    return lab_misbehaves(op->call->misbehave, LAB_MIS_NSPI_ALIAS, op->call->server->name, 6004);
}

/* A property as this server has it, right or wrong. False: no memory. */
static bool property(struct op *op, const struct lab_user *u, om_proptag tag,
                     struct om_propval *out)
{
    if (u && tag == PR_ACCOUNT && alias_is_address(op)) {
        *out = (struct om_propval){.tag = tag, .v.utf8 = u->smtp};
        return true;
    }
    return lab_gal_property(&op->view, u, tag, &op->a, out);
}

/* Adds to *size what the row takes. False: no memory. */
static bool make_row(struct op *op, const struct lab_user *u, struct columns columns,
                     struct om_proprow *row, size_t *size)
{
    struct om_propval *vals = om__arena_array(&op->a, columns.count, sizeof *vals);

    if (!vals && columns.count)
        return false;
    for (size_t i = 0; i < columns.count; i++) {
        if (!property(op, u, columns.tags[i], &vals[i]))
            return false;
        *size += cost(&vals[i]);
    }
    row->count = (uint32_t)columns.count;
    row->vals = vals;
    return true;
}

/* Up to `count` rows of entries; NULL is an entry without properties. As many as the answer takes.
 */
static uint32_t make_rows(struct op *op, const struct lab_user *const *entries, size_t count,
                          struct columns columns, struct om__nspi_rows *out)
{
    struct om_proprow *rows;
    size_t size = 0;

    if (count > OM_MAX_NSPI_ROWS)
        count = OM_MAX_NSPI_ROWS;
    rows = om__arena_array(&op->a, count ? count : 1, sizeof *rows);
    if (!rows)
        return LAB_NSPI_OUT_OF_MEMORY;
    out->rows = rows;
    for (out->count = 0; out->count < count && size < ANSWER_BUDGET; out->count++)
        if (!make_row(op, entries[out->count], columns, &rows[out->count], &size))
            return LAB_NSPI_OUT_OF_MEMORY;
    return LAB_NSPI_OK;
}

static const struct om__nspi_rows no_rows = {0, NULL};

/* The entries behind Minimal Entry IDs, NULL where there is none. */
static const struct lab_user **entries_of(struct op *op, const struct om__nspi_tags *mids)
{
    const struct lab_user **list =
        om__arena_array(&op->a, mids->count ? mids->count : 1, sizeof(struct lab_user *));

    for (uint32_t i = 0; list && i < mids->count; i++)
        list[i] = lab_org_by_mid(op->call->org, mids->v[i]);
    return list;
}

/* Checks that hold for every call with a STAT; the list is where it stands. */
static uint32_t check_stat(struct op *op, const struct om__nspi_stat *stat,
                           const struct lab_list **list)
{
    *list = lab_gal_list(op->call->org, stat->container_id);
    op->view.container = stat->container_id;
    if (stat->code_page == OM_NSPI_CP_WINUNICODE)
        return LAB_NSPI_INVALID_CODEPAGE;
    return *list ? LAB_NSPI_OK : LAB_NSPI_INVALID_BOOKMARK;
}

/* ---- tables ---- */

/* 3.1.4.1.4 */
static void do_update_stat(struct op *op)
{
    struct om__nspi_update_stat_resp resp = {0};
    struct om__nspi_update_stat_req req;
    const struct lab_list *list;
    size_t row = 0;

    om__nspi_rd_update_stat_req(op->in, &op->a, &req);
    if (!begin(op, &req.handle))
        return;
    resp.stat = req.stat;
    resp.has_delta = req.has_delta;
    resp.code = check_stat(op, &req.stat, &list);
    if (!resp.code)
        resp.code = lab_gal_locate(op->call->org, list, &req.stat, &row, &resp.delta);
    if (!resp.code)
        lab_gal_report(list, row, &resp.stat);
    om__nspi_wr_update_stat_resp(op->out, &resp);
}

/* Rows of the container from where the STAT stands; the STAT moves behind them. */
static uint32_t rows_from_stat(struct op *op, const struct lab_list *list, uint32_t count,
                               struct columns columns, struct om__nspi_rows_resp *resp)
{
    size_t row = 0;
    uint32_t code = lab_gal_locate(op->call->org, list, &resp->stat, &row, NULL);

    if (code)
        return code;
    if (count > list->count - row)
        count = (uint32_t)(list->count - row);
    code = make_rows(op, (const struct lab_user *const *)&list->entries[row], count, columns,
                     &resp->rows);
    if (!code)
        lab_gal_report(list, row + resp->rows.count, &resp->stat);
    return code;
}

/* 3.1.4.1.8 */
static void do_query_rows(struct op *op)
{
    struct om__nspi_rows_resp resp = {0};
    struct om__nspi_query_rows_req req;
    const struct lab_user **entries;
    const struct lab_list *list;

    om__nspi_rd_query_rows_req(op->in, &op->a, &req);
    if (!begin(op, &req.handle))
        return;
    op->view.ephemeral = (req.flags & OM_NSPI_EPHEMERAL_ID) != 0;
    resp.stat = req.stat;
    resp.code = check_stat(op, &req.stat, &list);
    if (req.etable.v && resp.code == LAB_NSPI_INVALID_BOOKMARK)
        resp.code = LAB_NSPI_OK; /* an explicit table is in no container */
    if (!resp.code && !req.etable.v) {
        resp.code = req.count ? rows_from_stat(op, list, req.count, columns_of(&req.tags), &resp)
                              : LAB_NSPI_INVALID_PARAMETER;
    } else if (!resp.code) {
        entries = entries_of(op, &req.etable);
        resp.code = entries ? make_rows(op, entries,
                                        req.etable.count < req.count ? req.etable.count : req.count,
                                        columns_of(&req.tags), &resp.rows)
                            : LAB_NSPI_OUT_OF_MEMORY;
    }
    if (resp.code)
        resp.rows = no_rows;
    om__nspi_wr_query_rows_resp(op->out, &resp);
}

static const char *target_text(struct op *op, const struct om_propval *target)
{
    if (OM_PROP_ID(target->tag) != 0x3001)
        return NULL;
    if (OM_PROP_TYPE(target->tag) == PT_UNICODE)
        return target->v.utf8;
    return OM_PROP_TYPE(target->tag) == PT_STRING8 && target->v.str8
               ? lab_gal_from_codepage(&op->a, target->v.str8)
               : NULL;
}

/* Moves the STAT to the first name at or after the target, and reads on from there if columns are
 * asked for. */
static uint32_t seek(struct op *op, const struct lab_list *list,
                     const struct om__nspi_seek_entries_req *req, struct om__nspi_rows_resp *resp)
{
    const char *target = target_text(op, &req->target);
    char *key = target ? lab_fold(target) : NULL;
    struct om__nspi_stat stood;
    uint32_t code;
    size_t row;

    if (!key)
        return target ? LAB_NSPI_OUT_OF_MEMORY : LAB_NSPI_GENERAL_FAILURE;
    row = lab_gal_lower_bound(list, key);
    free(key);
    if (row == list->count)
        return LAB_NSPI_NOT_FOUND;
    lab_gal_report(list, row, &resp->stat);
    if (!req->tags.v)
        return LAB_NSPI_OK;
    stood = resp->stat;
    code = rows_from_stat(op, list, SEEK_ROWS, columns_of(&req->tags), resp);
    resp->stat = stood;
    return code;
}

/* 3.1.4.1.9; an explicit table is not looked into: every list here is sorted already. */
static void do_seek_entries(struct op *op)
{
    struct om__nspi_rows_resp resp = {0};
    struct om__nspi_seek_entries_req req;
    const struct lab_list *list;

    om__nspi_rd_seek_entries_req(op->in, &op->a, &req);
    if (!begin(op, &req.handle))
        return;
    resp.stat = req.stat;
    resp.code = check_stat(op, &req.stat, &list);
    if (!resp.code && req.etable.v)
        resp.code = LAB_NSPI_NOT_SUPPORTED;
    if (!resp.code)
        resp.code = seek(op, list, &req, &resp);
    if (resp.code)
        resp.rows = no_rows;
    om__nspi_wr_seek_entries_resp(op->out, &resp);
}

/* ---- searches ---- */

struct hits {
    const struct lab_user **entries;
    uint32_t *mids;
    uint32_t count;
};

/* Every entry of the list that the filter lets through, unless they are more than asked for. */
static uint32_t collect(struct op *op, const struct lab_list *list,
                        const struct om__nspi_get_matches_req *req, struct hits *hits)
{
    size_t room = list->count < req->requested ? list->count : req->requested;
    struct om_arena scratch;
    uint32_t code = LAB_NSPI_OK;

    if (!room)
        room = 1;
    hits->entries = om__arena_array(&op->a, room, sizeof(struct lab_user *));
    hits->mids = om__arena_array(&op->a, room, sizeof *hits->mids);
    if (!hits->entries || !hits->mids)
        return LAB_NSPI_OUT_OF_MEMORY;
    om__arena_init(&scratch, MAX_CALL_MEMORY);
    for (size_t i = 0; i < list->count && !code; i++) {
        const struct lab_user *u = list->entries[i];

        if (lab_gal_matches(&op->view, u, req->filter, &scratch, &code)) {
            if (hits->count == req->requested) {
                code = LAB_NSPI_TABLE_TOO_BIG;
            } else {
                hits->mids[hits->count] = u->mid;
                hits->entries[hits->count++] = u;
            }
        }
        om__arena_free(&scratch);
    }
    return code;
}

static uint32_t get_matches(struct op *op, const struct om__nspi_get_matches_req *req,
                            struct om__nspi_get_matches_resp *resp)
{
    const struct lab_list *list;
    struct hits hits = {0};
    uint32_t code = check_stat(op, &req->stat, &list);

    if (code)
        return code;
    if (req->propname)
        return LAB_NSPI_NOT_SUPPORTED;
    if (!req->filter)
        return LAB_NSPI_INVALID_PARAMETER;
    code = collect(op, list, req, &hits);
    if (!code && req->tags.v)
        code = make_rows(op, hits.entries, hits.count, columns_of(&req->tags), &resp->rows);
    if (code)
        return code;
    resp->mids.count = hits.count;
    resp->mids.v = hits.mids;
    return LAB_NSPI_OK;
}

/* 3.1.4.1.10 */
static void do_get_matches(struct op *op)
{
    struct om__nspi_get_matches_resp resp = {0};
    struct om__nspi_get_matches_req req;

    om__nspi_rd_get_matches_req(op->in, &op->a, &req);
    if (!begin(op, &req.handle))
        return;
    resp.stat = req.stat;
    resp.code = get_matches(op, &req, &resp);
    if (resp.code)
        resp.rows = no_rows;
    om__nspi_wr_get_matches_resp(op->out, &resp);
}

/* Resolves each name; the rows are of those that are one entry. */
static uint32_t resolve(struct op *op, const struct om__nspi_resolve_names_req *req, bool wide,
                        struct om__nspi_resolve_names_resp *resp)
{
    const struct lab_user **entries =
        om__arena_array(&op->a, req->names.count + 1u, sizeof(struct lab_user *));
    uint32_t *mids = om__arena_array(&op->a, req->names.count + 1u, sizeof *mids);
    const struct lab_list *list;
    uint32_t code = check_stat(op, &req->stat, &list), found = 0;

    if (code)
        return code;
    for (uint32_t i = 0; entries && mids && i < req->names.count; i++) {
        const char *name = req->names.v[i];

        if (name && !wide && !(name = lab_gal_from_codepage(&op->a, name)))
            return LAB_NSPI_OUT_OF_MEMORY;
        if (name && *name == '=' && alias_is_address(op))
            mids[i] = OM_MID_UNRESOLVED;
        else
            mids[i] = lab_gal_resolve(op->call->org, list, name, &entries[found]);
        found += mids[i] == OM_MID_RESOLVED;
    }
    if (!entries || !mids)
        return LAB_NSPI_OUT_OF_MEMORY;
    resp->mids.count = req->names.count;
    resp->mids.v = mids;
    return make_rows(op, entries, found, columns_of(&req->tags), &resp->rows);
}

/* 3.1.4.1.16, 3.1.4.1.17 */
static void resolve_names(struct op *op, bool wide)
{
    struct om__nspi_resolve_names_resp resp = {0};
    struct om__nspi_resolve_names_req req;

    if (wide)
        om__nspi_rd_resolve_names_w_req(op->in, &op->a, &req);
    else
        om__nspi_rd_resolve_names_req(op->in, &op->a, &req);
    if (!begin(op, &req.handle))
        return;
    resp.code = resolve(op, &req, wide, &resp);
    if (resp.code) {
        memset(&resp.mids, 0, sizeof resp.mids);
        resp.rows = no_rows;
    }
    om__nspi_wr_resolve_names_resp(op->out, &resp);
}

static void do_resolve_names(struct op *op)
{
    resolve_names(op, false);
}

static void do_resolve_names_w(struct op *op)
{
    resolve_names(op, true);
}

/* 3.1.4.1.13: 0 for a name that is none */
static void do_dn_to_mid(struct op *op)
{
    struct om__nspi_tags_resp resp = {0};
    struct om__nspi_dn_to_mid_req req;
    uint32_t *mids;

    om__nspi_rd_dn_to_mid_req(op->in, &op->a, &req);
    if (!begin(op, &req.handle))
        return;
    mids = om__arena_array(&op->a, req.names.count + 1u, sizeof *mids);
    for (uint32_t i = 0; mids && i < req.names.count; i++) {
        const struct lab_user *u = lab_org_by_dn(op->call->org, req.names.v[i]);

        mids[i] = u ? u->mid : 0;
    }
    if (mids) {
        resp.tags.count = req.names.count;
        resp.tags.v = mids;
    } else {
        resp.code = LAB_NSPI_OUT_OF_MEMORY;
    }
    om__nspi_wr_dn_to_mid_resp(op->out, &resp);
}

/* ---- objects ---- */

static const struct lab_user *object_of(struct op *op, const struct om__nspi_stat *stat,
                                        const struct lab_list *list)
{
    size_t row;

    if (stat->current_rec >= LAB_MID_FIRST)
        return lab_org_by_mid(op->call->org, stat->current_rec);
    if (lab_gal_locate(op->call->org, list, stat, &row, NULL) || row >= list->count)
        return NULL;
    return list->entries[row];
}

static uint32_t get_props(struct op *op, const struct om__nspi_get_props_req *req,
                          struct om_proprow *row)
{
    struct columns columns = {req->tags.v, req->tags.count};
    const struct lab_list *list;
    size_t size = 0;
    uint32_t code = check_stat(op, &req->stat, &list);

    if (code)
        return code;
    if (!columns.tags)
        columns.tags = lab_gal_columns(true, &op->a, &columns.count);
    if (!columns.tags || !make_row(op, object_of(op, &req->stat, list), columns, row, &size))
        return LAB_NSPI_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < row->count; i++)
        if (OM_PROP_TYPE(row->vals[i].tag) == PT_ERROR)
            return LAB_NSPI_ERRORS_RETURNED;
    return LAB_NSPI_OK;
}

/* 3.1.4.1.7 */
static void do_get_props(struct op *op)
{
    struct om__nspi_get_props_resp resp = {0};
    struct om__nspi_get_props_req req;
    struct om_proprow row = {0};

    om__nspi_rd_get_props_req(op->in, &op->a, &req);
    if (!begin(op, &req.handle))
        return;
    op->view.ephemeral = (req.flags & OM_NSPI_EPHEMERAL_ID) != 0;
    resp.code = get_props(op, &req, &row);
    if (!resp.code || resp.code == LAB_NSPI_ERRORS_RETURNED)
        resp.row = &row;
    om__nspi_wr_get_props_resp(op->out, &resp);
}

/* 3.1.4.1.3: the address lists; or none of the templates from which clients make one-off addresses
 */
static void do_get_special_table(struct op *op)
{
    struct om__nspi_get_special_table_resp resp = {.version = HIERARCHY_VERSION};
    struct om__nspi_get_special_table_req req;
    struct om_proprow *rows;
    bool unicode;

    om__nspi_rd_get_special_table_req(op->in, &op->a, &req);
    if (!begin(op, &req.handle))
        return;
    unicode = (req.flags & OM_NSPI_UNICODE_STRINGS) != 0;
    rows = om__arena_array(&op->a, LAB_LISTS, sizeof *rows);
    if (!rows)
        resp.code = LAB_NSPI_OUT_OF_MEMORY;
    else if (req.flags & OM_NSPI_CREATION_TABLE || req.version != HIERARCHY_VERSION)
        resp.rows.rows = rows;
    for (unsigned i = 0; resp.rows.rows && !(req.flags & OM_NSPI_CREATION_TABLE) && i < LAB_LISTS;
         i++) {
        if (lab_gal_container_row(&op->call->org->lists[i], unicode, &op->a, &rows[i]))
            resp.rows.count++;
        else
            resp.code = LAB_NSPI_OUT_OF_MEMORY;
    }
    if (resp.code)
        resp.rows = no_rows;
    om__nspi_wr_get_special_table_resp(op->out, &resp);
}

/* 3.1.4.1.5 */
static void do_query_columns(struct op *op)
{
    struct om__nspi_query_columns_req req;
    struct om__nspi_tags_resp resp = {0};
    size_t count = 0;

    om__nspi_rd_query_columns_req(op->in, &op->a, &req);
    if (!begin(op, &req.handle))
        return;
    resp.tags.v = lab_gal_columns((req.flags & OM_NSPI_UNICODE_TYPES) != 0, &op->a, &count);
    resp.tags.count = (uint32_t)count;
    if (!resp.tags.v)
        resp.code = LAB_NSPI_OUT_OF_MEMORY;
    om__nspi_wr_query_columns_resp(op->out, &resp);
}

/* ---- the interface ---- */

static void (*const calls[])(struct op *op) = {
    [OM_NSPI_BIND] = do_bind,
    [OM_NSPI_UNBIND] = do_unbind,
    [OM_NSPI_UPDATE_STAT] = do_update_stat,
    [OM_NSPI_QUERY_ROWS] = do_query_rows,
    [OM_NSPI_SEEK_ENTRIES] = do_seek_entries,
    [OM_NSPI_GET_MATCHES] = do_get_matches,
    [OM_NSPI_DN_TO_MID] = do_dn_to_mid,
    [OM_NSPI_GET_PROPS] = do_get_props,
    [OM_NSPI_GET_SPECIAL_TABLE] = do_get_special_table,
    [OM_NSPI_QUERY_COLUMNS] = do_query_columns,
    [OM_NSPI_RESOLVE_NAMES] = do_resolve_names,
    [OM_NSPI_RESOLVE_NAMES_W] = do_resolve_names_w,
};

static void handle(struct lab_call *call, uint16_t opnum, struct om_rd *stub, struct om_wr *out,
                   uint32_t *fault)
{
    struct op op = {.call = call, .in = stub, .out = out, .fault = fault};

    if (opnum >= sizeof calls / sizeof calls[0] || !calls[opnum]) {
        *fault = LAB_FAULT_OP_RANGE;
        return;
    }
    om__arena_init(&op.a, MAX_CALL_MEMORY);
    calls[opnum](&op);
    om__arena_free(&op.a);
}

static const struct om__rpc_syntax syntax = {OM_NSPI_UUID, OM_NSPI_VERSION_MAJOR,
                                             OM_NSPI_VERSION_MINOR};

const struct lab_interface lab_nspi_interface = {&syntax, handle, closed};
