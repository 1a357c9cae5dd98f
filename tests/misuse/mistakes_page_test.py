"""docs/mistakes.md against the sources: each sentence in a table's second column is a text of the library, and each
sentence of detail::throw_misuse() is on the page: mistakes_page_test.py SOURCE"""
import pathlib
import re
import sys
import unittest

SOURCE = pathlib.Path(sys.argv[1])
del sys.argv[1:]

LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
RAW_LITERAL = re.compile(r'R"\((.*?)\)"', re.DOTALL)
BETWEEN = re.compile(r'"[ \t]*\n[ \t]*"')  # C++ and CMake put adjacent literals together


def texts():
    found = []
    for base in ("include", "src", "cmake"):
        for path in sorted((SOURCE / base).rglob("*")):
            if path.suffix in (".h", ".cc", ".cmake"):
                joined = BETWEEN.sub("", path.read_text())
                found += [text.replace('\\"', '"') for text in LITERAL.findall(joined)] + RAW_LITERAL.findall(joined)
    return found


def sentences():
    rows = re.findall(r"^\| .*? \| `(.+?)` \| (?:throws|compiler|status|log|CMake|protoc)", (SOURCE / "docs/mistakes.md").read_text(),
                      re.MULTILINE)
    return [row.replace("\\|", "|") for row in rows]


class MistakesPage(unittest.TestCase):
    def test_each_sentence_is_a_text_of_the_library(self):
        everything = "\n".join(texts())
        self.assertGreater(len(sentences()), 40)
        for sentence in sentences():
            for part in sentence.split("…"):
                with self.subTest(sentence=sentence):
                    self.assertIn(part.strip(), everything)

    def test_each_sentence_for_misuse_is_on_the_page(self):
        page = re.sub(r"\s+", " ", (SOURCE / "docs/mistakes.md").read_text())
        found = 0
        for path in sorted((SOURCE / "src").rglob("*.cc")) + sorted((SOURCE / "include").rglob("*.h")):
            joined = BETWEEN.sub("", path.read_text())
            for sentence in re.findall(r'(?:throw_misuse|config_before_use)\(\s*"((?:[^"\\]|\\.)*)"\s*\)', joined):
                found += 1
                with self.subTest(sentence=sentence):
                    self.assertIn(sentence.replace('\\"', '"'), page)
        self.assertGreater(found, 10)


if __name__ == "__main__":
    unittest.main()
