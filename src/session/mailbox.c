/* SPDX-License-Identifier: MIT */
#include "session/mailbox.h"

#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codec/entryid.h"
#include "session/address_book.h"
#include "session/session_int.h"

#define ANSWER_CEILING  (1u << 20)
#define EC_WRONG_SERVER 0x478u

/* --- RopLogon --- */

/* ecWrongServer says where the mailbox went, [MS-OXCROPS] 2.2.3.1.4: an administrator wants to
 * know. */
static void name_new_server(const struct om__rop_answer *answer, om_status st, struct om_error *err)
{
    if (OM_FAILED(st) && answer->present && answer->rsp.ec == EC_WRONG_SERVER &&
        answer->rsp.logon.server_name)
        (void)om__error_frame(err, st, OM_LAYER_ROP, "redirected to %s",
                              answer->rsp.logon.server_name);
}

/*
 * A mailbox and, where `public_id` is not NULL, the public store beside it, in one buffer. The
 * public store's answer is checked by the caller: what its absence means is the profile's affair.
 */
static om_status rop_logon(struct om_mailbox *m, const uint8_t *public_id, om_status *public_status,
                           struct om_error *public_err, struct om_error *err)
{
    const struct om__logon_req private = {
        .logon_flags = OM_LOGON_PRIVATE,
        .open_flags = OM_OPEN_USE_PER_MDB_REPLID_MAPPING | OM_OPEN_NO_MAIL |
                      (m->info.own ? OM_OPEN_HOME_LOGON | OM_OPEN_TAKE_OWNERSHIP : 0),
        .essdn = m->info.legacy_dn,
    };
    const struct om__logon_req public = {
        .open_flags = OM_OPEN_USE_PER_MDB_REPLID_MAPPING | OM_OPEN_PUBLIC,
    };
    struct om__rop_answers answers;
    struct om__rop_batch batch;
    struct om_arena arena;
    uint8_t index;
    om_status st;

    om__arena_init(&arena, ANSWER_CEILING);
    om__rop_batch_init(&batch, m->logon_id);
    index = om__rop_add_logon(&batch, &private);
    if (public_id) {
        batch.logon_id = *public_id;
        om__rop_add_logon(&batch, &public);
    }
    st = om__mdb_execute(m->mdb, &batch, &arena, &answers, err);
    if (st == OM_OK) {
        st = om__rop_answer_check(&batch, &answers, 0, err);
        name_new_server(&answers.list[0], st, err);
    }
    if (st == OM_OK) {
        m->store = om__rop_answer_handle(&answers, index);
        m->ipm_subtree = answers.list[0].rsp.logon.folder_ids[OM_FOLDER_IPM_SUBTREE];
    }
    if (st == OM_OK && public_id)
        *public_status = om__rop_answer_check(&batch, &answers, 1, public_err);
    om__rop_batch_free(&batch);
    om__arena_free(&arena);
    return st;
}

static om_status public_store_missing(struct om_mailbox *m, const struct om_error *why,
                                      struct om_error *err)
{
    om_status st =
        om__fail(err, why->status, OM_LAYER_ROP, OM_CAUSE_NO_PUBLIC_STORE, why->native_kind,
                 why->native, "the public store cannot be opened: %.200s", why->detail);

    om__error_target(err, "%s", m->mdb->link.route->server);
    om__error_doing(err, "RopLogon of the public store");
    return st;
}

static om_status log_on(struct om_mailbox *m, struct om_error *err)
{
    struct om_session *s = m->session;
    bool want_public = m->info.own && !om__session_flag(s, OM_CONNECT_IGNORE_NO_PF);
    struct om_error public_err = OM_ERROR_INIT;
    om_status public_status = OM_OK, st = OM_OK;
    uint8_t public_id;

    if (want_public)
        st = om__mdb_logon_id(m->mdb, &public_id, err);
    if (st == OM_OK)
        st = rop_logon(m, want_public ? &public_id : NULL, &public_status, &public_err, err);
    if (st != OM_OK) {
        om__error_doing(err, "RopLogon of %s", m->info.legacy_dn);
        om__error_target(err, "%s", m->mdb->link.route->server);
        return st;
    }
    if (public_status != OM_OK)
        return public_store_missing(m, &public_err, err);
    if (m->info.own)
        s->public_store = want_public;
    return OM_OK;
}

/* --- opening --- */

/* In the session's list; NULL without memory. */
static struct om_mailbox *new_mailbox(struct om_session *s)
{
    struct om_mailbox *m = om__calloc(1, sizeof *m);

