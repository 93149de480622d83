/* SPDX-License-Identifier: MIT */
#include "session/link.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "session/session_int.h"

enum { FAREWELL_MS = 1000 };

/* Negotiate leaves the choice to us, and NTLM is what we speak. */
static om_status security_of(const struct om_route *route, struct om__rpc_target *t,
                             struct om_error *err)
{
    switch (route->rpc_auth) {
    case OM_RPC_METHOD_NONE:
        t->rpc_auth = OM_AUTH_MECH_NONE;
        t->rpc_level = OM_RPC_LEVEL_NONE;
        return OM_OK;
    case OM_RPC_METHOD_NTLM:
    case OM_RPC_METHOD_NEGOTIATE:
        t->rpc_auth = OM_AUTH_MECH_NTLM;
        t->rpc_level = (enum om__rpc_level)route->rpc_level; /* both are the wire's numbers */
        return OM_OK;
    case OM_RPC_METHOD_KERBEROS:
        break;
    }
    return om__fail(err, MAPI_E_NO_SUPPORT, OM_LAYER_AUTH, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE, 0,
                    "RPC authentication with Kerberos alone");
}

static om_status target_of(struct om_session *s, const struct om_route *route,
                           enum om__service service, struct om__rpc_target *t, struct om_error *err)
{
    bool http = route->transport == OM_TRANSPORT_NCACN_HTTP;

    *t = (struct om__rpc_target){
        .transport = http ? OM_TRANSPORT_HTTP : OM_TRANSPORT_TCP,
        .server = route->server,
        .port = http ? (uint16_t)service : 0,
        .proxy = route->proxy,
        .proxy_port = route->proxy_port,
        .tls = route->tls,
        .ignore_certificate = route->ignore_certificate,
        .principal_name = route->principal_name,
        .http_auth = route->http_auth,
        .http_identity = &s->http_identity,
        .rpc_identity = &s->rpc_identity,
    };
    return security_of(route, t, err);
}

/* What the route gives away, said before anything is sent along it. */
static void warn_of(struct om_session *s, const struct om__rpc_target *t)
{
    if (t->transport != OM_TRANSPORT_HTTP)
        return;
    if (t->tls && t->ignore_certificate)
        om__session_warn(s, OM_LAYER_TLS,
                         "the certificate of %s:%u is not checked, as the map or the profile says: "
                         "anyone on the way can take its place",
                         t->proxy, t->proxy_port);
    else if (!t->tls && t->http_auth == OM_HTTP_AUTH_BASIC)
        om__session_warn(s, OM_LAYER_HTTP,
                         "%s:%u gets the password without TLS: anyone on the way can read it",
                         t->proxy, t->proxy_port);
    else if (!t->tls && t->http_auth != OM_HTTP_AUTH_NONE)
        om__session_warn(
            s, OM_LAYER_HTTP,
            "%s:%u gets NTLM without TLS: anyone on the way can guess passwords from it "
            "and read what RPC does not encrypt",
            t->proxy, t->proxy_port);
}

om_status om__link_open(struct om_session *s, const char *server, enum om__service service,
                        const struct om__rpc_syntax *iface, struct om__link *link,
                        struct om_error *err)
{
    struct om__link l = {0};
    struct om__rpc_target target;
    om_status st;

    st = om_route_explain(s->store, s->profile.name, server, &l.route, err);
    if (st == MAPI_E_INVALID_PARAMETER) /* the profile or a server says so, not the caller */
        st = om__error_frame(err, MAPI_E_BAD_VALUE, OM_LAYER_SESSION, "finding the server");
    if (st == OM_OK)
        st = target_of(s, l.route, service, &target, err);
    if (st == OM_OK) {
        warn_of(s, &target);
        st = om__rpc_conn_open(&s->net, &target, iface, om__net_deadline(&s->net), &l.conn, err);
    }
    if (st != OM_OK) {
        om__error_target(err, "%s", server);
        om__link_close(&l);
        return st;
    }
    if (target.proxy[0])
        snprintf(l.proxy, sizeof l.proxy, "%s:%u", target.proxy, target.proxy_port);
    *link = l;
    return OM_OK;
}

void om__link_close(struct om__link *link)
{
    if (!link)
        return;
    om__rpc_conn_close(link->conn);
    om_route_free(link->route);
    *link = (struct om__link){0};
}

om_status om__link_call(struct om_session *s, struct om__link *link, uint16_t context,
                        uint16_t opnum, const struct om_wr *stub, struct om_rd *answer,
                        struct om_error *err)
{
    return om__rpc_conn_call(link->conn, context, opnum, stub->buf, stub->len,
                             om__net_deadline(&s->net), answer, err);
}

void om__link_farewell(struct om_session *s, struct om__link *link, uint16_t opnum,
                       const struct om_wr *stub)
{
    int64_t patience = s->net.timeout_ms < FAREWELL_MS ? s->net.timeout_ms : FAREWELL_MS;
    struct om_error ignored = OM_ERROR_INIT; /* the server ends the context by itself in the end */
    struct om_rd answer;

    if (!stub->failed)
        (void)om__rpc_conn_call(link->conn, 0, opnum, stub->buf, stub->len,
                                om__net_now() + patience, &answer, &ignored);
}

unsigned om__link_round_trips(const struct om__link *link)
{
    struct om__rpc_conn_stats stats;

    if (!link->conn)
        return 0;
    om__rpc_conn_stats(link->conn, &stats);
    return (unsigned)stats.round_trips;
}

void om__link_describe(const struct om__link *link, struct om_connection_info *out)
{
    static const char *const certificates[] = {
        [OM_CERTIFICATE_NONE] = "none",
        [OM_CERTIFICATE_VERIFIED] = "verified",
        [OM_CERTIFICATE_IGNORED] = "ignored",
    };
    const struct om_route *r = link->route;
    bool http = r->transport == OM_TRANSPORT_NCACN_HTTP;

    out->server = r->server;
    out->transport = om_transport_name(r->transport);
    out->proxy = http ? link->proxy : NULL;
    out->http_auth = http ? om_http_auth_name(r->http_auth) : NULL;
    /* What was spoken, not what was wished: Negotiate came to NTLM. */
    out->rpc_auth =
        om_rpc_auth_name(r->rpc_auth == OM_RPC_METHOD_NEGOTIATE ? OM_RPC_METHOD_NTLM : r->rpc_auth);
    out->rpc_level = om_rpc_level_name(r->rpc_level);
    out->encrypted = r->tls || r->rpc_level == OM_ROUTE_LEVEL_PRIVACY;
    out->certificate = certificates[om__rpc_conn_certificate(link->conn)];
}
