#!/usr/bin/python3
"""Servers that are silent, break off, lie or send noise: what a user sees is a clear error, in time.

A row for each misbehaviour of the lab; connections that end, are reset, fall silent or carry a damaged
byte after N bytes, for N over a whole logon and its folders; stubs whose counts, lengths and codes are
as large as they can be. Nothing hangs, crashes or eats memory.

EXCHANGE_STEP: how many times closer than usual the N lie to one another; from 1000 on, each is taken.
"""

import collections
import contextlib
import json
import os
import pathlib
import queue
import re
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import lab
import relay
import tap

WORKERS = 4
CLOSER = float(os.environ.get("EXCHANGE_STEP") or 1)

TIMEOUT = 1.5  # --timeout, of one wait
WAITS = 2  # that may run into it one after another: a goodbye waits for a second at most
SLACK = 8  # seconds for what is no waiting, in a sanitized build on a busy machine
AT_ONCE = 2  # seconds in which a wrong password is refused
MEMORY = 100 << 10  # KiB that a command may take, sanitizers aside
SINGLE = 64  # MiB: no one allocation is larger, with sanitizers

FAILED, AUTH, NETWORK, NO_PERMISSION = 1, 4, 5, 6

SANITIZED = b"__asan_init" in pathlib.Path(lab.COMMAND).read_bytes()
LIMITS = {"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:max_allocation_size_mb={SINGLE}",
          "UBSAN_OPTIONS": f"{os.environ.get('UBSAN_OPTIONS', '')}:print_stacktrace=1"}

MAP = "contoso.test=mail.contoso.test,ntlm,ntlm,false"
PLAIN_MAP = "contoso.test=http://mail.contoso.test,ntlm,ntlm,false"
UNSEALED_MAP = "contoso.test=http://mail.contoso.test,basic,none,false"

# A way to a mailbox: the user whose it is, their server (None: personalized), the map.
Way = collections.namedtuple("Way", "name user server map ui_state", defaults=["0x4000"])
HTTP = Way("http", "alice", None, MAP)
TCP = Way("tcp", "bob", "ex2010.contoso.test", None)
PLAIN = Way("plain", "alice", None, PLAIN_MAP)
UNSEALED = Way("unsealed", "alice", None, UNSEALED_MAP, "0")
BASIC = Way("basic", "alice", None, MAP.replace(",ntlm,ntlm", ",basic,ntlm"))

# ---- running the command ----


def home_of(running, way):
    """The home of this way's profile, made when it is not there."""
    path = running.folder / f"home-{way.name}"
    env = {"ONEMAPI_HOME": str(path)}
    if not path.exists():
        if way.map:
            running.do("map", "set", "RpcHttpProxyMap_TEST", way.map, env=env)
        running.do("profile", "create", "p", env=env)
        running.do("service", "add", "p", "MSEMS", env=env)
        running.do("prop", "set", "p", "global", f"PR_PROFILE_UNRESOLVED_NAME={way.user}",
                   f"PR_PROFILE_UNRESOLVED_SERVER={way.server or running.users[way.user]['personalized_id']}",
                   "PR_PROFILE_CONNECT_FLAGS=0x8004", f"PR_PROFILE_UI_STATE={way.ui_state}", env=env)
    return {**env, "ONEMAPI_USER": f"CONTOSO\\{way.user}",
            "ONEMAPI_PASSWORD_FILE": running.users[way.user]["password_file"]}


class Run:
    """`onemapi folders` one way, and what came of it."""

    def __init__(self, running, way, env=(), timeout=TIMEOUT):
        env = {**home_of(running, way), **LIMITS, **dict(env)}
        start = time.monotonic()
        done = running.run("-p", "p", "--json", "--timeout", timeout, "folders", env=env, timeout=120)
        self.seconds = time.monotonic() - start
        self.exit, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
        self.error = {}
        if self.exit:
            with contextlib.suppress(ValueError):
                self.error = json.loads(self.stderr)

    def __str__(self):
        return f"exit {self.exit} in {self.seconds:.1f} s\n{self.stdout}{self.stderr}"

    def summary(self):
        e = self.error
        native = f" {e['native_kind']}:{e['native']}" if e.get("native_kind") else ""
        return f"{self.exit} {e.get('layer')} {e.get('cause')}{native}"

    def is_clear(self):
        """An error a person can do something with, and a script can tell from others."""
        e = self.error
        return (self.exit in (1, 3, 4, 5, 6) and not self.stdout and e and e["layer"] != "none"
                and e["cause"] not in ("none", "internal") and isinstance(e["native"], int)
                and e["hint"] and e["target"] and e["message"]
                and (e["name"] or e["status"] == e["native"]))  # a code of the server's that has no name

    def is_in_time(self, seconds=TIMEOUT * WAITS + SLACK):
        return self.seconds < seconds

    def has_folders(self):
        return self.exit == 0 and len(json.loads(self.stdout)["folders"]) > 5


