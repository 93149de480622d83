/* SPDX-License-Identifier: MIT */
/* Names of the bits and values of properties that are flags or one of a list. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <onemapi/prop.h>

#include "base/err.h"
#include "base/nearest.h"

struct flag {
    const char *name;
    uint32_t value;
};

#define END                                                                                        \
    {                                                                                              \
        NULL, 0                                                                                    \
    }

/* Of names with one value the first is the one that is shown. */
static const struct flag profile_config[] = {
    {"CONFIG_SERVICE", 0x1},
    {"CONFIG_SHOW_STARTUP_UI", 0x2},
    {"CONFIG_SHOW_CONNECT_UI", 0x4},
    {"CONFIG_PROMPT_FOR_CREDENTIALS", 0x8},
    {"CONFIG_NO_AUTO_DETECT", 0x10},
    {"CONFIG_OST_CACHE_ONLY", 0x20},
    END,
};

static const struct flag profile_connect[] = {
    {"CONNECT_USE_ADMIN_PRIVILEGE", 0x1},
    {"CONNECT_NO_RPC_ENCRYPTION", 0x2},
    {"CONNECT_USE_SEPARATE_CONNECTION", 0x4},
    {"CONNECT_NO_UNDER_COVER_CONNECTION", 0x8},
    {"CONNECT_ANONYMOUS_ACCESS", 0x10},
    {"CONNECT_NO_NOTIFICATIONS", 0x20},
    {"CONNECT_NO_TABLE_NOTIFICATIONS", 0x20},
    {"CONNECT_NO_ADDRESS_RESOLUTION", 0x40},
    {"CONNECT_RESTORE_DATABASE", 0x80},
    {"CONNECT_IGNORE_NO_PF", 0x8000},
    END,
};

static const struct flag profile_transport[] = {
    {"TRANSPORT_DOWNLOAD", 0x1},
    {"TRANSPORT_UPLOAD", 0x2},
    END,
};

static const struct flag profile_ui_state[] = {
    {"EDK_PROFILEUISTATE_ENCRYPTNETWORK", 0x4000},
    END,
};

static const struct flag profile_open[] = {
    {"OPENSTORE_USE_ADMIN_PRIVILEGE", 0x1},
    {"OPENSTORE_PUBLIC", 0x2},
    {"OPENSTORE_HOME_LOGON", 0x4},
    {"OPENSTORE_TAKE_OWNERSHIP", 0x8},
    {"OPENSTORE_OVERRIDE_HOME_MDB", 0x10},
    {"OPENSTORE_TRANSPORT", 0x20},
    {"OPENSTORE_REMOTE_TRANSPORT", 0x40},
    {"OPENSTORE_INTERNET_ANONYMOUS", 0x80},
    {"OPENSTORE_ALTERNATE_SERVER", 0x100},
    {"OPENSTORE_IGNORE_HOME_MDB", 0x200},
    {"OPENSTORE_NO_MAIL", 0x400},
    {"OPENSTORE_OVERRIDE_LAST_MODIFIER", 0x800},
    {"OPENSTORE_CALLBACK_LOGON", 0x1000},
    {"OPENSTORE_LOCAL", 0x2000},
    {"OPENSTORE_FAIL_IF_NO_MAILBOX", 0x4000},
    {"OPENSTORE_CACHE_EXCHANGE", 0x8000},
    {"OPENSTORE_CLI_WITH_NAMEDPROP_FIX", 0x10000},
    {"OPENSTORE_ENABLE_LAZY_LOGGING", 0x20000},
    {"OPENSTORE_CLI_WITH_REPLID_GUID_MAPPING_FIX", 0x40000},
    {"OPENSTORE_NO_LOCALIZATION", 0x80000},
    {"OPENSTORE_RESTORE_DATABASE", 0x100000},
    {"OPENSTORE_XFOREST_MOVE", 0x200000},
    END,
};

static const struct flag profile_type[] = {
    {"PROFILE_PRIMARY_USER", 1},
    {"PROFILE_DELEGATE", 2},
    {"PROFILE_PUBLIC_STORE", 3},
    {"PROFILE_SUBSCRIPTION", 4},
    END,
};

static const struct flag profile_auth_package[] = {
    {"RPC_C_AUTHN_NONE", 0},
    {"RPC_C_AUTHN_DCE_PRIVATE", 1},
    {"RPC_C_AUTHN_DCE_PUBLIC", 2},
    {"RPC_C_AUTHN_DEC_PUBLIC", 4},
    {"RPC_C_AUTHN_GSS_NEGOTIATE", 9},
    {"RPC_C_AUTHN_WINNT", 10},
    {"RPC_C_AUTHN_GSS_SCHANNEL", 14},
    {"RPC_C_AUTHN_GSS_KERBEROS", 16},
    {"RPC_C_AUTHN_DPA", 17},
    {"RPC_C_AUTHN_MSN", 18},
    {"RPC_C_AUTHN_DIGEST", 21},
    {"RPC_C_AUTHN_MQ", 100},
    {"RPC_C_AUTHN_DEFAULT", 0xFFFFFFFF},
    {"OUTL_RPC_AUTHN_ANONYMOUS", 0x8000F001},
    END,
};

