// The pure half: which directory is ours.
#include "gosv/os/cgroup_place.hpp"

#include <vector>

#include "gosv/base/concat.hpp"

namespace gosv::os {

namespace {

constexpr std::string_view kUsualMount = "/sys/fs/cgroup";
constexpr const char* kLegacy = "this host keeps its controllers in cgroup v1";

std::string_view cut_line(std::string_view& text) noexcept {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const std::size_t end = line.find(' ');
        words.push_back(line.substr(0, end));
        line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    }
    return words;
}

// mountinfo writes blanks, tabs, newlines and backslashes as \ooo.
std::string unescape(std::string_view text) {
    const auto octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
            octal(text[i + 3])) {
            plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                       (text[i + 3] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

// A root that begins with "/.." lies above our cgroup namespace: nothing of ours is shown there.
bool shows(std::string_view root, std::string_view path) noexcept {
    if (root.starts_with("/..")) {
        return false;
    }
    return root == "/" || path == root || (path.starts_with(root) && path[root.size()] == '/');
}

struct Mount {
    std::string root;
    std::string point;
};

std::vector<Mount> cgroup2_mounts(std::string_view mountinfo) {
    std::vector<Mount> mounts;
    while (!mountinfo.empty()) {
        const std::string_view line = cut_line(mountinfo);
        const std::size_t separator = line.find(" - ");
        if (separator == std::string_view::npos ||
            !line.substr(separator + 3).starts_with("cgroup2 ")) {
            continue;
        }
        const auto words = split(line);
        if (words.size() > 4) {
            mounts.push_back({unescape(words[3]), unescape(words[4])});
        }
    }
    return mounts;
}

// What /proc/self/cgroup tells: "0::/kubepods/1b2c", "4:cpu,cpuacct:/", "9:name=systemd:/".
struct OwnCgroups {
    std::string_view path;  // in v2; empty without one
    bool has_v1 = false;    // controllers are there
    bool has_v1_memory = false;
};

OwnCgroups read_own(std::string_view self_cgroup) noexcept {
    OwnCgroups own;
    while (!self_cgroup.empty()) {
        const std::string_view line = cut_line(self_cgroup);
        const std::size_t controllers = line.find(':');
        if (line.starts_with("0::")) {
            own.path = line.substr(3);
        } else if (controllers != std::string_view::npos &&
                   !line.substr(controllers).starts_with(":name=")) {
            own.has_v1 = true;
            own.has_v1_memory |= line.substr(controllers).starts_with(":memory:");
        }
    }
    return own;
}

CgroupPlace legacy(const OwnCgroups& own) {
    CgroupPlace place;
    place.path = own.path;
    place.obstacle = CgroupObstacle::legacy;
    place.why = kLegacy;
    return place;
}

}  // namespace

std::optional<CgroupPlace> guess_cgroup(std::string_view self_cgroup) {
    const OwnCgroups own = read_own(self_cgroup);
    if (own.has_v1_memory) {
        return legacy(own);
    }
    if (own.path != "/") {
        return std::nullopt;
    }
    CgroupPlace place;
    place.obstacle = CgroupObstacle::none;
    place.directory = kUsualMount;
    place.path = own.path;
    return place;
}

CgroupPlace locate_cgroup(std::string_view self_cgroup, std::string_view mountinfo) {
    const OwnCgroups own = read_own(self_cgroup);
    const std::vector<Mount> mounts = cgroup2_mounts(mountinfo);
    if (own.has_v1 && (own.path.empty() || mounts.empty())) {
        return legacy(own);
    }
    CgroupPlace place;
    place.path = own.path;
    if (own.path.empty()) {
        place.why = "this kernel shows no cgroup v2";
        return place;
    }
    if (mounts.empty()) {
        place.why = "no cgroup2 file system is mounted";
        return place;
    }
    const Mount* found = nullptr;
    for (const Mount& mount : mounts) {
        // Later mounts hide earlier ones at the same place; the usual place wins over all others.
        if (shows(mount.root, place.path) &&
            (found == nullptr || found->point != kUsualMount || mount.point == kUsualMount)) {
            found = &mount;
        }
    }
    if (found == nullptr || place.path.starts_with("/..")) {
        place.obstacle = CgroupObstacle::foreign;
        place.why = concat({mounts.front().point, " shows another part of the cgroup tree (",
                            mounts.front().root, ") than gosv's own, ", place.path});
        return place;
    }
    place.obstacle = CgroupObstacle::none;
    place.directory = found->point;
    const std::string_view below =
        std::string_view(place.path).substr(found->root == "/" ? 0 : found->root.size());
    if (below != "/") {
        place.directory += below;
    }
    return place;
}

void judge_cgroup(const CgroupFacts& facts, CgroupPlace& place) {
    const auto obstruct = [&place](CgroupObstacle obstacle, std::string why) {
        place.obstacle = obstacle;
        place.why = std::move(why);
    };
    const std::string& directory = place.directory;
    if (!facts.is_cgroup2) {
        // On v1 hosts /sys/fs/cgroup is a tmpfs in which a mkdir would even succeed.
        obstruct(CgroupObstacle::absent, concat({directory, " is not a cgroup2 file system"}));
    } else if (!facts.type.empty() && facts.type != "domain") {
        // Before the list of processes, which the kernel does not show of a threaded one.
        obstruct(CgroupObstacle::threaded, concat({directory, " has the type '", facts.type, "'"}));
    } else if (!facts.lists_us) {
        obstruct(CgroupObstacle::foreign,
                 concat({directory, " is not the cgroup that gosv is in"}));
    } else if (facts.v1_controllers && facts.controllers.find("memory") == std::string::npos) {
        obstruct(CgroupObstacle::legacy, kLegacy);
    } else if (facts.type.empty() && !facts.is_machine_init) {
        obstruct(
            CgroupObstacle::root,
            concat({directory, " is the root cgroup of the machine, and gosv is not its init"}));
    } else if (facts.read_only) {
        obstruct(CgroupObstacle::read_only, concat({directory, " is mounted read-only"}));
    } else if (!facts.may_write) {
        obstruct(CgroupObstacle::denied, concat({directory, " belongs to uid ", facts.owner,
                                                 " and gosv may not write there"}));
    } else if (facts.shared && facts.as_root && place.path != "/" && !facts.delegated) {
        obstruct(CgroupObstacle::undelegated,
                 concat({directory, " is not delegated to gosv (Delegate=yes of systemd)"}));
    } else if (facts.subgroups_in_use) {
        obstruct(CgroupObstacle::taken, concat({"another gosv has services below ", directory}));
    } else {
        place.obstacle = CgroupObstacle::none;
        place.is_root = facts.type.empty();
    }
}

}  // namespace gosv::os