def has_to_fail(run):
    tap.check(run.exit, f"it went through: {run}")
    tap.check(run.is_clear(), f"no clear error: {run}")
    tap.check(run.is_in_time(), f"not in time: {run}")


# ---- labs: a folder keeps passwords, certificates and profiles, so that a lab starts at once ----

folders = queue.Queue()


@contextlib.contextmanager
def misbehaving(*kinds, options=()):
    path = folders.get()
    try:
        with lab.serve(*[word for kind in kinds for word in ("--misbehave", kind)], *options,
                       path=path) as running:
            yield running
    finally:
        folders.put(path)


def prepare():
    for _ in range(WORKERS):
        folders.put(tap.folder())

# ---- a row for each misbehaviour ----

# what the lab does, the way, "EXIT LAYER CAUSE KIND:NATIVE" of the error; the last one where there is one
ROWS = [
    # silence
    ("silent@443", HTTP, "5 tls timeout curl:28"),
    ("silent@80", PLAIN, "5 http timeout"),
    ("silent@ex2010:135", TCP, "5 rpc timeout"),
    ("silent@ex2010:6004", TCP, "5 rpc timeout"),
    ("silent@ex2010:6001", TCP, "5 rpc timeout"),
    ("rts-no-c2", HTTP, "5 rts timeout"),
    *[(f"rpc-silent={n}@{port}", way, "5 rpc timeout")
      for way, port, last in ((HTTP, 6004, 3), (HTTP, 6001, 4), (TCP, 135, 2), (TCP, 6001, 4))
      for n in range(1, last + 1)],

    # ends
    ("close@443", HTTP, "5 (tls tls-failed curl:35|tcp reset errno:104)"),
    ("close@80", PLAIN, "5 (http closed|tcp reset errno:104)"),
    ("close@ex2010:135", TCP, "5 (rpc closed|tcp reset errno:104)"),
    ("close@ex2010:6001", TCP, "5 (rpc closed|tcp reset errno:104)"),
    ("cut=2000@443", HTTP, "5 (rts|http) closed"),
    ("rpc-close=1@6004", HTTP, "5 rts closed"),
    ("rpc-close=2@6001", HTTP, "5 rts closed"),
    ("rpc-close=1@135", TCP, "5 rpc closed"),
    ("rpc-close=4@6001", TCP, "5 rpc closed"),

    # HTTP
    ("http-status=500", HTTP, "5 http http-status http:500"),
    ("http-status=404", BASIC, "5 http http-status http:404"),
    ("http-status=302", HTTP, "5 http http-status http:302"),
    ("http-status=403", HTTP, "6 http access-denied http:403"),
    ("http-garbage", HTTP, "1 http protocol"),
    ("http-garbage", BASIC, "1 http protocol"),
    ("http-close-401", HTTP, "4 http auth-failed http:401"),
    ("proxy-error=6c0@6001", HTTP, "5 http proxy-error rpc-proxy:1728"),

    # RPC over HTTP
    ("rts-no-a3", HTTP, "1 rts protocol"),  # CONN/C2 comes before its time
    ("rts-bad", HTTP, "1 rts protocol offset:40"),

    # RPC: on the bind's answer, on a call's, sealed or not
    ("rpc-frag-length=1@6004", HTTP, "5 rpc timeout"),  # longer than what there is: it waits
    ("rpc-frag-length=2@6001", HTTP, "1 rts protocol offset:1"),
    ("rpc-frag-length=2@6001", TCP, "5 rpc timeout"),
    ("rpc-call-id=1@6004", HTTP, "1 rpc protocol"),
    ("rpc-call-id=2@6004", HTTP, "1 rpc protocol"),
    ("rpc-call-id=2@6001", TCP, "1 rpc protocol"),
    ("rpc-call-id=2@6004", UNSEALED, "1 rpc protocol"),
    ("rpc-type=1@6004", HTTP, "1 rpc protocol"),
    ("rpc-type=2@135", TCP, "1 rpc protocol"),
    ("rpc-garbage=1@6004", HTTP, "1 rts protocol offset:1"),
    ("rpc-garbage=2@135", TCP, "1 rpc protocol offset:1"),
    ("rpc-garbage=3@6001", TCP, "1 rpc protocol offset:1"),
    ("rpc-signature=2@6001", HTTP, "4 auth bad-signature"),
    ("rpc-signature=3@6001", TCP, "4 auth bad-signature"),
    ("rpc-fault=5@6004", HTTP, "4 auth bad-credentials rpc-fault:5"),
    ("rpc-fault=5@6001", UNSEALED, "6 rpc access-denied rpc-fault:5"),
    ("rpc-fault=1c010003@6001", TCP, "1 rpc fault rpc-fault:469827587"),
    ("rpc-bind-nak=4@6004", HTTP, "5 rpc bind-refused bind-reason:4"),
    ("rpc-bind-nak=0@135", TCP, "5 rpc bind-refused bind-reason:0"),

    # Exchange's own
    ("nspi-bind=80040111", HTTP, "4 nspi bad-credentials ec:2147746065"),
    ("ec-connect=3ea", TCP, "1 emsmdb server-error ec:1002"),
    ("ec-rpc=4b6", HTTP, "1 emsmdb server-error ec:1206"),
    ("ec-rpc=569", TCP, "1 emsmdb server-error ec:1385"),
    ("ec-logon=80004005", HTTP, "1 rop server-error ec:2147500037"),
    ("rop-garbage", HTTP, "1 rop protocol offset:2"),
    ("rop-garbage", TCP, "1 rop protocol offset:2"),
    ("rop-short", HTTP, "1 rop protocol offset:0"),
    ("stub-short=0@135", TCP, "1 epm protocol offset:0"),
    ("stub-short=60@6004", HTTP, "1 nspi protocol offset:32"),
    ("stub-short=10@6001", HTTP, "1 emsmdb protocol offset:4"),
    ("stub-huge=24@135", TCP, "1 epm protocol offset:28"),
]

