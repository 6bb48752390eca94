#pragma once
// What makes two states the same: everything that the core and the world will ever decide by, with
// times counted from now, and counters only as far as they still make a difference.
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "explore/world.hpp"

namespace gosv::explore {

class StateKey {
  public:
    StateKey(const Case& explored, const core::SupervisorState& self,
             std::span<const core::ServiceState> services, const World& world, MonotonicTime now);

    std::uint64_t hash() const;

    friend bool operator==(const StateKey&, const StateKey&) = default;

  private:
    void add(std::uint64_t bits, int width);
    void add_watch(const core::ServicePolicy& policy, const Run& run, MonotonicTime now);
    void add_time(MonotonicTime time, MonotonicTime now, Duration matters_for);

    std::array<std::uint64_t, 16> words_{};
    std::size_t used_ = 0;
    int shift_ = 0;
};

// The keys seen so far, numbered in the order in which they came.
class StateSet {
  public:
    StateSet() : slots_(1U << 12U, kFree) {}

    // The key's number, and whether it is new.
    std::pair<std::uint32_t, bool> insert(const StateKey& key);

  private:
    static constexpr std::uint32_t kFree = UINT32_MAX;

    std::uint32_t& slot_of(const StateKey& key);
    void grow();

    std::vector<StateKey> keys_;
    std::vector<std::uint32_t> slots_;  // open addressing, at most half full
};

}  // namespace gosv::explore
