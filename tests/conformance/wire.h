// Shared by the two programs under test: size-delimited messages over stdin and stdout
// (connectrpc.com/conformance, docs/testing_servers.md), and metadata and errors as messages.
#pragma once

#include <connectrpc/conformance/v1/service.pb.h>
#include <google/protobuf/message_lite.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "rpc/base64.h"
#include "tern/rpc/metadata.h"
#include "tern/services/status_details.h"

namespace tern::conformance {

using connectrpc::conformance::v1::Error;
using connectrpc::conformance::v1::Header;
using Headers = google::protobuf::RepeatedPtrField<Header>;

/// Reads one message from stdin: four bytes of length, big-endian, and the message. Blocks. Returns false at the end of
/// the input. Throws std::runtime_error if the input ends inside a message or does not parse.
inline bool read_delimited(google::protobuf::MessageLite& message) {
  std::array<unsigned char, 4> prefix{};
  if (std::fread(prefix.data(), 1, prefix.size(), stdin) != prefix.size()) return false;
  const std::uint32_t size = std::uint32_t{prefix[0]} << 24 | std::uint32_t{prefix[1]} << 16 |
                             std::uint32_t{prefix[2]} << 8 | std::uint32_t{prefix[3]};
  std::string bytes(size, '\0');
  if (std::fread(bytes.data(), 1, size, stdin) != size) throw std::runtime_error("stdin ended inside a message");
  if (!message.ParseFromString(bytes)) throw std::runtime_error("a message on stdin does not parse");
  return true;
}

/// Writes one message to stdout in the same way, and flushes.
inline void write_delimited(const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  for (const int shift : {24, 16, 8, 0}) std::putc(static_cast<int>(bytes.size() >> shift & 0xFF), stdout);
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  std::fflush(stdout);
}

/// Adds the headers to `metadata`. Values of "-bin" keys are base64 in `headers` and raw in `metadata`.
inline void add_headers(const Headers& headers, Metadata& metadata) {
  for (const Header& header : headers) {
    for (const std::string& value : header.value()) {
      if (header.name().ends_with("-bin")) {
        metadata.add(header.name(), rpc::decode_base64(value).value_or(value));
      } else {
        metadata.add(header.name(), value);
      }
    }
  }
}

/// The reverse of add_headers(): one header for each key, its values in their order.
inline void set_headers(const Metadata& metadata, Headers& headers) {
  std::map<std::string_view, Header*> by_key;
  for (const auto& [key, value] : metadata) {
    Header*& header = by_key[key];
    if (header == nullptr) {
      header = headers.Add();
      header->set_name(std::string{key});
    }
    header->add_value(key.ends_with("-bin") ? rpc::encode_base64(value) : std::string{value});
  }
}

inline Status to_status(const Error& error) {
  google::rpc::Status all;
  all.set_code(error.code());
  all.set_message(error.message());
  *all.mutable_details() = error.details();
  return Status{static_cast<StatusCode>(error.code()), error.message(),
                error.details().empty() ? std::string{} : all.SerializeAsString()};
}

inline Error to_error(const Status& status) {
  Error error;
  error.set_code(static_cast<connectrpc::conformance::v1::Code>(status.code()));
  error.set_message(status.details());
  if (const auto all = error_details(status)) *error.mutable_details() = all->details();
  return error;
}

/// A temporary folder for certificates, which tern reads from files. The destructor removes it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tern-conformance-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed for " + pattern);
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  /// Writes `bytes` to a new file and returns its path; returns an empty path for no bytes.
  std::string write(const std::string& bytes) {
    if (bytes.empty()) return {};
    const std::string file = (path_ / std::to_string(++files_)).string();
    std::ofstream{file} << bytes;
    return file;
  }

 private:
  std::filesystem::path path_;
  int files_ = 0;
};

}  // namespace tern::conformance
