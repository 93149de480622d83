/* SPDX-License-Identifier: MIT */
#include "support/codec_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <onemapi/map.h>

#include "profile/map.h"

static struct om_map *parse_sized(const char *data, size_t size)
{
    struct om_map_value value = {"RpcHttpProxyMap_T", data, size};
    struct om_error err = OM_ERROR_INIT;
    struct om_map *map;

    assert_int_equal(om_map_parse(&value, 1, &map, &err), OM_OK);
    return map;
}

static struct om_map *parse(const char *data)
{
    return parse_sized(data, strlen(data));
}

/* ---- what is read ---- */

static void test_the_articles_entry(void **state)
{
    struct om_map *map = parse("contoso.com=mail.contoso.com,ntlm,ntlm,false");
    const struct om_map_entry *e = map->entries;

    (void)state;
    assert_int_equal(map->entry_count, 1);
    assert_int_equal(map->error_count + map->warning_count, 0);
    assert_string_equal(e->value_name, "RpcHttpProxyMap_T");
    assert_int_equal(e->entry, 1);
    assert_int_equal(e->column, 1);
    assert_string_equal(e->domain, "contoso.com");
    assert_string_equal(e->proxy, "mail.contoso.com");
    assert_true(e->tls && !e->port_given && !e->ignore_certificate);
    assert_int_equal(e->port, 443);
    assert_int_equal(e->http_auth, OM_HTTP_AUTH_NTLM);
    assert_int_equal(e->rpc_auth, OM_RPC_METHOD_NTLM);
    om_map_free(map);
}

