# Debian packages, by `cpack -G DEB` in a build folder of the preset "deb": scripts/debs. dpkg-shlibdeps writes the dependencies
# on shared libraries.
if(NOT BUILD_SHARED_LIBS OR NOT TERN_BUILD_EXAMPLES)
  return()
endif()
set(CPACK_PACKAGE_NAME tern)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "the authors of tern")
set(CPACK_DEBIAN_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime development command userchat)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Libraries of packages that are made here: dpkg does not know them yet.
foreach(library tern tern_rest tern_services tern_telemetry tern_testing)
  list(APPEND CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS $<TARGET_FILE_DIR:${library}>)
endforeach()

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libtern${TERN_ABI_VERSION})
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "gRPC for C++20 coroutines: shared libraries")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_GENERATE_SHLIBS ON)

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libtern-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "gRPC for C++20 coroutines: headers, protoc-gen-tern, CMake's and pkg-config's files")
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS runtime)
# What headers include and tern_generate() calls; Debian 12's libboost-dev is older than 1.81.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libboost-dev (>= 1.81) | libboost1.81-dev, libprotobuf-dev, protobuf-compiler")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "cmake, pkgconf, libspdlog-dev")

set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME tern)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SECTION net)
set(CPACK_COMPONENT_COMMAND_DESCRIPTION "gRPC for C++20 coroutines: the command that puts gRPC servers under load")
set(CPACK_COMPONENT_COMMAND_DEPENDS runtime)

set(CPACK_DEBIAN_USERCHAT_PACKAGE_NAME userchat)
set(CPACK_DEBIAN_USERCHAT_PACKAGE_SECTION net)
set(CPACK_COMPONENT_USERCHAT_DESCRIPTION "gRPC for C++20 coroutines: the application, users and chat")
set(CPACK_COMPONENT_USERCHAT_DEPENDS runtime)
include(CPack)
