/* SPDX-License-Identifier: MIT */
/*
 * What to do about a failure: one table for the command, the doctor and the manual. A row with
 * layer NONE fits every layer, one with kind NONE every native code, one with native 0 every code
 * of its kind; the first row that fits wins, so the particular stands above the general.
 */
#include <onemapi/error.h>

struct hint {
    enum om_layer layer;
    enum om_cause cause;
    enum om_native kind; /* NONE: any native code */
    uint32_t native;     /* 0: any of that kind */
    const char *text;
};

static const struct hint hints[] = {
    /* the command */
    {OM_LAYER_USAGE, OM_CAUSE_BAD_ARGUMENT, OM_NATIVE_NONE, 0,
     "onemapi --help lists the commands, onemapi COMMAND --help their words and options"},
    {OM_LAYER_USAGE, OM_CAUSE_BAD_SYNTAX, OM_NATIVE_NONE, 0,
     "onemapi COMMAND --help shows how it is written"},
    {OM_LAYER_USAGE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
     "check the spelling; a number may be decimal or, with 0x, hexadecimal"},
    {OM_LAYER_USAGE, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
     "a profile holds no value of that size: give a smaller one"},

    /* profile, map and route */
    {OM_LAYER_MAP, OM_CAUSE_NO_MAP_ENTRY, OM_NATIVE_NONE, 0,
     "say which RPC proxy serves the domain: onemapi map set RpcHttpProxyMap_ONEMAPI "
     "DOMAIN=PROXY,ntlm,ntlm,false; onemapi map list shows what is there"},
    {OM_LAYER_MAP, OM_CAUSE_BAD_SYNTAX, OM_NATIVE_NONE, 0,
     "an entry is DOMAIN=PROXY,HTTP method,RPC method,true or false, as in "
     "contoso.com=mail.contoso.com,ntlm,ntlm,false; onemapi map check names entry and column"},
    {OM_LAYER_ROUTE, OM_CAUSE_PROXY_BLOCKS_LEGACY, OM_NATIVE_NONE, 0,
     "take the RPC proxy out of the profile (onemapi prop delete PROFILE global "
     "PR_ROH_PROXY_SERVER, and "
     "PR_ROH_FLAGS) and into the map (onemapi map set RpcHttpProxyMap_NAME ...), or use the "
     "routing mode "
     "smart (onemapi profile mode PROFILE smart)"},
    {OM_LAYER_PROFILE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
     "onemapi profile list, service list, provider list and prop list show what there is; -p or "
     "ONEMAPI_PROFILE names a profile, onemapi profile default NAME makes it the default"},
    {OM_LAYER_PROFILE, OM_CAUSE_INCOMPLETE, OM_NATIVE_NONE, 0,
     "set PR_PROFILE_UNRESOLVED_NAME and PR_PROFILE_UNRESOLVED_SERVER in the global section: "
     "onemapi prop set PROFILE global NAME=VALUE"},
    {OM_LAYER_STORE, OM_CAUSE_DISK_FULL, OM_NATIVE_NONE, 0,
     "free space where the profiles live (onemapi --help: --home); nothing was changed or lost"},
    {OM_LAYER_STORE, OM_CAUSE_READ_ONLY, OM_NATIVE_NONE, 0,
     "make the home folder writable for you, or use another one with --home; nothing was changed, "
     "reading "
     "still works"},
    {OM_LAYER_STORE, OM_CAUSE_DAMAGED, OM_NATIVE_NONE, 0,
     "the file was left as it is: put a backup in its place, or move it away and set the profiles "
     "up anew; "
     "\"sqlite3 FILE .recover\" often saves most of it"},
    {OM_LAYER_STORE, OM_CAUSE_NEWER_FORMAT, OM_NATIVE_NONE, 0,
     "use the onemapi that wrote it, or a newer one; the file was left as it is"},
    {OM_LAYER_STORE, OM_CAUSE_LOCKED, OM_NATIVE_NONE, 0,
     "another onemapi is changing the profiles; try again when it is done"},
    {OM_LAYER_STORE, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_NONE, 0,
     "profiles live in a folder of your own that nobody else can write in (0700, the file 0600): "
     "change owner "
     "and mode, or use another folder with --home"},
    {OM_LAYER_STORE, OM_CAUSE_IO, OM_NATIVE_NONE, 0,
     "check the disk and the folder the profiles live in"},
    {OM_LAYER_STORE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
     "check the path of the home folder: --home, ONEMAPI_HOME"},
    {OM_LAYER_PROFILE, OM_CAUSE_EXISTS, OM_NATIVE_NONE, 0,
     "use another name, or delete or rename what is there; names differ by more than case"},
    {OM_LAYER_PROFILE, OM_CAUSE_AMBIGUOUS, OM_NATIVE_NONE, 0,
     "name it by its UID: onemapi provider list shows them"},
    {OM_LAYER_PROFILE, OM_CAUSE_BAD_ARGUMENT, OM_NATIVE_NONE, 0,
     "give it a value it can have; onemapi prop get shows what is set"},
    {OM_LAYER_PROFILE, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
     "a profile holds settings, not data: use a shorter value"},
    {OM_LAYER_MAP, OM_CAUSE_BAD_ARGUMENT, OM_NATIVE_NONE, 0,
     "name the value RpcHttpProxyMap and a suffix of your own, such as RpcHttpProxyMap_onemapi"},
    {OM_LAYER_MAP, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0, "onemapi map list shows the values"},
    {OM_LAYER_MAP, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
     "spread the entries over several values: all that begin with RpcHttpProxyMap are merged"},
    {OM_LAYER_ROUTE, OM_CAUSE_BAD_ARGUMENT, OM_NATIVE_NONE, 0,
     "the server is guid@domain, as Autodiscover gives it, or a legacy server's host name"},
    {OM_LAYER_AUTH, OM_CAUSE_NO_CREDENTIALS, OM_NATIVE_NONE, 0,
     "say who you are with --user and --password-file (ONEMAPI_USER, ONEMAPI_PASSWORD_FILE)"},

    /* the way to the server */
    {OM_LAYER_TCP, OM_CAUSE_REFUSED, OM_NATIVE_NONE, 0,
     "nothing listens there: check host and port. Exchange 2013 and later serve no RPC over "
     "TCP; name them by personalized id (guid@domain) and give the domain an entry in the "
     "proxy map"},
    {OM_LAYER_TCP, OM_CAUSE_IO, OM_NATIVE_NONE, 0,
     "the detail is the network library's own: check host, port and route, and the proxy that "
     "https_proxy, http_proxy or all_proxy in the environment names"},
    {OM_LAYER_TCP, OM_CAUSE_TIMEOUT, OM_NATIVE_NONE, 0,
     "a firewall may drop the connection: check host, port and route, or give --timeout more "
     "seconds"},
    /* CURLE_SSL_CACERT_BADFILE */
    {OM_LAYER_TLS, OM_CAUSE_TLS_FAILED, OM_NATIVE_CURL, 77,
     "this machine has no trusted certificates: install ca-certificates"},
    {OM_LAYER_EPM, OM_CAUSE_NOT_REGISTERED, OM_NATIVE_NONE, 0,
     "the host runs no Exchange service of this kind: check the server's name. Exchange 2013 "
     "and later need RPC over HTTP, by an entry in the proxy map"},
    {OM_LAYER_HTTP, OM_CAUSE_AUTH_NOT_OFFERED, OM_NATIVE_NONE, 0,
     "the map's second field (basic, ntlm, negotiate) has to be a method the proxy offers; the "
     "detail lists them"},
    {OM_LAYER_HTTP, OM_CAUSE_BAD_CREDENTIALS, OM_NATIVE_NONE, 0,
     "check user name (DOMAIN\\user or user@domain) and password; where the proxy wants others "
     "than Exchange, give --http-user. Behind a proxy that opens TLS, Extended Protection also "
     "ends like this"},
    {OM_LAYER_HTTP, OM_CAUSE_AUTH_FAILED, OM_NATIVE_HTTP, 401,
     "NTLM needs one connection from its first leg to its last: a proxy or load balancer in "
     "between "
     "may break it; try basic in the map's second field if the server offers it"},
    {OM_LAYER_HTTP, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_NONE, 0,
     "the web server knows the user and refuses: RPC over HTTP may be disabled for this mailbox, "
     "or "
     "this address be barred"},
    {OM_LAYER_HTTP, OM_CAUSE_HTTP_STATUS, OM_NATIVE_HTTP, 404,
     "there is no /rpc/rpcproxy.dll: check the proxy's name; Exchange 2019 and later may have RPC "
     "over "
     "HTTP removed"},
    {OM_LAYER_HTTP, OM_CAUSE_HTTP_STATUS, OM_NATIVE_HTTP, 200,
     "what answered is a web page, not an RPC proxy: check the proxy's name, and for a login page "
     "or "
     "portal in between"},
    {OM_LAYER_HTTP, OM_CAUSE_HTTP_STATUS, OM_NATIVE_NONE, 0,
     "the web server in front of the RPC proxy answered this: its log says why; 502 to 504 often "
     "mean "
     "that what stands behind it is down"},
    {OM_LAYER_HTTP, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE, 0,
     "have the reverse proxy in between pass RPC_IN_DATA and RPC_OUT_DATA on unbuffered and "
     "unchanged"},
    {OM_LAYER_HTTP, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
     "what listens there speaks no HTTP: check host and port, and http:// against https:// in the "
     "map"},
    {OM_LAYER_HTTP, OM_CAUSE_PROXY_ERROR, OM_NATIVE_HTTP, 0,
     "the proxy that https_proxy, http_proxy or all_proxy in the environment names does not let "
     "this through: have it allowed, write the user name and password it wants into its URL, or "
     "go around it by no_proxy"},
    {OM_LAYER_HTTP, OM_CAUSE_PROXY_ERROR, OM_NATIVE_NONE, 0,
     "the RPC proxy may not reach that server and port: check PR_PROFILE_UNRESOLVED_SERVER, "
     "and that the mailbox is on Exchange 2013 or later (older servers are reached by TCP)"},
    {OM_LAYER_AUTH, OM_CAUSE_TIMEOUT, OM_NATIVE_NONE, 0,
     "the password command, or who writes the password file, did not end in time: try it by "
     "itself, "
     "or give --timeout more seconds"},
    {OM_LAYER_TLS, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
     "--ca-file (ONEMAPI_CA_FILE) names a file that is there: check its path"},
    {OM_LAYER_TLS, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_NONE, 0,
     "make the file that --ca-file (ONEMAPI_CA_FILE) names readable for you"},
    {OM_LAYER_TLS, OM_CAUSE_IO, OM_NATIVE_NONE, 0,
     "--ca-file (ONEMAPI_CA_FILE) names a file that can be read: check its path"},
    {OM_LAYER_TLS, OM_CAUSE_BAD_SYNTAX, OM_NATIVE_NONE, 0,
     "--ca-file (ONEMAPI_CA_FILE) names a file of certificates in PEM, which begin with "
     "-----BEGIN CERTIFICATE-----"},
    {OM_LAYER_TLS, OM_CAUSE_CERTIFICATE, OM_NATIVE_TLS, 10, /* X509_V_ERR_CERT_HAS_EXPIRED */
     "have the certificate renewed, or check this machine's date; the last field of a map entry, "
     "true, accepts any certificate"},
    {OM_LAYER_RTS, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE, 0,
     "this connection has moved as much as it can: start the command again; smaller steps stay "
     "below "
     "1 GiB"},
    {OM_LAYER_RTS, OM_CAUSE_CLOSED, OM_NATIVE_NONE, 0,
     "the proxy or a gateway in between ended the channel: check its time-outs and that it "
     "lets RPC_IN_DATA and RPC_OUT_DATA through unbuffered"},
    {OM_LAYER_AUTH, OM_CAUSE_BAD_CREDENTIALS, OM_NATIVE_RPC_FAULT, 5,
     "check user name (DOMAIN\\user or user@domain) and password; the account may be locked, "
     "disabled, or its password expired. At a level below privacy the server may also demand "
     "encryption: EDK_PROFILEUISTATE_ENCRYPTNETWORK (0x4000) in PR_PROFILE_UI_STATE"},
    {OM_LAYER_AUTH, OM_CAUSE_BAD_CREDENTIALS, OM_NATIVE_NONE, 0,
     "check user name (DOMAIN\\user or user@domain) and password; the account may be locked, "
     "disabled, or its password expired"},
    {OM_LAYER_AUTH, OM_CAUSE_AUTH_FAILED, OM_NATIVE_GSS, 0x000C0000, /* GSS_S_CONTEXT_EXPIRED */
     "this machine's clock and the server's are too far apart: set this one's by NTP"},
    {OM_LAYER_AUTH, OM_CAUSE_UNSUPPORTED, OM_NATIVE_GSS, 0x00010000, /* GSS_S_BAD_MECH */
     "GSSAPI has no NTLM on this machine: install the package gss-ntlmssp"},
    {OM_LAYER_AUTH, OM_CAUSE_AUTH_NOT_OFFERED, OM_NATIVE_NONE, 0,
     "the third field of the map's entry (ntlm, negotiate, kerberos, none) has to be what the "
     "Exchange server itself takes; over TCP, PR_PROFILE_AUTH_PACKAGE is"},
    {OM_LAYER_RPC, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_RPC_FAULT, 5,
     "without RPC security the server may refuse every call: let the map's third field, or "
     "PR_PROFILE_AUTH_PACKAGE, name ntlm, and set encryption"},
    {OM_LAYER_RPC, OM_CAUSE_FAULT, OM_NATIVE_RPC_FAULT, 0x000006F7, /* RPC_X_BAD_STUB_DATA */
     "the server refuses the shape or a size of the call: if it is Exchange, this is worth a "
     "report with the output of -vv"},

    /* Exchange */
    {OM_LAYER_RFR, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
     "the server does not know the other server's name; use its host name in "
     "PR_PROFILE_UNRESOLVED_SERVER"},
    {OM_LAYER_NSPI, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
     "the address book has no such entry: check the spelling, or list it with onemapi gal "
     "TEXT; hidden mailboxes are found by legacy DN only"},
    {OM_LAYER_SESSION, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0,
     "the address book has no such entry: check the spelling, or list it with onemapi gal "
     "TEXT; hidden mailboxes are found by legacy DN only"},
    {OM_LAYER_EMSMDB, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_EC, 0x7D8,
     "have an administrator enable MAPI for the mailbox (Set-CASMailbox -MAPIEnabled $true)"},
    {OM_LAYER_EMSMDB, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_EC, 0x4E0,
     "have an administrator lift the block (Set-CASMailbox -MAPIBlockOutlookRpcHttp $false), or "
     "reach the server over TCP"},
    {OM_LAYER_EMSMDB, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_EC, 0x4E1,
     "have an administrator lift the demand for cached mode (Set-CASMailbox "
     "-MAPIBlockOutlookNonCachedMode $false): this program works online"},
    {OM_LAYER_EMSMDB, OM_CAUSE_AUTH_FAILED, OM_NATIVE_EC, 0x4BC,
     "choose an RPC authentication method: the third field of the map entry, or ntlm or negotiate "
     "in the profile"},
    {OM_LAYER_ROP, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_NONE, 0,
     "have an administrator grant Full Access to the mailbox; an inherited Deny goes before it"},
    {OM_LAYER_EMSMDB, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_NONE, 0,
     "have an administrator grant Full Access to the mailbox; an inherited Deny goes before it"},

    /* anywhere; these stay below the particular ones */
    {OM_LAYER_NONE, OM_CAUSE_NO_MEMORY, OM_NATIVE_NONE, 0,
     "free memory on this machine, or raise the limit of this process"},
    {OM_LAYER_NONE, OM_CAUSE_IO, OM_NATIVE_NONE, 0,
     "check the disk and the system's log; the native code is the system's errno or SQLite's"},
    {OM_LAYER_NONE, OM_CAUSE_DISK_FULL, OM_NATIVE_NONE, 0,
     "make room on the disk; nothing was changed"},
    {OM_LAYER_NONE, OM_CAUSE_READ_ONLY, OM_NATIVE_NONE, 0,
     "make the file and its folder writable, or use another --home; reading goes on to work"},
    {OM_LAYER_NONE, OM_CAUSE_DAMAGED, OM_NATIVE_NONE, 0,
     "the file was left as it is: restore it from a backup, or move it away and start anew"},
    {OM_LAYER_NONE, OM_CAUSE_NEWER_FORMAT, OM_NATIVE_NONE, 0,
     "use the newer version of onemapi that wrote the file"},
    {OM_LAYER_NONE, OM_CAUSE_LOCKED, OM_NATIVE_NONE, 0, "wait for the other process, or end it"},
    {OM_LAYER_NONE, OM_CAUSE_BAD_ARGUMENT, OM_NATIVE_NONE, 0, "correct the value named here"},
    {OM_LAYER_NONE, OM_CAUSE_BAD_SYNTAX, OM_NATIVE_NONE, 0,
     "correct the text at the place named here"},
    {OM_LAYER_NONE, OM_CAUSE_NOT_FOUND, OM_NATIVE_NONE, 0, "check the spelling"},
    {OM_LAYER_NONE, OM_CAUSE_EXISTS, OM_NATIVE_NONE, 0,
     "choose another name, or delete the one that is there"},
    {OM_LAYER_NONE, OM_CAUSE_AMBIGUOUS, OM_NATIVE_NONE, 0,
     "use one of the addresses listed, in full"},
    {OM_LAYER_NONE, OM_CAUSE_INCOMPLETE, OM_NATIVE_NONE, 0, "set what is named here"},
    {OM_LAYER_NONE, OM_CAUSE_NO_MAP_ENTRY, OM_NATIVE_NONE, 0,
     "add an entry for the domain: onemapi map set"},
    {OM_LAYER_NONE, OM_CAUSE_PROXY_BLOCKS_LEGACY, OM_NATIVE_NONE, 0,
     "move the RPC proxy from the profile to the proxy map"},
    {OM_LAYER_NONE, OM_CAUSE_UNRESOLVED_HOST, OM_NATIVE_NONE, 0,
     "check the name and this machine's DNS; --resolve HOST:ADDRESS goes around it"},
    {OM_LAYER_NONE, OM_CAUSE_REFUSED, OM_NATIVE_NONE, 0,
     "nothing listens there: check host and port"},
    {OM_LAYER_NONE, OM_CAUSE_UNREACHABLE, OM_NATIVE_NONE, 0,
     "check this machine's network, routes and firewall"},
    {OM_LAYER_NONE, OM_CAUSE_TIMEOUT, OM_NATIVE_NONE, 0,
     "the server is slow or silent: try again, or give --timeout more seconds"},
    {OM_LAYER_NONE, OM_CAUSE_CLOSED, OM_NATIVE_NONE, 0,
     "try again; if it stays, the server's log says why it closed the connection"},
    {OM_LAYER_NONE, OM_CAUSE_RESET, OM_NATIVE_NONE, 0,
     "try again; if it stays, look at firewalls in between and at the server's log"},
    {OM_LAYER_NONE, OM_CAUSE_CERTIFICATE, OM_NATIVE_NONE, 0,
     "add the authority with --ca-file, use the name the certificate is for, or have the "
     "certificate renewed; the last field of a map entry, true, accepts any"},
    {OM_LAYER_NONE, OM_CAUSE_TLS_FAILED, OM_NATIVE_NONE, 0,
     "the server may want another TLS version, or speak no TLS at that port"},
    {OM_LAYER_NONE, OM_CAUSE_AUTH_NOT_OFFERED, OM_NATIVE_NONE, 0,
     "use a method the server offers; the detail lists them"},
    {OM_LAYER_NONE, OM_CAUSE_BAD_CREDENTIALS, OM_NATIVE_NONE, 0,
     "check user name and password; the account may be locked or disabled"},
    {OM_LAYER_NONE, OM_CAUSE_NO_CREDENTIALS, OM_NATIVE_NONE, 0,
     "give --user and a password: --password-file, --password-command, or a terminal to ask at"},
    {OM_LAYER_NONE, OM_CAUSE_AUTH_FAILED, OM_NATIVE_NONE, 0,
     "the security exchange broke off: the detail is the mechanism's own text; check the "
     "clock, the methods allowed on both sides, and that no proxy opens TLS in between"},
    {OM_LAYER_NONE, OM_CAUSE_BAD_SIGNATURE, OM_NATIVE_NONE, 0,
     "something between here and the server changes the bytes, or the session keys differ: "
     "check for TLS-opening proxies, and NTLM settings on the server"},
    {OM_LAYER_NONE, OM_CAUSE_NOT_ENCRYPTED, OM_NATIVE_NONE, 0,
     "set PR_PROFILE_UI_STATE to EDK_PROFILEUISTATE_ENCRYPTNETWORK (0x4000) in the profile's "
     "global section"},
    {OM_LAYER_NONE, OM_CAUSE_HTTP_STATUS, OM_NATIVE_NONE, 0,
     "what answered may not be the RPC proxy: check the proxy's name in the map; a plain GET "
     "of https://PROXY/rpc/rpcproxy.dll should give an empty page"},
    {OM_LAYER_NONE, OM_CAUSE_PROXY_ERROR, OM_NATIVE_NONE, 0,
     "the RPC proxy could not reach the server behind it: check the server's name"},
    {OM_LAYER_NONE, OM_CAUSE_PROTOCOL, OM_NATIVE_NONE, 0,
     "what answered may not be Exchange; if it is, this is worth a report with the output of "
     "-vv"},
    {OM_LAYER_NONE, OM_CAUSE_TOO_LARGE, OM_NATIVE_NONE, 0,
     "the other side sent more than is accepted; if it is Exchange, this is worth a report"},
    {OM_LAYER_NONE, OM_CAUSE_BIND_REFUSED, OM_NATIVE_NONE, 0,
     "the server does not serve this interface there: check name and port, and that its "
     "services run"},
    {OM_LAYER_NONE, OM_CAUSE_FAULT, OM_NATIVE_NONE, 0,
     "onemapi error CODE explains the native code"},
    {OM_LAYER_NONE, OM_CAUSE_NOT_REGISTERED, OM_NATIVE_NONE, 0,
     "the host runs no such service: check the server's name"},
    {OM_LAYER_NONE, OM_CAUSE_SERVER_ERROR, OM_NATIVE_NONE, 0,
     "onemapi error CODE explains the native code; the server's log says more"},
    {OM_LAYER_NONE, OM_CAUSE_ACCESS_DENIED, OM_NATIVE_NONE, 0,
     "ask an administrator for the right"},
    {OM_LAYER_NONE, OM_CAUSE_UNKNOWN_USER, OM_NATIVE_NONE, 0,
     "check the mailbox's DN and server; it may be hidden, moved or deleted"},
    {OM_LAYER_NONE, OM_CAUSE_WRONG_SERVER, OM_NATIVE_NONE, 0,
     "the mailbox has moved and the directory still names its old server: try again when that has "
     "caught up; where it is the profile's own, set PR_PROFILE_UNRESOLVED_SERVER to its new "
     "server"},
    {OM_LAYER_NONE, OM_CAUSE_VERSION_BLOCKED, OM_NATIVE_NONE, 0,
     "the server blocks this client version: announce another with --client-version, or have the "
     "block lifted"},
    {OM_LAYER_NONE, OM_CAUSE_NOT_CONFIGURED, OM_NATIVE_NONE, 0,
     "the mailbox's home is another store: check the mailbox's name and server"},
    {OM_LAYER_NONE, OM_CAUSE_THROTTLED, OM_NATIVE_NONE, 0,
     "wait a minute and try again, with fewer sessions at once"},
    {OM_LAYER_NONE, OM_CAUSE_NO_PUBLIC_STORE, OM_NATIVE_NONE, 0,
     "set CONNECT_IGNORE_NO_PF (0x8000) in PR_PROFILE_CONNECT_FLAGS"},
    {OM_LAYER_NONE, OM_CAUSE_UNSUPPORTED, OM_NATIVE_NONE, 0,
     "this version, or the other side, does not do that"},
    {OM_LAYER_NONE, OM_CAUSE_CANCELLED, OM_NATIVE_NONE, 0, "start it again"},
    {OM_LAYER_NONE, OM_CAUSE_INTERNAL, OM_NATIVE_NONE, 0,
     "this is a mistake in onemapi: please report it, with the output of -vv"},
};

const char *om_error_hint(const struct om_error *err)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        const struct hint *h = &hints[i];

        if (h->cause != err->cause || (h->layer != OM_LAYER_NONE && h->layer != err->layer))
            continue;
        if (h->kind == OM_NATIVE_NONE ||
            (h->kind == err->native_kind && (!h->native || h->native == err->native)))
            return h->text;
    }
    return "";
}
