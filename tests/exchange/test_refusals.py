#!/usr/bin/python3
"""How servers refuse: a row for each refusal an Exchange 2013 or 2010 can give, from the wrong transport
to a certificate that has expired. Each has to end at once with the exit code, layer, cause and native
code that tell it from the others, and with a hint. Where the article has a cure, the cure is tried too.
"""

import collections
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import lab
import relay
import tap

PATIENCE = 60  # --timeout: no refusal may wait for it
AT_ONCE = 10  # seconds for a command in a sanitized build on a busy machine

FAILED, NOT_FOUND, AUTH, NETWORK, NO_PERMISSION = 1, 3, 4, 5, 6
REFUSED = 111  # ECONNREFUSED
EXPIRED, SELF_SIGNED, OTHER_NAME = 10, 18, 62  # X509_V_ERR_*
PEER_FAILED_VERIFICATION = 60  # CURLE_*: libcurl itself compares names

MAP = "contoso.test=mail.contoso.test,ntlm,ntlm,false"
SMART, CDO, CDO_8309 = "smart", "cdo", "cdo-8309"
PROXY = ("PR_ROH_PROXY_SERVER=mail.contoso.test", "PR_ROH_FLAGS=0x3")
MUTUAL = "PR_ROH_FLAGS=ROHFLAGS_USE_ROH|ROHFLAGS_SSL_ONLY|ROHFLAGS_MUTUAL_AUTH"

LOGON = ("logon",)
OF_BOB = ("folders", "--mailbox", "bob")


def of(alias):
    return ("folders", "--mailbox", alias)


# What the profile and the map say, where they differ from the article's.
Setup = collections.namedtuple("Setup", "alias server map mode props", defaults=[
    "alice", None, MAP, SMART, ()])

# exit code, the name of the outermost status, layer, cause, kind of native code, native code
Error = collections.namedtuple("Error", "exit name layer cause kind native")

# what, how the lab is started, profile and map, command, the error or None where it has to work
Row = collections.namedtuple("Row", "what lab setup command error user", defaults=["alice"])

PLAIN = ()
FAIL_ONE = "MAPI_E_FAILONEPROVIDER"
NET_ERROR = "MAPI_E_NETWORK_ERROR"


def lab_with(*kinds):
    return tuple(word for kind in kinds for word in ("--misbehave", kind))


def store_error(exit_code, layer, cause, ec):
    return Error(exit_code, FAIL_ONE, layer, cause, "ec", ec)


NOBODY_THERE = Error(NETWORK, NET_ERROR, "tcp", "refused", "errno", REFUSED)
BLOCKED = Error(FAILED, FAIL_ONE, "route", "proxy-blocks-legacy", "", 0)
UNENCRYPTED = ("PR_PROFILE_UI_STATE=0",)
WITH_PUBLIC = ("PR_PROFILE_CONNECT_FLAGS=CONNECT_USE_SEPARATE_CONNECTION",)
CERTIFICATES = lab_with("cert-expired"), lab_with("cert-wrong-host"), lab_with("cert-self-signed")
TRUSTING = MAP.replace("false", "true")

