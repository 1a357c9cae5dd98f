#include "client/channel_config.h"

#include <utility>

#include "client/check_options.h"

namespace tern {

namespace {

Target target_of(const ChannelOptions& options, const std::string& target) {
  if (options.resolver != nullptr) return Target::of_resolver(target);
  if (options.in_process != nullptr) return Target::in_process(target);
  return Target::parse(target);
}

/// The one place that decides it: the options' own name, then their authority, then the target.
std::optional<transport::PeerName> server_name_of(const ChannelOptions& options, const Target& target) {
  if (options.tls == nullptr) return std::nullopt;
  if (options.authority.empty()) return transport::PeerName::of_server(*options.tls, target.host);
  return transport::PeerName::of_server(*options.tls, transport::host_of_authority(options.authority));
}

}  // namespace

ChannelConfig::ChannelConfig(std::string target, ChannelOptions options)
    : target_(std::move(target)),
      options_(checked(std::move(options))),
      addresses_(target_of(options_, target_)),
      server_name_(server_name_of(options_, addresses_)),
      service_config_(std::make_shared<const ServiceConfig>(ServiceConfig::parse(options_.service_config))) {
  if (!options_.authority.empty()) {
    static_cast<void>(transport::host_of_authority(options_.authority));
    addresses_.authority = options_.authority;
  }
  // The texts were the caller's, and are read.
  options_.authority = addresses_.authority;
  options_.service_config = {};
}

}  // namespace tern
