# Toolchain file: a static musl binary by the pinned zig, which has a C and C++ compiler (clang), musl,
# libc++ and the linker, for every architecture alike. GOSV_ARCH is amd64 or arm64; by default this
# machine's. zig is the one that ./dev has fetched, else one of that version on PATH.
include("${CMAKE_CURRENT_LIST_DIR}/pinned.cmake")
gosv_pinned(zig zig)

# This file is read once more for each check of the compiler, in another directory.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES GOSV_ARCH GOSV_ZIG GOSV_ZIG_TOOLS)

set(GOSV_ARCH "" CACHE STRING "amd64 or arm64; empty: that of this machine")
cmake_host_system_information(RESULT machine QUERY OS_PLATFORM)
if(machine MATCHES "^(aarch64|arm64)$")
    set(machine arm64)
else()
    set(machine amd64)
endif()
set(arch "${GOSV_ARCH}")
if(NOT arch)
    set(arch ${machine})
endif()
set(CMAKE_SYSTEM_NAME Linux)
if(arch STREQUAL amd64)
    set(CMAKE_SYSTEM_PROCESSOR x86_64)
elseif(arch STREQUAL arm64)
    set(CMAKE_SYSTEM_PROCESSOR aarch64)
else()
    message(FATAL_ERROR "GOSV_ARCH is \"${arch}\"; it can be amd64 or arm64")
endif()

