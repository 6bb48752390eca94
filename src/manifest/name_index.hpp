#pragma once
// Which of a list has a name. The names that are added must outlive it: it holds views.
#include <cstddef>
#include <map>
#include <optional>
#include <string_view>

namespace gosv::manifest {

class NameIndex {
  public:
    // The place of that name: the first one that was added.
    std::size_t add(std::string_view name, std::size_t place);

    std::optional<std::size_t> find(std::string_view name) const noexcept;

  private:
    // Short ones first: most names are told apart by their length, and those that are numbered come
    // in this order.
    struct Order {
        bool operator()(std::string_view a, std::string_view b) const noexcept;
    };

    std::map<std::string_view, std::size_t, Order> places_;
};

}  // namespace gosv::manifest
