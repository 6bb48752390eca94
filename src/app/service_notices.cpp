#include "app/service_notices.hpp"

#include "app/epoll_token.hpp"
#include "gosv/os/notify_message.hpp"
#include "gosv/os/readiness_pipe.hpp"

namespace gosv::app {

namespace {

// A queue of datagrams holds at most net.unix.max_dgram_qlen, 10 or some hundreds; whoever keeps
// filling it while it is emptied is not waited for.
constexpr int kMostStale = 1024;

Notice translate(const os::NotifyMessage& message, Pid sender) noexcept {
    return {
        .ready = message.ready,
        .stopping = message.stopping,
        .alive = message.alive,
        .trouble = message.trouble,
        .extend = message.extend_timeout,
        .status = message.status,
        .complaint = message.refused.empty() ? Notice::Complaint::none : Notice::Complaint::refused,
        .what = message.refused,
        .why = message.why,
        .sender = sender};
}

Notice complaint(Notice::Complaint what, Pid sender) noexcept {
    Notice notice;
    notice.complaint = what;
    notice.sender = sender;
    return notice;
}

}  // namespace

Result<ServiceNotices> ServiceNotices::open(const manifest::Plan& plan, os::Epoll& epoll) {
    ServiceNotices notices(plan.execs.size());
    for (std::size_t i = 0; i < plan.execs.size(); ++i) {
        const manifest::ExecSettings& settings = *plan.execs[i].settings;
        if (!settings.notify_socket && !settings.notify_fd) {
            continue;
        }
        Speaker& speaker = notices.speakers_.make(i);
        if (!settings.notify_socket) {
            continue;
        }
        Result<os::NotifySocket> socket = os::NotifySocket::open();
        if (!socket.ok()) {
            return socket.error();
        }
        speaker.socket = std::move(socket).value();
        if (notices.buffer_ == nullptr) {
            notices.buffer_ = std::make_unique_for_overwrite<char[]>(os::kMostNotification);
        }
        const Status watched = epoll.add_readable(
            speaker.socket.fd(), make_token(TokenKind::notify_socket, static_cast<ServiceId>(i)));
        if (!watched.ok()) {
            return watched.error();
        }
    }
    return notices;
}

std::string_view ServiceNotices::socket_name(ServiceId service) const noexcept {
    const Speaker* const speaker = speakers_.find(index(service));
    return speaker != nullptr && speaker->socket.fd().is_open() ? speaker->socket.name()
                                                                : std::string_view();
}

void ServiceNotices::forget(ServiceId service, os::Epoll& epoll) noexcept {
    Speaker* const speaker = speakers_.find(index(service));
    if (speaker == nullptr) {
        return;
    }
    close_readiness(*speaker, epoll);
    for (int left = kMostStale; left > 0 && speaker->socket.fd().is_open(); --left) {
        if (speaker->socket.receive(buffer()).kind == os::Notification::Kind::none) {
            return;
        }
    }
}

void ServiceNotices::listen(ServiceId service, Fd readiness, os::Epoll& epoll) noexcept {
    if (!readiness.is_open()) {
        return;
    }
    Speaker& speaker = *speakers_.find(index(service));
    speaker.readiness = std::move(readiness);
    // If it cannot be watched (ENOMEM, ENOSPC) the service never becomes ready; start_timeout is
    // for that.
    (void)epoll.add_readable(speaker.readiness.borrow(),
                             make_token(TokenKind::readiness, service, speaker.generation));
}

void ServiceNotices::close_readiness(Speaker& speaker, os::Epoll& epoll) noexcept {
    if (speaker.readiness.is_open()) {
        epoll.remove(speaker.readiness.borrow());
        speaker.readiness.reset();
    }
    ++speaker.generation;
}

std::optional<Notice> ServiceNotices::next(ServiceId service, Pid main, ServiceTrees& trees,
                                           os::Epoll& epoll) noexcept {
    Speaker* const speaker = speakers_.find(index(service));
    if (speaker == nullptr) {
        return std::nullopt;
    }
    if (speaker->readiness.is_open()) {
        if (std::optional<Notice> notice = next_readiness(*speaker, epoll)) {
            return notice;
        }
    }
    return speaker->socket.fd().is_open() ? next_message(speaker->socket, service, main, trees)
                                          : std::nullopt;
}

std::optional<Notice> ServiceNotices::next_readiness(Speaker& speaker, os::Epoll& epoll) noexcept {
    Notice notice;
    switch (os::read_readiness(speaker.readiness.borrow())) {
        case os::Readiness::pending:
            return std::nullopt;
        case os::Readiness::ready:
            notice.ready = true;
            break;
        case os::Readiness::closed:
            notice.complaint = Notice::Complaint::silenced;
            break;
    }
    close_readiness(speaker, epoll);
    return notice;
}

std::optional<Notice> ServiceNotices::next_message(os::NotifySocket& socket, ServiceId service,
                                                   Pid main, ServiceTrees& trees) noexcept {
    const os::Notification received = socket.receive(buffer());
    if (received.kind == os::Notification::Kind::none) {
        return std::nullopt;
    }
    if (!main.exists()) {
        return Notice{};  // of nobody who is meant: not worth a look at /proc
    }
    const os::Membership membership = trees.membership(service, main, received.sender);
    if (membership == os::Membership::outside) {
        return complaint(Notice::Complaint::stranger, received.sender);
    }
    if (received.kind == os::Notification::Kind::too_long) {
        return complaint(Notice::Complaint::too_long, received.sender);
    }
    const os::NotifyMessage message = os::parse_notification(received.text, main);
    if (membership == os::Membership::gone) {
        // Whoever waits at a barrier (systemd-notify does) may end as soon as that has been read,
        // and has said all that matters before.
        return message.barrier ? Notice{} : complaint(Notice::Complaint::gone, received.sender);
    }
    return translate(message, received.sender);
}

}  // namespace gosv::app
