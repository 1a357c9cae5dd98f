"""PgBouncer before a cluster of with_postgres.py: a context manager with the pooler's `url`."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.ports import free_port, wait_until_it_listens  # noqa: E402

PROGRAM = "/usr/sbin/pgbouncer"


class PgBouncer:
    def __init__(self, postgres, pool_mode, size=5, address="127.0.0.1"):
        """`size` connections to the cluster, shared by all clients, who connect to `address`."""
        self.postgres = postgres
        self.port = free_port()
        self.url = f"postgresql://tern@{address}:{self.port}/postgres"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tern_pgbouncer_"))
        (self.folder / "users").write_text('"tern" ""\n')
        (self.folder / "pgbouncer.ini").write_text(f"""\
[databases]
postgres = host=127.0.0.1 port={postgres.port} dbname=postgres
[pgbouncer]
listen_addr = {",".join({"127.0.0.1", address})}
listen_port = {self.port}
unix_socket_dir =
auth_type = trust
auth_file = {self.folder}/users
pool_mode = {pool_mode}
default_pool_size = {size}
max_client_conn = 200
server_login_retry = 1
query_wait_timeout = 5
""")
        for path in (self.folder, *self.folder.iterdir()):
            shutil.chown(path, postgres.user)
        self.process = None
        self.start()

    def start(self):
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(self.postgres.as_user(PROGRAM, self.folder / "pgbouncer.ini"), stdout=log, stderr=log)
        wait_until_it_listens(self.process, self.port)

    def stop(self):
        """At once."""
        self.process.kill()
        self.process.wait(timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
