/* SPDX-License-Identifier: MIT */
#include "codec/rfr.h"

#include <string.h>

#include "base/limits.h"

/* [MS-OXABREF] 3.1.4.2: range of cbMailboxServerDN */
#define SERVER_DN_MIN 10u
#define SERVER_DN_MAX 1024u

static const char *rd_string(struct om_rd *r, struct om_arena *a, uint32_t max, const char *field)
{
    const char *s = om__ndr_rd_str(r, max, field);

    return s ? om_rd_mem(r, om__arena_strdup(a, s), field) : NULL;
}

static void rd_string_ptr(struct om_rd *r, struct om_arena *a, struct om__rfr_string *out,
                          const char *field)
{
    *out = (struct om__rfr_string){.present = om__ndr_rd_ptr(r, field)};
    if (out->present && om__ndr_rd_ptr(r, field))
        out->s = rd_string(r, a, OM_MAX_STRING, field);
}

static void wr_string_ptr(struct om_wr *w, const struct om__rfr_string *str)
{
    om__ndr_wr_ptr(w, str->present);
    if (!str->present)
        return;
    om__ndr_wr_ptr(w, str->s);
    if (str->s)
        om__ndr_wr_str(w, str->s);
}

/* 3.1.4.1 RfrGetNewDSA */
void om__rfr_wr_get_new_dsa_req(struct om_wr *w, const struct om__rfr_get_new_dsa_req *m)
{
    om__ndr_wr_u32(w, m->flags);
    om__ndr_wr_str(w, m->user_dn);
    wr_string_ptr(w, &m->unused);
    wr_string_ptr(w, &m->server);
}

void om__rfr_rd_get_new_dsa_req(struct om_rd *r, struct om_arena *a,
                                struct om__rfr_get_new_dsa_req *m)
{
    m->flags = om__ndr_rd_u32(r, "ulFlags");
    m->user_dn = rd_string(r, a, OM_MAX_STRING, "pUserDN");
    rd_string_ptr(r, a, &m->unused, "ppszUnused");
    rd_string_ptr(r, a, &m->server, "ppszServer");
}

void om__rfr_wr_get_new_dsa_resp(struct om_wr *w, const struct om__rfr_get_new_dsa_resp *m)
{
    wr_string_ptr(w, &m->unused);
    wr_string_ptr(w, &m->server);
    om__ndr_wr_u32(w, m->code);
}

void om__rfr_rd_get_new_dsa_resp(struct om_rd *r, struct om_arena *a,
                                 struct om__rfr_get_new_dsa_resp *m)
{
    rd_string_ptr(r, a, &m->unused, "ppszUnused");
    rd_string_ptr(r, a, &m->server, "ppszServer");
    m->code = om__ndr_rd_u32(r, "return value");
}

/* 3.1.4.2 RfrGetFQDNFromServerDN */
void om__rfr_wr_get_fqdn_req(struct om_wr *w, const struct om__rfr_get_fqdn_req *m)
{
    size_t cb = strlen(m->server_dn) + 1;

    if (!om_wr_check(w, cb >= SERVER_DN_MIN && cb <= SERVER_DN_MAX))
        return;
    om__ndr_wr_u32(w, m->flags);
    om__ndr_wr_u32(w, (uint32_t)cb);
    om__ndr_wr_str(w, m->server_dn);
}

void om__rfr_rd_get_fqdn_req(struct om_rd *r, struct om_arena *a, struct om__rfr_get_fqdn_req *m)
{
    uint32_t cb;

    m->flags = om__ndr_rd_u32(r, "ulFlags");
    cb = om__ndr_rd_u32(r, "cbMailboxServerDN");
    om_rd_check(r, cb >= SERVER_DN_MIN && cb <= SERVER_DN_MAX, cb, "cbMailboxServerDN");
    m->server_dn = rd_string(r, a, cb, "szMailboxServerDN");
}

void om__rfr_wr_get_fqdn_resp(struct om_wr *w, const struct om__rfr_get_fqdn_resp *m)
{
    om__ndr_wr_ptr(w, m->fqdn);
    if (m->fqdn)
        om__ndr_wr_str(w, m->fqdn);
    om__ndr_wr_u32(w, m->code);
}

void om__rfr_rd_get_fqdn_resp(struct om_rd *r, struct om_arena *a, struct om__rfr_get_fqdn_resp *m)
{
    bool present = om__ndr_rd_ptr(r, "ppszServerFQDN");

    m->fqdn = present ? rd_string(r, a, OM_MAX_STRING, "ppszServerFQDN") : NULL;
    m->code = om__ndr_rd_u32(r, "return value");
}
