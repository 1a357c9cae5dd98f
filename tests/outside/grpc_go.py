#!/usr/bin/env python3
"""The interoperability programs of grpc-go against ours, both ways, in plaintext and over TLS."""
import os
import subprocess

import interop
import tools
from support.server import Server

MODULE = "google.golang.org/grpc"


def go_server(program, tls):
    command = [str(program), "-port=0"]
    if tls:
        pem, key = tools.certificate()
        command += ["-use_tls", f"-tls_cert_file={pem}", f"-tls_key_file={key}"]
    # The port is told in its log.
    return Server(command, says=r"listening on .*:(\d+)", stderr=subprocess.STDOUT,
                  env={**os.environ, "GRPC_GO_LOG_SEVERITY_LEVEL": "info"})


def main():
    client = tools.go_program(f"{MODULE}/interop/client", MODULE, "grpc-go-interop-client")
    server = tools.go_program(f"{MODULE}/interop/server", MODULE, "grpc-go-interop-server")
    interop.build()

    def go_client(port, case, tls):
        tls_options = ["-use_tls", "-use_test_ca", f"-ca_file={tools.certificate()[0]}", "-server_host_override=localhost"] if tls else []
        return [client, "-server_host=127.0.0.1", f"-server_port={port}", f"-test_case={case}",
                interop.SOAK_LATENCY, "--soak_overall_timeout_seconds=60", *tls_options]

    failures, count = [], 0
    for tls in (False, True):
        over = " over TLS" if tls else ""
        certificate = tools.certificate() if tls else None
        authority = (certificate[0], "localhost") if tls else None
        failures += interop.run_cases(f"grpc-go's client{over}", interop.tern_server(certificate),
                                      lambda port, case, tls=tls: go_client(port, case, tls), interop.CASES)
        # Its server has no method CacheableUnaryCall and does not tell whether a message came compressed.
        tern_cases = [*interop.CASES, "concurrent_large_unary"]
        failures += interop.run_cases(f"tern's client to grpc-go{over}", go_server(server, tls),
                                      lambda port, case, authority=authority: interop.tern_client(port, case, authority),
                                      tern_cases)
        count += len(interop.CASES) + len(tern_cases)
    tools.finish(failures, f"{count - len(failures)} of {count} cases, both ways, in plaintext and over TLS")


main()
