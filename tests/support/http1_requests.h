// Http1Requests: all requests of an HTTP/1.1 connection out of its bytes, by the library's readers and without I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rest/http1_body_reader.h"
#include "rest/http1_head_reader.h"

namespace tern::test {

struct ReadRequest {
  std::string method;
  std::string target;
  std::string body;
  bool operator==(const ReadRequest&) const = default;
};

class Http1Requests {
 public:
  explicit Http1Requests(std::size_t max_head_length) : max_head_length_(max_head_length), head_(max_head_length) {}

  /// Nothing is read after a rejection, or after a request that ends the connection.
  void read(std::string_view bytes) {
    while (!bytes.empty() && !ended()) bytes.remove_prefix(body_ ? read_body(bytes) : read_head(bytes));
  }

  /// Those whose body is whole.
  [[nodiscard]] const std::vector<ReadRequest>& requests() const noexcept { return requests_; }
  /// The status of what cannot be read.
  [[nodiscard]] std::optional<unsigned> rejected() const noexcept { return rejected_; }
  [[nodiscard]] bool ended() const noexcept { return rejected_ || closed_; }
  /// True when everything that was read belongs to one of the requests.
  [[nodiscard]] bool between_requests() const noexcept { return !body_ && !head_.begun() && !rejected_; }

  bool operator==(const Http1Requests& other) const {
    return requests_ == other.requests_ && rejected_ == other.rejected_ && closed_ == other.closed_ &&
           current_ == other.current_ && between_requests() == other.between_requests();
  }

 private:
  std::size_t read_head(std::string_view bytes) {
    const std::size_t used = head_.read(bytes);
    if (head_.state() == rest::Http1HeadReader::State::kRejected) rejected_ = head_.rejection().status;
    if (head_.state() == rest::Http1HeadReader::State::kWhole) {
      rest::Http1Head& head = head_.head();
      current_ = {head.method, head.target, {}};
      keep_alive_ = head.keep_alive;
      body_.emplace(head.framing, max_head_length_);
      end_if_whole();
    }
    return used;
  }
  std::size_t read_body(std::string_view bytes) {
    const rest::Http1BodyStep step = body_->read(bytes);
    current_.body += step.content;
    if (const auto rejection = body_->rejection()) rejected_ = rejection->status;
    end_if_whole();
    return step.used;
  }
  void end_if_whole() {
    if (!body_->whole()) return;
    requests_.push_back(current_);
    closed_ = !keep_alive_;
    current_ = {};
    body_.reset();
    head_ = rest::Http1HeadReader{max_head_length_};
  }

  std::size_t max_head_length_;
  rest::Http1HeadReader head_;
  std::optional<rest::Http1BodyReader> body_;
  ReadRequest current_;
  bool keep_alive_ = true;
  bool closed_ = false;
  std::optional<unsigned> rejected_;
  std::vector<ReadRequest> requests_;
};

}  // namespace tern::test
