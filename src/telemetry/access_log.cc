#include "tern/telemetry/access_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "async/on_loop.h"
#include "telemetry/json_text.h"
#include "tern/async/asio.h"
#include "tern/async/loop.h"
#include "tern/async/per_loop.h"
#include "tern/rpc/trace_context.h"
#include "text/log.h"

namespace tern::telemetry {

namespace {

/// Bytes of lines that may wait for the disk; more are thrown away.
constexpr std::size_t kMostWaiting = std::size_t{16} * 1024 * 1024;
/// A turn with more gives them away in several parts.
constexpr std::size_t kMostInATurn = std::size_t{256} * 1024;
/// Lines are gathered for so long before they are written: waking a thread for each turn would cost more than they do.
constexpr std::chrono::milliseconds kGathering{20};

/// The most that a line has of one text of a peer, in bytes.
constexpr std::size_t kLongestText = 2048;
constexpr std::size_t kLongestField = 512;
/// Lines about rejections, for each loop and second.
constexpr std::size_t kMostRefusals = 100;

using OpenLogger = std::function<std::shared_ptr<spdlog::logger>()>;

/// Takes lines from all loops, and writes them on a thread of its own.
class Writer {
 public:
  /// `open` makes the logger anew; empty where that is not ours to do.
  Writer(std::shared_ptr<spdlog::logger> logger, OpenLogger open)
      : logger_(std::move(logger)), open_(std::move(open)) {}
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

  /// Any thread.
  void reopen() {
    if (!open_) return;
    {
      const std::lock_guard lock{mutex_};
      reopening_ = true;
    }
    changed_.notify_one();
  }

  /// Blocks until what was given is written. Any thread.
  void flush() {
    std::unique_lock lock{mutex_};
    written_.wait(lock, [this] { return waiting_.empty() && !reopening_ && !writing_; });
  }

