/* SPDX-License-Identifier: MIT */
#include "session/session_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "session/address_book.h"
#include "session/mdb.h"

/* mapi-facts: edkmdb.h. The string type is PT_STRING8 in a profile; om_props_string() takes both.
 */
#define PR_PROFILE_USER              OM_PROP_TAG(PT_STRING8, 0x6603)
#define PR_PROFILE_HOME_SERVER       OM_PROP_TAG(PT_STRING8, 0x6602)
#define PR_PROFILE_CONNECT_FLAGS     OM_PROP_TAG(PT_LONG, 0x6604)
#define PR_PROFILE_UNRESOLVED_NAME   OM_PROP_TAG(PT_STRING8, 0x6607)
#define PR_PROFILE_UNRESOLVED_SERVER OM_PROP_TAG(PT_STRING8, 0x6608)

static bool copy(char **out, const char *text)
{
    if (!text || !*text)
        return true;
    *out = om__strdup(text);
    return *out != NULL;
}

/* The values the session works with, from the properties of the global section. */
static bool take_properties(struct om__session_profile *p, const struct om_props *props)
{
    const char *server = om_props_string(props, PR_PROFILE_UNRESOLVED_SERVER);

    if (!server || !*server)
        server = om_props_string(props, PR_PROFILE_HOME_SERVER);
    om_props_long(props, PR_PROFILE_CONNECT_FLAGS, &p->connect_flags);
    return copy(&p->unresolved_name, om_props_string(props, PR_PROFILE_UNRESOLVED_NAME)) &&
           copy(&p->unresolved_server, server) &&
           copy(&p->user_dn, om_props_string(props, PR_PROFILE_USER));
}

static om_status missing(const struct om__session_profile *p, const char *property,
                         struct om_error *err)
{
    om_status st = om__fail(err, MAPI_E_UNCONFIGURED, OM_LAYER_PROFILE, OM_CAUSE_INCOMPLETE,
                            OM_NATIVE_NONE, 0, "the profile does not say %s", property);

    om__error_target(err, "%s", p->name);
    return st;
}

static om_status read_profile(struct om_session *s, const char *profile, struct om_error *err)
{
    struct om__session_profile *p = &s->profile;
    struct om_profile_info info;
    struct om_props *props = NULL;
    struct om_uid section;
    bool copied;
    om_status st;

    st = om_profile_find(s->store, profile, &info, err);
    if (st == OM_OK && !copy(&p->name, info.name))
        st = om__fail_memory(err, "the profile's name");
    if (st == OM_OK)
        st = om_section_resolve(s->store, p->name, "global", &section, err);
    if (st == OM_OK)
        st = om_section_read(s->store, p->name, &section, &props, err);
    if (st != OM_OK)
        return st;
    copied = take_properties(p, props);
    om_props_free(props);
    if (!copied)
        return om__fail_memory(err, "the profile's properties");
    if (!p->unresolved_server)
        return missing(p, "PR_PROFILE_UNRESOLVED_SERVER", err);
    if (!p->unresolved_name && !p->user_dn)
        return missing(p, "PR_PROFILE_UNRESOLVED_NAME", err);
    return OM_OK;
}

static om_status take_credentials(struct om_session *s, const struct om_session_options *o,
                                  struct om_error *err)
{
    const struct om_credentials *http = o->http.user ? &o->http : &o->rpc;
    om_status st;

    if (!o->rpc.user)
        return om__fail(err, MAPI_E_LOGON_FAILED, OM_LAYER_AUTH, OM_CAUSE_NO_CREDENTIALS,
                        OM_NATIVE_NONE, 0, "no user is named");
    st = om__identity_parse(o->rpc.user, o->rpc.password, &s->rpc_identity, err);
    if (st == OM_OK)
        st = om__identity_parse(http->user, http->password, &s->http_identity, err);
    return st;
}

static om_status take_network(struct om_session *s, const struct om_session_options *o,
                              struct om_error *err)
{
    om_status st = om__net_init(&s->net, err);

    if (st != OM_OK)
        return st;
    if (o->timeout_ms > 0)
        s->net.timeout_ms = o->timeout_ms;
    s->net.trace = (struct om__trace){.emit = o->trace, .ctx = o->trace_ctx};
    for (size_t i = 0; o->resolve && o->resolve[i] && st == OM_OK; i++)
        st = om__net_add_overrides(&s->net, o->resolve[i], err);
    if (st == OM_OK && o->ca_file)
        st = om__net_set_ca_file(&s->net, o->ca_file, err);
    return st;
}

om_status om_session_open(struct om_store *store, const char *profile,
                          const struct om_session_options *options, struct om_session **out,
                          struct om_error *err)
{
    struct om_session *s = om__calloc(1, sizeof *s);
    om_status st;

    if (!s)
        return om__fail_memory(err, "a session");
    s->store = store;
    st = read_profile(s, profile, err);
    if (st == OM_OK)
        st = take_credentials(s, options, err);
    if (st == OM_OK)
        st = take_network(s, options, err);
    if (st == OM_OK && !copy(&s->client_version, options->client_version))
        st = om__fail_memory(err, "the client version");
    if (st != OM_OK) {
        om_session_close(s);
        return st;
    }
    *out = s;
    return OM_OK;
}

void om_session_close(struct om_session *s)
{
    if (!s)
        return;
    while (s->mailboxes)
        om_mailbox_close(s->mailboxes);
    while (s->mdbs)
        om__mdb_close(s->mdbs);
    om__address_book_close(s->book);
    om__net_free(&s->net);
    om__identity_free(&s->rpc_identity);
    om__identity_free(&s->http_identity);
    om__free(s->profile.name);
    om__free(s->profile.unresolved_name);
    om__free(s->profile.unresolved_server);
    om__free(s->profile.user_dn);
    om__free(s->client_version);
    om__free(s);
}

const char *om_session_profile(const struct om_session *session)
{
    return session->profile.name;
}

void om__session_note(struct om_session *s, enum om_layer layer, const char *fmt, ...)
{
    char text[300];
    const struct om_trace_event ev = {.layer = layer, .text = text};
    va_list ap;

    va_start(ap, fmt);
    om__vformat(text, sizeof text, fmt, ap);
    va_end(ap);
    om__trace_emit(&s->net.trace, &ev);
}

void om__session_warn(struct om_session *s, enum om_layer layer, const char *fmt, ...)
{
    char text[sizeof s->warned];
    const struct om_trace_event ev = {.layer = layer, .text = text, .warning = true};
    va_list ap;

    va_start(ap, fmt);
    om__vformat(text, sizeof text, fmt, ap);
    va_end(ap);
    if (strcmp(text, s->warned) == 0)
        return;
    memcpy(s->warned, text, sizeof text);
    om__trace_emit(&s->net.trace, &ev);
}

bool om__session_flag(const struct om_session *s, uint32_t connect_flag)
{
    return (s->profile.connect_flags & connect_flag) != 0;
}
