/* SPDX-License-Identifier: MIT */
#include "codec/epm.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"

/* e1af8308-5d1f-11c9-91a4-08002b14a0fa 3.0 */
const struct om__rpc_syntax om__epm_interface = {
    {0xE1AF8308, 0x5D1F, 0x11C9, {0x91, 0xA4, 0x08, 0x00, 0x2B, 0x14, 0xA0, 0xFA}}, 3, 0};

/* Protocol identifiers of tower floors, [C706] appendix I, [MS-RPCE] 2.2.1.2.2 */
enum {
    FLOOR_TCP = 0x07,
    FLOOR_IP = 0x09,
    FLOOR_NCACN = 0x0B, /* connection-oriented RPC */
    FLOOR_UUID = 0x0D,
    FLOOR_HTTP = 0x1F,
    FLOORS = 5,
    MAX_FLOORS = 8,
};

/* One floor: the left-hand side says what, the right-hand side holds its data. */
struct floor {
    uint8_t protocol;
    struct om_rd left, right;
};

static struct floor rd_floor(struct om_rd *r)
{
    struct floor f = {0};

    f.left = om_rd_sub(r, om_rd_u16(r, "LHS byte count"), "LHS");
    f.protocol = om_rd_u8(&f.left, "protocol identifier");
    f.right = om_rd_sub(r, om_rd_u16(r, "RHS byte count"), "RHS");
    om_rd_join(r, &f.left);
    return f;
}

/* A floor that names a syntax: the UUID and major version left, the minor version right. */
static void rd_uuid_floor(struct om_rd *r, struct om__rpc_syntax *s)
{
    struct floor f = rd_floor(r);

    om_rd_check(r, f.protocol == FLOOR_UUID, f.protocol, "protocol identifier");
    s->uuid = om_rd_guid(&f.left, "LHS");
    s->major = om_rd_u16(&f.left, "LHS");
    s->minor = om_rd_u16(&f.right, "RHS");
    om_rd_join(r, &f.left);
    om_rd_join(r, &f.right);
}

/* Floors 3 to 5: only those of the two transports known here are read further. */
static void rd_transport(struct om_rd *r, unsigned floors, struct om__epm_tower *t)
{
    bool ncacn = false;

    for (unsigned i = 0; i < floors; i++) {
        struct floor f = rd_floor(r);

        if (i == 0)
            ncacn = f.protocol == FLOOR_NCACN;
        if (i == 1 && ncacn && (f.protocol == FLOOR_TCP || f.protocol == FLOOR_HTTP)) {
            t->protocol = f.protocol == FLOOR_TCP ? OM_EPM_NCACN_IP_TCP : OM_EPM_NCACN_HTTP;
            t->port = om_rd_u16_be(&f.right, "port");
        }
        if (i == 2 && t->protocol != OM_EPM_OTHER && f.protocol == FLOOR_IP)
            om_rd_copy(&f.right, t->address, sizeof t->address, "address");
        om_rd_join(r, &f.right);
    }
}

/* twr_t: [C706] appendix I and L, its octets in a conformant array */
static void rd_tower(struct om_rd *r, struct om__epm_tower *t)
{
    uint32_t max_count = om__ndr_rd_conformant(r, OM_EPM_MAX_TOWER, 1, "tower_octet_string");
    uint32_t length = om__ndr_rd_u32(r, "tower_length");
    struct om_rd octets;
    unsigned floors;

    om_rd_check(r, length == max_count, length, "tower_length");
    octets = om_rd_sub(r, length, "tower_octet_string");
    floors = om_rd_u16(&octets, "floor count");
    om_rd_check(&octets, floors >= 3 && floors <= MAX_FLOORS, floors, "floor count");
    rd_uuid_floor(&octets, &t->interface);
    rd_uuid_floor(&octets, &t->transfer);
    if (om_rd_ok(&octets))
        rd_transport(&octets, floors - 2, t);
    om_rd_expect_end(&octets, "tower");
    om_rd_join(r, &octets);
}

static void wr_uuid_floor(struct om_wr *w, const struct om__rpc_syntax *s)
{
    om_wr_u16(w, 19);
    om_wr_u8(w, FLOOR_UUID);
    om_wr_guid(w, &s->uuid);
    om_wr_u16(w, s->major);
    om_wr_u16(w, 2);
    om_wr_u16(w, s->minor);
}

static void wr_floor(struct om_wr *w, uint8_t protocol, const void *right, uint16_t n)
{
    om_wr_u16(w, 1);
    om_wr_u8(w, protocol);
    om_wr_u16(w, n);
    om_wr_bytes(w, right, n);
}

static void wr_tower(struct om_wr *w, const struct om__epm_tower *t)
{
    const uint8_t zeroes[2] = {0}, port[2] = {(uint8_t)(t->port >> 8), (uint8_t)t->port};
    size_t max_count, length, start;

    om_wr_align(w, 4);
    max_count = om_wr_reserve(w, 4);
    length = om_wr_reserve(w, 4);
    start = w->len;
    om_wr_u16(w, FLOORS);
    wr_uuid_floor(w, &t->interface);
    wr_uuid_floor(w, &t->transfer);
    wr_floor(w, FLOOR_NCACN, zeroes, sizeof zeroes); /* RPC's own minor version */
    wr_floor(w, t->protocol == OM_EPM_NCACN_HTTP ? FLOOR_HTTP : FLOOR_TCP, port, sizeof port);
    wr_floor(w, FLOOR_IP, t->address, sizeof t->address);
    om_wr_patch_u32(w, max_count, w->len - start);
    om_wr_patch_u32(w, length, w->len - start);
}

