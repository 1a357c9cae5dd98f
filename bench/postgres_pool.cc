// postgres_pool CALLS CONNECTIONS MILLISECONDS: so many coroutines on one loop each wait for a statement that takes so
// long; how long they take together, and how long the connections need at least.
//   tests/apps/with_postgres.py build/release/bench/postgres_pool 1000 20 10
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "postgres/pool.h"
#include "tern/tern.h"

namespace {

using namespace userchat;
using Seconds = std::chrono::duration<double>;

tern::Task<void> wait(postgres::Pool& pool, double seconds) {
  std::vector<std::string> parameters{std::to_string(seconds)};
  co_await pool.execute(0, std::move(parameters));
}

tern::Task<double> all_at_once(postgres::Pool& pool, std::size_t calls, double seconds) {
  const tern::Clock::time_point begin = tern::Clock::now();
  tern::TaskGroup group;
  for (std::size_t i = 0; i < calls; ++i) group.spawn(wait(pool, seconds));
  co_await group.join();
  const Seconds taken = tern::Clock::now() - begin;
  co_return taken.count();
}

tern::Task<void> measure(std::string url, std::size_t calls, std::size_t connections, double seconds) {
  postgres::Options options{std::move(url)};
  options.connections = connections;
  std::vector<postgres::Statement> statements(1);
  statements[0].sql = "SELECT pg_sleep($1::text::float8)";
  postgres::Pool pool{std::move(options), std::move(statements)};
  co_await all_at_once(pool, 10 * connections, 0);  // opens the connections
  const double limit = static_cast<double>(calls) / static_cast<double>(connections) * seconds;
  for (int round = 0; round < 5; ++round) {
    const double taken = co_await all_at_once(pool, calls, seconds);
    fmt::print("{} calls on {} connections: {:.0f} ms, at least {:.0f} ms: x {:.2f}\n", calls, connections, taken * 1e3,
               limit * 1e3, taken / limit);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* url = std::getenv("TERN_POSTGRES");
  if (argc != 4 || url == nullptr) {
    std::fputs("usage: with_postgres.py postgres_pool CALLS CONNECTIONS MILLISECONDS\n", stderr);
    return 2;
  }
  return tern::run(
      measure(url, std::strtoull(argv[1], nullptr, 10), std::strtoull(argv[2], nullptr, 10), std::atof(argv[3]) / 1e3));
}
