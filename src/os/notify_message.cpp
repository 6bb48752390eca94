#include "gosv/os/notify_message.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "gosv/base/parse.hpp"

namespace gosv::os {

namespace {

constexpr std::string_view kStatus = "STATUS=";
constexpr std::string_view kExtendTimeout = "EXTEND_TIMEOUT_USEC=";
constexpr std::string_view kMainPid = "MAINPID=";

// As parse_duration(): so that no sum with a time can overflow.
constexpr std::uint64_t kMostMicroseconds = std::uint64_t{3650} * 24 * 60 * 60 * 1'000'000;

std::string_view cut_line(std::string_view& text) noexcept {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

void refuse(NotifyMessage& message, std::string_view assignment, const char* why) noexcept {
    if (message.refused.empty()) {
        message.refused = assignment;
        message.why = why;
    }
}

void take_extension(NotifyMessage& message, std::string_view line) noexcept {
    const auto microseconds = parse_uint(line.substr(kExtendTimeout.size()));
    if (!microseconds || *microseconds > kMostMicroseconds) {
        refuse(message, line, "not a number of microseconds within ten years");
    } else if (!message.extend_timeout) {
        message.extend_timeout =
            std::chrono::microseconds(static_cast<std::int64_t>(*microseconds));
    }
}

bool names(std::string_view number, Pid main) noexcept {
    const auto pid = parse_uint(number);
    return main.exists() && pid && *pid == static_cast<std::uint64_t>(main.value);
}

void take_assignment(NotifyMessage& message, std::string_view line, Pid main) noexcept {
    if (line == "READY=1") {
        message.ready = true;
    } else if (line == "STOPPING=1") {
        message.stopping = true;
    } else if (line == "WATCHDOG=1") {
        message.alive = true;
    } else if (line == "WATCHDOG=trigger") {
        message.trouble = true;
    } else if (line == "BARRIER=1") {
        message.barrier = true;
    } else if (line.starts_with(kStatus)) {
        message.status = message.status.value_or(line.substr(kStatus.size()));
    } else if (line.starts_with(kExtendTimeout)) {
        take_extension(message, line);
    } else if (line.starts_with(kMainPid) && !names(line.substr(kMainPid.size()), main)) {
        refuse(message, line, "the main process is the one that gosv has started");
    }
}

}  // namespace

NotifyMessage parse_notification(std::string_view text, Pid main) noexcept {
    NotifyMessage message;
    // One at the end is what a C program sends that counts the NUL in.
    if (text.ends_with('\0')) {
        text.remove_suffix(1);
    }
    if (text.find('\0') != std::string_view::npos) {
        refuse(message, text, "a NUL byte within the message");
        return message;
    }
    while (!text.empty()) {
        take_assignment(message, cut_line(text), main);
    }
    return message;
}

}  // namespace gosv::os