ROWS = [
    # the wrong transport
    Row("RPC over TCP to 2013", PLAIN, Setup(server="ex2013.contoso.test"), LOGON, NOBODY_THERE),
    Row("RPC over HTTP to 2010", PLAIN, Setup(map="contoso.test=ex2010.contoso.test,ntlm,ntlm,false"),
        LOGON, NOBODY_THERE),
    Row("the RPC proxy may not reach the server", lab_with("proxy-error=6ba"), Setup(), LOGON,
        Error(NETWORK, NET_ERROR, "http", "proxy-error", "rpc-proxy", 0x6BA)),
    Row("the RPC proxy does not know the server", PLAIN,
        Setup(server="00000000-0000-0000-0000-000000000000@contoso.test"), LOGON,
        Error(NETWORK, NET_ERROR, "http", "proxy-error", "rpc-proxy", 0x6BA)),

    # RPC-proxy properties in the profile and a legacy target
    Row("a proxy in the profile, legacy mailbox, cdo", PLAIN, Setup(mode=CDO, props=PROXY), OF_BOB, BLOCKED),
    Row("a proxy in the profile, legacy mailbox, cdo-8309", PLAIN, Setup(mode=CDO_8309, props=PROXY),
        OF_BOB, BLOCKED),
    Row("a proxy in the profile, legacy server, cdo", PLAIN,
        Setup("bob", "ex2010.contoso.test", None, CDO, PROXY), LOGON, BLOCKED),
    Row("a proxy in the profile, 2013 mailbox, cdo", PLAIN, Setup(map=None, mode=CDO, props=PROXY), LOGON, None),
    Row("a proxy in the profile, legacy mailbox, smart", PLAIN, Setup(map=None, props=PROXY), OF_BOB, None),
    Row("the proxy in the map, legacy mailbox, cdo", PLAIN, Setup(mode=CDO), OF_BOB, None),

    # encryption, public folders
    Row("2010 without encryption", PLAIN, Setup(props=UNENCRYPTED), OF_BOB,
        store_error(FAILED, "emsmdb", "not-encrypted", 0x970)),
    Row("2013 without RPC encryption", PLAIN, Setup(props=UNENCRYPTED), LOGON, None),
    Row("no public folders on 2013", PLAIN, Setup(props=WITH_PUBLIC), LOGON,
        store_error(FAILED, "rop", "no-public-store", 0x8004010F)),
    Row("no public folders on 2010", PLAIN, Setup("bob", "ex2010.contoso.test", None, SMART, WITH_PUBLIC),
        LOGON, store_error(FAILED, "rop", "no-public-store", 0x8004010F), "bob"),

    # rights
    Row("no right on a 2013 mailbox", PLAIN, Setup("mallory"), of("alice"),
        store_error(NO_PERMISSION, "rop", "access-denied", 0x80070005), "mallory"),
    Row("no right on a 2010 mailbox", PLAIN, Setup("mallory"), of("bob"),
        store_error(NO_PERMISSION, "rop", "access-denied", 0x3F2), "mallory"),
    Row("a session as somebody else", PLAIN, Setup(), LOGON,
        store_error(NO_PERMISSION, "emsmdb", "access-denied", 0x3F2), "mallory"),

    # no such mailbox, moved, not set up
    Row("no such mailbox on 2013", lab_with("no-mailbox=frank", "no-mailbox=bob"), Setup(), of("frank"),
        store_error(NOT_FOUND, "rop", "unknown-user", 0x3EB)),
    Row("no such mailbox on 2010", lab_with("no-mailbox=frank", "no-mailbox=bob"), Setup(), OF_BOB,
        store_error(NOT_FOUND, "rop", "unknown-user", 0x3EB)),
    Row("no such user", lab_with("ec-connect=3eb"), Setup(), LOGON,
        store_error(NOT_FOUND, "emsmdb", "unknown-user", 0x3EB)),
    Row("an entry without a mailbox", PLAIN, Setup(), of("pat"),
        Error(NOT_FOUND, "MAPI_E_NOT_FOUND", "nspi", "unknown-user", "", 0)),
    Row("nobody of that name", PLAIN, Setup(), of("nobody-at-all"),
        Error(NOT_FOUND, "MAPI_E_NOT_FOUND", "nspi", "not-found", "", 0)),
    Row("a mailbox that moved to 2010", lab_with("moved=frank", "moved=bob"), Setup(), of("frank"),
        store_error(FAILED, "rop", "wrong-server", 0x478)),
    Row("a mailbox that moved to 2013", lab_with("moved=frank", "moved=bob"), Setup(), OF_BOB,
        store_error(FAILED, "rop", "wrong-server", 0x478)),
    Row("no profile data on 2013", lab_with("ec-logon=11c"), Setup(), LOGON,
        store_error(FAILED, "rop", "not-configured", 0x11C)),
    Row("no profile data on 2010", lab_with("ec-logon=11c"), Setup(), OF_BOB,
        store_error(FAILED, "rop", "not-configured", 0x11C)),

    # throttling, versions
    Row("too many tries", lab_with("ec-logon=47f@ex2013", "ec-connect=480@ex2010"), Setup(), LOGON,
        store_error(FAILED, "rop", "throttled", 0x47F)),
    Row("a busy server", lab_with("ec-logon=47f@ex2013", "ec-connect=480@ex2010"), Setup(), OF_BOB,
        store_error(FAILED, "emsmdb", "throttled", 0x480)),
    Row("a blocked version", lab_with("client-blocked=16.0@ex2013", "ec-connect=80040110@ex2010"), Setup(),
        LOGON, store_error(FAILED, "emsmdb", "version-blocked", 0x4DF)),
    Row("a version that does not match", lab_with("client-blocked=16.0@ex2013", "ec-connect=80040110@ex2010"),
        Setup(), OF_BOB, store_error(FAILED, "emsmdb", "version-blocked", 0x80040110)),
    Row("a version that is not blocked", lab_with("client-blocked=16.0@ex2013", "ec-connect=80040110@ex2010"),
        Setup(), ("logon", "--client-version", "16.0.4266.1001"), None),

    # HTTP methods
    Row("the map says ntlm, the proxy offers basic", ("--http-auth", "basic"), Setup(), LOGON,
        Error(AUTH, "MAPI_E_LOGON_FAILED", "http", "auth-not-offered", "http", 401)),
    Row("the map says basic, the proxy offers ntlm", ("--http-auth", "ntlm"),
        Setup(map="contoso.test=mail.contoso.test,basic,ntlm,false"), LOGON,
        Error(AUTH, "MAPI_E_LOGON_FAILED", "http", "auth-not-offered", "http", 401)),
    Row("401 for ever, ntlm", lab_with("http-401"), Setup(), LOGON,
        Error(AUTH, "MAPI_E_LOGON_FAILED", "http", "bad-credentials", "http", 401)),
    Row("401 for ever, basic", lab_with("http-401"), Setup(map="contoso.test=mail.contoso.test,basic,ntlm,false"),
        LOGON, Error(AUTH, "MAPI_E_LOGON_FAILED", "http", "bad-credentials", "http", 401)),
    Row("Extended Protection, nothing in between", lab_with("http-epa"), Setup(), LOGON, None),

    # the map
    Row("no entry for the domain, smart", PLAIN, Setup(map=MAP.replace("contoso.test=", "fabrikam.test=")),
        LOGON, Error(NOT_FOUND, "MAPI_E_NOT_FOUND", "map", "no-map-entry", "", 0)),
    Row("no entry for the domain, cdo", PLAIN,
        Setup(map=MAP.replace("contoso.test=", "fabrikam.test="), mode=CDO), LOGON,
        Error(NOT_FOUND, "MAPI_E_LOGON_FAILED", "map", "no-map-entry", "", 0)),
    Row("another case in the map, cdo-8309", PLAIN,
        Setup(map=MAP.replace("contoso.test=", "Contoso.Test="), mode=CDO_8309), LOGON,
        Error(NOT_FOUND, "MAPI_E_LOGON_FAILED", "map", "no-map-entry", "", 0)),
    Row("another case in the map, cdo", PLAIN,
        Setup(map=MAP.replace("contoso.test=", "Contoso.Test="), mode=CDO), LOGON, None),

    # certificates
    Row("an expired certificate", CERTIFICATES[0], Setup(), LOGON,
        Error(NETWORK, NET_ERROR, "tls", "certificate", "tls", EXPIRED)),
    Row("a certificate for another name", CERTIFICATES[1], Setup(), LOGON,
        Error(NETWORK, NET_ERROR, "tls", "certificate", "curl", PEER_FAILED_VERIFICATION)),
    Row("a certificate nobody vouches for", CERTIFICATES[2], Setup(), LOGON,
        Error(NETWORK, NET_ERROR, "tls", "certificate", "tls", SELF_SIGNED)),
    Row("a certificate for another principal", PLAIN,
        Setup(props=(MUTUAL, "PR_ROH_PROXY_PRINCIPAL_NAME=msstd:other.contoso.test")), LOGON,
        Error(NETWORK, NET_ERROR, "tls", "certificate", "tls", OTHER_NAME)),
    Row("a certificate for the principal", PLAIN,
        Setup(props=(MUTUAL, "PR_ROH_PROXY_PRINCIPAL_NAME=msstd:MAIL.contoso.test")), LOGON, None),
    *[Row(f"{words[1]}, accepted by the map", words, Setup(map=TRUSTING), LOGON, None)
      for words in CERTIFICATES],
]

