/* SPDX-License-Identifier: MIT */
#include "codec/rop/rop.h"

#include "base/limits.h"
#include "codec/rop/families.h"
#include "codec/rop_buffer.h"

/* Every id a byte can be has a name: known ones the specification's, the others their number. */
#define NIBBLE_(h)                                                                                 \
    "ROP 0x" h "0", "ROP 0x" h "1", "ROP 0x" h "2", "ROP 0x" h "3", "ROP 0x" h "4",                \
        "ROP 0x" h "5", "ROP 0x" h "6", "ROP 0x" h "7", "ROP 0x" h "8", "ROP 0x" h "9",            \
        "ROP 0x" h "A", "ROP 0x" h "B", "ROP 0x" h "C", "ROP 0x" h "D", "ROP 0x" h "E",            \
        "ROP 0x" h "F"

static const char *const numbers[256] = {
    NIBBLE_("0"), NIBBLE_("1"), NIBBLE_("2"), NIBBLE_("3"), NIBBLE_("4"), NIBBLE_("5"),
    NIBBLE_("6"), NIBBLE_("7"), NIBBLE_("8"), NIBBLE_("9"), NIBBLE_("A"), NIBBLE_("B"),
    NIBBLE_("C"), NIBBLE_("D"), NIBBLE_("E"), NIBBLE_("F"),
};

#define NAME_(name, id) [id] = "Rop" #name,
static const char *const names[256] = {OM_ROP_LIST(NAME_)};

const char *om__rop_name(uint8_t id)
{
    return names[id] ? names[id] : numbers[id];
}

const struct om__rop_codec *om__rop_codec(uint8_t id)
{
    static const struct om__rop_family *const families[] = {
        &om__rop_logon_family,    &om__rop_folder_family,  &om__rop_table_family,
        &om__rop_property_family, &om__rop_release_family,
    };

    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
        for (size_t i = 0; i < families[f]->count; i++) {
            if (families[f]->codecs[i].id == id)
                return &families[f]->codecs[i];
        }
    }
    return NULL;
}

/* What is left of the ROPs, from the RopId that was only looked at. */
static struct om_binary get_opaque(struct om_rd *r)
{
    size_t n = om_rd_left(r);
    const uint8_t *p = om_rd_bytes(r, n, "ROP");

    return (struct om_binary){p ? (uint32_t)n : 0, p};
}

void om__rop_request_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out)
{
    struct om_rd ahead = *r;
    const struct om__rop_codec *c;

    *out = (struct om__rop_request){.id = om_rd_u8(&ahead, "RopId")};
    c = om__rop_codec(out->id);
    if (!c && om_rd_ok(&ahead)) {
        out->opaque = true;
        out->rest = get_opaque(r);
        return;
    }
    *r = ahead;
    out->logon_id = om_rd_u8(r, "LogonId");
    if (c && c->handles != OM_ROP_OUT)
        out->in = om_rd_u8(r, "InputHandleIndex");
    if (c && c->handles != OM_ROP_IN)
        out->out = om_rd_u8(r, "OutputHandleIndex");
    if (c && c->req_get)
        c->req_get(r, a, out);
}

void om__rop_request_put(struct om_wr *w, const struct om__rop_request *req)
{
    const struct om__rop_codec *c = req->opaque ? NULL : om__rop_codec(req->id);

    if (req->opaque)
        om_wr_bytes(w, req->rest.pb, req->rest.cb);
    if (req->opaque || !om_wr_check(w, c != NULL))
        return;
    om_wr_u8(w, req->id);
    om_wr_u8(w, req->logon_id);
    if (c->handles != OM_ROP_OUT)
        om_wr_u8(w, req->in);
    if (c->handles != OM_ROP_IN)
        om_wr_u8(w, req->out);
    if (c->req_put)
        c->req_put(w, req);
}

static bool has_fields(const struct om__rop_codec *c, uint32_t ec)
{
    return ec == 0 || (c->failure_with_fields && ec == c->failure_with_fields);
}