    if (!m)
        return NULL;
    om__arena_init(&m->arena, ANSWER_CEILING);
    m->session = s;
    m->next = s->mailboxes;
    s->mailboxes = m;
    return m;
}

void om_mailbox_close(struct om_mailbox *m)
{
    struct om_mailbox **at;

    if (!m)
        return;
    at = &m->session->mailboxes;
    while (*at && *at != m)
        at = &(*at)->next;
    if (*at)
        *at = m->next;
    if (m->session->own == m)
        m->session->own = NULL;
    om__mdb_release(m->mdb);
    om__arena_free(&m->arena);
    om__free(m);
}

const struct om_mailbox_info *om_mailbox_info(const struct om_mailbox *m)
{
    return &m->info;
}

/* Where the entry's mailbox is: a personalized id as it stands, a legacy server by its host name.
 */
static om_status home_server(struct om__address_book *book, const struct om_gal_entry *entry,
                             struct om_arena *arena, const char **server, struct om_error *err)
{
    if (!entry->home_server[0]) {
        om_status st = om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_NSPI, OM_CAUSE_UNKNOWN_USER,
                                OM_NATIVE_NONE, 0, "%s has no mailbox (%s, no PR_EMS_AB_HOME_MDB)",
                                entry->display_name, entry->type);
        om__error_target(err, "%s", book->server);
        return st;
    }
    if (strchr(entry->home_server, '@')) {
        *server = entry->home_server;
        return OM_OK;
    }
    return om__address_book_host(book, entry->home_mdb, entry->home_server, arena, server, err);
}

static const char *age_text(const struct om__version *v)
{
    switch (om__exchange_age(v)) {
    case OM_AGE_2003:
        return "2003";
    case OM_AGE_2007:
        return "2007";
    case OM_AGE_2010:
        return "2010";
    case OM_AGE_2013:
        return "2013";
    case OM_AGE_2016:
        return "2016";
    case OM_AGE_2019:
        return "2019";
    case OM_AGE_UNKNOWN:
        break;
    }
    return "";
}

void om__mailbox_count_round_trips(struct om_mailbox *m)
{
    const struct om__address_book *book = m->session->book;

    m->info.connection.round_trips =
        om__link_round_trips(&m->mdb->link) + (book ? om__link_round_trips(&book->link) : 0);
}

static void describe(struct om_mailbox *m, int64_t started)
{
    struct om_connection_info *c = &m->info.connection;

    om__link_describe(&m->mdb->link, c);
    c->server_version = m->mdb->version_text;
    c->server_age = age_text(&m->mdb->version);
    om__mailbox_count_round_trips(m);
    c->ms = (unsigned)(om__net_now() - started);
}

/* The directory's entry, the home server, a connection, RopLogon. m->info.own is set. */
static om_status open_entry(struct om_mailbox *m, const char *who, const char *user_dn,
                            struct om_error *err)
{
    struct om_session *s = m->session;
    struct om__address_book *book;
    struct om_gal_entry entry;
    const char *server;
    om_status st;

    st = om__session_book(s, &book, err);
    if (st == OM_OK)
        st = om__address_book_resolve(book, who, &m->arena, &entry, NULL, NULL, err);
    if (st == OM_OK)
        st = home_server(book, &entry, &m->arena, &server, err);
    if (st != OM_OK)
        return st;
    m->info.display_name = entry.display_name;
    m->info.alias = entry.alias;
    m->info.smtp = entry.smtp;
    m->info.legacy_dn = entry.legacy_dn;
    om__session_note(s, OM_LAYER_SESSION, "the mailbox of %s is on %s", entry.display_name, server);
    st = om__mdb_acquire(s, server, user_dn ? user_dn : entry.legacy_dn, &m->mdb, err);
    if (st != OM_OK && book->refusal.status != OM_OK)
        return om__error_frame(err, st, OM_LAYER_RFR, "%s is no full host name: %.100s", server,
                               book->refusal.detail);
    if (st != OM_OK)
        return st;
    st = om__mdb_logon_id(m->mdb, &m->logon_id, err);
    return st == OM_OK ? log_on(m, err) : st;
}

/* What a caller of MAPI sees when a store cannot be opened; what kept it stays beneath. */
static om_status provider_failed(const char *who, om_status st, struct om_error *err)
{
    bool store = err->layer == OM_LAYER_ROP || err->layer == OM_LAYER_EMSMDB;

    return om__error_frame(err, store ? MAPI_E_FAILONEPROVIDER : st, OM_LAYER_SESSION,
                           "opening the mailbox of %s", who);
}

