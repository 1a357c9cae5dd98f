#!/usr/bin/env python3
"""server.py: a gRPC server by hand, on python3-h2, that does what HTTP/2 allows and servers seldom do, and some of what
it does not. Which case is played, the calls say by the metadata "case". Prints "port N".

The names of the first seven are those of gRPC's own negative HTTP/2 tests
(grpc/doc/negative-http2-interop-test-descriptions.md)."""
import asyncio
import signal

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import probe_pb2

HEADERS = [(":status", "200"), ("content-type", "application/grpc")]
OK = [("grpc-status", "0")]


def message_of(number, size=0):
    body = probe_pb2.Payload(number=number, data=b"x" * size).SerializeToString()
    return b"\0" + len(body).to_bytes(4, "big") + body


class Connection(asyncio.Protocol):
    """`number` counts connections from 1; answers carry it."""
    count = 0
    played = set()  # cases that happen once, on whatever connection

    @classmethod
    def first_time(cls, case):
        first = case not in cls.played
        cls.played.add(case)
        return first

    def connection_made(self, transport):
        Connection.count += 1
        self.number = Connection.count
        self.transport = transport
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.cases = {}     # of each open stream
        self.received = {}  # bytes of each
        self.sending = {}   # (bytes left, padding, frame size) of each
        self.answered = 0
        self.violation = None
        self.pings_acked = 0
        self.flush()

    def flush(self):
        self.transport.write(self.h2.data_to_send())

    def data_received(self, data):
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.cases[event.stream_id] = dict(event.headers).get("case", "")
                self.received[event.stream_id] = 0
                self.on_request(event.stream_id)
            elif isinstance(event, h2.events.DataReceived):
                self.received[event.stream_id] += len(event.data)
                if event.stream_id in self.cases:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.on_request_end(event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                self.forget(event.stream_id)
            elif isinstance(event, h2.events.WindowUpdated):
                self.send_more()
            elif isinstance(event, h2.events.PingAckReceived):
                self.pings_acked += 1
        self.flush()

    def forget(self, stream):
        self.cases.pop(stream, None)
        self.sending.pop(stream, None)

    def answer(self, stream, size=0, pad=None, frame=16384):
        self.h2.send_headers(stream, HEADERS)
        self.sending[stream] = [message_of(self.number, size), pad, frame]
        self.send_more()

    def send_more(self):
        """As the windows allow; with padding, whose bytes count too (RFC 9113 §6.1)."""
        for stream, state in list(self.sending.items()):
            left, pad, frame = state
            while left:
                cost = 0 if pad is None else pad + 1
                room = min(self.h2.local_flow_control_window(stream) - cost, frame)
                if room <= 0:
                    break
                self.h2.send_data(stream, left[:room], pad_length=pad)
                left = left[room:]
            state[0] = left
            if not left:
                self.h2.send_headers(stream, OK, end_stream=True)
                self.answered += 1
                self.forget(stream)

    def send_raw(self, data):
        self.flush()
        self.transport.write(data)

    def on_request(self, stream):
        case = self.cases[stream]
        if case == "max_streams":
            if self.answered and len(self.cases) > 1:
                self.violation = f"{len(self.cases)} streams at once"
        elif case == "refused" and self.first_time(case):
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
            self.forget(stream)
        elif case == "calm":
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
            self.forget(stream)
        elif case == "zero_window":
            # A new window for streams that are open already (RFC 9113 §6.9.2): closed, and opened later.
            self.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
            asyncio.get_running_loop().call_later(0.02, self.open_windows)
        elif case == "early_trailers":
            self.h2.send_headers(stream, HEADERS + [("grpc-status", "8"), ("grpc-message", "enough")], end_stream=True)
            self.forget(stream)

    def open_windows(self):
        if self.transport.is_closing():
            return
        self.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1 << 20})
        self.flush()

    def on_request_end(self, stream):
        case = self.cases.get(stream)
        if case is None:
            return
        send = self.h2
        if case == "goaway":
            self.answer(stream)
            send.close_connection(last_stream_id=stream)
        elif case == "goaway_unprocessed":
            # The first of two is answered, the second was never seen.
            if "goaway_unprocessed" in self.played:
                return self.answer(stream)
            if len(self.received) == 2 and self.first_time(case):
                first = min(self.received)
                self.answer(first)
                # As close_connection() would, but the connection goes on for the stream that is answered.
                self.send_raw(b"\0\0\x08\x07\0\0\0\0\0" + first.to_bytes(4, "big") + b"\0\0\0\0")
        elif case == "rst_after_header":
            send.send_headers(stream, HEADERS)
            send.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        elif case == "rst_during_data":
            send.send_headers(stream, HEADERS)
            send.send_data(stream, message_of(1, 1000)[:500])
            send.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        elif case == "rst_after_data":
            send.send_headers(stream, HEADERS)
            send.send_data(stream, message_of(1, 1000))
            send.reset_stream(stream, h2.errors.ErrorCodes.NO_ERROR)
        elif case == "ping":
            before = self.pings_acked
            for number in range(5):
                send.ping(number.to_bytes(8, "big"))
            asyncio.get_running_loop().create_task(self.answer_after_pings(stream, before + 5))
        elif case == "max_streams":
            if not self.answered:
                send.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1})
            if self.violation:
                send.send_headers(stream, HEADERS + [("grpc-status", "13"), ("grpc-message", self.violation)], True)
                self.forget(stream)
            else:
                # Not at once, so that others would come meanwhile.
                asyncio.get_running_loop().call_later(0.002, self.answer_late, stream)
        elif case == "data_frame_padding":
            self.answer(stream, size=300_000, pad=50, frame=5000)
        elif case == "small_frames":
            self.answer(stream, size=2000, frame=1)
        elif case == "continuation":
            send.streams[stream].max_outbound_frame_size = 1000  # a HEADERS and some CONTINUATIONs
            send.send_headers(stream, HEADERS + [(f"key-{i}", "v" * 200) for i in range(30)])
            send.streams[stream].max_outbound_frame_size = 16384
            send.send_data(stream, message_of(self.number))
            send.send_headers(stream, OK, end_stream=True)
        elif case == "informational":
            send.send_headers(stream, [(":status", "103"), ("link", "</style.css>")])
            self.answer(stream)
        elif case == "unknown_frame":
            # An extension's frame, and one with flags and a payload, must be ignored (RFC 9113 §5.5).
            self.send_raw(b"\0\0\x04\xfa\xff" + stream.to_bytes(4, "big") + b"what" + b"\0\0\0\xfb\0\0\0\0\0")
            self.answer(stream)
        elif case == "data_on_stream_0":
            self.send_raw(b"\0\0\x01\0\0\0\0\0\0x")
        elif case == "garbage":
            self.send_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 3)
        elif case == "truncated":
            send.send_headers(stream, HEADERS)
            self.send_raw(b"\0\x10\0\0\0" + stream.to_bytes(4, "big") + b"\0\0\0\x10")
            self.transport.close()
        elif case == "no_trailers":
            send.send_headers(stream, HEADERS)
            send.send_data(stream, message_of(self.number), end_stream=True)
        elif case == "push":
            # Pushing was forbidden by the client (SETTINGS_ENABLE_PUSH 0): a connection error (RFC 9113 §8.4).
            self.send_raw(b"\0\0\x05\x05\x04" + stream.to_bytes(4, "big") + b"\0\0\0\x02\x88")
        else:
            self.answer(stream, size=self.received[stream])

    def answer_late(self, stream):
        if stream in self.cases:
            self.answer(stream)
            self.flush()

    async def answer_after_pings(self, stream, count):
        while self.pings_acked < count:
            await asyncio.sleep(0.001)
        self.answer(stream)
        self.flush()


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()


asyncio.run(main())