static void test_proxies_with_scheme_port_and_address(void **state)
{
    static const struct {
        const char *text, *host;
        unsigned port;
        bool tls, given;
    } cases[] = {
        {"mail.contoso.com", "mail.contoso.com", 443, true, false},
        {"https://mail.contoso.com", "mail.contoso.com", 443, true, false},
        {"http://mail", "mail", 80, false, false},
        {"HTTP://mail:8080", "mail", 8080, false, true},
        {"HtTpS://mail:444", "mail", 444, true, true},
        {"mail:80", "mail", 80, true, true},
        {"10.0.0.1:65535", "10.0.0.1", 65535, true, true},
        {"[2001:db8::1]", "2001:db8::1", 443, true, false},
        {"http://[::1]:8080", "::1", 8080, false, true},
        {"mail_1.contoso.com", "mail_1.contoso.com", 443, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char data[128];
        struct om_map *map;

        snprintf(data, sizeof data, "a.b=%s,NTLM,Kerberos,FALSE", cases[i].text);
        map = parse(data);
        assert_int_equal(map->error_count, 0);
        assert_string_equal(map->entries[0].proxy, cases[i].host);
        assert_int_equal(map->entries[0].port, cases[i].port);
        assert_int_equal(map->entries[0].port_given, cases[i].given);
        assert_int_equal(map->entries[0].tls, cases[i].tls);
        om_map_free(map);
    }
}

static void test_methods_in_any_case(void **state)
{
    static const struct {
        const char *http, *rpc;
        enum om_http_auth http_auth;
        enum om_rpc_auth rpc_auth;
    } cases[] = {
        {"basic", "none", OM_HTTP_AUTH_BASIC, OM_RPC_METHOD_NONE},
        {"Basic", "Anonymous", OM_HTTP_AUTH_BASIC, OM_RPC_METHOD_NONE},
        {"NTLM", "NTLM", OM_HTTP_AUTH_NTLM, OM_RPC_METHOD_NTLM},
        {"Negotiate", "negotiate", OM_HTTP_AUTH_NEGOTIATE, OM_RPC_METHOD_NEGOTIATE},
        {"ntlm", "KERBEROS", OM_HTTP_AUTH_NTLM, OM_RPC_METHOD_KERBEROS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char data[128];
        struct om_map *map;

        snprintf(data, sizeof data, "a.b=m,%s,%s,True", cases[i].http, cases[i].rpc);
        map = parse(data);
        assert_int_equal(map->entry_count, 1);
        assert_int_equal(map->entries[0].http_auth, cases[i].http_auth);
        assert_int_equal(map->entries[0].rpc_auth, cases[i].rpc_auth);
        assert_true(map->entries[0].ignore_certificate);
        om_map_free(map);
    }
}

static void test_every_separator_divides_entries(void **state)
{
    static const char data[] = " \t;a=m,ntlm,ntlm,false;b=m,ntlm,ntlm,false c=m,ntlm,ntlm,false\r\n"
                               "d=m,ntlm,ntlm,false\0e=m,ntlm,ntlm,false\0";
    struct om_map *map = parse_sized(data, sizeof data);

    (void)state;
    assert_int_equal(map->entry_count, 5);
    assert_int_equal(map->error_count, 0);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(map->entries[i].domain[0], "abcde"[i]);
        assert_int_equal(map->entries[i].entry, i + 1);
        assert_int_equal(data[map->entries[i].column - 1], "abcde"[i]);
    }
    om_map_free(map);
    map = parse(" ;\n ");
    assert_int_equal(map->entry_count + map->error_count + map->warning_count, 0);
    om_map_free(map);
}

/* ---- what is not ---- */

static void test_mistakes_name_entry_and_column(void **state)
{
    static const struct {
        const char *data;
        uint32_t entry, column;
        const char *word; /* in the message */
    } cases[] = {
        {"contoso.com", 1, 1, "no '='"},
        {"a.b=m,ntlm,ntlm,false nonsense", 2, 23, "no '='"},
        {"=m,ntlm,ntlm,false", 1, 1, "no domain"},
        {"a..b=m,ntlm,ntlm,false", 1, 3, "no domain"},
        {"*.b=m,ntlm,ntlm,false", 1, 1, "no domain"},
        {"a@b=m,ntlm,ntlm,false", 1, 2, "no domain"},
        {"a.b=,ntlm,ntlm,false", 1, 5, "no name"},
        {"a.b=ftp://m,ntlm,ntlm,false", 1, 5, "scheme"},
        {"a.b=https://,ntlm,ntlm,false", 1, 13, "no name"},
        {"a.b=m/rpc,ntlm,ntlm,false", 1, 6, "path"},
        {"a.b=m:0,ntlm,ntlm,false", 1, 7, "port"},
        {"a.b=m:,ntlm,ntlm,false", 1, 7, "port"},
        {"a.b=m:65536,ntlm,ntlm,false", 1, 7, "port"},
        {"a.b=m:44e,ntlm,ntlm,false", 1, 7, "port"},
        {"a.b=[::1,ntlm,ntlm,false", 1, 5, "]"},
        {"a.b=[::g],ntlm,ntlm,false", 1, 8, "character"},
        {"a.b=[::1]x,ntlm,ntlm,false", 1, 10, "port"},
        {"a.b=m,digest,ntlm,false", 1, 7, "\"digest\""},
        {"a.b=m,kerberos,ntlm,false", 1, 7, "HTTP method"},
        {"a.b=m,none,ntlm,false", 1, 7, "HTTP method"},
        {"a.b=m,ntlm,basic,false", 1, 12, "RPC method"},
        {"a.b=m,ntlm,,false", 1, 12, "RPC method"},
        {"a.b=m,ntlm,ntlm,1", 1, 17, "true or false"},
        {"a.b=m,ntlm,ntlm", 1, 16, "3 fields"},
        {"a.b=m", 1, 6, "1 fields"},
        {"a.b=", 1, 5, "1 fields"},
        {"a.b=m,ntlm,ntlm,false,x", 1, 23, "more than four"},
        {"a.b=m=n,ntlm,ntlm,false", 1, 6, "character"},
        {"a.b = m,ntlm,ntlm,false", 1, 1, "no '='"},
        {"caf\xC3\xA9.fr=m,ntlm,ntlm,false", 1, 4, "no domain"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct om_map *map = parse(cases[i].data);

        if (map->error_count == 0)
            fail_msg("no error in %s", cases[i].data);
        if (map->errors[0].column != cases[i].column ||
            !strstr(map->errors[0].message, cases[i].word))
            fail_msg("%s: column %u: %s", cases[i].data, map->errors[0].column,
                     map->errors[0].message);
        assert_int_equal(map->errors[0].entry, cases[i].entry);
        assert_int_equal(map->errors[0].kind, OM_MAP_ERROR);
        assert_string_equal(map->errors[0].value_name, "RpcHttpProxyMap_T");
        om_map_free(map);
    }
}

static void test_every_mistake_is_listed_and_good_entries_stay(void **state)
{
    struct om_map *map =
        parse("x a.b=m,foo,bar,maybe good.com=m,ntlm,ntlm,false b.c=://,ntlm,ntlm,false");

    (void)state;
    assert_int_equal(map->entry_count, 1);
    assert_string_equal(map->entries[0].domain, "good.com");
    assert_int_equal(map->entries[0].entry, 3);
    assert_int_equal(map->error_count, 5);
    assert_int_equal(map->errors[1].column, 9);
    assert_int_equal(map->errors[2].column, 13);
    assert_int_equal(map->errors[3].column, 17);
    assert_int_equal(map->errors[4].entry, 4);
    om_map_free(map);
}

static void test_there_are_ceilings(void **state)
{
    static const char entry[] = "a.b=m,ntlm,ntlm,false ";
    size_t n = 70000;
    char *data = malloc(n + 1);
    struct om_map_value values[3];
    struct om_error err = OM_ERROR_INIT;
    struct om_map *map;

    (void)state;
    for (size_t i = 0; i <= n; i++)
        data[i] = entry[i % (sizeof entry - 1)];
    map = parse_sized(data, n);
    assert_int_equal(map->entry_count, 0);
    assert_int_equal(map->error_count, 1);
    om_map_free(map);
    for (int i = 0; i < 3; i++)
        values[i] = (struct om_map_value){"RpcHttpProxyMap", data, 22 * 2700};
    assert_int_equal(om_map_parse(values, 3, &map, &err), OM_OK);
    assert_int_equal(map->entry_count, 4096);
    assert_true(map->error_count > 0);
    assert_non_null(strstr(map->errors[0].message, "more than 4096"));
    om_map_free(map);
    free(data);
}

/* ---- warnings ---- */

/* The first warning of a kind; an entry can deserve several. */
static const struct om_map_problem *warning(const struct om_map *map, enum om_map_warning kind)
{
    for (uint32_t i = 0; i < map->warning_count; i++) {
        if (map->warnings[i].kind == kind)
            return &map->warnings[i];
    }
    return NULL;
}

static void test_warnings(void **state)
{
    static const struct {
        const char *data;
        enum om_map_warning kind;
        uint32_t entry, column;
    } cases[] = {
        {"a.b=m,ntlm,ntlm,true", OM_MAP_CERTIFICATE_OFF, 1, 17},
        {"a.b=http://m,basic,ntlm,false", OM_MAP_BASIC_WITHOUT_TLS, 1, 5},
        {"a.b=m,ntlm,kerberos,false", OM_MAP_UNSUPPORTED, 1, 12},
        {"aB.c=m,ntlm,ntlm,false", OM_MAP_CASE, 1, 2},
        {"a.b=m,ntlm,ntlm,false A.b=M:443,ntlm,ntlm,false", OM_MAP_CASE, 2, 23},
        {"a.b=m,ntlm,ntlm,false a.b=m:443,ntlm,ntlm,false", OM_MAP_DUPLICATE, 2, 23},
        {"a.b=m,ntlm,ntlm,false a.b=m,basic,ntlm,false", OM_MAP_SHADOWED, 2, 23},
        {"*=m,ntlm,ntlm,false *=n,ntlm,ntlm,false", OM_MAP_SHADOWED, 2, 21},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct om_map *map = parse(cases[i].data);
        const struct om_map_problem *w = warning(map, cases[i].kind);

        assert_int_equal(map->error_count, 0);
        assert_non_null(w);
        assert_int_equal(w->entry, cases[i].entry);
        assert_int_equal(w->column, cases[i].column);
        om_map_free(map);
    }
}

static void test_good_maps_warn_of_nothing(void **state)
{
    struct om_map *map =
        parse("*=m,ntlm,ntlm,false a.b=m,basic,none,false b.c=http://m,ntlm,ntlm,false");

    (void)state;
    assert_int_equal(map->error_count + map->warning_count, 0);
    om_map_free(map);
}

static void test_the_first_of_equals_counts(void **state)
{
    struct om_map *map =
        parse("*=m,ntlm,ntlm,false a=x,ntlm,ntlm,false *=n,ntlm,ntlm,false A=y,ntlm,ntlm,false");

    (void)state;
    assert_string_equal(om__map_find(map, "b", false)->proxy, "m");
    assert_string_equal(om__map_find(map, "a", false)->proxy, "x");
    assert_string_equal(om__map_find(map, "A", false)->proxy, "x");
    assert_string_equal(om__map_find(map, "A", true)->proxy, "y");
    om_map_free(map);
}

/* ---- several values ---- */

static void test_values_merge_in_the_order_of_their_names(void **state)
{
    struct om_map_value values[] = {
        {"RpcHttpProxyMap_z", "a.b=z,ntlm,ntlm,false", 21},
        {"RpcHttpProxyMap_M", "a.b=m,ntlm,ntlm,false *=star,ntlm,ntlm,false", 46 - 2},
        {"RpcHttpProxyMap", "c.d=first,ntlm,ntlm,false", 25},
    };
    struct om_error err = OM_ERROR_INIT;

    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        struct om_map_value swap = values[0];
        struct om_map *map;

        assert_int_equal(om_map_parse(values, 3, &map, &err), OM_OK);
        assert_int_equal(map->error_count, 0);
        assert_int_equal(map->entry_count, 4);
        assert_string_equal(map->entries[0].proxy, "first");
        assert_string_equal(om__map_find(map, "A.B", false)->proxy, "m");
        assert_string_equal(om__map_find(map, "A.B", true)->proxy, "star");
        assert_string_equal(om__map_find(map, "other", false)->proxy, "star");
        assert_int_equal(map->warning_count, 1);
        assert_int_equal(map->warnings[0].kind, OM_MAP_SHADOWED);
        assert_string_equal(map->warnings[0].value_name, "RpcHttpProxyMap_z");
        om_map_free(map);
        values[0] = values[2];
        values[2] = swap;
    }
}

/* ---- in the store ---- */

static void test_values_live_in_the_store(void **state)
{
    char home[] = "/tmp/onemapi-map-XXXXXX", file[64];
    static const char two[] = "c=m,ntlm,ntlm,false\0d=n,ntlm,ntlm,false";
    struct om_error err = OM_ERROR_INIT;
    struct om_map_values *values;
    struct om_store *s;
    struct om_map *map;

    (void)state;
    assert_non_null(mkdtemp(home));
    assert_int_equal(om_store_open(home, OM_STORE_WRITE, &s, &err), OM_OK);
    assert_int_equal(om_map_set(s, "RpcHttpProxyMap_b", "a=m,ntlm,ntlm,false", 19, &err), OM_OK);
    assert_int_equal(om_map_set(s, "RpcHttpProxyMap", two, sizeof two, &err), OM_OK);
    assert_int_equal(om_map_set(s, "rpchttpproxymap_B", "b=m,ntlm,ntlm,false", 19, &err), OM_OK);
    assert_int_equal(om_map_list(s, &values, &err), OM_OK);
    assert_int_equal(values->count, 2); /* names compare without case */
    assert_int_equal(values->items[0].size, sizeof two);
    assert_memory_equal(values->items[0].data, two, sizeof two);
    assert_string_equal(values->items[1].data, "b=m,ntlm,ntlm,false");
    om_map_values_free(values);
    assert_int_equal(om_map_load(s, &map, &err), OM_OK);
    assert_int_equal(map->entry_count, 3);
    om_map_free(map);

    assert_int_equal(om_map_set(s, "ProxyMap", "", 0, &err), MAPI_E_INVALID_PARAMETER);
    assert_int_equal(err.cause, OM_CAUSE_BAD_ARGUMENT);
    om_error_clear(&err);
    assert_int_equal(om_map_set(s, "RpcHttpProxyMap_b", "q.r=m,ntlm,ntml,false x", 23, &err),
                     MAPI_E_INVALID_PARAMETER);
    assert_int_equal(err.cause, OM_CAUSE_BAD_SYNTAX);
    assert_int_equal(err.layer, OM_LAYER_MAP);
    assert_int_equal(err.native, 12);
    assert_non_null(strstr(err.detail, "RpcHttpProxyMap_b, entry 1, column 12"));
    assert_non_null(strstr(err.detail, "and 1 more"));
    om_error_clear(&err);
    assert_int_equal(om_map_delete(s, "RpcHttpProxyMap_B", &err), OM_OK);
    assert_int_equal(om_map_delete(s, "RpcHttpProxyMap_B", &err), MAPI_E_NOT_FOUND);
    om_store_close(s);
    snprintf(file, sizeof file, "%s/profiles.db", home);
    unlink(file);
    rmdir(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_articles_entry),
        cmocka_unit_test(test_proxies_with_scheme_port_and_address),
        cmocka_unit_test(test_methods_in_any_case),
        cmocka_unit_test(test_every_separator_divides_entries),
        cmocka_unit_test(test_mistakes_name_entry_and_column),
        cmocka_unit_test(test_every_mistake_is_listed_and_good_entries_stay),
        cmocka_unit_test(test_there_are_ceilings),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_good_maps_warn_of_nothing),
        cmocka_unit_test(test_the_first_of_equals_counts),
        cmocka_unit_test(test_values_merge_in_the_order_of_their_names),
        cmocka_unit_test(test_values_live_in_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
