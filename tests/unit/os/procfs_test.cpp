#include "gosv/os/procfs.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <string>

#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;

namespace {

const std::string kAfterName =
    " S 7 8 9 34816 10 4194560 105 0 0 0 1 2 3 4 20 0 5 0 123456789 2621440 -3 "
    "18446744073709551615 "
    "1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

std::string with_name(const std::string& name) {
    return "12 (" + name + ")" + kAfterName;
}

void check_numbers(const ProcStat& stat) {
    CHECK(stat.pid == Pid{12});
    CHECK(stat.state == 'S');
    CHECK(stat.parent == Pid{7});
    CHECK(stat.group == Pid{8});
    CHECK(stat.session == Pid{9});
    CHECK(stat.threads == 5);
    CHECK(stat.start_time == 123456789);
    CHECK(stat.vsize == 2621440);
    CHECK(stat.rss_pages == -3);
}

}  // namespace

TEST_CASE("the fields of stat are those of proc(5), whatever the name is made of") {
    for (const char* name :
         {"sh", "", ") (", "a) S 1 2 3 (b", ")", "(", "two\nlines", " ", "1 2 3"}) {
        CAPTURE(name);
        const std::string text = with_name(name);
        const auto stat = parse_stat(text);
        REQUIRE(stat);
        CHECK(stat->comm == name);
        check_numbers(*stat);
    }
}

TEST_CASE("stat that is cut off before the last field used is refused, not misread") {
    const std::string text = with_name("sh");
    // rss is complete with the blank after it.
    const std::size_t enough = text.find(" -3 ") + 4;
    for (std::size_t size = 0; size < enough; ++size) {
        CAPTURE(size);
        CHECK_FALSE(parse_stat(std::string_view(text).substr(0, size)));
    }
    CHECK(parse_stat(std::string_view(text).substr(0, enough)));
}

TEST_CASE("stat with a field that is no number is refused") {
    CHECK_FALSE(parse_stat("x (sh)" + kAfterName));
    CHECK_FALSE(parse_stat("12 (sh) SS 7 8" + kAfterName));
    CHECK_FALSE(parse_stat("12 (sh) S x" + kAfterName));
    CHECK_FALSE(parse_stat("99999999999 (sh)" + kAfterName));
    CHECK_FALSE(parse_stat("12 )sh(" + kAfterName));
    CHECK_FALSE(parse_stat("12 (sh)"));
}

TEST_CASE("random and damaged bytes never do more than fail") {
    std::mt19937 random(4711);  // NOLINT: the same bytes each time
    const std::string valid = with_name("a) (b");
    for (int round = 0; round < 20000; ++round) {
        std::string text = round % 2 == 0 ? valid : std::string(random() % 300, '\0');
        if (round % 2 == 0) {
            for (int i = 0; i < 4; ++i) {
                text[random() % text.size()] = static_cast<char>(random());
            }
            text.resize(random() % (text.size() + 1));
        } else {
            for (char& c : text) {
                constexpr char kLikely[] = "() \n0123456789-:\tSZ";
                c = random() % 4 == 0 ? static_cast<char>(random())
                                      : kLikely[random() % (sizeof kLikely - 1)];
            }
        }
        if (const auto stat = parse_stat(text)) {
            // What it points to lies within what was given.
            CHECK(stat->comm.data() >= text.data());
            CHECK(stat->comm.data() + stat->comm.size() <= text.data() + text.size());
        }
    }
}

TEST_CASE("a main thread that has ended is a zombie, the process is not") {
    ProcStat stat;
    stat.state = 'Z';
    stat.threads = 1;
    CHECK_FALSE(is_alive(stat));
    stat.threads = 2;
    CHECK(is_alive(stat));
    stat.threads = 1;
    for (const char state : {'R', 'S', 'D', 'T', 't', 'I'}) {
        stat.state = state;
        CHECK(is_alive(stat));
    }
}

TEST_CASE("our own entry in /proc is what we know of ourselves") {
    const test::FdLeakGuard guard;
    const Proc proc = Proc::open();
    REQUIRE(proc.is_mounted());
    char buffer[1024];
    std::optional<ProcStat> stat;
    {
        const test::AllocationTripwire tripwire("reading stat");
        const auto text = proc.read("self/stat", buffer);
        stat = text.ok() ? parse_stat(text.value()) : std::nullopt;
    }
    REQUIRE(stat);
    CHECK(stat->pid == Pid{::getpid()});
    CHECK(stat->parent == Pid{::getppid()});
    CHECK(stat->group == Pid{::getpgrp()});
    CHECK(stat->session == Pid{::getsid(0)});
    CHECK(stat->threads == 1);
    CHECK(stat->state == 'R');
}

TEST_CASE("a name that looks like the end of the name is read right from the kernel") {
    const std::string wrong = test::isolated([]() -> std::string {
        EXPECT(::prctl(PR_SET_NAME, ") Z 1\n(", 0, 0, 0) == 0);
        const Proc proc = Proc::open();
        char buffer[1024];
        const auto text = proc.read("self/stat", buffer);
        EXPECT(text.ok());
        const auto stat = parse_stat(text.value());
        EXPECT(stat.has_value());
        EXPECT(stat->comm == ") Z 1\n(");
        EXPECT(stat->parent == Pid{::getppid()});
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("reading stops at the buffer's end, and what is not there is an error") {
    const test::TempDir dir;
    dir.write("ten", "0123456789");
    Result<Fd> root(Fd(::open(dir.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)));
    const Proc proc = Proc::at(std::move(root).value());
    char buffer[64];
    CHECK(proc.read("ten", buffer).value() == "0123456789");
    CHECK(proc.read("ten", std::span(buffer).first(4)).value() == "0123");
    CHECK(proc.read("ten", std::span(buffer).first(0)).value() == "");
    CHECK(proc.read("missing", buffer).error().err == ENOENT);
    CHECK(proc.read(".", buffer).error().err == EISDIR);
}

TEST_CASE("without /proc everything answers: nothing") {
    const Proc proc;
    char buffer[16];
    CHECK_FALSE(proc.is_mounted());
    CHECK(proc.read("self/stat", buffer).error().err == ENOENT);
}

TEST_CASE("the /proc of another pid namespace is as good as none") {
    if (::geteuid() != 0) {
        MESSAGE("not run: needs root");
        return;
    }
    const std::string wrong = test::isolated([]() -> std::string {
        EXPECT(Proc::open().is_mounted());
        EXPECT(::unshare(CLONE_NEWPID) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            // pid 1 here; /proc is still the old one, with numbers that are strangers to us.
            ::_exit(::getpid() == 1 && !Proc::open().is_mounted() ? 0 : 1);
        }
        EXPECT(test::wait_for(child) == 0);
        return "";
    });
    CHECK(wrong == "");
}
