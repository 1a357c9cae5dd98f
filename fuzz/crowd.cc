// Clients that send long messages to one server at the same time, and do not all go on with them: who does gets to its
// end, and nothing stays counted. The sessions are real and hold each other's windows; the seconds are the input's.
#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "call/message_stream.h"
#include "fuzz/input.h"
#include "http2/defaults.h"
#include "http2/end.h"
#include "http2/memory_budget.h"
#include "rpc/message_reader.h"
#include "tern/async/loop.h"

using tern::Buffer;
using tern::fuzz::Input;
using tern::fuzz::require;
using tern::http2::ErrorCode;
using tern::http2::LoopBudget;
using tern::http2::MemoryBudget;
using tern::http2::Role;
using tern::http2::Session;
using tern::http2::Stream;

namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kLongest = 1024 * kKiB;
// In that time there comes to be no room for all of them: some have to lose theirs.
constexpr int kLooks = 3;
constexpr int kSeconds = 20;
constexpr LoopBudget::Limits kLimits{
    .held = 100 * kLongest, .unsent = kLongest, .unfinished = kLongest, .long_messages = kLongest};
constexpr std::size_t kConnections = 4;
constexpr std::size_t kCallsEach = 12;

/// A call on the server, which waits for one message.
class Upload final : public tern::MessageStream {
 public:
  explicit Upload(MemoryBudget& memory) : MessageStream(kLongest, &memory) { eager_ = true; }

  [[nodiscard]] bool over() const noexcept { return over_; }
  void read() {
    while (!incoming().empty()) require(pop_incoming().ok(), "a message that came can be read");
  }

 private:
  void on_headers(const tern::http2::HeaderBlockRef& /*block*/, std::string_view /*aside*/, bool ended) override {
    if (ended) on_end();
  }
  void on_end() override {
    end_incoming();
    tern::http2::test::answer(*this);
    send_end();
  }
  void on_bad_message(tern::Status /*status*/) override { reset(ErrorCode::kCancel); }
  void on_closed(ErrorCode /*code*/) override {
    drop_incoming();
    over_ = true;
  }

  bool over_ = false;
};

class ServerEnd final : public tern::http2::SessionEvents {
 public:
  explicit ServerEnd(LoopBudget& all) : memory_(100 * kLongest, all) { session.charge_to(memory_); }

  void read_all() {
    for (const auto& upload : uploads_) upload->read();
    std::erase_if(uploads_, [](const auto& upload) { return upload->over(); });
  }

 private:
  Stream* on_stream_opened() override { return uploads_.emplace_back(std::make_unique<Upload>(memory_)).get(); }
  void on_output() override {}
  void on_go_away(ErrorCode /*code*/, std::string_view /*debug_data*/) override {}

  MemoryBudget memory_;
  std::vector<std::unique_ptr<Upload>> uploads_;

 public:
  Session session{Role::kServer,
                  {.first_stream_window = tern::http2::kFirstStreamWindow,
                   .first_connection_window = tern::http2::kFirstConnectionWindow},
                  *this};
};

/// The client's side of one.
struct Call {
  tern::http2::test::NotedStream stream;
  std::size_t left = 0;  // of the message that was begun
  bool ended = false;

  [[nodiscard]] bool waits() const { return stream.open() && !(ended && stream.unsent() == 0); }

  void begin(std::size_t size) {
    if (!stream.open() || ended || left != 0) return;
    std::array<std::uint8_t, tern::rpc::kPrefixBytes> prefix{};
    tern::rpc::write_prefix(prefix.data(), size);
    stream.send_data(Buffer::copy_of(prefix));
    left = size;
  }
  void go_on(std::size_t size) {
    size = std::min(size, left);
    if (!stream.open() || size == 0) return;
    stream.send_data(Buffer::allocate(size));
    left -= size;
  }
  void end() {
    if (!stream.open() || ended) return;
    go_on(left);
    stream.send_end();
    ended = true;
  }
};

