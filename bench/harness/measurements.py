"""What is measured, and how. Each measurement gives results: a peer's name, a unit, and a value for each round."""
import contextlib
import dataclasses
import os
import pathlib
import shlex
import json
import shutil
import statistics
import subprocess
import tempfile
import time
import typing

from . import load, process, programs


@dataclasses.dataclass
class Result:
    peer: str
    kind: str
    values: list
    cpu: list = None  # of the server, microseconds a call

    @property
    def median(self):
        return statistics.median(self.values)


@dataclasses.dataclass
class Measurement:
    title: str
    unit: str
    more_is_better: bool
    measure: typing.Callable


def able(peers, *what):
    return [peer for peer in peers if peer.server and set(what) <= peer.can]


def by_turns(servers, rounds, seconds, first, once):
    """once(server, size) gives a value and a rate in sizes a second; `first` is the size to begin with."""
    sizes = {}
    results = [Result(server.peer.name, server.peer.kind, [], []) for server in servers]
    for server in servers:
        # Warms up, and tells how much is a round.
        rate = once(server, first)["rate"]
        rate = once(server, max(int(rate * seconds / 4), first))["rate"]
        sizes[server] = max(int(rate * seconds), first)
    for _ in range(rounds):
        for server, result in zip(servers, results):
            said = once(server, sizes[server])
            result.values.append(said["value"])
            if "cpu" in said:
                result.cpu.append(said["cpu"] * 1e6)
    return results


def unary(connections, streams, latency=False, tls=False, threads=1, what="unary"):
    def measure(peers, rounds, seconds):
        wanted = {what} | ({"tls"} if tls else set()) | ({"threads"} if threads > 1 else set())
        with contextlib.ExitStack() as stack:
            cores = "0,1" if threads > 1 else process.SERVER_CORE
            servers = [stack.enter_context(process.Server(peer, cores=cores, threads=threads,
                                                          tls=programs.certificate() if tls else ()))
                       for peer in able(peers, *wanted) + (able(peers, "busy_poll") if latency else [])]
            for server in servers:
                load.check(server, "user.v1.UserService/GetUser", '{"id": 1}', 1)

            def once(server, calls):
                streams_total = connections * streams
                said = load.h2load(server, server.peer.path, load.GET_USER, max(calls, streams_total), connections, streams,
                                   latency)
                return {**said, "value": said["median"] * 1e6 if latency else said["rate"]}

            return by_turns(servers, rounds, seconds, 1000, once)
    return measure


def unary_by_tern(connections, streams, what="unary"):
    """h2load costs its core more than a call costs tern's server: what it can ask for is not what the server can answer."""
    def measure(peers, rounds, seconds):
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(process.Server(peer)) for peer in able(peers, what) if peer.grpc]

            def once(server, _):
                said = load.tern_load(server, "user.v1.UserService/GetUser", '{"id": 1}', "-c", connections, "-m",
                                      connections * streams, "-t", f"{seconds}s")
                calls = said["statuses"]["OK"]
                return {"rate": 1, "value": calls / said["seconds"], "cpu": said["server_cpu"] / calls}

            return by_turns(servers, rounds, seconds, 1, once)
    return measure


def payload(size):
    def measure(peers, rounds, seconds):
        body = load.framed(load.text_field(1, b"x" * size))
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(process.Server(peer)) for peer in able(peers, "payload")]
            for server in servers:
                load.check_payload(server, size, at_once=10)

            def once(server, calls):
                said = load.h2load(server, "/user.v1.UserService/CreateUser", body, calls, 1, min(10, calls))
                return {**said, "value": said["rate"] * size / 1e6}

            return by_turns(servers, rounds, seconds, 10 if size < 1 << 20 else 2, once)
    return measure


def server_stream(size, messages, streams):
    def measure(peers, rounds, seconds):
        body = load.framed(load.integer_field(1, messages))
        with contextlib.ExitStack() as stack:
            # A message is a name behind its tag and length.
            name = size - 2 if size < 128 else size
            servers = [stack.enter_context(process.Server(peer, name_bytes=name)) for peer in able(peers, "stream")]
            for server in servers:
                load.check(server, "user.v1.UserService/ListUsersStream", '{"page_size": 3}', 3)

            def once(server, calls):
                said = load.h2load(server, "/user.v1.UserService/ListUsersStream", body, max(calls, streams), 1, streams)
                value = said["rate"] * messages if size < 1024 else said["rate"] * messages * size / 1e6
                return {**said, "cpu": said["cpu"] / messages, "value": value}

            return by_turns(servers, rounds, seconds, 1, once)
    return measure


