#!/usr/bin/python3
"""The command against the lab: what was promised for logon, stores, folders, gal and resolve."""

import json
import pathlib
import sys
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import lab
import tap

MAP = "contoso.test=mail.contoso.test,ntlm,ntlm,false"
ENTRIES = 300  # of the address book, besides the lab's own: several answers' worth
NOT_FOUND, NETWORK, ACCESS = 3, 5, 6

LOGON = {"profile": str, "user": str, "mailbox": str, "display_name": str, "server": str, "server_version": str,
         "transport": str, "proxy": (str, type(None)), "http_auth": (str, type(None)),
         "rpc_auth": str, "rpc_level": str, "encrypted": bool, "certificate": str,
         "round_trips": int, "ms": int}
FOLDER = {"path": str, "name": str, "id": str, "parent_id": str, "class": str, "total": int,
          "unread": int}
ENTRY = {"name": str, "alias": str, "smtp": str, "dn": str, "type": str, "home_server": str}
STORE = {"name": str, "provider": str, "default": bool, "server": str, "mailbox": str,
         "entry_id": str}

here = None


def prepare():
    global here
    here = tap.keep(lab.serve("--gal", str(ENTRIES)))
    here.profile("modern", "alice", MAP)
    here.profile("legacy", "bob")


def fields(document, wanted):
    for name, kind in wanted.items():
        tap.check(name in document, f"{name} is missing in {document}")
        tap.check(isinstance(document[name], kind), f"{name} is {document[name]!r}")


def as_user(alias):
    return {"ONEMAPI_USER": f"CONTOSO\\{alias}",
            "ONEMAPI_PASSWORD_FILE": here.users[alias]["password_file"]}


def logon_to_2013_goes_through_the_proxy():
    got = here.json("-p", "modern", "logon")
    fields(got, LOGON)
    tap.equal({key: got[key] for key in ("profile", "user", "mailbox", "server", "transport",
                                         "proxy", "http_auth", "rpc_auth", "certificate")},
              {"profile": "modern", "user": "CONTOSO\\alice", "mailbox": "alice@contoso.test",
               "server": here.users["alice"]["server_id"], "transport": "ncacn_http",
               "proxy": "mail.contoso.test:443", "http_auth": "ntlm", "rpc_auth": "ntlm",
               "certificate": "verified"})
    tap.equal(got["server_version"], here.servers["EX2013"]["version"])
    tap.check(got["encrypted"], "not encrypted")


def logon_to_2010_goes_over_tcp():
    got = here.json("-p", "legacy", "logon", env=as_user("bob"))
    fields(got, LOGON)
    tap.equal((got["mailbox"], got["server"], got["transport"], got["proxy"], got["http_auth"],
               got["rpc_level"], got["certificate"]),
              ("bob@contoso.test", "ex2010.contoso.test", "ncacn_ip_tcp", None, None, "privacy",
               "none"))
    tap.equal(got["server_version"], here.servers["EX2010"]["version"])


def a_user_may_be_written_as_upn():
    env = {"ONEMAPI_USER": here.users["alice"]["upn"]}
    tap.equal(here.json("-p", "modern", "logon", env=env)["mailbox"], "alice@contoso.test")


def each_map_entry_leads_as_it_says():
    for entry, tls, http, rpc, level, certificate in (
            ("contoso.test=mail.contoso.test,basic,none,false", True, "basic", "none", "none", "verified"),
            ("contoso.test=http://mail.contoso.test,basic,ntlm,false", False, "basic", "ntlm", "privacy",
             "none"),
            ("CONTOSO.TEST=https://mail.contoso.test:443,ntlm,none,true", True, "ntlm", "none", "none",
             "ignored"),
            ("*=mail.contoso.test,ntlm,ntlm,true", True, "ntlm", "ntlm", "privacy", "ignored")):
        here.do("map", "set", "RpcHttpProxyMap_TEST", entry)
        got = here.json("-p", "modern", "logon")
        tap.equal((got["http_auth"], got["rpc_auth"], got["certificate"]), (http, rpc, certificate),
                  entry)
        tap.equal(got["encrypted"], tls or rpc != "none", entry)
        if rpc == "none":
            tap.equal(got["rpc_level"], "none", entry)
        else:
            tap.equal(got["rpc_level"], level, entry)
    here.do("map", "set", "RpcHttpProxyMap_TEST", MAP)


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def tables_are_aligned_whatever_the_script():
    rows = [line for line in here.do("-p", "modern", "folders").splitlines() if "IPF." in line]
    tap.check(any("実験" in row for row in rows), rows)
    tap.equal(len({columns(row[:row.index("IPF.")]) for row in rows}), 1, f"where CLASS begins: {rows}")


