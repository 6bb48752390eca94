#pragma once
// What the snapshot tells of a service's cgroup leaf: memory, cpu and pids, each with what is used
// now, at most so far, and may be used at most. Read from the leaf's files; what the kernel does
// not have (memory.peak before 5.19, pressure without PSI) is left out. Allocates: in the
// snapshot's child only.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gosv/base/fd.hpp"

namespace gosv::app {

struct CgroupReport {
    // "memory_current", ..., as the JSON form has them; a limit that is "max" is not there.
    std::vector<std::pair<const char*, std::uint64_t>> figures;
    // "avg10" of the first line ("some") of memory.pressure and so on: percent of the time in which
    // somebody waited. Empty: none.
    std::string memory_pressure, cpu_pressure, io_pressure;

    std::optional<std::uint64_t> find(std::string_view name) const;
};

// `path` is relative to `cgroups`. Empty figures: there is nothing to be read.
CgroupReport read_cgroup(BorrowedFd cgroups, std::string_view path);

// Up to four lines for people, indented: memory, cpu, pids, pressure.
std::string cgroup_text(const CgroupReport& report);

}  // namespace gosv::app
