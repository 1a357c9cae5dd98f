# An overlay port: it takes the checkout that it lies in. A port of the registry begins with vcpkg_from_github in place of this.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../../.." ABSOLUTE)

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    -DTERN_BUILD_TESTS=OFF
    -DTERN_BUILD_EXAMPLES=OFF
    -DTERN_BUILD_BENCH=OFF
    -DTERN_WARNINGS_AS_ERRORS=OFF
    -DTERN_UNITY=ON
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/tern)
vcpkg_fixup_pkgconfig()
vcpkg_copy_tools(TOOL_NAMES protoc-gen-tern AUTO_CLEAN)
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
