"""The other half of gRPC's interoperability tests, on Debian's grpcio: python_half.py server | client TARGET [CA_FILE]"""
import asyncio
import signal
import sys
import threading

import grpc
from interop_testing import empty_pb2, messages_pb2, test_pb2_grpc

ECHO_INITIAL = "x-grpc-test-echo-initial"
ECHO_TRAILING = "x-grpc-test-echo-trailing-bin"
REQUEST_SIZES = (27182, 8, 1828, 45904)
RESPONSE_SIZES = (31415, 9, 2653, 58979)


def status_of(number):
    return next(code for code in grpc.StatusCode if code.value[0] == number)


def output(size):
    return messages_pb2.StreamingOutputCallResponse(payload=messages_pb2.Payload(body=bytes(size)))


class TestService(test_pb2_grpc.TestServiceServicer):
    async def echo(self, context):
        for key, value in context.invocation_metadata():
            if key == ECHO_INITIAL:
                await context.send_initial_metadata(((key, value),))
            if key == ECHO_TRAILING:
                context.set_trailing_metadata(((key, value),))

    async def end(self, request, context):
        if request.response_status.code:
            await context.abort(status_of(request.response_status.code), request.response_status.message)

    async def EmptyCall(self, request, context):
        await self.echo(context)
        return empty_pb2.Empty()

    async def UnaryCall(self, request, context):
        await self.echo(context)
        await self.end(request, context)
        name = dict(context.invocation_metadata()).get("authorization", "").removeprefix("Bearer ")
        return messages_pb2.SimpleResponse(payload=messages_pb2.Payload(body=bytes(request.response_size)),
                                           username=name if request.fill_username else "", server_id="python")

    CacheableUnaryCall = UnaryCall

    async def StreamingOutputCall(self, request, context):
        await self.echo(context)
        for parameters in request.response_parameters:
            yield output(parameters.size)

    async def StreamingInputCall(self, requests, context):
        await self.echo(context)
        size = 0
        async for request in requests:
            size += len(request.payload.body)
        return messages_pb2.StreamingInputCallResponse(aggregated_payload_size=size)

    async def FullDuplexCall(self, requests, context):
        await self.echo(context)
        async for request in requests:
            await self.end(request, context)
            for parameters in request.response_parameters:
                yield output(parameters.size)


async def serve():
    server = grpc.aio.server()
    test_pb2_grpc.add_TestServiceServicer_to_server(TestService(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"port {port}", flush=True)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await stopping.wait()
    await server.stop(1)


def large_request(**more):
    return messages_pb2.SimpleRequest(response_size=314159, payload=messages_pb2.Payload(body=bytes(271828)), **more)


def output_request(response_size, payload_size):
    return messages_pb2.StreamingOutputCallRequest(
        response_parameters=[messages_pb2.ResponseParameters(size=response_size)],
        payload=messages_pb2.Payload(body=bytes(payload_size)))


def code_of(call):
    try:
        call()
        return grpc.StatusCode.OK, ""
    except grpc.RpcError as error:
        return error.code(), error.details()


def client(target, ca_file):
    if ca_file:
        with open(ca_file, "rb") as file:
            channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(file.read()))
    else:
        channel = grpc.insecure_channel(target)
    stub = test_pb2_grpc.TestServiceStub(channel)
    true, false = messages_pb2.BoolValue(value=True), messages_pb2.BoolValue(value=False)

    stub.EmptyCall(empty_pb2.Empty())
    stub.CacheableUnaryCall(large_request())
    assert len(stub.UnaryCall(large_request()).payload.body) == 314159
    # Compression, of either side.
    assert code_of(lambda: stub.UnaryCall(large_request(expect_compressed=true)))[0] is grpc.StatusCode.INVALID_ARGUMENT
    for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
        stub.UnaryCall(large_request(expect_compressed=true), compression=compression)
    stub.UnaryCall(large_request(expect_compressed=false))
    for wanted in (true, false):
        assert len(stub.UnaryCall(large_request(response_compressed=wanted)).payload.body) == 314159
    inputs = [messages_pb2.StreamingInputCallRequest(payload=messages_pb2.Payload(body=bytes(size)),
                                                     expect_compressed=true) for size in REQUEST_SIZES if size > 100]
    assert stub.StreamingInputCall(iter(inputs), compression=grpc.Compression.Gzip).aggregated_payload_size == 74914
    compressed = messages_pb2.StreamingOutputCallRequest(response_parameters=[
        messages_pb2.ResponseParameters(size=size, compressed=true) for size in RESPONSE_SIZES])
    sizes = [len(response.payload.body) for response in stub.StreamingOutputCall(compressed)]
    assert sizes == list(RESPONSE_SIZES), sizes
    # Streams.
    pairs = list(zip(RESPONSE_SIZES, REQUEST_SIZES))
    sizes = [len(r.payload.body) for r in stub.FullDuplexCall(iter([output_request(*pair) for pair in pairs]))]
    assert sizes == list(RESPONSE_SIZES), sizes
    assert list(stub.FullDuplexCall(iter([]))) == []
    sizes = [len(r.payload.body) for r in stub.HalfDuplexCall(iter([output_request(*pair) for pair in pairs]))]
    assert sizes == list(RESPONSE_SIZES), sizes
    # Metadata, statuses.
    metadata = ((ECHO_INITIAL, "test_initial_metadata_value"), (ECHO_TRAILING, b"\xab\xab\xab"))
    _, call = stub.UnaryCall.with_call(large_request(), metadata=metadata)
    assert (ECHO_INITIAL, "test_initial_metadata_value") in call.initial_metadata()
    assert (ECHO_TRAILING, b"\xab\xab\xab") in call.trailing_metadata()
    for text in ("test status message", "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"):
        status = messages_pb2.EchoStatus(code=2, message=text)
        assert code_of(lambda: stub.UnaryCall(messages_pb2.SimpleRequest(response_status=status))) == \
            (grpc.StatusCode.UNKNOWN, text)
    assert code_of(lambda: stub.UnimplementedCall(empty_pb2.Empty()))[0] is grpc.StatusCode.UNIMPLEMENTED
    other = test_pb2_grpc.UnimplementedServiceStub(channel)
    assert code_of(lambda: other.UnimplementedCall(empty_pb2.Empty()))[0] is grpc.StatusCode.UNIMPLEMENTED
    # Cancellation, deadlines.
    cancelled = threading.Event()

    def one_request():
        yield output_request(31415, 27182)
        cancelled.wait()

    call = stub.FullDuplexCall(one_request())
    assert len(next(call).payload.body) == 31415
    call.cancel()
    assert call.code() is grpc.StatusCode.CANCELLED
    cancelled.set()
    slow = messages_pb2.StreamingOutputCallRequest(
        response_parameters=[messages_pb2.ResponseParameters(size=1, interval_us=10_000_000)])
    assert code_of(lambda: list(stub.StreamingOutputCall(slow, timeout=0.05)))[0] is grpc.StatusCode.DEADLINE_EXCEEDED
    assert stub.UnaryCall(messages_pb2.SimpleRequest(fill_username=True),
                          metadata=(("authorization", "Bearer somebody"),)).username == "somebody"
    futures = [stub.UnaryCall.future(large_request()) for _ in range(100)]
    assert all(len(future.result().payload.body) == 314159 for future in futures)
    print("python's half: ok")


if sys.argv[1] == "server":
    asyncio.run(serve())
else:
    client(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
