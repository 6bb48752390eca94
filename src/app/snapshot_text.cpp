// The snapshot for people. First what is wrong and where (one line a service), then a block a
// service with its processes as a tree, their files and memory maps, then what belongs to no
// service, then gosv itself.
#include <algorithm>
#include <array>
#include <map>

#include "app/line_writer.hpp"
#include "app/log_format.hpp"
#include "app/snapshot_cgroup.hpp"
#include "app/snapshot_render.hpp"
#include "app/snapshot_words.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"

namespace gosv::app {

namespace {

constexpr std::size_t kMostZombiePids = 10;
constexpr std::size_t kMostZombieGroups = 20;

// Ten thousand zombies of one parent say no more than a hundred.
constexpr std::size_t kMostZombieRows = 100;

std::string wall_time(std::int64_t milliseconds) {
    char buffer[32];
    LineWriter out(buffer);
    put_time(out, milliseconds);
    return std::string(out.view());
}

// Rows of words under a heading, each column as wide as its widest word; the last one is open.
template <std::size_t N>
class Table {
  public:
    using Row = std::array<std::string, N>;

    // In `alignment` a letter a column: l or r.
    Table(const char* alignment, Row heading) : alignment_(alignment) { add(std::move(heading)); }

    void add(Row row) {
        for (std::size_t i = 0; i + 1 < N; ++i) {
            widths_[i] = std::max(widths_[i], row[i].size());
        }
        rows_.push_back(std::move(row));
    }

    void write_to(std::string& out) const {
        for (const Row& row : rows_) {
            for (std::size_t i = 0; i < N; ++i) {
                const std::string blanks(i + 1 < N ? widths_[i] - row[i].size() : 0, ' ');
                out += "  ";
                out += alignment_[i] == 'r' ? blanks + row[i] : row[i] + blanks;
            }
            out.erase(out.find_last_not_of(' ') + 1);
            out += '\n';
        }
    }

