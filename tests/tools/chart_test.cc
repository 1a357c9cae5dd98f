// Charts and pages: whole, escaped, and with nothing from elsewhere.
#include "report/chart.h"

#include <gtest/gtest.h>

#include <string>

#include "report/html_page.h"
#include "report/latency_chart.h"

namespace tern::tool {
namespace {

std::size_t occurrences(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(Chart, DrawsABarForEach) {
  const std::string svg = draw(BarChart{.value = {.title = "time"},
                                        .bars = {{.name = "a<b", .value = 2, .lowest = 1, .highest = 3, .limit = 1},
                                                 {.name = "c", .value = 4, .lowest = 4, .highest = 4}}});
  EXPECT_EQ(occurrences(svg, "<rect"), 2U);
  EXPECT_EQ(occurrences(svg, R"(class="limit")"), 1U);
  EXPECT_NE(svg.find("a&lt;b"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(Chart, DrawsNothingOutOfNothing) {
  for (const std::string& svg :
       {draw(BarChart{}), draw(LineChart{}), draw(ColumnChart{}), draw_percentiles({}), draw_distribution({})}) {
    EXPECT_TRUE(svg.starts_with("<svg"));
    EXPECT_TRUE(svg.ends_with("</svg>"));
    EXPECT_EQ(svg.find("nan"), std::string::npos) << svg;
    EXPECT_EQ(svg.find("inf"), std::string::npos) << svg;
  }
}

TEST(HtmlPage, EscapesTextsAndLoadsNothing) {
  HtmlPage page{"A & B"};
  page.paragraph("<script>");
  page.table({{"name", "n"}, {"\"x\"", "12"}});
  const std::string html = page.html();
  EXPECT_NE(html.find("<title>A &amp; B</title>"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_NE(html.find(R"(<td class="number">12</td>)"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos);
}

TEST(WriteFile, SaysWhatItCannotWrite) {
  try {
    write_file("/nowhere/at/all.html", "x");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot write /nowhere/at/all.html: No such file or directory");
  }
}

}  // namespace
}  // namespace tern::tool