static om_status open_mailbox(struct om_session *s, const char *who, const char *user_dn,
                              struct om_mailbox **out, struct om_error *err)
{
    struct om_error unwanted =
        OM_ERROR_INIT; /* the layer decides the status, whoever looks at it */
    int64_t started = om__net_now();
    struct om_mailbox *m = new_mailbox(s);
    om_status st;

    if (!m)
        return om__fail_memory(err, "a mailbox");
    if (!err)
        err = &unwanted;
    m->info.own = user_dn == NULL;
    st = open_entry(m, who, user_dn, err);
    if (st != OM_OK) {
        st = provider_failed(who, st, err);
        om_mailbox_close(m);
        return st;
    }
    describe(m, started);
    *out = m;
    return OM_OK;
}

om_status om_session_logon(struct om_session *s, struct om_mailbox **mailbox, struct om_error *err)
{
    const char *who = s->profile.unresolved_name ? s->profile.unresolved_name : s->profile.user_dn;
    om_status st = OM_OK;

    if (!s->own)
        st = open_mailbox(s, who, NULL, &s->own, err);
    if (st == OM_OK && mailbox)
        *mailbox = s->own;
    return st;
}

/* The profile's user as the directory knows it: who connects to every server. */
static om_status own_dn(struct om_session *s, struct om_arena *arena, const char **dn,
                        struct om_error *err)
{
    struct om__address_book *book;
    struct om_gal_entry entry;
    om_status st;

    if (s->own || s->profile.user_dn) {
        *dn = s->own ? s->own->info.legacy_dn : s->profile.user_dn;
        return OM_OK;
    }
    st = om__session_book(s, &book, err);
    if (st == OM_OK)
        st = om__address_book_resolve(book, s->profile.unresolved_name, arena, &entry, NULL, NULL,
                                      err);
    if (st == OM_OK)
        *dn = entry.legacy_dn;
    return st;
}

om_status om_session_open_mailbox(struct om_session *s, const char *who,
                                  struct om_mailbox **mailbox, struct om_error *err)
{
    struct om_arena arena;
    const char *dn = NULL;
    om_status st;

    om__arena_init(&arena, ANSWER_CEILING);
    st = own_dn(s, &arena, &dn, err);
    if (st == OM_OK)
        st = open_mailbox(s, who, dn, mailbox, err);
    om__arena_free(&arena);
    return st;
}

/* --- stores --- */

static om_status emit_store(struct om_mailbox *m, bool is_public, om_store_info_fn *fn, void *ctx,
                            bool *go_on, struct om_error *err)
{
    const struct om__store_entryid id = {
        .is_public = is_public,
        .server = m->info.connection.server,
        .mailbox_dn = is_public ? "" : m->info.legacy_dn,
    };
    struct om_store_info info = {
        .provider = is_public ? "EMS_MDB_public" : "EMS_MDB_private",
        .is_default = !is_public,
        .server = id.server,
        .mailbox = id.mailbox_dn,
    };
    struct om_wr w, name;
    om_status st;

    om_wr_init(&w, OM_MAX_STRING);
    om_wr_init(&name, OM_MAX_STRING);
    om__store_entryid_encode(&w, &id);
    om_wr_bytes(&name, is_public ? "Public Folders" : "Mailbox - ", is_public ? 14 : 10);
    om_wr_asciiz(&name, is_public ? "" : m->info.display_name);
    st = om_wr_finish(&w, OM_LAYER_SESSION, "a store's entry identifier", err);
    if (st == OM_OK)
        st = om_wr_finish(&name, OM_LAYER_SESSION, "a store's name", err);
    if (st == OM_OK) {
        info.entry_id = (struct om_binary){.cb = (uint32_t)w.len, .pb = w.buf};
        info.name = (const char *)name.buf;
        *go_on = fn(ctx, &info);
    }
    om_wr_free(&w);
    om_wr_free(&name);
    return st;
}

om_status om_session_stores(struct om_session *s, om_store_info_fn *fn, void *ctx,
                            struct om_error *err)
{
    struct om_mailbox *own;
    bool go_on = true;
    om_status st = om_session_logon(s, &own, err);

    if (st == OM_OK)
        st = emit_store(own, false, fn, ctx, &go_on, err);
    if (st == OM_OK && go_on && s->public_store)
        st = emit_store(own, true, fn, ctx, &go_on, err);
    return st;
}
