#include "postgres/database_address.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <memory>
#include <utility>

#include "postgres/result.h"

namespace userchat::postgres {

namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using OptionsPtr = std::unique_ptr<PQconninfoOption, FreeOptions>;

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::chrono::milliseconds kLongestTryOfSeveral{2'000};

/// A network that drops packets is noticed within seconds, also while a long statement runs: TCP asks a silent server
/// for a sign of life, which a slow one gives.
constexpr std::array<std::pair<const char*, const char*>, 4> kLiveness{
    {{"keepalives_idle", "2"}, {"keepalives_interval", "1"}, {"keepalives_count", "3"}, {"tcp_user_timeout", "4000"}}};

std::string_view trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  text.remove_suffix(text.size() - std::min(text.find_last_not_of(kBlanks) + 1, text.size()));
  return text;
}

std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

/// The length of "postgresql://", or 0. libpq takes the scheme in lower case only.
std::size_t scheme_length(std::string_view text) {
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (lower_case(text.substr(0, scheme.size())) == scheme) return scheme.size();
  }
  return 0;
}

/// As libpq reads it: without the blanks around it that a shell or a file with a secret leaves.
std::string normalized(std::string_view text) {
  text = trim(text);
  const std::size_t scheme = scheme_length(text);
  return lower_case(text.substr(0, scheme)) + std::string{text.substr(scheme)};
}

Keywords values_of(const PQconninfoOption* option) {
  Keywords values;
  for (; option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  return values;
}

[[noreturn]] void fail(const std::string& what) { throw Error(kNoConnection, "--database: " + what); }

/// libpq quotes the piece that it could not read. That piece may be the password.
std::string without_quotation(std::string_view message) {
  message = trim(message);
  const std::size_t first = message.find('"');
  const std::size_t last = message.rfind('"');
  if (first == last) return std::string{message};
  return fmt::format("{}\"…\"{}", message.substr(0, first), message.substr(last + 1));
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

void check_port(const std::string& port) {
  constexpr int kLast = 65535;
  int number = 0;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || (problem == std::errc{} && end == port.data() + port.size() && number >= 1 && number <= kLast))
    return;
  fail("a port is not a number from 1 to 65535; in a URL, write / in the password as %2F and : as %3A");
}

}  // namespace

bool DatabaseAddress::Server::has_name() const {
  return address.empty() && !host.empty() && host.front() != '/' && host.front() != '@';
}

bool DatabaseAddress::matches(std::string_view text) {
  text = trim(text);
  if (scheme_length(text) > 0) return true;
  const std::string_view keyword = trim(text.substr(0, std::min(text.find('='), text.size())));
  if (keyword.size() == text.size()) return false;
  const OptionsPtr known{PQconndefaults()};
  for (const PQconninfoOption* option = known.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (keyword == option->keyword) return true;
  }
  return false;
}

DatabaseAddress::DatabaseAddress(std::string_view text) {
  char* problem = nullptr;
  const OptionsPtr parsed{PQconninfoParse(normalized(text).c_str(), &problem)};
  if (!parsed) {
    const std::string what = without_quotation(problem != nullptr ? problem : "out of memory");
    PQfreemem(problem);
    fail(fmt::format("not a PostgreSQL address: {}; in a URL, write @ : / ? # % and blanks in the password as %XX",
                     what));
  }
  given_ = values_of(parsed.get());
  const OptionsPtr defaults{PQconndefaults()};
  environment_ = values_of(defaults.get());
  read_servers();
}

std::string DatabaseAddress::get(const std::string& keyword) const {
  for (const Keywords* values : {&given_, &environment_}) {
    const auto found = values->find(keyword);
    if (found != values->end() && !found->second.empty()) return found->second;
  }
  return "";
}

void DatabaseAddress::read_servers() {
  const bool of_service = given_.contains("service") && !given_.contains("host") && !given_.contains("hostaddr");
  // libpq alone reads the file of services, when it connects.
  if (of_service || (get("host").empty() && get("hostaddr").empty())) {
    servers_.push_back({.host = "", .address = "", .port = ""});
    return;
  }
  const std::vector<std::string> hosts = split(get("host"));
  const std::vector<std::string> addresses = split(get("hostaddr"));
  const std::vector<std::string> ports = split(get("port"));
  const std::size_t count = get("host").empty() ? addresses.size() : hosts.size();
  const bool has_addresses = !get("hostaddr").empty();
  if (has_addresses && addresses.size() != count) {
    fail(fmt::format("{} hosts and {} values of hostaddr", count, addresses.size()));
  }
  if (ports.size() != 1 && ports.size() != count) fail(fmt::format("{} hosts and {} ports", count, ports.size()));
  for (std::size_t i = 0; i < count; ++i) {
    Server server{.host = get("host").empty() ? "" : hosts[i],
                  .address = has_addresses ? addresses[i] : "",
                  .port = ports.size() == 1 ? ports.front() : ports[i]};
    check_port(server.port);
    if (server.has_name() && server.host.find('@') != std::string::npos) {
      fail("a host has an \"@\"; in a URL, write @ in the password as %40");
    }
    servers_.push_back(std::move(server));
  }
}

std::vector<std::string> DatabaseAddress::session_attributes() const {
  std::string wanted = get("target_session_attrs");
  if (wanted == "prefer-standby") return {"standby", "any"};
  const bool said = given_.contains("target_session_attrs") || (!wanted.empty() && wanted != "any");
  if (!said && servers_.size() > 1) wanted = "read-write";
  return {wanted.empty() ? "any" : wanted};
}

std::chrono::milliseconds DatabaseAddress::connect_timeout(std::chrono::milliseconds preset) const {
  const std::string said = get("connect_timeout");
  int seconds = 0;
  std::from_chars(said.data(), said.data() + said.size(), seconds);
  if (seconds > 0) return std::chrono::seconds{seconds};
  return servers_.size() > 1 ? std::min(preset, kLongestTryOfSeveral) : preset;
}

Keywords DatabaseAddress::options(const Server& server, const std::string& ip) const {
  Keywords options = given_;
  for (const auto& [keyword, value] : kLiveness) options.try_emplace(keyword, value);
  options.try_emplace("fallback_application_name", "userchat");
  // Messages of gRPC are UTF-8, whatever the database's own encoding is.
  options["client_encoding"] = "UTF8";
  options["target_session_attrs"] = "any";
  const auto replace = [&options](const char* keyword, const std::string& value) {
    options.erase(keyword);
    if (!value.empty()) options[keyword] = value;
  };
  replace("host", server.host);
  replace("port", server.port);
  replace("hostaddr", ip);
  // A newer libpq would put one server into an order of its own.
  options.erase("load_balance_hosts");
  return options;
}

}  // namespace userchat::postgres
