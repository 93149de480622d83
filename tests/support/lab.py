"""The lab for test scripts: onemapi-lab in a folder of its own, and the command pointed at it."""

import contextlib
import json
import os
import pathlib
import random
import select
import subprocess

import tap

LAB = os.environ.get("ONEMAPI_LAB", "onemapi-lab")
PORTS = 100  # what a lab gets; it takes them from the first one on
COMMAND = os.environ.get("ONEMAPI", "onemapi")


class Lab:
    """A running lab. `users` and `servers` are what it announced, by alias and by name."""

    def __init__(self, path, base, announced, env):
        self.folder = path
        self.base = base
        self.users = {user["alias"]: user for user in announced["users"]}
        self.servers = {server["name"]: server for server in announced["servers"]}
        self.env = env
        self.ca = path / "ca.pem"

    def password(self, alias):
        return pathlib.Path(self.users[alias]["password_file"]).read_text(encoding="utf-8").strip()

    def address(self, host, port):
        """Where the lab really listens for host:port: (address, port)."""
        for rule in self.env["ONEMAPI_RESOLVE"].replace(",", " ").split():
            words = rule.split(":")
            if words[0].lower() == host.lower() and len(words) == 4 and int(words[1]) == port:
                return words[2], int(words[3])
        raise AssertionError(f"the lab has nothing at {host}:{port}: {self.env['ONEMAPI_RESOLVE']}")

    def capture_filter(self):
        """A filter for what is captured: the ports the lab was given."""
        return f"portrange {self.base}-{self.base + PORTS - 1}"

    def run(self, *words, **options):
        """The command against this lab."""
        env = {**self.env, **options.pop("env", {})}
        return tap.run(COMMAND, *words, env=env, **options)

    def do(self, *words, **options):
        """The same, which has to succeed; gives its standard output."""
        done = self.run(*words, **options)
        if done.returncode:
            raise AssertionError(f"onemapi {' '.join(words)}: exit {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *words, **options):
        return json.loads(self.do("--json", *words, **options))

    def profile(self, name, alias, proxy_map=None):
        """The article's profile, for the mailbox of alias."""
        if proxy_map:
            self.do("map", "set", "RpcHttpProxyMap_TEST", proxy_map)
        self.do("profile", "create", name)
        self.do("service", "add", name, "MSEMS")
        self.do("prop", "set", name, "global",
                f"PR_PROFILE_UNRESOLVED_NAME={alias}",
                f"PR_PROFILE_UNRESOLVED_SERVER={self.users[alias]['server_id']}",
                "PR_PROFILE_CONNECT_FLAGS=CONNECT_USE_SEPARATE_CONNECTION|CONNECT_IGNORE_NO_PF",
                "PR_PROFILE_UI_STATE=0x4000")


def read_env(path):
    """The settings a shell has after reading a file."""
    done = tap.run("/bin/sh", "-c", 'set -a; . "$1"; exec env -0', "sh", path)
    return dict(pair.split("=", 1) for pair in done.stdout.split("\0") if "=" in pair)


@contextlib.contextmanager
def serve(*options, path=None, seconds=60):
    """A lab, ready, for as long as the block runs. Its ports are looked for until some are free.

    In a folder that was a lab's before, passwords, certificates, mailboxes and profiles are there already.
    """
    path = path or tap.folder()
    for _ in range(5):
        base = int(os.environ.get("ONEMAPI_LAB_PORT_BASE") or random.randrange(20000, 32000, PORTS))
        with tap.process(LAB, "serve", "--dir", path, "--port-base", base, *options,
                         stdout=subprocess.PIPE, stderr=open(path / "log", "w")) as child:
            ready, _, _ = select.select([child.stdout], [], [], seconds)
            line = child.stdout.readline() if ready else b""
            if line:
                yield Lab(path, base, json.loads(line), read_env(path / "env"))
                return
    raise AssertionError(f"the lab did not start: {(path / 'log').read_text()}")
