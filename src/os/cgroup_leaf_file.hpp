#pragma once
// The path of a leaf's file, relative to the own cgroup.
#include <cstdio>
#include <string>

namespace gosv::os {

// Names of services have at most 63 characters.
struct LeafFile {
    char text[160];

    LeafFile(const std::string& leaf, const char* file) noexcept {
        (void)std::snprintf(text, sizeof text, "%s/%s", leaf.c_str(), file);
    }
};

}  // namespace gosv::os
