// What a cgroup leaf adds to the start of a service: the same calls as gosv makes (open_leaf,
// spawn) until the program is being executed, with and without a leaf, in turn. Only in a kernel of
// our own:
//
//   integration/kernel/boot.py -- build/dev/integration/leaf_start 1000
//
// Prints the median of each way, the tenth part (what it takes when the machine has nothing else to
// do), and the median of the differences between one start with a leaf and the one before it
// without.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "gosv/base/fd.hpp"
#include "gosv/os/cgroup.hpp"
#include "gosv/os/cgroup_files.hpp"
#include "gosv/os/spawn.hpp"
#include "gosv/os/sys.hpp"

namespace {

using namespace gosv;

constexpr const char* kMachine = "/sys/fs/cgroup";

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

Fd open_directory(const char* path) {
    Fd directory(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open()) {
        give_up(path);
    }
    return directory;
}

// A cgroup as an engine makes it, with this process in it, and gosv's tree in that.
std::unique_ptr<os::CgroupTree> build_tree() {
    const Fd machine = open_directory(kMachine);
    if (!os::cgroup::write_file(machine.borrow(), "cgroup.subtree_control", "+memory +pids").ok() ||
        ::mkdirat(machine.raw(), "bench", 0755) != 0 ||
        !os::cgroup::write_file(machine.borrow(), "bench/cgroup.procs", "0").ok()) {
        give_up("/sys/fs/cgroup/bench");
    }
    os::CgroupPlace place;
    place.obstacle = os::CgroupObstacle::none;
    place.directory = "/sys/fs/cgroup/bench";
    place.path = "/bench";
    os::CgroupSetUp made =
        os::build_cgroup_tree(place, open_directory(place.directory.c_str()),
                              {{"web", {{"memory.max", "67108864"}, {"pids.max", "100"}}}});
    if (!made.tree || !made.problems.empty()) {
        (void)std::fprintf(stderr, "no tree: %s\n", made.why.c_str());
        std::exit(1);
    }
    return std::move(made.tree);
}

// Microseconds from the decision to start until the program has been executed.
double start(os::ChildImage& image, os::CloneMethod method, os::CgroupTree* tree) {
    const MonotonicTime begun = sys::monotonic_now();
    Result<Fd> leaf = tree != nullptr ? tree->open_leaf(0) : Result<Fd>(Fd());
    if (!leaf.ok()) {
        give_up("open_leaf");
    }
    const Result<os::Spawned> spawned = os::spawn(image, method, leaf.value().borrow());
    if (!spawned.ok()) {
        give_up("spawn");
    }
    pollfd status{spawned.value().status.raw(), POLLIN, 0};
    (void)::poll(&status, 1, -1);
    const MonotonicTime execed = sys::monotonic_now();
    int ended = -1;
    if (os::read_exec_status(spawned.value().status.borrow()).state != os::ExecState::succeeded ||
        ::waitpid(spawned.value().pid.value, &ended, 0) < 0 || ended != 0) {
        (void)std::fprintf(stderr, "the program was not executed: status %d\n", ended);
        std::exit(1);
    }
    return std::chrono::duration<double, std::micro>(execed - begun).count();
}

double quantile(std::vector<double> values, double part) {
    const auto nth = static_cast<std::size_t>(part * static_cast<double>(values.size()));
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(nth),
                     values.end());
    return values[nth];
}

struct Way {
    const char* name;
    os::CloneMethod with_leaf;
    os::CloneMethod without;
    std::vector<double> with_times{};
    std::vector<double> without_times{};
};

void report(const Way& way) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < way.with_times.size(); ++i) {
        differences.push_back(way.with_times[i] - way.without_times[i]);
    }
    for (const double part : {0.5, 0.1}) {
        const double with = quantile(way.with_times, part);
        const double without = quantile(way.without_times, part);
        std::printf("%-22s %s without %6.0f us, with %6.0f us, ratio %.2f\n", way.name,
                    part == 0.5 ? "median:" : "tenth: ", without, with, with / without);
    }
    std::printf("%-22s median of the differences %6.0f us\n", way.name, quantile(differences, 0.5));
}

}  // namespace

int main(int argc, char** argv) {
    const long starts = argc == 2 ? std::strtol(argv[1], nullptr, 10) : 0;
    if (starts <= 0 || ::access("/run/job/job", F_OK) != 0) {
        (void)std::fprintf(stderr, "usage, in a kernel of its own only: leaf_start STARTS\n");
        return 64;
    }
    const std::unique_ptr<os::CgroupTree> tree = build_tree();

    // The service: a small static program beside this one.
    std::string path(argv[0]);
    path.replace(path.rfind('/') + 1, std::string::npos, "burden");
    char end[] = "end";
    std::array<char*, 3> words{path.data(), end, nullptr};
    std::array<char*, 2> candidates{path.data(), nullptr};
    std::array<char*, 1> nothing{nullptr};
    os::ChildImage image;
    image.argv = words.data();
    image.envp = nothing.data();
    image.candidates = candidates.data();

    std::array<Way, 2> ways{
        Way{"clone3 into the leaf", os::CloneMethod::clone3_into_cgroup, os::CloneMethod::clone3},
        Way{"fork, then joining it", os::CloneMethod::fork, os::CloneMethod::fork},
    };
    for (long i = 0; i < starts; ++i) {
        for (Way& way : ways) {
            way.without_times.push_back(start(image, way.without, nullptr));
            way.with_times.push_back(start(image, way.with_leaf, tree.get()));
        }
    }
    std::printf("%ld starts each, in turn:\n", starts);
    for (const Way& way : ways) {
        report(way);
    }
    return 0;
}