void om__rop_response_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                          struct om__rop_response *out)
{
    const struct om__rop_codec *c;
    struct om_rd ahead = *r;

    *out = (struct om__rop_response){.id = om_rd_u8(&ahead, "RopId")};
    if (om_rd_ok(&ahead) && om__rop_server_get(&ahead, a, out)) {
        *r = ahead;
        return;
    }
    c = om__rop_codec(out->id);
    if (om_rd_ok(&ahead) && (!c || c->no_response)) {
        out->opaque = true;
        out->rest = get_opaque(r);
        return;
    }
    *r = ahead;
    out->handle_index = om_rd_u8(r, "HandleIndex");
    out->ec = om_rd_u32(r, "ReturnValue");
    if (req && req->id != out->id)
        req = NULL;
    if (c && c->rsp_get && has_fields(c, out->ec))
        c->rsp_get(r, a, req, out);
}

void om__rop_response_put(struct om_wr *w, const struct om__rop_response *rsp)
{
    const struct om__rop_codec *c = om__rop_codec(rsp->id);

    if (rsp->opaque) {
        om_wr_bytes(w, rsp->rest.pb, rsp->rest.cb);
        return;
    }
    om_wr_u8(w, rsp->id);
    if (om__rop_server_put(w, rsp))
        return;
    om_wr_u8(w, rsp->handle_index);
    om_wr_u32(w, rsp->ec);
    if (rsp->ec != 0 && (!c || !has_fields(c, rsp->ec)))
        return; /* a failure looks the same for every ROP, also for one without a codec */
    if (om_wr_check(w, c && !c->no_response) && c->rsp_put)
        c->rsp_put(w, rsp);
}

/* The shortest ROP is RopRelease: RopId, LogonId, InputHandleIndex. */
enum { MIN_REQUEST = 3 };

static void get_list(struct om_rd *r, struct om_arena *a, struct om__rop_requests *q)
{
    size_t room = om_rd_left(r) / MIN_REQUEST + 1;

    q->list = om_rd_mem(r, om__arena_array(a, room, sizeof *q->list), "ROPs");
    while (om_rd_left(r) && q->count < room)
        om__rop_request_get(r, a, &q->list[q->count++]);
}

static void get_handles(struct om_rd *r, struct om_arena *a, const struct om__rop_payload *pl,
                        struct om__rop_requests *q)
{
    q->handles = om_rd_mem(r, om__arena_array(a, pl->handle_count, sizeof *q->handles),
                           "ServerObjectHandleTable");
    for (uint32_t i = 0; q->handles && i < pl->handle_count; i++)
        q->handles[i] = om__rop_payload_handle(pl, i);
    q->handle_count = pl->handle_count;
}

om_status om__rop_requests_decode(const uint8_t *payload, size_t n, struct om_arena *a,
                                  struct om__rop_requests *out, struct om_error *err)
{
    struct om__rop_requests q = {0};
    struct om__rop_payload pl;
    om_status st = om__rop_payload_decode(payload, n, &pl, err);
    struct om_rd r;

    if (st != OM_OK)
        return st;
    om_rd_init(&r, pl.rops, pl.rops_size);
    get_list(&r, a, &q);
    get_handles(&r, a, &pl, &q);
    st = om_rd_finish(&r, OM_LAYER_ROP,
                      q.count ? om__rop_name(q.list[q.count - 1].id) : "ROP requests", err);
    if (st == OM_OK)
        *out = q;
    return st;
}

void om__rop_responses_encode(struct om_wr *w, const struct om__rop_response *list, size_t count,
                              const uint32_t *handles, size_t handle_count)
{
    size_t begin = om__rop_payload_begin(w);

    for (size_t i = 0; i < count; i++)
        om__rop_response_put(w, &list[i]);
    om__rop_payload_end(w, begin, handles, handle_count);
}

struct om__rop_response om__rop_failure(const struct om__rop_request *req, uint32_t ec)
{
    const struct om__rop_codec *c = om__rop_codec(req->id);

    return (struct om__rop_response){
        .id = req->id,
        .handle_index = c && c->handles == OM_ROP_IN ? req->in : req->out,
        .ec = ec,
    };
}
