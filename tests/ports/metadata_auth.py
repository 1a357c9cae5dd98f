# A token in the metadata, which the server checks; and metadata that comes back.
import asyncio

import grpc
from example.v1 import greeter_pb2, greeter_pb2_grpc


class Greeter(greeter_pb2_grpc.GreeterServicer):
    async def Greet(self, request, context):
        metadata = dict(context.invocation_metadata())
        if metadata.get("authorization") != "Bearer open-sesame":
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "a valid token is required")
        await context.send_initial_metadata([("x-served-by", "server-1")])
        context.set_trailing_metadata([("x-cost", "3")])
        return greeter_pb2.Greeting(text=f"Hello, {request.name}")


async def main():
    server = grpc.aio.server()
    greeter_pb2_grpc.add_GreeterServicer_to_server(Greeter(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = greeter_pb2_grpc.GreeterStub(channel)
        request = greeter_pb2.Name(name="홍길동")
        try:
            await stub.Greet(request)
        except grpc.aio.AioRpcError as error:
            print(f"Error: {error.code().name} - {error.details()}")

        call = stub.Greet(request, metadata=[("authorization", "Bearer open-sesame")])
        reply = await call
        initial = await call.initial_metadata()
        trailing = await call.trailing_metadata()
        print(f"{reply.text}, by {initial['x-served-by']}, for {trailing['x-cost']}")

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
