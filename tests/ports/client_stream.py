# A stream of requests, one response.
import asyncio

import grpc
from example.v1 import greeter_pb2, greeter_pb2_grpc


class Greeter(greeter_pb2_grpc.GreeterServicer):
    async def Sum(self, request_iterator, context):
        total = 0
        async for number in request_iterator:
            total += number.value
        return greeter_pb2.Number(value=total)


async def numbers():
    for value in range(1, 101):
        yield greeter_pb2.Number(value=value)


async def main():
    server = grpc.aio.server()
    greeter_pb2_grpc.add_GreeterServicer_to_server(Greeter(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = greeter_pb2_grpc.GreeterStub(channel)
        total = await stub.Sum(numbers())
        print(f"From an iterator: {total.value}")

        call = stub.Sum()
        for value in (1, 2, 3):
            await call.write(greeter_pb2.Number(value=value))
        await call.done_writing()
        total = await call
        print(f"One by one: {total.value}")

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
