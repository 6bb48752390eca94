# The archive of yaml-cpp, for the static executable: Debian's package has one, but its CMake files name
# the shared library alone.
get_target_property(includes yaml-cpp::yaml-cpp INTERFACE_INCLUDE_DIRECTORIES)
find_library(GOSV_YAML_CPP_ARCHIVE libyaml-cpp.a REQUIRED)
add_library(gosv_yaml_cpp STATIC IMPORTED)
set_target_properties(gosv_yaml_cpp PROPERTIES IMPORTED_LOCATION "${GOSV_YAML_CPP_ARCHIVE}")
if(includes)
    target_include_directories(gosv_yaml_cpp INTERFACE ${includes})
endif()
