/* SPDX-License-Identifier: MIT */
#include <onemapi/explain.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ec.h"
#include "base/err.h"
#include "base/rpc_fault.h"

struct code {
    uint32_t code;
    const char *name, *meaning;
};

#define STATUS_(name, scode, text) {scode, #name, text},
static const struct code mapi_codes[] = {OM_STATUS_LIST(STATUS_)};
#undef STATUS_

#define EC_(name, code, status, cause, text) {code, #name, text},
static const struct code ec_codes[] = {OM_EC_LIST(EC_)};
#undef EC_

/* What travels as a fault, and Win32 codes a Windows server logs beside it ([MS-ERREF] 2.2). */
#define FAULT_(name, code, status, cause, text) {code, #name, text},
static const struct code rpc_codes[] = {
    OM_RPC_FAULT_LIST(FAULT_){0x0000052E, "ERROR_LOGON_FAILURE",
                              "the user name or password is wrong"},
    {0x00000530, "ERROR_INVALID_LOGON_HOURS", "the account may not log on at this hour"},
    {0x00000531, "ERROR_INVALID_WORKSTATION", "the account may not log on from this machine"},
    {0x00000532, "ERROR_PASSWORD_EXPIRED", "the password has expired"},
    {0x00000533, "ERROR_ACCOUNT_DISABLED", "the account is disabled"},
    {0x00000773, "ERROR_PASSWORD_MUST_CHANGE", "the password must be changed first"},
    {0x00000775, "ERROR_ACCOUNT_LOCKED_OUT", "the account is locked out"},
    {0x000006A6, "RPC_S_INVALID_BINDING", "the binding is not valid"},
};
#undef FAULT_

/* What stands in "HTTP/1.1 503 RPC Error: 6ba". [MS-RPCH] 2.1.2.1.3 */
static const struct code rpc_proxy_codes[] = {
    {0x00000005, "RPC Error: 5", "the RPC proxy refuses this user or this server and port"},
    {0x000006BA, "RPC Error: 6ba", "the RPC proxy could not reach the server and port behind it"},
    {0x000006BE, "RPC Error: 6be", "the connection between RPC proxy and server broke"},
    {0x000006C0, "RPC Error: 6c0", "the RPC proxy did not understand the RTS traffic"},
};

/* RFC 9110 15 */
static const struct code http_codes[] = {
    {200, "OK", "the request succeeded"},
    {301, "Moved Permanently", "the address has moved"},
    {302, "Found", "the address is elsewhere for now"},
    {307, "Temporary Redirect", "the address is elsewhere for now"},
    {400, "Bad Request", "the server did not understand the request"},
    {401, "Unauthorized", "the server wants other credentials, or another method"},
    {403, "Forbidden", "the server will not do this for this user"},
    {404, "Not Found", "there is nothing at this address"},
    {405, "Method Not Allowed", "this address takes no such request"},
    {407, "Proxy Authentication Required", "a web proxy in between wants credentials"},
    {408, "Request Timeout", "the server got tired of waiting for the request"},
    {411, "Length Required", "the server wants a Content-Length"},
    {413, "Content Too Large", "the server refuses a body of this size"},
    {440, "Login Timeout", "the session at the server has ended"},
    {500, "Internal Server Error", "the web server failed"},
    {501, "Not Implemented", "the server does not know RPC_IN_DATA and RPC_OUT_DATA"},
    {502, "Bad Gateway", "a gateway got no good answer from behind"},
    {503, "Service Unavailable", "the service is down, or the RPC proxy reports an RPC error"},
    {504, "Gateway Timeout", "a gateway got no answer in time"},
};

