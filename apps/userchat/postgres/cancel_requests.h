// CancelRequests: asks PostgreSQL to stop statements that nobody awaits any more.
#pragma once

#include <libpq-fe.h>

#include <memory>

namespace userchat::postgres {

struct FreeCancel {
  void operator()(PGcancel* cancel) const noexcept { PQfreeCancel(cancel); }
};
using CancelPtr = std::unique_ptr<PGcancel, FreeCancel>;

/// libpq makes a connection of its own for each and blocks meanwhile, for ever where the database hangs: so they have a
/// thread of their own, which nobody waits for at the end.
class CancelRequests {
 public:
  CancelRequests();
  CancelRequests(const CancelRequests&) = delete;
  CancelRequests& operator=(const CancelRequests&) = delete;
  /// Forgets those that were not sent yet.
  ~CancelRequests();

  /// Any thread. It does not matter whether it arrives: the statement's answer is dropped in any case.
  void send(CancelPtr cancel);

 private:
  struct Shared;
  static void send_all(const std::shared_ptr<Shared>& shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace userchat::postgres
