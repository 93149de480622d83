#!/usr/bin/python3
"""The command's local half, as a user or a script sees it: profiles, services, properties, the map.

ONEMAPI in the environment is the command to try.
"""

import json
import os
import pathlib
import pty
import re
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import tap

ONEMAPI = os.environ["ONEMAPI"]
GLOBAL = "13DBB0C8AA05101A9BB000AA002FC45A"
ID = "F5FA2827-5978-43cd-8FA8-E07BC3BB5591@contoso.test"
ENTRY = "contoso.test=mail.contoso.test,ntlm,ntlm,false"
CLEAN = {name: "" for name in os.environ if name.startswith("ONEMAPI_")}
NO_BUS = {"DBUS_SESSION_BUS_ADDRESS": "", "XDG_RUNTIME_DIR": ""}


class Home:
    """A home folder, and the command in it."""

    def __init__(self):
        self.dir = tap.folder() / "home"
        self.file = self.dir / "profiles.db"

    def run(self, *words, env=None):
        return tap.run(ONEMAPI, *words, env={**CLEAN, **NO_BUS, "ONEMAPI_HOME": str(self.dir), **(env or {})})

    def ok(self, *words, **options):
        done = self.run(*words, **options)
        tap.check(done.returncode == 0, f"{words}: exit {done.returncode}\n{done.stderr}")
        tap.equal(done.stderr, "", f"{words}: stderr")
        return done.stdout

    def json(self, *words, **options):
        return json.loads(self.ok("--json", *words, **options))

    def fails(self, code, *words, **options):
        """The two lines on stderr, and the object with --json; nothing on stdout for either."""
        done = self.run(*words, **options)
        tap.equal(done.returncode, code, f"{words}: exit ({done.stderr})")
        lines = [line for line in done.stderr.splitlines() if line.startswith("onemapi: ")]
        tap.check(re.fullmatch(r"onemapi: [a-z]+: .+ \(\w+ 0x[0-9A-F]{8}\)", lines[-1]), done.stderr)
        tap.check(done.stderr.splitlines()[-1].startswith("hint: "), done.stderr)
        again = self.run("--json", *words, **options)
        tap.equal(again.returncode, code, f"--json {words}: exit")
        tap.equal(again.stdout, "", f"--json {words}: stdout")
        error = json.loads(again.stderr)
        for field in "status name layer cause native target hint frames".split():
            tap.check(field in error, f"no {field} in {error}")
        tap.check(error["name"] in lines[-1] and f"{error['status']:08X}" in lines[-1], done.stderr)
        return error

    def profile(self, name="p"):
        self.ok("profile", "create", name)
        self.ok("service", "add", name, "MSEMS")
        return self


# ---- profiles ----

def nothing_is_created_by_looking():
    home = Home()
    done = home.run("profile", "list")
    tap.equal((done.returncode, done.stdout), (0, ""), "list")
    tap.check(done.stderr.startswith("onemapi: there is no profile"), done.stderr)
    tap.equal(home.json("profile", "list"), {"profiles": []}, "list")
    home.fails(3, "profile", "show")
    home.fails(3, "profile", "show", "x")
    tap.check(not home.dir.exists(), "the home folder was created")


def profiles_are_created_listed_shown_and_deleted():
    home = Home()
    tap.equal(home.ok("profile", "create", "Alice"), "", "create")
    tap.equal(home.json("profile", "create", "Böb"),
              {"name": "Böb", "default": False, "mode": "smart", "services": 0}, "create")
    tap.equal(home.fails(1, "profile", "create", "ALICE")["cause"], "exists", "cause")
    home.ok("profile", "default", "Böb")
    home.ok("profile", "rename", "alice", "Carol")
    home.ok("profile", "mode", "carol", "cdo-8309")
    listed = home.json("profile", "list")["profiles"]
    tap.equal([(p["name"], p["default"], p["mode"]) for p in listed],
              [("Böb", True, "smart"), ("Carol", False, "cdo-8309")], "list")
    home.ok("profile", "copy", "carol", "dave")
    tap.equal(home.json("profile", "show", "dave")["mode"], "cdo-8309", "mode of the copy")
    home.ok("profile", "delete", "dave")
    tap.equal(home.fails(3, "profile", "delete", "dave")["layer"], "profile", "layer")
    home.fails(2, "profile", "mode", "carol", "outlook")
    tap.equal(home.fails(2, "profile", "create", "a/b")["cause"], "bad-argument", "cause")


def the_profile_comes_from_option_environment_or_default():
    home = Home().profile("one")
    home.ok("profile", "create", "two")
    tap.equal(home.json("profile", "show")["name"], "one", "default")
    two = {"ONEMAPI_PROFILE": "two"}
    tap.equal(home.json("profile", "show", env=two)["name"], "two", "environment")
    tap.equal(home.json("-p", "one", "profile", "show", env=two)["name"], "one", "option")
    tap.equal(len(home.json("service", "list")["services"]), 1, "services of the default")


