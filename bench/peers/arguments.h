// What every server here is told, and what it serves: see README.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "user/v1/user.pb.h"

namespace bench {

inline constexpr int kMaxMessageLength = 50 * 1024 * 1024;

struct Arguments {
  std::string port;
  std::size_t name_bytes = 0;
  std::chrono::milliseconds wait{};
  std::size_t threads = 1;
  std::string certificate;
  std::string key;

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + port; }
  [[nodiscard]] bool tls() const { return !certificate.empty(); }
  [[nodiscard]] bool knows(std::int64_t id) const { return id == 1 || name_bytes > 0; }
};

inline Arguments read_arguments(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: PORT [NAME_BYTES [WAIT_MS [THREADS [CERTIFICATE KEY]]]]\n", stderr);
    std::exit(2);
  }
  Arguments arguments;
  arguments.port = argv[1];
  if (argc > 2) arguments.name_bytes = std::strtoull(argv[2], nullptr, 10);
  if (argc > 3) arguments.wait = std::chrono::milliseconds{std::strtoll(argv[3], nullptr, 10)};
  if (argc > 4) arguments.threads = std::strtoull(argv[4], nullptr, 10);
  if (argc > 6) {
    arguments.certificate = argv[5];
    arguments.key = argv[6];
  }
  return arguments;
}

inline user::v1::User sample(const Arguments& arguments) {
  user::v1::User user;
  user.set_id(1);
  user.set_name("홍길동");
  user.set_email("hong@example.com");
  user.set_status(user::v1::USER_STATUS_ACTIVE);
  if (arguments.name_bytes > 0) {
    user.Clear();
    user.set_name(std::string(arguments.name_bytes, 'x'));
  }
  return user;
}

inline std::string not_found(std::int64_t id) { return "User " + std::to_string(id) + " not found"; }

inline std::string read_file(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace bench
