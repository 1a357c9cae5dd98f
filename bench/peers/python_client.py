"""python_client.py TARGET CALLS CONCURRENCY: with grpc.aio"""
import asyncio
import sys

import grpc
from user.v1 import user_pb2, user_pb2_grpc

TARGET, CALLS, CONCURRENCY = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


async def main():
    left = iter(range(CALLS))
    failed = 0

    async def call(stub):
        nonlocal failed
        request = user_pb2.GetUserRequest(id=1)
        for _ in left:
            try:
                response = await stub.GetUser(request)
                failed += response.user.id != 1
            except grpc.aio.AioRpcError:
                failed += 1

    async with grpc.aio.insecure_channel(TARGET) as channel:
        stub = user_pb2_grpc.UserServiceStub(channel)
        await asyncio.gather(*(call(stub) for _ in range(CONCURRENCY)))
    print(failed, "failed")
    sys.exit(failed != 0)


asyncio.run(main())