def modes_are_private():
    home = Home()
    old = os.umask(0)
    home.profile()
    os.umask(old)
    tap.equal(stat.S_IMODE(home.dir.stat().st_mode), 0o700, "folder")
    tap.equal(stat.S_IMODE(home.file.stat().st_mode), 0o600, "file")


# ---- services, providers, properties ----

def msems_brings_its_providers_and_sections():
    home = Home()
    home.ok("profile", "create", "p")
    added = home.json("service", "add", "p", "MSEMS")
    tap.check(re.fullmatch("[0-9A-F]{32}", added["uid"]), added)
    tap.equal(home.fails(1, "service", "add", "p", "MSEMS")["name"], "MAPI_E_NO_ACCESS", "second")
    tap.equal(home.fails(3, "service", "add", "p", "MSPST")["cause"], "not-found", "unknown")
    names = [p["name"] for p in home.json("provider", "list", "p")["providers"]]
    tap.equal(names, ["EMS_DSA", "EMS_MDB_public", "EMS_MDB_private", "EMS_RXP", "EMS_MSX", "EMS_Hook"],
              "providers")
    values = {p["name"]: p["value"] for p in home.json("prop", "list", "p", "global")["properties"]}
    tap.equal(values, {"PR_PROFILE_VERSION": 0x501, "PR_PROFILE_CONFIG_FLAGS": 4,
                       "PR_PROFILE_TRANSPORT_FLAGS": 3, "PR_PROFILE_CONNECT_FLAGS": 2}, "global section")
    flags = home.json("prop", "get", "p", "EMS_MDB_private", "PR_PROFILE_OPEN_FLAGS")["value"]
    tap.equal(flags, 0xC, "open flags")
    home.fails(3, "service", "delete", "p", "0" * 32)
    home.ok("service", "delete", "p", added["uid"])
    tap.equal(home.json("prop", "list", "p")["properties"], [], "after deletion")


def properties_are_set_by_name_tag_and_flag():
    home = Home().profile()
    home.ok("prop", "set", "p", "global", "PR_PROFILE_UNRESOLVED_NAME=alice", "0x6608001E=" + ID,
            "PR_PROFILE_CONNECT_FLAGS=CONNECT_USE_SEPARATE_CONNECTION|CONNECT_IGNORE_NO_PF",
            "PR_PROFILE_UI_STATE=0x4000")
    get = home.json("prop", "get", "p", GLOBAL, "0x66040003")
    tap.equal((get["name"], get["tag"], get["type"], get["value"]),
              ("PR_PROFILE_CONNECT_FLAGS", "0x66040003", "PT_LONG", 0x8004), "flags")
    tap.equal(home.ok("prop", "get", "p", "global", "PR_PROFILE_UNRESOLVED_SERVER"), ID + "\n", "server")
    tap.equal(home.ok("prop", "get", "p", "global", "PR_PROFILE_UI_STATE"),
              "EDK_PROFILEUISTATE_ENCRYPTNETWORK\n", "UI state")
    home.ok("prop", "delete", "p", "global", "PR_PROFILE_UI_STATE")
    error = home.fails(3, "prop", "get", "p", "global", "PR_PROFILE_UI_STATE")
    tap.equal(error["layer"], "profile", "layer")


def string_types_are_kept_apart():
    home = Home().profile()
    home.ok("prop", "set", "p", "global", "PR_PROFILE_UNRESOLVED_NAME_A=eight",
            "PR_PROFILE_UNRESOLVED_NAME_W=wide")
    both = [(p["tag"], p["value"]) for p in home.json("prop", "list", "p", "global")["properties"]
            if p["tag"].startswith("0x6607")]
    tap.equal(both, [("0x6607001E", "eight"), ("0x6607001F", "wide")], "values")
    home.ok("prop", "set", "p", "EMS_DSA", "PR_DISPLAY_NAME=Renamed")
    display = [(p["type"], p["value"]) for p in home.json("prop", "list", "p", "EMS_DSA")["properties"]
               if p["name"] == "PR_DISPLAY_NAME"]
    tap.equal(display, [("PT_STRING8", "Renamed")], "a string keeps the type it has")


def several_properties_are_set_all_or_none():
    home = Home().profile()
    error = home.fails(3, "prop", "set", "p", "global", "PR_PROFILE_UNRESOLVED_NAME=alice",
                       "PR_PROFILE_CONECT_FLAGS=4")
    tap.check("PR_PROFILE_CONNECT_FLAGS" in error["detail"], error)
    home.fails(3, "prop", "get", "p", "global", "PR_PROFILE_UNRESOLVED_NAME")
    home.fails(2, "prop", "set", "p", "global", "PR_PROFILE_UNRESOLVED_NAME")
    home.fails(2, "prop", "set", "p", "global", "PR_PROFILE_VERSION=many")
    error = home.fails(3, "prop", "set", "p", "gobal", "PR_PROFILE_VERSION=1")
    tap.check("EMS_MDB_private" in error["detail"], error)


