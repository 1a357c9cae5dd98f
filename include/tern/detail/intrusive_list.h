// A doubly linked list whose nodes are bases of the listed objects: linking costs no allocation, and an object that
// dies leaves its list by itself.
#pragma once

#include <cassert>

namespace tern {

template <class T>
class IntrusiveList;

/// Base of an object that can stand in one IntrusiveList<T> at a time. Not thread-safe.
template <class T>
class ListNode {
 public:
  ListNode() = default;
  /// An object moves before it enters a list; the new one stands in none.
  ListNode([[maybe_unused]] ListNode&& other) noexcept { assert(!other.linked()); }
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }

  [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }

  /// Leaves the list it stands in, if any.
  void unlink() noexcept {
    if (!linked()) return;
    assert(previous_ != nullptr && previous_->next_ == this && next_->previous_ == this);
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
  }

 private:
  friend class IntrusiveList<T>;
  ListNode* previous_ = nullptr;
  ListNode* next_ = nullptr;
};

/// First in, first out. Owns nothing: nodes left at its end are unlinked.
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { reset(); }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (!empty()) head_.next_->unlink();
    head_.previous_ = head_.next_ = nullptr;
  }

  [[nodiscard]] bool empty() const noexcept { return head_.next_ == &head_; }
  [[nodiscard]] T& front() noexcept {
    assert(!empty());
    return static_cast<T&>(*head_.next_);
  }

// g++ does not see that a local object unlinks itself at its end.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif
  void push_back(T& object) noexcept {
    ListNode<T>& node = object;
    assert(!node.linked());
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

  /// Unlinks and returns the first; the list must not be empty.
  T& pop_front() noexcept {
    T& first = front();
    static_cast<ListNode<T>&>(first).unlink();
    return first;
  }

  /// Calls visit(T&) for each; visit may unlink the one that it is given, no other.
  template <class Visit>
  void for_each(Visit visit) {
    for (ListNode<T>* node = head_.next_; node != &head_;) {
      ListNode<T>* next = node->next_;
      visit(static_cast<T&>(*node));
      node = next;
    }
  }

 private:
  void reset() noexcept { head_.previous_ = head_.next_ = &head_; }
  ListNode<T> head_;
};

}  // namespace tern
