# tern_generate(target PROTOS file.proto… [IMPORT_DIRS dir…])
#
# Generates messages (protoc's C++) and services (protoc-gen-tern) of the .proto files and adds them to the target, a
# library or program of the same directory, which is linked with tern::tern. IMPORT_DIRS are searched for imports; the
# first that a file lies under gives the file its name: "user/v1/user.proto" is included as "user/v1/user.tern.h". Without
# IMPORT_DIRS the current source directory is searched. "google/api/annotations.proto" is always found; link what imports
# it with tern::rest.
#
# A cross build runs the protoc and the protoc-gen-tern of the machine that builds: TERN_PROTOC and TERN_PROTOC_GEN_TERN are
# their files, and are looked for on the PATH.
function(tern_generate target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PROTOS;IMPORT_DIRS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tern_generate(${target}): unknown arguments ${arg_UNPARSED_ARGUMENTS}: use PROTOS and IMPORT_DIRS")
  endif()
  if(NOT arg_PROTOS)
    message(FATAL_ERROR "tern_generate(${target}): no PROTOS given")
  endif()
  _tern_check_target(${target})
  _tern_protoc(protoc)
  _tern_protoc_gen_tern(plugin plugin_file)
  if(NOT arg_IMPORT_DIRS)
    set(arg_IMPORT_DIRS "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}_tern")
  file(MAKE_DIRECTORY "${out}")
  set(imports "")
  set(roots "")
  foreach(dir IN LISTS arg_IMPORT_DIRS)
    get_filename_component(dir "${dir}" ABSOLUTE)
    if(NOT IS_DIRECTORY "${dir}")
      message(FATAL_ERROR "tern_generate(${target}): the directory ${dir} of IMPORT_DIRS does not exist")
    endif()
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
    _tern_name_of_proto(name ${target} "${proto}" "${roots}")
    get_filename_component(proto "${proto}" ABSOLUTE)
    string(REGEX REPLACE "\\.proto$" "" base "${out}/${name}")
    set(outputs "${base}.pb.h" "${base}.pb.cc" "${base}.tern.h" "${base}.tern.cc")
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND ${protoc} ${imports} "--plugin=protoc-gen-tern=${plugin_file}" "--cpp_out=${out}" "--tern_out=${out}" "${proto}"
      DEPENDS "${proto}" ${plugin}
      COMMENT "Generating ${name}"
      VERBATIM)
    target_sources(${target} PRIVATE ${outputs})
    # Both have static names that are the same in every file.
    set_source_files_properties("${base}.pb.cc" "${base}.tern.cc" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
  _tern_check_rest(${target} ${arg_PROTOS})
  target_include_directories(${target} SYSTEM PUBLIC "${out}")
  # By the properties: a project may call target_link_libraries for its target with PUBLIC and PRIVATE or without, but
  # CMake refuses both for one target.
  set_property(TARGET ${target} APPEND PROPERTY LINK_LIBRARIES tern::tern)
  set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES tern::tern)
endfunction()

# Sets `command` to the protoc to run: the target, or a file of the machine that builds.
function(_tern_protoc command)
  if(CMAKE_CROSSCOMPILING)
    find_program(TERN_PROTOC protoc NO_CMAKE_FIND_ROOT_PATH DOC "protoc for the machine that builds, in a cross build")
    if(NOT TERN_PROTOC)
      message(FATAL_ERROR "In a cross build, tern_generate() needs a protoc that runs on this machine: install one of the "
                          "target's version of protobuf, or set TERN_PROTOC to its file")
    endif()
  endif()
  if(TERN_PROTOC)
    set(${command} "${TERN_PROTOC}" PARENT_SCOPE)
  else()
    set(${command} protobuf::protoc PARENT_SCOPE)
  endif()
endfunction()

# Sets `dependency` to the plugin's target or file, and `file` to the file that protoc starts.
function(_tern_protoc_gen_tern dependency file)
  if(CMAKE_CROSSCOMPILING)
    find_program(TERN_PROTOC_GEN_TERN protoc-gen-tern NO_CMAKE_FIND_ROOT_PATH
                 DOC "protoc-gen-tern for the machine that builds, in a cross build")
    if(NOT TERN_PROTOC_GEN_TERN)
      message(FATAL_ERROR "In a cross build, tern_generate() needs a protoc-gen-tern that runs on this machine: build tern's "
                          "target protoc-gen-tern without the toolchain file, and set TERN_PROTOC_GEN_TERN to its file")
    endif()
  endif()
  if(TERN_PROTOC_GEN_TERN)
    set(${dependency} "${TERN_PROTOC_GEN_TERN}" PARENT_SCOPE)
    set(${file} "${TERN_PROTOC_GEN_TERN}" PARENT_SCOPE)
  else()
    set(${dependency} tern::protoc-gen-tern PARENT_SCOPE)
    set(${file} "$<TARGET_FILE:tern::protoc-gen-tern>" PARENT_SCOPE)
  endif()
