"""Mistakes of programs with a loop of their own that the compiler names: embedding_errors_test.py COMPILER INCLUDE"""
import subprocess
import sys
import unittest

COMPILER, INCLUDE = sys.argv[1:]
del sys.argv[1:]

CO_SPAWN = """
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include "tern/async/co_spawn.h"
tern::Task<int> work() { co_return 1; }
struct NoDefault { explicit NoDefault(int) {} };
tern::Task<NoDefault> without_default() { co_return NoDefault{1}; }
"""
FOREIGN = """
#include <coroutine>
#include "tern/async/task.h"
struct Foreign {
  struct promise_type {
    Foreign get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
tern::Task<int> work() { co_return 1; }
Foreign other() { int number = co_await work(); static_cast<void>(number); }
"""
ONE_THREAD = "tern runs on an io_context that one thread runs: pass the io_context or its executor"
CASES = {
    "a strand": (CO_SPAWN + "void f(boost::asio::io_context& context) { tern::co_spawn(boost::asio::make_strand(context),"
                 " work(), boost::asio::detached); }", ONE_THREAD),
    "a thread pool": (CO_SPAWN + "void f(boost::asio::thread_pool& pool) { tern::co_spawn(pool.get_executor(), work(),"
                      " boost::asio::detached); }", ONE_THREAD),
    "a result without a default constructor": (CO_SPAWN + "void f(boost::asio::io_context& context) { tern::co_spawn("
                                               "context, without_default(), boost::asio::detached); }",
                                               "T needs a default constructor"),
    "a coroutine of another library": (FOREIGN, "a tern::Task is awaited in a coroutine of tern; in one of another "
                                                "library await tern::co_spawn(io_context, task, "),
}


class Compile(unittest.TestCase):
    def test_mistakes_are_named(self):
        for name, (source, sentence) in CASES.items():
            with self.subTest(name):
                done = subprocess.run([COMPILER, "-std=c++20", "-fsyntax-only", f"-I{INCLUDE}", "-x", "c++", "-"],
                                      input=source, capture_output=True, text=True, timeout=200)
                self.assertNotEqual(done.returncode, 0, f"{name} compiles")
                self.assertIn(sentence, done.stderr)


if __name__ == "__main__":
    unittest.main()
