"""Three servers on one PostgreSQL, while servers and the database are killed and started again: replicas_test.py BINARY
CREATIONS [haproxy]. Clients spread their calls over the servers, or call HAProxy, which does. What was acknowledged is there at
the end, once; every call ends in success or in a status that says what is not known."""
import contextlib
import pathlib
import random
import signal
import sys
import threading
import time

import grpc
from process import Userchat
from user.v1 import user_pb2, user_pb2_grpc
from with_postgres import Postgres

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.proxies import haproxy  # noqa: E402

binary, creations = sys.argv[1], int(sys.argv[2])
behind_haproxy = sys.argv[3:] == ["haproxy"]
CLIENTS = 20
# What a client may be told when a server or the database is killed under it.
EXPECTED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED,
            grpc.StatusCode.DEADLINE_EXCEEDED}


def serve(postgres, port=0):
    options = ["--rest", "none", "--database", postgres.url, "--delay-ms", "0", "--log-level", "info"]
    return Userchat(binary, "--grpc", f"127.0.0.1:{port}", *options)


class Clients:
    """Create users, each with an address of its own, until there are enough."""

    def __init__(self, ports):
        target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
        self.channel = grpc.insecure_channel(target, options=[
            ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
            ("grpc.max_reconnect_backoff_ms", 500), ("grpc.initial_reconnect_backoff_ms", 50)])
        self.stub = user_pb2_grpc.UserServiceStub(self.channel)
        self.lock = threading.Lock()
        self.next = 0
        self.acknowledged = {}  # address: id
        self.failed = {}
        self.wrong = []
        self.threads = [threading.Thread(target=self._create, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _create(self):
        while True:
            with self.lock:
                number = self.next
                self.next += 1
            if number >= creations:
                return
            email = f"user{number}@example.com"
            while not self._one(email):
                # A status that says that it was not stored: again. Otherwise the next.
                time.sleep(0.02)

    def _one(self, email):
        try:
            user = self.stub.CreateUser(user_pb2.CreateUserRequest(name="사용자", email=email), timeout=20).user
            found = self.stub.GetUser(user_pb2.GetUserRequest(id=user.id), timeout=20, wait_for_ready=True).user
            if found.email != email:
                self.wrong.append(f"{user.id} is {found.email}, not {email}")
        except grpc.RpcError as error:
            with self.lock:
                key = f"{error.code().name}: {error.details()}"
                self.failed[key] = self.failed.get(key, 0) + 1
                if error.code() not in EXPECTED:
                    self.wrong.append(key)
            if "user" not in locals():
                # Only where nothing was stored for certain.
                return error.details() not in ("the database cannot be reached",)
        with self.lock:
            self.acknowledged[email] = user.id
        return True

    def running(self):
        return any(thread.is_alive() for thread in self.threads)


with contextlib.ExitStack() as stack:
    postgres = stack.enter_context(Postgres())
    # One after the other: they find the tables, or make them.
    servers = []
    stack.callback(lambda: [server.process.kill() for server in servers])  # where the test fails
    for _ in range(3):
        servers.append(serve(postgres))
    ports = [server.port for server in servers]
    clients = Clients([stack.enter_context(haproxy(ports)).port] if behind_haproxy else ports)
    random.seed(1)
    kills = {"servers": 0, "database": 0}
    while clients.running():
        time.sleep(random.uniform(0.1, 0.4))
        if random.random() < 0.2:
            postgres.stop()
            time.sleep(0.2)
            postgres.start()
            kills["database"] += 1
        else:
            index = random.randrange(3)
            servers[index].end(signal.SIGKILL)
            servers[index] = serve(postgres, servers[index].port)
            kills["servers"] += 1
    for thread in clients.threads:
        thread.join()
    # By a channel of its own: the clients' may not know yet that a server was killed.
    with grpc.insecure_channel(f"127.0.0.1:{ports[0]}") as channel:
        users = user_pb2_grpc.UserServiceStub(channel).ListUsers(user_pb2.ListUsersRequest(), timeout=60,
                                                                 wait_for_ready=True).users
    stored = {}
    for user in users:
        stored.setdefault(user.email, []).append(user.id)
    lost = [email for email, number in clients.acknowledged.items() if number not in stored.get(email, [])]
    doubled = [email for email, ids in stored.items() if len(ids) > 1]
    for server in servers:
        assert server.end(signal.SIGTERM) == 0
    print(f"{len(clients.acknowledged)} of {creations} users acknowledged, {kills['servers']} servers and "
          f"{kills['database']} databases killed, {len(lost)} lost, {len(doubled)} doubled; told: {clients.failed}")
    assert not clients.wrong, clients.wrong[:5]
    assert not lost, lost[:5]
    assert not doubled, doubled[:5]
    assert kills["servers"] > 0