/* [MS-ERREF] 2.3.1: what a Windows server logs, and NTLM hands out, for a refused logon. */
static const struct code ntstatus_codes[] = {
    {0xC0000022, "STATUS_ACCESS_DENIED", "access is denied"},
    {0xC000005E, "STATUS_NO_LOGON_SERVERS", "no domain controller could be asked"},
    {0xC0000064, "STATUS_NO_SUCH_USER", "the user does not exist"},
    {0xC000006A, "STATUS_WRONG_PASSWORD", "the password is wrong"},
    {0xC000006D, "STATUS_LOGON_FAILURE", "the user name or password is wrong"},
    {0xC000006E, "STATUS_ACCOUNT_RESTRICTION",
     "the account has a restriction, such as no empty password"},
    {0xC000006F, "STATUS_INVALID_LOGON_HOURS", "the account may not log on at this hour"},
    {0xC0000070, "STATUS_INVALID_WORKSTATION", "the account may not log on from this machine"},
    {0xC0000071, "STATUS_PASSWORD_EXPIRED", "the password has expired"},
    {0xC0000072, "STATUS_ACCOUNT_DISABLED", "the account is disabled"},
    {0xC0000133, "STATUS_TIME_DIFFERENCE_AT_DC",
     "the clocks of client and domain controller differ too much"},
    {0xC000015B, "STATUS_LOGON_TYPE_NOT_GRANTED", "the account may not log on this way"},
    {0xC0000193, "STATUS_ACCOUNT_EXPIRED", "the account has expired"},
    {0xC0000224, "STATUS_PASSWORD_MUST_CHANGE", "the password must be changed first"},
    {0xC0000234, "STATUS_ACCOUNT_LOCKED_OUT", "the account is locked out"},
    {0xC0000413, "STATUS_AUTHENTICATION_FIREWALL_FAILED", "a trust does not let this account in"},
};

/* [MS-ERREF] 2.1.1 */
static const struct code sspi_codes[] = {
    {0x80090308, "SEC_E_INVALID_TOKEN", "a security token could not be read"},
    {0x8009030C, "SEC_E_LOGON_DENIED", "the logon was refused"},
    {0x8009030E, "SEC_E_NO_CREDENTIALS", "there are no credentials"},
    {0x8009030F, "SEC_E_MESSAGE_ALTERED", "a signature does not match"},
    {0x80090311, "SEC_E_NO_AUTHENTICATING_AUTHORITY", "no domain controller could be asked"},
    {0x80090322, "SEC_E_WRONG_PRINCIPAL", "the target principal name is not the server's"},
    {0x80090325, "SEC_E_UNTRUSTED_ROOT", "the certificate's root is not trusted"},
    {0x80090326, "SEC_E_ILLEGAL_MESSAGE", "a TLS message was not as expected"},
    {0x80090328, "SEC_E_CERT_EXPIRED", "the certificate has expired"},
    {0x80090346, "SEC_E_BAD_BINDINGS", "the channel binding does not match"},
};

#define LIST(kind, codes)                                                                          \
    {                                                                                              \
        kind, codes, sizeof codes / sizeof *codes                                                  \
    }
static const struct {
    const char *kind;
    const struct code *codes;
    size_t count;
} lists[] = {
    LIST("mapi", mapi_codes), LIST("ec", ec_codes),     LIST("rpc-proxy", rpc_proxy_codes),
    LIST("rpc", rpc_codes),   LIST("http", http_codes), LIST("ntstatus", ntstatus_codes),
    LIST("sspi", sspi_codes),
};
#undef LIST

