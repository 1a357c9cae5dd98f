# Finds what tern stands on; the build tree and the installed package both read this.
# Targets of a subfolder are otherwise unknown to the project that took it in, which links them.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)
find_package(Threads REQUIRED)
# By Boost's own configuration: CMake's module is deprecated since 3.30.
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS json url OPTIONAL_COMPONENTS stacktrace_backtrace stacktrace_addr2line)
# Fedora and Arch have no libbacktrace, and addr2line has to be started for each line of a stack.
if(TARGET Boost::stacktrace_backtrace)
  set(TERN_STACKTRACE Boost::stacktrace_backtrace)
elseif(TARGET Boost::stacktrace_addr2line)
  set(TERN_STACKTRACE Boost::stacktrace_addr2line)
else()
  message(FATAL_ERROR "Boost.Stacktrace is missing: install its library boost_stacktrace_backtrace or boost_stacktrace_addr2line")
endif()
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
