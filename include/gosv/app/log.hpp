#pragma once
// gosv's own log lines; for users: src/app/README.md. A line is formatted into a fixed buffer, goes
// through an spdlog logger (level filter) into a byte ring allocated once, and from there to stderr
// without ever blocking. When the ring is full whole lines are dropped and counted, and the count
// is told by the next line that fits. A dead reader (EPIPE, EIO, closed stderr) drops everything in
// silence.
//
// stderr is shared with the services: O_NONBLOCK is a flag of the open file description and must
// not be set on it. src/app/log_stream.hpp has the ways round that.
//
// After construction nothing here allocates, throws or blocks. Loop thread only. The only user of
// spdlog is log.cpp.
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/time.hpp"
#include "gosv/manifest/manifest.hpp"  // LogFormat, LogLevel

namespace gosv::app {

using manifest::LogFormat;
using manifest::LogLevel;

// Users rely on the names: src/app/README.md has one line for each, in this order.
enum class LogEvent : std::uint8_t {
    boot,
    started,
    ready,
    exited,
    restarting,
    stable,
    failed,
    completed,
    signal,
    forwarded,
    stopping,
    killing,
    stopped,
    unhealthy,
    healthy,
    oom,
    cgroup,
    waiting,
    shutdown,
    end,
    orphans,
    snapshot,  // requested, written, cut short
    dropped,   // so many lines were lost
    internal,  // something that should not happen; gosv goes on
};

std::string_view name(LogEvent event) noexcept;

// One line. What is not set is not written. Text from users (names, reasons) may hold anything: it
// is quoted and escaped, and cut where the line would pass kMaxLine.
struct LogLine {
    LogEvent event;
    LogLevel level = LogLevel::info;
    std::string_view service{};  // empty: gosv itself
    Pid pid{};
    std::optional<int> code{};
    Signal signal{};                         // a name in the output
    std::optional<Duration> uptime{};        // uptime_ms
    std::optional<Duration> delay{};         // delay_ms
    std::optional<std::uint32_t> attempt{};  // with orphans, dropped and oom: a count
    std::optional<std::uint32_t> max_restarts{};
    std::optional<std::uint64_t> memory_limit{};  // bytes; oom
    std::optional<std::uint64_t> memory_peak{};
    std::string_view dependency{};     // the service that it waits for, or ends with
    std::string_view wish{};           // waiting: "to be healthy"; text only
    std::optional<Duration> waited{};  // waiting_ms
    std::string_view reason{};         // a stable word or a short phrase
    std::string_view msg{};            // for people; not stable
};

inline constexpr std::size_t kMaxLine = 1200;

class Log {
  public:
    // Writes to `stream` (gosv's stderr; not owned). `ring` bytes are allocated here, once;
    // those that are never needed at the same time never become resident.
    Log(LogFormat format, LogLevel level, BorrowedFd stream,
        std::size_t ring = std::size_t{64} * 1024);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    bool enabled(LogLevel level) const noexcept;
    void write(const LogLine& line) noexcept;

    // Writes what the stream takes now. False: the stream is full, poll writable_fd(). True: there
    // is nothing to wait for. All is written; or the stream is dead; or lines are held; or polling
    // would not tell when it gets better (a full disk): those lines are tried again by the next
    // call.
    bool flush() noexcept;
    // Descriptor to poll for writability while flush() is false; not open when the stream cannot be
    // polled (a regular file never needs it).
    BorrowedFd writable_fd() const noexcept;
    // Opens the stream anew while there are /proc and descriptors to be had. Else the first line
    // does; and if that tells of trouble there may be neither, and what is left is the way that
    // could wait.
    void look_at_stream() noexcept;
    // Every descriptor the log owns (at most one, and none before the stream was looked at): the
    // caller closes inherited ones around it.
    BorrowedFd own_fd() const noexcept;
    // While held, lines gather in the ring: a snapshot is being written to the same stream.
    void hold(bool held) noexcept;
    // Lines lost for want of room, in all.
    std::uint64_t dropped() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gosv::app
