/* SPDX-License-Identifier: MIT */
/* Properties of an object: [MS-OXCROPS] 2.2.8. */
#include "codec/props.h"
#include "codec/rop/families.h"

/* RopGetPropertiesSpecific, 2.2.8.3 */
static void specific_req_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out)
{
    out->get_props.size_limit = om_rd_u16(r, "PropertySizeLimit");
    out->get_props.want_unicode = om_rd_u16(r, "WantUnicode");
    om__rop_rd_proptags(r, a, &out->get_props.tags);
}

static void specific_req_put(struct om_wr *w, const struct om__rop_request *in)
{
    om_wr_u16(w, in->get_props.size_limit);
    om_wr_u16(w, in->get_props.want_unicode);
    om__rop_wr_proptags(w, &in->get_props.tags);
}

static void specific_rsp_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                             struct om__rop_response *out)
{
    struct om__get_props_rsp *s = &out->get_props;

    if (!om_rd_check(r, req != NULL, 0, "RowData")) /* its columns are nowhere else */
        return;
    s->columns = req->get_props.tags;
    om_rd_proprow(r, a, s->columns.tags, s->columns.count, &s->row);
}

static void specific_rsp_put(struct om_wr *w, const struct om__rop_response *in)
{
    const struct om__get_props_rsp *s = &in->get_props;

    om_wr_proprow(w, s->columns.tags, s->columns.count, &s->row);
}

/* RopGetPropertiesAll, 2.2.8.4 */
static void all_req_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out)
{
    (void)a;
    out->get_props.size_limit = om_rd_u16(r, "PropertySizeLimit");
    out->get_props.want_unicode = om_rd_u16(r, "WantUnicode");
}

static void all_req_put(struct om_wr *w, const struct om__rop_request *in)
{
    om_wr_u16(w, in->get_props.size_limit);
    om_wr_u16(w, in->get_props.want_unicode);
}

static void all_rsp_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                        struct om__rop_response *out)
{
    uint16_t count = om_rd_u16(r, "PropertyValueCount");

    (void)req;
    om_rd_tagged_propvals(r, a, count, &out->get_props.row);
}

static void all_rsp_put(struct om_wr *w, const struct om__rop_response *in)
{
    const struct om_proprow *row = &in->get_props.row;

    if (!om_wr_check(w, row->count <= 0xFFFF))
        return;
    om_wr_u16(w, (uint16_t)row->count);
    om_wr_tagged_propvals(w, row);
}

static const struct om__rop_codec codecs[] = {
    {.id = RopGetPropertiesSpecific,
     .handles = OM_ROP_IN,
     .req_get = specific_req_get,
     .req_put = specific_req_put,
     .rsp_get = specific_rsp_get,
     .rsp_put = specific_rsp_put},
    {.id = RopGetPropertiesAll,
     .handles = OM_ROP_IN,
     .req_get = all_req_get,
     .req_put = all_req_put,
     .rsp_get = all_rsp_get,
     .rsp_put = all_rsp_put},
};

OM_ROP_FAMILY(om__rop_property_family, codecs);
