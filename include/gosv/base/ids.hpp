#pragma once
// Strong types for the small integers that must not be mixed up: services, processes, signals and
// the way a process ended. Values only; no policy.
#include <sys/types.h>

#include <compare>
#include <cstdint>

namespace gosv {

// Index of a service in every array of the plan, the supervisor and the runtime.
enum class ServiceId : std::uint16_t {};

constexpr std::size_t index(ServiceId id) noexcept {
    return static_cast<std::size_t>(id);
}

// The plan holds at most this many services (validation refuses more).
inline constexpr std::size_t kMaxServices = 4096;

struct Pid {
    pid_t value = 0;  // 0: no process

    constexpr bool exists() const noexcept { return value > 0; }

    friend constexpr auto operator<=>(Pid, Pid) = default;  // NOLINT(modernize-use-nullptr)
};

// A Linux signal number, 1..64. 0 stands for "none".
struct Signal {
    std::uint8_t number = 0;

    constexpr bool is_none() const noexcept { return number == 0; }

    friend constexpr auto operator<=>(Signal, Signal) = default;
};

inline constexpr std::uint8_t kMaxSignal = 64;

// What no process can refuse, and what lets a stopped one hear of anything else; os/sys.cpp asserts
// that the numbers are this machine's.
inline constexpr Signal kSigKill{9};
inline constexpr Signal kSigCont{18};

// How a process ended: wait(2)'s status, decoded once (os/reaper).
struct ExitStatus {
    enum class Kind : std::uint8_t { exited, signalled };
    Kind kind = Kind::exited;
    std::uint8_t number = 0;   // exit code 0..255, or the signal's number
    bool core_dumped = false;  // only with Kind::signalled

    static constexpr ExitStatus code(int code) noexcept {
        return {Kind::exited, static_cast<std::uint8_t>(code), false};
    }

    static constexpr ExitStatus killed_by(Signal signal, bool core = false) noexcept {
        return {Kind::signalled, signal.number, core};
    }

    // The shell's convention: the code itself, 128 + n for signal n.
    constexpr int as_exit_code() const noexcept {
        return kind == Kind::exited ? number : 128 + number;
    }

    friend constexpr bool operator==(ExitStatus, ExitStatus) = default;
};

}  // namespace gosv
