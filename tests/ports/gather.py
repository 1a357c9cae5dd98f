# Ten users, one after the other and at once.
import asyncio
import time

import grpc
from user.v1 import user_pb2, user_pb2_grpc


class UserService(user_pb2_grpc.UserServiceServicer):
    async def GetUser(self, request, context):
        await asyncio.sleep(0.02)
        user = user_pb2.User(id=request.id, name=f"user {request.id}")
        return user_pb2.GetUserResponse(user=user)


async def get_user(stub, user_id):
    response = await stub.GetUser(user_pb2.GetUserRequest(id=user_id), timeout=5)
    return response.user


async def main():
    server = grpc.aio.server()
    user_pb2_grpc.add_UserServiceServicer_to_server(UserService(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = user_pb2_grpc.UserServiceStub(channel)
        start = time.monotonic()
        for user_id in range(1, 11):
            await get_user(stub, user_id)
        sequential = time.monotonic() - start

        start = time.monotonic()
        users = await asyncio.gather(*(get_user(stub, user_id) for user_id in range(1, 11)))
        concurrent = time.monotonic() - start
        print(f"{len(users)} users, from {users[0].name} to {users[-1].name}")
        print("at once is faster" if concurrent < sequential else "at once is slower")

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
