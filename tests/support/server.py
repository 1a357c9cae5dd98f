"""A server that prints its port ("port N" or "PORT=N") when it listens, started and ended."""
import os
import pathlib
import queue
import re
import signal
import subprocess
import threading


def resident(pid):
    """A process's memory, MiB."""
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / (1 << 20)


class Server:
    def __init__(self, command, says=r"(?:port |PORT=)(\d+)", **options):
        """`says` finds the port in a line of its output. `options` are Popen's. RuntimeError when it ends before it has said
        its port."""
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
        for line in self.process.stdout:
            if found := re.search(says, line):
                self.port = int(found.group(1))
                break
        else:
            raise RuntimeError(f"the server ended with {self.process.wait()} before it said its port")
        self._lines = queue.SimpleQueue()
        # What it prints later must not fill the pipe.
        threading.Thread(target=self._read_on, daemon=True).start()

    def _read_on(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def next_line(self, seconds=20):
        """The next line of its output, after the one with the port. queue.Empty when none comes in time."""
        return self._lines.get(timeout=seconds)

    def alive(self):
        return self.process.poll() is None

    def end(self):
        """Its status after SIGTERM; None when it had to be killed."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
