"""Runs a command beside a PostgreSQL of its own: with_postgres.py COMMAND... It finds the database's address in the
environment, as TERN_POSTGRES. The cluster is in a temporary folder, listens on a port of the kernel's choice, and is gone
afterwards."""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.ports import free_port  # noqa: E402


class Postgres:
    """A cluster; with `replica_of` another one's copy, which follows it until promote(). `settings` are postgresql.conf's."""

    def __init__(self, settings={}, replica_of=None):
        versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        if not versions:
            sys.exit("PostgreSQL is not installed: scripts/install test")
        self.programs = versions[-1].parent
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tern_postgres_"))
        self.process = None
        self.settings = {"max_connections": 200, **settings}
        # The server refuses to be root's.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)
        if replica_of is None:
            self._run("initdb", "-D", self.folder / "data", "-U", "tern", "--auth=trust", "--encoding=UTF8", "--locale=C", "-N")
        else:
            self._run("pg_basebackup", "-D", self.folder / "data", "-R", "-c", "fast", "-d", replica_of.url)
        self.port = free_port()
        self.url = f"postgresql://tern@127.0.0.1:{self.port}/postgres"
        self.start()

    def as_user(self, *command):
        """The command as the user whose the cluster is."""
        setpriv = ["setpriv", f"--reuid={self.user}", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        return [*setpriv, *map(str, command)]

    def _command(self, program, *arguments):
        return self.as_user(self.programs / program, *arguments)

    def _run(self, program, *arguments):
        run = subprocess.run(self._command(program, *arguments), capture_output=True, text=True, cwd=self.folder)
        if run.returncode != 0:
            sys.exit(f"{program}: {run.stdout}{run.stderr}")
        return run.stdout

    def sql(self, text, database="postgres"):
        """Runs the statement with psql, and returns the output without headings."""
        return self._run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, self.url.replace("/postgres", f"/{database}")).strip()

    def promote(self):
        """Returns when the replica accepts writes."""
        self._run("pg_ctl", "promote", "-w", "-D", self.folder / "data")

    def start(self):
        settings = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(
                self._command("postgres", "-D", self.folder / "data", "-h", "127.0.0.1", "-p", self.port, "-k", self.folder,
                              *settings), stdout=log, stderr=log, cwd=self.folder)
        limit = time.monotonic() + 30
        while subprocess.run([self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > limit:
                sys.exit(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self):
        """At once; what is committed stays."""
        if self.process is not None:
            self.process.send_signal(3)  # SIGQUIT: as if it crashed, without orphans
            self.process.wait(timeout=30)
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    with Postgres() as postgres:
        return subprocess.run(sys.argv[1:], env={**os.environ, "TERN_POSTGRES": postgres.url}).returncode


if __name__ == "__main__":
    sys.exit(main())
