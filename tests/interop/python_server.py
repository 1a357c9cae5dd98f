"""Serves probe.proto with grpcio until SIGTERM: python_server.py sync|aio"""
import asyncio
import concurrent.futures
import signal
import sys
import time

import grpc
import probe_pb2
import probe_pb2_grpc

OPTIONS = [("grpc.max_receive_message_length", 50 << 20)]


def answer(order, number):
    return probe_pb2.Payload(number=number, text=order.text, data=b"x" * order.size)


def pick(context, prefix):
    return tuple((k, v) for k, v in context.invocation_metadata() if k.startswith(prefix))


def status_of(number):
    return next(code for code in grpc.StatusCode if code.value[0] == number)


class SyncProbe(probe_pb2_grpc.ProbeServicer):
    def Unary(self, order, context):
        context.send_initial_metadata(pick(context, "echo-initial"))
        context.set_trailing_metadata(pick(context, "echo-trailing"))
        if order.status:
            context.abort(status_of(order.status), order.details)
        return answer(order, order.number)

    def Download(self, order, context):
        for i in range(order.count):
            if order.wait_us:
                time.sleep(order.wait_us / 1e6)
            if not context.is_active():
                return
            yield answer(order, i)

    def Upload(self, payloads, context):
        sizes = [len(p.data) for p in payloads]
        return probe_pb2.Payload(number=len(sizes), text=str(sum(sizes)))

    def Echo(self, payloads, context):
        yield from payloads

    def Hang(self, order, context):
        while context.is_active():
            time.sleep(0.01)
        return probe_pb2.Payload()


class AioProbe(probe_pb2_grpc.ProbeServicer):
    async def Unary(self, order, context):
        await context.send_initial_metadata(pick(context, "echo-initial"))
        context.set_trailing_metadata(pick(context, "echo-trailing"))
        if order.status:
            await context.abort(status_of(order.status), order.details)
        return answer(order, order.number)

    async def Download(self, order, context):
        for i in range(order.count):
            if order.wait_us:
                await asyncio.sleep(order.wait_us / 1e6)
            yield answer(order, i)

    async def Upload(self, payloads, context):
        sizes = [len(p.data) async for p in payloads]
        return probe_pb2.Payload(number=len(sizes), text=str(sum(sizes)))

    async def Echo(self, payloads, context):
        async for payload in payloads:
            yield payload

    async def Hang(self, order, context):
        await asyncio.sleep(3600)


def serve_sync():
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=10), options=OPTIONS)
    probe_pb2_grpc.add_ProbeServicer_to_server(SyncProbe(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"PORT={port}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: server.stop(0))
    server.wait_for_termination()


async def serve_aio():
    server = grpc.aio.server(options=OPTIONS)
    probe_pb2_grpc.add_ProbeServicer_to_server(AioProbe(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"PORT={port}", flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    await server.stop(0)


if sys.argv[1] == "sync":
    serve_sync()
else:
    asyncio.run(serve_aio())
