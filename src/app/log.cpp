#include "gosv/app/log.hpp"

#include <limits.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>

#include "app/log_format.hpp"
#include "app/log_ring.hpp"
#include "app/log_stream.hpp"

namespace gosv::app {

namespace {

// After so many bytes that nobody has flushed, the log does it itself.
constexpr std::size_t kBatch = std::size_t{4} * 1024;

spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::error:
            return spdlog::level::err;
        case LogLevel::warn:
            return spdlog::level::warn;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::debug:
            return spdlog::level::debug;
    }
    return spdlog::level::info;
}

// For people who read the line; nothing is decided by it.
WallTime wall_now() noexcept {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

// Takes lines that are formatted already. Not on spdlog's base_sink: that one makes a pattern
// formatter, which is not needed and would double what spdlog adds to the binary.
class RingSink final : public spdlog::sinks::sink {
  public:
    RingSink(LogFormat format, std::size_t capacity) : format_(format), ring_(capacity) {}

    void log(const spdlog::details::log_msg& message) override {
        const std::string_view line(message.payload.data(), message.payload.size());
        // The order of the lines is the order of what happened, losses included.
        if (!tell_losses()) {
            ring_.lose_one();
            ++dropped_;
        } else if (!ring_.push(line)) {
            ++dropped_;
        }
    }

    void flush() override {}  // the stream is Log's affair

    void set_pattern(const std::string&) override {}

    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

    // How many lines were lost, as a line in their place; true when there is nothing to tell any
    // more.
    bool tell_losses() noexcept {
        if (ring_.lost() == 0) {
            return true;
        }
        const std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
        char buffer[kMaxLine];
        TimeText time;
        const std::string_view notice =
            format_line({.event = LogEvent::dropped,
                         .level = LogLevel::warn,
                         .attempt = static_cast<std::uint32_t>(std::min(ring_.lost(), most))},
                        format_, time.of(wall_now()), buffer);
        if (notice.size() > ring_.room()) {
            return false;
        }
        (void)ring_.push(notice);
        ring_.losses_told();
        return true;
    }

    LogRing& ring() noexcept { return ring_; }

    std::uint64_t dropped() const noexcept { return dropped_; }

  private:
    LogFormat format_;
    LogRing ring_;
    std::uint64_t dropped_ = 0;
};

}  // namespace

struct Log::Impl {
    Impl(LogFormat format_in, LogLevel level, BorrowedFd inherited, std::size_t capacity)
        : format(format_in),
          sink(std::make_shared<RingSink>(format_in, capacity)),
          // An object of our own: spdlog's registry would bring threads and a default logger.
          logger("gosv", sink),
          inherited_stream(inherited) {
        logger.set_level(spdlog_level(level));
    }

    LogFormat format;
    std::shared_ptr<RingSink> sink;
    spdlog::logger logger;
    BorrowedFd inherited_stream;
    std::optional<LogStream> opened_stream;
    TimeText time;
    bool held = false;

    // Looked at for the first line, or when the owner says so: around one command it can wait until
    // that has been started.
    LogStream& stream() noexcept {
        return opened_stream ? *opened_stream : opened_stream.emplace(inherited_stream);
    }
};

[[gnu::noinline]] Log::Log(LogFormat format, LogLevel level, BorrowedFd stream, std::size_t ring)
    : impl_(std::make_unique<Impl>(format, level, stream, ring)) {}

Log::~Log() = default;

bool Log::enabled(LogLevel level) const noexcept {
    return impl_->logger.should_log(spdlog_level(level));
}

void Log::write(const LogLine& line) noexcept {
    if (!enabled(line.level) || impl_->stream().is_dead()) {
        return;
    }
    char buffer[kMaxLine];
    const std::string_view text =
        format_line(line, impl_->format, impl_->time.of(wall_now()), buffer);
    LogRing& ring = impl_->sink->ring();
    if (text.size() > ring.room()) {
        // One event may be the end of very many services: a reader who keeps up gets all lines.
        (void)flush();
    }
    const std::size_t before = ring.size();
    impl_->logger.log(spdlog_level(line.level), spdlog::string_view_t(text.data(), text.size()));
    // Or their start: what such a reader could have had does not make more of the ring resident.
    // For one who does not keep up a try after each line would be for nothing.
    if (ring.size() / kBatch > before / kBatch) {
        (void)flush();
    }
}

bool Log::flush() noexcept {
    LogRing& ring = impl_->sink->ring();
    // Nothing is added meanwhile but a notice of losses: the ring's size bounds this loop.
    while (!impl_->held) {
        if (ring.empty()) {
            if (ring.lost() == 0 || !impl_->sink->tell_losses()) {
                return true;
            }
        }
        if (impl_->stream().is_dead()) {
            return true;
        }
        char piece[PIPE_BUF];
        const WriteResult result = impl_->stream().write(ring.front(piece));
        ring.consume(result.bytes);
        switch (result.outcome) {
            case WriteOutcome::written:
                if (result.bytes == 0) {
                    return true;  // no progress and no reason: not worth a loop
                }
                break;
            case WriteOutcome::full:
                return false;
            case WriteOutcome::later:
            case WriteOutcome::dead:
                return true;
        }
    }
    return true;
}

BorrowedFd Log::writable_fd() const noexcept {
    return impl_->opened_stream ? impl_->opened_stream->pollable() : BorrowedFd();
}

void Log::look_at_stream() noexcept {
    (void)impl_->stream();
}

BorrowedFd Log::own_fd() const noexcept {
    return impl_->opened_stream ? impl_->opened_stream->own() : BorrowedFd();
}

void Log::hold(bool held) noexcept {
    impl_->held = held;
}

std::uint64_t Log::dropped() const noexcept {
    return impl_->sink->dropped();
}

}  // namespace gosv::app
