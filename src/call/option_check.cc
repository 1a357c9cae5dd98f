#include "call/option_check.h"

#include <fmt/format.h>

#include <stdexcept>

namespace tern {

namespace {

double seconds(std::chrono::nanoseconds value) { return std::chrono::duration<double>(value).count(); }

}  // namespace

void reject_option(std::string_view name, std::string_view problem) {
  throw std::invalid_argument(fmt::format("{} {}", name, problem));
}

void require_not_negative(std::string_view name, std::chrono::nanoseconds value, std::string_view zero_means) {
  if (value.count() >= 0) return;
  reject_option(name, fmt::format("is {:g} s: it must not be negative; 0 means {}", seconds(value), zero_means));
}

void require_positive(std::string_view name, std::chrono::nanoseconds value) {
  if (value.count() > 0) return;
  reject_option(name, fmt::format("is {:g} s: it must be longer than 0", seconds(value)));
}

void require_positive(std::string_view name, std::optional<std::chrono::nanoseconds> value) {
  if (!value || value->count() > 0) return;
  reject_option(name, fmt::format("is {:g} s: it must be longer than 0; std::nullopt lifts it", seconds(*value)));
}

void reject_zero_limit(std::string_view name, std::string_view problem) {
  reject_option(name, fmt::format("is 0: {}; std::nullopt lifts the limit", problem));
}

}  // namespace tern