# ---- the map ----

def map_values_are_set_listed_and_deleted():
    home = Home()
    home.ok("map", "set", "RpcHttpProxyMap_B", "*=http://any:81,basic,none,true")
    home.ok("map", "set", "RpcHttpProxyMap_A", ENTRY)
    listed = home.json("map", "list")
    tap.equal([v["value_name"] for v in listed["values"]], ["RpcHttpProxyMap_A", "RpcHttpProxyMap_B"],
              "values")
    tap.equal(listed["entries"][1],
              {"value_name": "RpcHttpProxyMap_B", "entry": 1, "domain": "*", "proxy": "any",
               "proxy_port": 81, "tls": False, "http_auth": "basic", "rpc_auth": "none",
               "ignore_certificate": True}, "entry")
    tap.check("mail.contoso.test" in home.ok("map", "list"), "table")
    home.ok("map", "delete", "rpchttpproxymap_b")
    tap.equal(home.fails(3, "map", "delete", "RpcHttpProxyMap_B")["layer"], "map", "layer")
    tap.equal(home.fails(2, "map", "set", "ProxyMap", ENTRY)["cause"], "bad-argument", "name")


def map_mistakes_have_entry_and_column():
    home = Home()
    data = "contoso.com=mail.contoso.com,ntlm,ntlm,false b.com=m,digest,ntlm,perhaps"
    method, last = data.index("digest") + 1, data.index("perhaps") + 1
    error = home.fails(2, "map", "set", "RpcHttpProxyMap_X", data)
    tap.equal((error["layer"], error["cause"], error["native"]), ("map", "bad-syntax", method), "error")
    tap.equal([(e["value_name"], e["entry"], e["column"]) for e in error["errors"]],
              [("RpcHttpProxyMap_X", 2, method), ("RpcHttpProxyMap_X", 2, last)], "errors")
    tap.equal(home.json("map", "list")["values"], [], "nothing was set")
    told = home.run("map", "set", "RpcHttpProxyMap_X", data).stderr
    tap.equal((told.count("digest"), told.count("perhaps")), (1, 1), f"each mistake once: {told}")
    done = home.run("map", "check", data)
    tap.equal(done.returncode, 1, "exit of check")
    tap.check(f"entry 2, column {method}" in done.stdout, done.stdout)
    checked = json.loads(home.run("--json", "map", "check", data).stdout)
    tap.equal([e["column"] for e in checked["errors"]], [method, last], "columns")
    tap.equal(checked["warnings"], [], "warnings")


def map_check_warns():
    home = Home()
    data = "A.b=http://m,basic,ntlm,true a.B=n,ntlm,ntlm,false"
    done = home.run("--json", "map", "check", data)
    tap.equal(done.returncode, 0, "warnings alone")
    warnings = json.loads(done.stdout)["warnings"]
    second = data.index("a.B") + 1
    tap.equal([(w["kind"], w["entry"], w["column"]) for w in warnings],
              [("case", 1, 1), ("basic-without-tls", 1, data.index("http:") + 1),
               ("certificate-off", 1, data.index("true") + 1), ("shadowed", 2, second),
               ("case", 2, second + 2)], "warnings in the map's order")
    tap.equal(home.json("map", "check")["entries"], 0, "an empty map")
    data = "a.b=m,ntlm,kerberos,false"
    tap.check("kerberos is not supported yet: use ntlm" in home.ok("map", "check", data), "check")
    done = home.run("map", "set", "RpcHttpProxyMap_X", data)
    tap.equal(done.returncode, 0, "set")
    tap.check("warning: entry 1, column 12: kerberos" in done.stderr, done.stderr)


def a_server_that_is_none_is_usage_but_for_the_profiles():
    home = ready_to_log_on()
    for server in ["guid@", "@contoso.test", "a b", ""]:
        error = home.fails(2, "map", "explain", server)
        tap.equal((error["layer"], error["cause"]), ("route", "bad-argument"), server)
    home.ok("prop", "set", "p", "global", "PR_PROFILE_UNRESOLVED_SERVER=guid@")
    error = logon(home, "--password-command", "echo x", expect=1)
    tap.equal((error["layer"], error["cause"]), ("route", "bad-argument"), "the profile's")


