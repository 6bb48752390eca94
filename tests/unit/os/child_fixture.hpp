#pragma once
// A ChildImage with memory of its own, and a run of it from start to reaping, with what it wrote.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gosv/os/spawn.hpp"
#include "support/isolated.hpp"

namespace gosv::test {

class Strings {
  public:
    explicit Strings(std::vector<std::string> texts) : texts_(std::move(texts)) {
        for (std::string& text : texts_) {
            pointers_.push_back(text.data());
        }
        pointers_.push_back(nullptr);
    }

    Strings(const Strings&) = delete;
    Strings& operator=(const Strings&) = delete;
    ~Strings() = default;

    char** get() { return pointers_.data(); }

  private:
    std::vector<std::string> texts_;
    std::vector<char*> pointers_;
};

inline std::vector<std::string> shell_command(std::string script, std::vector<std::string> args) {
    std::vector<std::string> all{"/bin/sh", "-c", std::move(script)};
    all.insert(all.end(), args.begin(), args.end());
    return all;
}

class Image {
  public:
    Image(std::vector<std::string> argv, std::vector<std::string> candidates)
        : argv_(argv),
          candidates_(std::move(candidates)),
          envp_({"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LISTEN_PID=............"}) {
        child.argv = argv_.get();
        child.candidates = candidates_.get();
        child.envp = envp_.get();
    }

    // The program named by argv[0], and nowhere else.
    explicit Image(std::vector<std::string> argv) : Image(argv, {argv[0]}) {}

    // A shell script. Status is printed with sed, because the shell changes its own mask.
    static Image shell(const std::string& script) { return Image(shell_command(script, {})); }

    char* listen_pid() { return envp_.get()[1] + std::string_view("LISTEN_PID=").size(); }

    os::ChildImage child;

  private:
    Strings argv_;
    Strings candidates_;
    Strings envp_;
};

struct Ended {
    os::ExecStatus exec;
    int wait_status = 0;
    std::string output;

    int code() const { return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1; }
};

// Waits until the status pipe says something, at most ten seconds.
inline os::ExecStatus wait_for_exec(BorrowedFd status) {
    pollfd waited{status.raw(), POLLIN, 0};
    while (::poll(&waited, 1, 10000) < 0 && errno == EINTR) {
    }
    return os::read_exec_status(status);
}

// The child inherits our standard output, so that is where the memory file is put meanwhile.
class CapturedOutput {
  public:
    CapturedOutput() : file_(::memfd_create("output", MFD_CLOEXEC)) {
        std::fflush(stdout);
        saved_.reset(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
        ::dup2(file_.raw(), STDOUT_FILENO);
    }

    void restore() {
        if (saved_.is_open()) {
            ::dup2(saved_.raw(), STDOUT_FILENO);
            saved_.reset();
        }
    }

    ~CapturedOutput() { restore(); }

    CapturedOutput(const CapturedOutput&) = delete;
    CapturedOutput& operator=(const CapturedOutput&) = delete;

    std::string text() const {
        std::string all(65536, '\0');
        const ssize_t size = ::pread(file_.raw(), all.data(), all.size(), 0);
        all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return all;
    }

  private:
    Fd file_;
    Fd saved_;
};

// clone3; under an emulator of the processor, which has none, the other way.
inline os::CloneMethod usual_clone() {
    static const bool has_clone3 = os::probe_clone() != os::CloneMethod::fork;
    return has_clone3 ? os::CloneMethod::clone3 : os::CloneMethod::fork;
}

inline Ended run(Image& image, os::CloneMethod method = usual_clone()) {
    CapturedOutput output;
    Result<os::Spawned> spawned = os::spawn(image.child, method);
    output.restore();
    Ended ended;
    if (!spawned.ok()) {
        ended.output = "spawn failed";
        return ended;
    }
    ended.exec = wait_for_exec(spawned.value().status.borrow());
    ended.wait_status = wait_for(spawned.value().pid.value);
    ended.output = output.text();
    return ended;
}

}  // namespace gosv::test
