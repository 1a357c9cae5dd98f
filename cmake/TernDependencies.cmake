# tern_find_dependencies(library…): finds what tern's libraries stand on. A macro: find_dependency() returns from the caller's
# file. The build tree asks for all libraries, the installed package for the components that a project names. A program on a
# shared library needs only what headers include.
macro(tern_find_dependencies)
  set(_tern_libraries ${ARGN})
  _tern_find(Threads)
  _tern_find(Protobuf)
  # By Boost's own configuration: CMake's module is deprecated since 3.30.
  _tern_find(Boost 1.81 CONFIG COMPONENTS headers)
  if(NOT TERN_IS_SHARED)
    _tern_find(OpenSSL)
    _tern_find(ZLIB)
    _tern_find(fmt)
    _tern_find(Boost 1.81 CONFIG COMPONENTS stacktrace_backtrace)
    if("rest" IN_LIST _tern_libraries)
      _tern_find(Boost 1.81 CONFIG COMPONENTS json url)
    endif()
    if("telemetry" IN_LIST _tern_libraries)
      _tern_find(spdlog)
      _tern_find(prometheus-cpp COMPONENTS core)
    endif()
  endif()
endmacro()
