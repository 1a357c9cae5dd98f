// make: a protobuf message in one expression, as Python's `Name(name="Ada")`.
//
//   auto greeting = co_await stub.Greet(tern::make<Name>([](Name& name) { name.set_name("Ada"); }));
#pragma once

#include <concepts>
#include <utility>

namespace tern {

/// Returns a message that `fill` has set fields of. `fill` runs once, before make() returns.
template <class Message, std::invocable<Message&> Fill>
Message make(Fill&& fill) {
  Message message;
  std::forward<Fill>(fill)(message);
  return message;
}

}  // namespace tern
