// gosv's own signal state and the queue it is read through.
#include "gosv/os/signals.hpp"

#include <doctest/doctest.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "gosv/os/epoll.hpp"
#include "gosv/os/sys.hpp"
#include "status_field.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"

using namespace gosv;
using namespace gosv::os;

namespace {

constexpr SignalSet kUnstoppable = bit(Signal{SIGKILL}) | bit(Signal{SIGSTOP});

constexpr std::uint8_t kIgnored[] = {SIGCHLD, SIGHUP, SIGPIPE, SIGSEGV, 33, 40};

// The kernel's own word on this process: SigBlk, SigIgn, SigCgt.
SignalSet own_set(std::string_view name) {
    const auto text = sys::read_file("/proc/self/status", 65536);
    if (!text.ok()) {
        return ~SignalSet{0};
    }
    const std::string value = test::status_field(text.value(), name).value_or("");
    return std::strtoull(value.c_str(), nullptr, 16);
}

void raw_kill(pid_t pid, int signal) {
    ::syscall(SYS_kill, pid, signal);
}

// Blocks or ignores signals by number, past the C library.
void raw_block(SignalSet set) {
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, nullptr, sizeof set);
}

void raw_ignore(int signal) {
    struct {
        void (*handler)(int);
        unsigned long rest[7];
    } action{SIG_IGN, {}};

    ::syscall(SYS_rt_sigaction, signal, &action, nullptr, sizeof(SignalSet));
}

// Until the end of a batch that was not full is told.
std::vector<int> drain(SignalQueue& queue) {
    std::vector<int> numbers;
    while (const auto info = queue.next()) {
        numbers.push_back(info->signal.number);
    }
    return numbers;
}

bool is_readable(BorrowedFd fd) {
    pollfd asked{fd.raw(), POLLIN, 0};
    return ::poll(&asked, 1, 0) == 1;
}

}  // namespace

TEST_CASE("taking over blocks all signals, heeds SIGCHLD, and tells what it found") {
    CHECK(test::isolated([]() -> std::string {
              const SignalSet blocked =
                  bit(Signal{SIGTERM}) | bit(Signal{SIGCHLD}) | bit(Signal{32}) | bit(Signal{64});
              raw_block(blocked);
              SignalSet ignored = own_set("SigIgn");
              for (const std::uint8_t number : kIgnored) {
                  raw_ignore(number);
                  ignored |= bit(Signal{number});
              }
              const InheritedSignals inherited = take_over_signals();
              EXPECT(inherited.blocked == blocked);
              EXPECT(inherited.child_ignored == ((ignored & bit(Signal{SIGCHLD})) != 0));
              EXPECT(own_set("SigBlk") == ~kUnstoppable);
              EXPECT(own_set("SigIgn") == (ignored & ~bit(Signal{SIGCHLD})));
              heed_all_signals();
              EXPECT(own_set("SigIgn") == 0);
              return "";
          }) == "");
}

TEST_CASE("giving back restores the mask and what was ignored, and an ignored signal hits nobody") {
    CHECK(test::isolated([]() -> std::string {
              const SignalSet blocked = bit(Signal{SIGUSR1}) | bit(Signal{33});
              raw_block(blocked);
              raw_ignore(SIGINT);
              raw_ignore(SIGCHLD);
              raw_ignore(40);
              const SignalSet ignored = own_set("SigIgn");
              const InheritedSignals inherited = take_over_signals();
              raw_kill(::getpid(), SIGINT);
              give_back_signals(inherited);
              EXPECT(own_set("SigBlk") == blocked);
              EXPECT(own_set("SigIgn") == ignored);
              return "";
          }) == "");
}

TEST_CASE("what was ignored comes out all the same") {
    CHECK(test::isolated([]() -> std::string {
              for (const std::uint8_t number : kIgnored) {
                  raw_ignore(number);
              }
              (void)take_over_signals();
              auto queue = SignalQueue::open();
              EXPECT(queue.ok());
              for (const std::uint8_t number : kIgnored) {
                  if (number != SIGCHLD) {  // has a queue of its own
                      raw_kill(::getpid(), number);
                      EXPECT(drain(queue.value()) == std::vector<int>{number});
                  }
              }
              return "";
          }) == "");
}

