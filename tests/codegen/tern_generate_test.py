"""tern_generate in projects of any style, and its errors: tern_generate_test.py PROTOC PLUGIN SOURCE COMPILER

The projects use cmake/TernGenerate.cmake with the real protoc and plugin. tern::tern is the source tree's headers alone:
the projects are compiled and not linked (scripts/check-package links one)."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROTOC, PLUGIN, SOURCE, COMPILER = sys.argv[1:]
del sys.argv[1:]

BEGINNING = f"""cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES LANGUAGE)
add_executable(protobuf::protoc IMPORTED GLOBAL)
set_target_properties(protobuf::protoc PROPERTIES IMPORTED_LOCATION "{PROTOC}")
add_executable(tern::protoc-gen-tern IMPORTED GLOBAL)
set_target_properties(tern::protoc-gen-tern PROPERTIES IMPORTED_LOCATION "{PLUGIN}")
add_library(tern::tern INTERFACE IMPORTED GLOBAL)
target_include_directories(tern::tern INTERFACE "{SOURCE}/include")
target_compile_features(tern::tern INTERFACE cxx_std_20)
include("{SOURCE}/cmake/TernGenerate.cmake")
"""
PROTO = 'syntax = "proto3"; package {0}; message M {{}} service S {{ rpc Get(M) returns (M); }}\n'


class TernGenerate(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tern_generate_"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("project/a.proto", "project/protos/a.proto", "project/protos/one/user.proto",
                     "project/protos/two/user.proto", "outside it/v1/far.proto"):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PROTO.format(re.sub(r"\W", "_", name.removesuffix(".proto"))))

    def configure(self, text, language, *options):
        (self.folder / "project/CMakeLists.txt").write_text(BEGINNING.replace("LANGUAGE)", language + ")") + text)
        return subprocess.run(["cmake", "-S", self.folder / "project", "-B", self.folder / "build", "-G", "Ninja",
                               f"-DCMAKE_CXX_COMPILER={COMPILER}", *options], capture_output=True, text=True, timeout=100)

    def test_both_signatures_of_target_link_libraries_and_any_folder(self):
        done = self.configure("""
            set(CMAKE_UNITY_BUILD ON)
            add_library(other INTERFACE)
            add_library(plain STATIC)
            target_link_libraries(plain other)
            tern_generate(plain PROTOS a.proto)
            target_link_libraries(plain other)
            add_library(keywords STATIC)
            tern_generate(keywords PROTOS protos/one/user.proto protos/two/user.proto ../outside\\ it/v1/far.proto
                          IMPORT_DIRS "../outside it" protos)
            target_link_libraries(keywords PRIVATE other PUBLIC other)
            file(WRITE ${CMAKE_BINARY_DIR}/use.cc "#include <a.tern.h>\\n#include <one/user.tern.h>\\n#include <v1/far.tern.h>\\n")
            add_library(user OBJECT ${CMAKE_BINARY_DIR}/use.cc)
            target_link_libraries(user PRIVATE plain keywords)
            """, "CXX")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = subprocess.run(["cmake", "--build", self.folder / "build"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])

    def test_errors_say_what_to_do(self):
        for text, error in (
                ("tern_generate(lib)", "no PROTOS given"),
                ("tern_generate(lib PROTO a.proto)", "unknown arguments PROTO;a.proto: use PROTOS and IMPORT_DIRS"),
                ("tern_generate(lib PROTOS a.proto IMPORT_DIR protos)",
                 'PROTOS are files that end in .proto, not "IMPORT_DIR"; the other argument is IMPORT_DIRS'),
                ("tern_generate(lib PROTOS b.proto)", "the file {0}/project/b.proto does not exist"),
                ("tern_generate(lib PROTOS a.proto IMPORT_DIRS nowhere)",
                 "the directory {0}/project/nowhere of IMPORT_DIRS does not exist"),
                ('tern_generate(lib PROTOS "../outside it/v1/far.proto")',
                 "{0}/outside it/v1/far.proto lies under none of IMPORT_DIRS ({0}/project): add the directory that its "
                 "imports start from, perhaps {0}/outside it/v1"),
                ("tern_generate(lib PROTOS a.proto protos/a.proto IMPORT_DIRS protos .)",
                 "{0}/project/a.proto and {0}/project/protos/a.proto both have the name a.proto: choose IMPORT_DIRS above "
                 "both, or two targets"),
                ("tern_generate(nothing PROTOS a.proto)",
                 "the target nothing does not exist: call add_library or add_executable before"),
                ("add_library(other ALIAS lib)\ntern_generate(other PROTOS a.proto)",
                 "other is an alias: name the target lib itself"),
                ("add_library(heads INTERFACE)\ntern_generate(heads PROTOS a.proto)",
                 "heads compiles no sources (INTERFACE_LIBRARY): use a STATIC, SHARED or OBJECT library"),
                ("file(WRITE below/CMakeLists.txt \"tern_generate(lib PROTOS ../a.proto)\")\nadd_subdirectory(below)",
                 "lib is a target of {0}/project: call tern_generate there")):
            with self.subTest(text):
                shutil.rmtree(self.folder / "build", ignore_errors=True)
                done = self.configure("add_library(lib STATIC)\n" + text, "NONE")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(error.format(self.folder), re.sub(r"\s+", " ", done.stderr))

    def test_a_cross_build_runs_the_programs_of_this_machine(self):
        text = "add_library(lib STATIC)\ntern_generate(lib PROTOS a.proto)\n"
        # Setting the system's name makes the build a cross build. The imported targets stand for the target's programs.
        cross = "-DCMAKE_SYSTEM_NAME=Linux"
        broken = text.replace("tern_generate", "set_target_properties(protobuf::protoc tern::protoc-gen-tern PROPERTIES "
                              "IMPORTED_LOCATION /nowhere)\ntern_generate")
        for given, error in (((), "needs a protoc that runs on this machine"),
                             ((f"-DTERN_PROTOC={PROTOC}",), "needs a protoc-gen-tern that runs on this machine")):
            with self.subTest(given):
                shutil.rmtree(self.folder / "build", ignore_errors=True)
                done = self.configure("set(CMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH OFF)\nset(CMAKE_FIND_USE_CMAKE_SYSTEM_PATH OFF)\n" +
                                      text, "CXX", cross, *given)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("In a cross build, tern_generate() " + error, " ".join(done.stderr.split()))
        shutil.rmtree(self.folder / "build")
        done = self.configure(broken, "CXX", cross, f"-DTERN_PROTOC={PROTOC}", f"-DTERN_PROTOC_GEN_TERN={PLUGIN}")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = subprocess.run(["cmake", "--build", self.folder / "build"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])

    def test_a_missing_tern_rest_is_told(self):
        (self.folder / "project/api.proto").write_text(
            'syntax = "proto3"; package api;\nimport "google/api/annotations.proto";\nmessage M {}\n')
        text = "add_library(lib STATIC)\ntern_generate(lib PROTOS api.proto)\n"
        rest = "add_library(tern::rest INTERFACE IMPORTED GLOBAL)\n"
        warning = ("tern_generate(lib): api.proto imports google/api, and lib is not linked with tern::rest: add "
                   "target_link_libraries(lib PUBLIC tern::rest)")
        for linked, warned in (("", True), ("target_link_libraries(lib PUBLIC tern::rest)", False),
                               ("add_library(base INTERFACE)\ntarget_link_libraries(base INTERFACE tern::rest)\n"
                                "target_link_libraries(lib base)", False)):
            with self.subTest(linked=linked):
                done = self.configure(rest + text + linked, "CXX")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(warning in " ".join(done.stderr.split()), warned, done.stderr)


if __name__ == "__main__":
    unittest.main()
