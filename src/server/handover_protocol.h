// The messages between the two processes of a restart, each one datagram of a unix socket, in this order:
//
//   old --> new   "tern-handover 1\n", a line for each socket, and the descriptors; sent before the new one starts
//   new --> old   "serving": it accepts connections
//   old --> new   "main": the old one has told its service manager, and drains
//
// A line is "owns NAME" where the program made the socket's file and the last process removes it, else "uses NAME". The
// end of the connection is the end of the other process. The versions of the program may differ, so that another
// version of the protocol has another number.
#pragma once

#include <string_view>

namespace tern {

inline constexpr const char* kHandoverVariable = "TERN_HANDOVER_FD";
inline constexpr std::string_view kHandoverFirstLine = "tern-handover 1\n";
inline constexpr std::string_view kHandoverOwns = "owns ";
inline constexpr std::string_view kHandoverUses = "uses ";
inline constexpr std::string_view kHandoverServing = "serving";
inline constexpr std::string_view kHandoverMain = "main";

}  // namespace tern
