#include "gosv/os/first_line.hpp"

#include <doctest/doctest.h>

#include <string>

#include "gosv/os/sys.hpp"
#include "support/allocation_tripwire.hpp"

using namespace gosv;
using namespace gosv::os;

namespace {

struct Output {
    Output() : ends(std::move(sys::pipe()).value()) {}

    void write(std::string_view text) const { REQUIRE(sys::write(ends.write.borrow(), text).ok()); }

    bool read() { return line.read_from(ends.read.borrow()); }

    sys::Pipe ends;
    FirstLine line;
};

}  // namespace

TEST_CASE("the first line is kept, in whatever pieces it comes, and the rest is thrown away") {
    Output output;
    CHECK(output.read());
    CHECK(output.line.text() == "");
    output.write("\n \n  could not");
    CHECK(output.read());
    CHECK(output.line.text() == "could not");
    output.write(" connect\x1b[0m\r\nTrace");
    output.write("back\n");
    CHECK(output.read());
    CHECK(output.line.text() == "could not connect?[0m");
    output.ends.write.reset();
    CHECK_FALSE(output.read());
    CHECK(output.line.text() == "could not connect?[0m");
}

TEST_CASE("a line without end is cut between characters") {
    Output output;
    std::string text;
    for (int i = 0; i < 500; ++i) {
        text += "\u2713";
    }
    output.write(text);
    CHECK(output.read());
    CHECK(output.line.text() == text.substr(0, 120));
    output.write(" more");
    CHECK(output.read());
    CHECK(output.line.text() == text.substr(0, 120));
}

TEST_CASE("a probe that writes much is never held up, and not read without end in one go") {
    Output output;
    const std::string piece(4096, 'x');
    std::size_t written = 0;
    int rounds = 0;
    while (written < 1'000'000) {
        const auto size = sys::write(output.ends.write.borrow(), piece);
        if (size.ok()) {
            written += size.value();
        } else {
            const test::AllocationTripwire tripwire("reading a probe's output");
            (void)output.read();
            ++rounds;
        }
    }
    CHECK(rounds > 1);
    CHECK(output.line.text() == piece.substr(0, 120));
}

TEST_CASE("a line that was cleared begins anew") {
    Output output;
    output.write("one\n");
    CHECK(output.read());
    output.line.clear();
    CHECK(output.line.text() == "");
    output.write("two\n");
    CHECK(output.read());
    CHECK(output.line.text() == "two");
}

TEST_CASE("a pipe that cannot be read is at its end") {
    FirstLine line;
    CHECK_FALSE(line.read_from(BorrowedFd()));
}
