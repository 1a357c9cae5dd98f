"""Each program of the user's document, as grpc.aio's users write it, beside its port to tern. Both must print the same, and
the port must not be longer than 1.1 times the Python: ports_test.py SOURCE BUILD NAME...

BUILD has the ports' binaries (port_NAME). A Python program is skipped, with the reason, where one of its modules is
missing; the lines are counted all the same."""
import ast
import io
import pathlib
import re
import subprocess
import sys
import tokenize
import unittest

LONGEST = 1.1
SOURCE, BUILD = (pathlib.Path(part) for part in sys.argv[1:3])
NAMES = sys.argv[3:]
del sys.argv[1:]

# A line of nothing but closing brackets: layout, of black as much as of clang-format. It counts in neither language.
CLOSING = re.compile(r"[\s)\]}>;,]*$")
CPP_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def python_lines(text):
    comments = {token.start[0] for token in tokenize.generate_tokens(io.StringIO(text).readline)
                if token.type == tokenize.COMMENT and not token.line[:token.start[1]].strip()}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(node):
            comments.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return [line for number, line in enumerate(text.splitlines(), start=1) if number not in comments]


def cpp_lines(text):
    return CPP_COMMENT.sub("", text).splitlines()


def count(lines):
    return sum(1 for line in lines if not CLOSING.match(line))


def printed(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)


class Counting(unittest.TestCase):
    def test_blank_lines_comments_and_closing_brackets_do_not_count(self):
        self.assertEqual(count(python_lines('"""What it is."""\n\n# why\nf(\n    1,\n)\nx = 1  # one\n')), 3)
        self.assertEqual(count(cpp_lines("/* a\n   b */\n// c\n#include <map>\n\nint f() {\n  return 1;  // one\n}\n")), 3)


class Ports(unittest.TestCase):
    def test_a_port_is_at_most_a_tenth_longer(self):
        for name in NAMES:
            with self.subTest(name):
                theirs = count(python_lines((SOURCE / f"{name}.py").read_text()))
                ours = count(cpp_lines((SOURCE / f"{name}.cc").read_text()))
                print(f"{name}: {theirs} lines of Python, {ours} of C++, {ours / theirs:.2f}", flush=True)
                self.assertLessEqual(ours, LONGEST * theirs)

    def test_every_program_has_its_pair_and_is_tested(self):
        found = {path.stem for path in SOURCE.glob("*.py")} - {pathlib.Path(__file__).stem}
        self.assertEqual(found, {path.stem for path in SOURCE.glob("*.cc")})
        self.assertEqual(found, set(NAMES))


def compare(name):
    def test(self):
        python = printed([sys.executable, SOURCE / f"{name}.py"])
        port = printed([BUILD / f"port_{name}"])
        self.assertEqual(port.returncode, 0, port.stderr)
        if missing := re.search(r"ModuleNotFoundError: (No module named '\S+')", python.stderr):
            self.assertNotEqual(port.stdout, "")
            self.skipTest(f"{name}.py: {missing.group(1)}")
        self.assertEqual(python.returncode, 0, python.stderr)
        self.assertEqual(port.stdout, python.stdout)
    return test


for name in NAMES:
    setattr(Ports, f"test_{name}_prints_the_same", compare(name))

if __name__ == "__main__":
    unittest.main(verbosity=2)
