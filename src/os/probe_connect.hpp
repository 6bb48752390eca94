#pragma once
// The connection that the tcp and the http probe begin with.
#include <span>

#include "gosv/base/endpoint.hpp"
#include "gosv/base/fd.hpp"
#include "gosv/os/probe.hpp"
#include "probe_clock.hpp"

namespace gosv::os {

struct Connection {
    Fd socket;        // non-blocking; not open when there is none
    ProbeResult why;  // of the first endpoint, when there is none
};

// To the first of the endpoints that accepts one, in order; each gets its share of the time.
Connection connect_in_turn(std::span<const Endpoint> endpoints, const ProbeClock& clock) noexcept;

}  // namespace gosv::os
