// Progress is looked at once a second, since nothing tells when the peer's system takes bytes: a peer that reads slowly
// takes some of them between two looks, a peer that is gone takes none.
#include "transport/lingering_close.h"

#include <array>
#include <cstdint>
#include <utility>

namespace tern::transport {

namespace {

constexpr std::chrono::seconds kProgressEvery{1};

// At most 256 KiB are dropped in one event: a peer that sends without pause must not keep the loop from the others.
constexpr std::size_t kDroppedAtOnce = std::size_t{16} * 1024;
constexpr int kReadsAtOnce = 16;

}  // namespace

class LingeringCloses::Close final : public ListNode<LingeringCloses::Close>, private ByteStreamEvents {
 public:
  Close(LingeringCloses& owner, std::unique_ptr<ByteStream> stream) : owner_(owner), stream_(std::move(stream)) {}
  Close(const Close&) = delete;
  Close& operator=(const Close&) = delete;
  ~Close() = default;

  void start() {
    undelivered_ = stream_->undelivered();
    shut_down();
    stream_->want_read(*this);
    owner_.loop_.arm(timer_, Clock::now() + kProgressEvery);
  }

 private:
  void shut_down() {
    if (!stream_->shut_down_writing()) stream_->want_write(*this);
  }
  void on_writable() override { shut_down(); }

  void on_readable() override {
    static thread_local std::array<std::uint8_t, kDroppedAtOnce> dropped;
    for (int reads = 0; reads < kReadsAtOnce; ++reads) {
      const IoResult result = stream_->read(dropped);
      if (result.would_block) break;
      dropped_ += result.size;
      const bool peer_closed = result.error || result.size == 0;
      if (peer_closed || dropped_ > owner_.limits_.bytes) return owner_.remove(*this);
    }
    stream_->want_read(*this);
  }

  void look() {
    const std::size_t undelivered = stream_->undelivered();
    const bool progress = undelivered < undelivered_ || dropped_ > dropped_before_;
    undelivered_ = undelivered;
    dropped_before_ = dropped_;
    without_progress_ = progress ? std::chrono::seconds{0} : without_progress_ + kProgressEvery;
    if (undelivered == 0) since_delivery_ += kProgressEvery;
    const LingerLimits& limits = owner_.limits_;
    const std::chrono::seconds patience = undelivered > 0 ? limits.undelivered : limits.silent;
    if (without_progress_ >= patience || since_delivery_ >= limits.delivered) return owner_.remove(*this);
    owner_.loop_.arm(timer_, Clock::now() + kProgressEvery);
  }

  LingeringCloses& owner_;
  std::unique_ptr<ByteStream> stream_;
  MemberTimer<Close, &Close::look> timer_{*this};
  std::size_t dropped_ = 0;         // bytes
  std::size_t dropped_before_ = 0;  // at the last look
  std::size_t undelivered_ = 0;     // at the last look
  std::chrono::seconds without_progress_{};
  std::chrono::seconds since_delivery_{};
};

LingeringCloses::LingeringCloses(Loop& loop, std::function<void()> emptied, LingerLimits limits)
    : loop_(loop), emptied_(std::move(emptied)), limits_(limits) {}

LingeringCloses::~LingeringCloses() { close_all(); }

void LingeringCloses::add(std::unique_ptr<ByteStream> stream) {
  auto* close = new Close(*this, std::move(stream));
  closes_.push_back(*close);
  close->start();
}

void LingeringCloses::remove(Close& close) {
  delete &close;
  if (closes_.empty()) emptied_();
}

bool LingeringCloses::close_oldest() {
  if (closes_.empty()) return false;
  delete &closes_.pop_front();
  return true;
}

void LingeringCloses::close_all() noexcept {
  while (close_oldest()) {
  }
}

}  // namespace tern::transport
