#include "tern/telemetry/access_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "async/on_loop.h"
#include "rest/status_json.h"
#include "tern/async/loop.h"
#include "tern/async/per_loop.h"
#include "tern/rpc/trace_context.h"

namespace tern::telemetry {

namespace {

/// Bytes of lines that may wait for the disk; more are thrown away.
constexpr std::size_t kMostWaiting = std::size_t{16} * 1024 * 1024;
/// A turn with more gives them away in several parts.
constexpr std::size_t kMostInATurn = std::size_t{256} * 1024;
/// Lines are gathered for so long before they are written: waking a thread for each turn would cost more than they do.
constexpr std::chrono::milliseconds kGathering{20};

/// Takes lines from all loops, and writes them on a thread of its own.
class Writer {
 public:
  explicit Writer(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  /// When all is written.
  ~Writer() {
    {
      const std::lock_guard lock{mutex_};
      ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  /// `lines`, of which there are `count`, each with its end. Any thread.
  void give(std::string_view lines, std::size_t count) {
    bool first = false;
    {
      const std::lock_guard lock{mutex_};
      if (waiting_.size() > kMostWaiting) {
        lost_ += count;
        return;
      }
      first = waiting_.empty();
      waiting_ += lines;
    }
    if (first) changed_.notify_one();
  }

  /// Blocks until what was given is written. Any thread.
  void flush() {
    std::unique_lock lock{mutex_};
    written_.wait(lock, [this] { return waiting_.empty() && !writing_; });
  }

 private:
  void run() {
    std::string lines;
    std::unique_lock lock{mutex_};
    while (!ending_ || !waiting_.empty()) {
      changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      changed_.wait_for(lock, kGathering, [this] { return ending_; });
      std::swap(lines, waiting_);
      const std::size_t lost = std::exchange(lost_, 0);
      writing_ = true;
      lock.unlock();
      write(lines, lost);
      lines.clear();
      lock.lock();
      writing_ = false;
      written_.notify_all();
    }
  }
  void write(std::string& lines, std::size_t lost) {
    if (lost > 0) lines += fmt::format("{{\"protocol\":\"log\",\"lost_lines\":{}}}\n", lost);
    if (lines.empty()) return;
    lines.pop_back();  // the logger ends the last one
    logger_->log(spdlog::level::info, spdlog::string_view_t{lines.data(), lines.size()});
    logger_->flush();
  }

  std::shared_ptr<spdlog::logger> logger_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable written_;
  bool writing_ = false;
  std::string waiting_;
  std::size_t lost_ = 0;
  bool ending_ = false;
  std::thread thread_{[this] { run(); }};
};

/// A text that comes again and again, as JSON: written once.
class KnownText {
 public:
  const std::string& as_json(std::string_view text) {
    if (text == text_ && !json_.empty()) return json_;
    text_ = text;
    json_ = rest::json_string(text);
    return json_;
  }

 private:
  std::string text_;
  std::string json_;
};

/// One loop's lines, until its turn ends. A line is begin(), fields, end().
class Lines final : public TurnEnd {
 public:
  explicit Lines(std::shared_ptr<Writer> writer) : writer_(std::move(writer)) {}
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines() { give(); }

  /// Of calls that came one after the other, mostly the same.
  KnownText method;
  KnownText peer;

  /// Room is made once, for the whole line: `texts` is how long those in it are together.
  void begin(std::string_view protocol, std::size_t texts) {
    text_.reserve(text_.size() + kRoom + texts);
    at_ = text_.data() + text_.size();
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    if (since < second_ || since >= second_ + std::chrono::seconds{1}) {
      second_ = std::chrono::floor<std::chrono::seconds>(since);
      beginning_ =
          fmt::format(R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.)", fmt::gmtime(static_cast<std::time_t>(second_.count())));
    }
    put(beginning_);
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(since - second_).count();
    const fmt::format_int digits{1'000'000 + micros};  // all six, behind a one
    put({digits.data() + 1, 6});
    put(R"(Z","protocol":")");
    put(protocol);
    put("\"");
  }
  /// `name` is all of `,"name":`.
  void field(std::string_view name, std::uint64_t value) {
    put(name);
    const fmt::format_int digits{value};
    put({digits.data(), digits.size()});
  }
  void field(std::string_view name, std::string_view json) {
    put(name);
    put(json);
  }
  void end(const TraceContext* trace) {
    if (trace != nullptr) {
      put(R"(,"trace_id":")");
      put(hex_of(trace->trace_id()));
      put(R"(","span_id":")");
      put(hex_of(trace->span_id()));
      put("\"");
    }
    put("}\n");
    text_.resize(static_cast<std::size_t>(at_ - text_.data()));
    ++lines_;
    if (text_.size() > kMostInATurn) return give();
    if (Loop* loop = Loop::current()) return loop->when_turn_ends(*this);
    give();
  }
  void give() noexcept {
    if (lines_ == 0) return;
    writer_->give({text_.data(), text_.size()}, std::exchange(lines_, 0));
    text_.clear();
  }

 private:
  /// More than everything in a line besides its texts.
  static constexpr std::size_t kRoom = 512;

  void put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void at_turn_end() noexcept override { give(); }

  std::shared_ptr<Writer> writer_;
  fmt::memory_buffer text_;
  std::size_t lines_ = 0;  // in it
  char* at_ = nullptr;     // where the line that is being written goes on
  std::chrono::seconds second_{-1};
  std::string beginning_;
};

std::uint64_t microseconds(Clock::duration took) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
}

std::shared_ptr<spdlog::logger> logger_of(const std::string& path) {
  spdlog::sink_ptr sink;
  try {
    if (path == "-") {
      sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    }
  } catch (const spdlog::spdlog_ex& error) {
    throw std::runtime_error("the access log " + path + " cannot be opened: " + error.what());
  }
  auto logger = std::make_shared<spdlog::logger>("access", std::move(sink));
  logger->set_pattern("%v");
  return logger;
}

}  // namespace

class AccessLog::Core {
 public:
  explicit Core(std::shared_ptr<spdlog::logger> logger) : writer_(std::make_shared<Writer>(std::move(logger))) {}

  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  // The calls have ended; another loop may still stand in the turn that ended its last one, and gives that line then.
  ~Core() {
    for (LoopLines* part : lines_.all()) {
      if (part->on_loop && part->on_loop->loop() == Loop::current())
        part->on_loop->run([](Lines& lines) { lines.give(); });
    }
    writer_->flush();
  }

