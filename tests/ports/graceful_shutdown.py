# A signal ends the server; the call that runs may finish within the grace.
import asyncio
import os
import signal

import grpc
from example.v1 import greeter_pb2, greeter_pb2_grpc


class Greeter(greeter_pb2_grpc.GreeterServicer):
    def __init__(self):
        self.entered = asyncio.Event()

    async def Greet(self, request, context):
        self.entered.set()
        await asyncio.sleep(0.3)
        return greeter_pb2.Greeting(text=f"Hello, {request.name}")


async def serve(server):
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    print("Shutting down...")
    await server.stop(grace=5)


async def greet(port):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = greeter_pb2_grpc.GreeterStub(channel)
        reply = await stub.Greet(greeter_pb2.Name(name="박지민"))
        print(reply.text)


async def main():
    service = Greeter()
    server = grpc.aio.server()
    greeter_pb2_grpc.add_GreeterServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with asyncio.TaskGroup() as group:
        group.create_task(serve(server))
        group.create_task(greet(port))
        await service.entered.wait()
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    asyncio.run(main())