 private:
  void run() {
    std::string lines;
    std::unique_lock lock{mutex_};
    while (!ending_ || !waiting_.empty()) {
      changed_.wait(lock, [this] { return ending_ || reopening_ || !waiting_.empty(); });
      changed_.wait_for(lock, kGathering, [this] { return ending_ || reopening_; });
      std::swap(lines, waiting_);
      const bool reopen = std::exchange(reopening_, false);
      const std::size_t lost = std::exchange(lost_, 0);
      writing_ = true;
      lock.unlock();
      write(lines, lost);
      if (reopen) open_again();
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

  void open_again() {
    try {
      logger_ = open_();
    } catch (const std::exception& error) {
      log_error("telemetry", "{}; the file that was open is written on", error.what());
    }
  }

  std::shared_ptr<spdlog::logger> logger_;
  OpenLogger open_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable written_;
  bool writing_ = false;
  bool reopening_ = false;
  std::string waiting_;
  std::size_t lost_ = 0;
  bool ending_ = false;
  std::thread thread_{[this] { run(); }};
};

/// A text that comes again and again, as JSON: written once.
class KnownText {
 public:
  const std::string& as_json(std::string_view text, std::size_t limit = kLongestText) {
    if (text == text_ && !json_.empty()) return json_;
    text_ = text;
    json_ = json_text(text, limit);
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
  KnownText user_agent;

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
  /// A field that a peer may have sent; left out where it did not.
  void peer_field(std::string_view name, std::string_view json) {
    if (json.empty()) return;
    field(name, json);
  }
  /// One more rejection: true when it may have a line. `skipped`: those before it that had none.
  [[nodiscard]] bool admit_refusal(std::uint64_t& skipped) {
    const auto second = std::chrono::floor<std::chrono::seconds>(std::chrono::steady_clock::now());
    if (second != refusals_second_) {
      refusals_second_ = second;
      refusals_ = 0;
    }
    if (++refusals_ > kMostRefusals) {
      ++refusals_skipped_;
      return false;
    }
    skipped = std::exchange(refusals_skipped_, 0);
    return true;
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
  static constexpr std::size_t kRoom = 1024;

  void put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void at_turn_end() noexcept override { give(); }

  std::shared_ptr<Writer> writer_;
  fmt::memory_buffer text_;
  std::size_t lines_ = 0;  // in it
  char* at_ = nullptr;     // where the line that is being written goes on
  std::chrono::time_point<std::chrono::steady_clock, std::chrono::seconds> refusals_second_;
  std::size_t refusals_ = 0;  // in that second
  std::uint64_t refusals_skipped_ = 0;
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
  explicit Core(std::shared_ptr<spdlog::logger> logger, OpenLogger open = {})
      : writer_(std::make_shared<Writer>(std::move(logger), std::move(open))) {}

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

  void reopen() { writer_->reopen(); }

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

namespace {

OpenLogger opener_of(const std::string& path) {
  if (path == "-") return {};
  return [path] { return logger_of(path); };
}

Task<void> at_each_signal(std::unique_ptr<boost::asio::signal_set> set, std::function<void()> work) {
  for (;;) {
    co_await set->async_wait(use_task);
    work();
  }
}

/// Fields of a call or a request that describe its client, as JSON. Empty: the client did not send the field.
struct ClientTexts {
  template <class Fields>
  ClientTexts(Lines& lines, const Fields& fields) {
    if (const auto agent = fields.get("user-agent")) user_agent = lines.user_agent.as_json(*agent, kLongestField);
    if (const auto id = fields.get("x-request-id")) request_id = json_text(*id, kLongestField);
    if (const auto clients = fields.get("x-forwarded-for")) forwarded_for = json_text(*clients, kLongestField);
  }

  [[nodiscard]] std::size_t size() const noexcept {
    return user_agent.size() + request_id.size() + forwarded_for.size();
  }
  void put(Lines& lines) const {
    lines.peer_field(R"(,"user_agent":)", user_agent);
    lines.peer_field(R"(,"request_id":)", request_id);
    lines.peer_field(R"(,"forwarded_for":)", forwarded_for);
  }

  std::string_view user_agent;
  std::string request_id;
  std::string forwarded_for;
};

}  // namespace

AccessLog::AccessLog(const std::string& path) : core_(std::make_unique<Core>(logger_of(path), opener_of(path))) {}
AccessLog::AccessLog(std::shared_ptr<spdlog::logger> logger) : core_(std::make_unique<Core>(std::move(logger))) {}
AccessLog::~AccessLog() = default;

void AccessLog::reopen() noexcept { core_->reopen(); }

Task<void> AccessLog::reopen_on_hangup() {
  boost::asio::io_context& context = Loop::require_current("catching SIGHUP").context();
  auto set = std::make_unique<boost::asio::signal_set>(context, SIGHUP);
  return at_each_signal(std::move(set), [this] { reopen(); });
}

void AccessLog::on_call_begun(ServerContext& /*context*/) {}

void AccessLog::on_call_ended(const EndedCall& call) {
  Lines& lines = core_->here();
  const std::string& method = lines.method.as_json(call.context.method());
  const std::string& peer = lines.peer.as_json(call.context.peer());
  const std::string_view details = call.status.details();
  const std::string message = details.empty() ? std::string{} : json_text(details, kLongestText);
  const ClientTexts client{lines, call.context.metadata()};
  lines.begin("grpc", method.size() + peer.size() + message.size() + client.size());
  lines.field(R"(,"method":)", method);
  lines.field(R"(,"status":")", name_of(call.status.code()));
  lines.field(message.empty() ? "\"" : R"(","message":)", message);
  lines.field(R"(,"took_us":)", microseconds(call.took));
  lines.field(R"(,"peer":)", peer);
  lines.field(R"(,"received_messages":)", call.received.messages);
  lines.field(R"(,"received_bytes":)", call.received.bytes);
  lines.field(R"(,"sent_messages":)", call.sent.messages);
  lines.field(R"(,"sent_bytes":)", call.sent.bytes);
  client.put(lines);
  lines.end(call.context.trace());
}

void AccessLog::on_request_begun(rest::Request& /*request*/) {}

void AccessLog::on_request_ended(const rest::EndedRequest& ended) {
  const rest::Request& request = ended.request;
  Lines& lines = core_->here();
  const std::string& method = lines.method.as_json(request.method);
  const std::string& peer = lines.peer.as_json(request.peer);
  // What stands behind "?" is often nobody else's business.
  const std::string path = json_text(request.path(), kLongestText);
  const std::string route = request.route.empty() ? std::string{} : json_text(request.route, kLongestText);
  const ClientTexts client{lines, request.fields};
  lines.begin("http", method.size() + peer.size() + path.size() + route.size() + client.size());
  lines.field(R"(,"method":)", method);
  lines.field(R"(,"path":)", path);
  if (!route.empty()) lines.field(R"(,"route":)", route);
  lines.field(R"(,"status":)", ended.status);
  lines.field(R"(,"took_us":)", microseconds(ended.took));
  lines.field(R"(,"peer":)", peer);
  lines.field(R"(,"sent_bytes":)", ended.bytes_sent);
  client.put(lines);
  lines.end(request.trace.get());
}

void AccessLog::on_refused(const Refused& refused) {
  Lines& lines = core_->here();
  std::uint64_t skipped = 0;
  if (!lines.admit_refusal(skipped)) return;
  const std::string& peer = lines.peer.as_json(refused.peer);
  const std::string message = json_text(refused.text, kLongestText);
  lines.begin("refused", peer.size() + message.size());
  lines.field(R"(,"reason":")", name_of(refused.why));
  lines.field(R"(","message":)", message);
  lines.field(R"(,"peer":)", peer);
  if (skipped > 0) lines.field(R"(,"skipped_lines":)", skipped);
  lines.end(nullptr);
}

}  // namespace tern::telemetry
