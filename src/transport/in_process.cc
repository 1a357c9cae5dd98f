#include "tern/transport/in_process.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "text/log.h"
#include "transport/byte_stream.h"

namespace tern {

namespace {

using transport::ByteStream;
using transport::ByteStreamEvents;
using transport::IoResult;

/// What one end has written and the other not read is no more than this.
constexpr std::size_t kPipeBytes = std::size_t{256} * 1024;

/// The bytes on their way from one end to the other.
struct Pipe {
  std::string bytes;
  std::size_t read = 0;    // of bytes
  bool closed = false;     // by the end that writes
  bool abandoned = false;  // by the end that reads
  // Who waits for it; events are called on that end's own loop.
  bool reader_waits = false;
  bool writer_waits = false;
};

/// Both ends, which may live on different loops.
struct Pair {
  std::mutex mutex;
  std::array<Pipe, 2> pipes;  // by the end that writes

  struct End {
    Loop* loop = nullptr;
    class InProcessStream* stream = nullptr;  // of the loop's thread; null when it is closed
  };
  std::array<std::shared_ptr<End>, 2> ends{std::make_shared<End>(), std::make_shared<End>()};
};

class InProcessStream final : public ByteStream {
 public:
  InProcessStream(Loop& loop, std::shared_ptr<Pair> pair, std::size_t end) : pair_(std::move(pair)), end_(end) {
    pair_->ends[end_]->loop = &loop;
    pair_->ends[end_]->stream = this;
  }
  InProcessStream(const InProcessStream&) = delete;
  InProcessStream& operator=(const InProcessStream&) = delete;
  ~InProcessStream() override {
    pair_->ends[end_]->stream = nullptr;
    const std::lock_guard lock{pair_->mutex};
    outgoing().closed = true;
    incoming().abandoned = true;
    incoming().bytes.clear();
    incoming().read = 0;
    // This end waits no more, and its loop may soon be gone.
    incoming().reader_waits = outgoing().writer_waits = false;
    wake_reader(outgoing());
    wake_writer(incoming());
  }

  IoResult read(std::span<std::uint8_t> to) override {
    const std::lock_guard lock{pair_->mutex};
    Pipe& pipe = incoming();
    const std::size_t size = std::min(to.size(), pipe.bytes.size() - pipe.read);
    if (size == 0) return {.size = 0, .would_block = !pipe.closed, .error = {}};
    std::copy_n(pipe.bytes.data() + pipe.read, size, to.data());
    pipe.read += size;
    if (pipe.read == pipe.bytes.size()) {
      pipe.bytes.clear();
      pipe.read = 0;
    }
    wake_writer(pipe);
    return {.size = size, .would_block = false, .error = {}};
  }

  IoResult write(std::span<const iovec> pieces) override {
    const std::lock_guard lock{pair_->mutex};
    Pipe& pipe = outgoing();
    if (pipe.abandoned) {
      return {.size = 0, .would_block = false, .error = make_error_code(boost::system::errc::broken_pipe)};
    }
    IoResult result;
    for (const iovec& piece : pieces) {
      const std::size_t room = kPipeBytes - std::min(kPipeBytes, pipe.bytes.size() - pipe.read);
      const std::size_t size = std::min(room, piece.iov_len);
      pipe.bytes.append(static_cast<const char*>(piece.iov_base), size);
      result.size += size;
      if (size < piece.iov_len) break;
    }
    result.would_block = result.size == 0;
    if (result.size > 0) wake_reader(pipe);
    return result;
  }

  void want_read(ByteStreamEvents& events) override {
    const std::lock_guard lock{pair_->mutex};
    reading_ = &events;
    Pipe& pipe = incoming();
    pipe.reader_waits = true;
    if (pipe.read < pipe.bytes.size() || pipe.closed) wake_reader(pipe);
  }
  void want_write(ByteStreamEvents& events) override {
    const std::lock_guard lock{pair_->mutex};
    writing_ = &events;
    Pipe& pipe = outgoing();
    pipe.writer_waits = true;
    if (pipe.bytes.size() - pipe.read < kPipeBytes || pipe.abandoned) wake_writer(pipe);
  }

