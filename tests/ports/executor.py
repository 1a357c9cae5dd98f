# Work that computes goes to a pool of threads, and the loop goes on meanwhile.
import asyncio
from concurrent.futures import ThreadPoolExecutor

import grpc
from example.v1 import greeter_pb2, greeter_pb2_grpc


def sum_of_squares(limit):
    return sum(value * value for value in range(limit))


class Greeter(greeter_pb2_grpc.GreeterServicer):
    def __init__(self):
        self.pool = ThreadPoolExecutor(max_workers=2)

    async def Sum(self, request_iterator, context):
        loop = asyncio.get_running_loop()
        total = 0
        async for number in request_iterator:
            total += await loop.run_in_executor(None, sum_of_squares, number.value)
            total += await loop.run_in_executor(self.pool, sum_of_squares, number.value)
        return greeter_pb2.Number(value=total)


async def main():
    server = grpc.aio.server()
    greeter_pb2_grpc.add_GreeterServicer_to_server(Greeter(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = greeter_pb2_grpc.GreeterStub(channel)
        call = stub.Sum()
        for value in (1000, 2000):
            await call.write(greeter_pb2.Number(value=value))
        await call.done_writing()
        total = await call
        print(f"sum of squares: {total.value}")

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
