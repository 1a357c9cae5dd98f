"""Loads on a server: h2load for calls with one request, tern load for conversations."""
import json
import pathlib
import re
import socket
import statistics
import subprocess
import tempfile

from . import process, programs

PROTOS = programs.ROOT / "bench" / "protos"


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def integer_field(number, value):
    return bytes([number << 3]) + varint(value)


def text_field(number, value):
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def framed(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


GET_USER = framed(integer_field(1, 1))


def h2load(server, path, body, calls, connections, streams, log=False):
    """{'seconds', 'rate' in calls/s, 'cpu' of the server in seconds a call, 'median' in seconds with log}"""
    with tempfile.TemporaryDirectory() as folder:
        request, times = pathlib.Path(folder) / "request", pathlib.Path(folder) / "times"
        request.write_bytes(body)
        command = ["h2load", "-n", calls, "-c", connections, "-m", streams, "-t", 1]
        if server.peer.grpc:
            command += ["-d", request, "-H", "content-type: application/grpc", "-H", "te: trailers"]
        if log:
            command += ["--log-file", times]
        before = server.cpu_seconds()
        output, _, _ = process.run_counted([*command, server.url + path])
        cpu = server.cpu_seconds() - before
        failed = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
        if failed is None or int(failed[1]) != calls or {failed[2], failed[3], failed[4]} != {"0"}:
            raise RuntimeError(f"{server.peer.name}: {output}")
        finished = re.search(r"finished in ([\d.]+)(us|ms|s), ([\d.]+) req/s", output)
        seconds = float(finished[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1}[finished[2]]
        result = {"seconds": seconds, "rate": calls / seconds, "cpu": cpu / calls}
        if log:
            result["median"] = statistics.median(int(line.split()[2]) for line in times.read_text().splitlines()) / 1e6
        return result


def tern_load_command(server, method, data, *options):
    proto = PROTOS / ("chat/v1/chat.proto" if method.startswith("chat") else "user/v1/user.proto")
    return [programs.tern_tool(), "load", f"127.0.0.1:{server.port}", method, "-d", data, "--proto", proto, "-I", PROTOS, "-q",
            *options]


def tern_load(server, method, data, *options):
    """What it says, and 'server_cpu' in seconds. Calls that fail are an error."""
    before = server.cpu_seconds()
    output, _, _ = process.run_counted([*tern_load_command(server, method, data, *options), "--json", "-"])
    said = {**json.loads(output), "server_cpu": server.cpu_seconds() - before}
    if set(said["statuses"]) != {"OK"}:
        raise RuntimeError(f"{server.peer.name}: {said}")
    return said


def waiting_calls(server, count, *options):
    """A load of so many calls at once, which goes on by itself."""
    command = tern_load_command(server, "user.v1.UserService/GetUser", '{"id": 1}', "-m", count, "-n", count, "--timeout", "0s",
                                *options)
    return subprocess.Popen(["taskset", "-c", process.LOAD_CORE, *map(str, command)], stdout=subprocess.DEVNULL)


def idle_connection(server):
    """One that has greeted the server in HTTP/2, and heard it."""
    opened = socket.create_connection(("127.0.0.1", server.port))
    opened.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    if not opened.recv(4096):
        raise RuntimeError(f"{server.peer.name} closed a connection")
    return opened


def check_payload(server, size, at_once):
    """So many calls of this size at once give what they should."""
    with tempfile.TemporaryDirectory() as folder:
        request = pathlib.Path(folder) / "request.json"
        request.write_text(json.dumps({"name": "x" * size}))
        said = tern_load(server, "user.v1.UserService/CreateUser", f"@{request}", "-m", at_once, "-n", 2 * at_once)
        if said["statuses"] != {"OK": 2 * at_once} or said["bytes_received"] < 2 * at_once * size:
            raise RuntimeError(f"{server.peer.name}: {said}")


def check(server, method, data, messages):
    """One call gives what it should: h2load does not look at it."""
    if server.peer.grpc and not server.tls:
        said = tern_load(server, method, data, "-n", 1)
        if said["statuses"] != {"OK": 1} or said["messages_received"] != messages:
            raise RuntimeError(f"{server.peer.name}: {said}")
