#!/usr/bin/env python3
"""Mistakes with tasks that the compiler names: each program must not compile, and must say the sentence beside it.
compile_errors_test.py COMPILER INCLUDE_FOLDER"""
import pathlib
import subprocess
import sys
import tempfile

HEAD = """#include <coroutine>
#include "tern/async.h"
struct Foreign {
  struct promise_type {
    Foreign get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
tern::Task<int> number() { co_return 1; }
"""

# This program must compile; otherwise the others fail for another reason.
RIGHT = HEAD + "tern::Task<int> right() { tern::Task<int> task = number(); co_return co_await std::move(task); }"

WRONG = {
    "a Task in another library's coroutine":
        ("Foreign foreign() { co_await number(); }", "a tern::Task is awaited in a coroutine of tern; in one of another library await tern::co_spawn("),
    "a Task with a name":
        ("tern::Task<int> named() { tern::Task<int> task = number(); co_return co_await task; }",
         "co_await std::move(task)"),
    "a SharedTask without a name":
        ("tern::Task<int> shared() { co_return co_await tern::share(number()); }", "give the SharedTask a name"),
    "something that cannot be awaited":
        ("tern::Task<void> wrong() { co_await tern::with_timeout(std::chrono::seconds{1}, 7); }", "Awaitable"),
}


def compile_program(text):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "program.cc"
        source.write_text(text)
        return subprocess.run([sys.argv[1], "-std=c++20", "-fsyntax-only", "-I", sys.argv[2], str(source)],
                              capture_output=True, text=True, timeout=300)


failures = 0
done = compile_program(RIGHT)
if done.returncode != 0:
    failures += 1
    print(f"the right program does not compile:\n{done.stderr}")
for name, (text, sentence) in WRONG.items():
    done = compile_program(HEAD + text)
    if done.returncode == 0:
        failures += 1
        print(f"{name}: it compiles")
    elif sentence not in done.stderr:
        failures += 1
        print(f"{name}: the compiler does not say {sentence!r}:\n{done.stderr}")
print(f"{1 + len(WRONG)} programs, {failures} failures")
sys.exit(bool(failures))
