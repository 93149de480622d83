#!/usr/bin/python3
"""The lab's RPC proxy as curl sees it: HTTP, TLS and the two ways to log on."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import lab
import tap

HOST = "mail.contoso.test"
here = None


def prepare():
    global here
    tap.need("curl")
    here = tap.keep(lab.serve())


def get(*options, user="alice", password=None, trust=True, scheme="https"):
    """(HTTP status, body, exit) of a plain GET of the proxy's URL: an empty page for a user."""
    port = 443 if scheme == "https" else 80
    address, real = here.address(HOST, port)
    command = ["curl", "--silent", "--max-time", "20", "--write-out", "\n%{http_code}",
               "--connect-to", f"{HOST}:{port}:{address}:{real}"]
    if trust:
        command += ["--cacert", here.ca]
    if user:
        command += ["--user", f"{user}:{password or here.password('alice')}"]
    done = tap.run(*command, *options, f"{scheme}://{HOST}/rpc/rpcproxy.dll")
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body, done.returncode


def a_user_gets_an_empty_page_by_basic():
    tap.equal(get("--basic"), (200, "", 0))


def a_user_gets_an_empty_page_by_ntlm():
    tap.equal(get("--ntlm"), (200, "", 0))


def a_user_with_domain_gets_an_empty_page_by_ntlm():
    tap.equal(get("--ntlm", user="CONTOSO\\alice"), (200, "", 0))


def plain_http_does_the_same():
    tap.equal(get("--ntlm", scheme="http"), (200, "", 0))


def a_wrong_password_is_refused_by_basic():
    tap.equal(get("--basic", password="not-it")[0], 401)


def a_wrong_password_is_refused_by_ntlm():
    tap.equal(get("--ntlm", password="not-it")[0], 401)


def an_unknown_user_is_refused():
    tap.equal(get("--ntlm", user="nobody")[0], 401)


def nobody_is_told_how_to_log_on():
    status, answer, _ = get("--include", user=None)
    tap.equal(status, 401)
    offered = {line.split(":", 1)[1].strip().split()[0].lower() for line in answer.splitlines()
               if line.lower().startswith("www-authenticate:")}
    tap.check({"basic", "ntlm"} <= offered, f"offered: {offered}")


def the_certificate_is_not_good_without_the_labs_authority():
    tap.equal(get("--basic", trust=False)[2], 60, "curl's exit, 60: certificate")


tap.main(
    a_user_gets_an_empty_page_by_basic,
    a_user_gets_an_empty_page_by_ntlm,
    a_user_with_domain_gets_an_empty_page_by_ntlm,
    plain_http_does_the_same,
    a_wrong_password_is_refused_by_basic,
    a_wrong_password_is_refused_by_ntlm,
    an_unknown_user_is_refused,
    nobody_is_told_how_to_log_on,
    the_certificate_is_not_good_without_the_labs_authority,
    prepare=prepare,
)
