# A call's deadline, which the server sees; and limits of time for anything else.
import asyncio

import grpc
from example.v1 import greeter_pb2, greeter_pb2_grpc


class Greeter(greeter_pb2_grpc.GreeterServicer):
    async def Greet(self, request, context):
        remaining = context.time_remaining()
        print("a deadline came along" if remaining < 60 else "no deadline came along")
        await asyncio.sleep(0.1 if request.name == "quick" else 60)
        return greeter_pb2.Greeting(text="Hello")


async def main():
    server = grpc.aio.server()
    greeter_pb2_grpc.add_GreeterServicer_to_server(Greeter(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = greeter_pb2_grpc.GreeterStub(channel)
        reply = await stub.Greet(greeter_pb2.Name(name="quick"), timeout=30)
        print(reply.text)
        try:
            await stub.Greet(greeter_pb2.Name(name="slow"), timeout=0.2)
        except grpc.aio.AioRpcError as error:
            print(error.code().name)

        try:
            await asyncio.wait_for(asyncio.sleep(60), timeout=0.1)
        except asyncio.TimeoutError:
            print("the sleep timed out")

        try:
            async with asyncio.timeout(0.1):
                await asyncio.Event().wait()
        except TimeoutError:
            print("the event did not come")

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
