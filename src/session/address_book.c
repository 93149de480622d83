/* SPDX-License-Identifier: MIT */
#include "session/book_calls.h"

#include <string.h>
#include <strings.h>

#include "base/ec.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/legacy_dn.h"
#include "codec/props.h"
#include "session/referral.h"
#include "session/session_int.h"

#define PR_DISPLAY_NAME    OM_PROP_TAG(PT_UNICODE, 0x3001)
#define PR_EMAIL_ADDRESS   OM_PROP_TAG(PT_UNICODE, 0x3003)
#define PR_ANR             OM_PROP_TAG(PT_UNICODE, 0x360C)
#define PR_DISPLAY_TYPE    OM_PROP_TAG(PT_LONG, 0x3900)
#define PR_SMTP_ADDRESS    OM_PROP_TAG(PT_UNICODE, 0x39FE)
#define PR_ACCOUNT         OM_PROP_TAG(PT_UNICODE, 0x3A00)
#define PR_EMS_AB_HOME_MDB OM_PROP_TAG(PT_UNICODE, 0x8006)

static const struct om__rpc_syntax nspi_syntax = {OM_NSPI_UUID, OM_NSPI_VERSION_MAJOR,
                                                  OM_NSPI_VERSION_MINOR};

#define PAGE_ROWS 512u /* of a QueryRows: about 200 kB of names */

static const uint32_t columns[] = {
    PR_DISPLAY_NAME,  PR_ACCOUNT,         PR_SMTP_ADDRESS,
    PR_EMAIL_ADDRESS, PR_EMS_AB_HOME_MDB, PR_DISPLAY_TYPE,
};
const struct om__nspi_tags om__book_columns = {sizeof columns / sizeof *columns, columns};

struct om__nspi_stat om__book_stat(void)
{
    return (struct om__nspi_stat){
        .sort_type = OM_NSPI_SORT_DISPLAYNAME,
        .current_rec = OM_MID_BEGINNING_OF_TABLE,
        .code_page = OM_NSPI_CP_TELETEX,
        .template_locale = OM_NSPI_LOCALE,
        .sort_locale = OM_NSPI_LOCALE,
    };
}

om_status om__book_call(struct om__address_book *b, uint16_t opnum, const char *name,
                        struct om_wr *w, struct om_rd *answer, struct om_error *err)
{
    om_status st = om_wr_finish(w, OM_LAYER_NSPI, name, err);

    if (st == OM_OK)
        st = om__link_call(b->session, &b->link, 0, opnum, w, answer, err);
    om_wr_free(w);
    om__error_doing(err, "%s", name);
    om__error_target(err, "%s", b->link.route->server);
    return st;
}

om_status om__book_verdict(const struct om__address_book *b, const struct om_rd *r, uint32_t code,
                           const char *name, struct om_error *err)
{
    om_status st = om_rd_finish(r, OM_LAYER_NSPI, name, err);

    if (st == OM_OK && code == (uint32_t)MAPI_W_ERRORS_RETURNED)
        return OM_OK; /* some values are PT_ERROR: looked at one by one */
    if (st == OM_OK)
        st = om__fail_ec(err, OM_LAYER_NSPI, code, name);
    om__error_target(err, "%s", b->link.route->server);
    return st;
}

static om_status bind_book(struct om__address_book *b, struct om_error *err)
{
    struct om__nspi_bind_req req = {.stat = om__book_stat()};
    struct om__nspi_bind_resp resp;
    struct om_arena arena;
    struct om_rd r;
    struct om_wr w;
    om_status st;

    om__arena_init(&arena, OM_BOOK_CEILING);
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__nspi_wr_bind_req(&w, &req);
    st = om__book_call(b, OM_NSPI_BIND, "NspiBind", &w, &r, err);
    if (st == OM_OK) {
        om__nspi_rd_bind_resp(&r, &arena, &resp);
        st = om__book_verdict(b, &r, resp.code, "NspiBind", err);
    }
    if (st == OM_OK)
        b->handle = resp.handle;
    om__arena_free(&arena);
    return st;
}

/* Does the failure mean "not here", so that the referral service should be asked? */
static bool not_here(const struct om_error *e)
{
    return e->cause == OM_CAUSE_BIND_REFUSED || e->cause == OM_CAUSE_NOT_REGISTERED ||
           e->cause == OM_CAUSE_PROXY_ERROR;
}

