# tern_generate(target PROTOS file.proto… [IMPORT_DIRS dir…])
#
# Generates messages (protoc's C++) and services (protoc-gen-tern) of the .proto files and adds them to the target, which
# is linked with tern::tern. IMPORT_DIRS are searched for imports; the first that a file lies under gives it its name.
# Without them the current source folder is. "google/api/annotations.proto" is found in any case; what imports it is
# linked with tern::rest.
function(tern_generate target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PROTOS;IMPORT_DIRS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tern_generate: unknown arguments ${arg_UNPARSED_ARGUMENTS}: use PROTOS and IMPORT_DIRS")
  endif()
  if(NOT arg_PROTOS)
    message(FATAL_ERROR "tern_generate(${target}): no PROTOS given")
  endif()
  if(NOT arg_IMPORT_DIRS)
    set(arg_IMPORT_DIRS "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}_tern")
  file(MAKE_DIRECTORY "${out}")
  set(imports "")
  set(roots "")
  foreach(dir IN LISTS arg_IMPORT_DIRS)
    get_filename_component(dir "${dir}" ABSOLUTE)
    list(APPEND imports "--proto_path=${dir}")
    list(APPEND roots "${dir}")
  endforeach()

  # Beside this file in the installed package, otherwise in the source tree.
  set(own "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/protos")
  if(NOT EXISTS "${own}")
    set(own "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../src/rest/protos")
  endif()
  list(APPEND imports "--proto_path=${own}")

  foreach(proto IN LISTS arg_PROTOS)
    get_filename_component(proto "${proto}" ABSOLUTE)
    if(NOT EXISTS "${proto}")
      message(FATAL_ERROR "tern_generate(${target}): there is no ${proto}")
    endif()
    set(name "")
    foreach(root IN LISTS roots)
      cmake_path(IS_PREFIX root "${proto}" NORMALIZE is_under)
      if(is_under)
        cmake_path(RELATIVE_PATH proto BASE_DIRECTORY "${root}" OUTPUT_VARIABLE name)
        break()
      endif()
    endforeach()
    if(name STREQUAL "")
      message(FATAL_ERROR "tern_generate(${target}): ${proto} lies under none of IMPORT_DIRS ${roots}")
    endif()
    string(REGEX REPLACE "\\.proto$" "" base "${out}/${name}")
    set(outputs "${base}.pb.h" "${base}.pb.cc" "${base}.tern.h" "${base}.tern.cc")
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc ${imports} "--plugin=protoc-gen-tern=$<TARGET_FILE:tern::protoc-gen-tern>"
              "--cpp_out=${out}" "--tern_out=${out}" "${proto}"
      DEPENDS "${proto}" tern::protoc-gen-tern
      COMMENT "Generating ${name}"
      VERBATIM)
    target_sources(${target} PRIVATE ${outputs})
  endforeach()
  target_include_directories(${target} SYSTEM PUBLIC "${out}")
  target_link_libraries(${target} PUBLIC tern::tern)
endfunction()