/// One client and its server's end, with all between them.
class Connection {
 public:
  explicit Connection(LoopBudget& all) : server_(all) {}

  Call& call(std::size_t which) {
    Call& call = calls_.at(which % calls_.size());
    if (!call.stream.open() && !call.ended) tern::http2::test::open_call(client_.session, call.stream);
    return call;
  }

  /// Carries what either has to say; false when that is nothing.
  bool carry() {
    const std::vector<std::uint8_t> up = tern::http2::test::take_output(client_.session);
    if (!up.empty()) server_.session.receive(up);
    server_.read_all();
    const std::vector<std::uint8_t> down = tern::http2::test::take_output(server_.session);
    if (!down.empty()) client_.session.receive(down);
    return !up.empty() || !down.empty();
  }

  void end_all() {
    for (Call& call : calls_) call.end();
  }
  [[nodiscard]] bool waits() const {
    return std::ranges::any_of(calls_, [](const Call& call) { return call.waits(); });
  }

 private:
  std::array<Call, kCallsEach> calls_;
  ServerEnd server_;
  tern::http2::test::End client_{Role::kClient, {}};
};

class Crowd {
 public:
  explicit Crowd(tern::Loop& loop) : all_(loop, kLimits) {
    for (auto& connection : connections_) connection.emplace(all_);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() {
    for (auto& connection : connections_) connection.reset();
    require(all_.used() == 0 && all_.unfinished() == 0, "nothing stays counted");
  }

  void act(std::uint8_t what, std::uint8_t which) {
    constexpr std::array<std::size_t, 8> kSizes{1,          60 * kKiB,  70 * kKiB,  130 * kKiB,
                                                200 * kKiB, 500 * kKiB, 900 * kKiB, kLongest};
    std::optional<Connection>& connection = connections_.at(what % kConnections);
    const std::size_t size = kSizes.at(which / 32);
    switch (what / kConnections % 8) {
      case 0:
      case 1:
        connection->call(which).begin(size);
        break;
      case 2:
      case 3:
        connection->call(which).go_on(size);
        break;
      case 4:
        connection->call(which).end();
        break;
      case 5:
        connection->call(which).stream.reset(ErrorCode::kCancel);
        break;
      case 6:
        if (looks_ < kLooks) all_.look_round();
        ++looks_;
        break;
      default:
        if (which % 4 == 0) connection.emplace(all_);
        break;
    }
    carry();
  }

  /// All but those of `stubborn`, bit by bit, go on to their ends.
  void come_to_an_end(unsigned stubborn) {
    const auto goes_on = [stubborn](std::size_t i) { return (stubborn >> i) % 2 == 0; };
    for (std::size_t i = 0; i < kConnections; ++i) {
      if (goes_on(i)) connections_.at(i)->end_all();
    }
    for (int second = 0; second < kSeconds; ++second) {
      carry();
      all_.look_round();
    }
    for (std::size_t i = 0; i < kConnections; ++i) {
      require(!goes_on(i) || !connections_.at(i)->waits(), "who goes on with its messages is let end them");
    }
  }

 private:
  // Room that one leaves behind is another's.
  void carry() {
    for (bool more = true; more;) {
      more = false;
      for (auto& connection : connections_) more = connection->carry() || more;
    }
  }

  LoopBudget all_;
  std::array<std::optional<Connection>, kConnections> connections_;
  int looks_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kMostActs = 200;
  static boost::asio::io_context context;
  Input input{data, size};
  {
    Crowd crowd{tern::Loop::of(context)};
    const std::uint8_t stubborn = input.byte();
    for (int i = 0; i < kMostActs && !input.empty(); ++i) {
      const std::uint8_t what = input.byte();
      crowd.act(what, input.byte());
    }
    crowd.come_to_an_end(stubborn);
  }
  context.poll();
  return 0;
}
