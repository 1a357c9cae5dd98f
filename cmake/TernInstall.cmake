# What is installed, in four parts, each a Debian package (TernPackages.cmake): the shared libraries, what programs are built
# with, the command, and the application.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/tern)
if(BUILD_SHARED_LIBS)
  # Finds the libraries in any prefix. Those of a distribution are in the linker's folders.
  if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    file(RELATIVE_PATH to_libraries /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
    set(programs_rpath "$ORIGIN/${to_libraries}")
    set(libraries_rpath "$ORIGIN")
  endif()
endif()

# The libraries and their description for find_package: one file for each component, so that a project finds only what it uses.
foreach(library tern tern_rest tern_services tern_telemetry tern_testing)
  string(REGEX REPLACE "^tern_" "" name ${library})
  set_target_properties(${library} PROPERTIES INSTALL_RPATH "${libraries_rpath}")
  install(TARGETS ${library} EXPORT ternTargets-${name}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  install(EXPORT ternTargets-${name} NAMESPACE tern:: DESTINATION ${package} COMPONENT development)
endforeach()
install(TARGETS protoc-gen-tern EXPORT ternTargets-tern RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT development)
if(TERN_MODULE)
  install(TARGETS tern_module EXPORT ternTargets-module
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
          FILE_SET CXX_MODULES DESTINATION ${CMAKE_INSTALL_DATADIR}/tern/module COMPONENT development)
  install(EXPORT ternTargets-module NAMESPACE tern:: DESTINATION ${package} CXX_MODULES_DIRECTORY modules
          COMPONENT development)
endif()
configure_package_config_file(cmake/ternConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/ternConfig.cmake
                              INSTALL_DESTINATION ${package})
# Before 1.0 a minor version may change what programs use (docs/installing.md).
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/ternConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ternConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/ternConfigVersion.cmake
              cmake/TernDependencies.cmake cmake/TernEmbed.cmake cmake/TernGenerate.cmake
        DESTINATION ${package} COMPONENT development)

# Headers, those of messages that libraries bring, and what .proto files import for google.api.http.
install(DIRECTORY include/tern DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development FILES_MATCHING PATTERN "*.h")
foreach(generated ${TERN_SERVICES_GENERATED} ${TERN_REST_GENERATED})
  install(DIRECTORY ${generated}/google DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
          FILES_MATCHING PATTERN "*.pb.h")
endforeach()
install(DIRECTORY src/rest/protos DESTINATION ${package} COMPONENT development)
# gdb's commands for programs on tern (docs/debugging.md).
install(FILES tools/gdb/tern.py DESTINATION ${CMAKE_INSTALL_DATADIR}/tern/gdb COMPONENT development)

# tern_pkg_config(name LIBRARY library DESCRIPTION text [REQUIRES package…] [STATIC_REQUIRES package…] [STATIC_LIBS flag…]):
# a program that links a static library needs what the library is built on; one that links a shared library does not.
function(tern_pkg_config name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LIBRARY;DESCRIPTION" "REQUIRES;STATIC_REQUIRES;STATIC_LIBS")
  set(library ${arg_LIBRARY})
  set(description "${arg_DESCRIPTION}")
  set(requires ${arg_REQUIRES})
  set(flags "")
  foreach(definition TERN_SHARED TERN_DEBUG)
    if((definition STREQUAL TERN_SHARED AND BUILD_SHARED_LIBS) OR (definition STREQUAL TERN_DEBUG AND TERN_DEBUG))
      string(APPEND flags " -D${definition}=1")
    endif()
  endforeach()
  if(BUILD_SHARED_LIBS)
    set(requires_private ${arg_STATIC_REQUIRES})
    set(libs_private ${arg_STATIC_LIBS})
  else()
    list(APPEND requires ${arg_STATIC_REQUIRES})
    set(libs ${arg_STATIC_LIBS})
  endif()
  foreach(list requires requires_private libs libs_private)
    list(JOIN ${list} " " ${list})
  endforeach()
  # Relative to the file: the installed folder may be moved.
  file(RELATIVE_PATH up "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
  string(REGEX REPLACE "/$" "" up "${up}")
  set(prefix "\${pcfiledir}/${up}")
  configure_file(cmake/tern.pc.in ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()
string(REPLACE "Boost::" "-lboost_" stacktrace ${TERN_STACKTRACE})
tern_pkg_config(tern LIBRARY tern DESCRIPTION "${PROJECT_DESCRIPTION}" REQUIRES protobuf
                STATIC_REQUIRES openssl zlib fmt STATIC_LIBS ${stacktrace} -pthread)
tern_pkg_config(tern-services LIBRARY tern_services REQUIRES tern
                DESCRIPTION "tern: the health, reflection and channelz services")
tern_pkg_config(tern-rest LIBRARY tern_rest REQUIRES tern-services STATIC_LIBS -lboost_url -lboost_json
                DESCRIPTION "tern: REST, gRPC-Web and Connect beside gRPC, and an HTTP client")
tern_pkg_config(tern-telemetry LIBRARY tern_telemetry REQUIRES tern-rest STATIC_REQUIRES spdlog prometheus-cpp-core
                DESCRIPTION "tern: metrics, access logs and OpenTelemetry")
tern_pkg_config(tern-testing LIBRARY tern_testing REQUIRES tern DESCRIPTION "tern: for tests of programs")

# The command and the application, their man pages, and completions of shells.
if(TERN_BUILD_EXAMPLES)
  foreach(program tern_tool userchat)
    set_target_properties(${program} PROPERTIES INSTALL_RPATH "${programs_rpath}")
  endforeach()
  install(TARGETS tern_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT command)
  install(TARGETS userchat RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT userchat)
  foreach(page tern:command userchat:userchat)
    string(REGEX MATCH "(.*):(.*)" page "${page}")
    set(part ${CMAKE_MATCH_2})
    configure_file(packaging/man/${CMAKE_MATCH_1}.1.in ${CMAKE_CURRENT_BINARY_DIR}/man/${CMAKE_MATCH_1}.1 @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/man/${CMAKE_MATCH_1}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
            COMPONENT ${part})
  endforeach()
  install(FILES packaging/completions/tern.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
          RENAME tern COMPONENT command)
  install(FILES packaging/completions/_tern DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT command)
  install(FILES packaging/completions/tern.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
          COMPONENT command)
  # The unit of deploy/, with the program where it is installed.
  file(READ deploy/userchat.service unit)
  string(REPLACE "/usr/local/bin/" "${CMAKE_INSTALL_FULL_BINDIR}/" unit "${unit}")
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/userchat.service "${unit}")
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/userchat.service deploy/userchat.socket DESTINATION lib/systemd/system
          COMPONENT userchat)
endif()
include(cmake/TernPackages.cmake)
