"""docs/features.md against the tests and against Python: each test that the page names exists, and its table of asyncio names
all that Python's own modules of the "High-level APIs" export: features_test.py SOURCE"""
import asyncio.exceptions
import asyncio.locks
import asyncio.queues
import asyncio.runners
import asyncio.streams
import asyncio.taskgroups
import asyncio.tasks
import asyncio.threads
import asyncio.timeouts
import pathlib
import re
import sys
import unittest

SOURCE = pathlib.Path(sys.argv[1])
del sys.argv[1:]
PAGE = (SOURCE / "docs/features.md").read_text()

MODULES = (asyncio.runners, asyncio.tasks, asyncio.taskgroups, asyncio.timeouts, asyncio.threads, asyncio.streams,
           asyncio.locks, asyncio.queues, asyncio.exceptions)
# Exported beside the high-level functions, and documented as low-level or not at all.
LOW_LEVEL = {"ensure_future", "StreamReaderProtocol"}
# Undocumented, or what a Task has of Future and rejects.
LOW_LEVEL_METHODS = {"Task.set_result", "Task.set_exception", "Task.get_loop", "StreamReader.exception",
                     "StreamReader.set_exception", "StreamReader.set_transport", "Lock.acquire", "Lock.release"}
TEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)|\bTYPED_TEST\(\s*(\w+),\s*(\w+)\s*\)")


def cpp_tests():
    found = {}
    for path in (SOURCE / "tests").rglob("*.cc"):
        for match in TEST.finditer(path.read_text()):
            suite, case = (part for part in match.groups() if part)
            found.setdefault(suite, set()).add(case)
    return found


def cmake():
    return "\n".join(path.read_text() for path in (SOURCE / "tests").rglob("CMakeLists.txt"))


def rows(heading):
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in cells if not set(row[0]) <= set(" -")]


def tests_named(text):
    """Suite.Case, Suite.* and CMake's folder.name."""
    return re.findall(r"`((?:\w+/)?\w+\.(?:\*|[\w.]+\*?))`", text)


class TestsOnThePage(unittest.TestCase):
    def test_each_exists(self):
        tests, built = cpp_tests(), cmake()
        columns = [row[-1] for heading in ("What tern has of asyncio",) for row in rows(heading)]
        columns += [row[-1] for row in rows_of_the_first_table()]
        names = [name for cell in columns for name in tests_named(cell)]
        self.assertGreater(len(names), 100)
        for name in names:
            suite, case = name.split(".", 1)
            suite = suite.split("/")[-1]
            with self.subTest(name):
                if suite[0].isupper():
                    self.assertTrue(suite in tests, f"no test has the suite {suite}")
                    self.assertTrue(case == "*" or case in tests[suite], f"{suite} has no case {case}")
                else:
                    found = re.search(rf"\b{re.escape(case.rstrip('.*'))}\b", built)
                    self.assertTrue(found, f"no CMakeLists.txt under tests/ has {case}")

    def test_each_file_exists(self):
        for link in re.findall(r"\]\((\.\./[^)#]+)\)", PAGE):
            with self.subTest(link):
                self.assertTrue((SOURCE / "docs" / link).exists())


def rows_of_the_first_table():
    first = PAGE.split("\n## ")[0]
    cells = [line.strip("|").split("|") for line in first.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in cells][2:]


class Asyncio(unittest.TestCase):
    def setUp(self):
        self.rows = rows("What tern has of asyncio")[1:]
        self.names = {word for row in self.rows for code in re.findall(r"`([^`]+)`", row[0]) for word in re.findall(r"\w+", code)}

    def test_each_exported_name_has_a_row(self):
        for module in MODULES:
            for name in module.__all__:
                if not name.startswith("_") and name not in LOW_LEVEL:
                    with self.subTest(name):
                        self.assertTrue(name in self.names, f"no row has {name}")

    def test_each_public_method_has_a_row(self):
        checked = 0
        for module in MODULES:
            for kind in (getattr(module, name) for name in module.__all__):
                if not isinstance(kind, type) or issubclass(kind, BaseException) or kind.__name__ in LOW_LEVEL:
                    continue
                for method in dir(kind):
                    if not method.startswith("_") and f"{kind.__name__}.{method}" not in LOW_LEVEL_METHODS:
                        checked += 1
                        with self.subTest(f"{kind.__name__}.{method}"):
                            self.assertTrue(method in self.names, f"no row has {method}")
        self.assertGreater(checked, 60)

    def test_each_row_has_a_test_or_a_reason(self):
        for row in self.rows:
            if row[0].startswith("**"):
                continue
            with self.subTest(row[0]):
                self.assertEqual(len(row), 4)
                self.assertIn(row[2], ("●", "◐", "–"))
                self.assertNotEqual(row[3], "")
                if row[2] == "●":
                    self.assertNotEqual(tests_named(row[3]), [])


if __name__ == "__main__":
    unittest.main()
