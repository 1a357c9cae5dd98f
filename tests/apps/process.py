"""Starts userchat on ports that the kernel picks and reads them from what it prints."""
import os
import re
import subprocess
import threading


class Userchat:
    def __init__(self, binary, *options, environment={}):
        self.process = subprocess.Popen([binary, "serve", *([] if "--grpc" in options else ["--grpc", "127.0.0.1:0"]), *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **environment})
        self.lines = []
        self.port = self._number(r"server started on port (\d+)")
        self.rest_port = None if "none" in options else self._number(r"REST server started on port (\d+)")
        self._reader = threading.Thread(target=self._read_on, daemon=True)
        self._reader.start()

    def _number(self, pattern):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if found := re.search(pattern, line):
                return int(found.group(1))
        raise SystemExit(f"userchat ended: {self.lines} {self.process.stderr.read()}")

    def _read_on(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def end(self, signal):
        """Sends the signal; the exit status."""
        self.process.send_signal(signal)
        status = self.process.wait(timeout=30)
        self._reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return status
