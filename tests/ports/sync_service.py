# The synchronous server: plain handlers on ten threads; and a client without a loop.
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from user.v1 import user_pb2, user_pb2_grpc


class UserService(user_pb2_grpc.UserServiceServicer):
    def GetUser(self, request, context):
        time.sleep(0.01)
        if request.id != 1:
            context.abort(grpc.StatusCode.NOT_FOUND, f"User {request.id} not found")
        user = user_pb2.User(name="홍길동")
        return user_pb2.GetUserResponse(user=user)

    def ListUsersStream(self, request, context):
        for name in ["홍길동", "김철수"]:
            yield user_pb2.User(name=name)


def main():
    server = grpc.server(ThreadPoolExecutor(max_workers=10))
    user_pb2_grpc.add_UserServiceServicer_to_server(UserService(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = user_pb2_grpc.UserServiceStub(channel)
        for user_id in (1, 2):
            try:
                response = stub.GetUser(user_pb2.GetUserRequest(id=user_id), timeout=5)
                print(response.user.name)
            except grpc.RpcError as error:
                print(f"Error: {error.code().name} - {error.details()}")
        for user in stub.ListUsersStream(user_pb2.ListUsersRequest()):
            print(f"Received: {user.name}")

    server.stop(None).wait()


if __name__ == "__main__":
    main()
