#pragma once
// What an epoll token says: what became readable, of which service, and which generation of that
// descriptor, since a notification may be older than the descriptor that now has the number.
#include <cstddef>
#include <cstdint>

#include "gosv/base/ids.hpp"

namespace gosv::app {

enum class TokenKind : std::uint8_t {
    signals,
    child_signal,
    log,
    trees,
    exec_status,
    notify_socket,
    readiness,  // notify_fd
    probe_output,
};

constexpr std::uint64_t make_token(TokenKind kind, ServiceId service = {},
                                   std::uint32_t generation = 0) noexcept {
    return (static_cast<std::uint64_t>(kind) << 56) |
           (static_cast<std::uint64_t>(index(service)) << 32) | generation;
}

constexpr TokenKind kind_of(std::uint64_t token) noexcept {
    return static_cast<TokenKind>(token >> 56);
}

constexpr ServiceId service_of(std::uint64_t token) noexcept {
    return static_cast<ServiceId>((token >> 32) & 0xffff);
}

constexpr std::uint32_t generation_of(std::uint64_t token) noexcept {
    return static_cast<std::uint32_t>(token);
}

}  // namespace gosv::app
