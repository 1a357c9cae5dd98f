"""Every kind of call from grpcio to tern's server of probe.proto: python_client.py sync|aio TARGET"""
import asyncio
import sys
import unittest

import grpc
import probe_pb2
import probe_pb2_grpc

TARGET = sys.argv.pop()
KIND = sys.argv.pop()
BYTES = b"\x00\xff\x80\x01 raw"
METADATA = (("echo-initial-bin", BYTES), ("echo-trailing-bin", BYTES), ("echo-initial", "a b"))
OPTIONS = [("grpc.max_receive_message_length", 50 << 20)]
UTF8 = "사용자 9 — 100% 없음\n"


def payloads(count, size=0):
    return [probe_pb2.Payload(number=i, data=b"u" * size) for i in range(count)]


@unittest.skipUnless(KIND == "sync", "the other kind")
class Sync(unittest.TestCase):
    def setUp(self):
        self.channel = grpc.insecure_channel(TARGET, options=OPTIONS)
        self.stub = probe_pb2_grpc.ProbeStub(self.channel)

    def tearDown(self):
        self.channel.close()

    def test_unary(self):
        reply = self.stub.Unary(probe_pb2.Order(number=42, text="안녕"), timeout=5)
        self.assertEqual((reply.number, reply.text), (42, "안녕"))

    def test_error_with_utf8_details(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.stub.Unary(probe_pb2.Order(status=5, details=UTF8))
        self.assertEqual(raised.exception.code(), grpc.StatusCode.NOT_FOUND)
        self.assertEqual(raised.exception.details(), UTF8)

    def test_streams(self):
        numbers = [p.number for p in self.stub.Download(probe_pb2.Order(count=100, size=1000))]
        self.assertEqual(numbers, list(range(100)))
        self.assertEqual(self.stub.Upload(iter(payloads(100, 1000))).text, "100000")
        self.assertEqual([p.number for p in self.stub.Echo(iter(payloads(100)))], list(range(100)))

    def test_metadata(self):
        reply, call = self.stub.Unary.with_call(probe_pb2.Order(), metadata=METADATA)
        initial, trailing = dict(call.initial_metadata()), dict(call.trailing_metadata())
        self.assertEqual(initial["echo-initial-bin"], BYTES)
        self.assertEqual(initial["echo-initial"], "a b")
        self.assertEqual(trailing["echo-trailing-bin"], BYTES)

    def test_deadline(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.stub.Unary(probe_pb2.Order(wait_us=5_000_000), timeout=0.1)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def test_cancellation(self):
        call = self.stub.Download(probe_pb2.Order(count=1_000_000, size=1000))
        self.assertEqual(next(call).number, 0)
        call.cancel()
        self.assertEqual(call.code(), grpc.StatusCode.CANCELLED)

    def test_large_message(self):
        data = b"l" * (8 << 20)
        self.assertEqual(next(self.stub.Echo(iter([probe_pb2.Payload(data=data)]))).data, data)

    def test_unimplemented(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.stub.Unwritten(probe_pb2.Order())
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNIMPLEMENTED)


@unittest.skipUnless(KIND == "aio", "the other kind")
class Aio(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.channel = grpc.aio.insecure_channel(TARGET, options=OPTIONS)
        self.stub = probe_pb2_grpc.ProbeStub(self.channel)

    async def asyncTearDown(self):
        await self.channel.close()

    async def test_unary_at_once(self):
        replies = await asyncio.gather(*(self.stub.Unary(probe_pb2.Order(number=i)) for i in range(500)))
        self.assertEqual([reply.number for reply in replies], list(range(500)))

    async def test_error_with_utf8_details(self):
        with self.assertRaises(grpc.aio.AioRpcError) as raised:
            await self.stub.Unary(probe_pb2.Order(status=5, details=UTF8))
        self.assertEqual(raised.exception.code(), grpc.StatusCode.NOT_FOUND)
        self.assertEqual(raised.exception.details(), UTF8)

    async def test_streams(self):
        numbers = [p.number async for p in self.stub.Download(probe_pb2.Order(count=100, size=1000))]
        self.assertEqual(numbers, list(range(100)))
        self.assertEqual((await self.stub.Upload(iter(payloads(100, 1000)))).text, "100000")
        self.assertEqual([p.number async for p in self.stub.Echo(iter(payloads(100)))], list(range(100)))

    async def test_one_after_the_other(self):
        call = self.stub.Echo()
        for payload in payloads(20):
            await call.write(payload)
            self.assertEqual((await call.read()).number, payload.number)
        await call.done_writing()
        self.assertIs(await call.read(), grpc.aio.EOF)

    async def test_metadata(self):
        call = self.stub.Unary(probe_pb2.Order(), metadata=METADATA)
        await call
        self.assertEqual((await call.initial_metadata())["echo-initial-bin"], BYTES)
        self.assertEqual((await call.trailing_metadata())["echo-trailing-bin"], BYTES)

    async def test_deadline(self):
        with self.assertRaises(grpc.aio.AioRpcError) as raised:
            await self.stub.Unary(probe_pb2.Order(wait_us=5_000_000), timeout=0.1)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    async def test_cancellation(self):
        call = self.stub.Download(probe_pb2.Order(count=1_000_000, size=1000))
        self.assertEqual((await call.read()).number, 0)
        call.cancel()
        self.assertEqual(await call.code(), grpc.StatusCode.CANCELLED)

    async def test_large_message(self):
        data = b"l" * (8 << 20)
        call = self.stub.Echo()
        await call.write(probe_pb2.Payload(data=data))
        self.assertEqual((await call.read()).data, data)
        await call.done_writing()


unittest.main(verbosity=1)
