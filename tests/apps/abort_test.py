"""abort_test.py BINARY: a client that dies behind HAProxy (deploy/haproxy.cfg) ends its call's handler."""
import contextlib
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

from process import Userchat

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.proxies import haproxy  # noqa: E402

# Listens until it is killed: the room stays silent.
LISTENER = """
import sys, grpc
from chat.v1 import chat_pb2, chat_pb2_grpc
channel = grpc.insecure_channel(sys.argv[1])
for message in chat_pb2_grpc.ChatRoomStub(channel).Listen(chat_pb2.ListenRequest()):
    pass
"""


def listening(server):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.rest_port}/metrics", timeout=5) as response:
        text = response.read().decode()
    found = re.search(r"^rpc_server_active_calls\{[^}]*ChatRoom/Listen[^}]*\} (\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else 0


def wait_for(server, number):
    limit = time.monotonic() + 10
    while listening(server) != number:
        if time.monotonic() > limit:
            sys.exit(f"{listening(server)} handlers run, not {number}")
        time.sleep(0.02)


with contextlib.ExitStack() as stack:
    server = Userchat(sys.argv[1], "--rest", "127.0.0.1:0", "--database", ":memory:", "--metrics")
    stack.callback(server.process.kill)
    proxy = stack.enter_context(haproxy([server.port]))
    client = subprocess.Popen([sys.executable, "-c", LISTENER, f"127.0.0.1:{proxy.port}"])
    stack.callback(client.kill)
    wait_for(server, 1)
    client.kill()
    client.wait()
    wait_for(server, 0)
    print("the handler ended with its client")
