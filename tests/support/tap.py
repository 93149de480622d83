"""Test scripts in Python: each function is a case, the output is TAP, nothing is left behind."""

import atexit
import concurrent.futures
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

PR_SET_PDEATHSIG = 1


class Skip(Exception):
    """This case cannot run here; the text says why."""


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def equal(got, want, what="value"):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def wait_for(condition, seconds, what):
    """Polls until condition() is true and gives its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


_prctl = ctypes.CDLL(None).prctl  # looked up now: between fork and exec no lock may be taken


def _die_with_parent():
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.contextmanager
def process(*command, **options):
    """A process for as long as the block runs; it ends with us even if we are killed."""
    child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                             preexec_fn=_die_with_parent, **options)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def run(*command, env=None, timeout=60, **options):
    """The finished process, with stdout and stderr as text."""
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          env={**os.environ, **(env or {})}, preexec_fn=_die_with_parent, **options)


_kept = contextlib.ExitStack()
atexit.register(_kept.close)


def keep(context):
    """Enters a context that is left when the script ends, whatever ends it."""
    return _kept.enter_context(context)


def folder():
    """A folder that is gone when the script ends."""
    return pathlib.Path(keep(tempfile.TemporaryDirectory(prefix="onemapi-test-")))


def in_namespace():
    """Goes on in network, mount and process namespaces of the script's own, or raises Skip.

    The script starts again inside, as their process 1: when it ends, however it ends, the kernel
    ends every process in there, and the network and the mounts are gone with them.
    """
    if os.environ.get("ONEMAPI_TEST_NAMESPACE"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    need_root()
    need("unshare", "ip")
    spaces = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*spaces, "true"], stderr=subprocess.DEVNULL).returncode:
        raise Skip("this system does not allow namespaces, even to root")
    with process(*spaces, sys.executable, *sys.argv,
                 env={**os.environ, "ONEMAPI_TEST_NAMESPACE": "1"}) as child:
        code = child.wait()
    sys.stdout.flush()
    sys.exit(code)


def _verdict(case, trouble):
    """(did it pass, its line without number)."""
    name = case.__name__.replace("_", " ")
    try:
        if trouble:
            raise trouble
        case()
        return True, name
    except Skip as why:
        return True, f"{name} # SKIP {why}"
    except Exception as error:
        text = str(error) if error is trouble else traceback.format_exc()
        return False, name + "".join(f"\n# {line}" for line in text.splitlines())


def _report(number, passed, line):
    print(f"{'ok' if passed else 'not ok'} {number} - {line}", flush=True)
    return not passed


def main(*cases, prepare=None, at_once=1, last=None):
    """Runs the cases, so many at once, and reports in order; `last` is one more, when all others are
    done. What `prepare` raises is the outcome of them all."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    trouble = None
    if not os.environ.get("ONEMAPI_TEST_NAMESPACE"):  # there the plan was printed outside
        print(f"1..{len(cases) + bool(last)}", flush=True)
    try:
        if prepare:
            prepare()
    except Skip as why:
        trouble = why
    except Exception as error:
        traceback.print_exc()
        trouble = AssertionError(f"what all cases need failed: {error}")
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        verdicts = [pool.submit(_verdict, case, trouble) for case in cases]
        try:
            for number, verdict in enumerate(verdicts, 1):
                failed += _report(number, *verdict.result())
        finally:
            pool.shutdown(cancel_futures=True)
    if last:
        failed += _report(len(cases) + 1, *_verdict(last, trouble))
    sys.exit(1 if failed else 0)
