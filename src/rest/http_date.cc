#include "rest/http_date.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "rest/http_syntax.h"

namespace tern::rest {

namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> kLongDays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};

/// Reads a text from left to right. After the first part that is not as it should be, nothing is right.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : text_(text) {}

  void expect(std::string_view literal) {
    good_ = good_ && text_.starts_with(literal);
    if (good_) text_.remove_prefix(literal.size());
  }
  /// The index of the name that comes next.
  unsigned name(std::span<const std::string_view> names) {
    const auto found = std::ranges::find_if(names, [this](std::string_view name) { return text_.starts_with(name); });
    good_ = good_ && found != names.end();
    if (!good_) return 0;
    text_.remove_prefix(found->size());
    return static_cast<unsigned>(found - names.begin());
  }
  int number(std::size_t digits) {
    const std::string_view part = text_.substr(0, digits);
    good_ = good_ && part.size() == digits && std::ranges::all_of(part, is_digit);
    if (!good_) return 0;
    int value = 0;
    for (const char digit : part) value = 10 * value + (digit - '0');
    text_.remove_prefix(digits);
    return value;
  }
  /// Of asctime(): one digit has a blank before it.
  int padded_day() {
    if (!text_.starts_with(' ')) return number(2);
    expect(" ");
    return number(1);
  }
  std::chrono::seconds clock() {
    const int hours = number(2);
    expect(":");
    const int minutes = number(2);
    expect(":");
    const int seconds = number(2);
    good_ = good_ && hours < 24 && minutes < 60 && seconds <= 60;  // 60 is a leap second
    return std::chrono::hours{hours} + std::chrono::minutes{minutes} + std::chrono::seconds{seconds};
  }
  [[nodiscard]] bool done() const noexcept { return good_ && text_.empty(); }

 private:
  std::string_view text_;
  bool good_ = true;
};

struct Parts {
  int year = 0;
  unsigned month = 0;  // from 0
  int day = 0;
  std::chrono::seconds clock{};
};

/// A year of two digits, by RFC 9110 §5.6.7.
int whole_year(int last_digits, std::chrono::sys_seconds now) {
  const int this_year =
      static_cast<int>(std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(now)}.year());
  const int year = this_year / 100 * 100 + last_digits;
  return year > this_year + 50 ? year - 100 : year;
}

/// Reads `text` by a format of strftime()'s letters. Returns nothing when the text is not in it.
std::optional<Parts> read_as(std::string_view format, std::string_view text, std::chrono::sys_seconds now) {
  DateReader reader{text};
  Parts parts;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      reader.expect(format.substr(at, 1));
      continue;
    }
    switch (format[++at]) {
      case 'a':
        reader.name(kDays);
        break;
      case 'A':
        reader.name(kLongDays);
        break;
      case 'd':
        parts.day = reader.number(2);
        break;
      case 'e':
        parts.day = reader.padded_day();
        break;
      case 'b':
        parts.month = reader.name(kMonths);
        break;
      case 'Y':
        parts.year = reader.number(4);
        break;
      case 'y':
        parts.year = whole_year(reader.number(2), now);
        break;
      default:  // 'T'
        parts.clock = reader.clock();
    }
  }
  if (!reader.done()) return std::nullopt;
  return parts;
}

/// The present one, RFC 850's, and asctime()'s.
constexpr std::array<std::string_view, 3> kFormats{"%a, %d %b %Y %T GMT", "%A, %d-%b-%y %T GMT", "%a %b %e %T %Y"};

}  // namespace

std::string http_date(std::chrono::sys_seconds time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, std::chrono::sys_seconds now) {
  std::optional<Parts> parts;
  for (const std::string_view format : kFormats) {
    if (!parts) parts = read_as(format, text, now);
  }
  if (!parts) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{parts->year}, std::chrono::month{parts->month + 1},
                                         std::chrono::day{static_cast<unsigned>(parts->day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + parts->clock;
}

}  // namespace tern::rest
