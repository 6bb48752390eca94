#pragma once
// Families of processes to be found and signalled, for the tests of os/descendants.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "gosv/os/procfs.hpp"
#include "support/isolated.hpp"

namespace gosv::test {

inline constexpr Signal kAsk{};
inline constexpr Signal kTerm{SIGTERM};

// Processes of a test tell their pids through this, so that nobody has to guess when they run.
class Roll {
  public:
    Roll() { (void)!::pipe2(ends_, O_CLOEXEC); }

    ~Roll() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }

    Roll(const Roll&) = delete;
    Roll& operator=(const Roll&) = delete;

    void sign() const {
        const pid_t pid = ::getpid();
        (void)!::write(ends_[1], &pid, sizeof pid);
    }

    // The pids of `count` processes, in the order in which they signed; 0 after ten seconds.
    std::vector<Pid> call(std::size_t count) const {
        std::vector<Pid> pids;
        while (pids.size() < count) {
            pollfd asked{ends_[0], POLLIN, 0};
            pid_t pid = 0;
            if (::poll(&asked, 1, 10000) == 1) {
                (void)!::read(ends_[0], &pid, sizeof pid);
            }
            pids.push_back(Pid{pid});
        }
        return pids;
    }

    Pid call() const { return call(1)[0]; }

  private:
    int ends_[2] = {-1, -1};
};

[[noreturn]] inline void sleep_on() {
    for (;;) {
        ::pause();
    }
}

template <class Body>
Pid start(Body body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        body();
        ::_exit(0);
    }
    return Pid{pid};
}

// A child of ours that sleeps until it is signalled.
inline Pid start_sleeper(const Roll& roll) {
    const Pid pid = start([&] {
        roll.sign();
        sleep_on();
    });
    (void)roll.call();
    return pid;
}

// Whether a process is gone or a zombie; waited for up to ten seconds.
inline bool ends(Pid pid) {
    const os::Proc proc = os::Proc::open();
    const std::string path = std::to_string(pid.value) + "/stat";
    for (int i = 0; i < 1000; ++i) {
        char buffer[1024];
        const auto text = proc.read(path.c_str(), buffer);
        const auto stat = text.ok() ? os::parse_stat(text.value()) : std::nullopt;
        if (!stat || !os::is_alive(*stat)) {
            return true;
        }
        ::usleep(10000);
    }
    return false;
}

inline bool is_running(Pid pid) {
    const os::Proc proc = os::Proc::open();
    char buffer[1024];
    const auto text = proc.read((std::to_string(pid.value) + "/stat").c_str(), buffer);
    const auto stat = text.ok() ? os::parse_stat(text.value()) : std::nullopt;
    return stat && os::is_alive(*stat);
}

}  // namespace gosv::test
