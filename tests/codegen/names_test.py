"""Generates code from .proto files whose names collide with C++'s, the library's and each other's, and compiles it:
names_test.py PROTOC PLUGIN SOURCE COMPILER

Names are taken from where they come from: macros from the compiler, members and locals from a header of the library and
from generated code itself. Everything is compiled as one translation unit, below the headers that define the macros."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROTOC, PLUGIN, SOURCE, COMPILER = sys.argv[1:]
del sys.argv[1:]

WARNINGS = "-Wall -Wextra -Wpedantic -Wcomment -Wtrigraphs -Wshadow -Woverloaded-virtual -Werror".split()

KEYWORDS = """alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class
co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do
double dynamic_cast else enum explicit export extern false final float for friend goto if import inline int long module
mutable namespace new noexcept not not_eq nullptr operator or or_eq override private protected public register
reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch template this
thread_local throw true try typedef typeid typename typeof union unsigned using virtual void volatile wchar_t while xor
xor_eq""".split()

HEADERS = """cassert cctype cerrno cfenv cfloat cinttypes ciso646 climits clocale cmath complex csetjmp csignal cstdarg cstddef
cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype atomic version thread alloca.h arpa/inet.h dirent.h dlfcn.h fcntl.h
fnmatch.h getopt.h glob.h grp.h langinfo.h locale.h net/if.h netdb.h netinet/in.h netinet/tcp.h poll.h pthread.h pwd.h regex.h
sched.h semaphore.h signal.h spawn.h strings.h sys/epoll.h sys/eventfd.h sys/ioctl.h sys/mman.h sys/param.h sys/resource.h
sys/socket.h sys/stat.h sys/sysmacros.h sys/time.h sys/types.h sys/uio.h sys/un.h sys/wait.h syslog.h termios.h time.h
ucontext.h unistd.h wordexp.h tern/generated.h""".split()
INCLUDES = "".join(f"#include <{header}>\n" for header in HEADERS)

# Services without a package must not take these names from the C library and from namespaces.
GLOBAL_NAMES = "tm stat timeval timespec sigaction sockaddr size_t div_t FILE DIR main read string std tern google boost".split()

KINDS = ["rpc {0}({1}) returns ({1});", "rpc {0}({1}) returns (stream {1});", "rpc {0}(stream {1}) returns ({1});",
         "rpc {0}(stream {1}) returns (stream {1});"]


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **options)


def identifiers(text):
    return set(re.findall(r"[A-Za-z_]\w*", re.sub(r"//.*|\"[^\"]*\"", "", text)))


def macros():
    """The compiler's, after all headers, but for include guards such as A_B_H_."""
    done = run(COMPILER, "-std=gnu++20", f"-I{SOURCE}/include", "-dM", "-E", "-x", "c++", "-", input=INCLUDES)
    assert done.returncode == 0, done.stderr
    names = set(re.findall(r"^#define (\w+)", done.stdout, re.MULTILINE)) | {"signals", "slots", "emit", "linux", "unix"}
    return {name for name in names if not re.search(r"[^_]_+$", name) or name.startswith("_")}


def service(name, methods, message="M"):
    """A service whose methods stream by turns in each of the four ways."""
    return f"service {name} {{\n" + "".join(
        f"  {KINDS[i % 4].format(method, message)}\n" for i, method in enumerate(sorted(methods))) + "}\n"


