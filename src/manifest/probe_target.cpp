#include "probe_target.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr const char* kHowUrl = "write it like http://127.0.0.1:8080/health";
constexpr const char* kHowTcp = "write it like 127.0.0.1:5432, [::1]:5432, or 5432 alone";
constexpr const char* kHowHost =
    "write 127.0.0.1, [::1] or localhost: gosv looks no names up, for that can hang";

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool begins_with(std::string_view text, std::string_view prefix) noexcept {
    return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(),
                                                      [](char a, char b) { return a == lower(b); });
}

TextProblem problem(std::size_t offset, std::string_view message, std::string_view hint) {
    return {offset, std::string(message), std::string(hint), false};
}

std::optional<Endpoint> address(int family, std::string_view text) {
    Endpoint endpoint;
    endpoint.ipv6 = family == AF_INET6;
    if (::inet_pton(family, std::string(text).c_str(), endpoint.address.data()) != 1) {
        return std::nullopt;
    }
    return endpoint;
}

struct Place {
    std::vector<Endpoint> endpoints;
    bool has_port = false;
};

// HOST or HOST:PORT. `offset` is where it stands in the user's text.
std::variant<Place, TextProblem> parse_place(std::string_view text, std::size_t offset) {
    const bool bracket = text.starts_with('[');
    const std::size_t close = text.find(']');
    if (bracket && close == text.npos) {
        return problem(offset, "the bracket of an IPv6 address is not closed", "write it: [::1]");
    }
    const std::string_view host =
        bracket ? text.substr(1, close - 1) : text.substr(0, text.rfind(':'));
    std::string_view rest = text.substr(bracket ? close + 1 : host.size());
    Place place;
    std::uint16_t port = kHttpPort;
    if (!bracket && host.find(':') != host.npos) {
        return problem(offset, concat({quote(text), " has several colons"}),
                       "an IPv6 address stands in brackets: [::1]:8080");
    }
    if (!rest.empty()) {
        const std::size_t where = offset + text.size() - rest.size();
        if (rest.front() != ':') {
            return problem(where, "expected ':' and a port behind the bracket",
                           "write it like [::1]:8080");
        }
        rest.remove_prefix(1);
        const auto number = parse_uint(rest);
        if (!number || *number == 0 || *number > UINT16_MAX) {
            return problem(where + 1,
                           concat({"expected a port from 1 to 65535, not ", quote(rest)}), {});
        }
        port = static_cast<std::uint16_t>(*number);
        place.has_port = true;
    }
    if (host.empty()) {
        return problem(offset, "there is no host", kHowHost);
    }
    if (!bracket && host.size() == std::strlen("localhost") && begins_with(host, "localhost")) {
        place.endpoints = {*address(AF_INET, "127.0.0.1"), *address(AF_INET6, "::1")};
    } else if (const auto literal = address(bracket ? AF_INET6 : AF_INET, host)) {
        place.endpoints = {*literal};
    } else {
        return problem(offset, concat({quote(host), " is no literal address"}), kHowHost);
    }
    for (Endpoint& each : place.endpoints) {
        each.port = port;
    }
    return place;
}

}  // namespace

std::variant<HttpProbe, TextProblem> parse_http_probe(std::string_view url) {
    constexpr std::string_view kScheme = "http://";
    if (begins_with(url, "https://")) {
        return problem(0, "a probe does not speak https",
                       concat({"ask a local http port, or write test: [curl, -fsSk, ", url, "]"}));
    }
    if (!begins_with(url, kScheme)) {
        return problem(0, concat({"expected an http URL, not ", quote(url)}), kHowUrl);
    }
    const std::string_view behind = url.substr(kScheme.size());
    const std::string_view authority = behind.substr(0, behind.find_first_of("/?#"));
    const std::string_view target = behind.substr(authority.size());
    if (authority.find('@') != authority.npos) {
        return problem(kScheme.size(), "a probe sends no user and no password",
                       "write test: [curl, -fsS, URL]");
    }
    const std::size_t at = url.size() - target.size();
    for (std::size_t i = 0; i < target.size(); ++i) {
        if (target[i] <= ' ' || target[i] > '~') {
            return problem(at + i, "a URL has no blanks and no characters beyond ASCII",
                           "write them as % and two hexadecimal digits: %20 is a blank");
        }
        if (target[i] == '#') {
            return problem(at + i, "what follows # is never sent to a server", "remove it");
        }
    }
    if (target.size() > kLongestProbeTarget) {
        return problem(at, concat({"the path is longer than ", kLongestProbeTarget}), {});
    }
    auto place = parse_place(authority, kScheme.size());
    if (auto* const wrong = std::get_if<TextProblem>(&place)) {
        return std::move(*wrong);
    }
    return HttpProbe{std::move(std::get<Place>(place).endpoints), std::string(authority),
                     concat({target.starts_with('/') ? "" : "/", target})};
}

std::variant<TcpProbe, TextProblem> parse_tcp_probe(std::string_view text) {
    if (text.find("://") != text.npos) {
        return problem(0, concat({"expected a host and a port, not the URL ", quote(text)}),
                       kHowTcp);
    }
    const bool number =
        !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    const std::string whole = concat({number ? "localhost:" : "", text});
    auto place = parse_place(whole, 0);
    if (auto* const wrong = std::get_if<TextProblem>(&place)) {
        if (number) {
            wrong->offset = 0;
        }
        return std::move(*wrong);
    }
    if (!std::get<Place>(place).has_port) {
        return problem(0, concat({"there is no port in ", quote(text)}), kHowTcp);
    }
    return TcpProbe{std::move(std::get<Place>(place).endpoints)};
}

}  // namespace gosv::manifest
