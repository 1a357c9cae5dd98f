#!/usr/bin/env python3
"""h2spec.py [--only PORT/METHOD]: h2spec, strict, against each kind of port, and on each against a method that answers at once
and one that keeps its stream open. Cases that need not pass stand in h2spec_exceptions.txt."""
import argparse
import concurrent.futures
import fnmatch
import re
import shutil
import subprocess
import xml.etree.ElementTree

import tools
from support.server import Server

MODULE = "github.com/summerwind/h2spec"
PORTS = {"plain": ["async"], "tls": ["async", "tls"], "shared": ["site"], "shared_tls": ["site", "tls"]}
# h2spec asks with GET. For gRPC's methods it is built with gRPC's request head in place of that.
METHODS = {"unary": "/tern.test.v1.Probe/Unary", "stream": "/tern.test.v1.Probe/Ignore"}
RESOURCES = {"get": "/now", "get_stream": "/open"}


def grpc_h2spec():
    """h2spec with POST and gRPC's fields, built from a copy of its sources."""
    program = tools.FETCHED / "bin" / f"h2spec-grpc-{tools.version_of(MODULE)}"
    if not program.exists():
        sources = tools.FETCHED / "h2spec"
        shutil.rmtree(sources, ignore_errors=True)
        shutil.copytree(tools.go_module(MODULE), sources, copy_function=shutil.copyfile)
        util = sources / "spec" / "util.go"
        text = util.read_text()
        authority = 'HeaderField(":authority", authority),'
        fields = 'HeaderField("content-type", "application/grpc"), HeaderField("te", "trailers"),'
        if text.count('HeaderField(":method", "GET")') != 1 or text.count(authority) != 1:
            raise SystemExit("h2spec's spec/util.go is not what it was: adapt grpc_h2spec() to this version")
        text = text.replace('HeaderField(":method", "GET")', 'HeaderField(":method", "POST")')
        util.write_text(text.replace(authority, f"{authority}\n{fields}"))
        tools.go("mod", "init", MODULE, cwd=sources)
        tools.go("get", f"golang.org/x/net@{tools.version_of('golang.org/x/net')}", cwd=sources)
        tools.go("mod", "tidy", cwd=sources)
        tools.go("build", "-o", str(program), "./cmd/h2spec", cwd=sources)
    return program


def failed_cases(report):
    """"section/number" and title of each failed case, and how many there were."""
    failed, count = {}, 0
    # h2spec writes the bytes of a PING as they are, which XML does not allow.
    text = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]", b"?", report.read_bytes())
    for suite in xml.etree.ElementTree.fromstring(text).iter("testsuite"):
        for number, case in enumerate(suite.findall("testcase"), 1):
            count += 1
            wrong = case.find("error") if case.find("failure") is None else case.find("failure")
            if wrong is not None:
                got = " | ".join((wrong.text or "").split("\n"))
                failed[f"{suite.get('package')}/{number}"] = f"{case.get('classname')}: {got}"
    return failed, count


def run_h2spec(name, program, options, path):
    command = [tools.BUILT / "interop" / "tern_probe_server", options[0]]
    if options[1:]:
        command += tools.certificate()
    server = Server([str(part) for part in command])
    try:
        report = tools.FETCHED / f"h2spec-{name.replace('/', '-')}.xml"
        report.unlink(missing_ok=True)
        tls = ["--tls", "--insecure"] if options[1:] else []
        subprocess.run([program, "--strict", "--port", str(server.port), "--path", path, "--junit-report", report, *tls],
                       stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, timeout=240)
        if not server.alive():
            return {"server": "the server ended"}, 0
        return failed_cases(report)
    finally:
        server.end()


def read_exceptions():
    """(case, pattern of port/method) of each line."""
    lines = (tools.ROOT / "tests/outside/h2spec_exceptions.txt").read_text().splitlines()
    return [tuple(line.split()[:2]) for line in lines if line and not line.startswith("#")]


def is_excepted(case, run, exceptions):
    return any(case == key and fnmatch.fnmatch(run, pattern) for key, pattern in exceptions)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", help="a pattern of these runs, such as shared/*")
    only = parser.parse_args().only
    h2spec = tools.go_program(f"{MODULE}/cmd/h2spec", MODULE, "h2spec")
    with_grpc = grpc_h2spec()
    tools.build("tern_probe_server")
    runs = {}
    for port, options in PORTS.items():
        for method, path in METHODS.items():
            runs[f"{port}/{method}"] = (with_grpc, options, path)
        if options[0] == "site":
            for resource, path in RESOURCES.items():
                runs[f"{port}/{resource}"] = (h2spec, options, path)
    runs = {name: arguments for name, arguments in runs.items() if fnmatch.fnmatch(name, only)}
    tools.certificate()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:  # they mostly wait
        results = dict(zip(runs, pool.map(lambda name: run_h2spec(name, *runs[name]), runs)))
    failures, excepted, total = [], 0, 0
    exceptions = read_exceptions()
    for name, (failed, count) in results.items():
        total += count
        if count == 0 and not failed:
            failures.append(f"{name}: no case ran")
        allowed = {case for case in failed if is_excepted(case, name, exceptions)}
        excepted += len(allowed)
        wrong = failed.keys() - allowed
        if wrong:
            # h2spec gives an answer two seconds. On a crowded machine some come later.
            again, _ = run_h2spec(name, *runs[name])
            for case in sorted(wrong - again.keys()):
                print(f"{name} {case} failed once, and passed when it was repeated alone: {failed[case]}")
            failures += [f"{name} {case} {failed[case]}" for case in sorted(wrong & again.keys())]
    tools.finish(failures, f"{total - excepted - len(failures)} of {total} cases on {len(runs)} ports and methods, "
                           f"{excepted} excepted, {len(failures)} failed")


main()
