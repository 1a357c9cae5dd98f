"""For tests of restarts: the processes of userchat that follow each other on the same sockets, and the service manager's
socket that they report to."""
import ctypes
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 60  # seconds; a test that waits longer has failed


def adopt_orphans():
    """Processes whose parents end become this one's children, so that it can wait for them."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


class ServiceManager:
    """The receiver of NOTIFY_SOCKET."""

    def __init__(self, abstract=False):
        self.folder = tempfile.TemporaryDirectory()
        self.path = f"@tern-notify-{os.getpid()}-{id(self)}" if abstract else self.folder.name + "/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + self.path[1:] if abstract else self.path)
        self.condition = threading.Condition()
        self.messages = []  # (time, {name: value})
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while text := self.socket.recv(65536).decode():
            with self.condition:
                self.messages.append((time.monotonic(), dict(line.split("=", 1) for line in text.split("\n"))))
                self.condition.notify_all()

    def wait_for(self, count, *names):
        """The first `count` messages that have one of these variables."""
        found = lambda: [fields for _, fields in self.messages if any(name in fields for name in names)]
        with self.condition:
            if not self.condition.wait_for(lambda: len(found()) >= count, PATIENCE):
                raise AssertionError(f"{count} of {names} did not come: {self.messages}")
            return found()[:count]

    def times_of(self, name):
        with self.condition:
            return [when for when, fields in self.messages if name in fields]

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
        self.folder.cleanup()


class Program:
    """userchat and the processes that replace it; their common output, line by line."""

    def __init__(self, command, environment={}, descriptors=(), before_exec=None):
        self.condition = threading.Condition()
        self.lines = []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env={**os.environ, **environment}, pass_fds=descriptors, preexec_fn=before_exec)
        self.pid = self.process.pid
        self.pids = [self.pid]
        self.ended = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            with self.condition:
                self.lines.append(line.rstrip("\n"))
                self.condition.notify_all()

    def wait_for(self, pattern, count=1):
        """The match of the count-th line that has it."""
        found = lambda: [match for line in list(self.lines) if (match := re.search(pattern, line))]
        with self.condition:
            if not self.condition.wait_for(lambda: len(found()) >= count, PATIENCE):
                raise AssertionError(f"{count} lines of \"{pattern}\" did not come: {self.lines}")
            return found()[count - 1]

    def port(self, kind="Async|Sync"):
        return int(self.wait_for(rf"^(?:{kind}) server started on port (\d+)").group(1))

    def restart(self):
        """Replaces the process; returns when the new one serves."""
        os.kill(self.pid, signal.SIGUSR2)
        self.pid = int(self.wait_for(r"^restart: process (\d+) serves", len(self.pids)).group(1))
        self.pids.append(self.pid)

    def wait_until_alone(self):
        """Waits until all processes but the last have ended; with status 0."""
        for pid in self.pids[:-1]:
            self._reap(pid)
        self.pids = self.pids[-1:]

    def _reap(self, pid):
        if pid == self.process.pid:
            status = self.process.wait(timeout=PATIENCE)
        else:
            limit = time.monotonic() + PATIENCE
            while (ended := self._look(pid)) is None:  # its parent may not have ended yet
                if time.monotonic() > limit:
                    raise AssertionError(f"process {pid} does not end: {self.lines}")
                time.sleep(0.01)
            status = ended
        if status != 0:
            raise AssertionError(f"process {pid} ended with {status}: {self.lines}")

    def _look(self, pid):
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return None
        return os.waitstatus_to_exitcode(status) if ended else None

    def end(self, number=signal.SIGTERM):
        """Stops it; every process has ended with status 0."""
        os.kill(self.pid, number)
        self.ended = True
        self.wait_until_alone()
        self._reap(self.pid)
        self.thread.join()
        self.process.stdout.close()

    def fails_with(self, status):
        """Waits for its end."""
        ended = self.process.wait(timeout=PATIENCE)
        self.ended = True
        self.thread.join()
        self.process.stdout.close()
        if ended != status:
            raise AssertionError(f"it ended with {ended}: {self.lines}")

    def kill(self):
        self.ended = True
        for pid in self.pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
