"""What can be measured: servers and clients of ../peers/README.md, built from what is installed."""
import dataclasses
import pathlib
import shutil
import subprocess
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = ROOT / "build" / "release"
built = RELEASE  # where the programs of C++ are
PEERS = ROOT / "bench" / "peers"
WORK = ROOT / "build" / "bench"
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's grpcio


@dataclasses.dataclass
class Peer:
    name: str
    server: list  # its command without arguments; None: it is a client only
    can: set  # of: unary payload stream chat tls wait threads busy_poll observed
    client: list = None
    env: dict = dataclasses.field(default_factory=dict)
    path: str = "/user.v1.UserService/GetUser"
    grpc: bool = True
    kind: str = "peer"  # tern, below (what tern stands on, without tern), peer
    prepare: typing.Callable = lambda: None  # builds it, beyond what scripts/build does

    def command(self, port, name_bytes=0, wait_ms=0, threads=1, tls=()):
        if self.name == "nghttpd":
            certificate = [str(tls[1]), str(tls[0])] if tls else []
            return [*self.server, "-d", str(WORK), "-m", "1000", "-n", str(threads), "-a", "127.0.0.1",
                    *([] if tls else ["--no-tls"]), str(port), *certificate]
        if self.name == "h2o":
            return [*self.server, "-c", str(_h2o_configuration(port, threads, tls))]
        if self.name == "limit":
            return [*self.server, str(port)]
        return [*map(str, self.server), *map(str, (port, name_bytes, wait_ms, threads, *tls))]


def _h2o_configuration(port, threads, tls):
    path = WORK / f"h2o.{port}.conf"
    ssl = f"\n  ssl: {{certificate-file: {tls[0]}, key-file: {tls[1]}}}" if tls else ""
    path.write_text(f"listen:\n  host: 127.0.0.1\n  port: {port}{ssl}\nnum-threads: {threads}\nmax-connections: 10000\n"
                    f"http2-max-concurrent-requests-per-connection: 1000\nhosts:\n  default:\n    paths:\n"
                    f"      /: {{file.dir: {WORK}}}\n")
    return path


def certificate():
    """A self-signed one for localhost: (certificate, key)."""
    paths = WORK / "certificate.pem", WORK / "key.pem"
    if not paths[0].exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", paths[1], "-out", paths[0], "-days", "3650", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    return paths


def tern_tool():
    return built / "tools" / "tern"


def _prepare_go():
    program = WORK / "go" / "grpcgo_client"
    sources = (PEERS / "go").rglob("*.go")
    if not program.exists() or any(path.stat().st_mtime > program.stat().st_mtime for path in sources):
        subprocess.run([PEERS / "go" / "build", WORK / "go"], check=True)


def _prepare_js():
    if not (PEERS / "js" / "node_modules" / ".package-lock.json").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent", "--ignore-scripts"], cwd=PEERS / "js", check=True)


def _prepare_python():
    out = WORK / "python"
    out.mkdir(exist_ok=True)
    protos = ROOT / "bench" / "protos"
    subprocess.run([PYTHON, "-m", "grpc_tools.protoc", "-I", protos, f"--python_out={out}", f"--grpc_python_out={out}",
                    "user/v1/user.proto", "chat/v1/chat.proto"], cwd=protos, check=True)


def find(only, folder=None):
    """The peers whose libraries are here; those of C++ from `folder`, or built for release now."""
    global built
    built = folder or RELEASE
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "file").write_bytes(b"x" * 47)  # as long as GetUser's reply with its prefix
    targets = ["tern_tool", "tern_server", "tern_observed_server", "tern_client"]
    nghttp2 = pathlib.Path("/usr/include/nghttp2/nghttp2.h").exists()
    if nghttp2:
        targets.append("limit")
    grpcpp = pathlib.Path("/usr/include/grpcpp/grpcpp.h").exists()
    if grpcpp:
        targets += ["grpcpp_callback_server", "grpcpp_queue_server", "grpcpp_sync_server", "grpcpp_callback_client"]
    if folder is None:
        subprocess.run([ROOT / "scripts" / "build", "release", *targets], check=True)
    program = built / "bench"
    everything = {"unary", "payload", "stream", "chat", "tls", "wait"}
    peers = [Peer("tern", [program / "tern_server"], everything | {"threads"}, [program / "tern_client"], kind="tern"),
             # Its option for who would rather spend a core than wait for a thread to wake up.
             Peer("tern, busy_poll", [program / "tern_server"], {"busy_poll"}, env={"BUSY_POLL_US": "200"}, kind="tern"),
             *(Peer(f"tern, {what}", [program / "tern_observed_server"], {"observed"}, env={"OBSERVE": what}, kind="tern")
               for what in ("nothing", "metrics", "log", "traces", "recorded", "metrics log recorded"))]
    if nghttp2:
        peers.append(Peer("limit", [program / "limit"], {"unary"}, kind="below"))
    if shutil.which("nghttpd"):
        peers.append(Peer("nghttpd", ["nghttpd"], {"unary", "tls"}, path="/file", grpc=False, kind="below"))
    if shutil.which("h2o"):
        peers.append(Peer("h2o", ["h2o"], {"unary", "tls"}, path="/file", grpc=False, kind="below"))
    if grpcpp:
        peers += [Peer("grpc++ callback", [program / "grpcpp_callback_server"], everything | {"threads"},
                       [program / "grpcpp_callback_client"]),
                  Peer("grpc++ queue", [program / "grpcpp_queue_server"], {"unary", "payload", "tls", "wait", "threads"}),
                  Peer("grpc++ sync", [program / "grpcpp_sync_server"], everything - {"wait"})]
    if shutil.which("go") and pathlib.Path("/usr/share/gocode/src/google.golang.org/grpc").exists():
        go = WORK / "go"
        peers.append(Peer("grpc-go", [go / "grpcgo_server"], everything | {"threads"}, [go / "grpcgo_client"],
                          prepare=_prepare_go))
    if shutil.which("npm"):
        js = PEERS / "js"
        peers.append(Peer("grpc-js", ["node", js / "server.mjs"], everything, ["node", js / "client.mjs"],
                          prepare=_prepare_js))
    if subprocess.run([PYTHON, "-c", "import grpc, grpc_tools"], capture_output=True).returncode == 0:
        env = {"PYTHONPATH": str(WORK / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
        peers += [Peer("grpc.aio", [PYTHON, PEERS / "python_server.py", "aio"], everything,
                       [PYTHON, PEERS / "python_client.py"], env, prepare=_prepare_python),
                  Peer("Python grpc", [PYTHON, PEERS / "python_server.py", "sync"], everything - {"wait"}, env=env,
                       prepare=_prepare_python)]
    if only:
        unknown = set(only) - {peer.name for peer in peers}
        if unknown:
            raise SystemExit(f"not here: {', '.join(sorted(unknown))}; there are: {', '.join(peer.name for peer in peers)}")
        peers = [peer for peer in peers if peer.name in only]
    for prepare in dict.fromkeys(peer.prepare for peer in peers):
        prepare()
    return peers