def a_ca_file_that_is_none_is_usage():
    home = ready_to_log_on()
    text = tap.folder() / "ca.txt"
    text.write_text("no PEM\n")
    for file, cause in [("/nonexistent/ca.pem", "not-found"), (text, "bad-syntax"), ("/", "bad-syntax")]:
        error = logon(home, "--password-command", "echo x", "--ca-file", file, expect=2)
        tap.equal((error["layer"], error["cause"], error["target"]), ("tls", cause, str(file)), "error")
        tap.check("--ca-file" in error["hint"], error)


def explain_names_every_source():
    home = Home().profile()
    home.ok("map", "set", "RpcHttpProxyMap_MFCMAPI", ENTRY)
    route = home.json("map", "explain", ID)
    for field, value in {"server": ID, "domain": "contoso.test", "mode": "smart",
                         "transport": "ncacn_http", "proxy": "mail.contoso.test", "proxy_port": 443,
                         "tls": True, "http_auth": "ntlm", "rpc_auth": "ntlm",
                         "ignore_certificate": False, "overridden": []}.items():
        tap.equal(route[field], value, field)
    proxy = next(s for s in route["sources"] if s["field"] == "proxy")
    tap.equal(proxy, {"field": "proxy", "value": "mail.contoso.test",
                      "from": "map value RpcHttpProxyMap_MFCMAPI, entry 1"}, "source")
    legacy = home.json("map", "explain", "EX2010.contoso.test")
    tap.equal((legacy["transport"], legacy["proxy"]), ("ncacn_ip_tcp", None), "legacy")
    home.ok("prop", "set", "p", "global", "PR_ROH_PROXY_SERVER=p.test",
            "PR_ROH_FLAGS=ROHFLAGS_USE_ROH|ROHFLAGS_SSL_ONLY")
    lost = home.json("map", "explain", ID)["overridden"]
    tap.equal(lost, [{"field": "proxy", "value": "mail.contoso.test",
                      "from": "map value RpcHttpProxyMap_MFCMAPI, entry 1",
                      "by": "profile property PR_ROH_PROXY_SERVER"}], "overridden")
    tap.check("OVERRIDDEN BY" in home.ok("map", "explain", ID), "table")


def cdo_mode_fails_where_the_original_does():
    home = Home().profile()
    home.ok("profile", "mode", "p", "cdo")
    home.ok("prop", "set", "p", "global", "PR_ROH_PROXY_SERVER=p.test", "PR_ROH_FLAGS=3")
    error = home.fails(1, "map", "explain", "EX2010")
    tap.equal((error["name"], error["layer"], error["cause"]),
              ("MAPI_E_FAILONEPROVIDER", "route", "proxy-blocks-legacy"), "error")
    tap.check("smart" in error["hint"] and error["frames"], error)
    home.ok("profile", "mode", "p", "smart")
    tap.equal(home.json("map", "explain", "EX2010")["transport"], "ncacn_ip_tcp", "smart")


def a_missing_entry_is_not_found():
    home = Home().profile()
    error = home.fails(3, "map", "explain", ID)
    tap.equal((error["layer"], error["cause"], error["target"]), ("map", "no-map-entry", ID), "error")
    home.ok("map", "set", "RpcHttpProxyMap_X", ENTRY.replace("contoso.test=", "Contoso.test="))
    home.ok("profile", "mode", "p", "cdo-8309")
    error = home.fails(3, "map", "explain", ID)
    tap.equal(error["name"], "MAPI_E_LOGON_FAILED", "as CDO gives it")
    tap.check("Contoso.test" in error["detail"], error)


# ---- error, options, help ----

def codes_are_explained_however_they_are_written():
    home = Home()
    for text in ["MAPI_E_LOGON_FAILED", "mapi_e_logon_failed", "0x80040111", "80040111", "-2147221231",
                 "2147746065"]:
        found = home.json("error", text)["codes"]
        tap.check(any(c["name"] == "MAPI_E_LOGON_FAILED" for c in found), f"{text}: {found}")
    for text, kind, name in [("6ba", "rpc-proxy", "RPC Error: 6ba"),
                             ("1722", "rpc", "RPC_S_SERVER_UNAVAILABLE"),
                             ("0x970", "ec", "ecNotEncrypted"), ("401", "http", "Unauthorized"),
                             ("C000006D", "ntstatus", "STATUS_LOGON_FAILURE"),
                             ("ecWrongServer", "ec", "ecWrongServer")]:
        found = [(c["kind"], c["name"]) for c in home.json("error", text)["codes"]]
        tap.check((kind, name) in found, f"{text}: {found}")
    explained = home.json("error", "0x8004011D")["codes"][0]
    tap.check(explained["causes"] and explained["advice"], explained)
    tap.check("MAPI_E_NOT_FOUND" in home.fails(3, "error", "NOT_FOUN")["detail"], "similar names")


