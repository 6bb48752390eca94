#include <sys/stat.h>

#include <cerrno>

#include "gosv/os/probe.hpp"

namespace gosv::os {

ProbeResult probe_file(const char* path) noexcept {
    struct stat found {};

    return ::stat(path, &found) == 0 ? ProbeResult::good() : ProbeResult::failed(errno);
}

}  // namespace gosv::os