def verbose_says_what_failed_because_of_an_error():
    done = here.run("-p", "modern", "-v", "folders", "--mailbox", "bob", env=as_user("mallory"))
    lines = done.stderr.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("onemapi: "))
    tap.check(lines[at + 1].startswith("  session: opening "), done.stderr)
    tap.check(lines[-1].startswith("hint: "), done.stderr)
    steps = here.run("-p", "modern", "-vv", "logon").stderr
    tap.check("http: RPC_IN_DATA: " in steps and "--> " in steps, steps)
    tap.check(" ----" not in steps and "--> \n" not in steps and ": --" not in steps, "arrows from nowhere")


def nothing_found_is_said():
    done = here.run("-p", "modern", "gal", "nosuch")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", "onemapi: no entry fits\n"), "gal")
    tap.equal(here.json("-p", "modern", "gal", "nosuch"), {"entries": []}, "--json")


def explain_says_what_logon_does():
    told = here.json("map", "explain", here.users["alice"]["server_id"], "-p", "modern")
    done = here.json("-p", "modern", "logon")
    tap.equal((told["transport"], f"{told['proxy']}:{told['proxy_port']}", told["http_auth"],
               told["rpc_auth"]),
              (done["transport"], done["proxy"], done["http_auth"], done["rpc_auth"]))


def listed(*words, **options):
    got = here.json("folders", *words, **options)
    fields(got, {"mailbox": str, "server": str, "transport": str, "folders": list})
    for folder in got["folders"]:
        fields(folder, FOLDER)
    return got


def folders_make_a_tree():
    got = listed("-p", "modern")
    by_id = {folder["id"]: folder for folder in got["folders"]}
    paths = [folder["path"] for folder in got["folders"]]
    tap.equal(len(set(paths)), len(paths), "paths")
    tap.check({"/Inbox", "/Inbox/Archive/2012", "/Sent Items", "/Calendar", "/Projekte/実験"} <= set(paths),
              f"paths: {paths}")
    for folder in got["folders"]:
        parent = by_id.get(folder["parent_id"])
        above, _, name = folder["path"].rpartition("/")
        tap.equal(name, folder["name"])
        tap.equal(parent["path"] if parent else "", above, f"what is above {folder['path']}")
        tap.check(0 <= folder["unread"] <= folder["total"], folder)
    tap.check(sum(folder["total"] for folder in got["folders"]) > 0, "no messages at all")


def another_mailbox_opens_on_the_older_server():
    got = listed("-p", "modern", "--mailbox", "bob")
    tap.equal((got["mailbox"], got["server"], got["transport"]),
              ("bob@contoso.test", "ex2010.contoso.test", "ncacn_ip_tcp"))
    tap.check(got["folders"], "no folders")
    tap.check(got["folders"] == listed("-p", "legacy", env=as_user("bob"))["folders"],
              "not what Bob himself sees")


def and_from_the_older_one_back():
    got = listed("-p", "legacy", "--mailbox", "alice", env=as_user("admin"))
    tap.equal((got["server"], got["transport"]), (here.users["alice"]["server_id"], "ncacn_http"))
    tap.check(got["folders"] == listed("-p", "modern")["folders"], "not what Alice herself sees")


