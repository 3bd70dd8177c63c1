# Which compiler, which flags. One block per tree; the trees are the presets of CMakePresets.json.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR
    "Gatehouse is built with clang 19 or newer, not ${CMAKE_CXX_COMPILER_ID} "
    "${CMAKE_CXX_COMPILER_VERSION}: g++ 12 frees twice when a braced aggregate or a capturing lambda "
    "is a temporary inside `co_await f(...)`, so a program it compiles corrupts its heap. "
    "Run `make deps`, then `cmake --preset dev`.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(CMAKE_CXX_FLAGS_DEV "-O0 -g1")
# Sanitized trees are compiled far longer than they run: without optimisation two thirds of the time.
set(CMAKE_CXX_FLAGS_ASAN
  "-O0 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize=function -fno-sanitize-recover=all")
set(CMAKE_CXX_FLAGS_TSAN "-O0 -g1 -fno-omit-frame-pointer -fsanitize=thread")
# Without NDEBUG: assert() stays on in what we ship.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -D_FORTIFY_SOURCE=2 -fstack-protector-strong")
set(CMAKE_EXE_LINKER_FLAGS "-pie -fuse-ld=lld -Wl,--as-needed,-z,relro,-z,now ${CMAKE_EXE_LINKER_FLAGS}")

# What nothing uses and what stands twice is left out: 2 % of the program, and of its memory at rest.
set(CMAKE_EXE_LINKER_FLAGS_RELEASE "-Wl,--gc-sections,--icf=safe")

string(TOLOWER "${CMAKE_BUILD_TYPE}" GATEHOUSE_TREE)
if(NOT GATEHOUSE_TREE MATCHES "^(dev|asan|tsan|release)$")
  message(FATAL_ERROR "Configure with a preset: cmake --preset dev (or asan, tsan, release)")
endif()
if(GATEHOUSE_TREE MATCHES "^(asan|tsan)$")
  set(GATEHOUSE_SANITIZED ON)
else()
  set(GATEHOUSE_SANITIZED OFF)
endif()

# A sanitized Beast+TLS unit takes up to a minute and most of a gigabyte: one at a time.
if(GATEHOUSE_SANITIZED)
  set_property(GLOBAL PROPERTY JOB_POOLS heavy=1)
endif()

find_program(GATEHOUSE_CCACHE ccache)
if(GATEHOUSE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${GATEHOUSE_CCACHE})
endif()

# Everything of ours is compiled with these; identical for all targets, so that they can share a PCH.
add_library(gh_options INTERFACE)
target_compile_options(gh_options INTERFACE
  -fPIE  # here, not by CMake's property, which differs between libraries and programs and so splits the PCH
  -Wall -Wextra -Wshadow -Werror
  -Wno-missing-field-initializers -Wno-missing-designated-field-initializers
  -Wno-deprecated-declarations  # std::stable_sort of libstdc++ 12 uses what it deprecates itself
  "SHELL:-Xclang -fno-pch-timestamp")
target_compile_definitions(gh_options INTERFACE
  BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_BEAST_SEPARATE_COMPILATION
  _GLIBCXX_ASSERTIONS)
target_include_directories(gh_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(gh_options INTERFACE Threads::Threads fmt::fmt Boost::headers)
