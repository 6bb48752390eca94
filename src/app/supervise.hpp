#pragma once
// From a plan to the container's exit code: opens and allocates everything, passes the point of no
// return, runs the loop, flushes the log.
#include <string>

#include "gosv/manifest/plan.hpp"
#include "gosv/os/signals.hpp"

namespace gosv::app {

// `origin` says where the plan comes from ("/etc/gosv.yaml"), for the boot line.
int supervise(manifest::Plan plan, const os::InheritedSignals& inherited,
              const std::string& origin);

}  // namespace gosv::app