def options_go_before_and_after_the_command():
    home = Home().profile()
    for words in [["--json", "profile", "list"], ["profile", "--json", "list"], ["profile", "list", "--json"]]:
        tap.equal(len(json.loads(home.ok(*words))["profiles"]), 1, words)
    other = tap.folder() / "other"
    home.ok("profile", "create", "q", "--home", other)
    tap.check((other / "profiles.db").exists(), "--home")
    xdg = {"ONEMAPI_HOME": "", "XDG_DATA_HOME": str(other)}
    home.ok("profile", "create", "r", env=xdg)
    tap.check((other / "onemapi" / "profiles.db").exists(), "XDG_DATA_HOME")


def wrong_words_are_usage():
    home = Home()
    for words in [[], ["profile"], ["profile", "create"], ["profile", "create", "a", "b"], ["--nonsense"],
                  ["profile", "list", "--nonsense"], ["-p"], ["--timeout", "soon", "profile", "list"],
                  ["map", "explain"], ["profil", "list"], ["profile", "lst"]]:
        done = home.run(*words)
        tap.equal((done.returncode, done.stdout), (2, ""), words)
        tap.check(done.stderr.startswith("onemapi: usage: "), done.stderr)
    home.fails(2, "profile", "lst")
    tap.check("did you mean profile" in home.run("profil").stderr, "nearest")


def commands(home):
    """Every command there is, as --help and the help of each group list them."""
    for name in re.findall(r"^  (\w+)  ", home.ok("--help").split("\nOptions")[0], re.M):
        inside = re.findall(rf"^  {name} (\w+)", home.ok(name, "--help"), re.M)
        yield from ([name, child] for child in inside) if inside else [[name]]


def help_is_there_for_every_command():
    home = Home()
    every = list(commands(home))
    for known in [["logon"], ["resolve"], ["profile", "mode"], ["prop", "delete"], ["map", "explain"]]:
        tap.check(known in every, f"{known} is not in {every}")
    for words in every:
        text = home.ok(*words, "--help")
        tap.check(text.startswith(f"usage: onemapi {' '.join(words)}"), text)
        if words == ["prop", "set"]:
            continue  # takes as many as are given
        done = home.run(*words, *(["extra"] * 5))
        tap.equal((done.returncode, done.stdout), (2, ""), words)
        tap.check(done.stderr.startswith(f"onemapi: usage: onemapi {' '.join(words)}"), done.stderr)
    tap.check("[--mailbox WHO]" in home.ok("folders", "--help"), "folders")
    for words in [["--help"], ["help"], ["profile", "--help"], ["profile", "create", "--help"],
                  ["map", "set", "-h"], ["error", "--help"], ["prop", "set", "--help"]]:
        tap.check(home.ok(*words).startswith("usage: onemapi"), words)
    tap.check(re.fullmatch(r"onemapi \d+\.\d+\.\d+\n", home.ok("--version")), "version")