TEST_CASE("signals come out once each, real-time ones in order and counted, 32 and 33 too") {
    CHECK(test::isolated([]() -> std::string {
              (void)take_over_signals();
              auto opened = SignalQueue::open();
              EXPECT(opened.ok());
              SignalQueue queue = std::move(opened).value();
              EXPECT(!queue.next());

              for (int i = 0; i < 3; ++i) {
                  raw_kill(::getpid(), SIGUSR1);  // not counted by the kernel
              }
              EXPECT(drain(queue) == std::vector<int>{SIGUSR1});

              std::vector<int> sent;
              for (int number = 1; number <= 64; ++number) {
                  if (number != SIGKILL && number != SIGSTOP) {
                      raw_kill(::getpid(), number);
                      sent.push_back(number);
                  }
                  std::erase(sent, SIGCHLD);  // has a queue of its own
              }
              std::vector<int> received = drain(queue);
              std::sort(received.begin(), received.end());
              // The stop signals and CONT throw each other out of the queue (signal(7)).
              std::erase_if(sent, [](int n) {
                  return n == SIGTSTP || n == SIGTTIN || n == SIGTTOU || n == SIGCONT;
              });
              std::erase_if(received, [](int n) {
                  return n == SIGTSTP || n == SIGTTIN || n == SIGTTOU || n == SIGCONT;
              });
              EXPECT(received == sent);

              for (int i = 0; i < 100; ++i) {
                  raw_kill(::getpid(), 40);
              }
              EXPECT(drain(queue).size() == 100);
              return "";
          }) == "");
}

TEST_CASE("reading the queue does not allocate") {
    CHECK(test::isolated([]() -> std::string {
              (void)take_over_signals();
              auto queue = SignalQueue::open();
              EXPECT(queue.ok());
              const test::AllocationTripwire tripwire("the signal queue");
              for (int i = 0; i < 40; ++i) {
                  raw_kill(::getpid(), 40);
              }
              int count = 0;
              while (queue.value().next()) {
                  ++count;
              }
              EXPECT(count == 40);
              EXPECT(test::AllocationTripwire::count() == 0);
              return "";
          }) == "");
}

TEST_CASE("a SIGPIPE of our own write is ours, somebody else's is theirs") {
    CHECK(test::isolated([]() -> std::string {
              (void)take_over_signals();
              auto opened = SignalQueue::open();
              EXPECT(opened.ok());
              SignalQueue& queue = opened.value();

              auto pipe = sys::pipe();
              EXPECT(pipe.ok());
              pipe.value().read.reset();
              const auto written = sys::write(pipe.value().write.borrow(), "x");
              EXPECT(!written.ok() && written.error().err == EPIPE);
              auto info = queue.next();
              EXPECT(info && info->signal == Signal{SIGPIPE} && info->from_gosv);

              const pid_t us = ::getpid();
              const pid_t other = ::fork();
              if (other == 0) {
                  raw_kill(us, SIGPIPE);
                  ::_exit(0);
              }
              (void)test::wait_for(other);
              do {  // the end of the first batch comes in between
                  info = queue.next();
              } while (!info);
              EXPECT(info->signal == Signal{SIGPIPE});
              EXPECT(!info->from_gosv);
              EXPECT(info->sender == Pid{other});
              return "";
          }) == "");
}

TEST_CASE("nobody can pass a signal off as ours") {
    CHECK(test::isolated([]() -> std::string {
              (void)take_over_signals();
              auto queue = SignalQueue::open();
              EXPECT(queue.ok());
              const pid_t us = ::getpid();
              const pid_t forger = ::fork();
              if (forger == 0) {
                  siginfo_t info{};
                  info.si_pid = us;
                  info.si_code = SI_USER;
                  const bool refused =
                      ::syscall(SYS_rt_sigqueueinfo, us, SIGTERM, &info) < 0 && errno == EPERM;
                  info.si_code = SI_QUEUE;  // this much is allowed
                  ::syscall(SYS_rt_sigqueueinfo, us, SIGTERM, &info);
                  ::_exit(refused ? 0 : 1);
              }
              EXPECT(test::wait_for(forger) == 0);
              int terms = 0;
              while (const auto info = queue.value().next()) {
                  if (info->signal == Signal{SIGTERM}) {
                      ++terms;
                      EXPECT(!info->from_gosv);
                  }
              }
              EXPECT(terms == 1);
              return "";
          }) == "");
}

