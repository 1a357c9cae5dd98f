"""HAProxy and nginx before servers of a test, with the files of deploy/ and other addresses."""
import contextlib
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

from process import free_port

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"


class Proxy:
    """A running proxy: its port, and what it prints."""

    def __init__(self, command, port, reload_signal):
        self.port = port
        self.reload_signal = reload_signal
        self.lines = []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_until_it_listens(self):
        limit = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > limit:
                    raise SystemExit(f"{self.process.args[0]} does not start: {self.lines}")
                time.sleep(0.05)

    def reload(self):
        """New workers serve new connections; the old ones end their calls first."""
        self.process.send_signal(self.reload_signal)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def _running(command, port, reload_signal):
    proxy = Proxy(command, port, reload_signal)
    try:
        proxy.wait_until_it_listens()
        yield proxy
    finally:
        proxy.end()


@contextlib.contextmanager
def haproxy(ports):
    """deploy/haproxy.cfg before the servers on `ports`, which are given in place of the names."""
    port = free_port()
    lines = []
    for line in (DEPLOY / "haproxy.cfg").read_text().splitlines():
        first = line.split()[:1]
        if first == ["bind"]:
            line = f"  bind 127.0.0.1:{port} proto h2"
        elif first == ["server-template"]:
            line = "\n".join(f"  server s{one} 127.0.0.1:{one} proto h2 check" for one in ports)
        elif first in (["resolvers"], ["parse-resolv-conf"], ["hold"]):
            continue
        lines.append(line)
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        with _running(["haproxy", "-W", "-db", "-f", file.name], port, signal.SIGUSR2) as proxy:
            yield proxy


@contextlib.contextmanager
def nginx(ports):
    """deploy/nginx.conf before the servers on `ports`."""
    port = free_port()
    text = (DEPLOY / "nginx.conf").read_text()
    text = text.replace("server userchat:50051;", " ".join(f"server 127.0.0.1:{one};" for one in ports))
    text = text.replace("listen 50051 http2;", f"listen 127.0.0.1:{port} http2;")
    with tempfile.TemporaryDirectory() as folder:
        paths = "".join(f"  {kind}_temp_path {folder}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        text = text.replace("http {\n", f"http {{\n  access_log off;\n{paths}", 1)
        own = f"daemon off;\npid {folder}/nginx.pid;\nerror_log stderr warn;\n"
        path = pathlib.Path(folder) / "nginx.conf"
        path.write_text(own + text)
        with _running(["nginx", "-p", folder, "-e", "stderr", "-c", str(path)], port, signal.SIGHUP) as proxy:
            yield proxy
