# yaml-cpp, spdlog and fmt from their pinned sources, under the names that the distribution's packages
# give them. yaml-cpp is compiled like gosv itself, so that the linker can leave out what is not used.
include(FetchContent)
include(pinned)

# gosv_fetch(<what>): the archive that ./dev has fetched with apt, else from Debian's mirrors, of which
# the second forgets nothing. Sets <what>_SOURCE_DIR. Whatever it comes from, its hash is checked.
function(gosv_fetch what)
    gosv_pinned(${what} pin)
    get_filename_component(name "${pin_FILE}" NAME)
    if(EXISTS "${GOSV_PINNED_DIR}/${name}")
        set(urls "${GOSV_PINNED_DIR}/${name}")
    else()
        string(REPLACE "+" "%2B" path "pool/main/${pin_FILE}")
        set(urls "https://deb.debian.org/debian/${path}"
            "https://snapshot.debian.org/archive/debian/20250601T000000Z/${path}")
    endif()
    # There is no such subdirectory: what their own CMake files do is not wanted.
    FetchContent_Declare(${what} URL ${urls} URL_HASH "SHA256=${pin_SHA256}" SOURCE_SUBDIR none
        DOWNLOAD_EXTRACT_TIMESTAMP OFF ${ARGN})
    FetchContent_MakeAvailable(${what})
    set(${what}_SOURCE_DIR "${${what}_SOURCE_DIR}" PARENT_SCOPE)
endfunction()

gosv_fetch(fmtlib)
add_library(fmt::fmt-header-only INTERFACE IMPORTED)
target_include_directories(fmt::fmt-header-only INTERFACE "${fmtlib_SOURCE_DIR}/include")
target_compile_definitions(fmt::fmt-header-only INTERFACE FMT_HEADER_ONLY)

gosv_fetch(spdlog)
add_library(spdlog::spdlog_header_only INTERFACE IMPORTED)
target_include_directories(spdlog::spdlog_header_only INTERFACE "${spdlog_SOURCE_DIR}/include")

# The reader alone. Without iostreams: the ADR on the C library tells what they cost. Of a text that is in
# memory already, with expressions that are not copied again and again: half of what reading cost. And with
# one expression for a set of characters, not one for each: 8 kB of the binary and a tenth of a small start.
set(patches without-streams in-memory sets)
list(TRANSFORM patches REPLACE ".+" "${CMAKE_CURRENT_LIST_DIR}/yaml-cpp-\\0.patch")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patches})
# A directory for each state of the patches: they cannot be applied to what has been patched already.
set(state)
foreach(patch IN LISTS patches)
    file(SHA256 "${patch}" hash)
    string(APPEND state "${hash}")
endforeach()
string(SHA256 state "${state}")
string(SUBSTRING "${state}" 0 12 state)
gosv_fetch(yaml-cpp PATCH_COMMAND cat ${patches} | patch -p1
    SOURCE_DIR "${CMAKE_BINARY_DIR}/_deps/yaml-cpp-src-${state}")
set(sources depthguard directives exceptions exp null parser regex_yaml scanner scanscalar scantag scantoken
    simplekey singledocparser stream tag)
list(TRANSFORM sources REPLACE "(.+)" "${yaml-cpp_SOURCE_DIR}/src/\\1.cpp")
add_library(yaml-cpp STATIC ${sources})
add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
target_include_directories(yaml-cpp SYSTEM PUBLIC "${yaml-cpp_SOURCE_DIR}/include")
target_compile_definitions(yaml-cpp PUBLIC YAML_CPP_STATIC_DEFINE)
target_compile_options(yaml-cpp PRIVATE -w -ffunction-sections -fdata-sections -fvisibility=hidden
    -fno-threadsafe-statics  # gosv has no threads
    "SHELL:-mllvm -enable-machine-outliner=always" "SHELL:-mllvm -inline-threshold=0")
