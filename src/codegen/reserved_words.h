// Words that generated code cannot use as a name of its own: C++'s keywords, and macros.
//
// A macro would be expanded in our header, and again where a user overrides a handler of that name; so such names are
// changed, rather than the macros undefined around them.
#pragma once

#include <string_view>

namespace tern::codegen {

bool is_keyword(std::string_view name);

/// Returns true for names that a common header defines as a macro (`errno`, `EOF`, `signals`), and for names that are
/// spelled as macros are (`AF_INET`, `__linux__`). The answer depends on nothing but the name.
bool is_macro(std::string_view name);

}  // namespace tern::codegen
