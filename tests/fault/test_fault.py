#!/usr/bin/python3
"""The Nth allocation, read and write failing, for every N over logon and folders.

usage: test_fault.py FAULT_WALK
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import lab
import tap

WALK = sys.argv[1]
SECONDS = float(os.environ.get("FAULT_SECONDS") or 60)  # for each walk, before it leaves steps out

here = None


def prepare():
    global here
    here = tap.keep(lab.serve())
    here.profile("fault", "alice", "contoso.test=mail.contoso.test,ntlm,ntlm,false")


def walk(kind, *who):
    done = tap.run(WALK, kind, "fault", SECONDS, *who, env=here.env, timeout=SECONDS * 6 + 60)
    print(f"# {kind} {' '.join(who)}: {(done.stdout.strip().splitlines() or ['nothing'])[-1]}")
    tap.check(done.returncode == 0, f"exit {done.returncode}\n{done.stdout}{done.stderr[-4000:]}")


def every_allocation_over_http():
    walk("alloc")


def every_read_over_http():
    walk("read")


def every_write_over_http():
    walk("write")


def every_allocation_over_tcp():
    walk("alloc", "bob")


def every_read_over_tcp():
    walk("read", "bob")


def every_write_over_tcp():
    walk("write", "bob")


tap.main(
    every_allocation_over_http,
    every_read_over_http,
    every_write_over_http,
    every_allocation_over_tcp,
    every_read_over_tcp,
    every_write_over_tcp,
    prepare=prepare,
)
