"""HAProxy, nginx and Envoy before servers of a test, with the files of deploy/ and other addresses. Each is a context manager that
takes the servers' ports and gives a Proxy."""
import contextlib
import pathlib
import re
import signal
import subprocess
import tempfile
import threading

from support.ports import free_port, wait_until_it_listens

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"


class Proxy:
    """A running proxy: its port, and what it prints."""

    def __init__(self, command, port):
        self.command = command
        self.port = port
        self.lines = []
        self.processes = []
        self.start()

    def start(self, *options):
        process = subprocess.Popen([*map(str, self.command), *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.processes.append(process)
        threading.Thread(target=self._read, args=(process,), daemon=True).start()
        try:
            wait_until_it_listens(process, self.port)
        except RuntimeError as error:
            self.end()
            raise RuntimeError(f"{error}\n" + "\n".join(self.lines)) from None

    def _read(self, process):
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))

    def reload(self):
        """The proxy reads its configuration again for new calls. Running calls go on to their ends."""
        raise NotImplementedError

    def alive(self):
        return self.processes[-1].poll() is None

    def end(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Master(Proxy):
    """A process that starts new workers at a signal. The old workers end with their connections."""

    def __init__(self, command, port, reload_signal):
        self.reload_signal = reload_signal
        super().__init__(command, port)

    def reload(self):
        self.processes[-1].send_signal(self.reload_signal)


class HotRestarted(Proxy):
    """Envoy: the next process takes over its predecessor's sockets, and ends it two seconds later."""

    def __init__(self, command, port):
        self.epoch = 0
        super().__init__(command, port)

    def reload(self):
        # There are two at most.
        for earlier in self.processes[:-1]:
            earlier.wait(timeout=60)
        self.epoch += 1
        self.start("--restart-epoch", str(self.epoch))


@contextlib.contextmanager
def _ended(proxy):
    try:
        yield proxy
    finally:
        proxy.end()


def _file(text, suffix):
    file = tempfile.NamedTemporaryFile("w", prefix="tern-proxy-", suffix=suffix)
    file.write(text)
    file.flush()
    return file


@contextlib.contextmanager
def haproxy(ports, buffer=None):
    """`buffer`: bytes that each stream may hold each way, instead of the file's."""
    port = free_port()
    text = (DEPLOY / "haproxy.cfg").read_text()
    if buffer:
        text = re.sub(r"tune\.bufsize \d+", f"tune.bufsize {buffer}", text)
    text = re.sub(r"^resolvers .*?\n\n", "", text, flags=re.MULTILINE | re.DOTALL)
    text = text.replace("bind :50051", f"bind 127.0.0.1:{port}")
    servers = "\n".join(f"  server s{one} 127.0.0.1:{one} proto h2 check" for one in ports)
    text = re.sub(r"^ *server-template .*", servers, text, flags=re.MULTILINE)
    with _file(text, ".cfg") as file, _ended(Master(["haproxy", "-W", "-db", "-f", file.name], port, signal.SIGUSR2)) as proxy:
        yield proxy


@contextlib.contextmanager
def nginx(ports):
    port = free_port()
    text = (DEPLOY / "nginx.conf").read_text()
    text = text.replace("server userchat:50051;", " ".join(f"server 127.0.0.1:{one};" for one in ports))
    text = text.replace("listen 50051 http2;", f"listen 127.0.0.1:{port} http2;")
    with tempfile.TemporaryDirectory() as folder:
        paths = "".join(f"  {kind}_temp_path {folder}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        text = text.replace("http {\n", f"http {{\n  access_log off;\n{paths}", 1)
        text = f"daemon off;\npid {folder}/nginx.pid;\nerror_log stderr warn;\n" + text
        command = ["nginx", "-p", folder, "-e", "stderr", "-c"]
        with _file(text, ".conf") as file, _ended(Master([*command, file.name], port, signal.SIGHUP)) as proxy:
            yield proxy


@contextlib.contextmanager
def envoy(ports, program="envoy"):
    port = free_port()
    text = (DEPLOY / "envoy.yaml").read_text()
    text = text.replace("address: 0.0.0.0, port_value: 50051", f"address: 127.0.0.1, port_value: {port}")
    endpoint = re.search(r"( *)- endpoint:.*\Z", text, flags=re.DOTALL)
    servers = "".join(endpoint[0].replace("address: userchat, port_value: 50051", f"address: 127.0.0.1, port_value: {one}")
                      for one in ports)
    text = text[:endpoint.start()] + servers
    # Processes of one base share memory; the port is nobody else's.
    command = [program, "--log-level", "warning", "--base-id", port, "--drain-time-s", "1", "--parent-shutdown-time-s", "2"]
    try:
        with _file(text, ".yaml") as file, _ended(HotRestarted([*command, "-c", file.name], port)) as proxy:
            yield proxy
    finally:  # Envoy leaves it
        for memory in pathlib.Path("/dev/shm").glob(f"envoy_shared_memory_{port}*"):
            memory.unlink(missing_ok=True)
