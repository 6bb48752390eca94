# doctest for another C library than this machine's: its header alone, since its directory is the one
# of all others. The distribution's package has it.
find_path(doctest_include doctest/doctest.h REQUIRED NO_CMAKE_FIND_ROOT_PATH)
file(COPY "${doctest_include}/doctest/doctest.h" DESTINATION "${CMAKE_BINARY_DIR}/include/doctest")
add_library(doctest::doctest INTERFACE IMPORTED)
target_include_directories(doctest::doctest SYSTEM INTERFACE "${CMAKE_BINARY_DIR}/include")
# doctest_discover_tests, which is to be found by include(doctest).
find_path(doctest_modules doctest.cmake REQUIRED NO_CMAKE_FIND_ROOT_PATH
    HINTS /usr/lib/cmake/doctest /usr/share/cmake/doctest)
list(APPEND CMAKE_MODULE_PATH "${doctest_modules}")
