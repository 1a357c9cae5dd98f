// DatabaseAddress: a PostgreSQL database as its user names it: libpq's URL or keywords, read into servers to try in
// order and the options for each. The program and not libpq goes from server to server. libpq's non-blocking interface
// looks names up while the loop waits, gives up at the first name that does not resolve, and knows no timeout for each
// server.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace userchat::postgres {

/// Values by libpq's keywords ("host", "sslmode").
using Keywords = std::map<std::string, std::string>;

class DatabaseAddress {
 public:
  struct Server {
    std::string host;     // a name, an address, or the folder of a unix socket; empty: libpq's default
    std::string address;  // "hostaddr": empty unless the user gave it
    std::string port;     // empty: libpq's default

    /// True if `host` is a name that has to be looked up.
    [[nodiscard]] bool has_name() const;
  };

  /// Returns true if `text` is a URL ("postgresql://", "postgres://", in upper case too) or libpq's keywords
  /// ("host=… dbname=…").
  static bool matches(std::string_view text);

  /// Throws Error (kNoConnection) if `text` is malformed. The error has no part of `text`, because it may have a
  /// password.
  explicit DatabaseAddress(std::string_view text);

  /// In the order of the address. Without hosts: those of PGHOST, or one with libpq's default.
  [[nodiscard]] const std::vector<Server>& servers() const noexcept { return servers_; }

  /// Values of target_session_attrs to try one after the other, each with all servers. Several servers without the
  /// option are a primary and its replicas: read-write.
  [[nodiscard]] std::vector<std::string> session_attributes() const;

  /// The address's own connect_timeout, or `preset`; shorter where another server can be tried instead.
  [[nodiscard]] std::chrono::milliseconds connect_timeout(std::chrono::milliseconds preset) const;

  /// The user's options for one server at `ip` (may be empty), and the program's where the user has said nothing.
  /// libpq checks no target_session_attrs: see Connection.
  [[nodiscard]] Keywords options(const Server& server, const std::string& ip) const;

 private:
  [[nodiscard]] std::string get(const std::string& keyword) const;
  void read_servers();

  Keywords given_;
  Keywords environment_;  // PGHOST and its like
  std::vector<Server> servers_;
};

}  // namespace userchat::postgres
