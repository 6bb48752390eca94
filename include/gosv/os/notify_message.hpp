#pragma once
// What a service says in one datagram, as sd_notify(3) defines it: assignments, one a line. Pure;
// the text comes from outside and may be anything. Of several assignments of one kind the first
// counts, as for systemd; unknown ones are for somebody else and are passed over.
#include <optional>
#include <string_view>

#include "gosv/base/ids.hpp"
#include "gosv/base/time.hpp"

namespace gosv::os {

struct NotifyMessage {
    bool ready = false;     // READY=1
    bool stopping = false;  // STOPPING=1
    bool alive = false;     // WATCHDOG=1
    bool trouble = false;   // WATCHDOG=trigger
    bool barrier = false;   // BARRIER=1: wants its descriptor closed, which has happened already
    std::optional<std::string_view>
        status;  // STATUS=; may be empty. Not cleaned: copy_plain_line()
    std::optional<Duration> extend_timeout;  // EXTEND_TIMEOUT_USEC, at most ten years

    // The first thing that was said and is not done, for a warning; "" when there is none.
    std::string_view refused;  // "MAINPID=12"
    const char* why = "";      // static storage
};

// What it gives points into `text`. MAINPID= may name `main`, as php-fpm does: that is no news.
NotifyMessage parse_notification(std::string_view text, Pid main = {}) noexcept;

}  // namespace gosv::os
