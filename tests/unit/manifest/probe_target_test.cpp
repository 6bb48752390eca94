// Where probes go: addresses, ports and what is asked for.
#include "manifest/probe_target.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>

using namespace gosv::manifest;

namespace {

constexpr std::array<std::uint8_t, 16> kLoopback4 = {127, 0, 0, 1};
constexpr std::array<std::uint8_t, 16> kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0,
                                                     0, 0, 0, 0, 0, 0, 0, 1};

HttpProbe http(std::string_view url) {
    const auto parsed = parse_http_probe(url);
    REQUIRE(std::holds_alternative<HttpProbe>(parsed));
    return std::get<HttpProbe>(parsed);
}

TcpProbe tcp(std::string_view text) {
    const auto parsed = parse_tcp_probe(text);
    REQUIRE(std::holds_alternative<TcpProbe>(parsed));
    return std::get<TcpProbe>(parsed);
}

std::size_t offset_of_problem(std::string_view url) {
    const auto parsed = parse_http_probe(url);
    REQUIRE(std::holds_alternative<TextProblem>(parsed));
    return std::get<TextProblem>(parsed).offset;
}

}  // namespace

TEST_CASE("an address is literal, in network byte order, and the port is 80 unless given") {
    const HttpProbe probe = http("http://10.1.2.3/");
    REQUIRE(probe.endpoints.size() == 1);
    CHECK_FALSE(probe.endpoints[0].ipv6);
    CHECK(probe.endpoints[0].address == std::array<std::uint8_t, 16>{10, 1, 2, 3});
    CHECK(probe.endpoints[0].port == 80);
    CHECK(http("http://10.1.2.3:65535/").endpoints[0].port == 65535);
}

TEST_CASE("an IPv6 address stands in brackets") {
    const HttpProbe probe = http("http://[::1]:8080/health");
    REQUIRE(probe.endpoints.size() == 1);
    CHECK(probe.endpoints[0].ipv6);
    CHECK(probe.endpoints[0].address == kLoopback6);
    CHECK(probe.endpoints[0].port == 8080);
    CHECK(probe.host == "[::1]:8080");
}

TEST_CASE("localhost is both loopback addresses, IPv4 first, in any case") {
    for (const char* url : {"http://localhost:81/", "HTTP://LocalHost:81/"}) {
        CAPTURE(url);
        const HttpProbe probe = http(url);
        REQUIRE(probe.endpoints.size() == 2);
        CHECK(probe.endpoints[0].address == kLoopback4);
        CHECK_FALSE(probe.endpoints[0].ipv6);
        CHECK(probe.endpoints[1].address == kLoopback6);
        CHECK(probe.endpoints[1].ipv6);
        CHECK(probe.endpoints[1].port == 81);
    }
    CHECK(tcp("5432").endpoints.size() == 2);
    CHECK(tcp("5432").endpoints[0].port == 5432);
    CHECK(tcp("localhost:5432").endpoints.size() == 2);
    CHECK(tcp("[::1]:5432").endpoints.size() == 1);
    CHECK(tcp("127.0.0.1:5432").endpoints.size() == 1);
}

TEST_CASE("path and query are kept as they are") {
    CHECK(http("http://127.0.0.1").target == "/");
    CHECK(http("http://127.0.0.1").host == "127.0.0.1");
    CHECK(http("http://127.0.0.1/").target == "/");
    CHECK(http("http://127.0.0.1:8080?deep=1").target == "/?deep=1");
    CHECK(http("http://127.0.0.1:8080/a/../b?c=%20&d=http://x/").target ==
          "/a/../b?c=%20&d=http://x/");
    CHECK(http("http://127.0.0.1:8080/health").host == "127.0.0.1:8080");
}

TEST_CASE("nothing in a URL can add a line to the request") {
    for (const char bad : {' ', '\t', '\r', '\n', '\x7f', '\x01', '\xc3'}) {
        CAPTURE(static_cast<int>(bad));
        CHECK(offset_of_problem("http://127.0.0.1/a" + std::string(1, bad) + "b") == 18);
        CHECK(std::holds_alternative<TextProblem>(
            parse_http_probe("http://127.0.0.1" + std::string(1, bad) + "/")));
        CHECK(std::holds_alternative<TextProblem>(
            parse_http_probe("http://localhost" + std::string(1, bad) + ":80/")));
    }
}

TEST_CASE("a request has a bound") {
    const std::string longest(kLongestProbeTarget - 1, 'x');
    CHECK(http("http://127.0.0.1/" + longest).target.size() == kLongestProbeTarget);
    CHECK(offset_of_problem("http://127.0.0.1/x" + longest) == 16);
}

TEST_CASE("a problem is told where it stands") {
    CHECK(offset_of_problem("http://web:80/") == 7);
    CHECK(offset_of_problem("http://127.0.0.1:port/") == 17);
    CHECK(offset_of_problem("http://[::1]:0/") == 13);
    CHECK(offset_of_problem("ftp://127.0.0.1/") == 0);
}
