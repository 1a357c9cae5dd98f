"""userchat on databases as people run them: databases_test.py BINARY. PostgreSQL behind PgBouncer and HAProxy, with TLS, with a
primary that dies and a replica that is promoted; SQLite beside another process that writes. With TERN_USERS=10000 the load goes on
for about a minute."""
import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc
import namespaces
from chat.v1 import chat_pb2, chat_pb2_grpc
from pgbouncer import PgBouncer
from process import Userchat
from user.v1 import user_pb2, user_pb2_grpc
from with_postgres import Postgres

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.ports import free_port  # noqa: E402
from support.proxies import Proxy, _ended  # noqa: E402

BINARY = sys.argv[1]
needs_namespaces = unittest.skipUnless(namespaces.enter(), namespaces.MISSING)
Code = grpc.StatusCode
LONGEST_OUTAGE = 5  # seconds, after the database is there again
USERS = int(os.environ.get("TERN_USERS", "100"))  # created before and after each outage


@contextlib.contextmanager
def serving(url, *options):
    server = Userchat(BINARY, "--rest", "none", "--delay-ms", "0", "--log-level", "info", "--database", url, *options)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            yield user_pb2_grpc.UserServiceStub(channel)
    finally:
        server.end(signal.SIGKILL)


def create(stub, email, timeout=20):
    return stub.CreateUser(user_pb2.CreateUserRequest(name="사용자", email=email), timeout=timeout).user


def get(stub, number, timeout=20):
    return stub.GetUser(user_pb2.GetUserRequest(id=number), timeout=timeout).user


def all_users(stub):
    users, token = [], ""
    while True:
        page = stub.ListUsers(user_pb2.ListUsersRequest(page_token=token), timeout=20)
        users += page.users
        token = page.next_page_token
        if not token:
            return users


class Load:
    """Clients that create and read users until end(). They keep what was acknowledged, and each error with its time."""

    def __init__(self, stub, clients=8):
        self.stub = stub
        self.acknowledged = {}  # email: id
        self.errors = []  # (client, time, code, details)
        self.last_success = 0.0
        self.going = True
        self.threads = [threading.Thread(target=self._run, args=(i,), daemon=True) for i in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self, client):
        number = 0
        while self.going:
            email = f"{client}-{number}@example.com"
            number += 1
            try:
                self.acknowledged[email] = create(self.stub, email).id
                assert get(self.stub, self.acknowledged[email]).email == email
                self.last_success = time.monotonic()
            except grpc.RpcError as error:
                self.errors.append((client, time.monotonic(), error.code(), error.details()))
                time.sleep(0.02)

    def wait_for_successes(self, count, seconds=60):
        """Waits for `count` more users; the time when they were there."""
        wanted = len(self.acknowledged) + count
        limit = time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < limit, f"no success within {seconds} s; errors: {self.errors[-3:]}"
            time.sleep(0.01)
        return time.monotonic()

    def wait_for_errors(self):
        """Waits until every client has met one."""
        known = len(self.errors)
        limit = time.monotonic() + 60
        while len({client for client, *_ in self.errors[known:]}) < len(self.threads):
            assert time.monotonic() < limit, "no errors within 60 s"
            time.sleep(0.01)

    def end(self):
        self.going = False
        for thread in self.threads:
            thread.join()


@contextlib.contextmanager
def tcp_haproxy(ports):
    """HAProxy before clusters: the first that accepts connections; those to one that is down are closed."""
    port = free_port()
    servers = "\n".join(f"  server s{one} 127.0.0.1:{one} check inter 200ms fall 1 rise 1 on-marked-down shutdown-sessions"
                        f"{' backup' if one != ports[0] else ''}" for one in ports)
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(f"defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1h\n  timeout server 1h\n"
                   f"listen postgres\n  bind 127.0.0.1:{port}\n{servers}\n")
        file.flush()
        with _ended(Proxy(["haproxy", "-db", "-f", file.name], port)) as proxy:
            yield proxy


