#include "tern/async/pipe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "support/every_order.h"
#include "support/message_of.h"
#include "tern/async/run.h"

namespace tern {
namespace {

using test::JobEnd;

/// A reader and a writer of a pipe for one value, each of which may be dropped in the middle of its await, and one that
/// nobody awaits.
class PipeWorld : public test::Stage {
 public:
  PipeWorld() {
    Pipe<int> ends = pipe<int>(1);
    reader.emplace(std::move(ends.reader));
    writer.emplace(std::move(ends.writer));
  }
  void read() { spawn(read_one(*this)); }
  void write() { spawn(write_one(*this)); }
  void check() {
    if (!reader || !writer) {
      for (std::size_t job = 0; job < jobs(); ++job) EXPECT_FALSE(waits(job)) << "job " << job << " was not told";
    }
    for (std::size_t job = 0; job < jobs(); ++job)
      EXPECT_FALSE(outcome(job) == JobEnd::kLogicError && (reader || writer));
    ASSERT_LE(read_.size(), written_.size());
    EXPECT_TRUE(std::equal(read_.begin(), read_.end(), written_.begin()));
    if (!writer && reader && ended_at_end_) {
      EXPECT_EQ(read_.size(), written_.size()) << "the end came before the last value";
    }
  }
  std::optional<PipeReader<int>> reader;
  std::optional<PipeWriter<int>> writer;

 private:
  static Task<void> read_one(PipeWorld& world) {
    if (!world.reader) co_return;
    const std::optional<int> value = co_await world.reader->read();
    if (value) {
      world.read_.push_back(*value);
    } else {
      world.ended_at_end_ = true;
    }
  }
  static Task<void> write_one(PipeWorld& world) {
    if (!world.writer) co_return;
    const int value = ++world.next_;
    const bool written = co_await world.writer->write(value);
    if (written) world.written_.push_back(value);
  }
  int next_ = 0;
  bool ended_at_end_ = false;
  std::vector<int> written_;
  std::vector<int> read_;
};

TEST(Pipe, HoldsInEveryOrder) {
  constexpr std::size_t kJobs = 4;
  std::vector<test::Operation<PipeWorld>> operations = test::job_operations<PipeWorld>(kJobs);
  operations.push_back({"read", [](const PipeWorld& world) { return world.reader && world.jobs() < kJobs; },
                        [](PipeWorld& world) { world.read(); }});
  operations.push_back({"write", [](const PipeWorld& world) { return world.writer && world.jobs() < kJobs; },
                        [](PipeWorld& world) { world.write(); }});
  operations.push_back({"drop the reader", [](const PipeWorld& world) { return world.reader.has_value(); },
                        [](PipeWorld& world) { world.reader.reset(); }});
  operations.push_back({"drop the writer", [](const PipeWorld& world) { return world.writer.has_value(); },
                        [](PipeWorld& world) { world.writer.reset(); }});
  EXPECT_GT(test::play_every_order(operations, 6), 1'000);
}

TEST(Pipe, AnEndThatWasMovedFromSaysSo) {
  const auto use = [] {
    auto [reader, writer] = pipe<int>(1);
    const PipeReader<int> taken = std::move(reader);
    static_cast<void>(reader.read());  // NOLINT(bugprone-use-after-move): the mistake
  };
  EXPECT_EQ(test::message_of<std::logic_error>(use),
            "this end of a pipe was moved from: use the one that it was moved to");
  EXPECT_EQ(test::message_of<std::invalid_argument>([] { static_cast<void>(pipe<int>(0)); }),
            "a Queue needs room for one value at least: give a capacity of 1 or more");
}

}  // namespace
}  // namespace tern
