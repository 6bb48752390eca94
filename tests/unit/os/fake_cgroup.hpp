#pragma once
// A directory that stands for a cgroup: everything is relative to a descriptor, so the files may be
// ordinary ones. What the kernel itself does with them is tested in integration/kernel. A file that
// is a directory refuses a write (EISDIR): that is how a step is made to fail.
#include <fcntl.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gosv/os/cgroup.hpp"
#include "support/temp_dir.hpp"

namespace gosv::test {

class FakeCgroup {
  public:
    FakeCgroup() {
        for (const char* dir : {"init", "services", "services/web"}) {
            files.make_directory(dir);
        }
        files.write("cgroup.procs", "");
        files.write("cgroup.controllers", "cpuset cpu io memory pids\n");
        files.write("cgroup.subtree_control", "");
        files.write("init/cgroup.procs", "");
        files.write("services/cgroup.controllers", "cpu memory pids\n");
        files.write("services/cgroup.subtree_control", "");
        for (const char* file : {"memory.max", "memory.oom.group", "pids.max", "cgroup.kill",
                                 "cgroup.freeze", "cgroup.procs"}) {
            files.write(std::string("services/web/") + file, "");
        }
        files.write("services/web/cgroup.events", "populated 0\nfrozen 0\n");
        files.write("services/web/memory.events", "oom 0\noom_kill 0\n");
    }

    os::CgroupSetUp build(std::vector<os::CgroupSetting> settings = {}) const {
        os::CgroupPlace place;
        place.obstacle = os::CgroupObstacle::none;
        place.directory = files.path();
        place.path = "/";
        return os::build_cgroup_tree(place, open(), {{"web", std::move(settings)}});
    }

    Fd open() const { return Fd(::open(files.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

    std::string read(const std::string& file) const {
        std::ifstream stream(files / file);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    void break_file(const std::string& file) const {
        std::remove((files / file).c_str());
        files.make_directory(file);
        files.write(file + "/in_use", "");  // it is no cgroup that could be removed
    }

    TempDir files;
};

}  // namespace gosv::test
