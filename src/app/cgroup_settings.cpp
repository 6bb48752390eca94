#include "app/cgroup_settings.hpp"

#include "gosv/base/concat.hpp"

namespace gosv::app {

namespace {

constexpr std::uint64_t kCpuPeriod = 100'000;  // microseconds

std::string text_of(std::uint64_t value) {
    return value == UINT64_MAX ? "max" : std::to_string(value);
}

}  // namespace

std::vector<os::CgroupSetting> settings_of(const manifest::Limits& limits,
                                           manifest::OomPolicy oom_policy) {
    std::vector<os::CgroupSetting> settings;
    const auto add = [&settings](const char* file, std::string value) {
        settings.push_back({.file = file, .value = std::move(value)});
    };
    const auto add_size = [&add](const char* file, const std::optional<std::uint64_t>& value) {
        if (value) {
            add(file, text_of(*value));
        }
    };
    add_size("memory.swap.max", limits.memory_swap);
    add_size("memory.low", limits.memory_low);
    add_size("memory.high", limits.memory_high);
    add_size("memory.max", limits.memory);
    if (oom_policy != manifest::OomPolicy::proceed) {
        // Also without a limit: when the container's own is reached, the service that is chosen
        // goes as a whole, and nothing is left half alive. A wish: the kernel may be older
        // than 4.19.
        settings.push_back({.file = "memory.oom.group", .value = "1", .asked_for = false});
    }
    add_size("pids.max", limits.pids);
    if (limits.cpus_milli) {
        const std::uint64_t quota = *limits.cpus_milli * (kCpuPeriod / 1000);
        add("cpu.max", concat({text_of(quota), " ", text_of(kCpuPeriod)}));
    }
    if (limits.cpu_weight) {
        add("cpu.weight", text_of(*limits.cpu_weight));
    }
    if (limits.cpuset) {
        add("cpuset.cpus", *limits.cpuset);
    }
    if (limits.io_weight) {
        add("io.weight", text_of(*limits.io_weight));
    }
    return settings;
}

}  // namespace gosv::app
