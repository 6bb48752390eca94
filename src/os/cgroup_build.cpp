// Building the tree. The order matters: first everybody out of the own cgroup, then all controllers
// in one write. A cgroup with processes cannot pass memory on (EBUSY), but it can pass on cpu and
// pids, and is "domain threaded" from then on: memory is lost to it for good.
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "gosv/os/cgroup.hpp"
#include "gosv/os/cgroup_files.hpp"

namespace gosv::os {

namespace {

// Between the move and the write somebody may start a process in the container (a health check, an
// exec): it lands in the own cgroup, and the write fails. Afterwards nobody can enter it any more.
constexpr int kTries = 200;
constexpr long kPauseNanoseconds = 1'000'000;

constexpr std::array<const char*, 2> kAlways = {"memory", "pids"};

std::string_view controller_of(const char* file) noexcept {
    const std::string_view name(file);
    return name.substr(0, name.find('.'));
}

void pause_a_moment() noexcept {
    const timespec pause{0, kPauseNanoseconds};
    (void)::nanosleep(&pause, nullptr);
}

std::string describe(const char* step, int err) {
    return std::string(step) + ": " + std::string(errno_text(err));
}

CgroupObstacle obstacle_of(int err) noexcept {
    switch (err) {
        case EAGAIN:
            return CgroupObstacle::full;
        case EROFS:
            return CgroupObstacle::read_only;
        case EACCES:
        case EPERM:
            return CgroupObstacle::denied;
        case EBUSY:
            return CgroupObstacle::busy;
        default:
            return CgroupObstacle::refused;
    }
}

}  // namespace

class TreeBuilder {
  public:
    TreeBuilder(const CgroupPlace& place, Fd own, std::vector<LeafSpec> leaves)
        : place_(place),
          tree_(std::make_unique<CgroupTree>(std::move(own), place.path, std::move(leaves),
                                             Proc::open())) {}

    CgroupSetUp build() {
        if (make("init") && make_room() && enable_in_own() && make("services") &&
            enable_in_services() && make_leaves()) {
            result_.tree = std::move(tree_);
        } else {
            tree_->remove();
        }
        return std::move(result_);
    }

  private:
    BorrowedFd own() const noexcept { return tree_->own_.borrow(); }

    bool fail(CgroupObstacle obstacle, std::string why) {
        result_.obstacle = obstacle;
        result_.why = std::move(why);
        return false;
    }

    bool fail(const std::string& step, int err) {
        return fail(obstacle_of(err), place_.directory + ": " + describe(step.c_str(), err));
    }

    bool make(const char* directory) {
        if (::mkdirat(own().raw(), directory, 0755) != 0 && errno != EEXIST) {
            return fail(std::string("mkdir ") + directory, errno);
        }
        return true;
    }

    // Everybody into `init`. Leaves in `unmoved` whom the kernel would not move, and why.
    bool move_all() {
        unmoved_.clear();
        bool somebody = false;
        cgroup::Processes processes = cgroup::Processes::open(own(), "cgroup.procs");
        while (const auto pid = processes.next()) {
            somebody = true;
            if (!pid->exists()) {
                unmoved_ = "a process of another PID namespace";
                continue;
            }
            const std::string number = std::to_string(pid->value);
            const Status moved = cgroup::write_file(own(), "init/cgroup.procs", number);
            if (!moved.ok() && moved.error().err != ESRCH) {
                unmoved_ = "process " + number + ": " + std::string(errno_text(moved.error().err));
            }
        }
        return !somebody;
    }

    bool make_room() {
        if (place_.is_root) {
            return true;  // the one cgroup that may have processes and controllers
        }
        for (int left = kTries; !move_all(); --left) {
            if (left == 0) {
                return fail(CgroupObstacle::busy,
                            unmoved_.empty()
                                ? "new processes keep coming to " + place_.directory
                                : place_.directory + " cannot be emptied: " + unmoved_);
            }
            if (!unmoved_.empty()) {
                pause_a_moment();
            }
        }
        return true;
    }

