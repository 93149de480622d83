/* SPDX-License-Identifier: MIT */
/* RopLogon: [MS-OXCSTOR] 2.2.1.1, [MS-OXCROPS] 2.2.3.1. */
#include <string.h>

#include "codec/rop/families.h"

enum { EC_WRONG_SERVER = 0x478 };

static const char *get_sized_string(struct om_rd *r, size_t size, const char *field)
{
    struct om_rd chars = om_rd_sub(r, size, field);
    const char *s = size ? om_rd_asciiz(&chars, NULL, field) : NULL;

    om_rd_join(r, &chars);
    return s;
}

static void req_get(struct om_rd *r, struct om_arena *a, struct om__rop_request *out)
{
    struct om__logon_req *q = &out->logon;
    uint16_t size;

    (void)a;
    q->logon_flags = om_rd_u8(r, "LogonFlags");
    q->open_flags = om_rd_u32(r, "OpenFlags");
    q->store_state = om_rd_u32(r, "StoreState");
    size = om_rd_u16(r, "EssdnSize");
    q->essdn = get_sized_string(r, size, "Essdn");
}

static void req_put(struct om_wr *w, const struct om__rop_request *in)
{
    const struct om__logon_req *q = &in->logon;
    size_t size;

    om_wr_u8(w, q->logon_flags);
    om_wr_u32(w, q->open_flags);
    om_wr_u32(w, q->store_state);
    size = om_wr_reserve(w, 2);
    if (!q->essdn)
        return;
    om_wr_asciiz(w, q->essdn);
    om_wr_patch_u16(w, size, strlen(q->essdn) + 1);
}

/* [MS-OXCROPS] 2.2.3.1.2.1 */
static void get_time(struct om_rd *r, struct om__logon_time *t)
{
    t->seconds = om_rd_u8(r, "Seconds");
    t->minutes = om_rd_u8(r, "Minutes");
    t->hour = om_rd_u8(r, "Hour");
    t->day_of_week = om_rd_u8(r, "DayOfWeek");
    t->day = om_rd_u8(r, "Day");
    t->month = om_rd_u8(r, "Month");
    t->year = om_rd_u16(r, "Year");
}

static void put_time(struct om_wr *w, const struct om__logon_time *t)
{
    om_wr_u8(w, t->seconds);
    om_wr_u8(w, t->minutes);
    om_wr_u8(w, t->hour);
    om_wr_u8(w, t->day_of_week);
    om_wr_u8(w, t->day);
    om_wr_u8(w, t->month);
    om_wr_u16(w, t->year);
}

/* Redirect: [MS-OXCROPS] 2.2.3.1.4 */
static void get_redirect(struct om_rd *r, struct om__logon_rsp *s)
{
    s->logon_flags = om_rd_u8(r, "LogonFlags");
    s->server_name = get_sized_string(r, om_rd_u8(r, "ServerNameSize"), "ServerName");
}

static void put_redirect(struct om_wr *w, const struct om__logon_rsp *s)
{
    size_t n = s->server_name ? strlen(s->server_name) + 1 : 0;

    om_wr_u8(w, s->logon_flags);
    if (!om_wr_check(w, n <= 0xFF))
        return;
    om_wr_u8(w, (uint8_t)n);
    om_wr_bytes(w, s->server_name, n);
}

/* Private mailbox: [MS-OXCROPS] 2.2.3.1.2; public store: 2.2.3.1.3 */
static void rsp_get(struct om_rd *r, struct om_arena *a, const struct om__rop_request *req,
                    struct om__rop_response *out)
{
    struct om__logon_rsp *s = &out->logon;

    (void)a;
    (void)req;
    if (out->ec == EC_WRONG_SERVER) {
        get_redirect(r, s);
        return;
    }
    s->logon_flags = om_rd_u8(r, "LogonFlags");
    for (size_t i = 0; i < OM_LOGON_FOLDERS; i++)
        s->folder_ids[i] = om_rd_u64(r, "FolderIds");
    if (s->logon_flags & OM_LOGON_PRIVATE) {
        s->response_flags = om_rd_u8(r, "ResponseFlags");
        s->mailbox_guid = om_rd_guid(r, "MailboxGuid");
    }
    s->repl_id = om_rd_u16(r, "ReplId");
    s->repl_guid = om_rd_guid(r, "ReplGuid");
    if (s->logon_flags & OM_LOGON_PRIVATE) {
        get_time(r, &s->time);
        s->gwart_time = om_rd_u64(r, "GwartTime");
        s->store_state = om_rd_u32(r, "StoreState");
    } else {
        s->per_user_guid = om_rd_guid(r, "PerUserGuid");
    }
}

static void rsp_put(struct om_wr *w, const struct om__rop_response *in)
{
    const struct om__logon_rsp *s = &in->logon;

    if (in->ec == EC_WRONG_SERVER) {
        put_redirect(w, s);
        return;
    }
    om_wr_u8(w, s->logon_flags);
    for (size_t i = 0; i < OM_LOGON_FOLDERS; i++)
        om_wr_u64(w, s->folder_ids[i]);
    if (s->logon_flags & OM_LOGON_PRIVATE) {
        om_wr_u8(w, s->response_flags);
        om_wr_guid(w, &s->mailbox_guid);
    }
    om_wr_u16(w, s->repl_id);
    om_wr_guid(w, &s->repl_guid);
    if (s->logon_flags & OM_LOGON_PRIVATE) {
        put_time(w, &s->time);
        om_wr_u64(w, s->gwart_time);
        om_wr_u32(w, s->store_state);
    } else {
        om_wr_guid(w, &s->per_user_guid);
    }
}

static const struct om__rop_codec codecs[] = {
    {.id = RopLogon,
     .handles = OM_ROP_OUT,
     .failure_with_fields = EC_WRONG_SERVER,
     .req_get = req_get,
     .req_put = req_put,
     .rsp_get = rsp_get,
     .rsp_put = rsp_put},
};

OM_ROP_FAMILY(om__rop_logon_family, codecs);
