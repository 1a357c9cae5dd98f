// A database of a test's own, on the cluster of with_postgres.py.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "postgres/connection.h"

namespace userchat {

/// The address of a new, empty database. `options` are those of CREATE DATABASE.
inline std::string new_database(const std::string& options = "") {
  const char* cluster = std::getenv("TERN_POSTGRES");
  if (cluster == nullptr) throw std::runtime_error("TERN_POSTGRES is not set: run this by tests/apps/with_postgres.py");
  static int number = 0;
  const std::string name = "test" + std::to_string(++number);
  const auto create = [](std::string url, std::string what) -> tern::Task<void> {
    postgres::CancelRequests cancels;
    const auto connection = co_await postgres::Connection::open(postgres::Options{std::move(url)}, cancels);
    co_await connection->script("CREATE DATABASE " + what);
  };
  tern::block_on(create(cluster, name + " " + options));
  std::string url = cluster;
  return url.replace(url.rfind('/') + 1, std::string::npos, name);
}

}  // namespace userchat