def a_mailbox_has_many_names():
    names = ["bob@contoso.test", here.users["bob"]["legacy_dn"], "GAL:Bob Brown", "BOB"]
    for name in names:
        tap.equal(listed("-p", "modern", "--mailbox", name)["mailbox"], "bob@contoso.test", name)


def a_mailbox_without_a_right_stays_shut():
    done = here.run("-p", "modern", "folders", "--mailbox", "bob", env=as_user("mallory"))
    tap.equal(done.returncode, ACCESS, done.stderr)


def the_address_book_is_whole_and_in_order():
    entries = here.json("-p", "modern", "gal")["entries"]
    for entry in entries:
        fields(entry, ENTRY)
    tap.check(len(entries) > ENTRIES, f"{len(entries)} entries")
    tap.equal(len({entry["dn"].lower() for entry in entries}), len(entries), "different entries")
    addresses = {entry["smtp"] for entry in entries}
    for user in here.users.values():
        tap.equal(user["smtp"] in addresses, not user["hidden"], f"{user['alias']} is listed")
    tap.equal(entries, here.json("-p", "legacy", "gal", env=as_user("bob"))["entries"],
              "the older server's address book")


def a_text_narrows_the_address_book():
    entries = here.json("-p", "modern", "gal", "chris")["entries"]
    tap.equal([entry["alias"] for entry in entries], ["csmith", "csmith2"])
    tap.equal(here.json("-p", "modern", "gal", "no such name anywhere")["entries"], [])


def one_name_resolves_to_one_entry():
    for name in ("bob", "=bob", "bob@contoso.test", "Bob Brown"):
        (entry,) = here.json("-p", "modern", "resolve", name)["entries"]
        fields(entry, ENTRY)
        tap.equal((entry["alias"], entry["home_server"]), ("bob", "EX2010"), name)


def an_ambiguous_name_lists_its_candidates():
    done = here.run("--json", "-p", "modern", "resolve", "chris")
    error = json.loads(done.stderr)
    tap.equal((error["name"], error["cause"]), ("MAPI_E_AMBIGUOUS_RECIP", "ambiguous"))
    for alias in ("csmith", "csmith2"):
        tap.check(here.users.get(alias, {}).get("smtp", f"{alias}@contoso.test") in
                  done.stdout + done.stderr, f"{alias} is not named: {done.stdout}{done.stderr}")


def an_alias_is_exact_where_the_directory_has_it_as_an_address():
    with lab.serve("--misbehave", "nspi-alias-is-address") as other:
        other.profile("modern", "alice", MAP)
        for name in ("csmith", "csmith2"):
            (entry,) = other.json("-p", "modern", "resolve", name)["entries"]
            tap.equal((entry["alias"], entry["smtp"]), (f"{name}@contoso.test",) * 2)
        error = json.loads(other.run("--json", "-p", "modern", "resolve", "csm").stderr)
        tap.equal(error["cause"], "ambiguous", "no alias but the beginning of two")


def an_unknown_name_is_not_found():
    done = here.run("-p", "modern", "resolve", "nobody-at-all")
    tap.equal(done.returncode, NOT_FOUND, done.stderr)


def the_stores_are_the_profiles():
    (store,) = here.json("-p", "modern", "stores")["stores"]
    fields(store, STORE)
    tap.equal((store["name"], store["provider"], store["default"], store["server"], store["mailbox"]),
              ("Mailbox - Alice Adams", "EMS_MDB_private", True, here.users["alice"]["server_id"],
               here.users["alice"]["legacy_dn"]))


def public_folders_nobody_has_are_missed_unless_ignored():
    here.profile("strict", "alice")
    here.do("prop", "set", "strict", "global", "PR_PROFILE_CONNECT_FLAGS=CONNECT_USE_SEPARATE_CONNECTION")
    done = here.run("--json", "-p", "strict", "logon")
    tap.check(done.returncode != 0, "the logon went through")
    error = json.loads(done.stderr)
    tap.equal((error["name"], error["cause"]), ("MAPI_E_FAILONEPROVIDER", "no-public-store"))
    tap.check("CONNECT_IGNORE_NO_PF" in error["hint"], error)


