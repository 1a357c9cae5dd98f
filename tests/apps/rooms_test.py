"""One chat room on three servers and one PostgreSQL, while each server and the database is killed and started again:
rooms_test.py BINARY MESSAGES [MEMBERS]. Members listen to servers in turn and, after an end, go on behind the last message they
have. Sayers say a message again, with its message_id, until it is acknowledged. At the end each member has each message once, in
one order."""
import asyncio
import collections
import contextlib
import signal
import sys
import time

import grpc
from chat.v1 import chat_pb2, chat_pb2_grpc
from process import Userchat
from with_postgres import Postgres

BINARY, MESSAGES = sys.argv[1], int(sys.argv[2])
MEMBERS = int(sys.argv[3]) if len(sys.argv) > 3 else 30
SAYERS = 10
SERVERS = 3
LONGEST_WAIT = 60  # seconds without any progress
# Statuses that a call may end with when a server or the database is killed.
EXPECTED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED,
            grpc.StatusCode.INTERNAL}
OPTIONS = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.min_reconnect_backoff_ms", 50),
           ("grpc.max_reconnect_backoff_ms", 500), ("grpc.use_local_subchannel_pool", 1)]


class Servers:
    def __init__(self, database):
        self.database = database
        self.all = []
        for _ in range(SERVERS):  # the first one makes the tables
            self.all.append(self._start(0))
        self.ports = [server.port for server in self.all]

    def _start(self, port):
        return Userchat(BINARY, "--grpc", f"127.0.0.1:{port}", "--rest", "none", "--database", self.database.url)

    def kill_and_start(self, index):
        self.all[index].end(signal.SIGKILL)
        self.all[index] = self._start(self.ports[index])

    def channels(self, first):
        """A channel to each server, beginning with server `first`."""
        return [grpc.aio.insecure_channel(f"127.0.0.1:{self.ports[(first + i) % SERVERS]}", options=OPTIONS) for i in range(SERVERS)]


class Run:
    """The messages that were acknowledged, and how calls ended."""

    def __init__(self):
        self.acknowledged = {}  # message_id: the reply's number
        self.ends = collections.Counter()  # of calls, by their status
        self.wrong = []
        self.progress = time.monotonic()

    def note(self, what, error):
        self.ends[f"{what} {error.code().name}"] += 1
        if error.code() not in EXPECTED:
            self.wrong.append(f"{what}: {error.code()} {error.details()}")


class Member:
    def __init__(self, run, channels):
        self.run = run
        self.stubs = [chat_pb2_grpc.ChatRoomStub(channel) for channel in channels]
        self.next = 0
        self.messages = []
        self.listening = asyncio.Event()

    async def listen(self):
        for attempt in range(1_000_000):
            call = self.stubs[attempt % SERVERS].Listen(chat_pb2.ListenRequest(next=self.next))
            try:
                for key, value in await call.initial_metadata():
                    if key == "chat-next" and self.next == 0:
                        self.next = int(value)
                        self.listening.set()
                async for message in call:
                    self.messages.append(message)
                    self.next = message.number + 1
                    self.run.progress = time.monotonic()
            except grpc.aio.AioRpcError as error:
                self.run.note("Listen", error)
                await asyncio.sleep(0.05)
            finally:
                call.cancel()


async def say_all(run, channels, numbers):
    stubs = [chat_pb2_grpc.ChatRoomStub(channel) for channel in channels]
    attempt = 0
    for number in numbers:
        message = chat_pb2.ChatMessage(user_id="someone", content=f"message {number}", message_id=f"id {number}")
        while message.message_id not in run.acknowledged:
            attempt += 1
            try:
                reply = await stubs[attempt % SERVERS].Say(message, timeout=15)
                run.acknowledged[message.message_id] = reply.number
                run.progress = time.monotonic()
            except grpc.aio.AioRpcError as error:
                run.note("Say", error)
                await asyncio.sleep(0.05)


async def reached(run, condition):
    while not condition():
        assert time.monotonic() < run.progress + LONGEST_WAIT, f"no progress: {len(run.acknowledged)} acknowledged, {run.ends}"
        await asyncio.sleep(0.02)


async def kill_each(run, servers, postgres):
    """Each server once and the database once, spread over the messages."""
    for step in range(SERVERS + 1):
        await reached(run, lambda: len(run.acknowledged) >= MESSAGES * (step + 1) // (SERVERS + 2))
        if step == 1:
            await asyncio.to_thread(postgres.stop)
            await asyncio.to_thread(postgres.start)
        else:
            await asyncio.to_thread(servers.kill_and_start, step if step == 0 else step - 1)


def check(run, members):
    assert not run.wrong, run.wrong[:5]
    first = [(message.number, message.message_id, message.content) for message in members[0].messages]
    for index, member in enumerate(members):
        assert not any(message.lost for message in member.messages), f"member {index} lost messages"
        numbers = [message.number for message in member.messages]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"member {index}: not in order, or not once"
        said = collections.Counter(message.message_id for message in member.messages if message.message_id)
        assert said == collections.Counter(run.acknowledged.keys()), f"member {index}: not each message once"
        same = [(message.number, message.message_id, message.content) for message in member.messages]
        assert same == first, f"member {index} has another order"
    for message in members[0].messages:
        if message.message_id:
            assert run.acknowledged[message.message_id] == message.number + 1, "the reply follows its message"


async def main(servers, postgres):
    run = Run()
    begin = time.monotonic()
    members = [Member(run, servers.channels(i)) for i in range(MEMBERS)]
    listening = [asyncio.create_task(member.listen()) for member in members]
    for member in members:
        await asyncio.wait_for(member.listening.wait(), LONGEST_WAIT)
    saying = [asyncio.create_task(say_all(run, servers.channels(i), range(i, MESSAGES, SAYERS))) for i in range(SAYERS)]
    await kill_each(run, servers, postgres)
    await reached(run, lambda: len(run.acknowledged) == MESSAGES)
    await asyncio.gather(*saying)
    last = max(run.acknowledged.values())
    await reached(run, lambda: all(member.next > last for member in members))
    seconds = time.monotonic() - begin
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    check(run, members)
    print(f"{MEMBERS} members on {SERVERS} servers got each of {len(run.acknowledged)} messages and replies once, in one order, in "
          f"{seconds:.1f} s; each server and the database was killed once; ends of calls: {dict(run.ends)}")


with contextlib.ExitStack() as stack:
    cluster = stack.enter_context(Postgres())
    all_servers = Servers(cluster)
    stack.callback(lambda: [server.process.kill() for server in all_servers.all])  # where the test fails
    asyncio.run(main(all_servers, cluster))
    for one in all_servers.all:
        assert one.end(signal.SIGTERM) == 0, one.lines[-5:]
