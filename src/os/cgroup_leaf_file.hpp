#pragma once
// The path of a leaf's file, relative to the own cgroup.
#include <string>

#include "gosv/base/concat.hpp"

namespace gosv::os {

// Names of services have at most 63 characters.
struct LeafFile : BoundedText<160> {
    LeafFile(const std::string& leaf, const char* file) noexcept : BoundedText({leaf, '/', file}) {}
};

}  // namespace gosv::os