/*
 * ept_map's pointers are full ones ([ptr]): their referents name objects, so each is a number of
 * its own, counted from 1; Windows Server 2003 takes no others. [C706] 14.3.11
 */
enum { REFERENT_OBJ = 1, REFERENT_TOWER = 2, REFERENT_ANSWERS = 3 };

/* ept_map, in. [MS-RPCE] 2.2.1.2.5 */

om_status om__epm_map_request_encode(struct om_wr *w, const struct om__epm_map_request *m,
                                     struct om_error *err)
{
    w->origin = w->len;
    om__ndr_wr_u32(w, m->has_object ? REFERENT_OBJ : 0);
    if (m->has_object)
        om__ndr_wr_guid(w, &m->object);
    om__ndr_wr_u32(w, REFERENT_TOWER);
    wr_tower(w, &m->tower);
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->max_towers);
    return om_wr_finish(w, OM_LAYER_EPM, "an ept_map request", err);
}

om_status om__epm_map_request_decode(const uint8_t *p, size_t n, struct om__epm_map_request *m,
                                     struct om_error *err)
{
    struct om_rd r;

    *m = (struct om__epm_map_request){0};
    om_rd_init(&r, p, n);
    m->has_object = om__ndr_rd_ptr(&r, "obj");
    if (m->has_object)
        m->object = om__ndr_rd_guid(&r, "obj");
    om_rd_check(&r, om__ndr_rd_ptr(&r, "map_tower"), 0, "map_tower");
    rd_tower(&r, &m->tower);
    m->handle = om__ndr_rd_context(&r, "entry_handle");
    m->max_towers = om__ndr_rd_u32(&r, "max_towers");
    om_rd_expect_end(&r, "ept_map request");
    return om_rd_finish(&r, OM_LAYER_EPM, "ept_map request", err);
}

/* ept_map, out */

om_status om__epm_map_response_encode(struct om_wr *w, const struct om__epm_map_response *m,
                                      struct om_error *err)
{
    w->origin = w->len;
    om__ndr_wr_context(w, &m->handle);
    om__ndr_wr_u32(w, m->count);
    om__ndr_wr_conformant_varying(w, m->max_towers, m->count);
    for (uint32_t i = 0; i < m->count; i++)
        om__ndr_wr_u32(w, REFERENT_ANSWERS + i);
    for (uint32_t i = 0; i < m->count; i++)
        wr_tower(w, &m->towers[i]);
    om__ndr_wr_u32(w, m->status);
    return om_wr_finish(w, OM_LAYER_EPM, "an ept_map response", err);
}

om_status om__epm_map_response_decode(const uint8_t *p, size_t n, struct om__epm_map_response *m,
                                      struct om_error *err)
{
    uint32_t num_towers, present = 0;
    struct om_rd r;

    *m = (struct om__epm_map_response){0};
    om_rd_init(&r, p, n);
    m->handle = om__ndr_rd_context(&r, "entry_handle");
    num_towers = om__ndr_rd_u32(&r, "num_towers");
    m->count = om__ndr_rd_conformant_varying(&r, OM_EPM_MAX_ASKED, 4, &m->max_towers, "ITowers");
    om_rd_check(&r, m->count == num_towers, num_towers, "num_towers");
    m->count = om_rd_count(&r, m->count, OM_EPM_MAX_TOWERS, 4, "num_towers");
    for (uint32_t i = 0; i < m->count; i++)
        present += om__ndr_rd_ptr(&r, "ITowers");
    for (uint32_t i = 0; i < present; i++)
        rd_tower(&r, &m->towers[i]);
    m->count = present;
    m->status = om__ndr_rd_u32(&r, "status");
    om_rd_expect_end(&r, "ept_map response");
    return om_rd_finish(&r, OM_LAYER_EPM, "ept_map response", err);
}

void om__epm_ask(struct om__epm_map_request *m, const struct om__rpc_syntax *interface,
                 enum om__epm_protocol protocol)
{
    *m = (struct om__epm_map_request){
        .has_object = true, /* the nil one, as everyone sends it */
        .tower = {.interface = *interface, .transfer = om__rpc_ndr, .protocol = protocol},
        .max_towers = 4,
    };
}

om_status om__epm_port(const struct om__epm_map_response *m, enum om__epm_protocol protocol,
                       uint16_t *port, struct om_error *err)
{
    for (uint32_t i = 0; m->status == OM_EPM_OK && i < m->count; i++)
        if (m->towers[i].protocol == protocol && m->towers[i].port) {
            *port = m->towers[i].port;
            return OM_OK;
        }
    if (m->status && m->status != OM_EPM_NOT_REGISTERED)
        return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_EPM, OM_CAUSE_SERVER_ERROR,
                        OM_NATIVE_EPM, m->status, "ept_map gave status 0x%08X", m->status);
    return om__fail(err, MAPI_E_NETWORK_ERROR, OM_LAYER_EPM, OM_CAUSE_NOT_REGISTERED, OM_NATIVE_EPM,
                    m->status, "ept_map gave %u towers, none for the transport asked for",
                    m->count);
}
