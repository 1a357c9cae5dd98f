"""Processes that are measured: pinned, on a port of the kernel's choice, ended at the end of the block."""
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
from support.ports import free_port, wait_until_it_listens  # noqa: E402

SERVER_CORE, LOAD_CORE = "0", "1"
TICK = os.sysconf("SC_CLK_TCK")


def allow_many_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Server:
    """A running server of a peer."""

    def __init__(self, peer, cores=SERVER_CORE, wait=True, **arguments):
        self.peer = peer
        self.port = free_port()
        self.tls = bool(arguments.get("tls"))
        command = ["taskset", "-c", cores, *map(str, peer.command(self.port, **arguments))]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, **peer.env}, start_new_session=True)
        if wait:
            wait_until_it_listens(self.process, self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # h2o and others have processes of their own.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def url(self):
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def pids(self):
        """Of the whole session: servers may fork."""
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                found.append((int(stat.parent.name), fields))
        return found

    def cpu_seconds(self):
        return sum(int(fields[11]) + int(fields[12]) for _, fields in self.pids()) / TICK

    def resident_bytes(self):
        total = 0
        for pid, _ in self.pids():
            try:
                for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith("VmRSS:"):
                        total += int(line.split()[1]) * 1024
            except OSError:
                pass
        return total


def run_counted(command, env=None):
    """Runs a load on its core to its end: (output, seconds, CPU seconds)."""
    begin = time.monotonic()
    process = subprocess.Popen(["taskset", "-c", LOAD_CORE, *map(str, command)], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, env={**os.environ, **(env or {})})
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}: {output}")
    return output, time.monotonic() - begin, usage.ru_utime + usage.ru_stime
