/* SPDX-License-Identifier: MIT */
#include "lab/rop_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "codec/rop_buffer.h"
#include "lab/ec.h"
#include "lab/misbehave.h"
#include "lab/org.h"

#define EXT_HEADER     8u      /* RPC_HEADER_EXT */
#define MAX_PAYLOAD    0x7FFFu /* [MS-OXCRPC] 3.1.4.2.1.1: ROPs and handles of one payload */
#define MAX_RUN_MEMORY (8u << 20)
#define COMPRESS_FROM  1024u /* Exchange leaves smaller payloads as they are */
#define PACKED_BUFFERS 0x02u /* QueryRowsFlags: EnablePackedBuffers */
#define MAX_CHAIN      32u

/* ---- objects ---- */

static void free_object(struct lab_object *o)
{
    om__arena_free(&o->a);
    free(o->columns);
    free(o);
}

void lab_rop_session_free(struct lab_rop_session *s)
{
    for (size_t i = 0; i < s->count; i++)
        free_object(s->objects[i]);
    free(s->objects);
    memset(s, 0, sizeof *s);
}

static bool make_room(struct lab_rop_session *s)
{
    size_t room = s->room ? s->room * 2 : 16;
    struct lab_object **more;

    if (s->count < s->room)
        return true;
    if (s->count >= LAB_MAX_OBJECTS)
        return false;
    more = realloc(s->objects, room * sizeof *more);
    if (!more)
        return false;
    s->objects = more;
    s->room = room;
    return true;
}

struct lab_object *lab_rop_new_object(struct lab_rop_run *run, enum lab_object_kind kind,
                                      const struct lab_object *parent, uint8_t index)
{
    struct lab_rop_session *s = run->s;
    struct lab_object *o;

    if (index >= run->requests.handle_count || !make_room(s))
        return NULL;
    o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    om__arena_init(&o->a, LAB_MAX_TABLE);
    o->kind = kind;
    o->handle = s->next_handle++;
    o->logon = parent ? parent->logon : o->handle;
    if (parent) {
        o->owner = parent->owner;
        o->box = parent->box;
    }
    s->objects[s->count++] = o;
    run->requests.handles[index] = o->handle;
    return o;
}

static struct lab_object *find_object(const struct lab_rop_run *run, uint8_t index)
{
    const struct lab_rop_session *s = run->s;

    if (index >= run->requests.handle_count)
        return NULL;
    for (size_t i = 0; i < s->count; i++)
        if (s->objects[i]->handle == run->requests.handles[index])
            return s->objects[i];
    return NULL;
}

/* Drops the objects that are this handle's, or of the logon it is. */
static void drop(struct lab_rop_session *s, uint32_t handle)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->count; i++) {
        if (s->objects[i]->handle == handle || s->objects[i]->logon == handle)
            free_object(s->objects[i]);
        else
            s->objects[kept++] = s->objects[i];
    }
    s->count = kept;
}

/* ---- one ROP ---- */

static const struct {
    uint8_t id;
    bool needs_object, makes_object;
    lab_rop_fn *run;
} rops[] = {
    {RopLogon, false, true, lab_rop_logon},
    {RopOpenFolder, true, true, lab_rop_open_folder},
    {RopGetHierarchyTable, true, true, lab_rop_get_hierarchy_table},
    {RopGetContentsTable, true, true, lab_rop_get_contents_table},
    {RopSetColumns, true, false, lab_rop_set_columns},
    {RopSortTable, true, false, lab_rop_sort_table},
    {RopQueryRows, true, false, lab_rop_query_rows},
    {RopQueryPosition, true, false, lab_rop_query_position},
    {RopSeekRow, true, false, lab_rop_seek_row},
    {RopGetPropertiesSpecific, true, false, lab_rop_get_props},
    {RopGetPropertiesAll, true, false, lab_rop_get_props_all},
};

/* What the new object would have been is not left behind by a ROP that failed half-way. */
static void undo(struct lab_rop_run *run, const struct om__rop_request *req, uint32_t first_new)
{
    for (uint32_t h = first_new; h < run->s->next_handle; h++)
        drop(run->s, h);
    if (req->out < run->requests.handle_count)
        run->requests.handles[req->out] = OM_ROP_NO_HANDLE;
}

static struct om__rop_response dispatch(struct lab_rop_run *run, const struct om__rop_request *req)
{
    struct om__rop_response rsp = om__rop_failure(req, ecNotSupported);
    struct lab_object *in = find_object(run, req->in);
    uint32_t first_new = run->s->next_handle;

    for (size_t i = 0; i < sizeof rops / sizeof rops[0]; i++) {
        if (rops[i].id != req->id)
            continue;
        if ((rops[i].needs_object && !in) ||
            (rops[i].makes_object && req->out >= run->requests.handle_count))
            rsp.ec = ecNullObject;
        else
            rsp.ec = rops[i].run(run, in, req, &rsp);
        if (rsp.ec && rops[i].makes_object)
            undo(run, req, first_new);
        return rsp;
    }
    return rsp;
}

