// Signal names both ways; see base/parse.hpp.
#include <array>
#include <cstddef>
#include <string_view>

#include "gosv/base/parse.hpp"

namespace gosv {

namespace {

// Linux numbers for x86, Arm, RISC-V, Power and s390 (signal(7)).
constexpr std::array<std::string_view, 32> kNames = {
    "",          "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
    "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};

constexpr std::array<std::string_view, 33> kHighNames = {
    "SIG32",       "SIG33",       "SIGRTMIN",    "SIGRTMIN+1",  "SIGRTMIN+2",  "SIGRTMIN+3",
    "SIGRTMIN+4",  "SIGRTMIN+5",  "SIGRTMIN+6",  "SIGRTMIN+7",  "SIGRTMIN+8",  "SIGRTMIN+9",
    "SIGRTMIN+10", "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15",
    "SIGRTMIN+16", "SIGRTMIN+17", "SIGRTMIN+18", "SIGRTMIN+19", "SIGRTMIN+20", "SIGRTMIN+21",
    "SIGRTMIN+22", "SIGRTMIN+23", "SIGRTMIN+24", "SIGRTMIN+25", "SIGRTMIN+26", "SIGRTMIN+27",
    "SIGRTMIN+28", "SIGRTMIN+29", "SIGRTMAX"};

struct Alias {
    std::string_view name;
    std::uint8_t number;
};

constexpr Alias kAliases[] = {{"SIGIOT", 6}, {"SIGCLD", 17}, {"SIGPOLL", 29}};

// As glibc counts: it keeps 32 and 33 for itself.
constexpr int kRtMin = 34;
constexpr int kRtMax = 64;

char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

// Compares ignoring case, with `full` written "SIG...".
bool matches(std::string_view text, std::string_view full) noexcept {
    if (text.size() + 3 == full.size()) {
        full.remove_prefix(3);
    }
    if (text.empty() || text.size() != full.size()) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (upper(text[i]) != full[i]) {
            return false;
        }
    }
    return true;
}

std::optional<Signal> as_signal(std::int64_t number) noexcept {
    if (number < 1 || number > kMaxSignal) {
        return std::nullopt;
    }
    return Signal{static_cast<std::uint8_t>(number)};
}

std::optional<Signal> parse_real_time(std::string_view text) noexcept {
    const std::size_t sign = text.find_first_of("+-");
    const std::string_view base = text.substr(0, sign);
    std::int64_t offset = 0;
    if (sign != std::string_view::npos) {
        const auto distance = parse_uint(text.substr(sign + 1));
        if (!distance || *distance > kRtMax - kRtMin) {
            return std::nullopt;
        }
        offset = static_cast<std::int64_t>(*distance);
    }
    const bool adds = sign == std::string_view::npos || text[sign] == '+';
    if (matches(base, "SIGRTMIN") && adds) {
        return as_signal(kRtMin + offset);
    }
    if (matches(base, "SIGRTMAX") && (offset == 0 || !adds)) {
        return as_signal(kRtMax - offset);
    }
    return std::nullopt;
}

}  // namespace

std::optional<Signal> parse_signal(std::string_view text) noexcept {
    if (const auto number = parse_uint(text)) {
        return *number <= kMaxSignal ? as_signal(static_cast<std::int64_t>(*number)) : std::nullopt;
    }
    for (std::size_t number = 1; number < kNames.size(); ++number) {
        if (matches(text, kNames[number])) {
            return Signal{static_cast<std::uint8_t>(number)};
        }
    }
    for (const Alias& alias : kAliases) {
        if (matches(text, alias.name)) {
            return Signal{alias.number};
        }
    }
    return parse_real_time(text);
}

std::string_view signal_name(Signal signal) noexcept {
    if (signal.number == 0 || signal.number > kMaxSignal) {
        return "SIG?";
    }
    return signal.number < kNames.size() ? kNames[signal.number]
                                         : kHighNames[signal.number - kNames.size()];
}

}  // namespace gosv