class Generated(unittest.TestCase):
    """Each test has a folder with .proto files, and generated code in two others: warnings are asked of tern's only."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tern_names_"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("protos", "cpp", "tern"):
            (self.folder / name).mkdir()
        self.files = []

    def add(self, name, text):
        path = self.folder / "protos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.files.append(name)

    def generate(self, *files):
        return run(PROTOC, f"--plugin=protoc-gen-tern={PLUGIN}", f"--cpp_out={self.folder}/cpp",
                   f"--tern_out={self.folder}/tern", *(files or self.files), cwd=self.folder / "protos")

    def compile(self, after="", standard="gnu++20", compiler=COMPILER):
        """Compiles all that was generated, with `after` behind it."""
        done = self.generate()
        self.assertEqual(done.returncode, 0, done.stderr)
        unit = INCLUDES
        for number, name in enumerate(self.files):  # each source has names of its own in an anonymous namespace
            unit += f"#define kComments kComments{number}\n#define kCommentTexts kCommentTexts{number}\n"
            unit += f'#include "{name.removesuffix(".proto")}.tern.cc"\n#undef kComments\n#undef kCommentTexts\n'
        (self.folder / "unit.cc").write_text(unit + after)
        done = run(compiler, f"-std={standard}", *WARNINGS, "-isystem", self.folder / "cpp", "-isystem",
                   f"{SOURCE}/include", "-I", self.folder / "tern", "-fsyntax-only", self.folder / "unit.cc")
        self.assertEqual(done.returncode, 0, done.stderr[:4000])

    def header(self, name):
        return (self.folder / "tern" / name).read_text()


class Names(Generated):
    def words(self, generated_only=False):
        """The names that generated code and, unless `generated_only`, its base class use themselves."""
        self.add("sample.proto", 'syntax = "proto3"; package sample; message M {}\n' + service("Sample", "abcd"))
        self.assertEqual(self.generate().returncode, 0)
        base = "" if generated_only else pathlib.Path(SOURCE, "include/tern/server/service.h").read_text()
        return identifiers(self.header("sample.tern.h") + self.header("sample.tern.cc") + base) - set("abcd")

    def test_no_macro_of_the_compiler_stays_a_name(self):
        names = macros()
        self.assertGreater(len(names), 4000)
        self.add("macros.proto", 'syntax = "proto3"; package macros; message M {}\n' + service("Methods", names, ".macros.M") +
                 "".join(f"service {name} {{}}\n" for name in sorted(names - {"Methods", "M"})))
        self.assertEqual(self.generate().returncode, 0)
        source = self.header("macros.tern.cc")
        methods = dict(re.findall(r'add_method\("(\w+)", ::tern::detail::make_handler\(\*this, &AsyncService::(\w+)\)', source))
        services = {name: cpp for cpp, name in
                    re.findall(r'^(\w+)::AsyncService::AsyncService\(\) : ::tern::Service\("macros\.(\w+)"', source, re.MULTILINE)}
        for renamed in (methods, services):
            self.assertLessEqual(names - {"M"}, renamed.keys())
            self.assertEqual(len(set(renamed.values())), len(renamed))
            self.assertEqual(names & set(renamed.values()), set())

    def test_every_name_can_be_a_method_and_a_service(self):
        words = {word + underscores for word in self.words() | set(KEYWORDS) for underscores in ("", "_", "__")}
        common = {name for name in macros() if not re.match("_|SYS_|[A-Z0-9]+_", name)}
        names = words | set(sorted(common)[::7]) | {"errno", "EOF", "AF_INET", "__linux__", "signals", "unix", "All", "M", "KV"}
        self.add("methods.proto", 'syntax = "proto3"; package names.methods; message M {}\n' +
                 service("All", names, ".names.methods.M"))
        # Each service with methods instantiates handlers of its own: few of them have some, with their own name among them.
        empty = sorted(names - {"M"})
        self.add("services.proto", 'syntax = "proto3"; package names.services; message M {}\n' + "".join(
            service(name, [name] if i % 50 == 0 or "Stub" in name else [], ".names.services.M")
            for i, name in enumerate(empty)))
        self.add("global.proto", 'syntax = "proto3"; message GlobalMessage {}\n' + "".join(
            service(name, [], "GlobalMessage") for name in GLOBAL_NAMES))
        self.compile('static_assert(names::services::SyncService___::kName == "names.services.SyncService");\n'
                     'static_assert(tern_::kName == "tern" && FILE_::kName == "FILE" && tm_::kName == "tm");\n')
        header = self.header("methods.tern.h")
        for name in ("KV", "All", "M", "Service", "name", "methods", "add_method", "request", "std", "tern"):
            self.assertRegex(header, rf"> {name}\(.*CallOptions")
        for name, cpp in {"delete": "delete___", "errno": "errno_", "EOF": "EOF_", "AF_INET": "AF_INET_", "Stub": "Stub___",
                          "__linux__": "__linux___", "signals": "signals_", "unix": "unix_"}.items():
            self.assertRegex(header, rf"> {cpp}\(.*CallOptions.*\n.*\"/names.methods.All/{name}\"")

    def test_names_of_generated_code_can_be_messages(self):
        words = sorted(self.words(generated_only=True) - macros() - {"std"} - set(KEYWORDS)) + ["delete", "register"]
        text = 'syntax = "proto3"; package names.messages;\n' + "".join(f"message {name} {{}}\n" for name in words)
        text += "service Users {\n" + "".join(f"  rpc {name}(.names.messages.{name}) returns (.names.messages.{name});\n"
                                              for name in words)
        self.add("messages.proto", text + "}\n")
        self.compile()

    def test_names_of_generated_code_can_be_packages_and_files(self):
        words = sorted((self.words(generated_only=True) | {"detail", "rest", "async"}) - macros() - set(KEYWORDS))
        packages = [f"in.{word}.v1" for word in words] + ["deep.er.and_.deep.er.s.t.i.l.l"]
        packages += [f"{word}.below" for word in ("std", "tern", "google", "google.protobuf", "tern.detail")]
        for i, package in enumerate(packages):
            self.add(f"{package}/{KEYWORDS[i % len(KEYWORDS)]}.v1-{i} x.proto",
                     f'syntax = "proto3"; package {package}; import "google/protobuf/any.proto"; import "other.proto";\n'
                     f'message Request {{}}\n{service("Things", "abcd" if i % 20 == 0 else [], ".other.v1.M")}'
                     "service Others { rpc Get(.other.v1.M) returns (.google.protobuf.Any); }\n")
        self.add("other.proto", 'syntax = "proto3"; package other; import public "public.proto";')
        self.add("public.proto", 'syntax = "proto3"; package other.v1; message M {}')
        self.compile()

    def test_names_that_protobuf_declares_are_left_to_it(self):
        self.add("taken.proto", """syntax = "proto2"; package taken; import "google/protobuf/descriptor.proto";
            message Foo { message Bar {} enum Kind { ONE = 0; } }
            enum State { OPEN = 0; context = 1; channel = 2; channel_ = 3; requests = 4; responses = 5; }
            extend google.protobuf.MethodOptions { optional string request = 50001; optional string options = 50002; }
            message M {}
            """ + "".join(service(name, []) for name in (
                "Foo_Bar Foo_Bar_ Foo_Kind Foo_Kind_Name Foo_Kind_ONE State_Name State_IsValid State_MIN "
                "FooDefaultTypeInternal kRequestFieldNumber kOptionsFieldNumber").split()) + service("Parameters", "abcd"))
        self.add("generic.proto", """syntax = "proto3"; package generic; option cc_generic_services = true; message M {}
            """ + "".join(service(name, ["get"]) for name in
                          "EchoService EchoService_ EchoService_Stub_ AsyncService".split()))
        self.add("same_package.proto", 'syntax = "proto3"; package taken; import "taken.proto";'
                 "service Foo_Bar__x { rpc get(M) returns (M); } service Foo_Kind_Parse { rpc get(M) returns (M); }")
        self.compile("static_assert(taken::Foo_Bar__::kName == \"taken.Foo_Bar\");\n"
                     "static_assert(taken::Foo_Bar_::kName == \"taken.Foo_Bar_\");\n"
                     "static_assert(generic::EchoService__::kName == \"generic.EchoService\");\n"
                     "static_assert(taken::Foo_Kind_Parse_::kName == \"taken.Foo_Kind_Parse\");\n")

    def test_the_order_of_declarations_does_not_matter(self):
        methods = ["delete", "delete_", "delete__", "EOF", "Stub", "Stub_", "errno"]
        names = {}
        for order in (1, -1):
            text = "\n".join(f"rpc {name}(M) returns (M);" for name in methods[::order])
            self.files = []
            self.add("order.proto", f'syntax = "proto3"; package order; message M {{}} service S {{ {text} }}')
            self.assertEqual(self.generate().returncode, 0)
            names[order] = set(re.findall(r"(\w+)\(const.*\n.*(\"/order.S/\w+\")", self.header("order.tern.h")))
            self.assertEqual(len(names[order]), len(methods))
        self.assertEqual(names[1], names[-1])


class Comments(Generated):
    TEXTS = [rb"Root of the share, such as C:\data" + b"\\", rb"\\ \\ " + b"\\ \t", b"trigraphs ??/", b"??/ ??' ??= ????", b"*/ /* //",
             b"$ $line$ $$ $", b'"quoted" \'and\' %s {} \\n \\u1234 \\x', b"\xff\xfe not UTF-8 \xc3", b"control \x01\x07\x1b[0m \x0c\x0b\x7f",
             "Arabic \u202e\u2066 unclosed, \u0645\u0631\u062d\u0628\u0627 \u0085".encode(), b"x" * 200_000, b"tab\there",
             b"R\"(raw)\" #include <x> #error no", "\u20ac".encode() * 40_000]

    def check(self, text, package):
        self.add(f"{package}.proto", text)
        self.compile()
        if clang := shutil.which("clang++-19"):
            self.compile(standard="c++20", compiler=clang)
        code = self.header(f"{package}.tern.cc") + self.header(f"{package}.tern.h")
        self.assertNotRegex(code, r"[\x00-\x08\x0b-\x1f\x7f]")

    def test_any_text_stays_a_comment(self):
        text = b'syntax = "proto3"; package texts;\n// Of the message.\nmessage M { int32 a = 1; // \\\n }\n'
        for i, comment in enumerate(self.TEXTS):
            text += b"// " + comment + b"\nservice S%d {\n" % i
            text += b"  // " + comment[:1000] + b"\n  rpc Before(M) returns (M);\n\n"
            text += b"  rpc Behind(M) returns (M);  // " + comment[:1000] + b"\n\n}\n"
        self.check(text, "texts")
        self.assertIn("/// Root of the share, such as C:\\data\\ //\n", self.header("texts.tern.h"))

    def test_line_ends_of_any_kind(self):
        for i, end in enumerate((b"\r\n", b"\r", b"\n")):
            text = b"// A service.\r\n// Two lines.\r\nservice S {\r\n  // Pulls.\r\n  rpc Pull(M) returns (M);\r\n}\r\n"
            text = b'syntax = "proto3"; package ends%d; /* first%ssecond */ message M {}\n' % (i, end) + (
                text if end == b"\r\n" else text.replace(b"\r\n", b"\n"))
            self.add(f"ends{i}.proto", text)
        self.compile()
        self.assertIn('"A service.\\n"\n     "Two lines."', self.header("ends0.tern.cc"))
        for i in range(3):
            self.assertNotIn("\r", (self.folder / "tern" / f"ends{i}.tern.cc").read_bytes().decode())


class Refusals(Generated):
    def check(self, text, error, name="refused.proto"):
        self.add(name, text)
        done = self.generate(name)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stderr.strip().splitlines()[-1], f"--tern_out: {error}")

    def test_name_file_line_and_reason(self):
        keyword = '"{}" is a C++ keyword, and protobuf\'s own code does not rename it'
        own = "the namespace {} is the library's own: choose another package, or one below it"
        for text, error in (
                ('\npackage a.delete;\nmessage M {}', '3:1: package "a.delete": ' + keyword.format("delete") + " in a namespace"),
                ("message M {}\n  message co_await {}", "3:3: " + keyword.format("co_await") + ": rename the type"),
                ("message M {\n message N { enum co_yield { A = 0; } } }", "3:14: " + keyword.format("co_yield") + ": rename the type"),
                ("enum concept { A = 0; }", "2:1: " + keyword.format("concept") + ": rename the type"),
                ("package google.protobuf; message X {} service S { rpc Get(X) returns (X); }",
                 '2:1: package "google.protobuf": the namespace google::protobuf is protobuf\'s own: '
                 "choose another package for services")):
            self.check(f'syntax = "proto3";\n{text}', f"refused.proto:{error}")
        namespaces = {name for header in pathlib.Path(SOURCE, "include").rglob("*.h")
                      for name in re.findall(r"^namespace (tern[\w:]*) \{", header.read_text(), re.MULTILINE)}
        self.assertIn("tern::rest", namespaces)
        for name in sorted(namespaces):
            package = name.replace("::", ".")
            self.check(f'syntax = "proto3"; package {package}; message X {{}}',
                       f'refused.proto:1:20: package "{package}": {own.format(name)}')

    def test_services_without_a_package_are_warned_of(self):
        self.add("bare.proto", 'syntax = "proto3"; message M {}\n' + service("S", ["get"]))
        self.add("packed.proto", 'syntax = "proto3"; package packed; message M {}\n' + service("S", ["get"]))
        done = self.generate()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.strip(),
                         "bare.proto:1:1: warning: services without a package are in the global namespace, and share their "
                         'names with all other servers: add a line like "package shop.v1;"')

    def test_file_names_that_cannot_be_included(self):
        self.check('syntax = "proto3"; message M {}', 'a"b.proto:1:1: a file of this name cannot be included in C++: rename it',
                   'a"b.proto')


class Editions(Generated):
    def test_a_service_of_edition_2023_compiles(self):
        version = run(PROTOC, "--version").stdout.split()[-1]
        if int(version.split(".")[0]) < 27:
            self.skipTest(f"protoc {version} knows no editions")
        self.add("edition.proto", """edition = "2023";
            package edition.v1;
            option features.field_presence = IMPLICIT;
            enum Colour { option features.enum_type = CLOSED; RED = 0; }
            message M { Colour colour = 1 [features.field_presence = EXPLICIT]; string text = 2 [features.field_presence = EXPLICIT];
                        M inner = 3 [features.message_encoding = DELIMITED]; }
            """ + service("S", "abcd"))
        self.compile()


if __name__ == "__main__":
    unittest.main()
