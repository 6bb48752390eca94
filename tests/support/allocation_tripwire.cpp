#include "support/allocation_tripwire.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

namespace {

// Single-threaded, as all of gosv and its tests.
bool armed = false;
std::size_t allocations = 0;
std::size_t first_size = 0;

void note(std::size_t size) noexcept {
    if (!armed) {
        return;
    }
    if (allocations++ == 0) {
        first_size = size;
        if (std::getenv("GOSV_TRIPWIRE_ABORT") != nullptr) {
            std::abort();
        }
    }
}

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    note(size);
    const std::size_t wanted = size == 0 ? 1 : size;
    if (alignment <= alignof(std::max_align_t)) {
        return std::malloc(wanted);
    }
    return std::aligned_alloc(alignment, (wanted + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
    void* const memory = allocate(size, alignment);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

constexpr std::size_t kDefault = alignof(std::max_align_t);

std::size_t number(std::align_val_t alignment) noexcept {
    return static_cast<std::size_t>(alignment);
}

}  // namespace

// Every form, since those that are not replaced need not come down to these: a sanitizer's runtime
// brings its own.
void* operator new(std::size_t size) {
    return allocate_or_throw(size, kDefault);
}

void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate_or_throw(size, number(alignment));
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size, kDefault);
}

void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return allocate(size, number(alignment));
}

void* operator new[](std::size_t size) {
    return allocate_or_throw(size, kDefault);
}

void* operator new[](std::size_t size, std::align_val_t alignment) {
    return allocate_or_throw(size, number(alignment));
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size, kDefault);
}

void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return allocate(size, number(alignment));
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(memory);
}

void operator delete[](void* memory) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::align_val_t) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(memory);
}

namespace gosv::test {

AllocationTripwire::AllocationTripwire(const char* what) noexcept : what_(what) {
    allocations = 0;
    armed = true;
}

AllocationTripwire::~AllocationTripwire() {
    armed = false;
    CHECK_MESSAGE(allocations == 0, what_, " allocated ", allocations, " times, first ", first_size,
                  " bytes; GOSV_TRIPWIRE_ABORT=1 under a debugger shows where");
}

std::size_t AllocationTripwire::count() noexcept {
    return allocations;
}

void AllocationTripwire::forget() noexcept {
    allocations = 0;
}

AllocationTripwire::Pause::Pause() noexcept : was_armed_(armed) {
    armed = false;
}

AllocationTripwire::Pause::~Pause() {
    armed = was_armed_;
}

}  // namespace gosv::test
