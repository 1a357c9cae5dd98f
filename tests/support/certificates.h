// Certificates for tests, made by the openssl command in a folder that goes with the object.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

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

  /// NAME.pem and NAME.key, an authority that "ca" has signed.
  void make_intermediate(const std::string& name) const {
    make_request(name);
    std::ofstream{file(name + ".ext")} << "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n";
    sign(name, "ca", 2);
  }

  /// ca.crl, with these certificates on it.
  void revoke(const std::vector<std::string>& names) const {
    std::ofstream{file("ca.conf")} << "[ca]\ndefault_ca=own\n[own]\ndatabase=" << file("ca.index")
                                   << "\ndefault_md=sha256\ndefault_crl_days=2\n";
    std::ofstream{file("ca.index")};
    const std::string authority =
        "ca -config " + file("ca.conf") + " -cert " + file("ca.pem") + " -keyfile " + file("ca.key");
    for (const std::string& name : names) run(authority + " -revoke " + file(name + ".pem"));
    run(authority + " -gencrl -out " + file("ca.crl"));
  }

  /// NAME.pem and NAME.key, signed by that authority, for these subject alternative names ("DNS:localhost,IP:…").
  void make(const std::string& name, const std::string& names, const std::string& authority = "ca",
            int days = 2) const {
    make_request(name);
    std::ofstream{file(name + ".ext")} << "subjectAltName=" << names << "\n";
    sign(name, authority, days);
  }

  /// TO.key: the key of NAME, with a passphrase.
  void encrypt(const std::string& name, const std::string& to) const {
    run("pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret -in " + file(name + ".key") + " -out " + file(to + ".key"));
  }

 private:
  void make_request(const std::string& name) const {
    run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=" + name + "' -keyout " +
        file(name + ".key") + " -out " + file(name + ".csr"));
  }
  void sign(const std::string& name, const std::string& authority, int days) const {
    run("x509 -req -in " + file(name + ".csr") + " -CA " + file(authority + ".pem") + " -CAkey " +
        file(authority + ".key") + " -CAcreateserial -days " + std::to_string(days) + " -extfile " +
        file(name + ".ext") + " -out " + file(name + ".pem"));
  }
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
