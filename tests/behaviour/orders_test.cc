// Everything that can end a call, in every order, at every point where the call waits: each pair of its caller's
// cancellation, its frames' destruction, the handler's completion and failure, the deadline, and the end of the channel
// and of the server, each at every turn of the loop and between the resumptions of a turn. The call ends once, by one
// of the two; its handler's frames are gone.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/serve.h"
#include "support/tracker.h"

namespace tern::test {
namespace {

using namespace std::chrono_literals;

/// Runs on in the loop's next turn.
struct NextTurn : Wait {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    if (begin_wait(caller, *caller.promise().job())) job()->loop().post([this] { wake(); });
  }
  void await_resume() const { resumed(); }
};

/// Runs on in this turn, after all that is ready.
struct AfterTheReady : Wait {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <HasJob Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    if (begin_wait(caller, *caller.promise().job())) wake();
  }
  void await_resume() const { resumed(); }
};

/// So many turns from now, and so many resumptions into it.
struct Moment {
  int turns = 0;
  int resumptions = 0;
};
Task<void> pass(Moment moment) {
  for (int i = 0; i < moment.turns; ++i) co_await NextTurn{};
  for (int i = 0; i < moment.resumptions; ++i) co_await AfterTheReady{};
}

/// Handlers that wait in their middle to be told how to go on.
class Waiting final : public tern::test::v1::Probe::AsyncService {
 public:
  Event go;
  bool fail = false;
  std::atomic<int> running = 0;
  int frames = 0;

  Task<Payload> Unary(ServerContext& /*context*/, const Order& /*order*/) override {
    const Running counted{running};
    const Tracker tracker{frames};
    co_await told();
    co_return Payload{};
  }
  AsyncGenerator<Payload> Download(ServerContext& /*context*/, const Order& /*order*/) override {
    const Running counted{running};
    const Tracker tracker{frames};
    co_yield Payload{};
    co_await told();
    co_yield Payload{};
  }
  Task<Payload> Upload(ServerContext& /*context*/, Reader<Payload>& payloads) override {
    const Running counted{running};
    const Tracker tracker{frames};
    const std::optional<Payload> first = co_await payloads.next();
    co_await told();
    while (const std::optional<Payload> payload = co_await payloads.next()) {
    }
    co_return Payload{};
  }
  AsyncGenerator<Payload> Echo(ServerContext& /*context*/, Reader<Payload>& payloads) override {
    const Running counted{running};
    const Tracker tracker{frames};
    while (const std::optional<Payload> payload = co_await payloads.next()) {
      co_yield Payload{};
      co_await told();
    }
  }

 private:
  Task<void> told() {
    const Tracker tracker{frames};
    co_await go.wait();
    if (fail) throw std::runtime_error("as it was told");
  }
};

enum class Kind { kUnary, kDownload, kUpload, kEcho };
constexpr std::array kKinds{Kind::kUnary, Kind::kDownload, Kind::kUpload, Kind::kEcho};

/// The whole of a call, and how it ended.
Task<Status> whole_call(ProbeStub stub, Kind kind, CallOptions options) {
  switch (kind) {
    case Kind::kUnary: {
      const Result<Payload> result = co_await stub.Unary(Order{}, options).result();
      co_return result.status();
    }
    case Kind::kDownload: {
      auto call = stub.Download(Order{}, options);
      while (const std::optional<Payload> payload = co_await call.read()) {
      }
      co_return co_await call.status();
    }
    case Kind::kUpload: {
      auto call = stub.Upload(options);
      co_await call.write(Payload{});
      co_await call.write(Payload{});
      const Result<Payload> result = co_await call.result();
      co_return result.status();
    }
    case Kind::kEcho: {
      auto call = stub.Echo(options);
      for (int i = 0; i < 2; ++i) {
        co_await call.write(Payload{});
        const std::optional<Payload> back = co_await call.read();
      }
      co_await call.done_writing();
      const std::optional<Payload> nothing = co_await call.read();
      co_return co_await call.status();
    }
  }
  throw std::logic_error("no such kind");
}

