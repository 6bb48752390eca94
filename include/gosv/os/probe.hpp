#pragma once
// The built-in health probes: tcp, http and file. Each is one question, asked in a child of its own
// (fork_probe), because PID 1 never connects, never waits for an answer and never looks at a path
// that may hang. The functions themselves block, within their timeout; they may allocate.
//
// `timeout` is when gosv kills the child. The probe gives up a little before, so that its reason
// comes in time, and tells of the whole: "no answer within 3s".
//
// No HTTP library: what is asked is a status line. That is one request of fixed form and at most 4
// kB of an answer, less than the configuration of a client that can do more (names, TLS, redirects,
// cookies: all of which a health check inside a container must not need).
#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

#include "gosv/base/concat.hpp"
#include "gosv/base/endpoint.hpp"
#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"
#include "gosv/base/time.hpp"

namespace gosv::os {

// Good, or why not in a few words: "connection refused", "HTTP 503", "no answer within 3s".
class ProbeResult {
  public:
    static ProbeResult good() noexcept { return {}; }

    // Cut where it is too long.
    static ProbeResult bad(std::initializer_list<Piece> reason) noexcept;
    // The errno's text, as within a sentence.
    static ProbeResult failed(int err) noexcept;

    bool is_good() const noexcept { return size_ == 0; }

    std::string_view reason() const noexcept { return {text_.data(), size_}; }

  private:
    std::array<char, 100> text_{};
    std::size_t size_ = 0;
};

// Good: somebody accepts the connection. Endpoints are tried in turn; the first one's reason is
// told when none is good.
ProbeResult probe_tcp(std::span<const Endpoint> endpoints, Duration timeout) noexcept;

// GET; good: a status of 2xx or 3xx. Only a connection that does not come about makes it try the
// next endpoint.
struct HttpQuestion {
    std::string_view host;        // of the Host header: "127.0.0.1:8080"
    std::string_view target;      // "/health?deep=1"
    std::string_view user_agent;  // "gosv/1.0.0"
};

ProbeResult probe_http(std::span<const Endpoint> endpoints, const HttpQuestion& question,
                       Duration timeout) noexcept;

// Good: there is such a file (or directory, or socket) at the end of all links.
ProbeResult probe_file(const char* path) noexcept;

struct ProbeChild {
    Pid pid;    // none: this is the child
    Fd answer;  // parent: non-blocking read end of what the child writes; child: the write end
};

// A child that leads a process group of its own and has no descriptor of gosv's but the answer and
// the standard streams. All signals are blocked in it; it dies with gosv. Errors: pipe2, fork.
Result<ProbeChild> fork_probe() noexcept;

// In that child: writes the reason, if there is one, and ends with 0 (good) or 1.
[[noreturn]] void end_probe(const ProbeChild& child, const ProbeResult& result) noexcept;

}  // namespace gosv::os
