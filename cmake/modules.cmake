# gatehouse_module(name [DEPS modules] [LIBS libraries] [TEST_DEPS modules])
#
# src/<name>/ becomes the static library gh_<name>, its *_test.cpp the executable <name>_test.
# DEPS are the folders it may include, transitively (tools/check_layers reads them from
# CMakeLists.txt); TEST_DEPS only its tests may. A folder without sources is an INTERFACE library.

# Empty units that carry the shared PCHs: one for the code, one with GoogleTest on top for tests.
foreach(flavour pch test_pch)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/gh_${flavour}.cpp CONTENT "")
  add_library(gh_${flavour} OBJECT ${CMAKE_BINARY_DIR}/gh_${flavour}.cpp)
  target_link_libraries(gh_${flavour} PRIVATE gh_options)
endforeach()
target_precompile_headers(gh_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)
target_link_libraries(gh_test_pch PRIVATE GTest::gmock)
target_precompile_headers(gh_test_pch PRIVATE
  ${CMAKE_SOURCE_DIR}/cmake/pch.hpp <gtest/gtest.h> <gmock/gmock.h>)
if(GATEHOUSE_TREE STREQUAL "release")  # unit tests run sanitized; here they are built when named
  set_target_properties(gh_test_pch PROPERTIES EXCLUDE_FROM_ALL ON)
endif()

set_property(GLOBAL PROPERTY GATEHOUSE_MODULES "")

function(gatehouse_heavy target)
  if(GATEHOUSE_SANITIZED)
    set_property(TARGET ${target} PROPERTY JOB_POOL_COMPILE heavy)
  endif()
endfunction()

function(gatehouse_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;LIBS;TEST_DEPS")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "/src/app/main\\.cpp$")
  list(TRANSFORM arg_DEPS PREPEND gh_)
  list(TRANSFORM arg_TEST_DEPS PREPEND gh_)

  if(sources)
    add_library(gh_${name} STATIC ${sources})
    target_link_libraries(gh_${name} PUBLIC gh_options ${arg_DEPS} ${arg_LIBS})
    if(NOT name STREQUAL "base")  # base does without Asio, so without the PCH
      target_precompile_headers(gh_${name} REUSE_FROM gh_pch)
    endif()
  else()
    add_library(gh_${name} INTERFACE)
    target_link_libraries(gh_${name} INTERFACE gh_options ${arg_DEPS} ${arg_LIBS})
  endif()
  set_property(GLOBAL APPEND PROPERTY GATEHOUSE_MODULES gh_${name})

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE gh_${name} ${arg_TEST_DEPS} GTest::gmock GTest::gmock_main)
    if(GATEHOUSE_TREE STREQUAL "release")
      set_target_properties(${name}_test PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
    target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${name}_test PRIVATE
      GATEHOUSE_TESTS_DIR="${CMAKE_SOURCE_DIR}/tests")
    if(NOT name STREQUAL "base")
      target_precompile_headers(${name}_test REUSE_FROM gh_test_pch)
    endif()
  endif()

  if(name STREQUAL "net")
    foreach(target gh_net net_test)
      if(TARGET ${target})
        get_target_property(type ${target} TYPE)
        if(NOT type STREQUAL "INTERFACE_LIBRARY")
          gatehouse_heavy(${target})
        endif()
      endif()
    endforeach()
  endif()
endfunction()

# One executable per file of a folder under tests/, named by the file.
function(gatehouse_programs folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
  get_property(modules GLOBAL PROPERTY GATEHOUSE_MODULES)
  foreach(source ${sources})
    get_filename_component(program ${source} NAME_WE)
    add_executable(${program} ${source})
    target_link_libraries(${program} PRIVATE ${modules} ${arg_LIBS})
    target_include_directories(${program} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_precompile_headers(${program} REUSE_FROM gh_pch)
  endforeach()
endfunction()

# One executable of all files of a folder under tests/, built on the named modules.
function(gatehouse_program program folder)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "DEPS")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
  list(TRANSFORM arg_DEPS PREPEND gh_)
  add_executable(${program} ${sources})
  target_link_libraries(${program} PRIVATE ${arg_DEPS})
  target_include_directories(${program} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_precompile_headers(${program} REUSE_FROM gh_pch)
endfunction()
