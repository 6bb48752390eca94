#pragma once
// Runs a piece of a test in a process of its own: what it does to signals, credentials, namespaces
// or children ends with it. The piece returns "" when all is well, else what is wrong; EXPECT does
// that. The process and its descendants do not outlive the call.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>

#define GOSV_AS_TEXT(x) #x
#define GOSV_TEXT(x) GOSV_AS_TEXT(x)
#define EXPECT(condition)                                                         \
    do {                                                                          \
        if (!(condition)) {                                                       \
            return std::string(__FILE__ ":" GOSV_TEXT(__LINE__) ": " #condition); \
        }                                                                         \
    } while (false)

namespace gosv::test {

// Waits for one child, whatever signals interrupt it; the wait status.
inline int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

// Ends and reaps whatever children this process has, and what it adopts by their end.
inline void end_all_children() {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/task/%d/children", ::getpid());
    for (bool found = true; found;) {
        std::FILE* const file = std::fopen(path, "re");
        if (file == nullptr) {
            return;
        }
        int pid = 0;
        found = std::fscanf(file, "%d", &pid) == 1;
        std::fclose(file);
        if (found) {
            ::kill(pid, SIGKILL);
            (void)wait_for(pid);
        }
    }
}

template <class Piece>
std::string isolated(Piece piece) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) {
        return "pipe2 failed";
    }
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) {
        return "fork failed";
    }
    if (child == 0) {
        ::close(ends[0]);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        const std::string wrong = piece();
        (void)!::write(ends[1], wrong.data(), wrong.size());
        end_all_children();
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string wrong;
    char chunk[512];
    ssize_t size = 0;
    while ((size = ::read(ends[0], chunk, sizeof chunk)) > 0 || (size < 0 && errno == EINTR)) {
        wrong.append(chunk, size > 0 ? static_cast<std::size_t>(size) : 0);
    }
    ::close(ends[0]);
    const int status = wait_for(child);
    if (wrong.empty() && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
        wrong = "ended with wait status " + std::to_string(status);
    }
    return wrong;
}

}  // namespace gosv::test
