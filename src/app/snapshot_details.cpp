// What the snapshot shows of one process beyond its stat: where it came from, its descriptors, its
// memory maps.
#include "app/proc_file.hpp"
#include "app/snapshot_gather.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/sort.hpp"
#include "gosv/os/directory.hpp"

namespace gosv::app {

namespace {

// The clock is looked at once in so many descriptors.
constexpr std::size_t kFilesPerLook = 256;

void count_kind(std::string_view target, FileKinds& kinds) noexcept {
    ++(target.starts_with("socket:")       ? kinds.sockets
       : target.starts_with("pipe:")       ? kinds.pipes
       : target.starts_with("anon_inode:") ? kinds.anonymous
                                           : kinds.paths);
}

}  // namespace

std::string SnapshotGatherer::origin_of(const SnapshotProcess& process) {
    if (!process.parent.exists()) {
        return "from outside: docker exec, nsenter";
    }
    std::string origin = "adopted";
    constexpr std::string_view kVariable = "GOSV_SERVICE=";
    (void)for_each_line(proc_, ProcPath(process.pid, "environ").c_str(), '\0',
                        [&](std::string_view entry) {
                            if (!entry.starts_with(kVariable)) {
                                return true;
                            }
                            entry.remove_prefix(kVariable.size());
                            append_to(origin, {", started by service ", entry.substr(0, 64)});
                            return false;
                        });
    return origin;
}

void SnapshotGatherer::read_details(SnapshotProcess& process) {
    if (!process.alive) {
        process.details = Details::read;  // the dead have neither files nor memory
        return;
    }
    if (detailed_ >= kMostDetailed || time_is_up()) {
        ++left_out;
        return;
    }
    ++detailed_;
    read_files(process);
    read_maps(process);
    denied += is_denied(process.files_error) || is_denied(process.maps_error) ? 1U : 0U;
    // Its number may have got another process meanwhile.
    const std::optional<SnapshotProcess> now = look_at(process.pid);
    process.details = now && now->start_time == process.start_time ? Details::read : Details::gone;
}

void SnapshotGatherer::read_files(SnapshotProcess& process) {
    os::NumericEntries entries =
        os::NumericEntries::open(proc_.root(), ProcPath(process.pid, "fd").c_str());
    while (const std::optional<int> fd = entries.next()) {
        ++process.files_total;
        if (process.files_total % kFilesPerLook == 0 && time_is_up()) {
            return;
        }
        char target[4096];
        const Result<std::string_view> link =
            proc_.read_link(ProcPath(process.pid, "fd", *fd).c_str(), target);
        const std::string_view text = link.ok() ? link.value() : std::string_view();
        count_kind(text, process.file_kinds);
        if (process.files.size() < kMostFiles) {
            process.files.push_back({*fd, std::string(text)});
        }
    }
    process.files_error = entries.error();
    sort_small(process.files, [](const OpenFile& a, const OpenFile& b) { return a.fd < b.fd; });
}

void SnapshotGatherer::read_maps(SnapshotProcess& process) {
    const std::size_t most = input_.maps ? *input_.maps : SIZE_MAX;
    process.maps_error = for_each_line(
        proc_, ProcPath(process.pid, "maps").c_str(), '\n', [&](std::string_view line) {
            if (process.maps.size() < most) {
                const std::size_t end =
                    line.find_last_not_of(' ') + 1;  // nothing is mapped: blanks
                process.maps.emplace_back(line.substr(0, end));
            }
            return ++process.maps_total % kFilesPerLook != 0 || !time_is_up();
        });
}

}  // namespace gosv::app