def cdo_routing_fails_where_cdo_does():
    here.profile("cdo", "alice")
    here.do("prop", "set", "cdo", "global", "PR_ROH_PROXY_SERVER=mail.contoso.test",
            "PR_ROH_FLAGS=0x3", "PR_ROH_PROXY_AUTH_SCHEME=2")
    here.do("profile", "mode", "cdo", "cdo")
    tap.equal(listed("-p", "cdo")["transport"], "ncacn_http")
    done = here.run("--json", "-p", "cdo", "folders", "--mailbox", "bob")
    error = json.loads(done.stderr)
    tap.equal((error["name"], error["cause"]), ("MAPI_E_FAILONEPROVIDER", "proxy-blocks-legacy"))
    here.do("profile", "mode", "cdo", "smart")
    tap.equal(listed("-p", "cdo", "--mailbox", "bob")["transport"], "ncacn_ip_tcp")


def passwords_are_said_nowhere():
    secret = here.password("alice")
    for words in (["-v", "-v", "-p", "modern", "logon"], ["-vv", "--json", "-p", "modern", "folders"]):
        done = here.run(*words)
        tap.equal(done.returncode, 0, done.stderr)
        tap.check(done.stderr, "-v says nothing")
        tap.check(secret not in done.stdout + done.stderr, f"{words} shows the password")


def the_announced_version_can_be_blocked():
    with lab.serve("--misbehave", "client-blocked=16.0.0.0") as other:
        other.profile("old", "alice", MAP)
        done = other.run("--json", "-p", "old", "logon")
        tap.equal(json.loads(done.stderr)["cause"], "version-blocked")


def an_older_server_may_refer_to_a_newer_ones_address_book():
    alice = here.users["alice"]["personalized_id"]
    with lab.serve("--misbehave", "unregistered=6004@ex2010",
                   "--misbehave", f"rfr-dsa={alice}@ex2010") as other:
        other.profile("referred", "bob", MAP)
        done = other.run("-p", "referred", "-v", "--json", "logon")
        tap.equal(done.returncode, 0, f"exit code: {done.stderr}")
        got = json.loads(done.stdout)
        tap.equal((got["mailbox"], got["transport"]), ("bob@contoso.test", "ncacn_ip_tcp"))
        tap.check(f"refers to the address book of {alice}" in done.stderr, done.stderr)


def no_address_book_at_all_is_said():
    with lab.serve("--misbehave", "unregistered=6004@ex2010") as other:
        other.profile("bookless", "bob", MAP)
        done = other.run("--json", "-p", "bookless", "logon")
        error = json.loads(done.stderr)
        tap.equal((done.returncode, error["layer"], error["cause"]), (NETWORK, "epm", "not-registered"))


tap.main(
    logon_to_2013_goes_through_the_proxy,
    logon_to_2010_goes_over_tcp,
    a_user_may_be_written_as_upn,
    each_map_entry_leads_as_it_says,
    tables_are_aligned_whatever_the_script,
    verbose_says_what_failed_because_of_an_error,
    nothing_found_is_said,
    explain_says_what_logon_does,
    folders_make_a_tree,
    another_mailbox_opens_on_the_older_server,
    and_from_the_older_one_back,
    a_mailbox_has_many_names,
    a_mailbox_without_a_right_stays_shut,
    the_address_book_is_whole_and_in_order,
    a_text_narrows_the_address_book,
    one_name_resolves_to_one_entry,
    an_ambiguous_name_lists_its_candidates,
    an_alias_is_exact_where_the_directory_has_it_as_an_address,
    an_unknown_name_is_not_found,
    the_stores_are_the_profiles,
    public_folders_nobody_has_are_missed_unless_ignored,
    cdo_routing_fails_where_cdo_does,
    passwords_are_said_nowhere,
    the_announced_version_can_be_blocked,
    an_older_server_may_refer_to_a_newer_ones_address_book,
    no_address_book_at_all_is_said,
    prepare=prepare,
)