  bool shut_down_writing() override {
    const std::lock_guard lock{pair_->mutex};
    outgoing().closed = true;
    wake_reader(outgoing());
    return true;
  }
  [[nodiscard]] std::size_t undelivered() const override {
    const std::lock_guard lock{pair_->mutex};
    const Pipe& pipe = pair_->pipes[end_];
    return pipe.bytes.size() - pipe.read;
  }

  [[nodiscard]] std::string peer() const override { return "in-process"; }
  [[nodiscard]] std::string local() const override { return "in-process"; }

 private:
  Pipe& outgoing() noexcept { return pair_->pipes[end_]; }
  Pipe& incoming() noexcept { return pair_->pipes[1 - end_]; }

  // With the lock held; the event comes in a turn of the waiting end's own loop.
  void wake_reader(Pipe& pipe) {
    if (!std::exchange(pipe.reader_waits, false)) return;
    const auto& end = pair_->ends[&pipe == pair_->pipes.data() ? 1 : 0];
    end->loop->post([end] {
      if (end->stream != nullptr && end->stream->reading_ != nullptr) end->stream->reading_->on_readable();
    });
  }
  void wake_writer(Pipe& pipe) {
    if (!std::exchange(pipe.writer_waits, false)) return;
    const auto& end = pair_->ends[&pipe == pair_->pipes.data() ? 0 : 1];
    end->loop->post([end] {
      if (end->stream != nullptr && end->stream->writing_ != nullptr) end->stream->writing_->on_writable();
    });
  }

  std::shared_ptr<Pair> pair_;
  std::size_t end_;
  ByteStreamEvents* reading_ = nullptr;
  ByteStreamEvents* writing_ = nullptr;
};

}  // namespace

struct InProcess::Serving {
  Serving(Loop& its_home, Accept its_accept) : home(its_home), accept(std::move(its_accept)) {}
  Loop& home;
  Accept accept;
  std::atomic<bool> stopped = false;

  [[nodiscard]] Loop& loop_for(Loop& client) const {
    const auto& siblings = home.siblings();
    return std::find(siblings.begin(), siblings.end(), &client) != siblings.end() ? client : home;
  }
};

struct InProcess::Shared {
  std::mutex mutex;
  std::shared_ptr<Serving> serving;
};

InProcess::InProcess() : shared_(std::make_shared<Shared>()) {}

InProcess::~InProcess() {
  const std::lock_guard lock{shared_->mutex};
  if (shared_->serving == nullptr) return;
  log_error(
      "transport",
      "an InProcess is destroyed while a server listens on it: declare it before the server, or await Server::stop() "
      "before");
}

std::function<void()> InProcess::serve(Loop& home, Accept accept) {
  const std::lock_guard lock{shared_->mutex};
  if (shared_->serving != nullptr) {
    throw std::logic_error("an InProcess is served by one server at a time: stop that one, or make another InProcess");
  }
  shared_->serving = std::make_shared<Serving>(home, std::move(accept));
  return [shared = shared_] {
    const std::lock_guard its_lock{shared->mutex};
    if (shared->serving != nullptr) shared->serving->stopped = true;
    shared->serving.reset();
  };
}

std::unique_ptr<ByteStream> InProcess::connect(Loop& loop) {
  const std::lock_guard lock{shared_->mutex};
  const std::shared_ptr<Serving> serving = shared_->serving;
  if (serving == nullptr) throw std::runtime_error("failed to connect: no server listens on this InProcess");
  const auto pair = std::make_shared<Pair>();
  auto client = std::make_unique<InProcessStream>(loop, pair, 0);
  Loop& server_loop = serving->loop_for(loop);
  pair->ends[1]->loop = &server_loop;
  server_loop.post([serving, pair, &server_loop] {
    auto server = std::make_unique<InProcessStream>(server_loop, pair, 1);
    if (!serving->stopped) serving->accept(server_loop, std::move(server));
  });
  return client;
}

}  // namespace tern
