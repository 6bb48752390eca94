# Reads docker/packages/pinned.txt, the one place that says what is pinned.

# Where ./dev keeps what it has fetched.
if(DEFINED ENV{GOSV_CACHE})
    set(GOSV_PINNED_DIR "$ENV{GOSV_CACHE}/pinned")
else()
    set(GOSV_PINNED_DIR "$ENV{HOME}/.cache/gosv/pinned")
endif()

# gosv_pinned(<what> <variable>): sets <variable>_VERSION, <variable>_FILE and <variable>_SHA256.
function(gosv_pinned what variable)
    file(STRINGS "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../docker/packages/pinned.txt" lines
        REGEX "^${what}[ \t]")
    if(NOT lines)
        message(FATAL_ERROR "docker/packages/pinned.txt does not say which ${what}")
    endif()
    list(GET lines 0 line)
    string(REGEX REPLACE "[ \t]+" ";" words "${line}")
    list(GET words 1 version)
    list(GET words 2 file)
    list(GET words 3 sha256)
    set(${variable}_VERSION "${version}" PARENT_SCOPE)
    set(${variable}_FILE "${file}" PARENT_SCOPE)
    set(${variable}_SHA256 "${sha256}" PARENT_SCOPE)
endfunction()
