// The text of the exception that a function throws.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace tern::test {

/// Runs `work`, which must throw an Error, and returns its text.
template <class Error>
std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace tern::test
