// Http1HeadReader: the head of one HTTP/1.1 request out of bytes, however these are cut (RFC 9112 §2 to §5). It does no
// I/O. It is strict: whatever another implementation might read in another way is rejected, and not repaired.
//
//   kReading --an empty line--> kWhole
//       \------malformed, too long, not supported--> kRejected
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "rest/http1_framing.h"
#include "rest/http1_rejection.h"
#include "tern/rest/message.h"

namespace tern::rest {

struct Http1Head {
  std::string method;
  /// "/path?query", or "*". The absolute form's host is in `fields` as "host".
  std::string target;
  Fields fields;
  /// 0 for HTTP/1.0, 1 for HTTP/1.1 and for later minor versions (RFC 9110 §2.5).
  unsigned minor_version = 1;
  Http1Framing framing;
  /// The client leaves the connection open after the response (RFC 9112 §9.3).
  bool keep_alive = true;
  /// The client waits for "100 Continue" before it sends the body (RFC 9110 §10.1.1).
  bool expects_continue = false;
};

class Http1HeadReader {
 public:
  enum class State : unsigned char { kReading, kWhole, kRejected };

  /// `max_length` in bytes, from the request line to the empty line.
  explicit Http1HeadReader(std::size_t max_length) noexcept : max_length_(max_length) {}

  /// Reads on, and returns how many bytes it used: all of them, unless the state changed.
  std::size_t read(std::string_view bytes);

  [[nodiscard]] State state() const noexcept { return state_; }
  /// True when something of the request has been read.
  [[nodiscard]] bool begun() const noexcept { return request_line_read_ || !partial_.empty(); }
  /// Whole in kWhole, and as far as it was understood otherwise.
  [[nodiscard]] Http1Head& head() noexcept { return head_; }
  /// In kRejected.
  [[nodiscard]] const Http1Rejection& rejection() const noexcept { return *rejection_; }

 private:
  std::size_t read_line(std::string_view bytes);
  void end_line(std::string_view line);
  void end_head();
  void read_request_line(std::string_view line);
  bool read_version(std::string_view text);
  void read_field(std::string_view line);
  bool check_host();
  bool read_expectations();
  void reject(unsigned status, std::string text);

  std::size_t max_length_;
  std::size_t length_ = 0;  // of the head so far, in bytes
  State state_ = State::kReading;
  bool request_line_read_ = false;
  unsigned empty_lines_ = 0;
  std::string partial_;  // of a line whose end has not arrived
  std::optional<std::string> authority_;
  Http1Head head_;
  std::optional<Http1Rejection> rejection_;
};

}  // namespace tern::rest
