#!/usr/bin/env python3
"""with_server.py SERVER... -- CLIENT...: starts the server, waits for its line with "port N" or "PORT=N", runs the client
with {port} replaced, and passes on the client's exit status. The server is ended with SIGTERM and must end by itself.
The same file kills and restarts nothing: one server, one client."""
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import Server  # noqa: E402


def main():
    split = sys.argv.index("--")
    server_command, client_command = sys.argv[1:split], sys.argv[split + 1:]
    try:
        server = Server(server_command)
    except RuntimeError as error:
        sys.exit(str(error))
    try:
        client = subprocess.run([part.replace("{port}", str(server.port)) for part in client_command], timeout=100)
        status = client.returncode
    finally:
        server_status = server.end()
        if server_status is None:
            sys.exit("the server did not end after SIGTERM")
    if server_status not in (0, -signal.SIGTERM):
        sys.exit(f"the server ended with status {server_status}")
    sys.exit(status)


main()
