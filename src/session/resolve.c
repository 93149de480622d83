/* SPDX-License-Identifier: MIT */
/* From what a person types to the one entry of the address book that is meant. */
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/limits.h"
#include "session/book_calls.h"
#include "session/session_int.h"

#define CANDIDATES_MAX 100u /* of an ambiguous name: more help nobody */

static om_status not_found(const char *who, struct om_error *err)
{
    return om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_NSPI, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
                    "the address book has no entry for \"%s\"", who);
}

/* Copies an entry whose row will be gone. */
static bool keep(struct om_arena *a, const struct om_gal_entry *in, struct om_gal_entry *out)
{
    *out = (struct om_gal_entry){
        .display_name = om__arena_strdup(a, in->display_name),
        .alias = om__arena_strdup(a, in->alias),
        .smtp = om__arena_strdup(a, in->smtp),
        .legacy_dn = om__arena_strdup(a, in->legacy_dn),
        .type = in->type,
        .home_mdb = om__arena_strdup(a, in->home_mdb),
        .home_server = om__arena_strdup(a, in->home_server),
    };
    return !a->failed;
}

/* Sorts candidates into those that match exactly and the others. */
struct candidates {
    const char *who;
    bool by_display_name; /* "GAL:": nothing else counts as exact */
    struct om_arena *arena;
    struct om_gal_entry exact;
    unsigned exact_count, count;
    char names[160]; /* "a, b, c" */
    size_t names_len;
    om_gal_fn *fn; /* NULL while the exact one is still looked for */
    void *ctx;
    bool failed;
};

/* Some directories have the whole address for an alias: what is left of its '@' is one, then. */
static bool alias_is(const char *alias, const char *who)
{
    size_t n = strcspn(alias, "@");

    return strcasecmp(alias, who) == 0 || (strlen(who) == n && strncasecmp(alias, who, n) == 0);
}

static bool is_exact(const struct candidates *c, const struct om_gal_entry *e)
{
    if (c->by_display_name)
        return strcasecmp(e->display_name, c->who) == 0;
    return alias_is(e->alias, c->who) || strcasecmp(e->smtp, c->who) == 0;
}

static void add_name(struct candidates *c, const struct om_gal_entry *e)
{
    const char *name = e->smtp[0] ? e->smtp : e->display_name;
    size_t n = strlen(name), room = sizeof c->names - c->names_len;

    if (n + 3 > room)
        return;
    if (c->names_len) {
        memcpy(c->names + c->names_len, ", ", 2);
        c->names_len += 2;
    }
    memcpy(c->names + c->names_len, name, n + 1);
    c->names_len += n;
}

static bool consider(void *ctx, const struct om_gal_entry *e)
{
    struct candidates *c = ctx;

    c->count++;
    add_name(c, e);
    if (is_exact(c, e) && c->exact_count++ == 0)
        c->failed = !keep(c->arena, e, &c->exact);
    return !c->failed;
}

static om_status ambiguous(struct om__address_book *b, const struct om__nspi_tags *mids,
                           const struct candidates *c, om_gal_fn *fn, void *ctx,
                           struct om_error *err)
{
    om_status st = fn ? om__book_list(b, mids, fn, ctx, err) : OM_OK;

    if (st != OM_OK)
        return st;
    return om__fail(err, MAPI_E_AMBIGUOUS_RECIP, OM_LAYER_NSPI, OM_CAUSE_AMBIGUOUS, OM_NATIVE_NONE,
                    0, "\"%s\" fits %u entries: %s%s", c->who, c->count, c->names,
                    c->count > 1 && c->names_len + 40 > sizeof c->names ? ", ..." : "");
}

/* Among all that ANR finds, the one that is exactly `who`; or what there is, as an error. */
static om_status choose(struct om__address_book *b, const char *who, bool by_display_name,
                        struct om_arena *arena, struct om_gal_entry *out, om_gal_fn *fn, void *ctx,
                        struct om_error *err)
{
    struct candidates c = {.who = who, .by_display_name = by_display_name, .arena = arena};
    struct om__nspi_tags mids = {0};
    om_status st = om__book_matches(b, who, arena, &mids, err);

    if (st == OM_OK)
        st = om__book_list(b, &mids, consider, &c, err);
    if (st == OM_OK && c.failed)
        st = om__fail_memory(err, "an entry of the address book");
    if (st != OM_OK)
        return st;
    if (c.count == 0 || (by_display_name && c.exact_count == 0))
        return not_found(who, err);
    if (c.exact_count != 1) {
        mids.count = mids.count < CANDIDATES_MAX ? mids.count : CANDIDATES_MAX;
        return ambiguous(b, &mids, &c, fn, ctx, err);
    }
    *out = c.exact;
    return OM_OK;
}

