// The program's log: standard output, and a collector where somebody wants that.
#pragma once

#include <memory>
#include <string>

namespace spdlog::sinks {
class sink;  // NOLINT(readability-identifier-naming): spdlog's name
}

namespace userchat {

/// Lines as the document prints them: the message and nothing else. Called once, before the loops start.
void open_program_log(const std::string& level);

/// From now on lines go to `sink` as well. Any thread, also while others log. Has no effect before open_program_log().
void add_to_program_log(std::shared_ptr<spdlog::sinks::sink> sink);
/// Undoes add_to_program_log().
void remove_from_program_log(const std::shared_ptr<spdlog::sinks::sink>& sink);

}  // namespace userchat