  private:
    const char* alignment_;
    std::array<std::size_t, N> widths_{};
    std::vector<Row> rows_;
};

void put_overview(const SnapshotInput& input, const SnapshotGatherer& gathered, std::string& out) {
    Table<9> table("llrrrrrll", {"service", "state", "pid", "uptime", "restarts", "processes",
                                 "VmRSS", "next start", "last run"});
    for (std::size_t i = 0; i < input.services.size(); ++i) {
        const SnapshotService& service = input.services[i];
        std::uint64_t resident = 0;
        for (const SnapshotProcess& process : gathered.services[i]) {
            resident += process.vm_rss_kb;
        }
        const std::string why = last_run(service);
        table.add({visible(service.name), state_word(service),
                   service.pid.exists() ? std::to_string(service.pid.value) : "-",
                   service.uptime ? duration(*service.uptime) : "-",
                   std::to_string(service.restarts),
                   gathered.proc_mounted ? std::to_string(gathered.services[i].size()) : "?",
                   gathered.services[i].empty() ? "-" : size_text(resident),
                   service.next_start ? concat({"in ", duration(*service.next_start)}) : "-",
                   why.empty() ? "-" : why});
    }
    table.write_to(out);
}

void put_zombies(const SnapshotGatherer& gathered, std::string& out) {
    std::size_t shown = 0;
    for (const ZombieGroup& group : gathered.zombies) {
        if (shown++ == kMostZombieGroups) {
            append_to(out, {"zombies: of ", count_of(gathered.zombies.size() - kMostZombieGroups,
                                                     "more parent\n", "more parents\n")});
            return;
        }
        append_to(out, {count_of(group.pids.size(), "zombie", "zombies"), ": "});
        if (group.parent.exists()) {
            append_to(
                out,
                {"parent ", group.parent.value, " ", visible(group.parent_name),
                 group.service.empty() ? "" : concat({" of service ", visible(group.service)})});
        } else {
            out += "a parent outside of the container";
        }
        out += " does not wait for";
        for (std::size_t i = 0; i < std::min(group.pids.size(), kMostZombiePids); ++i) {
            append_to(out, {" ", group.pids[i].value});
        }
        out += group.pids.size() > kMostZombiePids ? " ...\n" : "\n";
    }
}

void put_head(const SnapshotInput& input, const SnapshotGatherer& gathered, std::string& out) {
    append_to(out,
              {"=== snapshot ", wall_time(input.wall_time), " of gosv ", input.version, " (",
               input.stage, ", pid ", input.self.value, ", up ", duration(input.uptime), ")\n"});
    put_overview(input, gathered, out);
    put_zombies(gathered, out);
    append_to(out, {"orphans reaped: ", input.orphans_reaped,
                    ", log lines lost: ", input.log_lines_dropped, "\n"});
    if (!gathered.proc_mounted) {
        out += "note: /proc is not mounted here: no processes, files and maps\n";
    }
    if (gathered.unreadable > 0) {
        append_to(out, {"note: ", count_of(gathered.unreadable, "process", "processes"),
                        " may not be looked at (/proc is mounted with hidepid)\n"});
    }
}

// What a zombie, or a process that has no parent of its own here, needs said.
std::string remark_on(const SnapshotProcess& process, const SnapshotInput& input) {
    if (!process.alive) {
        return process.parent == input.self
                   ? "  (about to be reaped)"
                   : concat({"  (parent ", process.parent.value, " does not wait)"});
    }
    if (process.state == 'Z') {
        return "  (main thread has ended, others run)";
    }
    return process.origin.empty() ? "" : concat({"  (", visible(process.origin), ")"});
}

void put_tree(const ProcessTree& tree, const SnapshotInput& input, std::string& out) {
    constexpr int kMostIndent = 40;
    Table<7> table("rrlrrrl", {"PID", "PPid", "State", "Threads", "VmRSS", "VmSize", "Name"});
    std::map<pid_t, std::size_t> zombies_of;
    for (const SnapshotProcess& process : tree) {
        if (!process.alive && ++zombies_of[process.parent.value] > kMostZombieRows) {
            continue;
        }
        const bool has_memory = process.vm_size_kb > 0;
        const auto indent = static_cast<std::size_t>(std::min(2 * process.depth, kMostIndent));
        table.add(
            {std::to_string(process.pid.value), std::to_string(process.parent.value),
             std::string(state_name(process.state)), std::to_string(process.threads),
             has_memory ? size_text(process.vm_rss_kb) : "-",
             has_memory ? size_text(process.vm_size_kb) : "-",
             concat({std::string(indent, ' '), visible(process.name), remark_on(process, input)})});
    }
    table.write_to(out);
    for (const auto& [parent, count] : zombies_of) {
        if (count > kMostZombieRows) {
            append_to(out,
                      {"  ... and ", count - kMostZombieRows, " more zombies of ", parent, "\n"});
        }
    }
}

std::string error_text(int err) {
    return std::string(errno_text(err));
}

void put_files(const SnapshotProcess& process, std::string& out) {
    const std::string heading =
        concat({"  ", process.pid.value, " ", visible(process.name), ", open files"});
    if (process.files_error != 0) {
        append_to(out, {heading, ": ", error_text(process.files_error), "\n"});
        return;
    }
    append_to(out, {heading, " (", process.files_total, ")"});
    if (process.files_total > process.files.size()) {
        const FileKinds& kinds = process.file_kinds;
        append_to(out, {", the first ", process.files.size(), " of ", kinds.sockets, " sockets, ",
                        kinds.pipes, " pipes, ", kinds.anonymous, " anonymous, ", kinds.paths,
                        " with a path"});
    }
    out += "\n";
    for (const OpenFile& file : process.files) {
        const std::string number = std::to_string(file.fd);
        append_to(out, {std::string(number.size() < 6 ? 6 - number.size() : 0, ' '), number, " -> ",
                        file.target.empty() ? "?" : visible(file.target), "\n"});
    }
}

void put_maps(const SnapshotProcess& process, std::string& out) {
    const std::string heading =
        concat({"  ", process.pid.value, " ", visible(process.name), ", memory maps"});
    if (process.maps_error != 0) {
        append_to(out, {heading, ": ", error_text(process.maps_error), "\n"});
        return;
    }
    append_to(out, {heading, " (",
                    process.maps.size() < process.maps_total
                        ? concat({"first ", process.maps.size(), " of "})
                        : "",
                    process.maps_total, ")\n"});
    for (const std::string& map : process.maps) {
        append_to(out, {"    ", visible(map), "\n"});
    }
}

void put_details(const SnapshotProcess& process, std::string& out) {
    switch (process.details) {
        case Details::not_read:
            break;  // told once, at the end
        case Details::gone:
            append_to(out, {"  ", process.pid.value, " ", visible(process.name),
                            " ended while it was looked at\n"});
            break;
        case Details::read:
            if (process.alive) {
                put_files(process, out);
                put_maps(process, out);
            }
            break;
    }
}

void put_block(ProcessTree& tree, const SnapshotInput& input, SnapshotGatherer& gathered,
               std::string& out, SnapshotOutput& output) {
    if (!tree.empty()) {
        put_tree(tree, input, out);
    }
    output.write(out);
    for (SnapshotProcess& process : tree) {
        gathered.read_details(process);
        out.clear();
        put_details(process, out);
        output.write(out);
        process = {};  // thousands of processes with a thousand files each are not kept
    }
    out.clear();
}

void put_notes(const SnapshotGatherer& gathered, std::string& out) {
    if (gathered.denied > 0) {
        append_to(
            out,
            {"note: files or maps of ", count_of(gathered.denied, "process", "processes"),
             " of other users may not be looked at (docker run --cap-add SYS_PTRACE allows it)\n"});
    }
    if (gathered.out_of_time) {
        out += "note: time was up before all was looked at\n";
    }
    if (gathered.left_out > 0) {
        append_to(out, {"note: files and maps of ",
                        count_of(gathered.left_out, "process", "processes"), " were left out\n"});
    }
}

}  // namespace

void render_text(const SnapshotInput& input, SnapshotGatherer& gathered, SnapshotOutput& output) {
    std::string out;
    put_head(input, gathered, out);
    for (std::size_t i = 0; i < input.services.size(); ++i) {
        const SnapshotService& service = input.services[i];
        out += heading_of(service);
        if (service.pid.exists() && gathered.services[i].empty() && gathered.proc_mounted) {
            out += "  no process of it is to be seen in /proc (hidepid, or it has just ended)\n";
        }
        out += readiness_lines(service);
        if (!service.leaf.empty()) {
            out += cgroup_text(read_cgroup(input.cgroups, service.leaf));
        }
        put_block(gathered.services[i], input, gathered, out, output);
    }
    if (!gathered.others.empty()) {
        append_to(out,
                  {"=== processes that belong to no service (", gathered.others.size(), ")\n"});
        put_block(gathered.others, input, gathered, out, output);
    }
    append_to(out, {"=== gosv itself (pid ", input.self.value, ")\n"});
    put_block(gathered.self, input, gathered, out, output);
    put_notes(gathered, out);
    out += "=== end of snapshot\n";
    output.write(out);
}

std::string size_text(std::uint64_t kilobytes) {
    constexpr char kUnits[] = "KMGT";
    std::size_t unit = 0;
    std::uint64_t tenths = kilobytes * 10;
    while (tenths >= 10'240 && unit + 1 < sizeof kUnits - 1) {
        tenths /= 1024;
        ++unit;
    }
    const std::string whole = std::to_string(tenths / 10);
    const bool fraction = unit > 0 && tenths < 1000;
    return whole + (fraction ? concat({".", tenths % 10}) : "") + kUnits[unit];
}

std::string_view state_name(char state) noexcept {
    switch (state) {
        case 'R':
            return "R (running)";
        case 'S':
            return "S (sleeping)";
        case 'D':
            return "D (disk sleep)";
        case 'T':
            return "T (stopped)";
        case 't':
            return "t (tracing stop)";
        case 'Z':
            return "Z (zombie)";
        case 'X':
            return "X (dead)";
        case 'I':
            return "I (idle)";
        default:
            return "?";
    }
}

}  // namespace gosv::app
