"""The memory of a chat room whose listeners read slowly: room_memory_test.py USERCHAT ROOM_LOAD [MESSAGES [TEST]]. 100 listen, 50 of
them read nothing, and messages have 1 MB. The server stays below 200 MiB, and the other 50 get every message. The same for a room
in PostgreSQL."""
import pathlib
import re
import signal
import subprocess
import sys
import unittest

from process import Userchat
from with_postgres import Postgres

USERCHAT, ROOM_LOAD = sys.argv[1:3]
MESSAGES = int(sys.argv[3]) if len(sys.argv) > 3 else 200
MOST_MEBIBYTES = 200


def peak_mebibytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


class ListenersThatReadNothingCostNoMemory(unittest.TestCase):
    def test_in_memory(self):
        self.fill_room("memory")

    def test_in_postgresql(self):
        with Postgres() as postgres:
            self.fill_room(postgres.url)

    def fill_room(self, database):
        server = Userchat(USERCHAT, "--rest", "none", "--database", database)
        try:
            load = subprocess.run([ROOM_LOAD, f"127.0.0.1:{server.port}", "100", "50", str(MESSAGES), "1000000"],
                                  capture_output=True, text=True)
            peak = peak_mebibytes(server.process.pid)
            print(f"{load.stdout}the server's peak: {peak:.0f} MiB")
            self.assertEqual(load.returncode, 0, load.stdout + load.stderr)
            self.assertLess(peak, MOST_MEBIBYTES)
        finally:
            server.end(signal.SIGKILL)


unittest.main(argv=sys.argv[:1] + sys.argv[4:])