/* ---- one buffer ---- */

/* [MS-OXCROPS] 2.2.15.1: the client is to ask again for what is not done, with a larger buffer. */
static uint32_t put_too_small(struct lab_rop_run *run, uint32_t from, size_t needed)
{
    struct om__rop_response rsp = {.id = RopBufferTooSmall};
    struct om_wr rest;

    om_wr_init(&rest, MAX_PAYLOAD);
    for (uint32_t i = from; i < run->requests.count; i++)
        om__rop_request_put(&rest, &run->requests.list[i]);
    rsp.too_small.size_needed = (uint16_t)(needed < MAX_PAYLOAD ? needed : MAX_PAYLOAD);
    rsp.too_small.requests.cb = (uint32_t)rest.len;
    rsp.too_small.requests.pb = om__arena_dup(&run->a, rest.buf, rest.len);
    if (!rest.failed)
        om__rop_response_put(&run->rops, &rsp);
    else
        run->rops.failed = true;
    om_wr_free(&rest);
    return !run->rops.failed && run->rops.len <= run->limit ? ecSuccess : ecBufferTooSmall;
}

/* Appends a response; *fits is false, and nothing appended, when there is no room for it. */
static bool put_response(struct lab_rop_run *run, const struct om__rop_response *rsp, bool *fits)
{
    size_t before = run->rops.len;

    om__rop_response_put(&run->rops, rsp);
    *fits = run->rops.len <= run->limit;
    if (!*fits)
        om_wr_truncate(&run->rops, before);
    return !run->rops.failed;
}

/* A ROP without a codec hides all behind it: newer servers give the whole call up, older ones
 * answer so far. */
static uint32_t stop_at_unknown(struct lab_rop_run *run, const struct om__rop_request *req)
{
    struct om__rop_response rsp = om__rop_failure(req, ecNotSupported);
    bool fits;

    if (run->call->server->age >= 2013)
        return ecRpcFormat;
    rsp.handle_index = req->rest.cb > 2 ? req->rest.pb[2] : 0;
    return put_response(run, &rsp, &fits) ? ecSuccess : ecServerMemory;
}

static bool leaves_out(const struct lab_rop_run *run, uint32_t i)
{
    return i + 1 == run->requests.count &&
           lab_misbehaves(run->call->misbehave, LAB_MIS_ROP_SHORT, run->call->server->name, 6001);
}

static uint32_t run_all(struct lab_rop_run *run)
{
    for (uint32_t i = 0; i < run->requests.count; i++) {
        const struct om__rop_request *req = &run->requests.list[i];
        struct om__rop_response rsp;
        bool fits = true;

        if (req->opaque)
            return stop_at_unknown(run, req);
        if (req->id == RopRelease) {
            if (find_object(run, req->in))
                drop(run->s, run->requests.handles[req->in]);
            if (req->in < run->requests.handle_count)
                run->requests.handles[req->in] = OM_ROP_NO_HANDLE;
            continue;
        }
        rsp = dispatch(run, req);
        run->rows_left = 0;
        if (req->id == RopQueryRows && !rsp.ec)
            run->rows_left = (uint16_t)(req->query_rows.row_count - rsp.query_rows.row_count);
        if (rsp.ec == ecBufferTooSmall)
            return put_too_small(run, i, MAX_PAYLOAD);
        if (leaves_out(run, i))
            return ecSuccess;
        if (!put_response(run, &rsp, &fits))
            return ecServerMemory;
        if (!fits)
            return put_too_small(run, i, run->rops.len + 1024);
    }
    return ecSuccess;
}

/* ---- payloads ---- */

struct chain {
    struct om_binary payloads[MAX_CHAIN];
    size_t count, size; /* bytes with headers */
};

/* The responses so far and the handles become a payload; the responses begin anew. */
static bool end_payload(struct lab_rop_run *run, struct chain *chain)
{
    struct om_binary *p = &chain->payloads[chain->count];
    struct om_wr w;
    size_t begin;

    om_wr_init(&w, OM_MAX_ROP_OUT);
    begin = om__rop_payload_begin(&w);
    om_wr_bytes(&w, run->rops.buf, run->rops.len);
    om__rop_payload_end(&w, begin, run->requests.handles, run->requests.handle_count);
    p->pb = w.failed ? NULL : om__arena_dup(&run->a, w.buf, w.len);
    p->cb = (uint32_t)w.len;
    om_wr_free(&w);
    om_wr_reset(&run->rops);
    if (!p->pb)
        return false;
    chain->count++;
    chain->size += p->cb + EXT_HEADER;
    return true;
}

