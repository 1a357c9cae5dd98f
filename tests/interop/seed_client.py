"""The client of the user's document, as it is written with grpc.aio, against tern's application: seed_client.py TARGET"""
import asyncio
import sys
import time

import grpc
from chat.v1 import chat_pb2, chat_pb2_grpc
from user.v1 import user_pb2, user_pb2_grpc


class AsyncUserClient:
    def __init__(self, target):
        self.target = target

    async def __aenter__(self):
        self.channel = grpc.aio.insecure_channel(self.target)
        self.stub = user_pb2_grpc.UserServiceStub(self.channel)
        return self

    async def __aexit__(self, *_):
        await self.channel.close()

    async def get_user(self, user_id):
        try:
            response = await self.stub.GetUser(user_pb2.GetUserRequest(id=user_id), timeout=5.0)
            return response.user
        except grpc.aio.AioRpcError as error:
            print(f"Error: {error.code()} - {error.details()}")
            return None

    async def list_users(self, page_size=10):
        response = await self.stub.ListUsers(user_pb2.ListUsersRequest(page_size=page_size), timeout=5.0)
        return list(response.users)

    async def create_user(self, name, email):
        try:
            response = await self.stub.CreateUser(user_pb2.CreateUserRequest(name=name, email=email), timeout=5.0)
            return response.user
        except grpc.aio.AioRpcError as error:
            print(f"Error: {error.code()} - {error.details()}")
            return None


async def main(target):
    async with AsyncUserClient(target) as client:
        users = await client.list_users()
        assert [(u.id, u.name, u.email) for u in users[:2]] == [
            (1, "홍길동", "hong@example.com"), (2, "김철수", "kim@example.com")], users
        assert all(u.status == user_pb2.USER_STATUS_ACTIVE for u in users)
        assert len(await client.list_users(page_size=1)) == 1
        assert (await client.get_user(1)).name == "홍길동"
        created = await client.create_user("박지민", "park@example.com")
        assert (created.id, created.name) == (3, "박지민"), created
        assert await client.create_user("", "x@example.com") is None

        begin = time.monotonic()
        for user_id in range(1, 11):
            await client.get_user(user_id)
        print(f"sequential: {time.monotonic() - begin:.2f} s")
        begin = time.monotonic()
        at_once = await asyncio.gather(*(client.get_user(i) for i in range(1, 11)))
        print(f"concurrent: {time.monotonic() - begin:.2f} s")
        assert [u is not None for u in at_once] == [True] * 3 + [False] * 7

        streamed = []
        async for user in client.stub.ListUsersStream(user_pb2.ListUsersRequest(page_size=10)):
            print(f"Received: {user.name}")
            streamed.append(user.name)
        assert streamed == ["홍길동", "김철수", "박지민"], streamed

        async def messages():
            for content in ("안녕", "반가워", "잘가"):
                yield chat_pb2.ChatMessage(user_id="client", content=content)
                await asyncio.sleep(0.05)

        replies = []
        async for reply in chat_pb2_grpc.ChatServiceStub(client.channel).Chat(messages()):
            print(f"Server: {reply.content}")
            replies.append(reply.content)
        assert replies == ["Echo: 안녕", "Echo: 반가워", "Echo: 잘가"], replies

        try:
            await client.stub.GetUser(user_pb2.GetUserRequest(id=9), timeout=5.0)
            raise AssertionError("user 9 exists")
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.NOT_FOUND and error.details() == "User 9 not found"


asyncio.run(main(sys.argv[1]))
