#!/usr/bin/env python3
"""W3C's validation service for trace context, levels 1 and 2, strict, against trace_context_service. The suite is Python in a
Git repository and in no package registry: TRACE_CONTEXT_SUITE names the folder "test" of a copy. Without one this suite is
skipped; its cases run in any case as telemetry_test's TraceContextCases."""
import os
import pathlib
import re
import subprocess
import sys

import tools
from support.ports import free_port
from support.server import Server


def main():
    folder = os.environ.get("TRACE_CONTEXT_SUITE")
    if folder is None:
        tools.skip("TRACE_CONTEXT_SUITE does not name a copy of W3C's suite; its cases are in TraceContextCases")
    if not (pathlib.Path(folder) / "test.py").exists():
        sys.exit(f"TRACE_CONTEXT_SUITE: {folder}/test.py does not exist")
    # Its own needs, as its README says.
    python = tools.python_with("aiohttp")
    tools.build("trace_context_service")
    server = Server([str(tools.BUILT / "trace_context_service")])
    try:
        done = subprocess.run([python, "test.py", f"http://127.0.0.1:{server.port}/"], cwd=folder, timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "SPEC_LEVEL": "2", "STRICT_LEVEL": "2", "HARNESS_PORT": str(free_port()),
                                   "PYTHONDONTWRITEBYTECODE": "1"})
    finally:
        server.end()
    failures = re.findall(r"^(test_.*) \.\.\. (?:FAIL|ERROR)", done.stdout, re.MULTILINE)
    ran = re.search(r"^Ran (\d+) tests", done.stdout, re.MULTILINE)
    if ran is None or (done.returncode != 0 and not failures):
        sys.exit(f"the suite ended with status {done.returncode}:\n{done.stdout[-4000:]}")
    count = int(ran.group(1))
    tools.finish(failures, f"{count - len(failures)} of {count} cases, levels 1 and 2")


main()
