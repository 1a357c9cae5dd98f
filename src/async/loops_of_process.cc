#include "async/loops_of_process.h"

#include <utility>

namespace tern {

LoopsOfProcess& loops_of_process() {
  static auto* const kLoops = new LoopsOfProcess;
  return *kLoops;
}

void LoopsOfProcess::add(std::shared_ptr<LoopMailbox> mailbox) {
  const std::lock_guard lock{mutex_};
  mailboxes_.push_back(std::move(mailbox));
}

void LoopsOfProcess::remove(const LoopMailbox& mailbox) noexcept {
  const std::lock_guard lock{mutex_};
  std::erase_if(mailboxes_, [&mailbox](const auto& each) { return each.get() == &mailbox; });
}

std::vector<std::shared_ptr<LoopMailbox>> LoopsOfProcess::all() const {
  const std::lock_guard lock{mutex_};
  return mailboxes_;
}

}  // namespace tern
