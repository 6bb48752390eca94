#pragma once
// Where a probe connects to: a literal address, for gosv resolves no names (a resolver can block).
#include <array>
#include <cstdint>

namespace gosv {

struct Endpoint {
    bool ipv6 = false;
    std::array<std::uint8_t, 16> address{};  // network byte order; the first four of IPv4
    std::uint16_t port = 0;                  // host byte order

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace gosv