# What has to be said aloud, whether or not it works: map, command, user, words of the warning
ALOUD = [
    (TRUSTING, LOGON, "alice", "certificate"),
    (TRUSTING, ("gal", "bob"), "alice", "certificate"),
    (MAP.replace("=mail", "=http://mail"), LOGON, "alice", "NTLM without TLS"),
    (MAP.replace("=mail.contoso.test,ntlm", "=http://mail.contoso.test,basic"), LOGON, "alice",
     "password without TLS"),
    (MAP.replace("=mail.contoso.test,ntlm", "=http://mail.contoso.test,basic"), ("resolve", "nobody-at-all"),
     "alice", "password without TLS"),
]

labs, homes = {}, {}


def lab_of(words):
    if words not in labs:
        labs[words] = tap.keep(lab.serve(*words))
    return labs[words]


def home_of(running, setup):
    """A home of its own with the profile "p" and the map."""
    if (running, setup) in homes:
        return homes[running, setup]
    home = homes[running, setup] = {"ONEMAPI_HOME": str(tap.folder())}
    if setup.map:
        running.do("map", "set", "RpcHttpProxyMap_TEST", setup.map, env=home)
    running.do("profile", "create", "p", env=home)
    running.do("service", "add", "p", "MSEMS", env=home)
    if setup.mode != SMART:
        running.do("profile", "mode", "p", setup.mode, env=home)
    server = setup.server or running.users[setup.alias]["personalized_id"]
    running.do("prop", "set", "p", "global", f"PR_PROFILE_UNRESOLVED_NAME={setup.alias}",
               f"PR_PROFILE_UNRESOLVED_SERVER={server}", "PR_PROFILE_UI_STATE=0x4000",
               "PR_PROFILE_CONNECT_FLAGS=CONNECT_USE_SEPARATE_CONNECTION|CONNECT_IGNORE_NO_PF",
               *setup.props, env=home)
    return home


