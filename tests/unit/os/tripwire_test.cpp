// The instrument itself: a tripwire that never trips would prove nothing.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "support/allocation_tripwire.hpp"

using gosv::test::AllocationTripwire;

namespace {

// A compiler may leave out an allocation that nobody looks at: clang does.
void look_at(const void* memory) {
    asm volatile("" : : "r"(memory) : "memory");
}

}  // namespace

TEST_CASE("the tripwire counts every kind of allocation while armed") {
    AllocationTripwire tripwire("this test");
    const auto one = std::make_unique<int>(1);
    const auto many = std::make_unique<int[]>(10);
    const std::string text(100, 'x');
    const std::unique_ptr<int> quiet(new (std::nothrow) int(2));

    struct alignas(64) Line {
        char bytes[64];
    };

    const auto line = std::make_unique<Line>();
    look_at(one.get());
    look_at(many.get());
    look_at(text.data());
    look_at(quiet.get());
    look_at(line.get());
    const std::size_t counted = AllocationTripwire::count();
    AllocationTripwire::forget();
    CHECK(counted == 5);
    AllocationTripwire::forget();
}

TEST_CASE("the tripwire lets a pause allocate") {
    std::unique_ptr<int> made;
    AllocationTripwire tripwire("this test");
    {
        const AllocationTripwire::Pause pause;
        made = std::make_unique<int>(1);
    }
    const std::size_t counted = AllocationTripwire::count();
    const AllocationTripwire::Pause pause;
    CHECK(counted == 0);
}
