"""HTTP/2 by hand: frames of any bytes, and a connection that sends what it is given and throws away what comes."""
import select
import socket
import struct
import time

import hpack

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
ACK = END_STREAM = 1
END_HEADERS = 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
UNARY = "/tern.test.v1.Probe/Unary"
DOWNLOAD = "/tern.test.v1.Probe/Download"
ECHO = "/tern.test.v1.Probe/Echo"


def frame(kind, flags, stream, payload=b"", length=None):
    """`length`: what the head says, where that is a lie."""
    return struct.pack(">I", len(payload) if length is None else length)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(**values):
    numbers = {"table": 1, "push": 2, "streams": 3, "window": 4, "frame": 5, "list": 6}
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", numbers[name], value) for name, value in values.items()))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def reset(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def fields(path, *more, kind="application/grpc"):
    """A request's header block; no table is used, so that it is the same on every connection."""
    block = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "attack"),
             ("content-type", kind), ("te", "trailers"), *more]
    encoded = b""
    for name, value in block:
        encoded += literal(name, value)
    return encoded


def literal(name, value, first=0):
    """A field that is not indexed, whatever its letters. `first`: 0x40 puts it into the table."""
    name, value = (text if isinstance(text, bytes) else text.encode("latin-1") for text in (name, value))
    return bytes([first]) + _text(name) + _text(value)


def _text(text):
    encoded = bytearray(hpack.hpack.encode_integer(len(text), 7))
    return bytes(encoded) + text


def message(payload, compressed=0, length=None):
    return struct.pack(">BI", compressed, len(payload) if length is None else length) + payload


def varint(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def order(**values):
    """tern.test.v1.Order."""
    numbers = {"number": 1, "count": 3, "size": 4, "wait_us": 5}
    return b"".join(varint(numbers[name] << 3) + varint(value) for name, value in values.items())


def call(stream, path, payload=b"", *more, end=True):
    """A whole call, or all of it but its end."""
    return frame(HEADERS, END_HEADERS, stream, fields(path, *more)) + frame(DATA, END_STREAM if end else 0, stream, message(payload))


class Connection:
    """Comes again when the server has closed it; `closed` counts how often it did."""

    def __init__(self, port, greeting=PREFACE + settings()):
        self.port = port
        self.greeting = greeting
        self.closed = -1
        self.socket = None
        self.stream = 1
        self.connect()

    def connect(self):
        self.closed += 1
        if self.socket:
            self.socket.close()
        self.stream = 1
        while True:
            self.socket = socket.socket()
            self.socket.settimeout(5)
            try:
                self.socket.connect(("127.0.0.1", self.port))
                self.socket.sendall(self.greeting)
                self.socket.setblocking(False)
                return
            except OSError:
                self.socket.close()
                time.sleep(0.01)

    def streams(self, count):
        """As many numbers of streams that were not used; a new connection when they are used up."""
        if self.stream + 2 * count > 2**31 - 1:
            self.connect()
        first = self.stream
        self.stream += 2 * count
        return range(first, self.stream, 2)

    def next_stream(self):
        return self.streams(1)[0]

    def send(self, data, read=True, patience=1.0):
        """False, and connected anew, when the server has closed. What the server does not take in time is left out."""
        view = memoryview(data)
        limit = time.monotonic() + patience
        try:
            while view and time.monotonic() < limit:
                if read:
                    self.read()
                try:
                    view = view[self.socket.send(view):]
                except BlockingIOError:
                    select.select([self.socket] if read else [], [self.socket], [], 0.1)
        except OSError:
            self.connect()
            return False
        return True

    def read(self):
        """Throws away what has come; OSError when the server has closed."""
        while True:
            try:
                if not self.socket.recv(1 << 16):
                    raise ConnectionResetError
            except BlockingIOError:
                return
