// RefusalLog: of all that one connection is refused, the first goes into the log; the rest would fill it.
#pragma once

#include <string_view>
#include <utility>

#include "text/log.h"
#include "text/utf8.h"

namespace tern {

class RefusalLog {
 public:
  void note(std::string_view peer, std::string_view text) {
    if (!std::exchange(noted_, true)) log_info("server", "{}: {}", peer, text::log_text(text));
  }

 private:
  bool noted_ = false;
};

}  // namespace tern