/* Room for ROPs in a payload of so many bytes. */
static size_t room_for_rops(const struct lab_rop_run *run, size_t payload)
{
    size_t fixed = 2 + 4 * (size_t)run->requests.handle_count;

    if (payload > MAX_PAYLOAD)
        payload = MAX_PAYLOAD;
    return payload > fixed ? payload - fixed : 0;
}

/* Does the buffer end with a RopQueryRows that may go on in further payloads? */
static struct om__rop_request *chained_query(struct lab_rop_run *run)
{
    struct om__rop_request *last =
        run->requests.count ? &run->requests.list[run->requests.count - 1] : NULL;

    if (!last || last->opaque || last->id != RopQueryRows || !last->query_rows.forward ||
        !run->rows_left)
        return NULL;
    return last->query_rows.flags == PACKED_BUFFERS ? last : NULL;
}

/*
 * Extended buffer packing, [MS-OXCRPC] 3.1.4.2.1.2: when the last ROP reads rows and there are
 * more, they go into further payloads as if it had been asked again.
 */
static bool chain_rows(struct lab_rop_run *run, struct chain *chain, size_t out_max)
{
    struct om__rop_request *last = chained_query(run);
    struct lab_object *t = last ? find_object(run, last->in) : NULL;

    while (t && run->rows_left && t->position < t->count && chain->count < MAX_CHAIN &&
           chain->size + EXT_HEADER < out_max) {
        struct om__rop_response rsp;
        bool fits;

        run->limit = room_for_rops(run, out_max - chain->size - EXT_HEADER);
        last->query_rows.row_count = run->rows_left;
        rsp = dispatch(run, last);
        if (rsp.ec)
            return true; /* what there is stands; the client asks for the rest */
        run->rows_left = (uint16_t)(run->rows_left - rsp.query_rows.row_count);
        if (!put_response(run, &rsp, &fits) || !fits || !end_payload(run, chain))
            return false;
    }
    return true;
}

static void write_out(const struct lab_rop_run *run, const struct chain *chain, uint32_t flags,
                      struct om_wr *out)
{
    bool garbage =
        lab_misbehaves(run->call->misbehave, LAB_MIS_ROP_GARBAGE, run->call->server->name, 6001);
    uint8_t nonsense[64];

    memset(nonsense, 0xEE, sizeof nonsense);
    for (size_t i = 0; i < chain->count; i++) {
        const struct om_binary *p = &chain->payloads[i];
        uint16_t ext = i + 1 == chain->count ? OM_EXT_LAST : 0;
        size_t begin = om__ext_begin(out);

        if (!(flags & OM_RPCEXT2_NO_COMPRESSION) && p->cb >= COMPRESS_FROM)
            ext |= OM_EXT_COMPRESSED;
        if (!(flags & OM_RPCEXT2_NO_XOR) && !run->call->encrypted)
            ext |= OM_EXT_XOR;
        if (garbage)
            om_wr_bytes(out, nonsense, sizeof nonsense);
        else
            om_wr_bytes(out, p->pb, p->cb);
        om__ext_end(out, begin, ext);
    }
}

/* The one payload of rgbIn, and its ROPs. */
static uint32_t decode(struct lab_rop_run *run, struct om_binary rgb_in)
{
    struct om__ext_buffer in;

    if (om__ext_decode(rgb_in.pb, rgb_in.cb, &run->a, &in, NULL) != OM_OK || in.count != 1)
        return ecRpcFormat;
    if (om__rop_requests_decode(in.payloads[0].data, in.payloads[0].size, &run->a, &run->requests,
                                NULL) != OM_OK)
        return ecRpcFormat;
    return ecSuccess;
}

uint32_t lab_rop_run(struct lab_call *call, struct lab_rop_session *s, struct om_binary rgb_in,
                     uint32_t flags, uint32_t out_max, struct om_wr *out)
{
    struct lab_rop_run run = {.call = call, .s = s};
    struct chain chain = {.count = 0};
    uint32_t ec;

    om__arena_init(&run.a, MAX_RUN_MEMORY);
    om_wr_init(&run.rops, OM_MAX_ROP_OUT);
    ec = decode(&run, rgb_in);
    if (!ec) {
        run.limit = room_for_rops(&run, out_max > EXT_HEADER ? out_max - EXT_HEADER : 0);
        ec = run.limit ? run_all(&run) : ecBufferTooSmall;
    }
    if (!ec && !end_payload(&run, &chain))
        ec = ecServerMemory;
    if (!ec && flags & OM_RPCEXT2_CHAIN && !chain_rows(&run, &chain, out_max))
        ec = ecServerMemory;
    if (!ec)
        write_out(&run, &chain, flags, out);
    om_wr_free(&run.rops);
    om__arena_free(&run.a);
    return ec;
}
