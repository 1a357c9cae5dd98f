#include "telemetry/process_families.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace tern::telemetry {

namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

/// One figure by the name of Prometheus' clients and by OpenTelemetry's, which do not follow from each other here.
struct Names {
  std::string_view prometheus;
  /// Empty: OpenTelemetry has none, and the figure is not sent by OTLP.
  std::string_view otlp;
  std::string_view unit;
};

void add(Families& families, Family family, std::string_view prometheus_name, double value) {
  family.name = prometheus_name;
  add_value(family, value);
  families.push_back(std::move(family));
}
void add_gauge(Families& families, const Names& names, std::string_view help, double value) {
  add(families, make_up_down_counter(names.otlp, names.unit, help), names.prometheus, value);
}

std::optional<double> open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator descriptors{"/proc/self/fd", error};
  if (error) return std::nullopt;
  return static_cast<double>(std::distance(begin(descriptors), end(descriptors)));
}

}  // namespace

/// /proc/self/stat counts from the machine's start, which /proc/stat has.
std::optional<double> process_start() {
  std::ifstream stat{"/proc/self/stat"};
  std::string text{std::istreambuf_iterator<char>{stat}, {}};
  // The name, in parentheses, may have anything in it.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields{text.substr(name_end + 1)};
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;  // proc(5): starttime is the 22nd
  double ticks = 0;
  try {
    ticks = std::stod(field);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  std::ifstream machine{"/proc/stat"};
  for (std::string word; machine >> word;) {
    double boot = 0;
    if (word == "btime" && machine >> boot) return boot + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  return std::nullopt;
}

Families process_families() {
  Families families;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    add(families, make_counter("process.cpu.time", "s", "Of all threads, in user and system mode."),
        "process_cpu_seconds_total", seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
  }
  std::ifstream memory{"/proc/self/statm"};
  double pages = 0;
  double resident = 0;
  if (memory >> pages >> resident) {
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    add_gauge(families, {"process_virtual_memory_bytes", "process.memory.virtual", "By"}, "Address space.",
              pages * page);
    add_gauge(families, {"process_resident_memory_bytes", "process.memory.usage", "By"}, "Memory that is really there.",
              resident * page);
  }
  if (const auto open = open_descriptors()) {
    add_gauge(families, {"process_open_fds", "process.unix.file_descriptor.count", "{file_descriptor}"},
              "File descriptors that are open.", *open);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    add_gauge(families, {"process_max_fds", "", ""}, "File descriptors that may be open.",
              static_cast<double>(limit.rlim_cur));
  }
  if (const auto start = process_start()) {
    add_gauge(families, {"process_start_time_seconds", "", ""}, "Since 1970.", *start);
  }
  return families;
}

}  // namespace tern::telemetry