static om_status resolve_dn(struct om__address_book *b, const char *dn, struct om_arena *arena,
                            struct om_gal_entry *out, struct om_error *err)
{
    struct om__nspi_dn_to_mid_req req = {.handle = b->handle, .names = {1, &dn}};
    const struct om__nspi_stat stat = om__book_stat();
    struct om__nspi_rows_resp rows;
    struct om__nspi_tags_resp mids;
    struct om_rd r;
    struct om_wr w;
    om_status st;

    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__nspi_wr_dn_to_mid_req(&w, &req);
    st = om__book_call(b, OM_NSPI_DN_TO_MID, "NspiDNToMId", &w, &r, err);
    if (st != OM_OK)
        return st;
    om__nspi_rd_dn_to_mid_resp(&r, arena, &mids);
    st = om__book_verdict(b, &r, mids.code, "NspiDNToMId", err);
    if (st != OM_OK)
        return st;
    if (mids.tags.count != 1 || mids.tags.v[0] == OM_MID_UNRESOLVED)
        return not_found(dn, err);
    st = om__book_rows(b, &stat, &mids.tags, 1, arena, &rows, err);
    if (st != OM_OK)
        return st;
    if (rows.rows.count != 1)
        return not_found(dn, err);
    return om__book_entry(&rows.rows.rows[0], arena, out) ? OM_OK
                                                          : om__fail_memory(err, "an entry");
}

/*
 * Two forms of the name in one call: "=name" is exact by [MS-OXNSPI] 3.1.4.7 (the alias first), the
 * plain one lets the server find the only entry that fits.
 */
static om_status resolve_name(struct om__address_book *b, const char *who, struct om_arena *arena,
                              struct om_gal_entry *out, om_gal_fn *fn, void *ctx,
                              struct om_error *err)
{
    bool given_exact = who[0] == '=';
    char *exact =
        given_exact ? om__arena_strdup(arena, who) : om__arena_alloc(arena, strlen(who) + 2);
    const char *names[2] = {exact, who};
    struct om__nspi_resolve_names_req req = {.handle = b->handle,
                                             .stat = om__book_stat(),
                                             .tags = om__book_columns,
                                             .names = {given_exact ? 1 : 2, names}};
    struct om__nspi_resolve_names_resp resp;
    struct om_rd r;
    struct om_wr w;
    om_status st;

    if (!exact)
        return om__fail_memory(err, "a name to resolve");
    if (!given_exact) {
        exact[0] = '=';
        memcpy(exact + 1, who, strlen(who) + 1);
    }
    om_wr_init(&w, OM_MAX_RPC_STUB);
    om__nspi_wr_resolve_names_w_req(&w, &req);
    st = om__book_call(b, OM_NSPI_RESOLVE_NAMES_W, "NspiResolveNamesW", &w, &r, err);
    if (st != OM_OK)
        return st;
    om__nspi_rd_resolve_names_resp(&r, arena, &resp);
    st = om__book_verdict(b, &r, resp.code, "NspiResolveNamesW", err);
    if (st != OM_OK)
        return st;
    if (resp.rows.count > 0) /* of the first name that was resolved: the exact one, if both were */
        return om__book_entry(&resp.rows.rows[0], arena, out) ? OM_OK
                                                              : om__fail_memory(err, "an entry");
    for (uint32_t i = 0; i < resp.mids.count; i++) {
        if (resp.mids.v[i] == OM_MID_AMBIGUOUS)
            return choose(b, given_exact ? who + 1 : who, false, arena, out, fn, ctx, err);
    }
    return not_found(who, err);
}

om_status om__address_book_resolve(struct om__address_book *b, const char *who,
                                   struct om_arena *arena, struct om_gal_entry *out, om_gal_fn *fn,
                                   void *ctx, struct om_error *err)
{
    om_status st;

    if (strncasecmp(who, "GAL:", 4) == 0)
        st = choose(b, who + 4, true, arena, out, fn, ctx, err);
    else if (strncasecmp(who, "/o=", 3) == 0)
        st = resolve_dn(b, who, arena, out, err);
    else
        st = resolve_name(b, who, arena, out, fn, ctx, err);
    om__error_doing(err, "resolving %s", who);
    om__error_target(err, "%s", b->server);
    return st;
}

/* --- the public face --- */

om_status om_session_gal(struct om_session *s, const char *text, om_gal_fn *fn, void *ctx,
                         struct om_error *err)
{
    struct om__address_book *book;
    om_status st = om__session_book(s, &book, err);

    return st == OM_OK ? om__address_book_list(book, text, fn, ctx, err) : st;
}

om_status om_session_resolve(struct om_session *s, const char *name, om_gal_fn *fn, void *ctx,
                             struct om_error *err)
{
    struct om__address_book *book;
    struct om_gal_entry entry;
    struct om_arena arena;
    om_status st = om__session_book(s, &book, err);

    if (st != OM_OK)
        return st;
    om__arena_init(&arena, OM_BOOK_CEILING);
    st = om__address_book_resolve(book, name, &arena, &entry, fn, ctx, err);
    if (st == OM_OK)
        fn(ctx, &entry);
    om__arena_free(&arena);
    return st;
}
