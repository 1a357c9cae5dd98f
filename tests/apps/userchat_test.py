"""The application as its user sees it: userchat_test.py BINARY"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from process import Userchat

BINARY = sys.argv.pop()

TOUR = """\
==================================================
1. List the users
==================================================
  - 1: 홍길동 (hong@example.com)
  - 2: 김철수 (kim@example.com)
==================================================
2. Get one user
==================================================
  - 1: 홍길동 (hong@example.com)
==================================================
3. Create a user
==================================================
  Created: 3: 박지민
==================================================
4. Ten users, one after the other and at once
==================================================
One after the other: TIME s
At once:             TIME s (10 users)
==================================================
5. The users as a stream
==================================================
Received: 홍길동
Received: 김철수
Received: 박지민
Received: User 4
Received: User 5
Received: User 6
Received: User 7
Received: User 8
Received: User 9
Received: User 10
==================================================
6. Chat
==================================================
Server: Echo: 안녕
Server: Echo: 반가워
Server: Echo: 잘가
==================================================
7. A client bound to its scope
==================================================
  - 1: 홍길동 (hong@example.com)
Closed on the way out
Error: NOT_FOUND - User -1 not found
Closed by the exception too
==================================================
8. Errors
==================================================
Error: NOT_FOUND - User 999999 not found
Error: INVALID_ARGUMENT - Name and email are required
Error: DEADLINE_EXCEEDED - Deadline Exceeded
Error: UNAVAILABLE - failed to connect: 127.0.0.1:1: Connection refused
"""


def run(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60)


class Application(unittest.TestCase):
    def check_tour(self, *options):
        server = Userchat(BINARY, "--rest", "none", "--database", ":memory:", *options)
        try:
            played = run("tour", f"127.0.0.1:{server.port}")
            self.assertEqual(re.sub(r"\d+\.\d{3} s", "TIME s", played.stdout), TOUR)
            self.assertEqual((played.returncode, played.stderr), (0, ""))
        finally:
            status = server.end(signal.SIGINT)
        self.assertEqual(status, 0)
        return server.lines

    def test_tour(self):
        lines = self.check_tour()
        self.assertRegex(lines[0], r"^Async server started on port \d+$")
        self.assertEqual(lines[1:4], ["[ListUsers] page_size=10", "[GetUser] id=1", "[CreateUser] name=박지민"])
        self.assertIn("Received: 안녕", lines)
        self.assertEqual(lines[-1], "Shutting down...")

    def test_tour_of_the_synchronous_version(self):
        lines = self.check_tour("--sync")
        self.assertRegex(lines[0], r"^Sync server started on port \d+$")

    def test_tour_with_two_loops(self):
        self.check_tour("--threads", "2")

    def test_health_over_rest_beside_grpc(self):
        server = Userchat(BINARY, "--rest", "127.0.0.1:0", "--database", "memory")
        with urllib.request.urlopen(f"http://127.0.0.1:{server.rest_port}/health") as answer:
            self.assertEqual(answer.read(), b'{"status":"ok"}')
        with self.assertRaises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(f"http://127.0.0.1:{server.rest_port}/nothing")
        self.assertEqual(raised.exception.code, 404)
        raised.exception.close()
        self.assertEqual(server.end(signal.SIGTERM), 0)

    def test_metrics_as_prometheus_reads_them(self):
        server = Userchat(BINARY, "--rest", "127.0.0.1:0", "--database", "memory")
        with urllib.request.urlopen(f"http://127.0.0.1:{server.rest_port}/v1/users/1") as answer:
            self.assertEqual(answer.status, 200)
        with urllib.request.urlopen(f"http://127.0.0.1:{server.rest_port}/metrics") as answer:
            families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
        self.assertEqual(server.end(signal.SIGTERM), 0)
        calls = families["rpc_server_call_duration_seconds"]
        self.assertEqual(calls.type, "histogram")
        counts = {sample.labels["rpc_method"]: sample.value for sample in calls.samples if sample.name.endswith("_count")}
        self.assertEqual(counts.pop("user.v1.UserService/GetUser"), 1)
        # Methods that were not called have their series.
        self.assertIn("chat.v1.ChatRoom/Listen", counts)
        self.assertEqual(set(counts.values()), {0})
        for name in ("rpc_server_active_calls", "http_server_request_duration_seconds", "tern_loop_lag_seconds",
                     "tern_loop_blocked", "tern_loop_connections", "tern_loop_streams", "tern_loop_received_bytes",
                     "process_resident_memory_bytes"):
            self.assertIn(name, families)
            self.assertTrue(families[name].samples and families[name].documentation, name)

    def test_quiet_by_level(self):
        server = Userchat(BINARY, "--rest", "none", "--database", "memory", "--log-level", "info")
        self.assertEqual(server.end(signal.SIGTERM), 0)
        self.assertEqual(len(server.lines), 2)

    def test_says_in_one_line_what_is_wrong(self):
        port_taken = Userchat(BINARY, "--rest", "none", "--database", "memory")
        second = run("serve", "--grpc", f"127.0.0.1:{port_taken.port}", "--rest", "none", "--database", "memory")
        port_taken.end(signal.SIGTERM)
        self.assertEqual(second.returncode, 1)
        self.assertEqual(second.stderr, f"error: cannot listen on 127.0.0.1:{port_taken.port}: "
                                        "the port is in use by another process, or by another listen() of this one\n")
        away = run("tour", "127.0.0.1:1")
        self.assertEqual(away.returncode, 1)
        self.assertEqual(away.stderr,
                         "error: UNAVAILABLE - failed to connect: 127.0.0.1:1: Connection refused\n")
        with tempfile.TemporaryDirectory() as folder:
            bad = run("serve", "--database", os.path.join(folder, "no", "such"), "--grpc", "127.0.0.1:0")
        self.assertEqual(bad.returncode, 1)
        self.assertRegex(bad.stderr, r"^error: database .*: cannot open it: .*\n$")
        self.assertNotEqual(run("serve", "--delay-ms", "-1").returncode, 0)
        self.assertIn("--database", run("serve", "--help").stdout)


unittest.main()