static om_status follow_referral(struct om_session *s, const char *server, struct om__link *link,
                                 const struct om_error *first, struct om_error *err)
{
    struct om_error second = OM_ERROR_INIT;
    struct om_arena arena;
    const char *book_server;
    om_status st;

    om__arena_init(&arena, OM_BOOK_CEILING);
    st = om__referral_new_dsa(s, server, &arena, &book_server, &second);
    if (st == OM_OK && strcasecmp(book_server, server) != 0) {
        om__session_note(s, OM_LAYER_RFR, "%s refers to the address book of %s", server,
                         book_server);
        st = om__link_open(s, book_server, OM_SERVICE_ADDRESS_BOOK, &nspi_syntax, link, err);
    } else {
        st = first->status; /* what kept us from the server's own is the cause, not the referral */
        if (err && err->status == OM_OK)
            *err = *first;
    }
    om__arena_free(&arena);
    return st;
}

om_status om__address_book_open(struct om_session *s, const char *server,
                                struct om__address_book **out, struct om_error *err)
{
    struct om__address_book *b = om__calloc(1, sizeof *b);
    struct om_error first = OM_ERROR_INIT;
    om_status st;

    if (!b || !(b->server = om__strdup(server))) {
        om__free(b);
        return om__fail_memory(err, "the address book");
    }
    b->session = s;
    st = om__link_open(s, server, OM_SERVICE_ADDRESS_BOOK, &nspi_syntax, &b->link, &first);
    if (st != OM_OK && not_here(&first)) {
        st = follow_referral(s, server, &b->link, &first, err);
    } else if (st != OM_OK && err && err->status == OM_OK) {
        *err = first;
    }
    if (st == OM_OK)
        st = bind_book(b, err);
    if (st != OM_OK) {
        om__address_book_close(b);
        return om__error_frame(err, err ? om_error_status(err) : st, OM_LAYER_SESSION,
                               "opening the address book of %s", server);
    }
    *out = b;
    return OM_OK;
}

static void unbind(struct om__address_book *b)
{
    struct om__nspi_unbind_req req = {.handle = b->handle};
    struct om_wr w;

    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__nspi_wr_unbind_req(&w, &req);
    om__link_farewell(b->session, &b->link, OM_NSPI_UNBIND, &w);
    om_wr_free(&w);
}

void om__address_book_close(struct om__address_book *b)
{
    if (!b)
        return;
    if (b->link.conn && !om__ndr_context_is_null(&b->handle))
        unbind(b);
    om__link_close(&b->link);
    om__free(b->server);
    om__free(b);
}

om_status om__session_book(struct om_session *s, struct om__address_book **out,
                           struct om_error *err)
{
    om_status st = OM_OK;

    if (!s->book)
        st = om__address_book_open(s, s->profile.unresolved_server, &s->book, err);
    if (st == OM_OK)
        *out = s->book;
    return st;
}

/* --- entries --- */

static const char *text_of(const struct om_proprow *row, om_proptag tag)
{
    const char *s = om__proprow_string(row, tag);

    return s ? s : "";
}

/* PR_DISPLAY_TYPE, [MS-OXNSPI] 2.2.1.3 */
static const char *type_name(int64_t display_type)
{
    static const char *const names[] = {
        "user",         "distribution-list",         "folder",     "agent",
        "organization", "private-distribution-list", "remote-user"};

    if (display_type < 0 || display_type >= (int64_t)(sizeof names / sizeof *names))
        return "other";
    return names[display_type];
}

bool om__book_entry(const struct om_proprow *row, struct om_arena *arena, struct om_gal_entry *out)
{
    const char *home_mdb = text_of(row, PR_EMS_AB_HOME_MDB);
    struct om__dn_slice server;

    *out = (struct om_gal_entry){
        .display_name = text_of(row, PR_DISPLAY_NAME),
        .alias = text_of(row, PR_ACCOUNT),
        .smtp = text_of(row, PR_SMTP_ADDRESS),
        .legacy_dn = text_of(row, PR_EMAIL_ADDRESS),
        .type = type_name(om__proprow_int(row, PR_DISPLAY_TYPE, 0)),
        .home_mdb = home_mdb,
    };
    if (!om__dn_server(home_mdb, &server))
        server = (struct om__dn_slice){"", 0};
    out->home_server = om__arena_strndup(arena, server.p, server.n);
    return out->home_server != NULL;
}

/* False: the listener wants no more. */
static om_status emit_rows(const struct om__nspi_rows *rows, struct om_arena *arena, om_gal_fn *fn,
                           void *ctx, bool *go_on, struct om_error *err)
{
    *go_on = true;
    for (uint32_t i = 0; i < rows->count && *go_on; i++) {
        struct om_gal_entry entry;

        if (!om__book_entry(&rows->rows[i], arena, &entry))
            return om__fail_memory(err, "an entry of the address book");
        *go_on = fn(ctx, &entry);
    }
    return OM_OK;
}

