#pragma once
// Where http and tcp probes go: from text to addresses. Hosts are literal addresses or `localhost`;
// a name is an error, for looking names up can take for ever. Pure; inet_pton(3) does the
// addresses.
#include <string_view>
#include <variant>

#include "gosv/manifest/manifest.hpp"
#include "text_problem.hpp"

namespace gosv::manifest {

// What a probe asks for, with its query, is at most this long.
inline constexpr std::size_t kLongestProbeTarget = 2048;

// http://HOST[:PORT][/PATH][?QUERY]; the port is 80 when there is none.
std::variant<HttpProbe, TextProblem> parse_http_probe(std::string_view url);

// HOST:PORT, [IPV6]:PORT, or a port of this machine.
std::variant<TcpProbe, TextProblem> parse_tcp_probe(std::string_view text);

}  // namespace gosv::manifest
