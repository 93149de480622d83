/* SPDX-License-Identifier: MIT */
/* The rules of routing as a table: what the profile and the map say, and what comes of it. */
#include "support/codec_check.h"

#include <stdio.h>
#include <string.h>

#include "profile/route.h"
#include "profile/tags.h"

#define GUID   "F5FA2827-5978-43cd-8FA8-E07BC3BB5591"
#define ID     GUID "@contoso.test"
#define LEGACY "EX2010.contoso.test"
#define MAP    "contoso.test=mail.contoso.test,ntlm,ntlm,false"

/* A profile: each member as the property it names; -1 and NULL are not set. */
struct profile {
    const char *proxy, *principal;
    int flags, scheme, ui_state;
    long long package;
};
#define NOTHING .flags = -1, .scheme = -1, .ui_state = -1, .package = -1

struct want {
    om_status status; /* as the caller sees it */
    enum om_cause cause;
    const char
        *text; /* "transport proxy:port tls|plain http/rpc/level verified|ignored principal" */
    const char *overridden; /* "field=value by who; ..." */
};

struct test_case {
    const char *what, *server, *map;
    enum om_routing_mode mode;
    struct profile profile;
    struct want want;
};

static const struct test_case cases[] = {
    /* the article: no proxy properties, the map alone */
    {"the article, 2013",
     ID,
     MAP,
     OM_ROUTING_SMART,
     {NOTHING},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls ntlm/ntlm/privacy verified ", ""}},
    {"the article, legacy",
     LEGACY,
     MAP,
     OM_ROUTING_SMART,
     {NOTHING},
     {OM_OK, 0, "ncacn_ip_tcp :0 plain none/ntlm/privacy verified ", ""}},
    {"the article as CDO, 2013",
     ID,
     MAP,
     OM_ROUTING_CDO,
     {NOTHING},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls ntlm/ntlm/connect verified ", ""}},
    {"the article as CDO, legacy",
     LEGACY,
     MAP,
     OM_ROUTING_CDO,
     {NOTHING},
     {OM_OK, 0, "ncacn_ip_tcp :0 plain none/ntlm/connect verified ", ""}},
    {"the article as 6.5.8309, 2013",
     ID,
     MAP,
     OM_ROUTING_CDO_8309,
     {NOTHING},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls ntlm/ntlm/connect verified ", ""}},

    /* the map's other fields */
    {"the map says all",
     ID,
     "contoso.test=http://p:8080,basic,kerberos,true",
     OM_ROUTING_SMART,
     {NOTHING},
     {OM_OK, 0, "ncacn_http p:8080 plain basic/kerberos/privacy ignored ", ""}},
    {"http has port 80",
     ID,
     "contoso.test=http://p,negotiate,none,false",
     OM_ROUTING_SMART,
     {NOTHING},
     {OM_OK, 0, "ncacn_http p:80 plain negotiate/none/none verified ", ""}},
    {"catch-all",
     ID,
     "*=any,ntlm,ntlm,false other.test=o,ntlm,ntlm,false",
     OM_ROUTING_CDO,
     {NOTHING},
     {OM_OK, 0, "ncacn_http any:443 tls ntlm/ntlm/connect verified ", ""}},
    {"own entry before catch-all",
     ID,
     "*=any,ntlm,ntlm,false " MAP,
     OM_ROUTING_SMART,
     {NOTHING},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls ntlm/ntlm/privacy verified ", ""}},

    /* case: 6.5.8320 and later fold it, 6.5.8309 does not */
    {"smart folds case",
     ID,
     "Contoso.TEST=m,ntlm,ntlm,false",
     OM_ROUTING_SMART,
     {NOTHING},
     {OM_OK, 0, "ncacn_http m:443 tls ntlm/ntlm/privacy verified ", ""}},
    {"CDO folds case",
     GUID "@CONTOSO.test",
     MAP,
     OM_ROUTING_CDO,
     {NOTHING},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls ntlm/ntlm/connect verified ", ""}},
    {"6.5.8309 does not",
     ID,
     "Contoso.test=m,ntlm,ntlm,false",
     OM_ROUTING_CDO_8309,
     {NOTHING},
     {MAPI_E_LOGON_FAILED, OM_CAUSE_NO_MAP_ENTRY, "\"Contoso.test\", and 6.5.8309 compares case",
      NULL}},
    {"6.5.8309 falls to the catch-all",
     ID,
     "Contoso.test=m,ntlm,ntlm,false *=s,ntlm,ntlm,false",
     OM_ROUTING_CDO_8309,
     {NOTHING},
     {OM_OK, 0, "ncacn_http s:443 tls ntlm/ntlm/connect verified ", ""}},

    /* no way at all */
    {"no entry, smart",
     ID,
     "other.test=m,ntlm,ntlm,false",
     OM_ROUTING_SMART,
     {NOTHING},
     {MAPI_E_NOT_FOUND, OM_CAUSE_NO_MAP_ENTRY, "\"contoso.test\"", NULL}},
    {"no entry, CDO",
     ID,
     NULL,
     OM_ROUTING_CDO,
     {NOTHING},
     {MAPI_E_LOGON_FAILED, OM_CAUSE_NO_MAP_ENTRY, "\"contoso.test\"", NULL}},
    {"an entry that cannot be read",
     ID,
     "contoso.test=m,ntlm",
     OM_ROUTING_SMART,
     {NOTHING},
     {MAPI_E_NOT_FOUND, OM_CAUSE_NO_MAP_ENTRY, "1 entries of the map cannot be read", NULL}},

    /* a proxy in the profile */
    {"profile proxy, 2013",
     ID,
     NULL,
     OM_ROUTING_SMART,
     {.proxy = "p.test", .flags = 0x3, .scheme = 2, .ui_state = -1, .package = -1},
     {OM_OK, 0, "ncacn_http p.test:443 tls ntlm/ntlm/privacy verified ", ""}},
    {"profile proxy, 2013, CDO",
     ID,
     NULL,
     OM_ROUTING_CDO,
     {.proxy = "p.test", .flags = 0x1, .scheme = 1, .ui_state = -1, .package = -1},
     {OM_OK, 0, "ncacn_http p.test:80 plain basic/ntlm/connect verified ", ""}},
    {"profile proxy, legacy, smart",
     LEGACY,
     MAP,
     OM_ROUTING_SMART,
     {.proxy = "p.test", .flags = 0x3, .scheme = 2, .ui_state = 0x4000, .package = -1},
     {OM_OK, 0, "ncacn_ip_tcp :0 plain none/ntlm/privacy verified ",
      "proxy=p.test by a legacy server, reached by RPC over TCP; "
      "transport=ncacn_http by a legacy server, reached by RPC over TCP; "
      "http_auth=ntlm by a legacy server, reached by RPC over TCP; "}},
    {"profile proxy, legacy, CDO",
     LEGACY,
     MAP,
     OM_ROUTING_CDO,
     {.proxy = "p.test", .flags = 0x3, .scheme = -1, .ui_state = -1, .package = -1},
     {MAPI_E_FAILONEPROVIDER, OM_CAUSE_PROXY_BLOCKS_LEGACY, "PR_ROH_PROXY_SERVER", NULL}},
    {"profile proxy, legacy, 6.5.8309",
     LEGACY,
     MAP,
     OM_ROUTING_CDO_8309,
     {.proxy = "p.test", NOTHING},
     {MAPI_E_FAILONEPROVIDER, OM_CAUSE_PROXY_BLOCKS_LEGACY, "PR_ROH_PROXY_SERVER", NULL}},
    {"flags alone, legacy, CDO",
     LEGACY,
     MAP,
     OM_ROUTING_CDO,
     {.flags = 0x1, .scheme = -1, .ui_state = -1, .package = -1},
     {MAPI_E_FAILONEPROVIDER, OM_CAUSE_PROXY_BLOCKS_LEGACY, "PR_ROH_FLAGS", NULL}},
    {"proxy switched off, legacy, CDO",
     LEGACY,
     MAP,
     OM_ROUTING_CDO,
     {.proxy = "p.test", .flags = 0x2, .scheme = -1, .ui_state = -1, .package = -1},
     {OM_OK, 0, "ncacn_ip_tcp :0 plain none/ntlm/connect verified ",
      "proxy=p.test by a legacy server, reached by RPC over TCP; "}},
    {"proxy switched off, 2013",
     ID,
     MAP,
     OM_ROUTING_SMART,
     {.proxy = "p.test", .flags = 0x2, .scheme = -1, .ui_state = -1, .package = -1},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls ntlm/ntlm/privacy verified ",
      "proxy=p.test by PR_ROH_FLAGS without ROHFLAGS_USE_ROH; "}},
    {"proxy switched off, no map",
     ID,
     NULL,
     OM_ROUTING_SMART,
     {.proxy = "p.test", .flags = 0x2, .scheme = -1, .ui_state = -1, .package = -1},
     {MAPI_E_NOT_FOUND, OM_CAUSE_NO_MAP_ENTRY, "switched off", NULL}},
    {"proxy without flags is https",
     ID,
     NULL,
     OM_ROUTING_SMART,
     {.proxy = "p.test:8443", NOTHING},
     {OM_OK, 0, "ncacn_http p.test:8443 tls ntlm/ntlm/privacy verified ", ""}},
    {"proxy with its own scheme",
     ID,
     NULL,
     OM_ROUTING_SMART,
     {.proxy = "http://p.test", NOTHING},
     {OM_OK, 0, "ncacn_http p.test:80 plain ntlm/ntlm/privacy verified ", ""}},
    {"of two wishes the safer",
     ID,
     NULL,
     OM_ROUTING_SMART,
     {.proxy = "https://p.test", .flags = 1, .scheme = -1, .ui_state = -1, .package = -1},
     {OM_OK, 0, "ncacn_http p.test:443 tls ntlm/ntlm/privacy verified ", ""}},

    /* the profile before the map, field by field */
    {"the profile wins everywhere",
     ID,
     "contoso.test=http://m:81,basic,none,true",
     OM_ROUTING_SMART,
     {.proxy = "p.test", .flags = 0x3, .scheme = 0x10, .ui_state = -1, .package = 16},
     {OM_OK, 0, "ncacn_http p.test:443 tls negotiate/kerberos/privacy verified ",
      "proxy=m by profile property PR_ROH_PROXY_SERVER; "
      "http_auth=basic by profile property PR_ROH_PROXY_AUTH_SCHEME; "
      "ignore_certificate=true by profile property PR_ROH_FLAGS; "
      "rpc_auth=none by profile property PR_PROFILE_AUTH_PACKAGE; "}},
    {"what the profile leaves open the map says",
     ID,
     "contoso.test=m,basic,negotiate,true",
     OM_ROUTING_CDO,
     {.proxy = "p.test", NOTHING},
     {OM_OK, 0, "ncacn_http p.test:443 tls basic/negotiate/connect ignored ",
      "proxy=m by profile property PR_ROH_PROXY_SERVER; "}},
    {"only the method in the profile",
     ID,
     MAP,
     OM_ROUTING_SMART,
     {.flags = -1, .scheme = 1, .ui_state = -1, .package = -1},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls basic/ntlm/privacy verified ",
      "http_auth=ntlm by profile property PR_ROH_PROXY_AUTH_SCHEME; "}},
    {"flags over the map's scheme",
     ID,
     "contoso.test=http://m,ntlm,ntlm,false",
     OM_ROUTING_SMART,
     {.flags = 0x13, .scheme = -1, .ui_state = -1, .package = -1},
     {OM_OK, 0, "ncacn_http m:443 tls ntlm/ntlm/privacy ignored ",
      "tls=false by profile property PR_ROH_FLAGS; ignore_certificate=false by profile property "
      "PR_ROH_FLAGS; "}},
    {"no conflict, nothing overridden",
     ID,
     MAP,
     OM_ROUTING_SMART,
     {.proxy = "mail.contoso.test", .flags = 3, .scheme = 2, .ui_state = -1, .package = 10},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls ntlm/ntlm/privacy verified ", ""}},

    /* RPC security */
    {"ENCRYPTNETWORK is privacy",
     LEGACY,
     NULL,
     OM_ROUTING_CDO,
     {.flags = -1, .scheme = -1, .ui_state = 0x4001, .package = -1},
     {OM_OK, 0, "ncacn_ip_tcp :0 plain none/ntlm/privacy verified ", ""}},
    {"smart mode encrypts unless the profile says otherwise",
     LEGACY,
     NULL,
     OM_ROUTING_SMART,
     {.flags = -1, .scheme = -1, .ui_state = 0, .package = -1},
     {OM_OK, 0, "ncacn_ip_tcp :0 plain none/ntlm/connect verified ", ""}},
    {"other UI bits are not",
     LEGACY,
     NULL,
     OM_ROUTING_CDO,
     {.flags = -1, .scheme = -1, .ui_state = 0x3FFF, .package = 9},
     {OM_OK, 0, "ncacn_ip_tcp :0 plain none/negotiate/connect verified ", ""}},
    {"anonymous cannot encrypt",
     ID,
     MAP,
     OM_ROUTING_SMART,
     {.flags = -1, .scheme = -1, .ui_state = 0x4000, .package = 0x8000F001},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls ntlm/none/none verified ",
      "rpc_auth=ntlm by profile property PR_PROFILE_AUTH_PACKAGE; "
      "rpc_level=privacy by RPC without authentication; "}},

    /* the certificate's name */
    {"principal name with mutual authentication",
     ID,
     MAP,
     OM_ROUTING_SMART,
     {.principal = "msstd:mail", .flags = 0x7, .scheme = -1, .ui_state = -1, .package = -1},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls ntlm/ntlm/privacy verified msstd:mail", ""}},
    {"principal name without",
     ID,
     MAP,
     OM_ROUTING_SMART,
     {.principal = "msstd:mail", NOTHING},
     {OM_OK, 0, "ncacn_http mail.contoso.test:443 tls ntlm/ntlm/privacy verified ",
      "principal_name=msstd:mail by PR_ROH_FLAGS without ROHFLAGS_MUTUAL_AUTH; "}},

    /* values that mean nothing */
    {"unknown scheme",
     ID,
     MAP,
     OM_ROUTING_SMART,
     {.flags = -1, .scheme = 3, .ui_state = -1, .package = -1},
     {MAPI_E_BAD_VALUE, OM_CAUSE_BAD_ARGUMENT, "PR_ROH_PROXY_AUTH_SCHEME is 0x3", NULL}},
    {"unknown package",
     LEGACY,
     MAP,
     OM_ROUTING_SMART,
     {.flags = -1, .scheme = -1, .ui_state = -1, .package = 7},
     {MAPI_E_BAD_VALUE, OM_CAUSE_BAD_ARGUMENT, "PR_PROFILE_AUTH_PACKAGE is 0x7", NULL}},
    {"proxy that is none",
     ID,
     MAP,
     OM_ROUTING_SMART,
     {.proxy = "p.test/rpc", NOTHING},
     {MAPI_E_BAD_VALUE, OM_CAUSE_BAD_ARGUMENT, "column 7: a path", NULL}},
    {"no server",
     "",
     MAP,
     OM_ROUTING_SMART,
     {NOTHING},
     {MAPI_E_INVALID_PARAMETER, OM_CAUSE_BAD_ARGUMENT, "no server", NULL}},
    {"no domain",
     GUID "@",
     MAP,
     OM_ROUTING_SMART,
     {NOTHING},
     {MAPI_E_INVALID_PARAMETER, OM_CAUSE_BAD_ARGUMENT, "guid@domain", NULL}},
    {"no guid",
     "@contoso.test",
     MAP,
     OM_ROUTING_SMART,
     {NOTHING},
     {MAPI_E_INVALID_PARAMETER, OM_CAUSE_BAD_ARGUMENT, "guid@domain", NULL}},
};

static uint32_t props_of(const struct profile *p, struct om_propval *vals)
{
    uint32_t n = 0;

    if (p->proxy)
        vals[n++] = (struct om_propval){.tag = PR_ROH_PROXY_SERVER, .v.utf8 = p->proxy};
    if (p->principal)
        vals[n++] = (struct om_propval){.tag = PR_ROH_PROXY_PRINCIPAL_NAME, .v.utf8 = p->principal};
    if (p->flags >= 0)
        vals[n++] = (struct om_propval){.tag = PR_ROH_FLAGS, .v.l = p->flags};
    if (p->scheme >= 0)
        vals[n++] = (struct om_propval){.tag = PR_ROH_PROXY_AUTH_SCHEME, .v.l = p->scheme};
    if (p->ui_state >= 0)
        vals[n++] = (struct om_propval){.tag = PR_PROFILE_UI_STATE, .v.l = p->ui_state};
    if (p->package >= 0)
        vals[n++] = (struct om_propval){.tag = PR_PROFILE_AUTH_PACKAGE, .v.l = (int32_t)p->package};
    return n;
}

static om_status decide(const struct test_case *t, struct om_route **route, struct om_error *err)
{
    struct om_map_value value = {"RpcHttpProxyMap_T", t->map, t->map ? strlen(t->map) : 0};
    struct om_propval vals[8];
    struct om_props props = {props_of(&t->profile, vals), vals};
    struct om__route_input in = {t->server, &props, NULL, t->mode};
    struct om_map *map = NULL;
    om_status st;

    if (t->map)
        assert_int_equal(om_map_parse(&value, 1, &map, err), OM_OK);
    in.map = map;
    st = om__route_decide(&in, route, err);
    om_map_free(map); /* the route must not need it any more */
    return st;
}

static void describe(const struct om_route *r, char *text, size_t size, char *over,
                     size_t over_size)
{
    size_t n = 0;

    snprintf(text, size, "%s %s:%u %s %s/%s/%s %s %s", om_transport_name(r->transport), r->proxy,
             r->proxy_port, r->tls ? "tls" : "plain", om_http_auth_name(r->http_auth),
             om_rpc_auth_name(r->rpc_auth), om_rpc_level_name(r->rpc_level),
             r->ignore_certificate ? "ignored" : "verified", r->principal_name);
    *over = '\0';
    for (uint32_t i = 0; i < r->overridden_count; i++)
        n += (size_t)snprintf(over + n, over_size - n, "%s=%s by %s; ", r->overridden[i].field,
                              r->overridden[i].value, r->overridden[i].by);
}

static void test_the_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct test_case *t = &cases[i];
        struct om_error err = OM_ERROR_INIT;
        char text[512], over[1024];
        struct om_route *route;
        om_status st = decide(t, &route, &err);

        if (st != t->want.status)
            fail_msg("%s: 0x%08X %s", t->what, (unsigned)st, err.detail);
        if (st != OM_OK) {
            if (err.cause != t->want.cause || !strstr(err.detail, t->want.text))
                fail_msg("%s: %s: %s", t->what, om_cause_name(err.cause), err.detail);
            assert_int_equal(om_error_status(&err), st);
            assert_true(*om_error_hint(&err));
            continue;
        }
        describe(route, text, sizeof text, over, sizeof over);
        if (strcmp(text, t->want.text) != 0 || strcmp(over, t->want.overridden) != 0)
            fail_msg("%s:\n%s\n%s", t->what, text, over);
        om_route_free(route);
    }
}

static void test_a_server_name_cannot_become_another_part_of_a_url(void **state)
{
    static const char *const wrong[] = {
        "a b",  "a\nb", "host/x", "host?x", "host#x", "x y@contoso.test", "guid@contoso.test/..",
        "h\\x", "\"h\""};
    static const char *const right[] = {"ex2010", "EX_2010.contoso.test", "fe80::1",
                                        "b\xC3\xBC\x72o"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct om__route_input in = {.server = wrong[i]};
        struct om_error err = OM_ERROR_INIT;
        struct om_route *route;

        assert_int_equal(om__route_decide(&in, &route, &err), MAPI_E_INVALID_PARAMETER);
        assert_int_equal(err.layer, OM_LAYER_ROUTE);
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        struct om__route_input in = {.server = right[i]};
        struct om_route *route;

        assert_int_equal(om__route_decide(&in, &route, NULL), OM_OK);
        om_route_free(route);
    }
}

/* MAPI_E_FAILONEPROVIDER never stands alone. */
static void test_failoneprovider_carries_its_cause(void **state)
{
    static const struct test_case t = {
        "", LEGACY, MAP, OM_ROUTING_CDO, {.proxy = "p", NOTHING}, {0, 0, NULL, NULL}};
    struct om_error err = OM_ERROR_INIT;
    struct om_route *route;

    (void)state;
    assert_int_equal(decide(&t, &route, &err), MAPI_E_FAILONEPROVIDER);
    assert_int_equal(err.status, MAPI_E_NETWORK_ERROR);
    assert_int_equal(err.layer, OM_LAYER_ROUTE);
    assert_int_equal(err.frame_count, 1);
    assert_int_equal(err.frames[0].status, MAPI_E_FAILONEPROVIDER);
    assert_string_equal(err.target, LEGACY);
    assert_non_null(strstr(om_error_hint(&err), "smart"));
}

static void test_every_field_names_its_source(void **state)
{
    static const struct {
        const char *field, *value, *from;
    } want[] = {
        {"transport", "ncacn_http", "a personalized server id: Exchange 2013 or later"},
        {"proxy", "p.test", "profile property PR_ROH_PROXY_SERVER"},
        {"tls", "true", "profile property PR_ROH_FLAGS"},
        {"proxy_port", "443", "default"},
        {"http_auth", "basic", "map value RpcHttpProxyMap_T, entry 2"},
        {"ignore_certificate", "false", "profile property PR_ROH_FLAGS"},
        {"rpc_auth", "negotiate", "map value RpcHttpProxyMap_T, entry 2"},
        {"rpc_level", "privacy", "profile property PR_PROFILE_UI_STATE"},
    };
    static const struct test_case t = {
        "",
        ID,
        "x.y=z,ntlm,ntlm,false contoso.test=m,basic,negotiate,false",
        OM_ROUTING_SMART,
        {.proxy = "p.test", .flags = 3, .scheme = -1, .ui_state = 0x4000, .package = -1},
        {0, 0, NULL, NULL}};
    struct om_error err = OM_ERROR_INIT;
    struct om_route *route;

    (void)state;
    assert_int_equal(decide(&t, &route, &err), OM_OK);
    assert_int_equal(route->source_count, sizeof want / sizeof *want);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_string_equal(route->sources[i].field, want[i].field);
        assert_string_equal(route->sources[i].value, want[i].value);
        assert_string_equal(route->sources[i].from, want[i].from);
        assert_null(route->sources[i].by);
    }
    assert_string_equal(route->domain, "contoso.test");
    assert_string_equal(route->server, ID);
    om_route_free(route);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rules),
        cmocka_unit_test(test_a_server_name_cannot_become_another_part_of_a_url),
        cmocka_unit_test(test_failoneprovider_carries_its_cause),
        cmocka_unit_test(test_every_field_names_its_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
