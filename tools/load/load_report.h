// What a load showed: as text for a terminal, as JSON for machines, as a page with charts.
#pragma once

#include <string>

#include "load/load.h"

namespace tern::tool {

std::string as_text(const Load& load, const LoadResult& result);
/// One object; times in nanoseconds.
std::string as_json(const Load& load, const LoadResult& result);
std::string as_html(const Load& load, const LoadResult& result);

}  // namespace tern::tool
