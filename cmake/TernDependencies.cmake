# Finds what tern stands on; the build tree and the installed package both read this.
# Targets of a subfolder are otherwise unknown to the project that took it in, which links them.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Protobuf REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)

if(NOT TARGET tern::nghttp2)
  find_path(NGHTTP2_INCLUDE_DIR nghttp2/nghttp2.h)
  find_library(NGHTTP2_LIBRARY nghttp2)
  if(NOT NGHTTP2_INCLUDE_DIR OR NOT NGHTTP2_LIBRARY)
    message(FATAL_ERROR "tern needs nghttp2: install libnghttp2-dev")
  endif()
  add_library(tern::nghttp2 UNKNOWN IMPORTED GLOBAL)
  set_target_properties(tern::nghttp2 PROPERTIES IMPORTED_LOCATION "${NGHTTP2_LIBRARY}"
                                                 INTERFACE_INCLUDE_DIRECTORIES "${NGHTTP2_INCLUDE_DIR}")
endif()