static const struct flag roh_flags[] = {
    {"ROHFLAGS_USE_ROH", 0x1},
    {"PRXF_ENABLED", 0x1},
    {"ROHFLAGS_SSL_ONLY", 0x2},
    {"PRXF_SSL", 0x2},
    {"ROHFLAGS_MUTUAL_AUTH", 0x4},
    {"ROHFLAGS_HTTP_FIRST_ON_FAST", 0x8},
    {"PRXF_IGNORE_SEC_WARNING", 0x10},
    {"ROHFLAGS_IGNORE_SEC_WARNING", 0x10},
    {"ROHFLAGS_HTTP_FIRST_ON_SLOW", 0x20},
    END,
};

static const struct flag roh_auth_scheme[] = {
    {"RPC_C_HTTP_AUTHN_SCHEME_BASIC", 0x1},
    {"ROHAUTH_BASIC", 0x1},
    {"RPC_C_HTTP_AUTHN_SCHEME_NTLM", 0x2},
    {"ROHAUTH_NTLM", 0x2},
    {"RPC_C_HTTP_AUTHN_SCHEME_PASSPORT", 0x4},
    {"RPC_C_HTTP_AUTHN_SCHEME_DIGEST", 0x8},
    {"RPC_C_HTTP_AUTHN_SCHEME_NEGOTIATE", 0x10},
    {"RPC_C_HTTP_AUTHN_SCHEME_CERT", 0x10000},
    END,
};

/* A provider's, and a message service's. */
static const struct flag resource_flags[] = {
    {"STATUS_DEFAULT_OUTBOUND", 0x1},      {"STATUS_DEFAULT_STORE", 0x2},
    {"STATUS_PRIMARY_IDENTITY", 0x4},      {"STATUS_SIMPLE_STORE", 0x8},
    {"STATUS_XP_PREFER_LAST", 0x10},       {"STATUS_NO_PRIMARY_IDENTITY", 0x20},
    {"STATUS_NO_DEFAULT_STORE", 0x40},     {"STATUS_TEMP_SECTION", 0x80},
    {"STATUS_OWN_STORE", 0x100},           {"STATUS_NEED_IPM_TREE", 0x800},
    {"STATUS_PRIMARY_STORE", 0x1000},      {"STATUS_SECONDARY_STORE", 0x2000},
    {"SERVICE_DEFAULT_STORE", 0x1},        {"SERVICE_SINGLE_COPY", 0x2},
    {"SERVICE_CREATE_WITH_STORE", 0x4},    {"SERVICE_PRIMARY_IDENTITY", 0x8},
    {"SERVICE_NO_PRIMARY_IDENTITY", 0x20}, END,
};

static const struct flag resource_type[] = {
    {"MAPI_STORE_PROVIDER", 33},
    {"MAPI_AB", 34},
    {"MAPI_AB_PROVIDER", 35},
    {"MAPI_TRANSPORT_PROVIDER", 36},
    {"MAPI_SPOOLER", 37},
    {"MAPI_PROFILE_PROVIDER", 38},
    {"MAPI_SUBSYSTEM", 39},
    {"MAPI_HOOK_PROVIDER", 40},
    END,
};

static const struct flag store_support[] = {
    {"STORE_ENTRYID_UNIQUE", 0x1},    {"STORE_READONLY", 0x2},
    {"STORE_SEARCH_OK", 0x4},         {"STORE_MODIFY_OK", 0x8},
    {"STORE_CREATE_OK", 0x10},        {"STORE_ATTACH_OK", 0x20},
    {"STORE_OLE_OK", 0x40},           {"STORE_SUBMIT_OK", 0x80},
    {"STORE_NOTIFY_OK", 0x100},       {"STORE_MV_PROPS_OK", 0x200},
    {"STORE_CATEGORIZE_OK", 0x400},   {"STORE_RTF_OK", 0x800},
    {"STORE_RESTRICTION_OK", 0x1000}, {"STORE_SORT_OK", 0x2000},
    {"STORE_PUBLIC_FOLDERS", 0x4000}, {"STORE_UNCOMPRESSED_RTF", 0x8000},
    {"STORE_HTML_OK", 0x10000},       {"STORE_ANSI_OK", 0x20000},
    {"STORE_UNICODE_OK", 0x40000},    {"STORE_LOCALSTORE", 0x80000},
    {"STORE_ITEMPROC", 0x200000},     {"STORE_PUSHER_OK", 0x800000},
    {"STORE_RULES_OK", 0x10000000},   END,
};

