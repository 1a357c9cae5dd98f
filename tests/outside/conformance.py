#!/usr/bin/env python3
"""conformance.py [--times N]: Connect's conformance suite against the programs of tests/conformance: a server with every
protocol, and a client of gRPC. What cannot pass stands in tests/conformance/*_known_failing.txt, with the reason."""
import argparse
import re
import shutil
import subprocess

import tools

MODULE = "connectrpc.com/conformance"
HERE = tools.ROOT / "tests" / "conformance"


def build_programs():
    protos = tools.FETCHED / f"conformance-protos-{tools.version_of(MODULE)}"
    if not protos.exists():
        # Not as the module cache has it, whose files are read-only and may go.
        shutil.copytree(tools.go_module(MODULE) / "proto", protos, copy_function=shutil.copyfile)
    cache = tools.ROOT / "build/ci/CMakeCache.txt"
    if not cache.exists() or f"TERN_CONFORMANCE_PROTOS:PATH={protos}\n" not in cache.read_text():
        tools.run(["cmake", "--preset", "ci", f"-DTERN_CONFORMANCE_PROTOS={protos}"], cwd=tools.ROOT)
    tools.build("conformance_server", "conformance_client")


def run_suite(runner, mode):
    """The failures, and what the suite counted."""
    log = tools.FETCHED / f"conformance-{mode}.log"
    with log.open("w") as output:
        status = subprocess.run(
            [runner, "--trace", "--conf", HERE / f"{mode}.yaml", "--known-failing", f"@{HERE}/{mode}_known_failing.txt",
             "--mode", mode, "--", tools.BUILT / "conformance" / f"conformance_{mode}"],
            stdout=output, stderr=subprocess.STDOUT, timeout=300).returncode
    text = log.read_text(errors="replace")
    counted = re.search(r"Total cases: (\d+)\n(\d+) passed, (\d+) failed", text)
    if counted is None:
        return [f"{mode}: the suite ended with status {status} and no result; its output is in {log}"], f"{mode}: no result"
    total, passed, _ = counted.groups()
    failures = re.findall(r"^FAILED: .*", text, re.MULTILINE)
    if status != 0 and not failures:
        failures = [f"status {status}"]
    if failures:
        failures.append(f"{mode}: the whole output, with a trace of each failed case, is in {log}")
    return failures, f"{mode} {passed} of {total}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="runs of the suite, one after the other")
    options = parser.parse_args()
    runner = tools.go_program(f"{MODULE}/cmd/connectconformance", MODULE, "connectconformance")
    build_programs()
    failures, summaries = [], []
    for _ in range(options.times):
        for mode in ("server", "client"):
            failed, summary = run_suite(runner, mode)
            failures += failed
            summaries.append(summary)
    tools.finish(failures, f"{', '.join(summaries)} cases")


main()