enum class Ending { kCancelled, kDropped, kCompleted, kFailed, kExpired, kClosed, kNoChannel, kStopped, kNoServer };
constexpr std::array kEndings{Ending::kCancelled, Ending::kDropped, Ending::kCompleted,
                              Ending::kFailed,    Ending::kExpired, Ending::kClosed,
                              Ending::kNoChannel, Ending::kStopped, Ending::kNoServer};
constexpr std::array<std::string_view, kEndings.size()> kNames{
    "cancelled", "dropped", "completed", "failed", "expired", "closed", "no channel", "stopped", "no server"};

/// What a call says that was ended so; nothing where nobody is left to hear it.
std::optional<StatusCode> code_of(Ending ending) {
  switch (ending) {
    case Ending::kCompleted:
      return StatusCode::kOk;
    case Ending::kFailed:
      return StatusCode::kUnknown;
    case Ending::kExpired:
      return StatusCode::kDeadlineExceeded;
    case Ending::kClosed:
    case Ending::kNoChannel:
      return StatusCode::kCancelled;
    case Ending::kStopped:
    case Ending::kNoServer:
      return StatusCode::kUnavailable;
    default:
      return std::nullopt;
  }
}

struct Play {
  Kind kind = Kind::kUnary;
  Ending first = Ending::kCancelled;
  Ending second = Ending::kCancelled;
  Moment first_at;
  Moment second_at;  // after the first
};

/// A server, a channel and one call, which ends by two endings.
class Stage {
 public:
  Stage(const Play& play, InProcess* in_process, std::string_view service_config)
      : play_(play), server_(std::make_unique<Server>()) {
    server_->add_service(service_);
    ChannelOptions options{.in_process = in_process, .service_config = service_config};
    std::string target = "test";
    if (in_process != nullptr) {
      server_->listen(*in_process);
    } else {
      target = "127.0.0.1:" + std::to_string(server_->listen("127.0.0.1:0"));
    }
    channel_ = std::make_unique<Channel>(target, options);
  }

  /// Whether its handler had begun when the first ending came.
  [[nodiscard]] bool began() const noexcept { return began_; }

  Task<void> run() {
    CallOptions options;
    if (play_.first == Ending::kExpired || play_.second == Ending::kExpired) options.timeout = kTimeout;
    expires_ = Clock::now() + kTimeout;
    caller_->spawn(listen(options));
    if (was(Ending::kNoChannel)) co_await AfterTheReady{};  // it may not begin on a channel that is gone
    co_await pass(play_.first_at);
    began_ = service_.frames > 0;
    end_by(play_.first);
    co_await pass(play_.second_at);
    end_by(play_.second);
    if (caller_) co_await caller_->join();
    // The connection lives on where nothing ended it: the server learns by a frame that the call is over.
    if (channel_ && server_ && service_.running != 0) co_await until(service_.running, 0);
    others_.reset();
    if (channel_) co_await channel_->close();
    if (server_) co_await server_->stop();
    server_.reset();
    EXPECT_EQ(service_.frames, 0) << name();
    if (status_) expect_cause(*status_);
    if (!status_) {
      EXPECT_TRUE(was(Ending::kCancelled) || was(Ending::kDropped)) << name() << ": nobody heard of its end";
    }
  }

 private:
  static constexpr std::chrono::microseconds kTimeout = 500us;

  Task<void> listen(CallOptions options) {
    Status status = co_await whole_call(ProbeStub{*channel_}, play_.kind, options);
    EXPECT_FALSE(status_) << name();
    status_ = std::move(status);
  }

  void end_by(Ending ending) {
    const auto close = [](Channel& channel) -> Task<void> { co_await channel.close(); };
    const auto stop = [](Server& server) -> Task<void> { co_await server.stop(); };
    switch (ending) {
      case Ending::kCancelled:
        if (caller_) caller_->cancel();
        break;
      case Ending::kDropped:
        caller_.reset();
        break;
      case Ending::kFailed:
        service_.fail = service_.fail || !service_.go.is_set();
        [[fallthrough]];
      case Ending::kCompleted:
        service_.go.set();
        break;
      case Ending::kExpired:
        while (Clock::now() < expires_) {
        }
        break;
      case Ending::kClosed:
        if (channel_) others_->spawn(close(*channel_));
        break;
      case Ending::kNoChannel:
        others_.reset();
        channel_.reset();
        others_.emplace();
        break;
      case Ending::kStopped:
        if (server_) others_->spawn(stop(*server_));
        break;
      case Ending::kNoServer:
        others_.reset();
        server_.reset();
        others_.emplace();
        break;
    }
  }

