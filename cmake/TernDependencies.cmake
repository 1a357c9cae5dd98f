# tern_find_dependencies(library…): finds what tern's libraries stand on. A macro: find_dependency() returns from the caller's
# file. The build tree asks for all libraries, the installed package for the components that a project names. A program on a
# shared library needs only what headers include.
macro(tern_find_dependencies)
  set(_tern_libraries ${ARGN})
  _tern_find(Threads)
  # protobuf's own package names the libraries of Abseil, which protobuf 22 and later are linked with. Debian's protobuf 3.21 has
  # no package of its own: CMake's module finds it.
  set(protobuf_MODULE_COMPATIBLE TRUE)
  find_package(Protobuf CONFIG QUIET)
  if(NOT Protobuf_FOUND)
    _tern_find(Protobuf MODULE)
  endif()
  # By Boost's own configuration: CMake's module is deprecated since 3.30.
  _tern_find(Boost 1.81 CONFIG COMPONENTS headers)
  if(NOT TERN_IS_SHARED)
    _tern_find(OpenSSL)
    _tern_find(ZLIB)
    _tern_find(fmt)
    _tern_find(Boost 1.81 CONFIG OPTIONAL_COMPONENTS stacktrace_backtrace stacktrace_addr2line)
    # Fedora and Arch have no libbacktrace, and addr2line has to be started for each line of a stack.
    if(TARGET Boost::stacktrace_backtrace)
      set(TERN_STACKTRACE Boost::stacktrace_backtrace)
    elseif(TARGET Boost::stacktrace_addr2line)
      set(TERN_STACKTRACE Boost::stacktrace_addr2line)
    else()
      message(FATAL_ERROR "Boost.Stacktrace is missing: install its library boost_stacktrace_backtrace or boost_stacktrace_addr2line")
    endif()
    if("rest" IN_LIST _tern_libraries)
      _tern_find(Boost 1.81 CONFIG COMPONENTS json url)
    endif()
    if("telemetry" IN_LIST _tern_libraries)
      _tern_find(spdlog)
      _tern_find(prometheus-cpp COMPONENTS core)
    endif()
  endif()
endmacro()
