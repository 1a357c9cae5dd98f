// Awaitable: what gather(), with_timeout(), TaskGroup::spawn(), when_any() and their like take: a Task, a call such as
// stub.Get(request), a sleep, an Event's wait, a queue's pop(), an Asio operation with the token use_task.
#pragma once

#include <concepts>
#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "tern/async/task.h"

namespace tern {

namespace detail {

/// The operand of a co_await that uses `awaitable` up: an rvalue where the type asks for one (a Task, a call), else an
/// lvalue (an awaiter, a SharedTask).
template <class A>
decltype(auto) operand_of(A& awaitable) noexcept {
  if constexpr (requires { std::move(awaitable).operator co_await(); }) {
    return std::move(awaitable);
  } else {
    return (awaitable);
  }
}

template <class Operand>
decltype(auto) awaiter_of(Operand&& operand) {
  if constexpr (requires { std::forward<Operand>(operand).operator co_await(); }) {
    return std::forward<Operand>(operand).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<Operand>(operand)); }) {
    return operator co_await(std::forward<Operand>(operand));
  } else {
    return std::forward<Operand>(operand);
  }
}

template <class A>
using AwaiterOf = std::remove_reference_t<decltype(awaiter_of(operand_of(std::declval<A&>())))>;

}  // namespace detail

/// A type that can be awaited in a coroutine of tern, and moved until then. An awaitable begins when it is awaited, and
/// is awaited once (a SharedTask may be awaited again).
template <class A>
concept Awaitable = std::move_constructible<A> && std::is_object_v<A> &&
                    requires(detail::AwaiterOf<A>& awaiter, std::coroutine_handle<Task<void>::promise_type> caller) {
                      { awaiter.await_ready() } -> std::convertible_to<bool>;
                      awaiter.await_suspend(caller);
                      awaiter.await_resume();
                    };

/// The type of `co_await awaitable`, without a reference.
template <Awaitable A>
using AwaitResult = std::remove_cvref_t<decltype(std::declval<detail::AwaiterOf<A>&>().await_resume())>;

namespace detail {

/// void becomes monostate, so that it can be a member.
template <class T>
using NotVoid = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <Awaitable A>
using Stored = NotVoid<AwaitResult<A>>;

/// An awaitable whose wait runs nothing of the program's (a sleep, a queue's pop(), an event). Where a combinator would
/// cancel it, it destroys it: the same to everybody, without an exception and without waiting for its end.
template <class A>
concept Droppable = Awaitable<A> && requires { requires AwaiterOf<A>::kDroppable; };

/// Awaits `awaitable` and puts its result into `result`, which outlives the task.
template <Awaitable A>
Task<void> store_awaited(A awaitable, std::optional<Stored<A>>& result) {
  // g++ 12 copies an awaiter that a function returns by reference, and not one that has a name.
  auto&& awaiter = awaiter_of(operand_of(awaitable));
  if constexpr (std::is_void_v<AwaitResult<A>>) {
    co_await awaiter;
    result.emplace();
  } else {
    result.emplace(co_await awaiter);
  }
}

}  // namespace detail

}  // namespace tern