  [[nodiscard]] bool was(Ending ending) const { return play_.first == ending || play_.second == ending; }
  void expect_cause(const Status& status) const {
    EXPECT_TRUE(status.code() == code_of(play_.first) || status.code() == code_of(play_.second))
        << name() << ": " << status.to_string();
  }
  [[nodiscard]] std::string name() const {
    const auto moment = [](const Moment& at) {
      return std::to_string(at.turns) + "." + std::to_string(at.resumptions);
    };
    return "kind " + std::to_string(static_cast<int>(play_.kind)) + ", " +
           std::string{kNames.at(static_cast<std::size_t>(play_.first))} + " at " + moment(play_.first_at) + ", " +
           std::string{kNames.at(static_cast<std::size_t>(play_.second))} + " after " + moment(play_.second_at);
  }

  Play play_;
  Waiting service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Channel> channel_;
  Clock::time_point expires_;
  std::optional<Status> status_;
  bool began_ = false;
  std::optional<TaskGroup> others_{std::in_place};
  std::optional<TaskGroup> caller_{std::in_place};
};

/// What is tried: the first ending within so many turns of the call's beginning, the second within so many of the
/// first.
struct Extent {
  int turns = 0;
  int resumptions = 0;
  int gap = 0;
};

/// How many there were.
struct Played {
  int before_the_handler = 0;
  int in_the_handler = 0;
};

Task<void> play_all(Extent extent, bool over_sockets, std::string_view service_config, Played& played) {
  InProcess in_process;
  for (const Kind kind : kKinds) {
    for (const Ending first : kEndings) {
      for (const Ending second : kEndings) {
        for (int turn = 0; turn < extent.turns; ++turn) {
          for (int resumption = 0; resumption < extent.resumptions; ++resumption) {
            for (int gap = 0; gap < extent.gap; ++gap) {
              // Within the turn first, then turns later.
              const Moment after = gap < 2 ? Moment{0, gap} : Moment{gap - 1, 0};
              Stage stage{{kind, first, second, {turn, resumption}, after},
                          over_sockets ? nullptr : &in_process,
                          service_config};
              co_await stage.run();
              ++(stage.began() ? played.in_the_handler : played.before_the_handler);
              if (::testing::Test::HasFailure()) co_return;
            }
          }
        }
      }
    }
  }
}

class Orders : public ::testing::Test {
 protected:
  // Thousands of handlers fail as they are told.
  void SetUp() override { set_log_level(LogLevel::kOff); }
  void TearDown() override { set_log_level(LogLevel::kInfo); }

  static void play(Extent extent, bool over_sockets = false, std::string_view service_config = {}) {
    Played played;
    block_on(play_all(extent, over_sockets, service_config, played));
    const std::size_t all = kKinds.size() * kEndings.size() * kEndings.size() *
                            static_cast<std::size_t>(extent.turns * extent.resumptions * extent.gap);
    EXPECT_EQ(static_cast<std::size_t>(played.before_the_handler + played.in_the_handler), all);
    // The way to the handler, and from it, is within the extent.
    EXPECT_GT(static_cast<std::size_t>(played.before_the_handler), all / 20);
    EXPECT_GT(static_cast<std::size_t>(played.in_the_handler), all / 20);
  }
};

TEST_F(Orders, OfEndingsOfACall) { play({.turns = 12, .resumptions = 3, .gap = 6}); }
TEST_F(Orders, OfEndingsOfACallOverSockets) { play({.turns = 12, .resumptions = 1, .gap = 4}, true); }
TEST_F(Orders, OfEndingsOfACallThatIsHedged) {
  play({.turns = 8, .resumptions = 2, .gap = 4}, false,
       R"({"methodConfig": [{"name": [{}], "hedgingPolicy": {"maxAttempts": 2, "hedgingDelay": "0s"}}]})");
}

}  // namespace
}  // namespace tern::test
