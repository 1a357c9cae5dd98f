"""scripts/build on a project of a few lines, whose target `extra` exists when a library does: build_test.py SOURCE"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1])
del sys.argv[1:]
PRESETS = """{"version": 6, "configurePresets": [
  {"name": "small", "generator": "Ninja", "binaryDir": "${sourceDir}/build/${presetName}"}]}
"""
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES NONE)
file(APPEND ${CMAKE_SOURCE_DIR}/configured "x")
add_custom_target(own COMMAND ${CMAKE_COMMAND} -E touch ${CMAKE_SOURCE_DIR}/own)
find_library(EXTRA extra PATHS ${CMAKE_SOURCE_DIR}/lib NO_DEFAULT_PATH)
if(EXTRA)
  add_custom_target(extra COMMAND ${CMAKE_COMMAND} -E touch ${CMAKE_SOURCE_DIR}/made)
endif()
"""


class Build(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "scripts").mkdir()
        shutil.copy(SOURCE / "scripts/build", self.root / "scripts/build")
        (self.root / "CMakePresets.json").write_text(PRESETS)
        (self.root / "CMakeLists.txt").write_text(PROJECT)
        self.packages = self.root / "packages"
        self.packages.touch()
        self.assertEqual(self.build("own").returncode, 0)

    def build(self, *targets):
        return subprocess.run([self.root / "scripts/build", "small", *targets], capture_output=True, text=True, check=False,
                              env={**os.environ, "TERN_PACKAGE_DATABASES": str(self.packages)})

    def times_configured(self):
        return len((self.root / "configured").read_text())

    def add_library(self):
        (self.root / "lib").mkdir()
        (self.root / "lib/libextra.a").touch()

    def test_configures_once(self):
        self.assertEqual(self.build("own").returncode, 0)
        self.assertEqual(self.times_configured(), 1)

    def test_configures_again_after_packages_have_changed(self):
        self.add_library()
        configured = (self.root / "build/small/.configured").stat().st_mtime
        os.utime(self.packages, (configured + 1, configured + 1))
        self.assertEqual(self.build("own").returncode, 0)
        self.assertEqual(self.times_configured(), 2)
        self.assertEqual(self.build("extra").returncode, 0)
        self.assertTrue((self.root / "made").exists())

    def test_finds_a_library_that_came_without_a_package(self):
        self.add_library()
        done = self.build("extra")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.times_configured(), 2)
        self.assertTrue((self.root / "made").exists())

    def test_says_that_a_target_is_unknown(self):
        done = self.build("extra")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the preset small has no target extra", done.stderr)
        self.assertEqual(self.times_configured(), 2)


unittest.main()
