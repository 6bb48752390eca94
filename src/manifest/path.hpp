#pragma once
// Paths of diagnostics: "services.web.command[1]". A key that is no plain word is put in quotes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gosv::manifest {

std::string child_path(std::string_view parent, std::string_view key);
std::string item_path(std::string_view parent, std::size_t index);

// The path of what a walk through the tree has reached, as steps that stay where the walk has taken
// them: it is spelled out only when there is a problem to be told. What is above must outlive it,
// and so must the key.
class Path {
  public:
    Path() noexcept = default;  // the root's, which is empty

    // Of a part of the root.
    explicit Path(std::string_view key) noexcept : key_(key) {}

    Path(const Path& parent, std::string_view key) noexcept : parent_(&parent), key_(key) {}

    Path(const Path& parent, std::size_t index) noexcept : parent_(&parent), index_(index) {}

    bool is_root() const noexcept { return parent_ == nullptr && key_.empty(); }

    std::string text() const;

  private:
    static constexpr std::size_t kNoItem = SIZE_MAX;

    const Path* parent_ = nullptr;
    std::string_view key_;
    std::size_t index_ = kNoItem;
};

}  // namespace gosv::manifest
