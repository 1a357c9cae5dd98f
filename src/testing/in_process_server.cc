#include "tern/testing/in_process_server.h"

#include <stdexcept>
#include <utility>

namespace tern::testing {

InProcessServer::InProcessServer(ServerOptions server_options, ChannelOptions channel_options)
    : channel_options_(std::move(channel_options)), server_(std::make_unique<Server>(server_options)) {}

InProcessServer::~InProcessServer() = default;

void InProcessServer::listen() {
  if (std::exchange(listens_, true)) return;
  server_->listen(in_process_);
}

Channel& InProcessServer::channel() {
  if (channel_ == nullptr) channel_ = connect(channel_options_);
  return *channel_;
}

std::unique_ptr<Channel> InProcessServer::connect(ChannelOptions options) {
  if (options.in_process != nullptr) {
    throw std::invalid_argument("InProcessServer sets ChannelOptions::in_process itself: leave it out");
  }
  options.in_process = &in_process_;
  listen();
  return std::make_unique<Channel>("in-process", std::move(options));
}

Task<void> InProcessServer::stop(StopOptions options) {
  if (channel_ != nullptr) co_await channel_->close();
  co_await server_->stop(options);
}

}  // namespace tern::testing
