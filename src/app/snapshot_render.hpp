#pragma once
// How a snapshot looks: for people block by block, and as one JSON object on one line. What comes
// from a process is escaped: a name may hold escape sequences for the terminal of whoever reads
// this.
#include "app/snapshot_gather.hpp"

namespace gosv::app {

// Details are gathered as they are written, so that a /proc that hangs costs the rest and not all.
void render_text(const SnapshotInput& input, SnapshotGatherer& gathered, SnapshotOutput& output);

void render_json(const SnapshotInput& input, SnapshotGatherer& gathered, SnapshotOutput& output);

// 812K, 8.1M, 1.2G, in units of 1024.
std::string size_text(std::uint64_t kilobytes);

// "S (sleeping)", as in /proc/PID/status.
std::string_view state_name(char state) noexcept;

}  // namespace gosv::app
