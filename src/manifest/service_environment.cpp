#include "service_environment.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace gosv::manifest {

namespace {

constexpr std::string_view kGosvsOwn[] = {
    "LISTEN_PID",    "LISTEN_FDS",   "LISTEN_FDNAMES", "LISTEN_PIDFDID",
    "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
};

// musl's, which holds glibc's ("/bin:/usr/bin").
constexpr std::string_view kDefaultPath = "/usr/local/bin:/bin:/usr/bin";

std::string_view key_of(std::string_view entry) noexcept {
    return entry.substr(0, entry.find('='));
}

bool is_gosvs_own(std::string_view key) noexcept {
    return std::find(std::begin(kGosvsOwn), std::end(kGosvsOwn), key) != std::end(kGosvsOwn);
}

// Entries in order, found by key.
class Entries {
  public:
    void set(std::string_view key, std::string_view value) {
        std::string entry(key);
        entry += '=';
        entry += value;
        const auto [place, is_new] = index_.try_emplace(std::string(key), entries_.size());
        if (is_new) {
            entries_.emplace_back(std::move(entry));
        } else {
            entries_[place->second] = std::move(entry);
        }
    }

    void set_new(const std::string& entry) {
        if (index_.try_emplace(std::string(key_of(entry)), entries_.size()).second) {
            entries_.emplace_back(entry);
        }
    }

    void remove(std::string_view key) {
        if (const auto place = index_.find(key); place != index_.end()) {
            entries_[place->second].reset();
        }
    }

    std::vector<std::string> take() && {
        std::vector<std::string> list;
        for (std::optional<std::string>& entry : entries_) {
            if (entry) {
                list.push_back(std::move(*entry));
            }
        }
        return list;
    }

  private:
    std::vector<std::optional<std::string>> entries_;
    std::map<std::string, std::size_t, std::less<>> index_;
};

// What login(1) would set. What describes gosv's own user must not be left to another one.
void log_in(const Identity& identity, Entries& entries) {
    entries.set("HOME", identity.home);
    for (const std::string_view key : {"USER", "LOGNAME"}) {
        if (identity.name.empty()) {
            entries.remove(key);
        } else {
            entries.set(key, identity.name);
        }
    }
    if (identity.shell.empty()) {
        entries.remove("SHELL");
    } else {
        entries.set("SHELL", identity.shell);
    }
}

}  // namespace

std::vector<std::string> service_environment(const std::vector<std::string>& inherited,
                                             const Identity* identity,
                                             const EnvironmentChanges& changes,
                                             std::string_view service_name) {
    Entries entries;
    for (const std::string& entry : inherited) {
        // An entry without "=" is none; execve(2) does not mind, but programs do.
        if (entry.find('=') != std::string::npos && !is_gosvs_own(key_of(entry))) {
            entries.set_new(entry);
        }
    }
    if (identity != nullptr && identity->logs_in) {
        log_in(*identity, entries);
    }
    for (const auto& [key, value] : changes) {
        if (value) {
            entries.set(key, *value);
        } else {
            entries.remove(key);
        }
    }
    entries.set("GOSV_SERVICE", service_name);
    return std::move(entries).take();
}

std::vector<std::string> exec_candidates(std::string_view program,
                                         const std::vector<std::string>& environment) {
    if (program.empty()) {
        return {};
    }
    if (program.find('/') != std::string_view::npos) {
        return {std::string(program)};
    }
    std::string_view path = kDefaultPath;
    const auto entry = std::find_if(environment.begin(), environment.end(),
                                    [](const std::string& each) { return key_of(each) == "PATH"; });
    if (entry != environment.end()) {
        path = std::string_view(*entry).substr(
            std::min(entry->size(), std::string_view("PATH=").size()));
    }
    std::vector<std::string> candidates;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find(':', begin), path.size());
        std::string candidate(path.substr(begin, end - begin));
        // "./" keeps a name such as "-x" from being taken for an option of /bin/sh, should it be a
        // script without "#!".
        candidate += candidate.empty() ? "./" : candidate.back() == '/' ? "" : "/";
        candidates.push_back(candidate.append(program));
        begin = end + 1;
    }
    return candidates;
}

}  // namespace gosv::manifest
