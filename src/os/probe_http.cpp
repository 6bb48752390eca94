#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>

#include "gosv/os/probe.hpp"
#include "gosv/os/sys.hpp"
#include "http_status.hpp"
#include "probe_clock.hpp"
#include "probe_connect.hpp"

namespace gosv::os {

namespace {

constexpr std::size_t kMostAnswer = 4096;

// After the verdict: see let_finish().
constexpr std::size_t kMostRest = 65536;
constexpr Duration kRestTime = std::chrono::milliseconds(100);

std::string request_for(const HttpQuestion& question) {
    std::string request = "GET ";
    request += question.target;
    request += " HTTP/1.1\r\nHost: ";
    request += question.host;
    request += "\r\nUser-Agent: ";
    request += question.user_agent;
    request += "\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    return request;
}

ProbeResult send_all(BorrowedFd socket, std::string_view bytes, const ProbeClock& clock) noexcept {
    while (!bytes.empty()) {
        const Result<std::size_t> sent = sys::send_nonblock(socket, bytes);
        if (sent.ok()) {
            bytes.remove_prefix(sent.value());
        } else if (sent.error().err == EPIPE || sent.error().err == ECONNRESET) {
            return ProbeResult::good();  // an answer may have come before; reading tells
        } else if (sent.error().err != EAGAIN) {
            return ProbeResult::failed(sent.error().err);
        } else if (!clock.wait(socket, POLLOUT)) {
            return ProbeResult::bad(
                {"no answer within ", clock.timeout(), ": the request is not read"});
        }
    }
    return ProbeResult::good();
}

ProbeResult judge(HttpStatus status) noexcept {
    return status.state == HttpStatus::State::not_http ? ProbeResult::bad({"not an HTTP answer"})
           : status.code >= 200 && status.code < 400   ? ProbeResult::good()
                                                       : ProbeResult::bad({"HTTP ", status.code});
}

ProbeResult read_status(BorrowedFd socket, const ProbeClock& clock) noexcept {
    char answer[kMostAnswer];
    std::size_t filled = 0;
    while (filled < sizeof answer) {
        const Result<std::size_t> size = sys::read(socket, std::span(answer).subspan(filled));
        if (!size.ok() && size.error().err == EAGAIN) {
            if (!clock.wait(socket, POLLIN)) {
                return ProbeResult::bad(
                    {"no ", filled == 0 ? "" : "whole ", "answer within ", clock.timeout()});
            }
            continue;
        }
        if (!size.ok() && size.error().err != ECONNRESET) {
            return ProbeResult::failed(size.error().err);
        }
        if (!size.ok() || size.value() == 0) {
            const char* const how = size.ok() ? "closed" : "connection reset";
            return ProbeResult::bad(
                {how, filled == 0 ? " before answering" : " within the status line"});
        }
        filled += size.value();
        const HttpStatus status = parse_http_status({answer, filled});
        if (status.state != HttpStatus::State::incomplete) {
            return judge(status);
        }
    }
    return ProbeResult::bad({"not an HTTP answer"});
}

// A server that sends its answer in pieces would get a reset for the next one, and many log that as
// an error, every few seconds. So what follows is read away, in close bounds.
void let_finish(BorrowedFd socket, const ProbeClock& clock) noexcept {
    const MonotonicTime until = std::min(clock.deadline(), sys::monotonic_now() + kRestTime);
    char rest[4096];
    std::size_t left = kMostRest;
    while (left >= sizeof rest) {
        const Result<std::size_t> size = sys::read(socket, rest);
        if (size.ok() && size.value() > 0) {
            left -= size.value();
        } else if (size.ok() || size.error().err != EAGAIN || !clock.wait(socket, POLLIN, until)) {
            return;
        }
    }
}

}  // namespace

ProbeResult probe_http(std::span<const Endpoint> endpoints, const HttpQuestion& question,
                       Duration timeout) noexcept {
    const ProbeClock clock(timeout);
    const Connection connection = connect_in_turn(endpoints, clock);
    if (!connection.socket.is_open()) {
        return connection.why;
    }
    const BorrowedFd socket = connection.socket.borrow();
    ProbeResult result = send_all(socket, request_for(question), clock);
    if (result.is_good()) {
        result = read_status(socket, clock);
        let_finish(socket, clock);
    }
    return result;
}

}  // namespace gosv::os
