"""Attacks over HTTP on a port that takes REST, gRPC-Web and Connect too; as those of drivers.py."""
import itertools
import time

from drivers import attack, hold, repeat
from upload_drivers import LENGTH, upload
from wire import *


def head(*more, length=None):
    lines = [f"POST {UNARY} HTTP/1.1", "Host: attack", "Content-Type: application/json", *more]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(body):
    return head(length=len(body)) + body


@attack("HTTP/1.1: a thousand heads a byte a second", port="http")
def slow_heads(port, until):
    return hold(port, until, b"POST / HTTP/1.1\r\nHost: ", 1000, every=1, tick=b"a", greeting=b"")


@attack("HTTP/1.1: heads without end", port="http")
def endless_heads(port, until):
    lines = b"".join(b"x-filler-%d: %s\r\n" % (i, b"x" * 500) for i in range(100))
    return repeat(port, until, lambda _: lines, greeting=b"GET / HTTP/1.1\r\nHost: attack\r\n")


class HalfBody(Connection):
    """What of `request` is `left` to be sent on the connection that there is now."""

    def __init__(self, port, request):
        self.request = request
        super().__init__(port, b"")

    def connect(self):
        super().connect()
        self.left = self.request


@attack("HTTP/1.1: bodies of 4 MiB but for a byte, on 100 connections", port="http")
def hoarded_bodies(port, until):
    request = memoryview(head(length=LENGTH) + bytes(LENGTH - 1))
    peers = [HalfBody(port, request) for _ in range(100)]
    while time.monotonic() < until:
        for peer in peers:
            try:
                peer.read()
                if peer.left:
                    peer.left = peer.left[peer.socket.send(peer.left):]
            except BlockingIOError:
                pass
            except OSError:
                peer.connect()
        time.sleep(0.001)
    return sum(peer.closed for peer in peers)


@attack("HTTP/1.1: a body in chunks of a byte", port="http")
def chunks_of_a_byte(port, until):
    chunks = 4_000 * b"1\r\nx\r\n"
    return repeat(port, until, lambda _: chunks, connections=10, greeting=head("Transfer-Encoding: chunked"))


@attack("HTTP/1.1: answers of 1 MiB, asked for again and again, nothing read, on 20 connections", port="http")
def unread_answers(port, until):
    return hold(port, until, 100 * post(b'{"size": 1048576}'), 20, every=60, greeting=b"")


@attack("HTTP/1.1: lengths that lie, and two of them", port="http")
def lying_lengths(port, until):
    heads = [head(length=2**63), head(length=-1), head("Content-Length: 5", length=6), head("Transfer-Encoding: chunked", length=5),
             head("Transfer-Encoding: chunked") + b"ffffffffffffffff\r\n", head(length="0x10"), head(length=LENGTH)]
    turns = itertools.cycle(heads)
    return repeat(port, until, lambda _: next(turns), connections=10, greeting=b"")


@attack("JSON nested a million times, and numbers of a million digits", port="http")
def nested_json(port, until):
    bodies = [post(b"[" * 1_000_000), post(b'{"a":' * 200_000), post(b'{"number": ' + b"9" * 1_000_000 + b"}"),
              post(b'{"text": "' + b"\\u0000" * 150_000 + b'"}')]
    turns = itertools.cycle(bodies)
    return repeat(port, until, lambda _: next(turns), greeting=b"")


@attack("HTTP/2: JSON of 4 MiB but for a byte, 100 streams on 20 connections", port="http")
def hoarded_json(port, until):
    return upload(port, until, 20, fields(UNARY, ("content-length", str(LENGTH)), kind="application/json"))
