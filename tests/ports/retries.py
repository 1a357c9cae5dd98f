# Calls that fail are made again, as the service config says; and a call that waits for its server.
import asyncio
import json

import grpc
from example.v1 import greeter_pb2, greeter_pb2_grpc

RETRIES = {
    "methodConfig": [
        {
            "name": [{"service": "example.v1.Greeter"}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.01s",
                "maxBackoff": "0.1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}


class Greeter(greeter_pb2_grpc.GreeterServicer):
    def __init__(self):
        self.attempts = 0

    async def Greet(self, request, context):
        self.attempts += 1
        if self.attempts < 3:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "try again")
        return greeter_pb2.Greeting(text=f"Hello, {request.name}")


async def main():
    service = Greeter()
    server = grpc.aio.server()
    greeter_pb2_grpc.add_GreeterServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    options = [("grpc.service_config", json.dumps(RETRIES))]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        stub = greeter_pb2_grpc.GreeterStub(channel)
        request = greeter_pb2.Name(name="홍길동")
        reply = await stub.Greet(request, timeout=5, wait_for_ready=True)
        print(f"{reply.text}, after {service.attempts} attempts")

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
