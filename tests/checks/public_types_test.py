"""scripts/check-public-types on small trees, and scripts/public_names.py on declarations: public_types_test.py SOURCE"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1])
del sys.argv[1:]
sys.path.insert(0, str(SOURCE / "scripts"))
import public_names  # noqa: E402

HEADER = """// A header.
#pragma once
namespace tern {
/// Holds things.
class Box {
 public:
  struct Inside {};
};
}  // namespace tern
"""


class PublicTypes(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return subprocess.run([sys.executable, SOURCE / "scripts/check-public-types", folder], text=True, check=False,
                                  capture_output=True)

    def test_an_undocumented_type_fails(self):
        done = self.check({"include/tern/a.h": HEADER})
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("tern::Box (class, tern/a.h:5) is in no example", done.stdout)

    def test_an_example_or_a_page_shows_a_type(self):
        for name, text in (("examples/a.cc", "int main() { tern::Box box; }"), ("docs/types.md", "| `Box` | holds |"),
                           ("docs/a.md", "```cpp\nBox box;\n```"), ("README.md", "`tern::Box`")):
            with self.subTest(name=name):
                done = self.check({"include/tern/a.h": HEADER, name: text})
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_prose_comments_and_the_page_of_the_inside_show_nothing(self):
        for name, text in (("examples/a.cc", "// Box\nint main() {}"), ("docs/a.md", "A Box holds things."),
                           ("docs/architecture.md", "`Box`")):
            with self.subTest(name=name):
                self.assertEqual(self.check({"include/tern/a.h": HEADER, name: text}).returncode, 1)

    def test_a_function_with_a_plain_name_must_be_called(self):
        header = "namespace tern {\nvoid share(int);\n}\n"
        self.assertEqual(self.check({"include/tern/a.h": header, "docs/a.md": "`they share it`"}).returncode, 1)
        self.assertEqual(self.check({"include/tern/a.h": header, "docs/a.md": "`share(1)`"}).returncode, 0)

    def test_what_is_internal_needs_no_page(self):
        inside = HEADER.replace("Box", "Inner").replace("namespace tern {", "namespace tern::detail {")
        done = self.check({"include/tern/a.h": HEADER, "docs/a.md": "`Box`", "include/tern/b.h": inside,
                           "include/tern/detail/c.h": HEADER.replace("Box", "Other")})
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_a_program_that_includes_what_is_internal_fails(self):
        done = self.check({"include/tern/a.h": HEADER, "docs/a.md": "`Box`",
                           "apps/a/a.cc": '#include "tern/detail/c.h"\n'})
        self.assertEqual(done.returncode, 1)
        self.assertIn("apps/a/a.cc includes a header of tern/detail", done.stdout)

    def test_a_long_header_fails(self):
        done = self.check({"include/tern/a.h": HEADER + "\n" * 300, "docs/a.md": "`Box`"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("tern/a.h has 309 lines, 300 are allowed", done.stdout)


class PublicNames(unittest.TestCase):
    def names(self, body):
        return {name.name: name.kind for name in public_names.names_in(f"namespace tern {{\n{body}\n}}\n", "a.h")}

    def test_reads_every_kind_of_declaration(self):
        self.assertEqual(self.names("""
            class Announced;
            class A final : public Announced { int member(); class Inner {}; };
            template <class T> struct B { T value = {1}; };
            template <> struct B<int> {};
            enum class C : int { kOne, kTwo };
            using D = std::function<void(int)>;
            template <class T> concept E = requires(T value) { value.f(); };
            template <class T> requires(std::is_void_v<T> || sizeof(T) < 3) T f(T value);
            template <class T> requires std::derived_from<T, A> && E<T> auto g(T value) -> T { return value; }
            [[nodiscard]] std::vector<std::pair<int, int>> h(int x = 1) noexcept;
            inline constexpr int kLimit = 4;
            inline constexpr D kEmpty{};
            inline void A::member() {}
            template <class T> T B<T>::other() { return {}; }
            """), {"A": "class", "B": "struct", "C": "enum", "D": "alias", "E": "concept", "f": "function", "g": "function",
                   "h": "function", "kLimit": "value", "kEmpty": "value"})

    def test_leaves_out_comments_strings_and_other_namespaces(self):
        self.assertEqual(self.names("""
            // class A {};
            /* class B {}; */
            #define C class D {};
            inline constexpr char kText[] = "class E {};";
            namespace detail { class F {}; }
            namespace { class G {}; }
            namespace rpc { class H {}; }
            """), {"kText": "value"})

    def test_gives_the_line_and_the_comment(self):
        name, = public_names.names_in(HEADER, "a.h")
        self.assertEqual((name.namespace, name.line, name.comment), ("tern", 5, "Holds things."))


if __name__ == "__main__":
    unittest.main()