class Databases(unittest.TestCase):
    def check_load(self, stub, load, since):
        """Nothing that was acknowledged is lost; errors were UNAVAILABLE, and have ended within seconds of `since`."""
        load.end()
        stored = {}
        for user in all_users(stub):
            stored.setdefault(user.email, []).append(user.id)
        lost = [email for email, number in load.acknowledged.items() if number not in stored.get(email, [])]
        self.assertEqual(lost, [])
        self.check_errors(load, since)

    def check_errors(self, load, since):
        self.assertLessEqual({code for _, _, code, _ in load.errors}, {Code.UNAVAILABLE}, load.errors[:5])
        late = [error for error in load.errors if error[1] > since + LONGEST_OUTAGE]
        self.assertEqual(late, [])

    def pgbouncer(self, pool_mode):
        with Postgres() as postgres, PgBouncer(postgres, pool_mode) as pooler, serving(pooler.url, "--database-connections",
                                                                                       "5") as stub:
            self.assertEqual([user.id for user in all_users(stub)], [1, 2])
            load = Load(stub)
            load.wait_for_successes(200)
            self.assertEqual(load.errors, [])
            pooler.stop()
            load.wait_for_errors()
            pooler.start()
            back = time.monotonic()
            load.wait_for_successes(200)
            self.check_load(stub, load, back)

    def test_pgbouncer_with_session_pooling(self):
        self.pgbouncer("session")

    def test_pgbouncer_with_transaction_pooling(self):
        self.pgbouncer("transaction")

    def test_a_poolers_sessions_keep_their_settings(self):
        with Postgres() as postgres, PgBouncer(postgres, "transaction", size=1) as pooler, serving(pooler.url) as stub:
            create(stub, "one@example.com")
            seen = subprocess.run([postgres.programs / "psql", "-XAtq", "-c", "SHOW statement_timeout",
                                   "-c", "SELECT count(*) FROM pg_prepared_statements", pooler.url], capture_output=True, text=True)
            self.assertEqual(seen.stdout.split(), ["0", "0"], seen.stderr)

    def test_the_chat_room_behind_pgbouncer_is_one_for_two_servers(self):
        for pool_mode in ("transaction", "session"):
            with contextlib.ExitStack() as stack:
                # In session pooling each connection of a server takes one.
                pooler = stack.enter_context(PgBouncer(stack.enter_context(Postgres()), pool_mode, size=10))
                servers = []
                for _ in range(2):
                    servers.append(Userchat(BINARY, "--rest", "none", "--database", pooler.url))
                    stack.callback(servers[-1].end, signal.SIGKILL)
                rooms = [chat_pb2_grpc.ChatRoomStub(stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{server.port}")))
                         for server in servers]
                listeners = [room.Listen(chat_pb2.ListenRequest(next=1), timeout=30) for room in rooms]
                for number in range(20):
                    rooms[number % 2].Say(chat_pb2.ChatMessage(content=str(number)), timeout=20)
                for listener in listeners:
                    contents = [next(listener).content for _ in range(40)]
                    self.assertEqual(contents, [text for number in range(20) for text in (str(number), f"Echo: {number}")])
                # Sessions that others use later do not listen.
                self.assertEqual(pooler.postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"), "0")
                for server in servers:
                    self.assertIn("cannot LISTEN", "\n".join(server.lines))

    @staticmethod
    def clusters(stack):
        """A primary and its replica. An acknowledged write is on both."""
        primary = stack.enter_context(Postgres({"wal_level": "replica", "synchronous_standby_names": "*",
                                                "synchronous_commit": "local"}))
        replica = stack.enter_context(Postgres({"synchronous_commit": "local"}, replica_of=primary))
        primary.stop()
        primary.settings["synchronous_commit"] = "remote_apply"
        primary.start()
        return primary, replica

    def failover(self, url_of):
        with contextlib.ExitStack() as stack:
            primary, replica = self.clusters(stack)
            url = url_of(stack, primary, replica)
            stub = stack.enter_context(serving(url, "--database-connections", "5"))
            load = Load(stub)
            load.wait_for_successes(100)
            self.assertEqual(load.errors, [])
            primary.stop()
            load.wait_for_errors()
            replica.promote()
            promoted = time.monotonic()
            load.wait_for_successes(100)
            self.check_load(stub, load, promoted)

    def test_a_replica_is_promoted(self):
        self.failover(lambda _, primary, replica: f"postgresql://tern@no..such:1,127.0.0.1:{replica.port},"
                                                  f"127.0.0.1:{primary.port}/postgres")

    def test_a_replica_is_promoted_behind_haproxy(self):
        def behind(stack, primary, replica):
            proxy = stack.enter_context(tcp_haproxy([primary.port, replica.port]))
            return f"postgresql://tern@127.0.0.1:{proxy.port}/postgres"
        self.failover(behind)

    @needs_namespaces
    def test_a_pooler_restarts_and_a_network_drops_and_a_replica_is_promoted(self):
        with contextlib.ExitStack() as stack:
            primary, replica = self.clusters(stack)
            address = stack.enter_context(namespaces.Address())
            poolers = [stack.enter_context(PgBouncer(cluster, "transaction", address=address.address)) for cluster in (primary, replica)]
            hosts = ",".join(f"{address.address}:{pooler.port}" for pooler in poolers)
            stub = stack.enter_context(serving(f"postgresql://tern@{hosts}/postgres", "--database-connections", "5"))
            load = Load(stub)
            begun = time.monotonic()
            load.wait_for_successes(USERS)
            self.assertEqual(load.errors, [])
            outages = []
            for stop, start in [(poolers[0].stop, poolers[0].start), (address.down, address.up), (primary.stop, replica.promote)]:
                stop()
                load.wait_for_errors()
                start()
                back = time.monotonic()
                load.wait_for_successes(USERS)
                self.check_errors(load, back)
                outages.append(max(0, max(error[1] for error in load.errors) - back))
            self.check_load(stub, load, back)
            print(f"{len(load.acknowledged)} users in {time.monotonic() - begun:.0f} s, none lost; the last error came "
                  f"{', '.join(f'{outage:.2f}' for outage in outages)} s after the database was there again")

    def test_health_checks_show_that_the_database_is_away_and_that_the_server_stops(self):
        with Postgres() as postgres:
            server = Userchat(BINARY, "--rest", "127.0.0.1:0", "--log-level", "info", "--drain-delay-s", "30", "--database", postgres.url)
            with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                check = channel.unary_unary("/grpc.health.v1.Health/Check", request_serializer=bytes, response_deserializer=bytes)

                def wait_for(serving, status):
                    limit = time.monotonic() + 30
                    while True:
                        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.rest_port)) as http_connection:
                            http_connection.request("GET", "/health")
                            seen = (check(b"", timeout=20), http_connection.getresponse().status)
                        if seen == (bytes([8, serving]), status):
                            return
                        self.assertLess(time.monotonic(), limit, seen)

                wait_for(1, 200)
                postgres.stop()
                wait_for(2, 503)
                self.assertEqual(check(b"\n\x08liveness"), bytes([8, 1]))
                postgres.start()
                wait_for(1, 200)
                server.process.send_signal(signal.SIGTERM)
                wait_for(2, 503)
                self.assertEqual(get(user_pb2_grpc.UserServiceStub(channel), 1).id, 1)  # it still serves
            server.end(signal.SIGKILL)

    def test_a_server_that_accepts_no_writes_for_a_while(self):
        with Postgres() as postgres, serving(postgres.url) as stub:
            create(stub, "before@example.com")
            postgres.sql("ALTER SYSTEM SET default_transaction_read_only = on")
            postgres.sql("SELECT pg_reload_conf()")
            limit = time.monotonic() + 20
            while time.monotonic() < limit:
                try:
                    create(stub, "during@example.com")
                except grpc.RpcError as error:
                    self.assertEqual((error.code(), error.details()),
                                     (Code.UNAVAILABLE, "the database accepts no writes now: nothing was stored"))
                    break
            else:
                self.fail("writes went on")
            self.assertEqual(get(stub, 1).id, 1)
            postgres.sql("ALTER SYSTEM RESET default_transaction_read_only")
            postgres.sql("SELECT pg_reload_conf()")
            while time.monotonic() < limit:
                with contextlib.suppress(grpc.RpcError):
                    return create(stub, "after@example.com")
            self.fail("no writes after it")

    def test_tls_modes(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate = pathlib.Path(folder) / "server.crt"
            key = pathlib.Path(folder) / "server.key"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
            with Postgres() as postgres:
                postgres.stop()
                for file in (certificate, key):
                    copy = postgres.folder / "data" / file.name
                    shutil.copy(file, copy)
                    shutil.chown(copy, postgres.user)
                    copy.chmod(0o600)
                postgres.settings["ssl"] = "on"
                (postgres.folder / "data" / "pg_hba.conf").write_text(
                    "hostssl all tern all trust\nhostnossl postgres plain all trust\n")
                postgres.start()
                at_name = postgres.url.replace("127.0.0.1", "localhost")
                at_address = postgres.url
                root = f"sslrootcert={certificate}"
                for url, problem in [(f"{at_name}?sslmode=require", None),
                                     (f"{at_name}?sslmode=prefer", None),
                                     (f"{at_name}?sslmode=allow", None),
                                     (f"{at_name}?sslmode=verify-full&{root}", None),
                                     (f"{at_address}?sslmode=verify-ca&{root}", None),
                                     (f"{at_address}?sslmode=verify-full&{root}", "does not match host name"),
                                     (f"{at_name}?sslmode=verify-full&sslrootcert=/dev/null", "certificate"),
                                     (f"{at_name}?sslmode=disable", "no pg_hba.conf entry")]:
                    with self.subTest(url=url):
                        if problem is None:
                            with serving(url) as stub:
                                self.assertEqual(get(stub, 1).id, 1)
                        else:
                            self.says(url, problem)

    def says(self, database, what):
        """It does not start, and says why in one line, without the password."""
        run = subprocess.run([BINARY, "serve", "--grpc", "127.0.0.1:0", "--rest", "none", "--database", database],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertRegex(run.stderr, r"^error: .*\n$")
        self.assertIn(what, run.stderr)
        self.assertNotIn("secret", run.stderr)

    def test_says_what_is_wrong_with_the_address(self):
        for database, what in [("", "--database is empty"),
                               ("mysql://me:secret@host/name", '"mysql:…" is not supported'),
                               ("postgresql://me:%secret@127.0.0.1/name", "not a PostgreSQL address"),
                               ("postgresql://me:x@secret@127.0.0.1/name", "write @ in the password as %40"),
                               ("POSTGRESQL://me:secret@127.0.0.1:1/name", "Connection refused"),
                               ("host=127.0.0.1 port=1 password=secret", "Connection refused"),
                               ("postgresql://me:secret@no..such,127.0.0.1:1/name", "no..such")]:
            with self.subTest(database=database):
                self.says(database, what)

    def test_sqlite_reads_do_not_wait_for_another_process_that_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            for options in ([], ["--sync"]):
                path = f"{folder}/users{len(options)}.db"
                with serving(path, *options) as stub, contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
                    other.execute("BEGIN IMMEDIATE")
                    other.execute("INSERT INTO users (name, email, status) VALUES ('other', 'other@example.com', 1)")
                    waiting = stub.CreateUser.future(user_pb2.CreateUserRequest(name="a", email="a@example.com"), timeout=20)
                    begin = time.monotonic()
                    for _ in range(20):
                        self.assertEqual(get(stub, 1).id, 1)
                        self.assertNotIn("other", {user.name for user in all_users(stub)})
                    self.assertLess(time.monotonic() - begin, 2)
                    self.assertFalse(waiting.done())
                    # A second server starts meanwhile: the tables are there.
                    with serving(path) as second:
                        self.assertEqual(get(second, 2).id, 2)
                    other.execute("COMMIT")
                    self.assertGreater(waiting.result().user.id, 2)
                    self.assertIn("other", {user.name for user in all_users(stub)})

    def test_long_texts_are_rejected_and_pages_have_tokens(self):
        with serving("memory", "--stream-delay-ms", "0") as stub:
            for name, email in [("x" * 1025, "e"), ("n", "x" * 321)]:
                with self.assertRaises(grpc.RpcError) as raised:
                    stub.CreateUser(user_pb2.CreateUserRequest(name=name, email=email))
                self.assertEqual(raised.exception.code(), Code.INVALID_ARGUMENT)
                self.assertRegex(raised.exception.details(), r"^(name|email) has \d+ bytes; at most \d+ are allowed$")
            for number in range(2100):
                stub.CreateUser(user_pb2.CreateUserRequest(name="x" * 1024, email=f"{number}@example.com"))
            self.assertEqual([user.id for user in all_users(stub)], list(range(1, 2103)))
            first = stub.ListUsers(user_pb2.ListUsersRequest())
            self.assertTrue(first.next_page_token)
            self.assertLess(first.ByteSize(), 2_200_000)
            self.assertEqual(len(list(stub.ListUsersStream(user_pb2.ListUsersRequest(), timeout=60))), 2102)
            for size in (1, 2, 999, 1000, 1001):
                page = stub.ListUsers(user_pb2.ListUsersRequest(page_size=size, page_token="5"))
                self.assertEqual([user.id for user in page.users], list(range(6, 6 + size)))
                self.assertEqual(page.next_page_token, str(5 + size))


unittest.main(argv=sys.argv[:1] + sys.argv[2:])
