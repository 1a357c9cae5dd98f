"""userchat is restarted (SIGUSR2) while clients call it: restart_test.py BINARY TERN. No call fails; a new process that does not
serve changes nothing; the service manager is told what happens; sockets that systemd opens are used.
restart_test.py BINARY TERN RESTARTS CALLS_PER_SECOND only measures: so many restarts under so many calls a second."""
import asyncio
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc
from chat.v1 import chat_pb2, chat_pb2_grpc
from restart_processes import Program, ServiceManager, adopt_orphans
from user.v1 import user_pb2, user_pb2_grpc

BINARY, TERN = sys.argv[1:3]
MEASURED = [int(number) for number in sys.argv[3:5]]
RESTARTS = 3
ON_LOOPBACK = ["--grpc", "127.0.0.1:0", "--rest", "127.0.0.1:0"]
IN_MEMORY = ["--database", "memory", "--delay-ms", "5", "--log-level", "info"]
PTRACE_ATTACH, PTRACE_DETACH, WALL = 16, 17, 0x40000000
METHOD = "user.v1.UserService/GetUser"


@contextlib.contextmanager
def serving(*options, command=None, **keywords):
    program = Program([*(command or [BINARY, "serve"]), *IN_MEMORY, *options], **keywords)
    try:
        yield program
        if not program.ended:
            program.end()
    finally:
        if not program.ended:
            program.kill()


def get_user(target, timeout=20):
    with grpc.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        return user_pb2_grpc.UserServiceStub(channel).GetUser(user_pb2.GetUserRequest(id=1), timeout=timeout).user.id


def get_over_http(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/v1/users/1")
    status = connection.getresponse().status
    connection.close()
    return status


class Load:
    """Clients in threads that go on until it is left; a failed call of theirs fails the test."""

    def __init__(self, *clients):
        self.over = threading.Event()
        self.counts = [0] * len(clients)
        self.failures = []
        self.threads = [threading.Thread(target=self._run, args=(i, client)) for i, client in enumerate(clients)]

    def _run(self, i, client):
        try:
            for _ in client(self.over):
                self.counts[i] += 1
        except Exception as error:  # a thread has nobody who would catch it
            self.failures.append(f"client {i} after {self.counts[i]} calls: {error!r}")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def go_on(self, test):
        """Waits until each client has made some more calls."""
        goals = [count + 20 for count in self.counts]
        while any(count < goal for count, goal in zip(self.counts, goals)):
            test.assertEqual(self.failures, [])
            time.sleep(0.01)


def new_grpc_channels(target):
    def calls(over):
        while not over.is_set():
            yield get_user(target)
    return calls


def asynchronous_grpc(target, at_once=20):
    """Calls of grpc.aio over one channel, as many at once."""
    async def run(over, done):
        async with grpc.aio.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            stub = user_pb2_grpc.UserServiceStub(channel)

            async def one_after_the_other():
                while not over.is_set():
                    await stub.GetUser(user_pb2.GetUserRequest(id=1), timeout=20)
                    done.append(1)
            await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))

    def calls(over):
        done, failure = [], []

        def in_thread():
            try:
                asyncio.run(run(over, done))
            except Exception as error:
                failure.append(error)
        thread = threading.Thread(target=in_thread)
        thread.start()
        seen = 0
        while thread.is_alive():
            thread.join(0.01)
            while seen < len(done):
                seen += 1
                yield
        if failure:
            raise failure[0]
    return calls


def kept_http_connection(port):
    def calls(over):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while not over.is_set():
            connection.request("GET", "/v1/users/1")
            response = connection.getresponse()
            response.read()
            assert response.status == 200, response.status
            yield
        connection.close()
    return calls


def new_http_connections(port):
    def calls(over):
        while not over.is_set():
            assert get_over_http(port) == 200
            yield
    return calls