TEST_CASE("the queue's descriptor is private to gosv and says when there is something") {
    CHECK(test::isolated([]() -> std::string {
              (void)take_over_signals();
              const test::FdLeakGuard guard;
              auto queue = SignalQueue::open();
              EXPECT(queue.ok());
              EXPECT((::fcntl(queue.value().fd().raw(), F_GETFD) & FD_CLOEXEC) != 0);
              pollfd asked{queue.value().fd().raw(), POLLIN, 0};
              EXPECT(::poll(&asked, 1, 0) == 0);
              raw_kill(::getpid(), SIGHUP);
              EXPECT(::poll(&asked, 1, 0) == 1);
              return "";
          }) == "");
}

TEST_CASE(
    "the end of a batch that was not full is told without a read, and what comes then is not "
    "lost") {
    CHECK(test::isolated([]() -> std::string {
              (void)take_over_signals();
              auto opened = SignalQueue::open();
              EXPECT(opened.ok());
              SignalQueue& queue = opened.value();
              raw_kill(::getpid(), SIGUSR1);
              EXPECT(queue.next()->signal == Signal{SIGUSR1});
              raw_kill(::getpid(), SIGUSR2);
              EXPECT(!queue.next());
              EXPECT(is_readable(queue.fd()));
              EXPECT(queue.next()->signal == Signal{SIGUSR2});
              // A full batch may not have been all.
              for (int i = 0; i < 32; ++i) {
                  raw_kill(::getpid(), 40);
              }
              EXPECT(!queue.next());  // the end of USR2's
              EXPECT(drain(queue).size() == 32);
              return "";
          }) == "");
}

TEST_CASE(
    "SIGCHLD has a descriptor of its own, is pending once, and comes again once it is taken") {
    CHECK(test::isolated([]() -> std::string {
              (void)take_over_signals();
              const test::FdLeakGuard guard;
              auto queue = SignalQueue::open();
              auto opened = ChildSignal::open();
              EXPECT(queue.ok() && opened.ok());
              ChildSignal& signal = opened.value();
              EXPECT((::fcntl(signal.fd().raw(), F_GETFD) & FD_CLOEXEC) != 0);
              EXPECT(!is_readable(signal.fd()));
              EXPECT(signal.take().ok());  // none is no error
              for (int round = 0; round < 2; ++round) {
                  for (int i = 0; i < 3; ++i) {
                      raw_kill(::getpid(), SIGCHLD);
                  }
                  raw_kill(::getpid(), SIGUSR1);
                  EXPECT(is_readable(signal.fd()));
                  EXPECT(signal.take().ok());
                  EXPECT(!is_readable(signal.fd()));
                  EXPECT(drain(queue.value()) == std::vector<int>{SIGUSR1});
              }
              return "";
          }) == "");
}

TEST_CASE(
    "watched as it is to be, SIGCHLD ends one wait until it is taken, and other signals do not "
    "depend on it") {
    CHECK(test::isolated([]() -> std::string {
              (void)take_over_signals();
              auto queue = SignalQueue::open();
              auto signal = ChildSignal::open();
              auto epoll = Epoll::open();
              EXPECT(queue.ok() && signal.ok() && epoll.ok());
              EXPECT(epoll.value().add_readable(queue.value().fd(), 1).ok());
              EXPECT(epoll.value().add_readable_once(signal.value().fd(), 2).ok());
              const auto ready = [&](std::uint64_t token) {
                  bool found = false;
                  for (const std::uint64_t one : epoll.value().wait(Duration{})) {
                      found = found || one == token;
                  }
                  return found;
              };
              raw_kill(::getpid(), SIGCHLD);
              EXPECT(ready(2));
              raw_kill(::getpid(), SIGCHLD);
              EXPECT(!ready(2));
              raw_kill(::getpid(), SIGUSR1);
              EXPECT(ready(1));
              EXPECT(drain(queue.value()) == std::vector<int>{SIGUSR1});
              EXPECT(signal.value().take().ok());
              EXPECT(!ready(2));
              raw_kill(::getpid(), SIGCHLD);  // after the take: told anew
              EXPECT(ready(2));
              return "";
          }) == "");
}
