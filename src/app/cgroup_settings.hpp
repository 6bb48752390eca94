#pragma once
// From the manifest's limits (src/manifest/README.md, "Limits") to the files of a leaf. Pure.
#include <vector>

#include "gosv/manifest/manifest.hpp"
#include "gosv/os/cgroup.hpp"

namespace gosv::app {

// In the order in which they are to be written: swap before memory.max, so that nothing is pushed
// out to a swap that the service may not use.
std::vector<os::CgroupSetting> settings_of(const manifest::Limits& limits,
                                           manifest::OomPolicy oom_policy);

}  // namespace gosv::app
