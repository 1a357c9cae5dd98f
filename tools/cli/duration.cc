#include "cli/duration.h"

#include <map>

namespace tern::tool {

CLI::Option* add_duration(CLI::App& command, const std::string& name, double& seconds, const std::string& help) {
  const std::map<std::string, double> units{{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
  return command.add_option(name, seconds, help)
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"))
      ->check(CLI::NonNegativeNumber);
}

}  // namespace tern::tool