endfunction()

# Warns at the end of the directory when a file imports google/api and the target is not linked with tern::rest, whose
# generated headers the compiler would miss.
function(_tern_check_rest target)
  foreach(proto IN LISTS ARGN)
    file(STRINGS "${proto}" imports REGEX "^[ \t]*import[^\"]*\"google/api/")
    if(imports)
      cmake_language(EVAL CODE "cmake_language(DEFER CALL _tern_warn_without_rest [[${target}]] [[${proto}]])")
      return()
    endif()
  endforeach()
endfunction()

function(_tern_warn_without_rest target proto)
  set(seen "")
  set(todo ${target})
  while(todo)
    list(POP_FRONT todo library)
    if(library MATCHES "tern(::|_)rest")
      return()
    endif()
    if(NOT TARGET ${library} OR library IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${library})
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(linked ${library} ${property})
      if(linked)
        list(APPEND todo ${linked})
      endif()
    endforeach()
  endwhile()
  message(WARNING "tern_generate(${target}): ${proto} imports google/api, and ${target} is not linked with tern::rest: "
                  "add target_link_libraries(${target} PUBLIC tern::rest)")
endfunction()

# Ends with an error unless generated sources can be added to the target.
function(_tern_check_target target)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "tern_generate(${target}): the target ${target} does not exist: call add_library or add_executable before")
  endif()
  get_target_property(alias ${target} ALIASED_TARGET)
  if(alias)
    message(FATAL_ERROR "tern_generate(${target}): ${target} is an alias: name the target ${alias} itself")
  endif()
  get_target_property(type ${target} TYPE)
  if(NOT type MATCHES "^(EXECUTABLE|(STATIC|SHARED|MODULE|OBJECT)_LIBRARY)$")
    message(FATAL_ERROR "tern_generate(${target}): ${target} compiles no sources (${type}): use a STATIC, SHARED or OBJECT library")
  endif()
  get_target_property(dir ${target} SOURCE_DIR)
  if(NOT dir STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    message(FATAL_ERROR "tern_generate(${target}): ${target} is a target of ${dir}: call tern_generate there")
  endif()
endfunction()

# Sets `variable` to the file's path below the first of `roots` that it lies under, which is its name for protoc.
function(_tern_name_of_proto variable target proto roots)
  if(NOT proto MATCHES "\\.proto$")
    message(FATAL_ERROR "tern_generate(${target}): PROTOS are files that end in .proto, not \"${proto}\"; the other argument is IMPORT_DIRS")
  endif()
  get_filename_component(proto "${proto}" ABSOLUTE)
  if(NOT EXISTS "${proto}" OR IS_DIRECTORY "${proto}")
    message(FATAL_ERROR "tern_generate(${target}): the file ${proto} does not exist")
  endif()
  foreach(root IN LISTS roots)
    cmake_path(IS_PREFIX root "${proto}" NORMALIZE is_under)
    if(is_under)
      cmake_path(RELATIVE_PATH proto BASE_DIRECTORY "${root}" OUTPUT_VARIABLE name)
      # protoc-gen-tern's output has the file's name, so that two files of one name would overwrite each other.
      get_property(taken TARGET ${target} PROPERTY "TERN_PROTO_${name}")
      if(taken)
        message(FATAL_ERROR "tern_generate(${target}): ${taken} and ${proto} both have the name ${name}: choose IMPORT_DIRS above both, or two targets")
      endif()
      set_property(TARGET ${target} PROPERTY "TERN_PROTO_${name}" "${proto}")
      set(${variable} "${name}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  list(JOIN roots " " roots)
  get_filename_component(dir "${proto}" DIRECTORY)
  message(FATAL_ERROR "tern_generate(${target}): ${proto} lies under none of IMPORT_DIRS (${roots}): add the directory that its imports start from, perhaps ${dir}")
endfunction()
