"""buf curl, which learns the schema by reflection, in each of its protocols: buf_curl_test.py USERCHAT BUF"""
import json
import signal
import subprocess
import sys
import unittest

from process import Userchat

BUF, BINARY = sys.argv.pop(), sys.argv.pop()


class BufCurl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Userchat(BINARY, "--rest", "127.0.0.1:0", "--database", "memory", "--stream-delay-ms", "1")

    @classmethod
    def tearDownClass(cls):
        assert cls.server.end(signal.SIGTERM) == 0

    def call(self, protocol, port, method, request):
        return subprocess.run(
            [BUF, "curl", "--protocol", protocol, "--http2-prior-knowledge", "--data", json.dumps(request),
             f"http://127.0.0.1:{port}/user.v1.UserService/{method}"], capture_output=True, text=True, timeout=60)

    def check(self, protocol, port):
        one = self.call(protocol, port, "GetUser", {"id": 1})
        self.assertEqual(json.loads(one.stdout)["user"]["name"], "홍길동", one.stderr)
        stream = self.call(protocol, port, "ListUsersStream", {})
        users = json.loads("[" + stream.stdout.replace("}\n{", "},{") + "]")
        self.assertEqual([user["name"] for user in users], ["홍길동", "김철수"], stream.stderr)
        missing = self.call(protocol, port, "GetUser", {"id": 99})
        self.assertEqual(json.loads(missing.stderr), {"code": "not_found", "message": "User 99 not found"})

    def test_grpc_on_its_own_port(self):
        self.check("grpc", self.server.port)

    def test_all_on_the_shared_port(self):
        for protocol in ("grpc", "grpcweb", "connect"):
            with self.subTest(protocol):
                self.check(protocol, self.server.rest_port)


unittest.main()