# What a client has to live with.
HARMLESS = [("trickle=1", HTTP), ("trickle=3", TCP), ("http-negotiate-only", HTTP), ("http-ntlm-as-negotiate", HTTP),
            ("http-read-body", HTTP), ("http-read-body", BASIC), ("http-epa", HTTP), ("rts-no-ack", HTTP), ("ec-rfr=80004005", HTTP),
            ("rpc-silent=4@6004", HTTP), ("rpc-silent=5@6001", TCP)]  # NspiUnbind, EcDoDisconnect


def misbehaviour(kind, way, want):
    def case():
        with misbehaving(kind) as running:
            run = Run(running, way)
        has_to_fail(run)
        tap.check(re.fullmatch(want, run.summary()), f"want {want}, got {run.summary()}: {run}")
    case.__name__ = f"{kind} over {way.name} ends as {want}"
    return case


def harmless(kind, way):
    def case():
        with misbehaving(kind) as running:
            run = Run(running, way)
        tap.check(run.has_folders() and run.is_in_time(), str(run))
    case.__name__ = f"{kind} over {way.name} does no harm"
    return case


def one_time_out(where, way):
    """Saying goodbye to a server that has fallen silent must not wait for it as long again."""
    def case():
        with misbehaving(f"rpc-silent=3@{where}") as running:
            run = Run(running, way, timeout=4)
        tap.check(run.error.get("cause") == "timeout" and 4 <= run.seconds < 8, str(run))
    case.__name__ = f"a server that falls silent at {where} over {way.name} costs one time-out"
    return case


# ---- passwords ----

def wrong_password(way, *kinds):
    def case():
        with misbehaving(*kinds) as running:
            wrong = running.folder / "wrong"
            wrong.write_text("not-it\n", encoding="utf-8")
            wrong.chmod(0o600)
            env = {"ONEMAPI_PASSWORD_FILE": str(wrong)}
            runs = [Run(running, way, env)]
            while not runs[-1].is_in_time(AT_ONCE) and len(runs) < 3:  # the machine may be busy
                runs.append(Run(running, way, env))
        has_to_fail(runs[-1])
        tap.check(runs[-1].is_in_time(AT_ONCE), f"not at once: {runs[-1]}")
        tap.check(re.fullmatch("4 (http bad-credentials http:401|auth bad-credentials rpc-fault:5)",
                               runs[-1].summary()), str(runs[-1]))
    case.__name__ = f"a wrong password over {way.name} is refused at once {' '.join(kinds)}".strip()
    return case