def ping_pong(streams):
    def measure(peers, rounds, seconds):
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(process.Server(peer)) for peer in able(peers, "chat")]

            def once(server, _):
                said = load.tern_load(server, "chat.v1.ChatService/Chat", '{"content": "x"}', "-m", streams, "--messages", 100,
                                      "--ping-pong", "-t", f"{seconds}s")
                trips = said["round_trip_ns"]["count"]
                return {"rate": 1, "value": trips / said["seconds"], "cpu": said["server_cpu"] / trips}

            return by_turns(servers, rounds, seconds, 1, once)
    return measure


def clients(peers, rounds, seconds):
    """Each client's calls for a second of its own CPU, all against one server."""
    server_peer = next((peer for peer in peers if peer.name == "tern"), peers[0])
    clients_there = [peer for peer in peers if peer.client]
    results = [Result(peer.name, peer.kind, []) for peer in clients_there]
    with process.Server(server_peer) as server:
        def run(peer, calls):
            _, wall, cpu = process.run_counted([*peer.client, f"127.0.0.1:{server.port}", calls, 100], peer.env)
            return wall, cpu

        # What starting costs is taken off: the difference of two sizes counts.
        sizes = {}
        for peer in clients_there:
            small = run(peer, 1000)[1]
            some = run(peer, 6000)[1]
            sizes[peer.name] = max(int(5000 / max(some - small, 1e-3) * seconds), 5000)
        for _ in range(rounds):
            for peer, result in zip(clients_there, results):
                small = run(peer, 1000)[1]
                large = run(peer, 1000 + sizes[peer.name])[1]
                result.values.append(sizes[peer.name] / (large - small))
    return results


def idle_connections(peers, rounds, seconds):
    count = 5000
    process.allow_many_files()
    results = []
    for peer in able(peers, "unary"):
        with process.Server(peer) as server:
            held = [load.idle_connection(server) for _ in range(50)]
            time.sleep(0.5)
            before = server.resident_bytes()
            held += [load.idle_connection(server) for _ in range(count)]
            time.sleep(0.5)
            results.append(Result(peer.name, peer.kind, [(server.resident_bytes() - before) / count / 1024]))
            for opened in held:
                opened.close()
    return results


