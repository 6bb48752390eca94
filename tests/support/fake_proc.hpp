#pragma once
// A directory that looks like /proc as far as gosv reads it: processes that the test makes up.
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gosv/os/procfs.hpp"
#include "support/temp_dir.hpp"

namespace gosv::test {

struct FakeProcess {
    int pid = 0;
    int parent = 0;
    int group = 0;  // 0: its own
    std::string name = "sleep";
    char state = 'S';
    int threads = 1;
    long vsize = 8'392'704;  // 8196 kB
    long rss_pages = 512;    // 2048 kB with pages of 4 kB
    std::vector<std::pair<int, std::string>> files{};
    std::string maps{};
    std::string environ{};
};

class FakeProc {
  public:
    void add(const FakeProcess& process) {
        const std::string name = std::to_string(process.pid);
        tree_.make_directory(name);
        tree_.write(name + "/stat", stat_of(process));
        tree_.write(name + "/maps", process.maps);
        tree_.write(name + "/environ", process.environ);
        tree_.make_directory(name + "/fd");
        for (const auto& [fd, target] : process.files) {
            REQUIRE(::symlink(target.c_str(),
                              (tree_ / (name + "/fd/" + std::to_string(fd))).c_str()) == 0);
        }
    }

    void chmod(const std::string& path, mode_t mode) {
        REQUIRE(::chmod((tree_ / path).c_str(), mode) == 0);
    }

    void write(const std::string& path, const std::string& text) { tree_.write(path, text); }

    os::Proc open() const {
        return os::Proc::at(Fd(::open(tree_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    }

  private:
    static std::string stat_of(const FakeProcess& process) {
        const int group = process.group != 0 ? process.group : process.pid;
        return std::to_string(process.pid) + " (" + process.name + ") " + process.state + " " +
               std::to_string(process.parent) + " " + std::to_string(group) + " " +
               std::to_string(group) + " 0 -1 4194560 105 0 0 0 1 2 3 4 20 0 " +
               std::to_string(process.threads) + " 0 " + std::to_string(1000 + process.pid) + " " +
               std::to_string(process.vsize) + " " + std::to_string(process.rss_pages) +
               " 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
    }

    TempDir tree_;
};

}  // namespace gosv::test
