/* SPDX-License-Identifier: MIT */
/* Folders and their tables: [MS-OXCROPS] 2.2.4. */
#include "codec/rop/families.h"

/* RopOpenFolder, 2.2.4.1 */
static void open_req_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out)
{
    (void)a;
    out->open_folder.folder_id = om_rd_u64(r, "FolderId");
    out->open_folder.open_mode = om_rd_u8(r, "OpenModeFlags");
}

static void open_req_put(struct om_wr *w, const struct om__rop_request *in)
{
    om_wr_u64(w, in->open_folder.folder_id);
    om_wr_u8(w, in->open_folder.open_mode);
}

/* Where the replicas of a public folder are. */
static void get_servers(struct om_rd *r, struct om_arena *a, struct om__open_folder_rsp *s)
{
    uint16_t count = om_rd_u16(r, "ServerCount");
    const char **servers;

    s->cheap_server_count = om_rd_u16(r, "CheapServerCount");
    s->server_count = (uint16_t)om_rd_count(r, count, 0xFFFF, 1, "ServerCount");
    if (!s->server_count)
        return;
    servers = om_rd_mem(r, om__arena_array(a, s->server_count, sizeof *servers), "Servers");
    for (uint16_t i = 0; servers && i < s->server_count; i++)
        servers[i] = om_rd_asciiz(r, NULL, "Servers");
    s->servers = servers;
}

static void open_rsp_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                         struct om__rop_response *out)
{
    struct om__open_folder_rsp *s = &out->open_folder;

    (void)req;
    s->has_rules = om_rd_u8(r, "HasRules") != 0;
    s->is_ghosted = om_rd_u8(r, "IsGhosted") != 0;
    if (s->is_ghosted)
        get_servers(r, a, s);
}

static void open_rsp_put(struct om_wr *w, const struct om__rop_response *in)
{
    const struct om__open_folder_rsp *s = &in->open_folder;

    om_wr_u8(w, s->has_rules);
    om_wr_u8(w, s->is_ghosted);
    if (!s->is_ghosted)
        return;
    om_wr_u16(w, s->server_count);
    om_wr_u16(w, s->cheap_server_count);
    for (uint16_t i = 0; i < s->server_count; i++)
        om_wr_asciiz(w, s->servers[i]);
}

/* RopGetHierarchyTable, 2.2.4.13, and RopGetContentsTable, 2.2.4.14, look alike. */
static void table_req_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out)
{
    (void)a;
    out->get_table.table_flags = om_rd_u8(r, "TableFlags");
}

static void table_req_put(struct om_wr *w, const struct om__rop_request *in)
{
    om_wr_u8(w, in->get_table.table_flags);
}

static void table_rsp_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                          struct om__rop_response *out)
{
    (void)a;
    (void)req;
    out->get_table.row_count = om_rd_u32(r, "RowCount");
}

static void table_rsp_put(struct om_wr *w, const struct om__rop_response *in)
{
    om_wr_u32(w, in->get_table.row_count);
}

static const struct om__rop_codec codecs[] = {
    {.id = RopOpenFolder,
     .handles = OM_ROP_IN_OUT,
     .req_get = open_req_get,
     .req_put = open_req_put,
     .rsp_get = open_rsp_get,
     .rsp_put = open_rsp_put},
    {.id = RopGetHierarchyTable,
     .handles = OM_ROP_IN_OUT,
     .req_get = table_req_get,
     .req_put = table_req_put,
     .rsp_get = table_rsp_get,
     .rsp_put = table_rsp_put},
    {.id = RopGetContentsTable,
     .handles = OM_ROP_IN_OUT,
     .req_get = table_req_get,
     .req_put = table_req_put,
     .rsp_get = table_rsp_get,
     .rsp_put = table_rsp_put},
};

OM_ROP_FAMILY(om__rop_folder_family, codecs);
