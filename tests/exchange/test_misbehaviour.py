#!/usr/bin/python3
"""Servers that break off, lie or say nothing: each has to end in time, with the exit code, layer and cause
that fit, and with a hint. The lab misbehaves as each row says; the command is what a user types. Refusals
that Exchange gives by design are test_refusals.py's.
"""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import lab
import tap

TIMEOUT = 3  # seconds: --timeout, of one wait
LONGEST = 15  # of a command: several waits, and a sanitized build

AUTH, NETWORK = 4, 5

ALICE = ["folders"]
BOB = ["folders", "--mailbox", "bob"]

HTTPS = "ex2013:443"
STORE = "ex2013:6001"
BOOK = "ex2013:6004"
LEGACY = "ex2010"

# misbehaviour, command, exit code, layers, causes
ROWS = [
    (f"silent@{HTTPS}", ALICE, NETWORK, "tcp tls", "timeout"),
    (f"close@{HTTPS}", ALICE, NETWORK, "tcp tls", "closed reset tls-failed"),
    (f"cut=600@{HTTPS}", ALICE, NETWORK, "tcp tls http rts rpc", "closed reset tls-failed"),
    (f"http-status=500@{HTTPS}", ALICE, NETWORK, "http", "http-status"),
    (f"http-close-401@{HTTPS}", ALICE, AUTH, "http", "auth-failed"),  # NTLM is of a connection
    (f"http-garbage@{HTTPS}", ALICE, None, "http", "protocol"),
    ("rts-no-a3", ALICE, None, "rts", "protocol"),  # CONN/C2 comes before its time
    ("rts-no-c2", ALICE, NETWORK, "rts", "timeout"),
    ("rts-bad", ALICE, None, "rts", "protocol"),
    (f"rpc-silent=1@{BOOK}", ALICE, NETWORK, "rpc", "timeout"),
    (f"rpc-silent=2@{BOOK}", ALICE, NETWORK, "rpc", "timeout"),
    (f"rpc-silent=3@{STORE}", ALICE, NETWORK, "rpc", "timeout"),
    (f"rpc-close=1@{BOOK}", ALICE, NETWORK, "rts rpc", "closed"),
    (f"rpc-close=2@{STORE}", ALICE, NETWORK, "rts rpc", "closed"),
    (f"rpc-frag-length=2@{BOOK}", ALICE, None, "rts rpc auth", "protocol bad-signature timeout"),
    (f"rpc-call-id=2@{BOOK}", ALICE, None, "rpc auth", "protocol bad-signature"),
    (f"rpc-type=2@{BOOK}", ALICE, None, "rpc auth", "protocol bad-signature"),
    (f"rpc-signature=2@{BOOK}", ALICE, AUTH, "auth rpc", "bad-signature"),
    (f"rpc-fault=5@{BOOK}", ALICE, None, "rpc auth", "fault access-denied bad-credentials"),
    (f"rpc-bind-nak=4@{BOOK}", ALICE, None, "rpc auth", "bind-refused unsupported"),
    (f"silent@{LEGACY}:135", BOB, NETWORK, "tcp epm rpc", "timeout"),
    (f"close@{LEGACY}:135", BOB, NETWORK, "tcp epm rpc", "closed reset"),
    (f"rpc-silent=2@{LEGACY}:6001", BOB, NETWORK, "rpc", "timeout"),
    (f"rpc-close=2@{LEGACY}:6001", BOB, NETWORK, "rpc tcp", "closed reset"),
    (f"rpc-call-id=2@{LEGACY}:6001", BOB, None, "rpc auth", "protocol bad-signature"),
    (f"rpc-signature=2@{LEGACY}:6001", BOB, AUTH, "auth rpc", "bad-signature"),
    ("nspi-bind=80040111", ALICE, AUTH, "nspi", "bad-credentials"),
    ("rop-garbage", ALICE, None, "emsmdb rop", "protocol"),
    ("rop-short", ALICE, None, "emsmdb rop", "protocol"),
]

# what a client has to live with: it works all the same
HARMLESS = [
    (f"trickle=1@{HTTPS}", ["logon"]),
    (f"http-negotiate-only@{HTTPS}", ALICE),
    (f"http-ntlm-as-negotiate@{HTTPS}", ALICE),
    (f"trickle=3@{LEGACY}:6001", BOB),
]


def attempt(here, command, **options):
    """(exit code, error object, seconds)."""
    start = time.monotonic()
    done = here.run("-p", "p", "--timeout", str(TIMEOUT), "--json", *command,
                    timeout=LONGEST * 3, **options)
    took = time.monotonic() - start
    error = json.loads(done.stderr) if done.returncode else None
    return done.returncode, error, took


def has_to_fail(here, command, code, layers, causes, **options):
    got, error, took = attempt(here, command, **options)
    tap.check(got != 0, "it went through")
    tap.check(error["layer"] in layers.split() and error["cause"] in causes.split(),
              f"another error: {json.dumps(error)}")
    tap.check(error["hint"], f"no hint: {json.dumps(error)}")
    tap.check(error["target"] or error["frames"], f"no target: {json.dumps(error)}")
    tap.check(took < LONGEST, f"took {took:.1f} s")
    if code is not None:
        tap.equal(got, code, f"exit code of {json.dumps(error)}")


def profile(here):
    here.profile("p", "alice", "contoso.test=mail.contoso.test,ntlm,ntlm,false")


def refusal(misbehaviour, command, code, layers, causes):
    def case():
        with lab.serve("--misbehave", misbehaviour) as here:
            profile(here)
            has_to_fail(here, command, code, layers, causes)
    case.__name__ = f"{misbehaviour} ends as {causes}"
    return case


def harmless(misbehaviour, command):
    def case():
        with lab.serve("--misbehave", misbehaviour) as here:
            profile(here)
            code, error, _ = attempt(here, command)
            tap.equal(code, 0, f"exit code of {json.dumps(error)}")
    case.__name__ = f"{misbehaviour} does no harm"
    return case


def wrong_password(method, *misbehave):
    def case():
        options = [word for kind in misbehave for word in ("--misbehave", kind)]
        with lab.serve(*options) as here:
            here.profile("p", "alice", f"contoso.test=mail.contoso.test,{method},ntlm,false")
            wrong = here.folder / "wrong"
            wrong.write_text("not-it\n", encoding="utf-8")
            wrong.chmod(0o600)
            start = time.monotonic()
            has_to_fail(here, ALICE, AUTH, "http", "bad-credentials",
                        env={"ONEMAPI_PASSWORD_FILE": str(wrong)})
            took = time.monotonic() - start
            tap.check(took < TIMEOUT, f"not at once: {took:.1f} s")
    case.__name__ = f"wrong password by {method} is refused at once {' '.join(misbehave)}"
    return case


def silence(where, command):
    """Saying goodbye to a server that has gone silent must not wait for it as long again."""
    def case():
        with lab.serve("--misbehave", f"rpc-silent=3@{where}") as here:
            profile(here)
            _, error, took = attempt(here, command)
            tap.equal(error["cause"], "timeout", "cause")
            tap.check(TIMEOUT <= took < TIMEOUT + 2.5, f"took {took:.1f} s")
    case.__name__ = f"a server that falls silent at {where} costs one time-out"
    return case


tap.main(
    *[refusal(*row) for row in ROWS],
    *[harmless(*row) for row in HARMLESS],
    silence(STORE, ALICE),
    silence(BOOK, ALICE),
    wrong_password("basic"),
    wrong_password("ntlm"),
    wrong_password("basic", "http-read-body"),
    wrong_password("ntlm", "http-read-body"),
)
