# One request, a stream of responses: the handler is an async generator.
import asyncio

import grpc
from user.v1 import user_pb2, user_pb2_grpc

NAMES = ["홍길동", "김철수", "박지민"]


class UserService(user_pb2_grpc.UserServiceServicer):
    async def ListUsersStream(self, request, context):
        for name in NAMES:
            await asyncio.sleep(0.1)
            yield user_pb2.User(name=name)


async def main():
    server = grpc.aio.server()
    user_pb2_grpc.add_UserServiceServicer_to_server(UserService(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = user_pb2_grpc.UserServiceStub(channel)
        async for user in stub.ListUsersStream(user_pb2.ListUsersRequest()):
            print(f"Received: {user.name}")

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
