#include "gosv/os/readiness_pipe.hpp"

#include <doctest/doctest.h>

#include <string>

#include "gosv/os/sys.hpp"

using namespace gosv;
using namespace gosv::os;

namespace {

struct Pipe {
    Pipe() : ends(std::move(sys::pipe()).value()) {}

    void write(std::string_view text) const { REQUIRE(sys::write(ends.write.borrow(), text).ok()); }

    Readiness look() const { return read_readiness(ends.read.borrow()); }

    sys::Pipe ends;
};

}  // namespace

TEST_CASE("a newline means ready, and nothing before it means anything") {
    const Pipe pipe;
    CHECK(pipe.look() == Readiness::pending);
    pipe.write("not");
    CHECK(pipe.look() == Readiness::pending);
    pipe.write("yet");
    pipe.write("\n");
    CHECK(pipe.look() == Readiness::ready);
}

TEST_CASE("a newline counts although the descriptor was closed right after it") {
    Pipe pipe;
    pipe.write("\n");
    pipe.ends.write.reset();
    CHECK(pipe.look() == Readiness::ready);
    CHECK(pipe.look() == Readiness::closed);
}

TEST_CASE("the end without a newline is told as the end") {
    Pipe pipe;
    pipe.write("ready");
    pipe.ends.write.reset();
    CHECK(pipe.look() == Readiness::pending);
    CHECK(pipe.look() == Readiness::closed);
}

TEST_CASE("a service that writes much before its newline is read in bounds") {
    const Pipe pipe;
    pipe.write(std::string(10000, 'x') + "\n");
    int looks = 1;
    while (pipe.look() == Readiness::pending && looks < 1000) {
        ++looks;
    }
    CHECK(looks > 1);
    CHECK(looks < 1000);
}

TEST_CASE("what is no pipe at all counts as closed") {
    CHECK(read_readiness(BorrowedFd()) == Readiness::closed);
}
