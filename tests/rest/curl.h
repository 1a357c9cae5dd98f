// curl as a client, in a process of its own.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "rest/any_client.h"
#include "tern/async/executor.h"

namespace tern::rest::test {

/// A file that does not outlive the test.
class TemporaryFile {
 public:
  TemporaryFile() {
    const int file = mkstemp(path_.data());
    if (file >= 0) close(file);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string read() const {
    std::ifstream file{path_, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  void write(std::string_view bytes) const { std::ofstream{path_, std::ios::binary} << bytes; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "tern_content_XXXXXX").string();
};

inline bool has_curl() { return std::system("curl --version >/dev/null 2>&1") == 0; }

inline std::string_view curl_option(Version version) {
  return version == Version::kHttp1 ? "--http1.1" : "--http2-prior-knowledge";
}

inline std::string run_curl(const std::string& arguments) {
  const std::string command = "curl --silent --show-error --max-time 60 " + arguments + " 2>&1";
  std::FILE* output = popen(command.c_str(), "r");
  if (output == nullptr) throw std::runtime_error{"popen"};
  std::string text;
  std::string piece(65536, '\0');
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), output)) text.append(piece, 0, size);
  const int status = pclose(output);
  return status == 0 ? text : text + " curl ended with " + std::to_string(status);
}

/// Runs `curl ARGUMENTS` and returns what it printed, with an exit status other than 0 behind it.
inline Task<std::string> curl(std::string arguments) {
  const auto run = [&arguments] { return run_curl(arguments); };
  co_return co_await run_in_executor(run);
}

}  // namespace tern::rest::test
