"""userchat on a disk that fills up, a database that hangs, a clock that jumps, a name server that is silent, and ended in the
middle of its load: faults_test.py BINARY TERN [clock]. Each call ends with a status that says what happened, and nothing that
was acknowledged is lost. Disk and name server are a namespace's own, which needs root or user namespaces."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc
import namespaces
from process import Userchat
from user.v1 import user_pb2, user_pb2_grpc
from with_postgres import Postgres

BINARY, TERN, CLOCK = sys.argv[1], sys.argv[2], "clock" in sys.argv[3:]
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
GRPC_ALONE = ["--rest", "none", "--log-level", "info"]
Code = grpc.StatusCode
needs_namespaces = unittest.skipUnless(namespaces.enter(), namespaces.MISSING)


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def stop_all(pid):
    """It first, so that it has no more children than those."""
    os.kill(pid, signal.SIGSTOP)
    stopped = [pid, *children(pid)]
    for child in stopped[1:]:
        os.kill(child, signal.SIGSTOP)
    return stopped


@contextlib.contextmanager
def small_disk(mebibytes):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "none", folder], check=True)
        try:
            yield pathlib.Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def serving(*options, **environment):
    server = Userchat(BINARY, *options, environment=environment)
    channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")
    try:
        yield server, user_pb2_grpc.UserServiceStub(channel)
    finally:
        channel.close()
        if server.process.poll() is None:
            server.end(signal.SIGKILL)


def create(stub, number, size=0, timeout=20):
    request = user_pb2.CreateUserRequest(name="사용자" + size * "x", email=f"user{number}@example.com")
    return stub.CreateUser(request, timeout=timeout).user.id


def get(stub, number, timeout=20):
    return stub.GetUser(user_pb2.GetUserRequest(id=number), timeout=timeout).user


def stored(stub):
    return {user.id for user in stub.ListUsers(user_pb2.ListUsersRequest(), timeout=20).users}


class Faults(unittest.TestCase):
    def ends_with(self, code, call, *arguments, **options):
        with self.assertRaises(grpc.RpcError) as raised:
            call(*arguments, **options)
        self.assertEqual(raised.exception.code(), code, raised.exception.details())
        return raised.exception.details()

    def fill_disk(self, *options):
        with small_disk(2) as folder:
            database = str(folder / "users.db")
            acknowledged = set()
            with serving("--database", database, *GRPC_ALONE, *options) as (server, stub):
                with self.assertRaises(grpc.RpcError) as raised:
                    for number in range(2000):
                        acknowledged.add(create(stub, number, 1_000))
                self.assertEqual(raised.exception.code(), Code.RESOURCE_EXHAUSTED)
                self.assertIn("disk is full", raised.exception.details())
                self.assertGreater(len(acknowledged), 10)
                # Who reads is served, who writes is told the same again.
                self.assertEqual(get(stub, min(acknowledged)).email, "user0@example.com")
                self.ends_with(Code.RESOURCE_EXHAUSTED, create, stub, 5000, 1_000)
                subprocess.run(["mount", "-o", "remount,size=8m", folder], check=True)
                acknowledged.add(create(stub, 5001, 1_000))
                self.assertEqual(stored(stub) - {1, 2}, acknowledged)
                server.end(signal.SIGKILL)
            with serving("--database", database, *GRPC_ALONE, *options) as (_, stub):
                self.assertEqual(stored(stub) - {1, 2}, acknowledged)

    @needs_namespaces
    def test_full_disk(self):
        self.fill_disk()

    @needs_namespaces
    def test_full_disk_of_the_synchronous_version(self):
        self.fill_disk("--sync")

    def test_hanging_database(self):
        with Postgres() as postgres, serving("--database", postgres.url, "--delay-ms", "0", "--grace-s", "1", *GRPC_ALONE) as (server, stub):
            first = create(stub, 1)
            stopped = stop_all(postgres.process.pid)
            try:
                begin = time.monotonic()
                self.ends_with(Code.DEADLINE_EXCEEDED, get, stub, first, timeout=0.5)
                self.ends_with(Code.DEADLINE_EXCEEDED, create, stub, 2, timeout=0.5)
                self.assertLess(time.monotonic() - begin, 10)
            finally:
                for pid in reversed(stopped):
                    os.kill(pid, signal.SIGCONT)
            self.assertEqual(get(stub, first).email, "user1@example.com")
            third = create(stub, 3)
            self.assertIn(third, stored(stub))
            # Ended while it waits for a database that hangs: after the grace, not with the database.
            stopped = stop_all(postgres.process.pid)
            try:
                waiting = stub.GetUser.future(user_pb2.GetUserRequest(id=first), timeout=60)
                time.sleep(0.2)
                self.assertEqual(server.end(signal.SIGTERM), 0)
                self.assertIn(waiting.exception().code(), {Code.UNAVAILABLE, Code.CANCELLED})
            finally:
                for pid in reversed(stopped):
                    os.kill(pid, signal.SIGCONT)

    def end_in_the_middle(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            database = folder + "/users.db"
            acknowledged, told = set(), set()

            def load(stub, first):
                for number in range(first, first + 1_000_000):
                    try:
                        acknowledged.add(create(stub, number))
                        get(stub, 1)
                    except grpc.RpcError as error:
                        told.add(error.code())
                        return

            with serving("--database", database, *GRPC_ALONE, *options) as (server, stub):
                threads = [threading.Thread(target=load, args=(stub, i * 1_000_000)) for i in range(20)]
                for thread in threads:
                    thread.start()
                while len(acknowledged) < 100:
                    time.sleep(0.01)
                self.assertEqual(server.end(signal.SIGTERM), 0)
                for thread in threads:
                    thread.join()
            self.assertLessEqual(told, {Code.UNAVAILABLE})
            with serving("--database", database, *GRPC_ALONE, *options) as (_, stub):
                self.assertLessEqual(acknowledged, stored(stub))

    def test_ended_in_the_middle_of_load(self):
        self.end_in_the_middle()

    def test_the_synchronous_version_ended_in_the_middle_of_load(self):
        self.end_in_the_middle("--sync")

    @unittest.skipUnless(CLOCK, "a sanitizer's runtime comes first, and libfaketime would have to")
    def test_clock_that_jumps(self):
        with tempfile.TemporaryDirectory() as folder:
            clock = pathlib.Path(folder) / "clock"
            clock.write_text("+0")
            faked = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
                     "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            log = folder + "/log"
            with serving("--database", "memory", "--delay-ms", "300", "--access-log", log, *GRPC_ALONE, **faked) as (server, stub):
                for jump in ("+1d", "-1d", "-3650d", "+3650d", "+0"):
                    # While one waits that has time enough, and one that has not.
                    enough = stub.GetUser.future(user_pb2.GetUserRequest(id=1), timeout=10)
                    too_little = stub.GetUser.future(user_pb2.GetUserRequest(id=1), timeout=0.1)
                    clock.write_text(jump)
                    begin = time.monotonic()
                    self.assertEqual(enough.result().user.id, 1)
                    self.assertEqual(too_little.exception().code(), Code.DEADLINE_EXCEEDED)
                    self.assertLess(time.monotonic() - begin, 5)
                self.assertEqual(server.end(signal.SIGTERM), 0)
            # The clock did jump.
            years = {line[line.index('"time":"') + 8:][:4] for line in pathlib.Path(log).read_text().splitlines()}
            self.assertGreater(len(years), 1, years)

    @needs_namespaces
    def test_name_server_that_is_silent(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, tempfile.NamedTemporaryFile("w") as file:
            silent.bind(("127.0.0.1", 53))
            file.write("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
            file.flush()
            subprocess.run(["mount", "--bind", file.name, os.path.realpath("/etc/resolv.conf")], check=True)
            try:
                begin = time.monotonic()
                run = subprocess.run([TERN, "load", "--timeout", "500ms", "-n", "1", "--quiet", "somewhere.example:50051", "user.v1.UserService/GetUser"],
                                     capture_output=True, text=True, timeout=60)
                self.assertNotEqual(run.returncode, 0)
                self.assertIn('UNAVAILABLE - cannot resolve "somewhere.example"', run.stderr)
                self.assertLess(time.monotonic() - begin, 10)
            finally:
                subprocess.run(["umount", os.path.realpath("/etc/resolv.conf")], check=True)


unittest.main(argv=sys.argv[:1])
