"""Mounts and a network of a test's own, which end with it: a disk that fills up, a name server, a network that drops."""
import fcntl
import os
import socket
import struct
import subprocess
import sys

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
INSIDE = "TERN_IN_NAMESPACES"
MISSING = "unshare --mount --net is not allowed here: neither root nor user namespaces"


def enter():
    """Runs the program anew in namespaces of its own. Returns True there, and False where none are allowed."""
    if os.environ.pop(INSIDE, None):
        with socket.socket() as any_socket:  # the loopback interface of a new network is down
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        return True
    for options in (["--mount", "--net"], ["--mount", "--net", "--map-root-user"]):
        if subprocess.run(["unshare", *options, "true"], capture_output=True).returncode == 0:
            os.environ[INSIDE] = "1"
            os.execvp("unshare", ["unshare", *options, sys.executable, *sys.argv])
    return False


class Address:
    """An IPv4 address of the namespace's own. Packets to it are lost while it is down."""

    def __init__(self, address="10.7.7.7"):
        self.address = address
        self.up()

    def up(self):
        subprocess.run(["ip", "address", "add", self.address, "dev", "lo"], check=True)

    def down(self):
        subprocess.run(["ip", "address", "delete", f"{self.address}/32", "dev", "lo"], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()
