#!/usr/bin/env python3
"""telemetry.py [--connections N] [--seconds S]: userchat's telemetry as others read it. Its spans go to OpenTelemetry's own OTLP receiver, over gRPC and over
HTTP, and each call's must arrive with the right parent. Its /metrics is read by promtool's linter, and in both formats by
Prometheus' own parsers. The programs are in telemetry/, built from Go modules.

Then the same while N connections send random bytes in every field that telemetry takes: each call of an honest client must have
its spans, its lines in the access log and its samples."""
import argparse
import collections
import contextlib
import http.client
import json
import pathlib
import re
import resource

import signal
import subprocess
import sys
import tempfile
import threading

import grpc

import tools
from support.ports import free_port

sys.path.insert(0, str(tools.ROOT / "tests/apps"))
from process import Userchat  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
# The trace ids of this suite's calls begin so.
PREFIX = "c0ffee"
KEY = "x-api-key=secret,authorization=Bearer%20token"

# The honest client of the storm calls these, and the storm does not. The paths are the storm's.
STORM_METHOD, STORM_ROUTE = "user.v1.UserService/ListUsers", "/v1/users"
STORM_PATHS = ["/v1/users/1", "/user.v1.UserService/GetUser", "/health"]
LONGEST_LABEL = 256  # bytes; escaped it may be twice as long

# `spans` are (kind, name, some attributes). The first is a child of the client's span, each further one of the one before.
Call = collections.namedtuple("Call", "name send spans")


def rpc(method, status):
    return "Server", method, {"rpc.system.name": "grpc", "rpc.method": method, "rpc.response.status_code": status}


def request(method, route, status):
    return "Server", f"{method} {route}".strip(), {"http.request.method": method, "http.response.status_code": status,
                                                   "url.scheme": "http", **({"http.route": route} if route else {})}


def unary(method, message=b""):
    def send(app, fields):
        with grpc.insecure_channel(f"127.0.0.1:{app.port}") as channel:
            with contextlib.suppress(grpc.RpcError):
                channel.unary_unary(method)(message, timeout=20, metadata=fields)
    return send


def stream(app, fields):
    with grpc.insecure_channel(f"127.0.0.1:{app.port}") as channel:
        list(channel.unary_stream("/user.v1.UserService/ListUsersStream")(b"", timeout=20, metadata=fields))


def cancelled_chat(app, fields):
    """Cancelled when its first message is back."""
    ended = threading.Event()

    def messages():
        yield b"\x12\x02hi"
        ended.wait()

    with grpc.insecure_channel(f"127.0.0.1:{app.port}") as channel:
        replies = channel.stream_stream("/chat.v1.ChatService/Chat")(messages(), timeout=20, metadata=fields)
        next(replies)
        replies.cancel()
        ended.set()


def http_call(method, path, body=None, kind="application/json"):
    def send(app, fields):
        connection = http.client.HTTPConnection("127.0.0.1", app.rest_port, timeout=20)
        connection.request(method, path, body, {**dict(fields), **({"Content-Type": kind} if body is not None else {})})
        connection.getresponse().read()
        connection.close()
    return send


GET_USER = "user.v1.UserService/GetUser"
CREATE = "user.v1.UserService/CreateUser"
CALLS = [
    Call("unary", unary("/" + GET_USER, b"\x08\x01"), [rpc(GET_USER, "OK")]),
    Call("unary, not found", unary("/" + GET_USER, b"\x08\x63"), [rpc(GET_USER, "NOT_FOUND")]),
    Call("unary, invalid", unary("/" + CREATE), [rpc(CREATE, "INVALID_ARGUMENT")]),
    Call("unary, malformed", unary("/" + GET_USER, b"\xff"), [rpc(GET_USER, "INTERNAL")]),
    Call("stream", stream, [rpc("user.v1.UserService/ListUsersStream", "OK")]),
    Call("stream, cancelled", cancelled_chat, [rpc("chat.v1.ChatService/Chat", "CANCELLED")]),
    Call("unknown method", unary("/no.Such/Method"),
         [("Server", "grpc", {"rpc.method": "_OTHER", "rpc.method_original": "no.Such/Method",
                              "rpc.response.status_code": "UNIMPLEMENTED"})]),
    Call("REST", http_call("GET", "/v1/users/1"), [request("GET", "/v1/users/{id}", 200), rpc(GET_USER, "OK")]),
    Call("REST, not found", http_call("GET", "/v1/users/99"), [request("GET", "/v1/users/{id}", 404), rpc(GET_USER, "NOT_FOUND")]),
    Call("REST, invalid", http_call("POST", "/v1/users", "{}"), [request("POST", "/v1/users", 400), rpc(CREATE, "INVALID_ARGUMENT")]),
    Call("Connect", http_call("POST", "/" + GET_USER, '{"id":"1"}'), [request("POST", "/" + GET_USER, 200), rpc(GET_USER, "OK")]),
    Call("route", http_call("GET", "/health"), [request("GET", "/health", 200)]),
    Call("no route", http_call("GET", "/no/such/page"), [request("GET", "", 404)]),
    Call("other method", http_call("BREW", "/health"),
         [("Server", "HTTP", {"http.request.method": "_OTHER", "http.request.method_original": "BREW"})]),
]


