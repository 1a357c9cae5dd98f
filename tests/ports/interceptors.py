# Around every call: the server logs it, the client adds metadata to it.
import asyncio

import grpc
from example.v1 import greeter_pb2, greeter_pb2_grpc


class Logging(grpc.aio.ServerInterceptor):
    async def intercept_service(self, continuation, details):
        handler = await continuation(details)

        async def logged(request, context):
            print(f"begins: {details.method}")
            response = await handler.unary_unary(request, context)
            print(f"ends: {details.method}")
            return response

        return grpc.unary_unary_rpc_method_handler(
            logged,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


class Tagging(grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation, details, request):
        details.metadata.add("x-request-id", "request-7")
        call = await continuation(details, request)
        print(f"{(await call.code()).name}")
        return call


class Greeter(greeter_pb2_grpc.GreeterServicer):
    async def Greet(self, request, context):
        metadata = dict(context.invocation_metadata())
        print(f"handles {metadata['x-request-id']}")
        return greeter_pb2.Greeting(text=f"Hello, {request.name}")


async def main():
    server = grpc.aio.server(interceptors=[Logging()])
    greeter_pb2_grpc.add_GreeterServicer_to_server(Greeter(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    target = f"127.0.0.1:{port}"
    async with grpc.aio.insecure_channel(target, interceptors=[Tagging()]) as channel:
        stub = greeter_pb2_grpc.GreeterStub(channel)
        metadata = grpc.aio.Metadata(("x-origin", "ports"))
        reply = await stub.Greet(greeter_pb2.Name(name="김철수"), metadata=metadata)
        print(reply.text)

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
