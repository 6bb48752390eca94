#pragma once
// Numbers, durations, sizes and signals from text, and signal names back. Pure, without heap,
// locale or errno; built on std::from_chars. nullopt means "not of this form or out of range"; who
// calls knows the place and the key and writes the diagnostic.
#include <cstdint>
#include <optional>
#include <string_view>

#include "gosv/base/ids.hpp"
#include "gosv/base/time.hpp"

namespace gosv {

// Decimal only. "010", "+1", "1e3", "" and anything out of range are refused.
std::optional<std::int64_t> parse_int(std::string_view text) noexcept;
std::optional<std::uint64_t> parse_uint(std::string_view text) noexcept;

// "1.5", "2", ".5" refused; finite and not negative. Exact up to 15 digits.
std::optional<double> parse_decimal(std::string_view text) noexcept;

// "0644" or "644": octal, as umask(1) takes it; at most 0777.
std::optional<unsigned> parse_octal_mode(std::string_view text) noexcept;

// "500ms", "10s", "1m30s", "1h", "1.5s"; a bare number is seconds. Units in falling order, each at
// most once: h, m, s, ms, us. At most ten years (so that sums never overflow).
std::optional<Duration> parse_duration(std::string_view text) noexcept;

// Bytes: "512", "64K", "256M", "1G", with optional "B" or "iB", any case; powers of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

// CPUs in thousandths: "0.5" is 500, "50%" is 500, "2" is 2000.
std::optional<std::uint32_t> parse_cpus(std::string_view text) noexcept;

// "SIGTERM", "TERM", "term", "15", "RTMIN+3", "SIGRTMAX-1", "RTMIN". 1..64.
std::optional<Signal> parse_signal(std::string_view text) noexcept;

// "SIGTERM"; "SIGRTMIN+3" for real-time signals; "SIG?" for what is no signal. RTMIN is 34 as glibc
// counts (it keeps 32 and 33 for itself), which is what users of docker kill -s RTMIN+3 mean; 32
// and 33 are "SIG32" and "SIG33". Static storage.
std::string_view signal_name(Signal signal) noexcept;

// The candidate nearest to word by edit distance (with transpositions), "" when none is near enough
// to be a likely slip. Used for "did you mean".
std::string_view nearest_name(std::string_view word, const std::string_view* candidates,
                              std::size_t count) noexcept;

}  // namespace gosv