def waiting_calls(peers, rounds, seconds):
    results = []
    for peer in able(peers, "wait"):
        count = 100_000 if peer.kind == "tern" else 10_000
        if peer.name == "grpc.aio":
            count = 2_000
        with process.Server(peer, wait_ms=60_000) as server:
            before = server.resident_bytes()
            # 100 on each connection: more than that no server is bound to take.
            waiting = load.waiting_calls(server, count, "-c", count // 100)
            last, cpu = -1, server.cpu_seconds()
            # Until it is still: all have come.
            while cpu != last or cpu < 0.02:
                time.sleep(1)
                last, cpu = cpu, server.cpu_seconds()
            results.append(Result(peer.name, peer.kind, [(server.resident_bytes() - before) / count / 1024]))
            waiting.kill()
            waiting.wait()
    return results


def start_up(peers, rounds, seconds):
    results = [Result(peer.name, peer.kind, []) for peer in able(peers, "unary")]
    for _ in range(max(rounds, 5)):
        for peer, result in zip(able(peers, "unary"), results):
            begin = time.monotonic()
            with process.Server(peer):
                result.values.append((time.monotonic() - begin) * 1e3)
    return results


def binary_size(peers, rounds, seconds):
    """Stripped, and with the shared libraries that it loads besides the C and C++ runtime's."""
    results = []
    for peer in able(peers, "unary"):
        binary = shutil.which(str(peer.server[0]))
        if binary.startswith(("/usr", "/opt")):
            continue
        with tempfile.NamedTemporaryFile() as stripped:
            subprocess.run(["strip", "-o", stripped.name, binary], check=True)
            total = os.path.getsize(stripped.name)
        listed = subprocess.run(["ldd", binary], capture_output=True, text=True).stdout
        for line in listed.splitlines():
            if "=> /" in line and not any(name in line for name in ("libc.so", "libm.so", "libstdc++", "libgcc_s")):
                total += os.path.getsize(os.path.realpath(line.split("=> ")[1].split()[0]))
        results.append(Result(peer.name, peer.kind, [total / 1e6]))
    return results


def build_time(peers, rounds, seconds):
    """CPU seconds of compiling the server with its generated code, nothing cached."""
    database = json.loads((programs.built / "compile_commands.json").read_text())
    sources = {"tern": ("peers/tern_server.cc", "bench_protos_tern/"),
               "grpc++ callback": ("peers/grpcpp_callback_server.cc", "bench/grpcpp/"),
               "grpc++ queue": ("peers/grpcpp_queue_server.cc", "bench/grpcpp/"),
               "grpc++ sync": ("peers/grpcpp_sync_server.cc", "bench/grpcpp/")}
    results = []
    for peer in peers:
        if peer.name not in sources:
            continue
        wanted = [entry for entry in database if any(part in entry["file"] for part in sources[peer.name])]
        result = Result(peer.name, peer.kind, [])
        for _ in range(min(rounds, 3)):
            total = 0
            for entry in wanted:
                words = shlex.split(entry["command"])
                words = words[1:] if words[0].endswith("ccache") else words
                process_ = subprocess.Popen(words, cwd=entry["directory"])
                _, status, usage = os.wait4(process_.pid, 0)
                process_.returncode = os.waitstatus_to_exitcode(status)
                if status != 0:
                    raise RuntimeError(f"{entry['file']} does not build")
                total += usage.ru_utime + usage.ru_stime
            result.values.append(total)
        results.append(result)
    return results


ALL = {
    "one_at_a_time": Measurement("GetUser, one call at a time: median latency", "us", False, unary(1, 1, latency=True)),
    "unary_100": Measurement("GetUser, 1 connection x 100 streams", "calls/s", True, unary(1, 100)),
    "unary_1000": Measurement("GetUser, 10 connections x 100 streams", "calls/s", True, unary(10, 100)),
    "unary_1000_by_tern": Measurement("the same, asked for by tern load", "calls/s", True, unary_by_tern(10, 100)),
    "unary_tls": Measurement("GetUser over TLS, 10 connections x 100 streams", "calls/s", True, unary(10, 100, tls=True)),
    "unary_2_threads": Measurement("GetUser, 10 connections x 100 streams, two threads on both cores beside the load",
                                   "calls/s", True, unary(10, 100, threads=2)),
    "observed": Measurement("GetUser, 10 connections x 100 streams, observed", "calls/s", True, unary(10, 100, what="observed")),
    "observed_by_tern": Measurement("the same, asked for by tern load", "calls/s", True, unary_by_tern(10, 100, "observed")),
    "payload_64B": Measurement("CreateUser, 64 bytes there and back", "MB/s each way", True, payload(64)),
    "payload_1KiB": Measurement("CreateUser, 1 KiB there and back", "MB/s each way", True, payload(1 << 10)),
    "payload_64KiB": Measurement("CreateUser, 64 KiB there and back", "MB/s each way", True, payload(1 << 16)),
    "payload_1MiB": Measurement("CreateUser, 1 MiB there and back", "MB/s each way", True, payload(1 << 20)),
    "payload_8MiB": Measurement("CreateUser, 8 MiB there and back", "MB/s each way", True, payload(1 << 23)),
    "stream_64B": Measurement("ListUsersStream of 64-byte messages, 10 streams", "messages/s", True,
                              server_stream(64, 10_000, 10)),
    "stream_8MiB": Measurement("ListUsersStream of 8 MiB messages, 1 stream", "MB/s", True, server_stream(1 << 23, 8, 1)),
    "ping_pong_1": Measurement("Chat, each message when the last was answered, 1 stream", "round trips/s", True, ping_pong(1)),
    "ping_pong_100": Measurement("the same, 100 streams", "round trips/s", True, ping_pong(100)),
    "clients": Measurement("GetUser by each client, 100 at once: calls for a second of the client's CPU", "calls/CPU s", True,
                           clients),
    "idle_connections": Measurement("memory for an idle connection, of 5,000", "KiB", False, idle_connections),
    "waiting_calls": Measurement("memory for a waiting call and its part of a connection, 100 calls on each (tern: of 100,000)", "KiB", False, waiting_calls),
    "start_up": Measurement("from the start of the process to the first connection", "ms", False, start_up),
    "binary_size": Measurement("the server, stripped, with the libraries that it loads", "MB", False, binary_size),
    "build_time": Measurement("compiling the server and its generated code, CPU time", "s", False, build_time),
}
