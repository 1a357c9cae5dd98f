"""tools/gdb/tern.py on a process, at a breakpoint and on a core file: gdb_test.py PROGRAM TERN_PY SOURCE"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, TERN_PY, SOURCE = sys.argv[1:]
del sys.argv[1:]
SKIPPED = 77


def line_of(words):
    """The line of the source that the comment with these words is on."""
    for number, text in enumerate(pathlib.Path(SOURCE).read_text().splitlines(), 1):
        if f"// line of {words}" in text:
            return number
    raise AssertionError(f"{SOURCE} has no line of {words}")


def at(function, words):
    return rf"{re.escape(function)} at \S*held_calls\.cc:{line_of(words)}\n"


def gdb(*arguments, **options):
    commands = ["gdb", "-nx", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off",
                "-ex", "set pagination off", *arguments]
    done = subprocess.run(commands, capture_output=True, text=True, timeout=250, stdin=subprocess.DEVNULL, **options)
    return done.stdout + done.stderr


class Held:
    """The program, with its calls where they stand, until the end of the block."""

    def __enter__(self):
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line == "ready\n":
                return self.process.pid
        raise AssertionError(f"{PROGRAM} ended with {self.process.wait()}")

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.stdout.close()
        assert self.process.wait(timeout=60) == 0, "the program did not end well after gdb had left it"


class Gdb(unittest.TestCase):
    def check_calls(self, text):
        """`tern-calls` of the held program."""
        method = "/tern.test.v1.Probe/Unary"
        peer = r"from ipv4:127\.0\.0\.1:\d+  for \d+\.\d s"
        self.assertRegex(text, r"loop 0x\w+: 4 calls of clients, 5 calls to servers")
        read = rf"{method}  {peer}  awaits sleep  job 0x\w+\n +in {at('read_row(int)', 'read_row')}"
        self.assertEqual(len(re.findall(read, text)), 2, text)  # the plain call and the limited one
        self.assertRegex(text, rf"{method}  {peer}  awaits gather or when_any  job 0x\w+\n")
        self.assertRegex(text, rf"/tern.test.v1.Probe/Upload  {peer}  awaits a message of the peer  job 0x\w+\n")
        self.assertRegex(text, rf"{method}  to ipv4:127\.0\.0\.1:\d+  for \d+\.\d s  awaits the server\n")
        self.assertRegex(text, rf"{method}    for \d+\.\d s  awaits a connection\n")

    def check_chains(self, text):
        """`tern-bt all` of the held program."""
        handler = "HeldService::Unary(tern::ServerContext&, tern::test::v1::Order const&)"
        chain = r" +#\d+ +"
        load = at("load_order(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >)",
                  "load_order")
        read = at("read_row(int)", "read_row")
        self.assertRegex(text, rf"awaits an operation of Asio\n{chain}{at('wait_for_input()', 'the main task')}"
                               rf"{chain}run\(\) at \S*held_calls\.cc:\d+\n")
        plain = rf"call 0x\w+ of /tern.test.v1.Probe/Unary, awaits sleep\n{chain}{read}{chain}{load}"
        self.assertRegex(text, plain + chain + at(handler, "the plain call"))
        limited = rf"call 0x\w+ of /tern.test.v1.Probe/Unary, awaits with_timeout\n(?:{chain}.*\n)*"
        self.assertRegex(text, limited + chain + at(handler, "the limited call"))
        self.assertRegex(text, rf"which waits for job 0x\w+ of /tern.test.v1.Probe/Unary, awaits sleep\n{chain}{read}"
                               rf"{chain}{load}")
        gathered = rf"call 0x\w+ of /tern.test.v1.Probe/Unary, awaits gather or when_any\n(?:{chain}.*\n)*"
        # g++ 12 gives this co_await, whose result is dropped, the line of the function's end.
        self.assertRegex(text, rf"{gathered}{chain}{re.escape(handler)} at \S*held_calls\.cc:\d+\n")
        member = rf"which waits for job 0x\w+ of /tern.test.v1.Probe/Unary, awaits sleep\n{chain}"
        self.assertEqual(len(re.findall(member + at("one_of_two(int)", "one_of_two"), text)), 2)
        self.assertRegex(text, r"job of the TaskGroup 0x\w+, which is not awaited: 0x\w+, awaits ")

    def test_shows_calls_and_chains_of_a_process(self):
        with Held() as pid:
            text = gdb("-p", str(pid), "-ex", f"source {TERN_PY}", "-ex", "tern-calls", "-ex", "tern-bt all")
        if "ptrace: Operation not permitted" in text:
            self.skipTest("this system lets no process attach to another one (ptrace)")
        self.check_calls(text)
        self.check_chains(text)

    def test_shows_calls_and_chains_of_a_core_file(self):
        with tempfile.TemporaryDirectory() as folder:
            with Held() as pid:
                made = subprocess.run(["gcore", "-o", f"{folder}/core", str(pid)], capture_output=True, text=True,
                                      timeout=250, stdin=subprocess.DEVNULL)
            if "ptrace: Operation not permitted" in made.stdout + made.stderr:
                self.skipTest("this system lets no process attach to another one (ptrace)")
            self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
            core = f"{folder}/core.{pid}"
            text = gdb(PROGRAM, core, "-ex", f"source {TERN_PY}", "-ex", "tern-calls", "-ex", "tern-bt")
        self.check_calls(text)
        self.check_chains(text)

    def test_shows_the_chain_of_the_coroutine_at_a_breakpoint(self):
        text = gdb(PROGRAM, "-ex", f"source {TERN_PY}", "-ex", "break breakpoint_here", "-ex", "run", "-ex", "tern-bt",
                   "-ex", "kill")
        if "ptrace" in text and "not permitted" in text:
            self.skipTest("this system lets gdb run no program (ptrace)")
        chain = r" +#\d+ +"
        load = at("load_order(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >)",
                  "load_order")
        self.assertRegex(text, rf"job 0x\w+ of /tern.test.v1.Probe/Unary, runs in this thread\n{chain}read_row\(int\)\n"
                               rf"{chain}{load}")

    def test_says_why_it_cannot_help(self):
        none = gdb("/bin/true", "-ex", f"source {TERN_PY}", "-ex", "tern-calls")
        self.assertIn("no symbol tern_debug_root", none)
        idle = gdb(PROGRAM, "-ex", f"source {TERN_PY}", "-ex", "tern-bt")
        self.assertIn("the program is not running, and no core file was given", idle)


if __name__ == "__main__":
    if shutil.which("gdb") is None or shutil.which("gcore") is None:
        print("skipped: gdb is not installed (scripts/install test)")
        sys.exit(SKIPPED)
    result = unittest.main(verbosity=2, exit=False).result
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    sys.exit(1 if not result.wasSuccessful() else SKIPPED if result.skipped else 0)
