// A program whose calls all stand at known places, for gdb_test.py to look at: alive, and as a core file. It says
// "ready" when each of them does, and ends when its standard input does.
#include <sys/prctl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "probe.tern.h"
#include "tern/async/asio.h"
#include "tern/tern.h"

using namespace std::chrono_literals;
using tern::test::v1::Order;
using tern::test::v1::Payload;

/// Coroutines that have come to where they stand.
int standing = 0;

/// A place to stop at.
extern "C" [[gnu::noinline]] void breakpoint_here() { asm volatile(""); }

tern::Task<int> read_row(int id) {
  co_await tern::sleep(1ms);
  breakpoint_here();
  ++standing;
  co_await tern::sleep(1h);  // line of read_row
  co_return id;
}

tern::Task<int> load_order(std::string name) {
  const int row = co_await read_row(static_cast<int>(name.size()));  // line of load_order
  co_return row + 1;
}

tern::Task<void> one_of_two(int number) {
  ++standing;
  co_await tern::sleep(1h * number);  // line of one_of_two
}

tern::Task<void> wait_for_input() {
  boost::asio::posix::stream_descriptor input{tern::Loop::current()->context(), 0};
  co_await input.async_wait(boost::asio::posix::stream_descriptor::wait_read, tern::use_task);  // line of the main task
}

class HeldService final : public tern::test::v1::Probe::AsyncService {
 public:
  tern::Task<Payload> Unary(tern::ServerContext& /*context*/, const Order& order) override {
    if (order.text() == "limited") {
      const int row = co_await tern::with_timeout(1h, load_order("limited"));  // line of the limited call
      std::printf("%d\n", row);
    } else if (order.text() == "gathered") {
      co_await tern::gather(one_of_two(1), one_of_two(2));
    } else {
      const int row = co_await load_order(order.text());  // line of the plain call
      std::printf("%d\n", row);
    }
    co_return Payload{};
  }

  tern::Task<Payload> Upload(tern::ServerContext& /*context*/, tern::Reader<Payload>& payloads) override {
    while (std::optional<Payload> payload = co_await payloads.next()) ++standing;  // line of the upload
    co_return Payload{};
  }
};

tern::Task<void> ask(tern::Channel& channel, std::string text, tern::CallOptions options) {
  tern::test::v1::Probe::Stub stub{channel};
  Order order;
  order.set_text(std::move(text));
  auto call = stub.Unary(order, options).result();
  const tern::Result<Payload> reply = co_await std::move(call);  // line of the client
  if (!reply.ok()) std::printf("%s\n", reply.status().to_string().c_str());
}

tern::Task<void> upload(tern::Channel& channel) {
  tern::test::v1::Probe::Stub stub{channel};
  auto call = stub.Upload();
  Payload payload;
  const bool sent = co_await call.write(payload);
  if (sent) co_await tern::sleep(1h);
}

tern::Task<void> run() {
  HeldService service;
  tern::Server server;
  server.add_service(service);
  const std::uint16_t port = server.listen("127.0.0.1:0");
  tern::Channel channel{"127.0.0.1:" + std::to_string(port)};
  tern::Channel nowhere{"unix:/nowhere/at/all"};
  tern::TaskGroup background;
  background.spawn(ask(channel, "plain", {}));
  background.spawn(ask(channel, "limited", {}));
  background.spawn(ask(channel, "gathered", {}));
  background.spawn(ask(nowhere, "waiting", {.wait_for_ready = true}));
  background.spawn(upload(channel));
  while (standing < 5) co_await tern::sleep(1ms);
  for (std::size_t waiting = 0; waiting < 1;) {
    const tern::ChannelInfo info = co_await nowhere.inspect();
    waiting = info.running.size();
  }
  std::puts("ready");
  std::fflush(stdout);
  co_await wait_for_input();
  background.cancel();
  try {
    co_await background.join();
  } catch (const tern::RpcError&) {
    std::puts("cancelled");
  }
  co_await nowhere.close();
  co_await channel.close();
  co_await server.stop();
}

int main() {
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);  // lets any gdb attach (Yama)
  return tern::run(run());
}
