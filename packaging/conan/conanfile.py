"""Conan 2: `conan create packaging/conan` builds the checkout that this folder lies in."""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load


class Tern(ConanFile):
    name = "tern"
    description = "gRPC for C++20 coroutines"
    license = "Apache-2.0"
    topics = ("grpc", "coroutines", "asio", "http2")
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True, "boost/*:with_stacktrace_backtrace": True}
    implements = ["auto_shared_fpic"]

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "..", "..", "include", "tern", "version.h"))
        self.version = re.search(r'TERN_VERSION "([^"]+)"', header)[1]

    def export_sources(self):
        checkout = os.path.join(self.recipe_folder, "..", "..")
        for name in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*", "tools/gdb/*"):
            copy(self, name, src=checkout, dst=self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("boost/[>=1.81 <2]", transitive_headers=True)
        self.requires("protobuf/[>=3.21]", transitive_headers=True)
        self.requires("openssl/[>=3 <4]")
        self.requires("zlib/[>=1.2 <2]")
        self.requires("fmt/[>=9]")
        self.requires("spdlog/[>=1.10 <2]", transitive_headers=True)
        self.requires("prometheus-cpp/[>=1.0 <2]")

    def build_requirements(self):
        self.tool_requires("protobuf/<host_version>")

    def validate(self):
        check_min_cppstd(self, 20)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        for option in ("TESTS", "EXAMPLES", "BENCH"):
            toolchain.cache_variables[f"TERN_BUILD_{option}"] = False
        toolchain.cache_variables["TERN_WARNINGS_AS_ERRORS"] = False
        toolchain.cache_variables["TERN_UNITY"] = True
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        # The package's own files for CMake, with tern_generate() and components.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs.append(os.path.join("lib", "cmake", "tern"))
        self.cpp_info.libs = ["tern_telemetry", "tern_testing", "tern_rest", "tern_services", "tern"]
        if self.options.shared:
            self.cpp_info.defines = ["TERN_SHARED=1"]
