"""What CreateUser acknowledged is there after kill -9: kill9_test.py BINARY ROUNDS"""
import signal
import sys
import tempfile

import grpc
from process import Userchat
from user.v1 import user_pb2, user_pb2_grpc

binary, rounds = sys.argv[1], int(sys.argv[2])
acknowledged = {1: "홍길동", 2: "김철수"}

with tempfile.TemporaryDirectory() as folder:
    for number in range(rounds + 1):
        server = Userchat(binary, "--rest", "none", "--database", f"{folder}/users.db", "--delay-ms", "0",
                          "--log-level", "info")
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            stub = user_pb2_grpc.UserServiceStub(channel)
            last = max(acknowledged)
            found = stub.GetUser(user_pb2.GetUserRequest(id=last), timeout=20).user
            assert found.name == acknowledged[last], f"round {number}: user {last} is lost"
            if number == rounds:
                users = stub.ListUsers(user_pb2.ListUsersRequest(), timeout=20).users
                stored = {user.id: user.name for user in users}
                for user_id, name in acknowledged.items():
                    assert stored.get(user_id) == name, f"user {user_id} is lost"
                assert len(users) == len(stored) == len(acknowledged), "a user is stored that nobody was told of"
            else:
                created = stub.CreateUser(user_pb2.CreateUserRequest(name=f"사용자 {number}", email="e@example.com"),
                                          timeout=20).user
                server.process.send_signal(signal.SIGKILL)
                assert created.id not in acknowledged, f"round {number}: id {created.id} was given twice"
                acknowledged[created.id] = created.name
        server.end(signal.SIGKILL)
print(f"{rounds} kills, {len(acknowledged) - 2} users acknowledged, none lost")
