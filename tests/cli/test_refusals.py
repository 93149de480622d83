#!/usr/bin/python3
"""Servers that refuse, break off, lie or say nothing: each has to end in time, with the exit code, layer and
cause that fit, and with a hint. The lab misbehaves as each row says; the command is what a user types.
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

FAILED, NOT_FOUND, AUTH, NETWORK, ACCESS = 1, 3, 4, 5, 6

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
    (f"cert-expired@{HTTPS}", ALICE, NETWORK, "tls", "certificate"),
    (f"cert-wrong-host@{HTTPS}", ALICE, NETWORK, "tls", "certificate"),
    (f"cert-self-signed@{HTTPS}", ALICE, NETWORK, "tls", "certificate"),
    (f"http-status=500@{HTTPS}", ALICE, NETWORK, "http", "http-status"),
    (f"http-401@{HTTPS}", ALICE, AUTH, "http auth", "bad-credentials"),
    (f"http-close-401@{HTTPS}", ALICE, AUTH, "http", "auth-failed"),  # NTLM is of a connection
    (f"http-garbage@{HTTPS}", ALICE, None, "http", "protocol"),
    ("proxy-error=6ba", ALICE, NETWORK, "http", "proxy-error"),
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
    ("ec-connect=3eb", ALICE, None, "emsmdb", "unknown-user"),
    ("ec-connect=970", ALICE, None, "emsmdb", "not-encrypted"),
    ("ec-connect=4df", ALICE, None, "emsmdb", "version-blocked"),
    ("ec-rpc=4b6", ALICE, None, "emsmdb", "server-error"),
    ("ec-logon=80070005", ALICE, ACCESS, "rop", "access-denied"),
    ("ec-logon=3f2", ALICE, ACCESS, "rop", "access-denied"),
    ("ec-logon=11c", ALICE, None, "rop", "not-configured"),
    ("no-mailbox=bob", BOB, None, "emsmdb rop", "unknown-user"),
    ("rop-garbage", ALICE, None, "emsmdb rop", "protocol"),
    ("rop-short", ALICE, None, "emsmdb rop", "protocol"),
]

# what a client has to live with: it works all the same
HARMLESS = [
    (f"trickle=1@{HTTPS}", ["logon"]),
    (f"http-negotiate-only@{HTTPS}", ALICE),
    (f"trickle=3@{LEGACY}:6001", BOB),
]


def attempt(here, command, **options):
    """(exit code, error object, seconds)."""
    start = time.monotonic()
    done = here.run("-p", "refusals", "--timeout", str(TIMEOUT), "--json", *command,
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
    here.profile("refusals", "alice", "contoso.test=mail.contoso.test,ntlm,ntlm,false")


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
            here.profile("refusals", "alice", f"contoso.test=mail.contoso.test,{method},ntlm,false")
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


def method_that_is_not_offered():
    with lab.serve("--http-auth", "basic") as here:
        profile(here)
        has_to_fail(here, ALICE, AUTH, "http", "auth-not-offered")


def mailbox_without_a_right():
    with lab.serve() as here:
        profile(here)
        mallory = {"ONEMAPI_USER": "CONTOSO\\mallory",
                   "ONEMAPI_PASSWORD_FILE": here.users["mallory"]["password_file"]}
        has_to_fail(here, ALICE, ACCESS, "rop emsmdb", "access-denied", env=mallory)


def mailbox_nobody_has():
    with lab.serve() as here:
        profile(here)
        has_to_fail(here, ["folders", "--mailbox", "nobody-at-all"], NOT_FOUND, "nspi session",
                    "not-found")


def legacy_server_without_encryption():
    with lab.serve() as here:
        profile(here)
        here.do("prop", "set", "refusals", "global", "PR_PROFILE_UI_STATE=0")
        has_to_fail(here, BOB, None, "emsmdb", "not-encrypted")


def address_book_elsewhere():
    """A legacy server without NSPI refers to another's address book, of another age."""
    with lab.serve() as here:
        alice = here.users["alice"]["personalized_id"]
    with lab.serve("--misbehave", f"unregistered=6004@{LEGACY}",
                   "--misbehave", f"rfr-dsa={alice}@{LEGACY}") as here:
        here.profile("refusals", "bob", "contoso.test=mail.contoso.test,ntlm,ntlm,false")
        done = here.run("-p", "refusals", "-v", "--json", "logon")
        tap.equal(done.returncode, 0, f"exit code: {done.stderr}")
        logon = json.loads(done.stdout)
        tap.equal((logon["mailbox"], logon["transport"]), ("bob@contoso.test", "ncacn_ip_tcp"),
                  "what was reached")
        tap.check(f"refers to the address book of {alice}" in done.stderr, done.stderr)


def address_book_nowhere():
    with lab.serve("--misbehave", f"unregistered=6004@{LEGACY}") as here:
        here.profile("refusals", "bob", "contoso.test=mail.contoso.test,ntlm,ntlm,false")
        has_to_fail(here, ["logon"], NETWORK, "epm", "not-registered")


def map_without_the_domain():
    with lab.serve() as here:
        here.profile("refusals", "alice", "fabrikam.test=mail.contoso.test,ntlm,ntlm,false")
        has_to_fail(here, ALICE, None, "map", "no-map-entry")


tap.main(
    *[refusal(*row) for row in ROWS],
    *[harmless(*row) for row in HARMLESS],
    wrong_password("basic"),
    wrong_password("ntlm"),
    wrong_password("basic", "http-read-body"),
    wrong_password("ntlm", "http-read-body"),
    silence(STORE, ALICE),
    silence(BOOK, ALICE),
    method_that_is_not_offered,
    mailbox_without_a_right,
    mailbox_nobody_has,
    legacy_server_without_encryption,
    map_without_the_domain,
    address_book_elsewhere,
    address_book_nowhere,
)
