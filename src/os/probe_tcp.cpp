#include "gosv/os/probe.hpp"
#include "probe_clock.hpp"
#include "probe_connect.hpp"

namespace gosv::os {

ProbeResult probe_tcp(std::span<const Endpoint> endpoints, Duration timeout) noexcept {
    return connect_in_turn(endpoints, ProbeClock(timeout)).why;
}

}  // namespace gosv::os
