# The standard health service: load balancers and Kubernetes ask it.
import asyncio

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


async def check(stub, service):
    try:
        response = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        status = health_pb2.HealthCheckResponse.ServingStatus.Name(response.status)
        print(f"{service}: {status}")
    except grpc.aio.AioRpcError as error:
        print(f"{service}: {error.code().name}")


async def main():
    server = grpc.aio.server()
    servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        await servicer.set("user.v1.UserService", health_pb2.HealthCheckResponse.SERVING)
        await check(stub, "user.v1.UserService")
        await servicer.set("user.v1.UserService", health_pb2.HealthCheckResponse.NOT_SERVING)
        await check(stub, "user.v1.UserService")
        await check(stub, "nobody.knows.it")

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