om_status om__book_rows(struct om__address_book *b, const struct om__nspi_stat *stat,
                        const struct om__nspi_tags *mids, uint32_t count, struct om_arena *arena,
                        struct om__nspi_rows_resp *resp, struct om_error *err)
{
    struct om__nspi_query_rows_req req = {
        .handle = b->handle, .stat = *stat, .count = count, .tags = om__book_columns};
    struct om_rd r;
    struct om_wr w;
    om_status st;

    if (mids)
        req.etable = *mids;
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__nspi_wr_query_rows_req(&w, &req);
    st = om__book_call(b, OM_NSPI_QUERY_ROWS, "NspiQueryRows", &w, &r, err);
    if (st != OM_OK)
        return st;
    om__nspi_rd_query_rows_resp(&r, arena, resp);
    return om__book_verdict(b, &r, resp->code, "NspiQueryRows", err);
}

/* A server that stays where it is, or goes in circles, would keep us forever. */
static om_status check_progress(const struct om__nspi_stat *before,
                                const struct om__nspi_rows_resp *resp, uint32_t so_far,
                                struct om_error *err)
{
    if (so_far > OM_MAX_GAL_ROWS)
        return om__fail(err, MAPI_E_TABLE_TOO_BIG, OM_LAYER_NSPI, OM_CAUSE_TOO_LARGE,
                        OM_NATIVE_NONE, 0, "the address list has more than %u entries, or no end",
                        OM_MAX_GAL_ROWS);
    if (resp->rows.count == 0 || resp->stat.current_rec != before->current_rec)
        return OM_OK;
    return om__fail(err, MAPI_E_CORRUPT_DATA, OM_LAYER_NSPI, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
                    "NspiQueryRows gave %u rows but stayed at entry 0x%X",
                    (unsigned)resp->rows.count, (unsigned)before->current_rec);
}

static om_status list_table(struct om__address_book *b, om_gal_fn *fn, void *ctx,
                            struct om_error *err)
{
    struct om__nspi_stat stat = om__book_stat();
    struct om_arena arena;
    uint32_t so_far = 0;
    bool go_on = true;
    om_status st = OM_OK;

    om__arena_init(&arena, OM_BOOK_CEILING);
    while (st == OM_OK && go_on && stat.current_rec != OM_MID_END_OF_TABLE) {
        struct om__nspi_rows_resp resp;

        om__arena_free(&arena);
        st = om__book_rows(b, &stat, NULL, PAGE_ROWS, &arena, &resp, err);
        if (st == OM_OK)
            st = check_progress(&stat, &resp, so_far += resp.rows.count, err);
        if (st == OM_OK)
            st = emit_rows(&resp.rows, &arena, fn, ctx, &go_on, err);
        if (st == OM_OK && resp.rows.count == 0)
            break;
        if (st == OM_OK)
            stat = resp.stat;
    }
    om__arena_free(&arena);
    return st;
}

om_status om__book_matches(struct om__address_book *b, const char *text, struct om_arena *arena,
                           struct om__nspi_tags *mids, struct om_error *err)
{
    const struct om_propval val = {.tag = PR_ANR, .v.utf8 = text};
    const struct om__restriction filter = {
        .type = RES_PROPERTY, .relop = RELOP_EQ, .tag = PR_ANR, .val = &val};
    struct om__nspi_get_matches_req req = {.handle = b->handle,
                                           .stat = om__book_stat(),
                                           .filter = &filter,
                                           .requested = OM_BOOK_MATCHES_MAX};
    struct om__nspi_get_matches_resp resp;
    struct om_rd r;
    struct om_wr w;
    om_status st;

    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__nspi_wr_get_matches_req(&w, &req);
    st = om__book_call(b, OM_NSPI_GET_MATCHES, "NspiGetMatches", &w, &r, err);
    if (st != OM_OK)
        return st;
    om__nspi_rd_get_matches_resp(&r, arena, &resp);
    st = om__book_verdict(b, &r, resp.code, "NspiGetMatches", err);
    if (st == OM_OK)
        *mids = resp.mids;
    return st;
}

