#pragma once
// An environment, as data: gosv's own, from which manifests take values and services inherit.
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gosv::manifest {

class Environment {
  public:
    Environment() = default;
    // "K=V" each. What has no "=" is left out: execve(2) does not mind, but programs do. Of two
    // with the same key the first counts, as for getenv(3).
    explicit Environment(std::vector<std::string> entries);
    Environment(std::initializer_list<std::pair<std::string_view, std::string_view>> variables);

    // In the order in which they came.
    const std::vector<std::string>& entries() const noexcept { return entries_; }

    // Where in entries().
    std::optional<std::size_t> place_of(std::string_view key) const noexcept;

    // Its value.
    std::optional<std::string_view> find(std::string_view key) const noexcept;

  private:
    void index();

    std::vector<std::string> entries_;
    std::vector<std::uint32_t> by_key_;  // places
};

// "K" of "K=V".
std::string_view key_of(std::string_view entry) noexcept;

}  // namespace gosv::manifest
