# How a layer, and a test of a layer, is declared. Flags are properties of targets, never global.

# Flags that every target of gosv's own is compiled with.
add_library(gosv_flags INTERFACE)
target_include_directories(gosv_flags INTERFACE "${CMAKE_SOURCE_DIR}/include")
target_compile_options(gosv_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough -Wvla
    -Werror=switch
    -ffunction-sections -fdata-sections -fvisibility=hidden
    # Paths of the build machine do not belong into a binary that others inspect.
    "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
if(GOSV_WERROR)
    target_compile_options(gosv_flags INTERFACE -Werror)
endif()
if(GOSV_ZIG)
    # zig knows what to make from the language; with -c it would link, see zig_musl.cmake.
    set(CMAKE_CXX_COMPILE_OPTIONS_CREATE_PCH -Winvalid-pch -include <PCH_HEADER> -x c++-header)
    # clang's alone: code that stands in several places becomes a function, and a function is inlined
    # where that is the smaller.
    target_compile_options(gosv_flags INTERFACE
        "SHELL:-mllvm -enable-machine-outliner=always" "SHELL:-mllvm -inline-threshold=0")
    # zig compiles libc and libc++ the way the link is told to: one way for all, and as machine code. It
    # strips itself.
    target_link_options(gosv_flags INTERFACE -ffunction-sections -fdata-sections -fno-lto -s)
endif()
if(GOSV_SANITIZE)
    target_compile_options(gosv_flags INTERFACE
        "-fsanitize=${GOSV_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(gosv_flags INTERFACE "-fsanitize=${GOSV_SANITIZE}")
endif()

# For the one file of a layer with NO_EXCEPTIONS that has them.
set(GOSV_THROWS -fexceptions -funwind-tables -fasynchronous-unwind-tables)

function(gosv_no_exceptions target)
    target_compile_options(${target} PRIVATE -fno-exceptions)
    if(GOSV_STATIC)
        # Nobody unwinds through it: no tables for that in what is shipped.
        target_compile_options(${target} PRIVATE -fno-unwind-tables -fno-asynchronous-unwind-tables)
    endif()
endfunction()

# gosv_layer(<name> [NO_EXCEPTIONS] [USES <layer>...] [PRIVATELY <target>...])
# The library gosv_<name> from src/<name>/*.cpp.
function(gosv_layer name)
    cmake_parse_arguments(arg "NO_EXCEPTIONS" "" "USES;PRIVATELY" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.cpp")
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    add_library(gosv_${name} STATIC ${sources})
    target_link_libraries(gosv_${name} PUBLIC gosv_flags)
    foreach(used IN LISTS arg_USES)
        target_link_libraries(gosv_${name} PUBLIC gosv_${used})
    endforeach()
    target_link_libraries(gosv_${name} PRIVATE ${arg_PRIVATELY})
    if(arg_NO_EXCEPTIONS)
        gosv_no_exceptions(gosv_${name})
    endif()
endfunction()

# gosv_unit_test(<name> [USES <layer>...] [SOURCES <file>...] [PRIVATELY <target>...])
# The doctest program unit_<name> from tests/unit/<name>/*_test.cpp, one ctest case per test case.
function(gosv_unit_test name)
    cmake_parse_arguments(arg "" "" "USES;SOURCES;PRIVATELY" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/unit/${name}/*_test.cpp")
    add_executable(unit_${name} ${sources} ${arg_SOURCES} "${CMAKE_SOURCE_DIR}/tests/support/main.cpp")
    target_include_directories(unit_${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests" "${CMAKE_SOURCE_DIR}/src")
    target_compile_definitions(unit_${name} PRIVATE "GOSV_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\"")
    foreach(used IN LISTS arg_USES)
        target_link_libraries(unit_${name} PRIVATE gosv_${used})
    endforeach()
    target_link_libraries(unit_${name} PRIVATE gosv_flags doctest::doctest ${arg_PRIVATELY})
    if(GOSV_ZIG)
        # A header precompiled: a quarter of the time. (What gcc makes of one, ccache would not know.)
        target_precompile_headers(unit_${name} PRIVATE <doctest/doctest.h> <string> <vector>)
        set_source_files_properties("${CMAKE_SOURCE_DIR}/tests/support/main.cpp"
            PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
    doctest_discover_tests(unit_${name} TEST_PREFIX "${name}: ")
endfunction()