om_status om__book_list(struct om__address_book *b, const struct om__nspi_tags *mids, om_gal_fn *fn,
                        void *ctx, struct om_error *err)
{
    const struct om__nspi_stat stat = om__book_stat();
    struct om_arena arena;
    bool go_on = true;
    om_status st = OM_OK;

    om__arena_init(&arena, OM_BOOK_CEILING);
    for (uint32_t at = 0; st == OM_OK && go_on && at < mids->count; at += PAGE_ROWS) {
        uint32_t left = mids->count - at, n = left < PAGE_ROWS ? left : PAGE_ROWS;
        struct om__nspi_tags page = {n, mids->v + at};
        struct om__nspi_rows_resp resp;

        om__arena_free(&arena);
        st = om__book_rows(b, &stat, &page, n, &arena, &resp, err);
        if (st == OM_OK)
            st = emit_rows(&resp.rows, &arena, fn, ctx, &go_on, err);
    }
    om__arena_free(&arena);
    return st;
}

om_status om__address_book_list(struct om__address_book *b, const char *text, om_gal_fn *fn,
                                void *ctx, struct om_error *err)
{
    struct om__nspi_tags mids = {0};
    struct om_arena arena;
    om_status st;

    if (!text || !*text)
        return list_table(b, fn, ctx, err);
    om__arena_init(&arena, OM_BOOK_CEILING);
    st = om__book_matches(b, text, &arena, &mids, err);
    if (st == OM_OK)
        st = om__book_list(b, &mids, fn, ctx, err);
    om__arena_free(&arena);
    return st;
}

/* --- hosts --- */

/* The service said no, or is not there: the short name is left. Else the way to it broke. */
static bool referral_declined(const struct om_error *e)
{
    return e->native_kind == OM_NATIVE_EC || e->native_kind == OM_NATIVE_RPC_FAULT ||
           e->cause == OM_CAUSE_NOT_FOUND || e->cause == OM_CAUSE_REFUSED || not_here(e);
}

/* Asks with the server's DN, as [MS-OXABREF] 3.1.4.2 has it, then with its database's: some want
 * that. */
static om_status ask_host(struct om__address_book *b, struct om__link *link, uint16_t context,
                          const char *home_mdb, struct om_arena *arena, const char **host,
                          struct om_error *why)
{
    const char *end = strrchr(home_mdb, '/');
    const char *server_dn = om__arena_strndup(arena, home_mdb, (size_t)(end ? end - home_mdb : 0));
    const char *forms[2] = {server_dn, home_mdb};

    if (!server_dn)
        return om__fail_memory(why, "a server's DN");
    for (size_t i = 0; i < 2; i++) {
        const char *answer;
        om_status st;

        om_error_clear(why);
        st = om__referral_fqdn(b->session, link, context, forms[i], arena, &answer, why);
        if (st != OM_OK && !referral_declined(why))
            return st;
        if (st == OM_OK && strchr(answer, '.')) {
            om_error_clear(why);
            *host = answer;
            return OM_OK;
        }
    }
    return OM_OK;
}

/* The service is often beside the address book; else it has an endpoint of its own. */
static om_status find_host(struct om__address_book *b, const char *home_mdb, struct om_arena *arena,
                           const char **host, struct om_error *why)
{
    int64_t deadline = om__net_deadline(&b->session->net);
    struct om__link own = {0};
    uint16_t context;
    om_status st = om__rpc_conn_bind(b->link.conn, &om__referral_syntax, deadline, &context, why);

    if (st == OM_OK)
        return ask_host(b, &b->link, context, home_mdb, arena, host, why);
    if (why->cause != OM_CAUSE_BIND_REFUSED)
        return st; /* the connection broke: the address book is gone with it */
    om_error_clear(why);
    st = om__link_open(b->session, b->link.route->server, OM_SERVICE_REFERRAL, &om__referral_syntax,
                       &own, why);
    if (st == OM_OK)
        st = ask_host(b, &own, 0, home_mdb, arena, host, why);
    om__link_close(&own);
    return st;
}

om_status om__address_book_host(struct om__address_book *b, const char *home_mdb, const char *name,
                                struct om_arena *arena, const char **out, struct om_error *err)
{
    struct om_error why = OM_ERROR_INIT;
    const char *host = name;
    om_status st = find_host(b, home_mdb, arena, &host, &why);

    if (st != OM_OK && !referral_declined(&why)) {
        if (err && err->status == OM_OK)
            *err = why;
        return om__error_frame(err, st, OM_LAYER_SESSION, "asking for the host of %s", name);
    }
    b->refusal = why; /* with a short name the next step may fail, and this is why */
    om__session_note(b->session, OM_LAYER_RFR, "the host of %s is %s", name, host);
    *out = host;
    return OM_OK;
}