  /// Of the loop that runs now.
  [[nodiscard]] Lines& here() {
    std::optional<OnLoop<Lines>>& lines = lines_.here().on_loop;
    if (!lines) lines.emplace(*Loop::current(), [writer = writer_] { return std::make_unique<Lines>(writer); });
    return *lines->get();
  }

 private:
  struct LoopLines {
    std::optional<OnLoop<Lines>> on_loop;
  };
  std::shared_ptr<Writer> writer_;  // the lines have it too: loops give their last ones when they end
  PerLoop<LoopLines> lines_;
};

AccessLog::AccessLog(const std::string& path) : core_(std::make_unique<Core>(logger_of(path))) {}
AccessLog::AccessLog(std::shared_ptr<spdlog::logger> logger) : core_(std::make_unique<Core>(std::move(logger))) {}
AccessLog::~AccessLog() = default;

void AccessLog::on_call_begun(ServerContext& /*context*/) {}

void AccessLog::on_call_ended(const EndedCall& call) {
  Lines& lines = core_->here();
  const std::string& method = lines.method.as_json(call.context.method());
  const std::string& peer = lines.peer.as_json(call.context.peer());
  const std::string message = call.status.details().empty() ? std::string{} : rest::json_string(call.status.details());
  lines.begin("grpc", method.size() + peer.size() + message.size());
  lines.field(R"(,"method":)", method);
  lines.field(R"(,"status":")", name_of(call.status.code()));
  lines.field(message.empty() ? "\"" : R"(","message":)", message);
  lines.field(R"(,"took_us":)", microseconds(call.took));
  lines.field(R"(,"peer":)", peer);
  lines.field(R"(,"received_messages":)", call.received.messages);
  lines.field(R"(,"received_bytes":)", call.received.bytes);
  lines.field(R"(,"sent_messages":)", call.sent.messages);
  lines.field(R"(,"sent_bytes":)", call.sent.bytes);
  lines.end(call.context.trace());
}

void AccessLog::on_request_begun(rest::Request& /*request*/) {}

void AccessLog::on_request_ended(const rest::EndedRequest& ended) {
  const rest::Request& request = ended.request;
  Lines& lines = core_->here();
  const std::string& method = lines.method.as_json(request.method);
  const std::string& peer = lines.peer.as_json(request.peer);
  // What stands behind "?" is often nobody else's business.
  const std::string path = rest::json_string(request.path());
  const std::string route = request.route.empty() ? std::string{} : rest::json_string(request.route);
  lines.begin("http", method.size() + peer.size() + path.size() + route.size());
  lines.field(R"(,"method":)", method);
  lines.field(R"(,"path":)", path);
  if (!route.empty()) lines.field(R"(,"route":)", route);
  lines.field(R"(,"status":)", ended.status);
  lines.field(R"(,"took_us":)", microseconds(ended.took));
  lines.field(R"(,"peer":)", peer);
  lines.field(R"(,"sent_bytes":)", ended.bytes_sent);
  lines.end(request.trace.get());
}

}  // namespace tern::telemetry