def lost_output_is_a_failure():
    home = Home().profile()
    for words in [["profile", "list"], ["--json", "prop", "list", "p"]]:
        with open("/dev/full", "w") as full:
            done = subprocess.run([ONEMAPI, "--home", home.dir, *words], stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        tap.equal(done.returncode, 1, words)
        tap.check("standard output" in done.stderr, done.stderr)


def foreign_control_characters_do_not_reach_the_terminal():
    home = Home().profile()
    home.ok("prop", "set", "p", "global", "PR_PROFILE_UNRESOLVED_NAME=a\x1b[2Jb\x07")
    tap.check("\x1b" not in home.ok("prop", "list", "p", "global"), "escape in the table")
    value = home.json("prop", "get", "p", "global", "PR_PROFILE_UNRESOLVED_NAME")["value"]
    tap.equal(value, "a\x1b[2Jb\x07", "value")


# ---- the store in trouble ----

def all_succeed(commands):
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    for process in running:
        _, errors = process.communicate(timeout=60)
        tap.equal((process.returncode, errors), (0, ""), process.args)


def eight_processes_write_at_once():
    home = Home()
    command = [ONEMAPI, "--home", str(home.dir)]
    all_succeed([command + ["profile", "create", f"p{i}"] for i in range(8)])
    all_succeed([command + ["prop", "set", "p0", "global", f"0x67{i:02X}0003={i}"] for i in range(8)])
    profiles = home.json("profile", "list")["profiles"]
    tap.equal(sorted(p["name"] for p in profiles), [f"p{i}" for i in range(8)], "profiles")
    tap.equal(sum(p["default"] for p in profiles), 1, "defaults")
    tap.equal([p["value"] for p in home.json("prop", "list", "p0")["properties"]], list(range(8)), "values")


def a_damaged_file_is_left_alone():
    home = Home().profile()
    data = home.file.read_bytes()
    damaged = data[:4096] + b"\xa5" * 4096 + data[8192:]
    home.file.write_bytes(damaged)
    for words in [["profile", "list"], ["profile", "create", "q"]]:
        error = home.fails(1, *words)
        tap.equal((error["layer"], error["cause"], error["name"]),
                  ("store", "damaged", "MAPI_E_CORRUPT_DATA"), "error")
        tap.equal(error["target"], str(home.file), "target")
    tap.check(home.file.read_bytes() == damaged, "the file was changed")
    home.file.write_bytes(data)
    tap.equal(len(home.json("profile", "list")["profiles"]), 1, "restored")


def a_newer_format_is_refused():
    home = Home().profile()
    db = sqlite3.connect(home.file)
    db.execute("PRAGMA user_version = 7")
    db.commit()
    db.close()
    error = home.fails(1, "profile", "list")
    tap.equal((error["cause"], error["native"]), ("newer-format", 7), "error")


def a_locked_file_is_waited_for():
    home = Home().profile()
    db = sqlite3.connect(home.file, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    with tap.process(ONEMAPI, "--home", home.dir, "profile", "create", "q") as waiting:
        tap.equal(len(home.json("profile", "list")["profiles"]), 1, "readers go on")
        tap.check(waiting.poll() is None, "it did not wait")
        db.execute("COMMIT")
        tap.equal(waiting.wait(30), 0, "exit")
    db.close()


def on_small_disk(script, home):
    """Runs a shell script in a mount namespace where `home` is a disk of 160 KiB."""
    tap.need_root()
    tap.need("unshare", "mount")
    if tap.run("unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt").returncode:
        raise tap.Skip("this system does not allow mounts, even to root")
    mount = 'mkdir -p "$HOME_DIR"; mount -t tmpfs -o size=160k,mode=700 none "$HOME_DIR"\n'
    return tap.run("unshare", "--mount", "sh", "-euc", mount + script,
                   env={**CLEAN, "ONEMAPI_HOME": str(home), "HOME_DIR": str(home), "O": ONEMAPI})


def a_full_disk_loses_nothing():
    home = Home()
    done = on_small_disk('''
        "$O" profile create p; "$O" service add p MSEMS >/dev/null; "$O" prop list p >"$HOME_DIR.before"
        dd if=/dev/zero of="$HOME_DIR/filler" bs=1k 2>/dev/null || true
        code=0; "$O" --json profile copy p q || code=$?
        "$O" prop list p >"$HOME_DIR.after"; cmp "$HOME_DIR.before" "$HOME_DIR.after"
        test "$("$O" --json profile list | grep -c '"name"')" = 1
        rm "$HOME_DIR/filler"; "$O" profile copy p q; "$O" profile show q >/dev/null
        exit $((code + 100))''', home.dir)
    tap.equal(done.returncode, 101, f"exit\n{done.stdout}{done.stderr}")
    error = json.loads(done.stderr)
    tap.equal((error["cause"], error["name"]), ("disk-full", "MAPI_E_NOT_ENOUGH_DISK"), "error")


def a_read_only_home_still_reads():
    home = Home()
    done = on_small_disk('''
        "$O" profile create p; mount -o remount,ro "$HOME_DIR"
        "$O" profile show p >/dev/null
        code=0; "$O" --json profile create q || code=$?
        test "$("$O" --json profile list | grep -c '"name"')" = 1
        exit $((code + 100))''', home.dir)
    tap.equal(done.returncode, 106, f"exit\n{done.stdout}{done.stderr}")
    error = json.loads(done.stderr)
    tap.equal((error["cause"], error["name"]), ("read-only", "MAPI_E_NO_ACCESS"), "error")


# ---- secrets, as far as they go without a server ----

NOBODY_THERE = ["--resolve", "mail.contoso.test:127.0.0.1:9"]


def ready_to_log_on():
    home = Home().profile()
    home.ok("prop", "set", "p", "global", "PR_PROFILE_UNRESOLVED_NAME=alice",
            "PR_PROFILE_UNRESOLVED_SERVER=" + ID)
    home.ok("map", "set", "RpcHttpProxyMap_X", ENTRY)
    return home


def logon(home, *words, env=None, expect=4):
    done = home.run("--json", "--user", "CONTOSO\\alice", *NOBODY_THERE, *words, "logon", env=env)
    tap.equal(done.returncode, expect, f"exit\n{done.stderr}")
    return json.loads(done.stderr)


def password_files_and_commands_that_fail_say_so():
    home = ready_to_log_on()
    error = logon(home, "--password-file", "/nonexistent/pw")
    tap.equal((error["layer"], error["cause"], error["target"]), ("auth", "not-found", "/nonexistent/pw"),
              "file")
    empty = tap.folder() / "empty"
    empty.write_text("\nsecond line\n")
    empty.chmod(0o600)
    tap.equal(logon(home, "--password-file", empty)["cause"], "no-credentials", "empty first line")
    error = logon(home, "--password-command", "cat /etc/hostname; exit 3")
    tap.check("exit code 3" in error["detail"], error)
    tap.equal(logon(home, env={"ONEMAPI_PASSWORD_COMMAND": "exit 1"})["cause"], "no-credentials",
              "environment")


def a_proxy_that_refuses_the_tunnel_is_named():
    home = ready_to_log_on()
    for answer, cause, native in [("407 Proxy Authentication Required", "proxy-error", 407),
                                  ("403 Forbidden", "proxy-error", 403),
                                  ("502 Bad Gateway", "proxy-error", 502), ("", "reset", None)]:
        proxy = socket.create_server(("127.0.0.1", 0))
        def serve():
            peer, _ = proxy.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode() if answer else b"")
        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        env = {"https_proxy": url, "HTTPS_PROXY": url, "no_proxy": "", "NO_PROXY": ""}
        done = home.run("--json", "--user", "alice", "--password-command", "echo x", "logon", env=env)
        thread.join()
        proxy.close()
        error = json.loads(done.stderr)
        tap.equal((done.returncode, error["layer"], error["cause"]),
                  (5, "http" if answer else "tcp", cause), f"{answer}: {error}")
        tap.check("disk" not in error["hint"], error)
        if answer:
            tap.equal((error["native_kind"], error["native"]), ("http", native), "native")
            tap.check("https_proxy" in error["hint"], error)


def a_password_that_never_comes_is_waited_for_until_the_timeout():
    home = ready_to_log_on()
    pipe = tap.folder() / "pipe"
    os.mkfifo(pipe, 0o600)
    for words in [["--password-command", "exec sleep 60"], ["--password-command", "exec sleep 60 >&-"],
                  ["--password-file", pipe]]:
        began = time.monotonic()
        error = logon(home, "--timeout", "0.5", *words)
        tap.check(time.monotonic() - began < 20, f"{words}: it was waited for")
        tap.equal((error["layer"], error["cause"], error["name"]), ("auth", "timeout", "MAPI_E_TIMEOUT"),
                  f"{words}")
        tap.check("--timeout" in error["hint"], error)


def without_a_terminal_all_the_password_command_started_ends_with_it():
    home = ready_to_log_on()
    seen = tap.folder() / "seen"
    command = f"sh -c 'sleep 3; touch {seen}'; echo x"
    done = tap.run("setsid", "--wait", ONEMAPI, "--user", "alice", "--timeout", "0.5", "--home", home.dir,
                   "--password-command", command, "logon", env={**CLEAN, **NO_BUS})
    tap.equal(done.returncode, 4, done.stderr)
    time.sleep(4)
    tap.check(not seen.exists(), "a child of the command went on")


def a_password_written_to_a_pipe_is_taken():
    home = ready_to_log_on()
    pipe = tap.folder() / "pipe"
    os.mkfifo(pipe, 0o600)
    with tap.process("sh", "-c", 'sleep 0.3; echo secret >"$1"', "sh", pipe):
        tap.equal(logon(home, "--password-file", pipe, expect=5)["layer"], "tcp", "past the password")


def the_password_command_is_shown_nowhere():
    home = ready_to_log_on()
    for command in ["echo; : hunter2", "exit 3 # hunter2", "printf 'a\\0b' # hunter2"]:
        words = ["--user", "alice", *NOBODY_THERE, "--password-command", command, "logon"]
        for done in [home.run(*words), home.run("--json", *words)]:
            tap.equal(done.returncode, 4, command)
            tap.check("hunter2" not in done.stdout + done.stderr, done.stderr)
            tap.check("the password command" in done.stderr, done.stderr)


def a_password_is_taken_from_file_command_or_secret_service():
    home = ready_to_log_on()
    file = tap.folder() / "pw"
    file.write_text("secret\n")
    file.chmod(0o600)
    tool = tap.folder() / "secret-tool"
    tool.write_text('#!/bin/sh\n[ "$*" = "lookup service onemapi user CONTOSO\\\\alice" ] && echo secret\n')
    tool.chmod(0o700)
    desktop = {"PATH": f"{tool.parent}:{os.environ['PATH']}", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/no"}
    for words, env in [(["--password-file", file], None), ([], {"ONEMAPI_PASSWORD_FILE": str(file)}),
                       (["--password-command", "echo secret"], None), ([], desktop)]:
        error = logon(home, *words, env=env, expect=5)  # past the password, and nobody there
        tap.equal(error["layer"], "tcp", f"{words} {env}")
        tap.check("secret\n" not in json.dumps(error), error)


def a_password_is_tried_for_nobody_else():
    home = ready_to_log_on()
    mine, other = tap.folder() / "mine", tap.folder() / "other"
    for file in (mine, other):
        file.write_text("secret\n")
        file.chmod(0o600)
    proxy = ["--password-file", mine, "--http-user", "CONTOSO\\proxy"]
    error = logon(home, *proxy)
    tap.equal((error["layer"], error["cause"], error["target"]),
              ("auth", "no-credentials", "CONTOSO\\proxy"), "without a password")
    tap.check("--http-password-file" in error["detail"], error)
    logon(home, *proxy, "--http-password-file", other, expect=5)  # past the passwords
    logon(home, *proxy, "--http-password-command", "echo secret", expect=5)
    logon(home, "--password-file", mine, "--http-user", "CONTOSO\\alice", expect=5)  # the same one
    error = logon(home, "--password-file", "-", "--http-user", "CONTOSO\\proxy", "--http-password-file", "-")
    tap.check("read once" in error["detail"], error)
    done = tap.run("sh", "-c", 'echo secret | "$0" "$@"', ONEMAPI, "--json", "--user", "CONTOSO\\alice",
                   *NOBODY_THERE, "--password-file", "-", "--http-user", "CONTOSO\\alice", "logon",
                   env={**CLEAN, **NO_BUS, "ONEMAPI_HOME": str(home.dir)})
    tap.equal((done.returncode, json.loads(done.stderr)["layer"]), (5, "tcp"), "one password from stdin")


def without_anywhere_to_ask_there_is_no_hanging():
    home = ready_to_log_on()
    tool = tap.folder() / "secret-tool"
    tool.write_text('#!/bin/sh\ntouch "$0.asked"; exit 1\n')
    tool.chmod(0o700)
    env = {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
    logon(home, env=env, expect=5)  # a ticket may do, so the network is asked all the same
    tap.check(not tool.with_name("secret-tool.asked").exists(), "asked without a session bus")
    logon(home, env={**env, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/no"}, expect=5)
    tap.check(tool.with_name("secret-tool.asked").exists(), "not asked with a session bus")


def loose_password_files_are_warned_about():
    home = ready_to_log_on()
    file = tap.folder() / "pw"
    file.write_text("secret\n")
    file.chmod(0o644)
    error = logon(home, "--password-file", file, expect=5)
    tap.check(any("mode 644" in w for w in error["warnings"]), error)
    file.chmod(0o600)
    tap.check("warnings" not in logon(home, "--password-file", file, expect=5), "warned without reason")


def the_prompt_shows_no_password():
    home = ready_to_log_on()
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update({**CLEAN, **NO_BUS, "ONEMAPI_HOME": str(home.dir)})
        os.execv(ONEMAPI, [ONEMAPI, "--user", "alice", *NOBODY_THERE, "logon"])
    seen = b""
    try:
        while b"Password for alice: " not in seen:
            seen += os.read(terminal, 1000)
        os.write(terminal, b"hunter2\n")
        while True:
            seen += os.read(terminal, 1000)
    except OSError:
        pass
    _, status = os.waitpid(child, 0)
    tap.equal(os.waitstatus_to_exitcode(status), 5, f"exit {seen}")
    tap.check(b"hunter2" not in seen, f"the password was shown: {seen}")


tap.main(
    nothing_is_created_by_looking,
    profiles_are_created_listed_shown_and_deleted,
    the_profile_comes_from_option_environment_or_default,
    modes_are_private,
    msems_brings_its_providers_and_sections,
    properties_are_set_by_name_tag_and_flag,
    string_types_are_kept_apart,
    several_properties_are_set_all_or_none,
    map_values_are_set_listed_and_deleted,
    map_mistakes_have_entry_and_column,
    map_check_warns,
    a_server_that_is_none_is_usage_but_for_the_profiles,
    a_ca_file_that_is_none_is_usage,
    explain_names_every_source,
    cdo_mode_fails_where_the_original_does,
    a_missing_entry_is_not_found,
    codes_are_explained_however_they_are_written,
    options_go_before_and_after_the_command,
    wrong_words_are_usage,
    help_is_there_for_every_command,
    lost_output_is_a_failure,
    foreign_control_characters_do_not_reach_the_terminal,
    eight_processes_write_at_once,
    a_damaged_file_is_left_alone,
    a_newer_format_is_refused,
    a_locked_file_is_waited_for,
    a_full_disk_loses_nothing,
    a_read_only_home_still_reads,
    password_files_and_commands_that_fail_say_so,
    a_proxy_that_refuses_the_tunnel_is_named,
    a_password_that_never_comes_is_waited_for_until_the_timeout,
    without_a_terminal_all_the_password_command_started_ends_with_it,
    a_password_written_to_a_pipe_is_taken,
    the_password_command_is_shown_nowhere,
    a_password_is_taken_from_file_command_or_secret_service,
    a_password_is_tried_for_nobody_else,
    without_anywhere_to_ask_there_is_no_hanging,
    loose_password_files_are_warned_about,
    the_prompt_shows_no_password,
)
