#!/usr/bin/python3
"""Our RPC over TCP against a peer no one here wrote: a Samba domain controller.

usage: test_samba.py SAMBA_PEER

The controller lives in namespaces of its own: its ports, its files and its processes are nobody
else's, and gone when this script is.
"""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import tap

PEER = sys.argv[1]
USER = "PEER\\Administrator"
PASSWORD = "Peer-pw-1"
FOLDERS = ["/etc/samba", "/var/lib/samba", "/var/cache/samba", "/var/log/samba", "/run/samba"]


def provision():
    for path in FOLDERS:
        os.makedirs(path, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", path], check=True)
    made = tap.run(
        "samba-tool", "domain", "provision", "--realm=peer.test", "--domain=PEER",
        "--host-name=dc", "--host-ip=127.0.0.1", f"--adminpass={PASSWORD}", "--server-role=dc",
        "--dns-backend=NONE", "--option=interfaces=lo", "--option=bind interfaces only=yes",
        timeout=120)
    tap.equal(made.returncode, 0, f"samba-tool: {made.stderr[-2000:]}")


def listening(port):
    """/proc/net/tcp: local address:port in hexadecimal, state 0A is LISTEN."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(fields[1].endswith(f":{port:04X}") and fields[3] == "0A"
                   for fields in map(str.split, table))


def prepare():
    tap.need("samba", "samba-tool")
    tap.in_namespace()
    provision()
    tap.keep(tap.process("samba", "--foreground", "--no-process-group",
                         "--option=server services=rpc,ldap", stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL))
    tap.wait_for(lambda: listening(135), 60, "the endpoint mapper listens")


def peer(level, *what, password=PASSWORD):
    return tap.run(PEER, "127.0.0.1", level, USER, password, *what)


def crack(level, account="PEER\\Administrator", **options):
    return peer(level, "crack", account, **options)


def privacy_gets_a_right_answer_through_the_endpoint_mapper():
    done = crack("privacy")
    tap.equal((done.stdout, done.stderr),
              ("CN=Administrator,CN=Users,DC=peer,DC=test\n", ""), "DRSCrackNames")


def another_account_gets_another_answer():
    tap.equal(crack("privacy", "PEER\\krbtgt").stdout,
              "CN=krbtgt,CN=Users,DC=peer,DC=test\n", "DRSCrackNames")


def an_account_that_is_not_there_is_not_found():
    done = crack("privacy", "PEER\\nobody-at-all")
    tap.equal(done.returncode, 1, "exit")
    tap.check("MAPI_E_NOT_FOUND" in done.stderr, done.stderr)


def a_wrong_password_is_refused_as_that():
    done = crack("privacy", password="not-it")
    tap.equal(done.returncode, 1, "exit")
    tap.check("MAPI_E_LOGON_FAILED" in done.stderr, done.stderr)


def integrity_is_not_enough_for_this_service():
    done = crack("integrity")
    tap.equal(done.returncode, 1, "exit")
    tap.check(done.stderr.startswith(("rpc:", "auth:")), done.stderr)


def signed_answers_verify(level):
    done = peer(level, "map")
    tap.equal((done.returncode, done.stderr), (0, ""), f"ept_map at {level}")
    tap.check(listening(int(done.stdout)), f"nothing listens at {done.stdout}")


def no_security_maps_the_service():
    signed_answers_verify("none")


def connect_maps_the_service():
    signed_answers_verify("connect")


def integrity_maps_the_service():
    signed_answers_verify("integrity")


def privacy_maps_the_service():
    signed_answers_verify("privacy")


tap.main(
    privacy_gets_a_right_answer_through_the_endpoint_mapper,
    another_account_gets_another_answer,
    an_account_that_is_not_there_is_not_found,
    a_wrong_password_is_refused_as_that,
    integrity_is_not_enough_for_this_service,
    no_security_maps_the_service,
    connect_maps_the_service,
    integrity_maps_the_service,
    privacy_maps_the_service,
    prepare=prepare,
)
