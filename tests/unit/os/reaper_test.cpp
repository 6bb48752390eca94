// Looking at the dead, and only then reaping them.
#include "gosv/os/reaper.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>

#include "gosv/os/signals.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/isolated.hpp"

using namespace gosv;
using namespace gosv::os;

namespace {

constexpr std::uint8_t kFatal[] = {1, 2, 3, 4, 6, 8, 9, 11, 13, 14, 15, 24, 31, 32, 33, 34, 64};

// A child that ends with this code.
pid_t exiting(int code) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(code);
    }
    return pid;
}

// A child that kills itself with this signal; raw, because the C library hides two of them.
pid_t dying_of(int signal) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::signal(signal, SIG_DFL);  // a sanitizer handles some
        ::syscall(SYS_kill, ::getpid(), signal);
        ::_exit(0);
    }
    return pid;
}

void wait_until_dead(pid_t pid) {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | __WALL) != 0 &&
           errno == EINTR) {
    }
}

}  // namespace

TEST_CASE("without children there is nothing to look at") {
    CHECK(test::isolated([]() -> std::string {
              EXPECT(peek_dead_child().outcome == PeekOutcome::no_children);
              return "";
          }) == "");
}

TEST_CASE("living children are not taken for dead ones") {
    CHECK(test::isolated([]() -> std::string {
              const pid_t pid = ::fork();
              if (pid == 0) {
                  ::pause();
                  ::_exit(0);
              }
              EXPECT(peek_dead_child().outcome == PeekOutcome::none);
              const Status refused = reap(Pid{pid});
              EXPECT(!refused.ok() && refused.error().err == EAGAIN);
              ::kill(pid, SIGKILL);
              wait_until_dead(pid);
              EXPECT(reap(Pid{pid}).ok());
              return "";
          }) == "");
}

TEST_CASE("a dead child keeps its pid and its group until it is reaped") {
    CHECK(test::isolated([]() -> std::string {
              const pid_t pid = exiting(3);
              ::setpgid(pid, pid);
              wait_until_dead(pid);
              for (int i = 0; i < 3; ++i) {
                  const Peek peek = peek_dead_child();
                  EXPECT(peek.outcome == PeekOutcome::found);
                  EXPECT(peek.child.pid == Pid{pid});
                  EXPECT(::kill(pid, 0) == 0);
                  EXPECT(::kill(-pid, 0) == 0);
              }
              EXPECT(reap(Pid{pid}).ok());
              EXPECT(::kill(pid, 0) < 0 && errno == ESRCH);
              EXPECT(peek_dead_child().outcome == PeekOutcome::no_children);
              const Status again = reap(Pid{pid});
              EXPECT(!again.ok() && again.error().err == ECHILD);
              return "";
          }) == "");
}

TEST_CASE("one child can be looked at although another died before it") {
    CHECK(test::isolated([]() -> std::string {
              const pid_t first = exiting(1);
              const pid_t second = dying_of(9);
              wait_until_dead(first);
              wait_until_dead(second);
              const Peek peek = peek_dead_child(Pid{second});
              EXPECT(peek.outcome == PeekOutcome::found);
              EXPECT(peek.child.pid == Pid{second});
              EXPECT(peek.child.status == ExitStatus::killed_by(Signal{9}));
              EXPECT(reap(Pid{second}).ok());
              EXPECT(peek_dead_child(Pid{second}).outcome == PeekOutcome::no_children);
              return "";
          }) == "");
}

TEST_CASE("every exit code is told as it is") {
    CHECK(test::isolated([]() -> std::string {
              for (int code = 0; code <= 255; ++code) {
                  const pid_t pid = exiting(code);
                  wait_until_dead(pid);
                  const Peek peek = peek_dead_child();
                  EXPECT(peek.outcome == PeekOutcome::found);
                  EXPECT(peek.child.status == ExitStatus::code(code));
                  EXPECT(peek.child.status.as_exit_code() == code);
                  EXPECT(reap(Pid{pid}).ok());
              }
              return "";
          }) == "");
}

