"""gRPC's interoperability cases between tern's programs (tests/interop/grpc_testing) and another implementation's."""
import concurrent.futures
import subprocess

import tools
from support.server import Server

# grpc/doc/interop-test-descriptions.md: those that need no cloud and that both sides have.
CASES = ["empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream",
         "custom_metadata", "status_code_and_message", "special_status_message", "unimplemented_method",
         "unimplemented_service", "cancel_after_begin", "cancel_after_first_response", "timeout_on_sleeping_server",
         "pick_first_unary", "rpc_soak", "channel_soak"]
# Each iteration of the soak tests may take so long, in milliseconds: the machine may be busy with other tests.
SOAK_LATENCY = "--soak_per_iteration_max_acceptable_latency_ms=30000"
TERN = tools.BUILT / "interop" / "grpc_testing"


def build():
    tools.build("grpc_testing_server", "grpc_testing_client")


def tern_server(certificate):
    """`certificate`: the files of a certificate and its key, for TLS; None for plaintext."""
    command = [str(TERN / "grpc_testing_server"), "--host", "127.0.0.1"]
    if certificate:
        command += ["--use_tls", "true", "--certificate", str(certificate[0]), "--key", str(certificate[1])]
    return Server(command)


def tern_client(port, case, authority):
    """`authority`: the file of the authority and the server's name, for TLS; None for plaintext."""
    command = [TERN / "grpc_testing_client", "--server_host", "127.0.0.1", "--server_port", str(port), "--test_case", case]
    if authority:
        command += ["--use_tls", "true", "--ca_file", authority[0], "--server_host_override", authority[1]]
    return command


def run_cases(title, server, command_for, cases):
    """The failures of these cases against one server, which is ended."""
    def run(case):
        try:
            done = subprocess.run(command_for(server.port, case), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  timeout=90, errors="replace")
        except subprocess.TimeoutExpired:
            return f"{title} {case}: no end after 90 s"
        if done.returncode != 0:
            return f"{title} {case}: status {done.returncode}: {done.stdout[-600:]}"
        return None

    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            failures = [failure for failure in pool.map(run, cases) if failure]
        if not server.alive():
            failures.append(f"{title}: the server ended")
        return failures
    finally:
        server.end()
