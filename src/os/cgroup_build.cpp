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

#include "cgroup_move.hpp"
#include "gosv/base/concat.hpp"
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
    return concat({step, ": ", errno_text(err)});
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

// Cuts the first of the blank-separated words off.
std::string_view cut_word(std::string_view& list) noexcept {
    const std::string_view word = list.substr(0, list.find(' '));
    list.remove_prefix(std::min(word.size() + 1, list.size()));
    return word;
}

}  // namespace

class TreeBuilder {
  public:
    TreeBuilder(const CgroupPlace& place, Fd own, std::vector<LeafSpec> leaves)
        : place_(place),
          tree_(std::make_unique<CgroupTree>(std::move(own), place.path, std::move(leaves),
                                             Proc::open())) {}

    CgroupSetUp build() {
        if (make("init", &tree_->made_init_) && make_room() && enable_in_own() &&
            make("services") && enable_in_services() && make_leaves()) {
            result_.own_limits = read_own_limits();
            result_.tree = std::move(tree_);
        } else {
            tree_->undo();
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
        return fail(obstacle_of(err),
                    concat({place_.directory, ": ", describe(step.c_str(), err)}));
    }

    bool make(const char* directory, bool* is_new = nullptr) {
        const bool made = ::mkdirat(own().raw(), directory, 0755) == 0;
        if (is_new != nullptr) {
            *is_new = made;
        }
        return made || errno == EEXIST || fail(concat({"mkdir ", directory}), errno);
    }

    // Everybody into `init`; false while somebody was there. In `unmoved_` who stays, and why.
    bool move_all() {
        const cgroup::Moved moved =
            cgroup::move_processes(own(), "cgroup.procs", "init/cgroup.procs");
        unmoved_ = moved.unmoved;
        return !moved.somebody && unmoved_.empty();
    }

    bool make_room() {
        if (place_.is_root) {
            return true;  // the one cgroup that may have processes and controllers
        }
        for (int left = kTries; !move_all(); --left) {
            if (left == 0) {
                return fail(CgroupObstacle::busy,
                            unmoved_.empty()
                                ? concat({"new processes keep coming to ", place_.directory})
                                : concat({place_.directory, " cannot be emptied: ", unmoved_}));
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
            const std::string word = concat({"+", controller});
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

    // nullopt: told as the obstacle.
    std::optional<std::string> read(const char* file) {
        char buffer[512];
        const auto text = cgroup::read_file(own(), file, buffer);
        if (!text.ok()) {
            fail(file, text.error().err);
            return std::nullopt;
        }
        return std::string(text.value());
    }

    bool enable_in_own() {
        const auto offered = read("cgroup.controllers");
        const auto already = offered ? read("cgroup.subtree_control") : std::nullopt;
        if (!already) {
            return false;
        }
        const std::string list = wanted(*offered);
        if (list.empty()) {
            return true;
        }
        for (std::string_view rest = list; !rest.empty();) {
            const std::string_view controller = cut_word(rest).substr(1);
            if (!cgroup::has_word(*already, controller)) {
                tree_->enabled_.append(" -").append(controller);
            }
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
            const std::string_view word = cut_word(list);
            some = cgroup::write_file(own(), "cgroup.subtree_control", word).ok() || some;
        }
        return some || fail("cgroup.subtree_control", err);
    }

    bool enable_in_services() {
        // What the own cgroup really passes on.
        const auto offered = read("services/cgroup.controllers");
        if (!offered) {
            return false;
        }
        const std::string list = wanted(*offered);
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
            const Result<bool> is_new = tree_->make_leaf(leaf);
            if (!is_new.ok()) {
                return fail(concat({"mkdir ", leaf.path}), is_new.error().err);
            }
            if (!is_new.value()) {
                if (tree_->is_populated(i)) {
                    return fail(CgroupObstacle::taken, concat({place_.directory, "/", leaf.path,
                                                               " has processes already"}));
                }
                (void)tree_->take_oom_kills(i);  // of before
            }
            write_settings(i);
            tree_->watch(leaf);
        }
        return true;
    }

    void write_settings(std::size_t index) {
        CgroupTree::Leaf& leaf = tree_->leaves_[index];
        for (const CgroupSetting& setting : leaf.settings) {
            const Status written = tree_->set(leaf, setting);
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

    // The root cgroup of a machine has none of these files.
    OwnLimits read_own_limits() const {
        const auto value = [this](const char* file, std::span<char> buffer) {
            const auto text = cgroup::read_file(own(), file, buffer);
            return text.ok() ? text.value() : std::string_view();
        };
        char buffer[64];
        OwnLimits limits;
        limits.memory = cgroup::number(value("memory.max", buffer));
        limits.pids = cgroup::number(value("pids.max", buffer));
        std::string_view cpu = value("cpu.max", buffer);  // "50000 100000": quota, period
        const auto quota = cgroup::number(cut_word(cpu));
        const auto period = cgroup::number(cpu);
        if (quota && period && *period != 0) {
            limits.cpus_milli = *quota * 1000 / *period;
        }
        return limits;
    }

    const CgroupPlace& place_;
    std::unique_ptr<CgroupTree> tree_;
    CgroupSetUp result_;
    std::string unmoved_;
};

void CgroupTree::undo() {
    remove();
    if (!enabled_.empty()) {
        (void)cgroup::write_file(own_.borrow(), "cgroup.subtree_control",
                                 std::string_view(enabled_).substr(1));
    }
    // Who is in an `init` that was there before may have been there before: it stays. So does who
    // cannot go back, because somebody else has enabled controllers meanwhile.
    if (made_init_) {
        for (int left = kTries;
             left > 0 && ::unlinkat(own_.raw(), "init", AT_REMOVEDIR) != 0 && errno == EBUSY;
             --left) {
            (void)cgroup::move_processes(own_.borrow(), "init/cgroup.procs", "cgroup.procs");
        }
    }
}

[[gnu::noinline]] CgroupSetUp build_cgroup_tree(const CgroupPlace& place, Fd own,
                                                std::vector<LeafSpec> leaves) {
    return TreeBuilder(place, std::move(own), std::move(leaves)).build();
}

}  // namespace gosv::os
