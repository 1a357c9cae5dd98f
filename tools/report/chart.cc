#include "report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

namespace tern::tool {

namespace {

constexpr double kWidth = 860;
constexpr double kHeight = 300;
constexpr double kLeft = 90;
constexpr double kRight = 36;
constexpr double kTop = 16;
constexpr double kBottom = 52;

/// From values to places on the page.
struct Scale {
  double from;
  double to;
  double start;
  double end;
  [[nodiscard]] double operator()(double value) const {
    return to == from ? start : start + (value - from) / (to - from) * (end - start);
  }
};

/// About five round values from 0 to `highest`: steps of 1, 2 or 5 times a power of ten.
std::vector<double> round_ticks(double highest) {
  if (!(highest > 0)) return {0};
  const double rough = highest / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const auto count = static_cast<int>(std::ceil(highest / step - 1e-9));
  ticks.reserve(static_cast<std::size_t>(count) + 1);
  for (int tick = 0; tick <= count; ++tick) ticks.push_back(tick * step);
  return ticks;
}

std::string label_of(const Axis& axis, double value) {
  return escape_html(axis.label ? axis.label(value) : fmt::format("{:g}", value));
}

std::string text(double x, double y, std::string_view anchor, const std::string& content) {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)", x, y, anchor, content);
}

std::string line(std::string_view kind, Point from, Point to) {
  return fmt::format(R"(<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", kind, from.x, from.y,
                     to.x, to.y);
}

std::string in_frame(double height, const std::string& title, const std::string& content) {
  return fmt::format(R"(<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>)", kWidth, height,
                     escape_html(title), content);
}

/// The y axis with lines across, and the titles of both.
std::string draw_frame(const Axis& x, const Axis& y, const Scale& up, const std::vector<double>& ticks) {
  std::string out;
  for (const double tick : ticks) {
    out += line("grid", {kLeft, up(tick)}, {kWidth - kRight, up(tick)});
    out += text(kLeft - 8, up(tick) + 4, "end", label_of(y, tick));
  }
  out += text((kLeft + kWidth - kRight) / 2, kHeight - 8, "middle", escape_html(x.title));
  out += fmt::format(R"svg(<text transform="translate(14 {:.1f}) rotate(-90)" text-anchor="middle">{}</text>)svg",
                     (kTop + kHeight - kBottom) / 2, escape_html(y.title));
  return out;
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string draw(const ColumnChart& chart) {
  const double highest = chart.values.empty() ? 0 : *std::ranges::max_element(chart.values);
  const std::vector<double> ticks = round_ticks(highest);
  const Scale up{0, std::max(ticks.back(), 1e-12), kHeight - kBottom, kTop};
  const Scale right{0, static_cast<double>(std::max<std::size_t>(chart.values.size(), 1)), kLeft, kWidth - kRight};
  std::string out = draw_frame(chart.x, chart.y, up, ticks);
  const double gap = chart.values.size() > 100 ? 0 : 1;
  for (std::size_t index = 0; index < chart.values.size(); ++index) {
    const auto place = static_cast<double>(index);
    if (chart.values[index] > 0) {
      out += fmt::format(R"(<rect class="fill0" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>)",
                         right(place) + gap / 2, up(chart.values[index]), right(place + 1) - right(place) - gap,
                         up(0) - up(chart.values[index]));
    }
  }
  for (const double tick : chart.x.ticks) {
    out += text(right(tick), kHeight - kBottom + 18, "middle", label_of(chart.x, tick));
  }
  return in_frame(kHeight, chart.y.title + " by " + chart.x.title, out);
}

std::string draw(const LineChart& chart) {
  double highest = 0;
  for (const Point& point : chart.points) highest = std::max(highest, point.y);
  const std::vector<double> ticks = round_ticks(highest);
  const Scale up{0, std::max(ticks.back(), 1e-12), kHeight - kBottom, kTop};
  const double first = chart.points.empty() ? 0 : chart.points.front().x;
  const double last = chart.points.empty() ? 1 : chart.points.back().x;
  const Scale right{first, last, kLeft, kWidth - kRight};
  std::string out = draw_frame(chart.x, chart.y, up, ticks);
  std::string path;
  for (const Point& point : chart.points) {
    fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", path.empty() ? "M" : " L", right(point.x), up(point.y));
  }
  if (!path.empty()) out += fmt::format(R"(<path class="line0" d="{}"/>)", path);
  for (const double tick : chart.x.ticks.empty() ? round_ticks(last) : chart.x.ticks) {
    if (tick < first || tick > last) continue;
    out += line("grid", {right(tick), kTop}, {right(tick), kHeight - kBottom});
    out += text(right(tick), kHeight - kBottom + 18, "middle", label_of(chart.x, tick));
  }
  return in_frame(kHeight, chart.y.title + " by " + chart.x.title, out);
}

std::string draw(const BarChart& chart) {
  constexpr double kNames = 330;
  constexpr double kValues = 90;
  constexpr double kRow = 30;
  double highest = 0;
  for (const BarChart::Bar& bar : chart.bars) highest = std::max({highest, bar.highest, bar.value, bar.limit});
  const std::vector<double> ticks = round_ticks(highest);
  const double bottom = kTop + kRow * static_cast<double>(chart.bars.size());
  const Scale right{0, std::max(ticks.back(), 1e-12), kNames, kWidth - kValues};
  std::string out;
  for (const double tick : ticks) {
    out += line("grid", {right(tick), kTop}, {right(tick), bottom});
    out += text(right(tick), bottom + 18, "middle", label_of(chart.value, tick));
  }
  double top = kTop;
  for (const BarChart::Bar& bar : chart.bars) {
    const double middle = top + kRow / 2;
    out += text(kNames - 10, middle + 4, "end", escape_html(bar.name));
    out += fmt::format(R"(<rect class="fill{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>)", bar.group,
                       right(0), top + 5, right(bar.value) - right(0), kRow - 10);
    out += line("spread", {right(bar.lowest), middle}, {right(bar.highest), middle});
    for (const double end : {bar.lowest, bar.highest}) {
      out += line("spread", {right(end), middle - 4}, {right(end), middle + 4});
    }
    if (bar.limit > 0) out += line("limit", {right(bar.limit), top + 2}, {right(bar.limit), top + kRow - 2});
    out += text(right(std::max(bar.value, bar.highest)) + 8, middle + 4, "start", label_of(chart.value, bar.value));
    top += kRow;
  }
  out += text((kNames + kWidth - kValues) / 2, bottom + 40, "middle", escape_html(chart.value.title));
  return in_frame(bottom + 52, chart.value.title, out);
}

}  // namespace tern::tool
