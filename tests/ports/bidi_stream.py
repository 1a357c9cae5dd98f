# A stream each way: the document's chat. Reading and writing go on beside each other.
import asyncio

import grpc
from chat.v1 import chat_pb2, chat_pb2_grpc


class ChatService(chat_pb2_grpc.ChatServiceServicer):
    async def Chat(self, request_iterator, context):
        async for message in request_iterator:
            print(f"Received: {message.content}")
            yield chat_pb2.ChatMessage(content=f"Echo: {message.content}")


async def messages():
    for content in ["안녕", "반가워", "잘가"]:
        yield chat_pb2.ChatMessage(content=content)
        await asyncio.sleep(0.1)


async def main():
    server = grpc.aio.server()
    chat_pb2_grpc.add_ChatServiceServicer_to_server(ChatService(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        async for reply in stub.Chat(messages()):
            print(f"Server: {reply.content}")

        call = stub.Chat()
        await call.write(chat_pb2.ChatMessage(content="하나"))
        reply = await call.read()
        print(f"Server: {reply.content}")
        await call.done_writing()

    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
