#include "said_messages.h"

#include <functional>

namespace userchat {

namespace {

// As many retries as come late find their messages; 100 bytes each.
constexpr std::size_t kMostSaidMessages = 10'000;

}  // namespace

const SaidMessages::Said* SaidMessages::find(const std::string& id) const {
  const auto found = said_.find(id);
  return found == said_.end() ? nullptr : &found->second;
}

void SaidMessages::begin(const chat::v1::ChatMessage& message) {
  said_[message.message_id()] = {.hash = hash_of(message)};
}

void SaidMessages::finish(const chat::v1::ChatMessage& message, const chat::v1::ChatMessage& reply) {
  Said& said = said_[message.message_id()];
  said.timestamp = message.timestamp();
  said.reply_number = reply.number();
  finished_.push_back(message.message_id());
  if (finished_.size() <= kMostSaidMessages) return;
  said_.erase(finished_.front());
  finished_.pop_front();
}

std::size_t SaidMessages::hash_of(const chat::v1::ChatMessage& message) {
  return std::hash<std::string>{}(message.content()) * 31 + std::hash<std::string>{}(message.user_id());
}

}  // namespace userchat
