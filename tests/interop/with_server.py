#!/usr/bin/env python3
"""with_server.py SERVER... -- CLIENT...: starts the server, waits for its line with "port N" or "PORT=N", runs the client
with {port} replaced, and passes on the client's exit status. The server is ended with SIGTERM and must end by itself.
The same file kills and restarts nothing: one server, one client."""
import re
import signal
import subprocess
import sys
import threading


def main():
    split = sys.argv.index("--")
    server_command, client_command = sys.argv[1:split], sys.argv[split + 1:]
    server = subprocess.Popen(server_command, stdout=subprocess.PIPE, text=True)
    port = None
    try:
        for line in server.stdout:
            found = re.search(r"(?:port |PORT=)(\d+)", line)
            if found:
                port = found.group(1)
                break
        if port is None:
            sys.exit(f"the server ended with {server.wait()} before it said its port")
        # What it prints later must not fill the pipe.
        threading.Thread(target=server.stdout.read, daemon=True).start()
        client = subprocess.run([part.replace("{port}", port) for part in client_command], timeout=100)
        status = client.returncode
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server_status = server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            sys.exit("the server did not end after SIGTERM")
    if server_status not in (0, -signal.SIGTERM):
        sys.exit(f"the server ended with status {server_status}")
    sys.exit(status)


main()
