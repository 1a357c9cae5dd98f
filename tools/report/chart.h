// Charts as SVG text, for pages that open without a network. Colours and fonts are the page's (html_page.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tern::tool {

struct Point {
  double x;
  double y;
};

struct Axis {
  std::string title;
  /// What a value is called at the axis; by default the number itself.
  std::function<std::string(double)> label = {};
  /// Where to put them; empty: at round values.
  std::vector<double> ticks = {};
};

/// Columns side by side, each from 0 to its value; the x axis has one place for each.
struct ColumnChart {
  Axis x;
  Axis y;
  std::vector<double> values;
};
std::string draw(const ColumnChart& chart);

/// One line through `points`, in order of their x.
struct LineChart {
  Axis x;
  Axis y;
  std::vector<Point> points;
};
std::string draw(const LineChart& chart);

/// Bars with names, below each other, and the spread of what each stands for.
struct BarChart {
  struct Bar {
    std::string name;
    double value;
    double lowest;
    double highest;
    /// Drawn across the bar: what cannot be beaten. None: 0.
    double limit = 0;
    /// Bars of one group have one colour.
    int group = 0;
  };
  Axis value;
  std::vector<Bar> bars;
};
std::string draw(const BarChart& chart);

/// `text` as it may stand in HTML and SVG.
std::string escape_html(const std::string& text);

}  // namespace tern::tool
