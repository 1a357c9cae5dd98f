# A client that leaves in the middle of a stream; the handler notices and cleans up.
import asyncio

import grpc
from example.v1 import greeter_pb2, greeter_pb2_grpc


class Greeter(greeter_pb2_grpc.GreeterServicer):
    def __init__(self):
        self.ended = asyncio.Event()

    async def CountDown(self, request, context):
        try:
            for value in range(request.value, 0, -1):
                yield greeter_pb2.Number(value=value)
                await asyncio.sleep(0.01)
        finally:
            print("the handler cleans up")
            self.ended.set()


async def count(name, seconds):
    try:
        await asyncio.sleep(seconds)
        print(f"{name} is done")
    except asyncio.CancelledError:
        print(f"{name} was cancelled")
        raise


async def main():
    service = Greeter()
    server = grpc.aio.server()
    greeter_pb2_grpc.add_GreeterServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = greeter_pb2_grpc.GreeterStub(channel)
        call = stub.CountDown(greeter_pb2.Number(value=1000000))
        for _ in range(3):
            number = await call.read()
            print(number.value)
        call.cancel()
        await service.ended.wait()
        if await call.code() == grpc.StatusCode.CANCELLED:
            print("the call was cancelled")

    async with asyncio.TaskGroup() as group:
        quick = group.create_task(count("quick", 0.1))
        slow = group.create_task(count("slow", 60))
        await quick
        slow.cancel()

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
