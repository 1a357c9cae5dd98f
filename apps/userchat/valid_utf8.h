// Text out of a database as a message may carry it: fields of type `string` are UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace userchat {

/// Returns `bytes` with U+FFFD for each byte that is not part of a well-formed sequence (Unicode 15, table 3-7). A
/// database without an encoding of its own (SQLite, SQL_ASCII) holds what other programs stored.
std::string valid_utf8(std::string_view bytes);

}  // namespace userchat
