"""Attacks on TLS itself; as those of drivers.py."""
import itertools
import socket
import ssl
import subprocess
import time

from drivers import attack, hold
from wire import PREFACE, UNARY, call, settings


class Half:
    """One client's end of TLS without a socket: what it would send, to be cut and spoilt."""

    def __init__(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        self.received, self.sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.received, self.sent, server_hostname="localhost")

    def greet(self):
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.sent.read()

    def shake_hands(self, connection):
        """All of it, over that connection."""
        connection.sendall(self.greet())
        while self.tls.version() is None or self.tls.cipher() is None:
            self.received.write(connection.recv(1 << 16))
            connection.sendall(self.greet())
        connection.sendall(self.greet())

    def encrypt(self, data):
        self.tls.write(data)
        return self.sent.read()


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def shaken(port, until):
    """Connections whose handshake is done, one after the other; each is closed behind its turn."""
    while time.monotonic() < until:
        with connect(port) as connection:
            Half().shake_hands(connection)
            yield connection


def command(port, until, version, letter):
    """openssl s_client, told the same again and again; how often it was thrown out."""
    count = 0
    while time.monotonic() < until:
        client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, "-alpn", "h2", "-legacy_renegotiation"],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, bufsize=0)
        try:
            while time.monotonic() < until:
                client.stdin.write(letter * 10)
        except OSError:
            count += 1
        client.kill()
        client.wait()
        client.stdin.close()
    return count


@attack("TLS 1.2: renegotiation", port="tls")
def renegotiation(port, until):
    return command(port, until, "-tls1_2", b"R\n")


@attack("TLS 1.3: new keys, again and again", port="tls")
def key_updates(port, until):
    return command(port, until, "-tls1_3", b"K\n")


@attack("TLS: handshakes, and nothing after them", port="tls")
def handshakes(port, until):
    return sum(1 for _ in shaken(port, until))


@attack("TLS: cut off at any byte, without a goodbye", port="tls")
def tls_truncation(port, until):
    count = 0
    for cut in itertools.count(1, 7):
        if time.monotonic() > until:
            return count
        half = Half()
        with connect(port) as connection:
            if cut % 2:
                connection.sendall(half.greet()[:cut % 300])
            else:
                half.shake_hands(connection)
                data = half.encrypt(PREFACE + settings() + call(1, UNARY, b""))
                connection.sendall(data[:cut % len(data)])
        count += 1


@attack("TLS: records that nobody encrypted", port="tls")
def tls_garbage(port, until):
    count = 0
    for connection in shaken(port, until):
        try:
            connection.sendall(b"\x17\x03\x03\x40\x00" + bytes(0x4000))
            while connection.recv(1 << 16):
                pass
        except OSError:
            pass
        count += 1
    return count


@attack("TLS: a thousand handshakes a byte at a time", port="tls")
def slow_tls_handshake(port, until):
    return hold(port, until, Half().greet()[:100], 1000, every=1, tick=b"x", greeting=b"")
