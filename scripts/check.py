#!/usr/bin/python3
"""The driver behind ./check: runs stages, counts test cases one by one, says what was skipped."""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / "build-check"
JOBS = os.cpu_count() or 1
FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS") or (60 if os.environ.get("CI") else 10))
C_FOLDERS = ["src", "include", "cli", "lab", "tests", "fuzz", "bench"]


class Report:
    """Every test case that ran, and how it ended."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def ok(self, name):
        self.passed += 1

    def fail(self, name, output=""):
        self.failed.append(name)
        print(f"  FAILED  {name}", flush=True)
        for line in output.strip().splitlines()[-60:]:
            print(f"          {line}")

    def skip(self, name, why):
        self.skipped.append((name, why))

    def case(self, name, outcome):
        code, output = outcome
        self.ok(name) if code == 0 else self.fail(name, output)
        return code == 0

    def close(self):
        for name, why in self.skipped:
            print(f"skipped: {name}: {why}")
        for name in self.failed:
            print(f"failed: {name}")
        line = f"{self.passed} passed, {len(self.failed)} failed"
        if self.skipped:
            line += f", {len(self.skipped)} skipped"
        print(line)
        return 1 if self.failed or not self.passed else 0


def run(command, seconds, env=None):
    """Runs a command in a process group of its own, all of which ends with it or with the time."""
    process = subprocess.Popen(
        [str(word) for word in command], cwd=TOP, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
        start_new_session=True, env={**os.environ, **(env or {})})
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output
    except BaseException as stop:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            output, _ = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
        if isinstance(stop, subprocess.TimeoutExpired):
            return 124, f"{output}\nstopped after {seconds} s: {command[0]}"
        raise


def build(report, name, options, env=None):
    """Configures and compiles build-check/NAME; warnings are errors. Counts as one case."""
    folder = BUILD / name
    options = ["-Dwerror=true", *options]
    if (folder / "build.ninja").exists():
        setup = ["meson", "configure", folder] + options
    else:
        setup = ["meson", "setup", folder] + options
    code, output = run(setup, 120, env)
    if code == 0:
        code, output = run(["ninja", "-k", "0", "-C", folder], 900)
        output = re.sub(r"^\[\d+/\d+\] .*\n", "", output[max(0, output.find("FAILED: ")):], flags=re.M)
    return report.case(f"{name}: builds without warnings", (code, output))


def count_program(report, build_name, entry):
    """One program of `meson test`: its TAP lines are cases; without any, the program is one."""
    name = f"{build_name}/{entry['name']}"
    output = entry.get("stdout") or ""
    errors = entry.get("stderr") or ""
    lines = re.findall(r"^(not ok|ok)\b *\d* *-? *([^#\n]*)(?:# *(SKIP|TODO)\b *(.*))?$",
                       output, re.M | re.I)
    if not lines:
        if entry["result"] == "SKIP":
            report.skip(name, output.strip().splitlines()[-1] if output.strip() else "no reason given")
        else:
            bad = entry["result"] != "OK"
            report.case(name, (bad, f"{output}\n{errors}\n{entry['result']}"))
        return
    bad = 0
    for verdict, case, directive, why in lines:
        case = f"{name}: {case.strip()}"
        if directive.upper() == "SKIP":
            report.skip(case, why.strip() or "no reason given")
        elif verdict == "ok":
            report.ok(case)
        else:
            bad += 1
            report.fail(case, f"{output}\n{errors}" if bad == 1 else "")
    # A leak or a crash after the last case has no line of its own.
    if not bad and entry["result"] not in ("OK", "SKIP"):
        report.fail(f"{name}: the program itself", f"{output}\n{errors}\n{entry['result']}")


def meson_tests(report, name, arguments, seconds, env=None):
    folder = BUILD / name
    log = folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    code, output = run(["meson", "test", "-C", folder, "--no-rebuild"] + arguments, seconds, env)
    entries = []
    if log.exists():
        entries = [json.loads(line) for line in log.read_text().splitlines()]
    for entry in entries:
        count_program(report, name, entry)
    if not entries or code not in (0, 1) and code < 120 and not report.failed:
        report.fail(f"{name}: meson test", output)
    elif code >= 124:
        report.fail(f"{name}: tests did not end in time", output)


def shell_scripts():
    for path in sorted(TOP.rglob("*")):
        parts = path.relative_to(TOP).parts
        if not path.is_file() or parts[0] == ".git" or parts[0].startswith("build"):
            continue
        with open(path, "rb") as file:
            if re.match(rb"#!.*\b(ba)?sh\b", file.readline(80)):
                yield path


def stage_lint(report):
    for name in ["layers", "banned", "functions", "headers", "errors"]:
        report.case(f"lint: check-{name}", run([f"scripts/check-{name}"], 120))
    # Another version formats in another way.
    if shutil.which("clang-format") and " 14." in run(["clang-format", "--version"], 20)[1]:
        report.case("lint: check-format", run(["scripts/check-format"], 120))
    else:
        report.skip("lint: check-format", "clang-format 14, Debian 12's, is not installed")
    for path in shell_scripts():
        name = f"lint: shellcheck {path.relative_to(TOP)}"
        if shutil.which("shellcheck"):
            report.case(name, run(["shellcheck", path], 60))
        else:
            report.skip(name, "shellcheck is not installed")


def stage_gcc(report):
    """What is shipped: optimised, by gcc."""
    if not build(report, "gcc", ["-Dbuildtype=release"], {"CC": "gcc"}):
        return
    report.case("lint: check-symbols",
                run(["scripts/check-symbols", BUILD / "gcc/src/libonemapi.so"], 60))
    meson_tests(report, "gcc", ["--no-suite", "interop", "--no-suite", "fault"], 600)


def stage_clang(report):
    if not shutil.which("clang"):
        report.skip("clang", "clang is not installed")
    elif build(report, "clang", [], {"CC": "clang"}):
        meson_tests(report, "clang", ["--suite", "unit", "--suite", "golden"], 300)


def stage_asan(report, more=()):
    """Every test there is, under AddressSanitizer, LeakSanitizer and UBSan."""
    options = ["-Dfaults=true", "-Db_sanitize=address,undefined"]
    env = {"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
           "ASAN_OPTIONS": "detect_stack_use_after_return=1"}
    if build(report, "asan", options, {"CC": "gcc"}):
        meson_tests(report, "asan", ["--timeout-multiplier", "3", *more], 1200, env)


def fuzz_one(target, artifacts):
    name = target.name[len("fuzz_"):]
    with tempfile.TemporaryDirectory(prefix="onemapi-fuzz-") as found:
        corpus = [folder for folder in [TOP / "fuzz/corpus" / name] if folder.is_dir()]
        code, output = run(
            [target, f"-max_total_time={FUZZ_SECONDS}", "-timeout=10", "-rss_limit_mb=2048",
             "-print_final_stats=1", f"-artifact_prefix={artifacts}/{name}-", found, *corpus],
            FUZZ_SECONDS + 120)
    runs = re.search(r"number_of_executed_units: *(\d+)", output)
    if code == 0 and (not runs or int(runs.group(1)) == 0):
        code, output = 1, output + "\nnothing was executed"
    return code, output


def stage_fuzz(report):
    """Every decoder under libFuzzer, starting from its corpus."""
    if not shutil.which("clang"):
        report.skip("fuzz", "clang is not installed")
        return
    options = ["-Dfuzz=libfuzzer", "-Db_sanitize=address,undefined", "-Db_lundef=false",
               "-Dtests=false"]
    if not build(report, "fuzz", options, {"CC": "clang"}):
        return
    targets = [path for path in sorted((BUILD / "fuzz/fuzz").glob("fuzz_*"))
               if path.is_file() and os.access(path, os.X_OK)]
    artifacts = BUILD / "fuzz-artifacts"
    artifacts.mkdir(exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        outcomes = pool.map(lambda target: fuzz_one(target, artifacts), targets)
        for target, outcome in zip(targets, outcomes):
            report.case(f"fuzz: {target.name[5:]} for {FUZZ_SECONDS} s", outcome)
    if not targets:
        report.fail("fuzz: there are targets")


STAGES = {"lint": stage_lint, "gcc": stage_gcc, "clang": stage_clang, "asan": stage_asan,
          "fuzz": stage_fuzz}


def quick(report):
    return stage_asan(report, ["--no-suite", "interop", "--no-suite", "fault"])


def main(words):
    if words == ["--quick"]:
        chosen = {"lint": stage_lint, "asan": quick}
    elif all(word in STAGES for word in words):
        chosen = {name: STAGES[name] for name in words or STAGES}
    else:
        print(f"usage: ./check [--quick | STAGE...]   stages: {' '.join(STAGES)}", file=sys.stderr)
        return 2
    # A stop by the CI reaches the children too: it is raised, and run() ends their group.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report = Report()
    for name, stage in chosen.items():
        before, start = report.passed + len(report.failed), time.monotonic()
        print(f"== {name}", flush=True)
        stage(report)
        done = report.passed + len(report.failed) - before
        print(f"== {name}: {done} cases in {time.monotonic() - start:.0f} s", flush=True)
    return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
