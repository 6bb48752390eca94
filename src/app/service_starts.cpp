#include "app/service_starts.hpp"

#include <utility>

#include "app/epoll_token.hpp"

namespace gosv::app {

namespace {

// While many services are started in one go, after so many starts the oldest are looked at: a
// status pipe that is still open is one more descriptor for each further child to inherit and to
// close.
constexpr std::size_t kStartsBetweenLooks = 16;

}  // namespace

ServiceStarts::ServiceStarts(std::size_t services, os::Epoll& epoll)
    : epoll_(epoll),
      starts_(services),
      failures_(services),
      unwatched_(services),
      decided_(services) {}

void ServiceStarts::begin(ServiceId service, Fd status) noexcept {
    Start& start = starts_[index(service)];
    close(start);
    start.status = std::move(status);
    if (failures_[index(service)].state == os::ExecState::failed) {
        failures_[index(service)] = {};
    }
    ++open_;
    if (!unwatched_.push(service)) {
        add_to_epoll(service);  // one that is started again and again before anybody looks
    } else if (unwatched_.size() % kStartsBetweenLooks == 0) {
        look();
    }
}

// Once it has said something it is closed.
os::ExecStatus ServiceStarts::read(ServiceId service) noexcept {
    Start& start = starts_[index(service)];
    const os::ExecStatus known = os::read_exec_status(start.status.borrow());
    if (known.state != os::ExecState::pending) {
        close(start);
    }
    if (known.state == os::ExecState::failed) {
        failures_[index(service)] = known;
    }
    return known;
}

void ServiceStarts::close(Start& start) noexcept {
    if (!start.status.is_open()) {
        return;
    }
    if (start.watched) {
        // By hand: a sibling that hangs before its exec may hold a copy of the description, and
        // epoll goes by the description, not by the number.
        epoll_.remove(start.status.borrow());
        start.watched = false;
    }
    start.status.reset();
    ++start.generation;
    --open_;
}

void ServiceStarts::add_to_epoll(ServiceId service) noexcept {
    Start& start = starts_[index(service)];
    // If it cannot be watched (ENOMEM, ENOSPC), the status is read when the child dies.
    start.watched = epoll_
                        .add_readable(start.status.borrow(),
                                      make_token(TokenKind::exec_status, service, start.generation))
                        .ok();
}

// The oldest of the starts that epoll does not know yet: most have come to their exec meanwhile,
// and never become known to it.
void ServiceStarts::look() noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < unwatched_.size(); ++i) {
        const ServiceId service = unwatched_[i];
        Start& start = starts_[index(service)];
        if (!start.status.is_open() || start.watched) {
            continue;  // started twice: looked at already
        }
        if (i < 2 * kStartsBetweenLooks && decided_.size() < decided_.capacity()) {
            (void)read(service);
        }
        if (start.status.is_open()) {
            unwatched_[kept++] = service;
        } else {
            (void)decided_.push(service);
        }
    }
    unwatched_.truncate(kept);
}

void ServiceStarts::watch(BoundedVector<ServiceId>& told) noexcept {
    if (unwatched_.size() > 1) {
        look();
    }
    for (const ServiceId service : unwatched_) {
        const Start& start = starts_[index(service)];
        if (start.status.is_open() && !start.watched) {
            add_to_epoll(service);
        }
    }
    unwatched_.clear();
    for (const ServiceId service : decided_) {
        (void)told.push(service);
    }
    decided_.clear();
}

os::ExecStatus ServiceStarts::outcome(ServiceId service) noexcept {
    if (starts_[index(service)].status.is_open()) {
        return read(service);
    }
    const os::ExecStatus& failure = failures_[index(service)];
    return failure.state == os::ExecState::failed
               ? failure
               : os::ExecStatus{os::ExecState::succeeded, os::Stage::none, 0};
}

bool ServiceStarts::is_current(ServiceId service, std::uint32_t generation) const noexcept {
    return starts_[index(service)].generation == generation;
}

BorrowedFd ServiceStarts::status(ServiceId service) const noexcept {
    return index(service) < starts_.size() ? starts_[index(service)].status.borrow() : BorrowedFd();
}

}  // namespace gosv::app