/* What experience adds: usual causes and what to try. */
static const struct {
    const char *kind;
    uint32_t code;
    const char *causes, *advice;
} advices[] = {
    {"mapi", 0x8004011D,
     "the profile has RPC proxy properties and the target is Exchange 2007 or 2010; there is no "
     "public "
     "folder store; no right on the mailbox, or an inherited Deny; too many sessions",
     "look at the layer and cause that onemapi names beneath it; put the proxy into "
     "RpcHttpProxyMap instead "
     "of the profile (or use routing mode smart); set CONNECT_IGNORE_NO_PF; grant Full Access"},
    {"mapi", 0x80040111,
     "wrong password; no entry of RpcHttpProxyMap for the domain of the personalized server id; "
     "the address "
     "book cannot be reached; too many sessions",
     "onemapi map explain SERVER shows what would be used; onemapi map check finds entries that do "
     "not match"},
    {"mapi", 0x8004010F,
     "the name is in no address book; no entry of RpcHttpProxyMap for this domain; a property is "
     "not set",
     "check the spelling; onemapi map explain SERVER"},
    {"mapi", 0x80040115,
     "RPC over TCP to Exchange 2013 or later, which does not serve it; a firewall; a certificate "
     "that is not "
     "trusted; an RPC proxy that cannot reach the server",
     "reach 2013 through RpcHttpProxyMap; check name, port and certificate of the proxy"},
    {"mapi", 0x8004011C, "a property the provider needs is not set",
     "set PR_PROFILE_UNRESOLVED_NAME and PR_PROFILE_UNRESOLVED_SERVER in the global section"},
    {"mapi", 0x80070005, "no right on the mailbox or folder, or an inherited Deny",
     "grant Full Access, and look for Deny entries that are inherited"},
    {"mapi", 0x80040700, "several address book entries fit the name",
     "use the alias, the SMTP address, or =alias for an exact match"},
    {"ec", 0x0970, "the server demands RPC encryption, which Exchange 2010 does by default",
     "onemapi prop set PROFILE global PR_PROFILE_UI_STATE=EDK_PROFILEUISTATE_ENCRYPTNETWORK"},
    {"ec", 0x03EB,
     "the DN is wrong; the mailbox is hidden, deleted, or not yet created by a first logon",
     "onemapi resolve NAME shows the DN the address book has"},
    {"ec", 0x03F2, "no right on the mailbox, or an inherited Deny",
     "grant Full Access, and look for Deny entries that are inherited"},
    {"ec", 0x80070005, "no right on the mailbox, or an inherited Deny",
     "grant Full Access, and look for Deny entries that are inherited"},
    {"ec", 0x0478, "the mailbox was moved, or the profile names an old server",
     "set PR_PROFILE_UNRESOLVED_SERVER to what Autodiscover says now"},
    {"ec", 0x047F, "more than five logons at the wrong server within ten seconds",
     "wait, then correct the server name"},
    {"ec", 0x04DF, "the administrator blocks this client version",
     "announce a version the server allows"},
    {"ec", 0x011C, "the logon is to a store that is not the mailbox's home",
     "set PR_PROFILE_UNRESOLVED_SERVER to what Autodiscover says now"},
    {"ec", 0x04BC, "the RPC connection carries no authentication", "choose ntlm or negotiate"},
    {"ec", 0x04E0, "the administrator blocks RPC over HTTP for this mailbox",
     "Set-CASMailbox -MAPIBlockOutlookRpcHttp $false, or reach the server over TCP"},
    {"ec", 0x04E1, "the administrator lets clients in cached mode in only",
     "Set-CASMailbox -MAPIBlockOutlookNonCachedMode $false"},
    {"ec", 0x07D8, "the administrator disabled MAPI for this mailbox",
     "Set-CASMailbox -MAPIEnabled $true"},
    {"ec", 0x04B6, "a ROP of the buffer is one the server does not know, or is damaged",
     "report it with -vv"},
    {"ec", 0x80070057,
     "a logon without USE_PER_MDB_REPLID_MAPPING, or another mistake of the client's",
     "report it with -vv"},
    {"rpc", 0x0005,
     "the bind was not authenticated as the interface demands; a wrong password shows this "
     "way too, at the first call",
     "check user, password and RPC authentication method"},
    {"rpc", 0x06BA,
     "the server is down, or a firewall or the RPC proxy does not let this port through",
     "check that ports 6001, 6002 and 6004 are open from the RPC proxy to the server"},
    {"rpc", 0x06D9,
     "the server is no Exchange server, the service is not running, or it is Exchange 2013 "
     "or later, which registers nothing for TCP",
     "check the server name; reach 2013 and later by RPC over HTTP"},
    {"rpc", 0x06F7, "the client's arguments do not have the form the server expects",
     "report it with -vv"},
    {"rpc", 0x0721, "sequence numbers or keys of client and server differ",
     "try another RPC authentication method; report it with -vv"},
    {"rpc-proxy", 0x06BA,
     "the personalized server id is wrong or of another organisation; the port is not "
     "among the proxy's ValidPorts; the server behind is down",
     "compare PR_PROFILE_UNRESOLVED_SERVER with what Autodiscover says"},
    {"rpc-proxy", 0x0005, "the proxy's ValidPorts do not have this server and port",
     "ask the administrator of the RPC proxy"},
    {"http", 401,
     "wrong user or password; the map or the profile says ntlm and the proxy offers basic, or the "
     "reverse; a TLS-inspecting proxy where Extended Protection is on",
     "compare the second field of the map entry with what the server offers in WWW-Authenticate"},
    {"http", 403, "plain HTTP where the proxy demands TLS; the user may not use Outlook Anywhere",
     "use https in the map entry or ROHFLAGS_SSL_ONLY in PR_ROH_FLAGS"},
    {"http", 404, "the host is no RPC proxy: there is no /rpc/rpcproxy.dll",
     "check the proxy's name in the map entry or in PR_ROH_PROXY_SERVER"},
    {"http", 413,
     "a reverse proxy in between limits the size of bodies; RPC_IN_DATA declares 1 GiB",
     "lift the limit for /rpc in the reverse proxy"},
    {"http", 501, "a reverse proxy in between does not pass these methods",
     "let it pass RPC_IN_DATA and RPC_OUT_DATA, unbuffered"},
    {"http", 503, "the text after 503 says which: \"RPC Error: 6ba\" comes from the RPC proxy",
     "onemapi error 6ba"},
    {"sspi", 0x80090346, "a TLS-inspecting proxy in between, with Extended Protection on",
     "go around the inspecting proxy"},
    {"ntstatus", 0xC0000133, "the clock of this machine is wrong", "set the clock"},
};

