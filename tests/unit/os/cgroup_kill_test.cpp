// Signals to all of a leaf, and its end.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_cgroup.hpp"
#include "support/fake_proc.hpp"

using namespace gosv;
using namespace gosv::os;
using test::FakeCgroup;

namespace {

// A cgroup.procs file: so many processes that are gone, and then those given.
std::string listing(int gone, const std::string& others = "") {
    constexpr const char* kNobody = "1073741824\n";  // more than pid_max can be
    std::string text;
    for (int i = 0; i < gone; ++i) {
        text += kNobody;
    }
    return text + others;
}

// A child that waits, and what has become of it.
class Child {
  public:
    Child() : pid_(::fork()) {
        if (pid_ == 0) {
            ::signal(SIGUSR1, SIG_DFL);
            for (;;) {
                ::pause();
            }
        }
    }

    ~Child() { (void)end(); }

    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    int pid() const { return pid_; }

    // Whether it ends without our doing; waits a while for that.
    bool ends() const {
        for (int left = 5000; left > 0; --left) {
            siginfo_t info{};
            if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
                info.si_pid == pid_) {
                return true;
            }
            ::usleep(1000);
        }
        return false;
    }

    // The signal that it died of: KILL at the latest now.
    int end() {
        int status = 0;
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, &status, 0);
            pid_ = -1;
        }
        return WTERMSIG(status);
    }

  private:
    pid_t pid_;
};

}  // namespace

TEST_CASE("without cgroup.kill the leaf is frozen, swept and thawed") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build();
    REQUIRE(made.tree);
    CHECK(made.tree->kill(0).ok());
    CHECK(fake.read("services/web/cgroup.kill") == "1");
    CHECK(fake.read("services/web/cgroup.freeze").empty());
    std::remove((fake.files / "services/web/cgroup.kill").c_str());
    CHECK(made.tree->kill(0).ok());
    CHECK(fake.read("services/web/cgroup.freeze") == "0");
}

TEST_CASE("without cgroup.kill those in cgroups below the leaf are met too") {
    const FakeCgroup fake;
    test::FakeProc proc;
    const Child child;
    proc.add({.pid = child.pid()});
    proc.write(std::to_string(child.pid()) + "/cgroup", "0::/services/web/inner\n");
    CgroupTree tree(fake.open(), "/", {{"web", {}}}, proc.open());
    std::remove((fake.files / "services/web/cgroup.kill").c_str());
    fake.files.make_directory("services/web/inner");
    fake.files.write("services/web/inner/cgroup.procs", std::to_string(child.pid()) + "\n");
    CHECK(tree.kill(0).ok());
    CHECK(child.ends());
}

TEST_CASE("more than one call takes on stay frozen until the next look") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build();
    REQUIRE(made.tree);
    std::remove((fake.files / "services/web/cgroup.kill").c_str());
    fake.files.write("services/web/cgroup.events", "populated 1\n");
    fake.files.write("services/web/cgroup.procs", listing(CgroupTree::kMostAtOnce));
    CHECK(made.tree->kill(0).ok());
    CHECK(fake.read("services/web/cgroup.freeze") == "1");
    CHECK(made.tree->is_populated(0));
    CHECK(fake.read("services/web/cgroup.freeze") == "1");
    fake.files.write("services/web/cgroup.events", "populated 0\n");
    CHECK_FALSE(made.tree->is_populated(0));
    CHECK(fake.read("services/web/cgroup.freeze") == "0");
}

TEST_CASE("who forks as fast as it is looked at does not keep gosv for ever") {
    const FakeCgroup fake;
    test::FakeProc proc;
    CgroupTree tree(fake.open(), "/", {{"web", {}}}, proc.open());
    const auto reaches_the_last = [&](int gone) {
        Child child;
        proc.add({.pid = child.pid()});
        proc.write(std::to_string(child.pid()) + "/cgroup", "0::/services/web\n");
        fake.files.write("services/web/cgroup.procs",
                         listing(gone, std::to_string(child.pid()) + "\n"));
        const bool reached = tree.signal(0, Signal{SIGUSR1}, Pid{}).ok();
        CHECK(child.end() == (reached ? SIGUSR1 : SIGKILL));
        return reached;
    };
    CHECK(reaches_the_last(CgroupTree::kMostAtOnce - 1));
    CHECK_FALSE(reaches_the_last(CgroupTree::kMostAtOnce));
    char buffer[256];
    CHECK(tree.describe(0, buffer).starts_with("4096 or more left behind: "));
    fake.files.write("services/web/cgroup.procs", listing(CgroupTree::kMostAtOnce - 1));
    CHECK(tree.describe(0, buffer).starts_with("4095 left behind: "));
}

TEST_CASE("a pid that is listed but is in another cgroup by now is not signalled") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build();
    REQUIRE(made.tree);
    fake.files.write("services/web/cgroup.procs", std::to_string(::getpid()) + "\n");
    CHECK(made.tree->signal(0, Signal{SIGKILL}, Pid{}).error().err == ESRCH);  // or we were dead
}
