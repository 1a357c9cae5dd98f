"""The command line as its user sees it: tern_test.py TERN USERCHAT GRPCPP_SERVER PROTOS"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TERN, USERCHAT, GRPCPP_SERVER, PROTOS = sys.argv[1:]
del sys.argv[1:]


class Process:
    """A server that says its port, until the end of the block."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if found := re.search(r"(?:port |PORT=)(\d+)", line):
                self.target = f"127.0.0.1:{found.group(1)}"
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def __enter__(self):
        return self.target

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        self.process.stdout.close()


def userchat(*options):
    return Process(USERCHAT, "serve", "--grpc", "127.0.0.1:0", "--rest", "none", "--database", "memory", *options)


def tern(*arguments, status=0):
    done = subprocess.run([TERN, *map(str, arguments)], capture_output=True, text=True, timeout=100)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stdout + done.stderr


def figures(*arguments):
    return json.loads(tern("load", *arguments, "--json", "-"))


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = userchat("--delay-ms", "0", "--stream-delay-ms", "0")
        cls.target = cls.server.target

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def test_makes_as_many_calls_as_it_was_told(self):
        for options in [(), ("-c", 3, "-m", 10), ("-c", 2, "-m", 7, "--threads", 2)]:
            said = figures(self.target, "user.v1.UserService/GetUser", "-d", '{"id": 1}', "-n", 1001, *options)
            self.assertEqual(said["statuses"], {"OK": 1001})
            self.assertEqual(said["messages_received"], 1001)
            self.assertEqual(said["latency_ns"]["count"], 1001)
            self.assertEqual(sum(said["by_second"]), 1001)
            self.assertEqual(said["bytes_received"] % 1001, 0)
            self.assertGreater(said["calls_per_second"], 0)

    def test_sends_requests_in_turn(self):
        said = figures(self.target, "user.v1.UserService/GetUser", "-d", '[{"id": 1}, {"id": 2}, {"id": 77}]',
                       "-n", 300, "-m", 1)
        self.assertEqual(said["statuses"], {"OK": 200, "NOT_FOUND": 100})

    def test_text_tells_the_first_error(self):
        text = tern("load", self.target, "user.v1.UserService/GetUser", "-d", '{"id": 77}', "-n", 10, status=1)
        self.assertIn("statuses  NOT_FOUND 10", text)
        self.assertIn("the first NOT_FOUND: User 77 not found", text)

    def test_server_streams(self):
        said = figures(self.target, "user.v1.UserService/ListUsersStream", "-n", 50, "-m", 5)
        self.assertEqual((said["statuses"], said["messages_received"]), ({"OK": 50}, 100))

    def test_both_sides_stream(self):
        for options in [("--ping-pong",), ()]:
            said = figures(self.target, "chat.v1.ChatService/Chat", "-d", '{"content": "x"}', "-n", 10, "-m", 2,
                           "--messages", 25, *options)
            self.assertEqual((said["statuses"], said["messages_received"]), ({"OK": 10}, 250))
        self.assertNotIn("round_trip_ns", said)

    def test_ping_pong_counts_each_round_trip(self):
        said = figures(self.target, "chat.v1.ChatService/Chat", "-d", '{"content": "x"}', "-n", 4, "-m", 1,
                       "--messages", 30, "--ping-pong")
        self.assertEqual(said["round_trip_ns"]["count"], 120)
        self.assertLess(said["round_trip_ns"]["p50"], said["latency_ns"]["p50"])

    def test_duration_and_warm_up(self):
        begin = time.monotonic()
        said = figures(self.target, "user.v1.UserService/GetUser", "-d", '{"id": 1}', "-t", "400ms", "--warm-up", "300ms")
        self.assertGreater(time.monotonic() - begin, 0.7)
        self.assertGreater(said["seconds"], 0.399)

    def test_a_rate_is_kept(self):
        said = figures(self.target, "user.v1.UserService/GetUser", "-d", '{"id": 1}', "-r", 500, "-t", "1s")
        self.assertEqual(said["statuses"], {"OK": 500})

    def test_open_loop_counts_the_time_that_calls_waited_to_begin(self):
        """100 calls/s on a server that does one in 20 ms, one at a time: the last of a second's calls began a second late."""
        with userchat("--delay-ms", "20") as slow:
            open_loop = figures(slow, "user.v1.UserService/GetUser", "-d", '{"id": 1}', "-m", 1, "-r", 100, "-t", "1s")
            closed_loop = figures(slow, "user.v1.UserService/GetUser", "-d", '{"id": 1}', "-m", 1, "-t", "1s")
        self.assertEqual(open_loop["statuses"], {"OK": 100})
        self.assertGreater(open_loop["latency_ns"]["max"], 0.9e9)
        self.assertGreater(open_loop["latency_ns"]["p50"], 0.4e9)
        self.assertLess(closed_loop["latency_ns"]["p50"], 0.2e9)

    def test_a_deadline(self):
        with userchat("--delay-ms", "5000") as slow:
            text = tern("load", slow, "user.v1.UserService/GetUser", "-d", '{"id": 1}', "-n", 3, "--timeout", "100ms",
                        status=1)
        self.assertIn("DEADLINE_EXCEEDED 3", text)

    def test_report_opens_without_a_network(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "load.html")
            tern("load", self.target, "user.v1.UserService/GetUser", "-d", '{"id": 1}', "-n", 100, "--html", path)
            with open(path, encoding="utf-8") as file:
                html = file.read()
        self.assertEqual(html.count("<svg"), 3)
        self.assertIsNone(re.search(r"https?:|<script|<link|src=", html))

    def test_ctrl_c_shows_what_was_measured(self):
        load = subprocess.Popen([TERN, "load", self.target, "user.v1.UserService/GetUser", "-d", '{"id": 1}', "-t", "1m"],
                                stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        load.send_signal(signal.SIGINT)
        text, _ = load.communicate(timeout=20)
        self.assertEqual(load.returncode, 0)
        self.assertRegex(text, r"statuses  OK [1-9]")

    def test_wrong_use_is_explained(self):
        get_user = "user.v1.UserService/GetUser"
        for status, arguments, words in [
                (2, ["user.v1.UserService/Get"], "has no method Get; it has: GetUser ListUsers CreateUser ListUsersStream"),
                (2, ["user.v1.Users/GetUser"], "does not know user.v1.Users"),
                (2, ["GetUser"], 'names no method: write "package.Service/Method"'),
                (2, [get_user, "-d", "{"], "--data is no JSON"),
                (2, [get_user, "-d", '{"it": 1}'], "this is no user.v1.GetUserRequest in JSON"),
                (2, [get_user, "-d", "@/nowhere"], "cannot read /nowhere"),
                (2, [get_user, "-d", "[]"], "there is nothing to send"),
                (2, [get_user, "-c", 4, "-m", 2], "--concurrency 2 is less than --connections 4"),
                (2, [get_user, "--ping-pong"], "--ping-pong is for methods with both sides streaming"),
                (2, [get_user, "-H", "no colon"], 'write "key: value"'),
                (2, [get_user, "--proto", "/nowhere.proto"], "cannot use /nowhere.proto"),
                (1, [get_user, "--json", "/nowhere/x", "-n", 1], "cannot write /nowhere/x")]:
            with self.subTest(arguments):
                self.assertIn(words, tern("load", self.target, *arguments, status=status))
        self.assertIn("UNAVAILABLE", tern("load", "127.0.0.1:1", get_user, status=1))

    def test_other_servers_by_their_proto(self):
        with Process(GRPCPP_SERVER) as target:
            text = tern("load", target, "tern.test.v1.Probe/Unary", "-n", 1, status=2)
            self.assertIn("offers no reflection: give its .proto with --proto FILE", text)
            for arguments in [("Unary",), ("Download", "-d", '{"count": 3}'), ("Upload", "--messages", 3)]:
                said = figures(target, f"tern.test.v1.Probe/{arguments[0]}", *arguments[1:], "-n", 100,
                               "--proto", os.path.join(PROTOS, "probe.proto"))
                self.assertEqual(said["statuses"], {"OK": 100})


    def test_json_on_stdout_is_free_of_the_log(self):
        """The library logs a warning for a GOAWAY with an error."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = threading.Thread(target=answer_one_call_with_go_away, args=(listener,))
            server.start()
            load = subprocess.run([TERN, "load", f"127.0.0.1:{listener.getsockname()[1]}", "tern.test.v1.Probe/Unary", "-n", "1",
                                   "--proto", os.path.join(PROTOS, "probe.proto"), "--json", "-"],
                                  capture_output=True, text=True, timeout=100)
            server.join()
        self.assertEqual(json.loads(load.stdout)["statuses"], {"OK": 1}, load.stderr)
        self.assertIn("sent GOAWAY ENHANCE_YOUR_CALM tired", load.stderr)


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def answer_one_call_with_go_away(listener):
    """An HTTP/2 server that reads a request on stream 1, and sends a GOAWAY and an empty message."""
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as reader:
        connection.sendall(frame(4, 0, 0))  # SETTINGS
        reader.read(24)  # the preface
        kind = flags = None
        while (kind, flags) != (0, 1):  # DATA with END_STREAM
            head = reader.read(9)
            kind, flags = head[3], head[4] & 1
            reader.read(int.from_bytes(head[:3], "big"))
        connection.sendall(frame(4, 1, 0) +
                           frame(7, 0, 0, (1).to_bytes(4, "big") + (11).to_bytes(4, "big") + b"tired") +
                           frame(1, 4, 1, b"\x88\x0f\x10\x10application/grpc") + frame(0, 0, 1, bytes(5)) +
                           frame(1, 5, 1, b"\x00\x0bgrpc-status\x010"))
        reader.read()  # until the client closes


class Bench(unittest.TestCase):
    def test_all_rows_reach_their_limits_and_none_is_beaten(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bench.html")
            said = json.loads(tern("bench", "--calls", "20,40", "--computing-calls", 4, "--workers", 4, "--rounds", 2,
                                   "--html", path, "--json", "-"))
            with open(path, encoding="utf-8") as file:
                html = file.read()
        self.assertEqual([row["calls"] for row in said["rows"]], [20, 20, 40, 40, 4, 4, 4])
        for row in said["rows"]:
            self.assertEqual(len(row["rounds_ns"]), 2)
            self.assertGreaterEqual(min(row["rounds_ns"]), row["limit_ns"])
        self.assertEqual([row["limit_ns"] // 1_000_000 for row in said["rows"][:4]], [50, 10, 100, 10])
        self.assertIsNone(re.search(r"https?:|<script|<link|src=", html))

    def test_the_table(self):
        table = tern("bench", "--calls", "10", "--computing-calls", 0, "--rounds", 1, "--wait", "1ms")
        self.assertEqual(len(table.splitlines()), 3)
        self.assertIn("10 calls, 1.00 ms of waiting  synchronous, 10 workers", table)


class CommandLine(unittest.TestCase):
    def test_help(self):
        self.assertIn("bench", tern("--help"))
        self.assertIn("--warm-up", tern("load", "--help"))
        self.assertRegex(tern("--version"), r"^\d+\.\d+\.\d+$")


unittest.main()
