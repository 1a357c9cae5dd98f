# A cross build with Debian's compilers:
#   cmake --toolchain cmake/toolchains/debian.cmake -D TERN_TARGET=aarch64-linux-gnu -D TERN_SYSROOT=FOLDER …
# TERN_TARGET is the compiler's prefix; TERN_SYSROOT has the target's libraries (scripts/sysroot makes one). docs/building.md.
foreach(variable TERN_TARGET TERN_SYSROOT)
  if(NOT ${variable})
    message(FATAL_ERROR "${CMAKE_CURRENT_LIST_FILE} needs -D ${variable}=…")
  endif()
endforeach()
# CMake's trial compilations read this file too.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TERN_TARGET TERN_SYSROOT)
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${TERN_TARGET}")
set(CMAKE_C_COMPILER "${TERN_TARGET}-gcc")
set(CMAKE_CXX_COMPILER "${TERN_TARGET}-g++")
set(CMAKE_LIBRARY_ARCHITECTURE "${TERN_TARGET}")
get_filename_component(CMAKE_SYSROOT "${TERN_SYSROOT}" ABSOLUTE)
# Libraries, headers and packages are the target's; programs that the build runs are this machine's.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