static const struct flag object_type[] = {
    {"MAPI_STORE", 1},
    {"MAPI_ADDRBOOK", 2},
    {"MAPI_FOLDER", 3},
    {"MAPI_ABCONT", 4},
    {"MAPI_MESSAGE", 5},
    {"MAPI_MAILUSER", 6},
    {"MAPI_ATTACH", 7},
    {"MAPI_DISTLIST", 8},
    {"MAPI_PROFSECT", 9},
    {"MAPI_STATUS", 10},
    {"MAPI_SESSION", 11},
    {"MAPI_FORMINFO", 12},
    END,
};

static const struct flag display_type[] = {
    {"DT_MAILUSER", 0},
    {"DT_DISTLIST", 1},
    {"DT_FORUM", 2},
    {"DT_AGENT", 3},
    {"DT_ORGANIZATION", 4},
    {"DT_PRIVATE_DISTLIST", 5},
    {"DT_REMOTE_MAILUSER", 6},
    {"DT_MODIFIABLE", 0x10000},
    {"DT_GLOBAL", 0x20000},
    {"DT_LOCAL", 0x30000},
    {"DT_WAN", 0x40000},
    {"DT_NOT_SPECIFIC", 0x50000},
    {"DT_FOLDER", 0x1000000},
    {"DT_FOLDER_LINK", 0x2000000},
    {"DT_FOLDER_SPECIAL", 0x4000000},
    END,
};

static const struct flag folder_type[] = {
    {"FOLDER_ROOT", 0},
    {"FOLDER_GENERIC", 1},
    {"FOLDER_SEARCH", 2},
    END,
};

static const struct flag message_flags[] = {
    {"MSGFLAG_READ", 0x1},
    {"MSGFLAG_UNMODIFIED", 0x2},
    {"MSGFLAG_SUBMIT", 0x4},
    {"MSGFLAG_UNSENT", 0x8},
    {"MSGFLAG_HASATTACH", 0x10},
    {"MSGFLAG_FROMME", 0x20},
    {"MSGFLAG_ASSOCIATED", 0x40},
    {"MSGFLAG_RESEND", 0x80},
    {"MSGFLAG_RN_PENDING", 0x100},
    {"MSGFLAG_NRN_PENDING", 0x200},
    END,
};

static const struct flag access_flags[] = {
    {"MAPI_ACCESS_MODIFY", 0x1},
    {"MAPI_ACCESS_READ", 0x2},
    {"MAPI_ACCESS_DELETE", 0x4},
    {"MAPI_ACCESS_CREATE_HIERARCHY", 0x8},
    {"MAPI_ACCESS_CREATE_CONTENTS", 0x10},
    {"MAPI_ACCESS_CREATE_ASSOCIATED", 0x20},
    END,
};

static const struct flag container_flags[] = {
    {"AB_RECIPIENTS", 0x1},    {"AB_SUBCONTAINERS", 0x2},
    {"AB_MODIFIABLE", 0x4},    {"AB_UNMODIFIABLE", 0x8},
    {"AB_FIND_ON_OPEN", 0x10}, {"AB_NOT_DEFAULT", 0x20},
    {"AB_CONF_ROOMS", 0x200},  END,
};

enum form {
    BITS,  /* names joined with '|' */
    VALUE, /* one of the names */
};

/* All are PT_LONG. */
static const struct prop_flags {
    om_proptag tag;
    enum form form;
    const struct flag *flags;
} tables[] = {
    {0x0E070003, BITS, message_flags},         /* PR_MESSAGE_FLAGS */
    {0x0FF40003, BITS, access_flags},          /* PR_ACCESS */
    {0x0FFE0003, VALUE, object_type},          /* PR_OBJECT_TYPE */
    {0x30090003, BITS, resource_flags},        /* PR_RESOURCE_FLAGS */
    {0x340D0003, BITS, store_support},         /* PR_STORE_SUPPORT_MASK */
    {0x36000003, BITS, container_flags},       /* PR_CONTAINER_FLAGS */
    {0x36010003, VALUE, folder_type},          /* PR_FOLDER_TYPE */
    {0x39000003, VALUE, display_type},         /* PR_DISPLAY_TYPE */
    {0x3E030003, VALUE, resource_type},        /* PR_RESOURCE_TYPE */
    {0x66010003, BITS, profile_config},        /* PR_PROFILE_CONFIG_FLAGS */
    {0x66040003, BITS, profile_connect},       /* PR_PROFILE_CONNECT_FLAGS */
    {0x66050003, BITS, profile_transport},     /* PR_PROFILE_TRANSPORT_FLAGS */
    {0x66060003, BITS, profile_ui_state},      /* PR_PROFILE_UI_STATE */
    {0x66090003, BITS, profile_open},          /* PR_PROFILE_OPEN_FLAGS */
    {0x660A0003, VALUE, profile_type},         /* PR_PROFILE_TYPE */
    {0x66190003, VALUE, profile_auth_package}, /* PR_PROFILE_AUTH_PACKAGE */
    {0x66230003, BITS, roh_flags},             /* PR_ROH_FLAGS */
    {0x66270003, BITS, roh_auth_scheme},       /* PR_ROH_PROXY_AUTH_SCHEME */
};