if(NOT GOSV_ZIG)
    set(fetched "${GOSV_PINNED_DIR}/zig-${zig_VERSION}/ziglang/zig")
    find_program(on_path zig NO_CACHE)
    foreach(candidate "${fetched}" "${on_path}")
        set(version none)
        if(EXISTS "${candidate}")
            execute_process(COMMAND "${candidate}" version OUTPUT_VARIABLE version
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
        endif()
        if(version STREQUAL zig_VERSION)
            set(GOSV_ZIG "${candidate}" CACHE FILEPATH "The pinned zig")
            break()
        endif()
    endforeach()
    if(NOT GOSV_ZIG)
        message(FATAL_ERROR "there is no zig ${zig_VERSION} in ${GOSV_PINNED_DIR} or on PATH: let ./dev "
            "build fetch it, or: pip install --target ${GOSV_PINNED_DIR}/zig-${zig_VERSION} "
            "ziglang==${zig_VERSION}. The preset release-glibc needs none.")
    endif()
endif()

# zig compiles the C and the C++ library when it first links with a set of options, which takes minutes;
# so nothing but gosv is linked, and no check of the compiler.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_COMPILER_TARGET "${CMAKE_SYSTEM_PROCESSOR}-linux-musl")
set(CMAKE_CXX_COMPILER_TARGET "${CMAKE_SYSTEM_PROCESSOR}-linux-musl")

# CMake wants a program a tool. zig links whatever -c is told to make, a precompiled header as well.
set(tool_c++ [[
case " $* " in *" c++-header "*)
    for word; do
        shift
        [ "$word" = -c ] || set -- "$@" "$word"
    done ;;
esac
]])
if(NOT GOSV_ZIG_TOOLS)
    set(GOSV_ZIG_TOOLS "${CMAKE_BINARY_DIR}/toolchain" CACHE INTERNAL "")
    foreach(tool cc c++ ar ranlib ld.lld)
        file(WRITE "${GOSV_ZIG_TOOLS}/${tool}" "#!/bin/sh\n${tool_${tool}}exec '${GOSV_ZIG}' ${tool} \"$@\"\n")
        file(CHMOD "${GOSV_ZIG_TOOLS}/${tool}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
            GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
    endforeach()
endif()
# What is made small in the whole program at once, by the linker: code that stands in several places
# becomes a function, a function is not inlined unless that is the smaller, what leads to an error is taken
# out of the function around it, and of functions with the same instructions one remains; without tables
# of jumps, which cannot be put where their function is. And what a start runs and reads (function_order.txt)
# stands side by side, in segments of its own, since what the kernel maps beside a page that is touched
# ends where its segment ends. In them are too: the pieces that were taken out of several functions, whose
# numbers change; constants without a name, and strings; and, by the names of their files, functions that
# have no section of their own. No relro: musl protects nothing in a static program, and a page more is
# 5 us of every start. What is written to stands side by side too: .data at its segment's end, since the
# kernel writes to the page in which the file ends in any case, to clear what is beyond; then what every start
# writes, with the lasting memory (app/static/operator_new.cpp) as its end, of which the first pages are used;
# then what only reading a manifest writes, and last what is for trouble. zig c++ has no options for all this:
# it links, tells how, and the linker does it once more with that; GOSV_SYMBOLS=FILE makes a third one that
# keeps its symbols. Names with blanks fall apart in what is told; then the larger one of zig c++ stays.
file(WRITE "${GOSV_ZIG_TOOLS}/link" "#!/bin/sh\norder='${CMAKE_CURRENT_LIST_DIR}/function_order.txt'\n" [=[
told=$("$@" -v 2>&1) || { printf '%s\n' "$told" >&2; exit 1; }
tools=${0%/*}
{ seq -f OUTLINED_FUNCTION_%.0f 0 1500 && cat "$order"; } >"$tools/order" || exit 1
{
    echo 'SECTIONS {'
    echo '.rodata.start : { *(.rodata.str* .rodata.cst* .rodata..L*' && sed 's/^/.rodata./' "$order" && echo ') }'
    echo '.text.start : {'
    for file in crt1 __set_thread_area memset clone memory chrono cxa_default_handlers; do
        echo "*$file.o(.text)"
    done
    echo '*(' && sed 's/.*/.text.& .text.unlikely.&/' "$tools/order" && echo ') }'
    echo '.gcc_except_table : { *(.gcc_except_table .gcc_except_table.*) }'
    echo '} INSERT BEFORE .rodata;'
    echo 'SECTIONS {'
    echo '.data.rel.ro : { *(.data.rel.ro .data.rel.ro.*) }'
    echo '.data : { *(.data .data.*) }'
    echo '.bss : {'
    echo '*cxa_default_handlers.o(.bss) *libc.a:*(.bss .bss.*) *(.bss.*the_arena*) *(.bss.*lasting_memory*)'
    echo '*(.bss._ZZN4YAML* .bss._ZGVZN4YAML*) *(.bss .bss.* COMMON) }'
    echo '} INSERT AFTER .tbss;'
} >"$tools/segments.ld" || exit 1
how=$(printf '%s\n' "$told" | sed -n 's/^ld\.lld //p')
again() {
    "$tools/ld.lld" "$@" -mllvm -enable-machine-outliner=always -mllvm -inline-threshold=5 \
        -mllvm -hot-cold-split=true -mllvm -min-jump-table-entries=1000 --icf=safe \
        --symbol-ordering-file="$tools/order" --script="$tools/segments.ld" --no-warnings -z norelro
}
again $how || printf '%s\n' "linked without --icf" >&2
[ -z "$GOSV_SYMBOLS" ] || again $(printf '%s\n' "$how" | sed 's/ -s / /') -o "$GOSV_SYMBOLS"
]=])
file(CHMOD "${GOSV_ZIG_TOOLS}/link" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CMAKE_CXX_LINKER_LAUNCHER "${GOSV_ZIG_TOOLS}/link")
set(CMAKE_C_COMPILER "${GOSV_ZIG_TOOLS}/cc")
set(CMAKE_CXX_COMPILER "${GOSV_ZIG_TOOLS}/c++")
set(CMAKE_AR "${GOSV_ZIG_TOOLS}/ar")
set(CMAKE_RANLIB "${GOSV_ZIG_TOOLS}/ranlib")
# Its linker does not write what newer CMakes ask for.
set(CMAKE_LINK_DEPENDS_USE_LINKER OFF)

# Tests of another architecture run emulated. Asked for when a test is built, not here: who only builds
# needs no emulator.
if(NOT arch STREQUAL machine)
    set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-${CMAKE_SYSTEM_PROCESSOR}")
endif()

# Programs of this machine, libraries and headers of no machine: those of zig it finds itself.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