static void add(struct om_codes *out, size_t list, const struct code *c)
{
    struct om_code_info *info;

    for (uint32_t i = 0; i < out->count; i++) {
        if (out->items[i].code == c->code && out->items[i].kind == lists[list].kind)
            return;
    }
    if (out->count == OM_CODES_MAX)
        return;
    info = &out->items[out->count++];
    *info = (struct om_code_info){lists[list].kind, c->code, c->name, c->meaning, "", ""};
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        if (advices[i].code == c->code && strcmp(advices[i].kind, info->kind) == 0) {
            info->causes = advices[i].causes;
            info->advice = advices[i].advice;
        }
    }
}

static void add_number(struct om_codes *out, uint32_t code)
{
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        for (size_t i = 0; i < lists[l].count; i++) {
            if (lists[l].codes[i].code == code && code != 0)
                add(out, l, &lists[l].codes[i]);
        }
    }
}

static void add_name(struct om_codes *out, const char *name)
{
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        for (size_t i = 0; i < lists[l].count; i++) {
            if (strcasecmp(lists[l].codes[i].name, name) == 0)
                add(out, l, &lists[l].codes[i]);
        }
    }
}

/* -2147221231, 1722; then 0x6ba, 6ba. False when the text is no number of that base. */
static bool number(const char *text, int base, uint32_t *code)
{
    bool hex_mark = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    long long v;
    char *end;

    if ((base == 10 && hex_mark) || strspn(text, "+-0123456789abcdefABCDEFxX") != strlen(text))
        return false;
    errno = 0;
    v = strtoll(text, &end, base);
    if (errno || end == text || *end || v < INT32_MIN || v > UINT32_MAX || (base == 16 && v < 0))
        return false;
    *code = (uint32_t)v;
    return true;
}

static void similar(const char *text, char *buf, size_t size)
{
    size_t used = 0;
    unsigned found = 0;

    *buf = '\0';
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        for (size_t i = 0; i < lists[l].count && strlen(text) > 2; i++) {
            const char *name = lists[l].codes[i].name;

            if (!strcasestr(name, text) || found == 5 || used >= size)
                continue;
            used += (size_t)snprintf(buf + used, size - used, "%s%s",
                                     found++ ? ", " : "; there are: ", name);
        }
    }
}

om_status om_code_explain(const char *text, struct om_codes *out, struct om_error *err)
{
    struct om_codes found = {0};
    char names[160];
    uint32_t code;

    if (number(text, 10, &code))
        add_number(&found, code);
    if (number(text, 16, &code))
        add_number(&found, code);
    add_name(&found, text);
    if (found.count == 0) {
        similar(text, names, sizeof names);
        return om__fail(err, MAPI_E_NOT_FOUND, OM_LAYER_USAGE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE,
                        0, "no code \"%.60s\" is known%s", text, names);
    }
    *out = found;
    return OM_OK;
}