    // "+memory +pids +cpu", of what `offered` has.
    std::string wanted(std::string_view offered) const {
        std::string list;
        const auto add = [&](std::string_view controller) {
            const std::string word = "+" + std::string(controller);
            if (cgroup::has_word(offered, controller) && !cgroup::has_word(list, word)) {
                list += (list.empty() ? "" : " ") + word;
            }
        };
        for (const char* controller : kAlways) {
            add(controller);
        }
        for (const CgroupTree::Leaf& leaf : tree_->leaves_) {
            for (const CgroupSetting& setting : leaf.settings) {
                if (setting.asked_for) {
                    add(controller_of(setting.file));
                }
            }
        }
        return list;
    }

    std::string read(const char* file) const {
        char buffer[512];
        const auto text = cgroup::read_file(own(), file, buffer);
        return text.ok() ? std::string(text.value()) : std::string();
    }

    bool enable_in_own() {
        const std::string list = wanted(read("cgroup.controllers"));
        if (list.empty()) {
            return true;
        }
        for (int left = kTries;; --left) {
            const Status enabled = cgroup::write_file(own(), "cgroup.subtree_control", list);
            if (enabled.ok()) {
                return true;
            }
            const int err = enabled.error().err;
            if (err != EBUSY) {
                return enable_one_by_one(list, err);
            }
            if (left == 0) {
                return fail("cgroup.subtree_control", err);
            }
            pause_a_moment();
            if (!make_room()) {
                return false;
            }
        }
    }

    // One that is refused (cpu, while there are realtime tasks) must not cost the others. If all
    // are, it is not about one of them.
    bool enable_one_by_one(std::string_view list, int err) {
        bool some = false;
        while (!list.empty()) {
            const std::string_view word = list.substr(0, list.find(' '));
            list.remove_prefix(std::min(word.size() + 1, list.size()));
            some = cgroup::write_file(own(), "cgroup.subtree_control", word).ok() || some;
        }
        return some || fail("cgroup.subtree_control", err);
    }

    bool enable_in_services() {
        // What the own cgroup really passes on.
        const std::string list = wanted(read("services/cgroup.controllers"));
        if (list.empty()) {
            return true;
        }
        const Status enabled = cgroup::write_file(own(), "services/cgroup.subtree_control", list);
        if (!enabled.ok()) {
            return fail("services/cgroup.subtree_control", enabled.error().err);
        }
        tree_->controllers_ = list;
        std::erase(tree_->controllers_, '+');
        return true;
    }

    bool make_leaves() {
        for (std::size_t i = 0; i < tree_->leaves_.size(); ++i) {
            CgroupTree::Leaf& leaf = tree_->leaves_[i];
            const Status made = tree_->make_leaf(leaf);
            if (!made.ok()) {
                return fail("mkdir " + leaf.path, made.error().err);
            }
            if (tree_->is_populated(i)) {
                return fail(CgroupObstacle::taken,
                            place_.directory + "/" + leaf.path + " has processes already");
            }
            (void)tree_->take_oom_kills(i);
            write_settings(i);
        }
        return true;
    }

    void write_settings(std::size_t index) {
        const CgroupTree::Leaf& leaf = tree_->leaves_[index];
        for (const CgroupSetting& setting : leaf.settings) {
            const Status written = tree_->write(leaf, setting.file, setting.value);
            if (!written.ok() && setting.asked_for) {
                const int err = written.error().err;
                result_.problems.push_back({.leaf = index,
                                            .file = setting.file,
                                            .value = setting.value,
                                            .err = err,
                                            .unavailable = err == ENOENT});
            }
        }
    }

    const CgroupPlace& place_;
    std::unique_ptr<CgroupTree> tree_;
    CgroupSetUp result_;
    std::string unmoved_;
};

CgroupSetUp build_cgroup_tree(const CgroupPlace& place, Fd own, std::vector<LeafSpec> leaves) {
    return TreeBuilder(place, std::move(own), std::move(leaves)).build();
}

}  // namespace gosv::os
