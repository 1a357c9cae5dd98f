"""python_server.py aio|sync and the arguments of README.md"""
import asyncio
import concurrent.futures
import sys
import time

import grpc
from chat.v1 import chat_pb2, chat_pb2_grpc
from user.v1 import user_pb2, user_pb2_grpc

KIND, PORT = sys.argv[1:3]
NAME_BYTES, WAIT_MS = (int(x) for x in (sys.argv[3:5] + ["0", "0"])[:2])
TLS = sys.argv[6:8]
USER = (user_pb2.User(name="x" * NAME_BYTES) if NAME_BYTES else
        user_pb2.User(id=1, name="홍길동", email="hong@example.com", status=user_pb2.USER_STATUS_ACTIVE))
OPTIONS = [("grpc.max_receive_message_length", 50 << 20), ("grpc.max_send_message_length", 50 << 20)]


def knows(number):
    return number == 1 or NAME_BYTES > 0


def listen(server):
    if not TLS:
        return server.add_insecure_port(f"127.0.0.1:{PORT}")
    certificate, key = (open(path, "rb").read() for path in TLS)
    return server.add_secure_port(f"127.0.0.1:{PORT}", grpc.ssl_server_credentials([(key, certificate)]))


class AioUsers(user_pb2_grpc.UserServiceServicer):
    async def GetUser(self, request, context):
        if WAIT_MS:
            await asyncio.sleep(WAIT_MS / 1000)
        if not knows(request.id):
            await context.abort(grpc.StatusCode.NOT_FOUND, f"User {request.id} not found")
        return user_pb2.GetUserResponse(user=USER)

    async def CreateUser(self, request, context):
        return user_pb2.CreateUserResponse(user=user_pb2.User(name=request.name))

    async def ListUsersStream(self, request, context):
        for _ in range(request.page_size):
            yield USER


class AioChat(chat_pb2_grpc.ChatServiceServicer):
    async def Chat(self, messages, context):
        async for message in messages:
            yield chat_pb2.ChatMessage(content="Echo: " + message.content)


class SyncUsers(user_pb2_grpc.UserServiceServicer):
    def GetUser(self, request, context):
        if WAIT_MS:
            time.sleep(WAIT_MS / 1000)
        if not knows(request.id):
            context.abort(grpc.StatusCode.NOT_FOUND, f"User {request.id} not found")
        return user_pb2.GetUserResponse(user=USER)

    def CreateUser(self, request, context):
        return user_pb2.CreateUserResponse(user=user_pb2.User(name=request.name))

    def ListUsersStream(self, request, context):
        for _ in range(request.page_size):
            yield USER


class SyncChat(chat_pb2_grpc.ChatServiceServicer):
    def Chat(self, messages, context):
        for message in messages:
            yield chat_pb2.ChatMessage(content="Echo: " + message.content)


async def serve_aio():
    server = grpc.aio.server(options=OPTIONS)
    user_pb2_grpc.add_UserServiceServicer_to_server(AioUsers(), server)
    chat_pb2_grpc.add_ChatServiceServicer_to_server(AioChat(), server)
    listen(server)
    await server.start()
    await server.wait_for_termination()


def serve_sync():
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=10), options=OPTIONS)
    user_pb2_grpc.add_UserServiceServicer_to_server(SyncUsers(), server)
    chat_pb2_grpc.add_ChatServiceServicer_to_server(SyncChat(), server)
    listen(server)
    server.start()
    server.wait_for_termination()


if KIND == "aio":
    asyncio.run(serve_aio())
else:
    serve_sync()
