// HTTP/1.1 requests out of bytes (rest/http1_head_reader.h, rest/http1_body_reader.h). Two things hold:
//
//   requests that were written, bodies full of requests among them, are read as they were written, however they are
//   cut: no byte of a body is ever taken for a request, and no request is lost; what is read of any bytes does not
//   depend on how they are cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/input.h"
#include "support/http1_requests.h"

using tern::fuzz::Input;
using tern::test::Http1Requests;
using tern::test::ReadRequest;

namespace {

constexpr std::size_t kMaxHeadLength = 4096;

/// Reads `bytes` in pieces whose sizes the fuzzer gives.
Http1Requests read_cut(std::string_view bytes, Input& cuts) {
  Http1Requests requests{kMaxHeadLength};
  while (!bytes.empty()) {
    const std::size_t size = cuts.empty() ? bytes.size() : cuts.byte() + std::size_t{1};
    requests.read(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  return requests;
}

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string hex(std::size_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  do {
    text.insert(0, 1, kDigits[number % 16]);
    number /= 16;
  } while (number > 0);
  return text;
}

/// Writes requests as the fuzzer says.
class Writer {
 public:
  explicit Writer(Input& input) : input_(input) {}

  void write_request() {
    const unsigned choice = input_.byte();
    ReadRequest request{.method = (choice & 1U) != 0 ? "POST" : "GET", .target = target(), .body = body()};
    if ((choice & 2U) != 0) bytes += "\r\n";  // an empty line before it
    bytes += request.method + " " + request.target + " HTTP/1.1\r\nHost: a\r\n";
    if ((choice & 4U) != 0) {
      bytes += "transfer-encoding: Chunked\r\n\r\n";
      write_chunks(request.body);
    } else if ((choice & 8U) != 0 || !request.body.empty()) {
      bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n" + request.body;
    } else {
      bytes += "\r\n";
    }
    requests.push_back(std::move(request));
  }

  std::string bytes;
  std::vector<ReadRequest> requests;

 private:
  std::string target() { return "/" + std::to_string(input_.byte()); }
  /// What would be requests, chunks and heads, were it not a body.
  std::string body() {
    static const std::vector<std::string_view> kPieces{
        "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n",
        "0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\n",
        "\r\n\r\n",
        "POST /smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
        "5\r\nabcde\r\n"};
    std::string body;
    for (unsigned left = input_.byte() % 8; left > 0; --left) {
      const unsigned which = input_.byte();
      body += which % 4 == 0 ? text_of(input_.take(which)) : kPieces[which % kPieces.size()];
    }
    return body;
  }
  std::string extension() { return input_.byte() % 4 == 0 ? ";a=\"0;b\"" : ""; }
  void write_chunks(std::string_view body) {
    while (!body.empty()) {
      const std::string_view data = body.substr(0, input_.byte() + std::size_t{1});
      bytes += hex(data.size()) + extension() + "\r\n" + std::string{data} + "\r\n";
      body.remove_prefix(data.size());
    }
    bytes += "0" + extension() + "\r\n";
    if (input_.byte() % 4 == 0) bytes += "Content-Length: 7\r\nX: y\r\n";
    bytes += "\r\n";
  }

  Input& input_;
};

void read_what_was_written(Input& input) {
  Writer writer{input};
  for (unsigned left = input.byte() % 8; left > 0; --left) writer.write_request();
  const Http1Requests read = read_cut(writer.bytes, input);
  tern::fuzz::require(!read.rejected(), "requests that are well-formed are read");
  tern::fuzz::require(read.requests() == writer.requests, "the requests that were written are those that are read");
  tern::fuzz::require(read.between_requests(), "nothing is left over");
}

void read_anything(Input& input) {
  const std::span<const std::uint8_t> sizes = input.take(input.byte());
  Input cuts{sizes.data(), sizes.size()};
  const std::string_view bytes = text_of(input.rest());
  Http1Requests whole{kMaxHeadLength};
  whole.read(bytes);
  tern::fuzz::require(read_cut(bytes, cuts) == whole, "what is read does not depend on how the bytes are cut");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, size};
  if (input.byte() % 2 == 0) {
    read_what_was_written(input);
  } else {
    read_anything(input);
  }
  return 0;
}
