#include "service_environment.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "gosv/base/concat.hpp"

namespace gosv::manifest {

namespace {

constexpr std::string_view kGosvsOwn[] = {
    "LISTEN_PID",    "LISTEN_FDS",   "LISTEN_FDNAMES", "LISTEN_PIDFDID",
    "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
};

// musl's, which holds glibc's ("/bin:/usr/bin").
constexpr std::string_view kDefaultPath = "/usr/local/bin:/bin:/usr/bin";

bool is_gosvs_own(std::string_view key) noexcept {
    return std::find(std::begin(kGosvsOwn), std::end(kGosvsOwn), key) != std::end(kGosvsOwn);
}

bool is_of(std::string_view entry, std::string_view key) noexcept {
    return (entry.size() > key.size() ? entry[key.size()] == '=' : entry.size() == key.size()) &&
           entry.starts_with(key);
}

// The inherited ones in order, then what is new.
class Entries {
  public:
    explicit Entries(const Environment& inherited)
        : inherited_(inherited), entries_(inherited.entries()) {}

    void set(std::string_view key, std::string_view value) {
        const std::optional<std::size_t> place = find(key);
        (place ? entries_[*place] : entries_.emplace_back()) = concat({key, '=', value});
    }

    void remove(std::string_view key) {
        if (const std::optional<std::size_t> place = find(key)) {
            entries_[*place].clear();
        }
    }

    std::vector<std::string> take() && {
        std::erase_if(entries_, [](const std::string& entry) { return entry.empty(); });
        return std::move(entries_);
    }

  private:
    // Of what has been removed the place is kept, as long as it was inherited.
    std::optional<std::size_t> find(std::string_view key) const {
        std::optional<std::size_t> place = inherited_.place_of(key);
        for (std::size_t i = inherited_.entries().size(); !place && i < entries_.size(); ++i) {
            if (is_of(entries_[i], key)) {
                place = i;
            }
        }
        return place;
    }

    const Environment& inherited_;
    std::vector<std::string> entries_;
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

Environment inheritable(const std::vector<std::string>& environment) {
    std::vector<std::string> entries;
    for (const std::string& entry : environment) {
        if (!is_gosvs_own(key_of(entry))) {
            entries.push_back(entry);
        }
    }
    return Environment(std::move(entries));
}

std::vector<std::string> service_environment(const Environment& inherited, const Identity* identity,
                                             const EnvironmentChanges& changes,
                                             std::string_view service_name) {
    Entries entries(inherited);
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
    entries.set(key_of(kNameVariable), service_name);
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
                                    [](const std::string& each) { return is_of(each, "PATH"); });
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
