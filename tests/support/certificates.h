// Certificates for tests, made by the openssl command in a folder that goes with the object.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace tern::test {

class Certificates {
 public:
  Certificates() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tern-certificates-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = pattern;
    make_authority("ca");
  }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  ~Certificates() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string file(const std::string& name) const { return (folder_ / name).string(); }

  /// NAME.pem and NAME.key, its own authority.
  void make_authority(const std::string& name) const {
    run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=Authority " + name +
        "' -keyout " + file(name + ".key") + " -out " + file(name + ".pem"));
  }

  /// NAME.pem and NAME.key, signed by that authority, for these subject alternative names ("DNS:localhost,IP:…").
  void make(const std::string& name, const std::string& names, const std::string& authority = "ca",
            int days = 2) const {
    std::ofstream{file(name + ".ext")} << "subjectAltName=" << names << "\n";
    run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=" + name + "' -keyout " +
        file(name + ".key") + " -out " + file(name + ".csr"));
    run("x509 -req -in " + file(name + ".csr") + " -CA " + file(authority + ".pem") + " -CAkey " +
        file(authority + ".key") + " -CAcreateserial -days " + std::to_string(days) + " -extfile " +
        file(name + ".ext") + " -out " + file(name + ".pem"));
  }

 private:
  void run(const std::string& arguments) const {
    const std::string log = file("openssl.log");
    if (std::system(("openssl " + arguments + " >" + log + " 2>&1").c_str()) != 0) {
      std::ifstream output{log};
      throw std::runtime_error("openssl " + arguments + ": " + std::string{std::istreambuf_iterator<char>{output}, {}});
    }
  }
  std::filesystem::path folder_;
};

}  // namespace tern::test
