// What services say of themselves (sd_notify, notify_fd), and what gosv says of itself.
#include <algorithm>

#include "app/line_writer.hpp"
#include "app/runtime.hpp"
#include "gosv/base/plain_text.hpp"

namespace gosv::app {

namespace {

// Budgets a service: in an iteration, and before its end is told. Whoever sends without end can
// neither starve the others nor put off the end of its own run for ever.
constexpr int kNoticeBudget = 8;
constexpr int kLastNoticeBudget = 1024;

// A process that ends closes its descriptors a moment before it is dead: only of one that lives on
// there is something to complain of.
constexpr Duration kSilenceGrace = std::chrono::milliseconds(200);

std::string_view phrase(Notice::Complaint complaint) noexcept {
    switch (complaint) {
        case Notice::Complaint::none:
            return "";
        case Notice::Complaint::stranger:
            return "a notification was ignored: its sender is no process of this service";
        case Notice::Complaint::gone:
            return "a notification was ignored: its sender had ended before it could be told whose "
                   "it was";
        case Notice::Complaint::too_long:
            return "a notification was ignored: it is longer than 4096 bytes";
        case Notice::Complaint::refused:
            return "part of a notification was ignored";
        case Notice::Complaint::silenced:
            return "notify_fd was closed before a newline came: it cannot become ready any more";
    }
    return "";
}

}  // namespace

void Runtime::read_notices() noexcept {
    for (const ServiceId service : platform_.notices()) {
        learn_exec_status(service);
        hear(service, kNoticeBudget);  // what is left keeps the socket readable
    }
}

void Runtime::hear_last_words(ServiceId service) noexcept {
    hear(service, kLastNoticeBudget);
}

void Runtime::hear(ServiceId service, int budget) noexcept {
    for (; budget > 0; --budget) {
        const std::optional<Notice> notice = platform_.next_notice(service, pids_[index(service)]);
        if (!notice) {
            return;
        }
        // Of a run that is over, or of one whose program has never run: nobody is meant.
        const Handle& handle = handles_[index(service)];
        const bool is_told =
            pids_[index(service)].exists() && !handle.exec_pending && !handle.exec_failed;
        if (is_told) {
            heed(service, *notice);
        }
    }
}

void Runtime::heed(ServiceId service, const Notice& notice) noexcept {
    if (notice.complaint == Notice::Complaint::silenced) {
        handles_[index(service)].silenced = true;
        silence_check_at_ = std::min(silence_check_at_, saturating_add(now_, kSilenceGrace));
    } else {
        complain(service, notice);
    }
    Remarks& remarks = remarks_[index(service)];
    if (notice.status) {
        char plain[120];
        remarks.status.assign(copy_plain_line(*notice.status, plain));
    }
    remarks.stopping = remarks.stopping || notice.stopping;
    remarks.trouble = remarks.trouble || notice.trouble;
    if (notice.extend) {
        feed(core::TimeExtended{service, *notice.extend});
    }
    if (notice.ready) {
        feed(core::NotifiedReady{service});
    }
    if (notice.alive) {
        feed(core::NotifiedAlive{service});
    }
    if (notice.trouble) {
        feed(core::NotifiedTrouble{service});
    }
}

void Runtime::check_silenced() noexcept {
    silence_check_at_ = kNever;
    for (std::size_t i = 0; i < handles_.size(); ++i) {
        if (handles_[i].silenced && pids_[i].exists()) {
            complain(static_cast<ServiceId>(i), {.complaint = Notice::Complaint::silenced});
        }
        handles_[i].silenced = false;
    }
}

// Once a run and kind: who gets it wrong gets it wrong every time.
void Runtime::complain(ServiceId service, const Notice& notice) noexcept {
    if (notice.complaint == Notice::Complaint::none) {
        return;
    }
    const auto bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(notice.complaint));
    std::uint8_t& told = remarks_[index(service)].complaints;
    if ((told & bit) != 0) {
        return;
    }
    told = static_cast<std::uint8_t>(told | bit);
    char buffer[200];
    LineWriter why(buffer);
    why.put(notice.what);
    why.put(notice.what.empty() || notice.why.empty() ? "" : ": ");
    why.put(notice.why);
    log_.write({.event = LogEvent::internal,
                .level = LogLevel::warn,
                .service = plan_.execs[index(service)].name,
                .pid = notice.sender,
                .reason = why.view(),
                .msg = phrase(notice.complaint)});
}

void Runtime::carry_out(const core::Announce& order) noexcept {
    const bool ready = order.what == core::Announce::What::ready;
    const Status told = platform_.announce(ready ? "READY=1\nSTATUS=all services are ready"
                                                 : "STOPPING=1\nSTATUS=stopping all services");
    if (!told.ok()) {
        log_.write({.event = LogEvent::internal,
                    .level = LogLevel::warn,
                    .reason = errno_text(told.error().err),
                    .msg = ready ? "cannot tell NOTIFY_SOCKET that all services are ready"
                                 : "cannot tell NOTIFY_SOCKET that gosv stops"});
    }
}

}  // namespace gosv::app
