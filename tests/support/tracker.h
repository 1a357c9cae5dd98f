// Counts living objects, to see that destructors ran.
#pragma once

namespace tern::test {

struct Tracker {
  explicit Tracker(int& its_count) : count(&its_count) { ++*count; }
  Tracker(const Tracker& other) : count(other.count) { ++*count; }
  Tracker& operator=(const Tracker&) = delete;
  ~Tracker() { --*count; }
  int* count;
};

}  // namespace tern::test
