# Finds what tern stands on; the build tree and the installed package both read this.
# Targets of a subfolder are otherwise unknown to the project that took it in, which links them.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json stacktrace_backtrace url)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
# protobuf's own package names the libraries of Abseil, which protobuf 22 and later are linked with. Debian's protobuf 3.21 has
# no package of its own: CMake's module finds it.
set(protobuf_MODULE_COMPATIBLE TRUE)
find_package(Protobuf CONFIG QUIET)
if(NOT Protobuf_FOUND)
  find_package(Protobuf MODULE REQUIRED)
endif()
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
