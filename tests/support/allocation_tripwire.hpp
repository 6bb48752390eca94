#pragma once
// Shows that a piece of code does not allocate: while an AllocationTripwire is alive, every
// operator new is counted, and its end fails the test case if there was one. A program that uses it
// must link allocation_tripwire.cpp, which replaces the global operators. doctest's own macros
// allocate: keep them outside, or within a Pause. GOSV_TRIPWIRE_ABORT=1 in the environment aborts
// at the first allocation instead, so that a debugger shows who made it.
#include <cstddef>

namespace gosv::test {

class AllocationTripwire {
  public:
    // `what` names the code under test in the message. Static storage.
    explicit AllocationTripwire(const char* what) noexcept;
    ~AllocationTripwire();
    AllocationTripwire(const AllocationTripwire&) = delete;
    AllocationTripwire& operator=(const AllocationTripwire&) = delete;

    // Allocations since this one was armed.
    static std::size_t count() noexcept;
    // Forgets those made so far (a test of the tripwire itself).
    static void forget() noexcept;

    // Allocating is allowed while this is alive.
    class Pause {
      public:
        Pause() noexcept;
        ~Pause();
        Pause(const Pause&) = delete;
        Pause& operator=(const Pause&) = delete;

      private:
        bool was_armed_;
    };

  private:
    const char* what_;
};

}  // namespace gosv::test
