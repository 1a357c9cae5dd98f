# A client under test, against a service that fails by a table and records what it was asked.
import asyncio

import grpc
from example.v1 import greeter_pb2, greeter_pb2_grpc


async def greet_patiently(stub, name):
    for _ in range(5):
        try:
            reply = await stub.Greet(greeter_pb2.Name(name=name), timeout=10)
            return reply.text
        except grpc.aio.AioRpcError:
            await asyncio.sleep(0.01)
    raise RuntimeError("no greeting")


class FakeGreeter(greeter_pb2_grpc.GreeterServicer):
    def __init__(self, failures):
        self.failures = failures
        self.calls = []

    async def Greet(self, request, context):
        self.calls.append(request)
        if len(self.calls) <= self.failures:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        return greeter_pb2.Greeting(text="Hello, Ada")


async def with_fake(fake, test):
    server = grpc.aio.server()
    greeter_pb2_grpc.add_GreeterServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await test(greeter_pb2_grpc.GreeterStub(channel))
    await server.stop(None)


async def test_tries_again():
    fake = FakeGreeter(failures=2)

    async def test(stub):
        print(await greet_patiently(stub, "Ada"))
        print(f"{len(fake.calls)} calls, the last for {fake.calls[-1].name}")

    await with_fake(fake, test)


async def test_gives_up():
    fake = FakeGreeter(failures=100)

    async def test(stub):
        try:
            await greet_patiently(stub, "Ada")
        except RuntimeError as error:
            print(f"{error} after {len(fake.calls)} calls")

    await with_fake(fake, test)


async def main():
    await test_tries_again()
    await test_gives_up()


if __name__ == "__main__":
    asyncio.run(main())
