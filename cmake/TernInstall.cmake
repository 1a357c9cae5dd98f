# The installed package: headers, libraries, the plugin, and a config that finds every dependency.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/tern)
install(TARGETS tern tern_rest tern_services tern_telemetry tern_testing EXPORT ternTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS protoc-gen-tern EXPORT ternTargets RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/tern DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${TERN_SERVICES_GENERATED}/google DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.pb.h")
install(DIRECTORY ${TERN_REST_GENERATED}/google DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.pb.h")
# What .proto files import for google.api.http.
install(DIRECTORY src/rest/protos DESTINATION ${package})
# gdb's commands for programs on tern (docs/debugging.md).
install(FILES tools/gdb/tern.py DESTINATION ${CMAKE_INSTALL_DATADIR}/tern/gdb)
if(TERN_MODULE)
  install(TARGETS tern_module EXPORT ternTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          FILE_SET CXX_MODULES DESTINATION ${CMAKE_INSTALL_DATADIR}/tern/module)
  set(modules CXX_MODULES_DIRECTORY modules)
endif()
install(EXPORT ternTargets NAMESPACE tern:: DESTINATION ${package} ${modules})
configure_package_config_file(cmake/ternConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/ternConfig.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/ternConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ternConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/ternConfigVersion.cmake
              cmake/TernDependencies.cmake cmake/TernEmbed.cmake cmake/TernGenerate.cmake DESTINATION ${package})
