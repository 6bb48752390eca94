#pragma once
// How the snapshot for people puts things: pieces of text, and what there is to say of a service
// before its processes.
#include <cstddef>
#include <string>
#include <string_view>

#include "gosv/app/snapshot.hpp"

namespace gosv::app {

// What comes from outside, escaped.
std::string visible(std::string_view text);
std::string duration(Duration value);
// "1 process", "2 processes"
std::string count_of(std::size_t count, const char* one, const char* many);

// "running (healthy)", "pending (waits for db)"
std::string state_word(const SnapshotService& service);
// Why the last run ended, or why there was none; "" when there is nothing to tell.
std::string last_run(const SnapshotService& service);
// "=== service web (running, pid 12, up 3s)", with its newline.
std::string heading_of(const SnapshotService& service);
// Readiness, health, what it waits for and what it must do in time; a line each, or none.
std::string readiness_lines(const SnapshotService& service);

}  // namespace gosv::app