# ---- sweeps: the same in one place after another of a whole session ----

GOODBYE = 200  # bytes at the end, of calls whose answers no one needs


def places(end, step, first=0):
    return range(first, end, max(int(step / CLOSER), 1))


class Sweep:
    """Runs in one place after another: each goes through, where that may be, or fails as it should."""

    def __init__(self, what, want=".*"):
        self.what = what
        self.want = want
        self.seen = collections.Counter()

    def take(self, place, run, may_pass):
        try:
            if run.exit or not may_pass:
                has_to_fail(run)
                tap.check(re.fullmatch(self.want, run.summary()), f"want {self.want}, got {run}")
            else:
                tap.check(run.is_in_time(), f"not in time: {run}")
        except AssertionError as error:
            raise AssertionError(f"{self.what} {place}: {error}") from None
        self.seen[re.sub("offset:.*", "offset", run.summary()) if run.exit else "went through"] += 1

    def report(self):
        print("".join(f"# {self.what}: {n} times {text}\n" for text, n in self.seen.most_common()), end="")


# A 401 whose body is cut off is one after which the connection was closed, as some servers do.
GONE = "5 (tcp|http|rts|rpc) (closed|reset).*|4 http auth-failed http:401"
ENDS = {relay.CLOSE: GONE, relay.RESET: GONE, relay.HOLD: "5 .* timeout.*", relay.FLIP: ".*"}


def sweep(way, then, step):
    """A session that ends, holds or is damaged after every so many bytes of what the servers say."""
    what = f"over {way.name} the server {then} after byte"

    def case():
        result = Sweep(what, ENDS[then])
        with misbehaving() as running, relay.between(running) as between:
            whole = Run(running, way, between.env)
            tap.check(whole.has_folders(), f"it does not work at all: {whole}")
            total = between.passed
            for place in places(total, step):
                between.set(place, then)
                # a damaged byte may be one of a name
                result.take(place, Run(running, way, between.env),
                            may_pass=then == relay.FLIP or place >= total - GOODBYE)
        result.report()
    case.__name__ = f"{what} N, for N over a whole session"
    return case


def huge(way, port, end, step):
    """Four bytes FF in the stubs of a port's answers, sealed and signed as if they were meant."""
    what = f"over {way.name} FFFFFFFF at {port}, byte"

    def case():
        result = Sweep(what)
        for place in places(end, step):
            with misbehaving(f"stub-huge={place}@{port}") as running:
                result.take(place, Run(running, way), may_pass=True)
        tap.check(sum("protocol" in text for text in result.seen), f"nothing was minded: {result.seen}")
        result.report()
    case.__name__ = f"{what} N of the answers"
    return case


def no_command_took_much_memory():
    """Not under sanitizers, which take their own: there LIMITS bounds each allocation instead."""
    took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    tap.check(took < MEMORY, f"{took} KiB")


tap.main(
    *[misbehaviour(*row) for row in ROWS],
    *[harmless(*row) for row in HARMLESS],
    one_time_out(6004, HTTP), one_time_out(6001, TCP),
    wrong_password(BASIC), wrong_password(HTTP), wrong_password(TCP),
    wrong_password(BASIC, "http-read-body"), wrong_password(HTTP, "http-read-body"),
    sweep(PLAIN, relay.CLOSE, 83), sweep(TCP, relay.CLOSE, 83),
    sweep(PLAIN, relay.RESET, 211), sweep(TCP, relay.RESET, 211),
    sweep(PLAIN, relay.HOLD, 977), sweep(TCP, relay.HOLD, 977),
    sweep(UNSEALED, relay.FLIP, 97), sweep(TCP, relay.FLIP, 211),
    huge(HTTP, 6004, 600, 44), huge(TCP, 6004, 600, 84),
    huge(HTTP, 6001, 1400, 68), huge(TCP, 6001, 1400, 92), huge(TCP, 135, 160, 12),
    prepare=prepare, at_once=WORKERS, last=None if SANITIZED else no_command_took_much_memory)
