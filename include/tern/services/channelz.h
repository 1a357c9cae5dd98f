// Channelz: grpc.channelz.v1, by which tools see a process's servers, channels and connections, and what they did
// (gRPC's proposal A14).
//
//   tern::Channelz channelz;
//   channelz.add(server);
//   channelz.add(channel);
//   server.add_service(channelz);
#pragma once

#include <memory>

#include "tern/api.h"
#include "tern/server/service.h"

namespace tern {

class Channel;
class Server;

/// Tells whoever may call the server of the peers' addresses and certificates: serve it where only operators come.
/// Outlives its server. Any thread.
class TERN_API Channelz final : public Service {
 public:
  Channelz();
  ~Channelz() override;

  /// Shown until removed: also when it has ended, which may come at any time.
  void add(const Server& server);
  void add(const Channel& channel);
  void remove(const Server& server);
  void remove(const Channel& channel);

 private:
  class Methods;
  std::unique_ptr<Methods> implementation_;
};

}  // namespace tern