def ids_of(number):
    return f"{PREFIX}{number:026x}", f"{number + 1:016x}"


def make_calls(app):
    for number, call in enumerate(CALLS):
        trace, span = ids_of(number)
        call.send(app, [("traceparent", f"00-{trace}-{span}-01"), ("tracestate", "suite=telemetry")])


class Collector:
    """OpenTelemetry's receiver on two free ports."""

    def __init__(self, program):
        self.grpc_port, self.http_port = free_port(), free_port()
        self._process = subprocess.Popen([program, f"127.0.0.1:{self.grpc_port}", f"127.0.0.1:{self.http_port}", PREFIX],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if "listening" not in self._process.stdout.readline():
            raise SystemExit(f"the collector ended with {self._process.wait()} before it listened")

    def end(self):
        """What it has seen."""
        output, _ = self._process.communicate(timeout=60)
        return json.loads(output)


def wrong_spans(seen):
    """Yields a line for each mistake in the spans of CALLS."""
    of_trace = collections.defaultdict(list)
    for span in seen["kept"] or []:
        of_trace[span["trace"]].append(span)
    for number, call in enumerate(CALLS):
        trace, parent = ids_of(number)
        got = of_trace.pop(trace, [])
        if len(got) != len(call.spans):
            yield f"{call.name}: {len(got)} spans of {len(call.spans)}: {[span['name'] for span in got]}"
            continue
        for kind, name, attributes in call.spans:
            found = [span for span in got if span["parent"] == parent]
            if len(found) != 1 or (found[0]["kind"], found[0]["name"]) != (kind, name):
                yield f"{call.name}: under {parent} should be {kind} {name}, and there is {found}"
                break
            if found[0]["state"] != "suite=telemetry":
                yield f"{call.name}: tracestate {found[0]['state']!r}"
            for key, value in attributes.items():
                if found[0]["attributes"].get(key) != value:
                    yield f"{call.name}: {name} has {key}={found[0]['attributes'].get(key)!r} in place of {value!r}"
            parent = found[0]["id"]
    for trace in of_trace:
        yield f"spans of trace {trace}, in which no call was"


def page(app, accept):
    connection = http.client.HTTPConnection("127.0.0.1", app.rest_port, timeout=20)
    connection.request("GET", "/metrics", headers={"Accept": accept})
    return connection.getresponse().read()


def read_pages(program, app, folder):
    """Failures, and what the program has read."""
    files = folder / "text", folder / "openmetrics"
    files[0].write_bytes(page(app, "text/plain"))
    files[1].write_bytes(page(app, "application/openmetrics-text; version=1.0.0"))
    done = subprocess.run([program, *files], capture_output=True, text=True, timeout=60)
    lines = (done.stdout + done.stderr).splitlines()
    return ([] if done.returncode == 0 else lines), done.stdout.splitlines()[-1] if done.stdout else ""


def start_userchat(collector, protocol, compression, headers, *options):
    port = collector.http_port if protocol == "http/protobuf" else collector.grpc_port
    return Userchat(str(tools.BUILT.parent / "apps" / "userchat" / "userchat"), "--rest", "127.0.0.1:0", "--database", ":memory:", "--delay-ms", "0",
                    "--stream-delay-ms", "0", "--trace-collector", "environment", *options,
                    environment={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_EXPORTER_OTLP_HEADERS": headers,
                                 "OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_EXPORTER_OTLP_COMPRESSION": compression,
                                 "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=tests"})


def run_userchat(programs, protocol, compression, headers, folder):
    """Returns the collector's summary, failures, the summary of /metrics, and userchat's lines."""
    collector = Collector(programs["collector"])
    app = start_userchat(collector, protocol, compression, headers)
    try:
        make_calls(app)
        failures, pages = read_pages(programs["exposition"], app, folder)
    finally:
        status = app.end(signal.SIGTERM)
    seen = collector.end()
    if status != 0:
        failures.append(f"userchat ended with {status}")
    return seen, failures, pages, app.lines


def wrong_lines(log, wanted):
    """Yields a line for each mistake in the access log. `wanted` has the number of lines of each trace."""
    lines = collections.Counter()
    with log.open("rb") as file:
        for raw in file:
            try:
                line = json.loads(raw.decode())
            except ValueError as error:
                yield f"a line that is not JSON ({error}): {raw[:300]}"
                continue
            if "lost_lines" in line:
                yield f"lost lines: {line}"
            lines[line.get("trace_id")] += 1
    missing = [trace for trace, count in wanted.items() if lines[trace] != count]
    if missing:
        yield f"{len(missing)} of {len(wanted)} honest traces have no line, or too many: {missing[:3]}"


def wrong_samples(text, honest):
    """Yields a line for each mistake in the page of metrics after `honest` calls, and as many requests."""
    for series, count in {f'rpc_server_call_duration_seconds_count{{rpc_system_name="grpc",rpc_method="{STORM_METHOD}",'
                          'rpc_response_status_code="OK"}': 2 * honest,
                          'http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",'
                          f'http_response_status_code="200",http_route="{STORM_ROUTE}"}}': honest}.items():
        if f"{series} {count}\n" not in text:
            yield f"{series} is not {count}: " + "".join(line for line in text.splitlines() if line.startswith(series))
    labels = re.findall(r'="((?:[^"\\]|\\.)*)"', text)
    if longest := [label for label in labels if len(label.encode()) > 2 * LONGEST_LABEL]:
        yield f"a label of {len(longest[0].encode())} bytes"
    if len(set(labels)) > 1000:
        yield f"{len(set(labels))} different labels, and userchat has no channel"


def storm(programs, connections, seconds, folder):
    """Failures, and a summary."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Userchat accepts connections up to three quarters of its limit.
    if most < connections * 3 // 2:
        return [f"{connections} connections need a limit of {connections * 3 // 2} open files, and it is {most} (ulimit -n)"], ""
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    log = folder / "access.log"
    collector = Collector(programs["collector"])
    app = start_userchat(collector, "grpc", "none", KEY, "--access-log", str(log))
    try:
        done = subprocess.run([tools.BUILT / "telemetry_storm", str(app.rest_port), str(connections), str(seconds),
                               "/" + STORM_METHOD, STORM_ROUTE, *STORM_PATHS], capture_output=True, text=True, timeout=seconds + 120)
        failures, _ = read_pages(programs["exposition"], app, folder)
    finally:
        status = app.end(signal.SIGTERM)
    seen = collector.end()
    if status != 0 or done.returncode != 0 or seen["rejected"]:
        failures.append(f"userchat ended with {status}, the storm with {done.returncode}: {done.stdout[-500:]}"
                        f"{done.stderr[-500:]}; rejected {seen['rejected']}")
    # Its log comes before.
    found = re.search(r'^{"storm".*}$', done.stdout, re.MULTILINE)
    counts = json.loads(found.group() if found else '{"storm": 0, "honest": 0}')
    # Calls have even numbers, and requests odd ones: of those each is a call besides.
    wanted = {ids_of(number)[0]: 1 + number % 2 for number in range(counts["honest"])}
    spans = collections.Counter(span["trace"] for span in seen["kept"] or [])
    missing = [trace for trace, count in wanted.items() if spans[trace] != count]
    if missing or not wanted:
        failures.append(f"{len(missing)} of {len(wanted)} honest traces have no span, or too many: {missing[:3]}")
    failures += wrong_lines(log, wanted)
    failures += wrong_samples((folder / "text").read_text(), counts["honest"] // 2)
    return failures, (f"{counts['storm']} requests of {connections} connections in {seconds} s: {counts['honest']} honest ones with "
                      f"all spans, lines and samples, among {seen['spans']} spans")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=1000, help="of the storm; 10000 by hand")
    parser.add_argument("--seconds", type=int, default=10, help="of the storm; 60 by hand")
    options = parser.parse_args()
    programs = tools.go_programs(HERE / "telemetry")
    tools.build("userchat", "telemetry_storm")
    failures, spans = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for protocol, compression in (("grpc", "none"), ("grpc", "gzip"), ("http/protobuf", "none"), ("http/protobuf", "gzip")):
            seen, wrong, pages, _ = run_userchat(programs, protocol, compression, KEY, folder)
            wrong += wrong_spans(seen)
            if seen["rejected"]:
                wrong.append(f"rejected: {seen['rejected']}")
            resource = {key: seen["resource"].get(key) for key in ("service.name", "deployment.environment.name")}
            if resource != {"service.name": "userchat", "deployment.environment.name": "tests"}:
                wrong.append(f"resource {seen['resource']}")
            failures += [f"{protocol}, {compression}: {line}" for line in wrong]
            spans += len(seen["kept"] or [])
        # The collector does check who asks, and userchat says what it answered.
        seen, _, _, lines = run_userchat(programs, "grpc", "none", "x-api-key=wrong", folder)
        if seen["spans"] or not seen["rejected"] or not any("x-api-key" in line for line in lines):
            failures.append(f"with a wrong key: {seen['spans']} spans, rejected {seen['rejected']}, log {lines[-3:]}")
        wrong, storm_summary = storm(programs, options.connections, options.seconds, folder)
        failures += [f"storm: {line}" for line in wrong]
    tools.finish(failures, f"{spans} spans of {len(CALLS)} kinds of calls, four times, at OpenTelemetry's receiver; {pages}; "
                           f"{storm_summary}")


main()