static const struct prop_flags *find_table(om_proptag tag)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (tables[i].tag == tag)
            return &tables[i];
    }
    return NULL;
}

/* Decimal or 0x, all of the n characters. A minus sign means the 32-bit pattern. */
static bool parse_number(const char *text, size_t n, uint32_t *value)
{
    char digits[16], *end;
    long long v;

    if (n == 0 || n >= sizeof digits || !strchr("-0123456789", text[0]))
        return false;
    memcpy(digits, text, n);
    digits[n] = 0;
    errno = 0;
    v = strtoll(digits, &end, strncasecmp(digits, "0x", 2) == 0 ? 16 : 10);
    if (*end || errno || v < INT32_MIN || v > (long long)UINT32_MAX)
        return false;
    *value = (uint32_t)v;
    return true;
}

static bool parse_name(const struct flag *f, const char *text, size_t n, uint32_t *value)
{
    for (; f && f->name; f++) {
        if (strncasecmp(f->name, text, n) == 0 && f->name[n] == 0) {
            *value = f->value;
            return true;
        }
    }
    return false;
}

static om_status unknown(const struct prop_flags *t, const char *text, size_t n,
                         struct om_error *err)
{
    struct om__nearest near;
    char word[65], list[160];

    snprintf(word, sizeof word, "%.*s", (int)(n < 64 ? n : 64), text);
    om__nearest_init(&near, word);
    for (const struct flag *f = t ? t->flags : NULL; f && f->name; f++)
        om__nearest_offer(&near, f->name);
    om__nearest_format(&near, list, sizeof list);
    return om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_USAGE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
                    "no flag of this property is called \"%s\"%s", word, list);
}

/* The word from *text up to '|' or the end, without the blanks around it. */
static size_t next_word(const char **text, const char **word)
{
    size_t n = strcspn(*text, "|");
    const char *p = *text;

    *text += n;
    while (n && *p == ' ') {
        p++;
        n--;
    }
    while (n && p[n - 1] == ' ')
        n--;
    *word = p;
    return n;
}

om_status om_propflags_parse(om_proptag tag, const char *text, uint32_t *flags,
                             struct om_error *err)
{
    const struct prop_flags *t = find_table(tag);
    uint32_t all = 0, one;
    unsigned words = 0;
    const char *word;
    size_t n;

    for (;; text++) {
        n = next_word(&text, &word);
        if (!parse_number(word, n, &one) && !parse_name(t ? t->flags : NULL, word, n, &one))
            return unknown(t, word, n, err);
        if (words++ && (!t || t->form == VALUE))
            return om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_USAGE, OM_CAUSE_BAD_SYNTAX,
                            OM_NATIVE_NONE, 0, "this property takes one value, not several");
        all |= one;
        if (!*text)
            break;
    }
    *flags = all;
    return OM_OK;
}

/* snprintf at the end of what is there, cut to size, counting what was cut. */
static void append(char *buf, size_t size, size_t *len, const char *separator, const char *text)
{
    char *at = *len < size ? buf + *len : NULL;

    *len += (size_t)snprintf(at, at ? size - *len : 0, "%s%s", separator, text);
}

int om_propflags_format(om_proptag tag, uint32_t flags, char *buf, size_t size)
{
    const struct prop_flags *t = find_table(tag);
    uint32_t left = flags;
    char number[16];
    size_t len = 0;

    if (!t)
        return -1;
    if (size)
        buf[0] = 0;
    for (const struct flag *f = t->flags; f->name; f++) {
        bool fits = t->form == VALUE ? f->value == flags : (f->value & left) == f->value;

        if (!fits)
            continue;
        append(buf, size, &len, len ? "|" : "", f->name);
        left &= ~f->value;
        if (t->form == VALUE)
            return (int)len;
    }
    if (left || !len) {
        if (t->form == VALUE)
            snprintf(number, sizeof number, "%d", (int)(int32_t)flags);
        else
            snprintf(number, sizeof number, left ? "0x%X" : "%u", left);
        append(buf, size, &len, len ? "|" : "", number);
    }
    return (int)len;
}
