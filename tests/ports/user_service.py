# The document's user service and its client, whole.
import asyncio

import grpc
from user.v1 import user_pb2, user_pb2_grpc


class UserService(user_pb2_grpc.UserServiceServicer):
    def __init__(self):
        self.users = {}
        self.add("홍길동", "hong@example.com")
        self.add("김철수", "kim@example.com")

    def add(self, name, email):
        user_id = len(self.users) + 1
        user = user_pb2.User(id=user_id, name=name, email=email, status=user_pb2.USER_STATUS_ACTIVE)
        self.users[user_id] = user
        return user

    async def GetUser(self, request, context):
        print(f"[GetUser] id={request.id}")
        await asyncio.sleep(0.01)
        user = self.users.get(request.id)
        if user is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"User {request.id} not found")
        return user_pb2.GetUserResponse(user=user)

    async def ListUsers(self, request, context):
        print(f"[ListUsers] page_size={request.page_size}")
        users = list(self.users.values())
        if request.page_size > 0:
            users = users[: request.page_size]
        return user_pb2.ListUsersResponse(users=users)

    async def CreateUser(self, request, context):
        print(f"[CreateUser] name={request.name}")
        if not request.name or not request.email:
            message = "Name and email are required"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, message)
        user = self.add(request.name, request.email)
        return user_pb2.CreateUserResponse(user=user)


class UserClient:
    def __init__(self, target):
        self.channel = grpc.aio.insecure_channel(target)
        self.stub = user_pb2_grpc.UserServiceStub(self.channel)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        await self.channel.close()

    async def get_user(self, user_id):
        try:
            request = user_pb2.GetUserRequest(id=user_id)
            response = await self.stub.GetUser(request, timeout=5)
            return response.user
        except grpc.aio.AioRpcError as error:
            print(f"Error: {error.code().name} - {error.details()}")
            return None

    async def list_users(self, page_size=10):
        request = user_pb2.ListUsersRequest(page_size=page_size)
        response = await self.stub.ListUsers(request, timeout=5)
        return response.users

    async def create_user(self, name, email):
        try:
            request = user_pb2.CreateUserRequest(name=name, email=email)
            response = await self.stub.CreateUser(request, timeout=5)
            return response.user
        except grpc.aio.AioRpcError as error:
            print(f"Error: {error.code().name} - {error.details()}")
            return None


async def main():
    options = [
        ("grpc.max_send_message_length", 50 * 1024 * 1024),
        ("grpc.max_receive_message_length", 50 * 1024 * 1024),
    ]
    server = grpc.aio.server(options=options)
    user_pb2_grpc.add_UserServiceServicer_to_server(UserService(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print("Async server started")

    async with UserClient(f"127.0.0.1:{port}") as client:
        for user in await client.list_users():
            print(f"  - {user.id}: {user.name} ({user.email})")
        if user := await client.get_user(1):
            print(f"  - {user.id}: {user.name} ({user.email})")
        if created := await client.create_user("박지민", "park@example.com"):
            print(f"  Created: {created.id}: {created.name}")
        await client.get_user(9)
        await client.create_user("", "x@example.com")

    print("Shutting down...")
    await server.stop(grace=5)


if __name__ == "__main__":
    asyncio.run(main())
