# One request, one response; and a call that fails.
import asyncio

import grpc
from user.v1 import user_pb2, user_pb2_grpc

USERS = {1: "홍길동", 2: "김철수"}


class UserService(user_pb2_grpc.UserServiceServicer):
    async def GetUser(self, request, context):
        print(f"[GetUser] id={request.id}")
        await asyncio.sleep(0.01)
        if request.id not in USERS:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"User {request.id} not found")
        user = user_pb2.User(name=USERS[request.id])
        return user_pb2.GetUserResponse(user=user)


async def main():
    server = grpc.aio.server()
    user_pb2_grpc.add_UserServiceServicer_to_server(UserService(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = user_pb2_grpc.UserServiceStub(channel)
        for user_id in (1, 2, 3):
            try:
                response = await stub.GetUser(user_pb2.GetUserRequest(id=user_id), timeout=5)
                print(response.user.name)
            except grpc.aio.AioRpcError as error:
                print(f"Error: {error.code().name} - {error.details()}")

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