class TernLoad:
    """`tern load` at a fixed rate, on connections that it keeps, until it has made its calls."""

    def __init__(self, port, seconds, rate, connections, threads=1):
        self.file = tempfile.NamedTemporaryFile("r", suffix=".json")
        self.process = subprocess.Popen(
            [TERN, "load", "--quiet", "--duration", f"{seconds}s", "--rate", str(rate), "--connections", str(connections),
             "--concurrency", str(max(connections, 2000)), "--threads", str(threads), "--data", '{"id": "1"}', "--json", self.file.name,
             f"127.0.0.1:{port}", METHOD], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def figures(self):
        output, _ = self.process.communicate(timeout=300)
        text = self.file.read()
        self.file.close()
        if not text:
            raise AssertionError(f"tern load: {output}")
        return json.loads(text)


@contextlib.contextmanager
def paused_thread(thread):
    """The thread stands still, as one that is blocked; the process's others run."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(PTRACE_ATTACH, thread, None, None) != 0:
        raise unittest.SkipTest(f"ptrace is not allowed here: {os.strerror(ctypes.get_errno())}")
    try:
        os.waitpid(thread, WALL)
        yield
    finally:
        libc.ptrace(PTRACE_DETACH, thread, None, None)


class Restarts(unittest.TestCase):
    def assert_serves(self, program):
        self.assertEqual(get_user(f"127.0.0.1:{program.port()}"), 1)
        self.assertEqual(get_over_http(program.port("REST")), 200)

    def lose_no_call(self, *options):
        with serving(*ON_LOOPBACK, *options) as program:
            port, rest = program.port(), program.port("REST")
            target = f"127.0.0.1:{port}"
            load = Load(new_grpc_channels(target), asynchronous_grpc(target), asynchronous_grpc(f"127.0.0.1:{rest}"),
                        new_http_connections(rest), kept_http_connection(rest))
            tern = TernLoad(port, 8, 300, 30)
            with load:
                load.go_on(self)
                for _ in range(RESTARTS):
                    program.restart()
                    load.go_on(self)
                program.wait_until_alone()
                load.go_on(self)
            self.assertEqual(load.failures, [])
            figures = tern.figures()
            self.assertEqual({"OK"}, set(figures["statuses"]), figures)

    def test_lose_no_call(self):
        self.lose_no_call()

    def test_lose_no_call_with_several_loops(self):
        self.lose_no_call("--threads", "3")

    def test_keep_the_file_of_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/grpc.sock"
            with serving("--grpc", f"unix:{path}", "--rest", "none") as program:
                program.wait_for("server started on unix:")
                inode = os.stat(path).st_ino
                load = Load(new_grpc_channels(f"unix:{path}"), asynchronous_grpc(f"unix:{path}"))
                with load:
                    load.go_on(self)
                    for _ in range(RESTARTS):
                        program.restart()
                        load.go_on(self)
                    program.wait_until_alone()
                    self.assertEqual(os.stat(path).st_ino, inode)
                    load.go_on(self)
                self.assertEqual(load.failures, [])
            self.assertFalse(os.path.exists(path), "the last process removes it")

    def test_end_chat_listeners_so_that_they_come_to_the_new_process(self):
        with serving(*ON_LOOPBACK) as program:
            target = f"127.0.0.1:{program.port()}"
            with grpc.insecure_channel(target) as channel:
                room = chat_pb2_grpc.ChatRoomStub(channel)
                listening = room.Listen(chat_pb2.ListenRequest())
                listening.initial_metadata()
                program.restart()
                self.assertEqual(list(listening), [])
                program.wait_until_alone()
                again = room.Listen(chat_pb2.ListenRequest(), timeout=20)
                again.initial_metadata()
                room.Say(chat_pb2.ChatMessage(user_id="a", content="hello"), timeout=20)
                self.assertEqual(next(again).content, "hello")
                again.cancel()

    def test_start_the_file_that_is_there_now(self):
        with tempfile.TemporaryDirectory() as folder:
            installed = pathlib.Path(folder) / "userchat"
            installed.symlink_to(BINARY)
            with serving(*ON_LOOPBACK, command=[str(installed), "serve"]) as program:
                program.port("REST")
                script = pathlib.Path(folder) / "next"
                script.write_text(f'#!/bin/sh\necho "a new version"\nexec {BINARY} "$@"\n')
                script.chmod(0o755)
                script.replace(installed)
                program.restart()
                program.wait_for("^a new version$")
                self.assert_serves(program)

    def serve_on_without(self, next_program, reason, *options):
        """The file is replaced by one that does not serve; the old process goes on, and restarts once it is repaired."""
        with tempfile.TemporaryDirectory() as folder:
            installed = pathlib.Path(folder) / "userchat"
            installed.symlink_to(BINARY)
            with contextlib.closing(ServiceManager()) as manager:
                with serving(*ON_LOOPBACK, *options, command=[str(installed), "serve"],
                             environment={"NOTIFY_SOCKET": manager.path}) as program:
                    program.port("REST")
                    installed.unlink()
                    next_program(installed)
                    for round in range(1, 3):
                        os.kill(program.pid, signal.SIGUSR2)
                        program.wait_for(f"restart failed: .*{reason}.*; this process serves on", round)
                        self.assert_serves(program)
                    told = manager.wait_for(5, "READY", "RELOADING")
                    self.assertEqual(["READY" in fields for fields in told], [True, False, True, False, True])
                    self.assertIn("restart failed", told[-1]["STATUS"])
                    installed.unlink(missing_ok=True)
                    installed.symlink_to(BINARY)
                    program.restart()
                    self.assert_serves(program)

    @staticmethod
    def script(text):
        def write(path):
            path.write_text("#!/bin/sh\n" + text)
            path.chmod(0o755)
        return write

    def test_serve_on_without_a_program(self):
        self.serve_on_without(lambda path: None, "cannot start .*: No such file")

    def test_serve_on_when_the_new_program_fails(self):
        self.serve_on_without(self.script("exit 3\n"), "ended with status 3 before it served")

    def test_serve_on_when_the_new_program_rejects_its_options(self):
        self.serve_on_without(self.script(f'exec {BINARY} "$@" --no-such-option\n'), "ended with status .* before it served")

    def test_serve_on_when_the_new_program_crashes(self):
        self.serve_on_without(self.script("kill -SEGV $$\n"), "was killed by signal 11 before it served")

    def test_serve_on_when_the_new_program_hangs(self):
        self.serve_on_without(self.script("exec sleep 1000\n"), "did not serve within 0.3 s, and was killed by signal 9",
                              "--restart-timeout-s", "0.3")

    def test_keep_the_file_of_a_unix_socket_when_the_new_program_fails_after_it_has_taken_it(self):
        with tempfile.TemporaryDirectory() as folder:
            path, database = folder + "/grpc.sock", folder + "/users.db"
            # The second address cannot be had by the new process: its name is another one's by then.
            installed = pathlib.Path(folder) / "userchat"
            installed.symlink_to(BINARY)
            with serving("--grpc", f"unix:{path}", "--rest", "none", command=[str(installed), "serve"]) as program:
                program.wait_for("server started on unix:")
                installed.unlink()
                self.script(f'exec {BINARY} "$@" --rest 256.0.0.1:1\n'.replace('"$@"', f'serve --grpc unix:{path} --database memory'))(installed)
                os.kill(program.pid, signal.SIGUSR2)
                program.wait_for("restart failed: .*ended with status 1 before it served")
                self.assertEqual(get_user(f"unix:{path}"), 1)

    def test_end_with_the_signal_to_stop_while_the_new_program_hangs(self):
        with tempfile.TemporaryDirectory() as folder:
            installed = pathlib.Path(folder) / "userchat"
            installed.symlink_to(BINARY)
            with serving(*ON_LOOPBACK, command=[str(installed), "serve"]) as program:
                program.port("REST")
                installed.unlink()
                self.script("exec sleep 1000\n")(installed)
                os.kill(program.pid, signal.SIGUSR2)
                hanging = int(program.wait_for(r"^restart: process (\d+) starts").group(1))
                program.end()
                with self.assertRaises(ProcessLookupError):
                    os.kill(hanging, 0)


class ServiceManagers(unittest.TestCase):
    def tell(self, abstract):
        with contextlib.closing(ServiceManager(abstract)) as manager:
            with serving(*ON_LOOPBACK, environment={"NOTIFY_SOCKET": manager.path}) as program:
                manager.wait_for(1, "READY")
                self.assertGreater(program.port(), 0)
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                program.restart()
                manager.wait_for(3, "READY")
                after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                program.wait_until_alone()
            told = manager.wait_for(5, "READY", "RELOADING", "MAINPID", "STOPPING")
        first, reloading, replaced, ready, stopping = told
        self.assertEqual(first, {"READY": "1"})
        self.assertEqual(reloading["RELOADING"], "1")
        self.assertTrue(before <= int(reloading["MONOTONIC_USEC"]) <= after, (before, reloading, after))
        # The old process names the new one, and says nothing of its own end.
        self.assertEqual(replaced, {"MAINPID": str(program.pid), "READY": "1"})
        self.assertEqual(ready, {"READY": "1"})
        self.assertEqual(stopping, {"STOPPING": "1"})

    def test_are_told_each_step(self):
        self.tell(abstract=False)

    def test_with_an_abstract_socket_are_told_each_step(self):
        self.tell(abstract=True)

    def test_that_cannot_be_reached_are_named_in_the_log(self):
        with serving(*ON_LOOPBACK, environment={"NOTIFY_SOCKET": "/nowhere/notify"}) as program:
            program.wait_for('cannot tell the service manager "READY=1" .*: No such file or directory')
            self.assertEqual(get_user(f"127.0.0.1:{program.port()}"), 1)

    def test_of_another_process_get_no_watchdog_message(self):
        with contextlib.closing(ServiceManager()) as manager:
            environment = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}
            with serving(*ON_LOOPBACK, environment=environment) as program:
                program.port("REST")
            manager.wait_for(1, "STOPPING")
            self.assertEqual(manager.times_of("WATCHDOG"), [])

    def test_get_watchdog_messages_from_each_process_in_turn(self):
        with contextlib.closing(ServiceManager()) as manager:
            environment = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "100000"}
            with serving(*ON_LOOPBACK, "--threads", "2", environment=environment) as program:
                manager.wait_for(5, "WATCHDOG")
                program.restart()
                program.wait_until_alone()
                manager.wait_for(len(manager.times_of("WATCHDOG")) + 5, "WATCHDOG")

    def test_get_no_watchdog_message_while_a_loop_is_blocked(self):
        with contextlib.closing(ServiceManager()) as manager:
            environment = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "100000"}
            with serving(*ON_LOOPBACK, "--threads", "2", environment=environment) as program:
                manager.wait_for(5, "WATCHDOG")
                with paused_thread(program.pid):
                    paused = time.monotonic()
                    time.sleep(1)  # what is tested is that nothing comes in this time
                    late = [when for when in manager.times_of("WATCHDOG") if when > paused + 0.2]
                self.assertEqual(late, [])
                manager.wait_for(len(manager.times_of("WATCHDOG")) + 5, "WATCHDOG")


class Activation(unittest.TestCase):
    def activated(self, sockets, *options, names=None, pid=None):
        """userchat with listening sockets as systemd passes them: descriptors 3, 4, ..."""
        def before_exec():
            # High ones first: a descriptor in the way may be the next to move.
            kept = [os.dup2(each.fileno(), 100 + i) for i, each in enumerate(sockets)]
            for i, descriptor in enumerate(kept):
                os.dup2(descriptor, 3 + i)
                os.close(descriptor)
        exports = f"LISTEN_FDS={len(sockets)} " + (f"LISTEN_FDNAMES={':'.join(names)} " if names else "")
        command = ["/bin/sh", "-c", f'export {exports} LISTEN_PID={pid or "$$"}; exec "$0" "$@"', BINARY, "serve"]
        return serving(*options, command=command, descriptors=range(3, 3 + len(sockets)), before_exec=before_exec)

    @staticmethod
    def listening(count=2):
        return [socket.create_server(("127.0.0.1", 0), backlog=100) for _ in range(count)]

    def serve_on_activated(self, grpc_socket, rest_socket, sockets, names):
        port, rest = grpc_socket.getsockname()[1], rest_socket.getsockname()[1]
        # Calls that come before the program does.
        early = []
        first = threading.Thread(target=lambda: early.append(get_user(f"127.0.0.1:{port}")))
        first.start()
        with self.activated(sockets, names=names) as program:
            first.join()
            self.assertEqual(early, [1])
            self.assertEqual((program.port(), program.port("REST")), (port, rest))
            self.assertEqual(get_over_http(rest), 200)
            environment = pathlib.Path(f"/proc/{program.pid}/environ").read_bytes()
            self.assertIn(b"LISTEN_FDS", environment)  # as it was started
            program.restart()
            self.assertNotIn(b"LISTEN_", pathlib.Path(f"/proc/{program.pid}/environ").read_bytes())
            program.wait_until_alone()
            self.assertEqual(get_user(f"127.0.0.1:{port}"), 1)
            self.assertEqual(get_over_http(rest), 200)
        for each in sockets:
            each.close()

    def test_by_order(self):
        first, second = self.listening()
        self.serve_on_activated(first, second, [first, second], None)

    def test_by_order_when_the_names_are_the_units(self):
        first, second = self.listening()
        self.serve_on_activated(first, second, [first, second], ["userchat.socket", "userchat.socket"])

    def test_by_name(self):
        first, second = self.listening()
        self.serve_on_activated(second, first, [first, second], ["rest", "grpc"])

    def test_leaves_the_file_of_systemds_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            path = folder + "/grpc.sock"
            listening.bind(path)
            listening.listen(10)
            with self.activated([listening], "--rest", "none") as program:
                self.assertEqual(get_user(f"unix:{path}"), 1)
                program.restart()
                program.wait_until_alone()
                self.assertEqual(get_user(f"unix:{path}"), 1)
            self.assertTrue(os.path.exists(path))

    def test_ignores_sockets_of_another_process(self):
        with contextlib.closing(self.listening(1)[0]) as other:
            with self.activated([other], *ON_LOOPBACK, pid=1) as program:
                self.assertNotEqual(program.port(), other.getsockname()[1])

    def assert_rejected(self, sockets, message):
        with self.activated(sockets) as program:
            program.wait_for(message)
            program.fails_with(1)
        for each in sockets:
            each.close()

    def test_rejects_a_socket_that_does_not_listen(self):
        self.assert_rejected([socket.socket()], r'descriptor 3 \("grpc"\) is not a listening stream socket')

    def test_rejects_more_sockets_than_the_program_has_names_for(self):
        self.assert_rejected(self.listening(3), "LISTEN_FDS=3: the program listens on 2 sockets; name them by FileDescriptorName=")

    @unittest.skipUnless(shutil.which("systemd-socket-activate"), "systemd-socket-activate is missing")
    def test_by_systemds_own_tool(self):
        with contextlib.closing(self.listening(1)[0]) as free:
            port = free.getsockname()[1]
        command = ["systemd-socket-activate", f"--listen=127.0.0.1:{port}", "--fdname=grpc", BINARY, "serve"]
        with serving("--rest", "none", command=command) as program:
            program.wait_for("Listening on")
            self.assertEqual(get_user(f"127.0.0.1:{port}"), 1)


def measure(restarts, rate):
    """How many calls fail, and how long they take, while the server is restarted; the same without restarts before that."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with contextlib.closing(ServiceManager()) as manager:
        # Without a line for each call, so that the restarts are read from the service manager's socket.
        program = Program([BINARY, "serve", "--grpc", f"127.0.0.1:{port}", "--rest", "none", "--database", "memory", "--delay-ms", "0",
                           "--log-level", "warning"], environment={"NOTIFY_SOCKET": manager.path})

        def run(count):
            load = TernLoad(port, 3 * max(count, 3) + 5, rate, 100)
            for _ in range(count):
                time.sleep(3)
                os.kill(program.pid, signal.SIGUSR2)
                program.pid = int(manager.wait_for(len(program.pids), "MAINPID")[-1]["MAINPID"])
                program.pids.append(program.pid)
            return load.figures()
        try:
            manager.wait_for(1, "READY")
            undisturbed, restarted = run(0), run(restarts)
            program.end()
        finally:
            if not program.ended:
                program.kill()
    for name, figures in (("no restart", undisturbed), (f"{restarts} restarts", restarted)):
        latency = {key: round(value / 1e6, 2) for key, value in figures["latency_ns"].items() if key != "count"}
        print(f"{name}, {rate} calls a second on 100 connections: {figures['statuses']}, ms: {latency}")
    return set(restarted["statuses"]) == {"OK"}


adopt_orphans()
if MEASURED:
    sys.exit(0 if measure(*MEASURED) else 1)
unittest.main(argv=sys.argv[:1])
