#include "app/snapshot_cgroup.hpp"

#include "app/line_writer.hpp"
#include "app/snapshot_render.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/os/cgroup_files.hpp"

namespace gosv::app {

namespace {

namespace cgroup = os::cgroup;

// One file that is one number, or one key of a file of many.
struct Figure {
    const char* name;
    const char* file;
    const char* key;  // null: the file's own number
};

constexpr Figure kFigures[] = {
    {"memory_current", "memory.current", nullptr},
    {"memory_peak", "memory.peak", nullptr},
    {"memory_limit", "memory.max", nullptr},
    {"memory_high", "memory.high", nullptr},
    {"memory_swap_current", "memory.swap.current", nullptr},
    {"memory_limit_hits", "memory.events", "max"},
    {"memory_high_hits", "memory.events", "high"},
    {"oom_kills", "memory.events", "oom_kill"},
    {"cpu_usage_us", "cpu.stat", "usage_usec"},
    {"cpu_user_us", "cpu.stat", "user_usec"},
    {"cpu_system_us", "cpu.stat", "system_usec"},
    {"cpu_quota_us", "cpu.max", nullptr},
    {"cpu_throttled", "cpu.stat", "nr_throttled"},
    {"cpu_throttled_us", "cpu.stat", "throttled_usec"},
    {"pids_current", "pids.current", nullptr},
    {"pids_peak", "pids.peak", nullptr},
    {"pids_limit", "pids.max", nullptr},
    {"pids_limit_hits", "pids.events", "max"},
};

class Leaf {
  public:
    Leaf(BorrowedFd cgroups, std::string_view path) : cgroups_(cgroups), path_(path) {}

    std::string read(const char* file) const {
        char buffer[4096];
        const auto text = cgroup::read_file(cgroups_, concat({path_, "/", file}).c_str(), buffer);
        return text.ok() ? std::string(text.value()) : std::string();
    }

    // "some avg10=0.12 avg60=... total=..."
    std::string pressure(const char* file) const {
        constexpr std::string_view kKey = "some avg10=";
        const std::string text = read(file);
        if (!text.starts_with(kKey)) {
            return {};
        }
        return text.substr(kKey.size(), text.find(' ', kKey.size()) - kKey.size());
    }

  private:
    BorrowedFd cgroups_;
    std::string path_;
};

class Lines {
  public:
    explicit Lines(const CgroupReport& report) : report_(report) {}

    void begin(const char* what) { what_ = what; }

    // The first of a line makes it; the others follow after a comma.
    void add(const char* before, const std::optional<std::string>& value) {
        if (value) {
            text_ += what_ != nullptr ? concat({"  ", what_, ": "}) : ", ";
            text_ += before + *value;
            what_ = nullptr;
        }
    }

    void end() {
        text_ += what_ == nullptr ? "\n" : "";
        what_ = nullptr;
    }

    std::optional<std::string> size(const char* name) const {
        const auto bytes = report_.find(name);
        return bytes ? std::optional(size_text(*bytes / 1024)) : std::nullopt;
    }

    std::optional<std::string> count(const char* name) const {
        const auto number = report_.find(name);
        return number ? std::optional(std::to_string(*number)) : std::nullopt;
    }

    // Only what has happened at all, and what that is counted in.
    std::optional<std::string> happened(const char* name, const char* one, const char* many) const {
        const std::uint64_t number = report_.find(name).value_or(0);
        return number > 0 ? std::optional(concat({number, number == 1 ? one : many}))
                          : std::nullopt;
    }

    std::optional<std::string> times(const char* name) const {
        return happened(name, " time", " times");
    }

    std::optional<std::string> time(const char* name) const {
        const auto us = report_.find(name);
        if (!us) {
            return std::nullopt;
        }
        char buffer[32];
        LineWriter out(buffer);
        out.duration(std::chrono::microseconds(*us));
        return std::string(out.view());
    }

    // "0.5 CPUs": gosv's period is a tenth of a second.
    std::optional<std::string> cpus(const char* name) const {
        const auto quota = report_.find(name);
        if (!quota) {
            return std::nullopt;
        }
        const std::uint64_t hundredths = *quota / 1000;
        const std::string rest = std::to_string(100 + hundredths % 100).substr(1);
        return concat({hundredths / 100, ".", rest, " CPUs"});
    }

    std::string take() { return std::move(text_); }

  private:
    const CgroupReport& report_;
    std::string text_;
    const char* what_ = nullptr;
};

std::optional<std::string> percent(const std::string& value) {
    return value.empty() ? std::nullopt : std::optional(concat({value, "%"}));
}

}  // namespace

std::optional<std::uint64_t> CgroupReport::find(std::string_view name) const {
    for (const auto& [known, value] : figures) {
        if (name == known) {
            return value;
        }
    }
    return std::nullopt;
}

CgroupReport read_cgroup(BorrowedFd cgroups, std::string_view path) {
    CgroupReport report;
    const Leaf leaf(cgroups, path);
    for (const Figure& figure : kFigures) {
        const std::string text = leaf.read(figure.file);
        const auto value =
            figure.key != nullptr ? cgroup::keyed_value(text, figure.key) : cgroup::number(text);
        if (value) {
            report.figures.emplace_back(figure.name, *value);
        }
    }
    report.memory_pressure = leaf.pressure("memory.pressure");
    report.cpu_pressure = leaf.pressure("cpu.pressure");
    report.io_pressure = leaf.pressure("io.pressure");
    return report;
}

std::string cgroup_text(const CgroupReport& report) {
    Lines lines(report);
    lines.begin("memory");
    lines.add("", lines.size("memory_current"));
    lines.add("peak ", lines.size("memory_peak"));
    lines.add("limit ", lines.size("memory_limit"));
    lines.add("limit reached ", lines.times("memory_limit_hits"));
    lines.add("", lines.happened("oom_kills", " OOM kill", " OOM kills"));
    lines.end();
    lines.begin("cpu");
    lines.add("used ", lines.time("cpu_usage_us"));
    lines.add("limit ", lines.cpus("cpu_quota_us"));
    lines.add("throttled ", lines.times("cpu_throttled"));
    lines.add("for ", report.find("cpu_throttled").value_or(0) > 0 ? lines.time("cpu_throttled_us")
                                                                   : std::nullopt);
    lines.end();
    lines.begin("pids");
    lines.add("", lines.count("pids_current"));
    lines.add("peak ", lines.count("pids_peak"));
    lines.add("limit ", lines.count("pids_limit"));
    lines.add("limit reached ", lines.times("pids_limit_hits"));
    lines.end();
    lines.begin("pressure");
    lines.add("memory ", percent(report.memory_pressure));
    lines.add("cpu ", percent(report.cpu_pressure));
    lines.add("io ", percent(report.io_pressure));
    lines.end();
    return lines.take();
}

}  // namespace gosv::app
