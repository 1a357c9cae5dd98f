"""proxy_calls_test.py haproxy|nginx|PATH-OF-ENVOY SERVER CALLS: makes CALLS small calls through the proxy to two servers, started by the command
SERVER, whose connections end every fraction of a second (max_connection_age), while the proxy is reloaded. Every call must succeed."""
import collections
import functools
import pathlib
import sys
import threading
import time

import grpc
import probe_pb2
import probe_pb2_grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.proxies import envoy, haproxy, nginx  # noqa: E402
from support.server import Server  # noqa: E402

proxy_name, server_command, count = sys.argv[1], sys.argv[2].split(), int(sys.argv[3])
proxy_before = {"haproxy": haproxy, "nginx": nginx}.get(proxy_name, functools.partial(envoy, program=proxy_name))
THREADS = 8
RELOAD_EVERY = 1  # seconds


class Callers:
    """Threads that make the calls, each on a connection of its own."""

    def __init__(self, port):
        self.left = count
        self.lock = threading.Lock()
        self.failed = collections.Counter()
        self.running = THREADS
        self.done = threading.Event()
        for _ in range(THREADS):
            threading.Thread(target=self._call, args=(port,), daemon=True).start()

    def _call(self, port):
        try:
            self._call_until_none_is_left(port)
        finally:
            with self.lock:
                self.running -= 1
                if self.running == 0:
                    self.done.set()

    def _call_until_none_is_left(self, port):
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            stub = probe_pb2_grpc.ProbeStub(channel)
            while True:
                with self.lock:
                    self.left -= 1
                    number = self.left
                if number < 0:
                    return
                size = 100_000 if number % 100 == 0 else number % 1000
                try:
                    reply = stub.Unary(probe_pb2.Order(number=number, size=size), timeout=30)
                    if reply.number != number or len(reply.data) != size:
                        self._count_failed("a wrong reply")
                except grpc.RpcError as error:
                    self._count_failed(f"{error.code().name}: {error.details()}")

    def _count_failed(self, why):
        with self.lock:
            self.failed[why] += 1


servers = [Server(server_command) for _ in range(2)]
try:
    with proxy_before([server.port for server in servers]) as proxy:
        began = time.monotonic()
        callers = Callers(proxy.port)
        reloads = 0
        while not callers.done.wait(RELOAD_EVERY):
            proxy.reload()
            reloads += 1
        took = time.monotonic() - began
        print(f"{count} calls through {proxy_name} in {took:.1f} s, {reloads} reloads, {sum(callers.failed.values())} failed: "
              f"{dict(callers.failed)}")
        if callers.failed:
            print("\n".join(proxy.lines[-20:]))
finally:
    for server in servers:
        server.end()
sys.exit(1 if callers.failed else 0)