def attempt(running, setup, command, user, env=()):
    """(the process, the one line of JSON on its stderr)."""
    env = {**home_of(running, setup), "ONEMAPI_USER": f"CONTOSO\\{user}",
           "ONEMAPI_PASSWORD_FILE": running.users[user]["password_file"], **dict(env)}
    start = time.monotonic()
    done = running.run("-p", "p", "--json", "--timeout", PATIENCE, *command, env=env)
    took = time.monotonic() - start
    lines = done.stderr.splitlines()
    tap.check(len(lines) <= 1, f"more than one line on stderr:\n{done.stderr}")
    tap.check(took < AT_ONCE, f"took {took:.1f} s")
    return done, json.loads(lines[0]) if lines else {}


def has_to_fail(want, done, error):
    text = json.dumps(error, indent=1)
    got = Error(done.returncode, *[error.get(key) for key in
                                   ("name", "layer", "cause", "native_kind", "native")])
    tap.equal(got, want, text)
    tap.check(error["hint"] and error["target"] and error["message"], f"incomplete: {text}")
    tap.equal(done.stdout, "", "stdout")


def case_of(row):
    def case():
        done, error = attempt(lab_of(row.lab), row.setup, row.command, row.user)
        if row.error:
            has_to_fail(row.error, done, error)
            return
        tap.equal(done.returncode, 0, f"exit, {done.stderr}")
        if row.setup.map == TRUSTING:
            tap.check("certificate" in error["warnings"][0], f"not said aloud: {done.stderr}")
            tap.equal(json.loads(done.stdout)["certificate"], "ignored")
    case.__name__ = row.what
    return case


def a_mailbox_that_moved_is_redirected_by_name():
    _, error = attempt(lab_of(lab_with("moved=frank", "moved=bob")), Setup(), OF_BOB, "alice")
    tap.check(any("/cn=Servers/cn=" in frame["text"] for frame in error["frames"]),
              f"the new server is not named: {json.dumps(error)}")


def aloud(setting, command, user, words):
    def case():
        done, _ = attempt(lab_of(PLAIN), Setup(map=setting), command, user)
        warnings = json.loads(done.stderr)["warnings"]
        tap.equal([words in warning for warning in warnings], [True], f"not said once: {done.stderr}")
    case.__name__ = f"{command[0]} with {setting} warns: {words}"
    return case


def extended_protection_and_tls_opened_in_between():
    running = lab_of(lab_with("http-epa"))
    folder = tap.folder()
    certificate, key = folder / "cert", folder / "key"
    made = tap.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                   "/CN=mail.contoso.test", "-keyout", key, "-out", certificate)
    tap.equal(made.returncode, 0, made.stderr)
    with relay.between(running, bridge=(certificate, key)) as bridge:
        done, error = attempt(running, Setup(map=TRUSTING), LOGON, "alice", bridge.env)
    has_to_fail(Error(AUTH, "MAPI_E_LOGON_FAILED", "http", "bad-credentials", "http", 401), done, error)
    tap.check("Extended Protection" in error["hint"], error["hint"])


tap.main(*[case_of(row) for row in ROWS], *[aloud(*row) for row in ALOUD],
         a_mailbox_that_moved_is_redirected_by_name, extended_protection_and_tls_opened_in_between)
