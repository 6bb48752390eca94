#include "app/log_format.hpp"

#include "app/line_writer.hpp"
#include "app/log_sentence.hpp"
#include "gosv/base/parse.hpp"

namespace gosv::app {

namespace {

struct Date {
    std::int64_t year;
    std::int64_t month;
    std::int64_t day;
};

// Days since 1970 to the proleptic Gregorian calendar. Years begin in March, so that the leap day
// is the last of its year; 400 years are 146,097 days. (gmtime_r would do, but reads TZ data in
// some C libraries.)
Date civil_date(std::int64_t days) noexcept {
    const std::int64_t shifted = days + 719'468;  // from 0000-03-01
    const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
    const std::int64_t day_of_era = shifted - era * 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t march_month = (5 * day_of_year + 2) / 153;
    const std::int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
            day_of_year - (153 * march_month + 2) / 5 + 1};
}

// With milliseconds that are still to be filled in.
void put_second(LineWriter& out, WallTime time) noexcept {
    constexpr WallTime kDay = 86'400'000;
    const WallTime days = (time >= 0 ? time : time - (kDay - 1)) / kDay;
    const auto rest = static_cast<int>((time - days * kDay) / 1000);
    const Date date = civil_date(days);
    out.padded(date.year, 4);
    const auto put = [&out](char before, std::int64_t value) {
        out.put(before);
        out.padded(value, 2);
    };
    put('-', date.month);
    put('-', date.day);
    put('T', rest / 3600);
    put(':', rest / 60 % 60);
    put(':', rest % 60);
    out.put(".000Z");
}

void put_text(LineWriter& out, const LogLine& line, std::string_view time) noexcept {
    out.put(time);
    out.put(" gosv ");
    out.column(name(line.level), 5);
    out.put(' ');
    out.column(name(line.event), 10);
    out.put(' ');
    char buffer[kMaxLine];
    LineWriter sentence(buffer);
    put_sentence(sentence, line);
    out.visible(line.service);
    if (!line.service.empty() && !sentence.view().empty()) {
        out.put(": ");
    }
    out.put(sentence.view());
}

void put_number(LineWriter& out, std::string_view key, std::int64_t value) noexcept {
    out.put(",\"");
    out.put(key);
    out.put("\":");
    out.number(value);
}

void put_string(LineWriter& out, std::string_view key, std::string_view value,
                std::size_t most = SIZE_MAX) noexcept {
    out.put(",\"");
    out.put(key);
    out.put("\":\"");
    out.json_text(value, most);
    out.put('"');
}

std::int64_t as_ms(Duration value) noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
}

// Texts of unknown length take at most so many bytes, escapes included: with every number at its
// longest the structure needs 400 more, and all of it together fits a line.
constexpr std::size_t kMostMsg = 330;
constexpr std::size_t kMostReason = 250;
constexpr std::size_t kMostService = 100;
static_assert(kMostMsg + kMostReason + 2 * kMostService + 400 <= kMaxLine);

void put_json(LineWriter& out, const LogLine& line, std::string_view time) noexcept {
    out.put("{\"time\":\"");
    out.put(time);
    out.put('"');
    put_string(out, "level", name(line.level));
    put_string(out, "event", name(line.event));
    char sentence[kMostMsg];
    LineWriter msg(sentence);
    put_sentence(msg, line);
    put_string(out, "msg", msg.view(), kMostMsg);
    if (!line.service.empty()) {
        put_string(out, "service", line.service, kMostService);
    }
    if (line.pid.exists()) {
        put_number(out, "pid", line.pid.value);
    }
    if (line.code) {
        put_number(out, "code", *line.code);
    }
    if (!line.signal.is_none()) {
        put_string(out, "signal", signal_name(line.signal));
    }
    if (line.uptime) {
        put_number(out, "uptime_ms", as_ms(*line.uptime));
    }
    if (line.delay) {
        put_number(out, "delay_ms", as_ms(*line.delay));
    }
    if (line.attempt) {
        const bool counts = line.event == LogEvent::orphans || line.event == LogEvent::dropped ||
                            line.event == LogEvent::oom;
        put_number(out, counts ? "count" : "attempt", *line.attempt);
    }
    if (line.max_restarts) {
        put_number(out, "max_restarts", *line.max_restarts);
    }
    if (!line.dependency.empty()) {
        put_string(out, "dependency", line.dependency, kMostService);
    }
    if (line.waited) {
        put_number(out, "waiting_ms", as_ms(*line.waited));
    }
    if (line.memory_limit) {
        put_number(out, "memory_limit", static_cast<std::int64_t>(*line.memory_limit));
    }
    if (line.memory_peak) {
        put_number(out, "memory_peak", static_cast<std::int64_t>(*line.memory_peak));
    }
    if (!line.reason.empty()) {
        put_string(out, "reason", line.reason, kMostReason);
    }
}

}  // namespace

std::string_view TimeText::of(WallTime time) noexcept {
    const WallTime ms = (time % 1000 + 1000) % 1000;
    const WallTime second = time - ms;
    if (size_ == 0 || second != second_) {
        LineWriter out(text_);
        put_second(out, second);
        size_ = out.view().size();
        second_ = second;
    }
    char* const end = text_ + size_;
    end[-4] = static_cast<char>('0' + ms / 100);
    end[-3] = static_cast<char>('0' + ms / 10 % 10);
    end[-2] = static_cast<char>('0' + ms % 10);
    return {text_, size_};
}

void put_time(LineWriter& out, WallTime time) noexcept {
    TimeText text;
    out.put(text.of(time));
}

std::string_view name(LogEvent event) noexcept {
    switch (event) {
        case LogEvent::boot:
            return "boot";
        case LogEvent::started:
            return "started";
        case LogEvent::ready:
            return "ready";
        case LogEvent::exited:
            return "exited";
        case LogEvent::restarting:
            return "restarting";
        case LogEvent::stable:
            return "stable";
        case LogEvent::failed:
            return "failed";
        case LogEvent::completed:
            return "completed";
        case LogEvent::signal:
            return "signal";
        case LogEvent::forwarded:
            return "forwarded";
        case LogEvent::stopping:
            return "stopping";
        case LogEvent::killing:
            return "killing";
        case LogEvent::stopped:
            return "stopped";
        case LogEvent::unhealthy:
            return "unhealthy";
        case LogEvent::healthy:
            return "healthy";
        case LogEvent::oom:
            return "oom";
        case LogEvent::cgroup:
            return "cgroup";
        case LogEvent::waiting:
            return "waiting";
        case LogEvent::shutdown:
            return "shutdown";
        case LogEvent::end:
            return "end";
        case LogEvent::orphans:
            return "orphans";
        case LogEvent::snapshot:
            return "snapshot";
        case LogEvent::dropped:
            return "dropped";
        case LogEvent::internal:
            return "internal";
    }
    return "?";
}

std::string_view name(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::error:
            return "error";
        case LogLevel::warn:
            return "warn";
        case LogLevel::info:
            return "info";
        case LogLevel::debug:
            return "debug";
    }
    return "?";
}

std::string_view format_line(const LogLine& line, LogFormat format, std::string_view time,
                             std::span<char> buffer) noexcept {
    LineWriter out(buffer, 2);  // "}\n"
    if (format == LogFormat::text) {
        put_text(out, line, time);
        out.end_of_room();
    } else {
        put_json(out, line, time);
        out.end_of_room();
        out.put('}');
    }
    out.put('\n');
    return out.view();
}

}  // namespace gosv::app
