#!/usr/bin/env python3
"""readme_test.py ROOT SERVER CLIENT: README's first server and client are the files examples/readme_*.cc, and they run
as README says: the server until SIGTERM."""
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

root, server, client = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
EXPECTED = "Hello, Ada; a name is required\n3\n2\n1\nHello, Ada Hello, Ada, answer 0 of 10 letters\n"

blocks = re.findall(r"^```cpp\n(.*?)^```$", (root / "README.md").read_text(), re.MULTILINE | re.DOTALL)
for name in ("readme_server.cc", "readme_client.cc"):
    if (root / "examples" / name).read_text() not in blocks:
        sys.exit(f"README.md has no code block that is examples/{name}: copy the file into it")

with tempfile.TemporaryDirectory() as folder:
    socket = pathlib.Path(folder) / "socket"
    serving = subprocess.Popen([server, f"unix:{socket}"])
    try:
        limit = time.monotonic() + 30
        while not socket.exists():
            if serving.poll() is not None or time.monotonic() > limit:
                sys.exit(f"the server does not listen; its status: {serving.poll()}")
            time.sleep(0.01)
        asked = subprocess.run([client, f"unix:{socket}"], capture_output=True, text=True, timeout=30)
        if asked.returncode != 0 or asked.stdout != EXPECTED:
            sys.exit(f"the client ended with {asked.returncode} and printed {asked.stdout!r}, {asked.stderr!r}")
        serving.send_signal(signal.SIGTERM)
        if (status := serving.wait(30)) != 0:
            sys.exit(f"the server ended with {status} after SIGTERM")
    finally:
        serving.kill()
print("README's server and client are the examples, and they run")