TEST_CASE("every fatal signal is told as what it is") {
    CHECK(test::isolated([]() -> std::string {
              for (const std::uint8_t signal : kFatal) {
                  const pid_t pid = dying_of(signal);
                  wait_until_dead(pid);
                  const Peek peek = peek_dead_child();
                  EXPECT(peek.outcome == PeekOutcome::found);
                  EXPECT(peek.child.status == ExitStatus::killed_by(Signal{signal}));
                  EXPECT(peek.child.status.as_exit_code() == 128 + signal);
                  EXPECT(reap(Pid{pid}).ok());
              }
              return "";
          }) == "");
}

TEST_CASE("children are found whatever signal their death sends") {
    CHECK(test::isolated([]() -> std::string {
              // clone(2) without SIGCHLD: wait4 without __WALL would not see it.
              const long pid = ::syscall(SYS_clone, 0L, nullptr, nullptr, nullptr, nullptr);
              if (pid == 0) {
                  ::syscall(SYS_exit_group, 5);
              }
              wait_until_dead(static_cast<pid_t>(pid));
              const Peek peek = peek_dead_child();
              EXPECT(peek.outcome == PeekOutcome::found);
              EXPECT(peek.child.status == ExitStatus::code(5));
              EXPECT(reap(peek.child.pid).ok());
              return "";
          }) == "");
}

TEST_CASE("a thousand orphans are adopted and reaped without allocating") {
    CHECK(test::isolated([]() -> std::string {
              const pid_t maker = ::fork();
              if (maker == 0) {
                  for (int i = 0; i < 1000; ++i) {
                      (void)exiting(i % 256);
                  }
                  ::_exit(0);
              }
              wait_until_dead(maker);
              int reaped = 0;
              const test::AllocationTripwire tripwire("the reaper");
              for (;;) {
                  const Peek peek = peek_dead_child();
                  if (peek.outcome == PeekOutcome::no_children) {
                      break;
                  }
                  EXPECT(peek.outcome != PeekOutcome::failed);
                  if (peek.outcome == PeekOutcome::found) {
                      EXPECT(reap(peek.child.pid).ok());
                      ++reaped;
                  }
              }
              EXPECT(reaped == 1001);
              EXPECT(test::AllocationTripwire::count() == 0);
              return "";
          }) == "");
}

TEST_CASE("stops are no deaths; they are told once, and continuing is not told") {
    CHECK(test::isolated([]() -> std::string {
              const pid_t pid = ::fork();
              if (pid == 0) {
                  for (;;) {
                      ::pause();
                  }
              }
              EXPECT(!take_stop(Pid{pid}));
              ::kill(pid, SIGTSTP);
              siginfo_t info{};
              EXPECT(::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WNOWAIT) == 0);
              EXPECT(peek_dead_child().outcome == PeekOutcome::none);
              EXPECT(take_stop(Pid{pid}) == Signal{SIGTSTP});
              EXPECT(!take_stop(Pid{pid}));
              ::kill(pid, SIGCONT);
              EXPECT(::waitid(P_PID, static_cast<id_t>(pid), &info, WCONTINUED | WNOWAIT) == 0);
              EXPECT(!take_stop(Pid{pid}));
              EXPECT(peek_dead_child().outcome == PeekOutcome::none);
              ::kill(pid, SIGKILL);
              wait_until_dead(pid);
              EXPECT(!take_stop(Pid{pid}));
              EXPECT(peek_dead_child().child.status == ExitStatus::killed_by(Signal{SIGKILL}));
              return "";
          }) == "");
}

TEST_CASE("deaths are seen although SIGCHLD was ignored by whoever started us") {
    CHECK(test::isolated([]() -> std::string {
              ::signal(SIGCHLD, SIG_IGN);
              const InheritedSignals inherited = take_over_signals();
              EXPECT(inherited.child_ignored);
              const pid_t pid = exiting(7);
              wait_until_dead(pid);
              EXPECT(peek_dead_child().child.status == ExitStatus::code(7));
              return "";
          }) == "");
}
