#include "gosv/manifest/plan_draft.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "gosv/base/concat.hpp"
#include "service_environment.hpp"

namespace gosv::manifest {

namespace {

// Distinct policies and settings that a new one is compared with.
constexpr std::size_t kLooks = 64;

template <class T>
std::uint16_t place_of(std::vector<T>& distinct, const T& wanted) {
    const std::size_t end = distinct.size() - std::min(kLooks, distinct.size());
    for (std::size_t place = distinct.size(); place > end; --place) {
        if (distinct[place - 1] == wanted) {
            return static_cast<std::uint16_t>(place - 1);
        }
    }
    distinct.push_back(wanted);
    return static_cast<std::uint16_t>(distinct.size() - 1);
}

template <class T>
std::size_t bytes_of(const std::vector<T>& list) noexcept {
    return list.size() * sizeof(T);
}

// A block of memory, given out from its beginning. Lists come in the order of their alignment, so
// that there is no gap between them.
class Block {
  public:
    explicit Block(std::byte* begin) noexcept : next_(begin) {}

    void* take(std::size_t bytes) noexcept { return std::exchange(next_, next_ + bytes); }

    template <class T>
    std::span<const T> put(const std::vector<T>& items) noexcept {
        static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
        return {static_cast<const T*>(put(items.data(), bytes_of(items))), items.size()};
    }

  private:
    const void* put(const void* items, std::size_t bytes) noexcept {
        void* const place = take(bytes);
        if (bytes > 0) {
            std::memcpy(place, items, bytes);
        }
        return place;
    }

    std::byte* next_;
};

}  // namespace

void PlanDraft::add(const core::ServicePolicy& policy, const ExecSpec& exec) {
    const Service before = services_.empty() ? Service{kNoText, 0, 0, 0, 0} : services_.back();
    const List envp = keep(exec.envp, before.envp, 0);
    Place name = kNoText;
    for (List at = envp; lists_[at] != kNoText && name == kNoText; ++at) {
        name = name_in(lists_[at]);
    }
    add(policy, exec, before, envp, name);
}

void PlanDraft::add_alike(const core::ServicePolicy& policy, const ExecSpec& exec,
                          std::size_t place, std::string_view entry) {
    const Service before = services_.back();
    const List envp = keep_but(before.envp, place, entry);
    add(policy, exec, before, envp, name_in(lists_[envp + place]));
}

void PlanDraft::add(const core::ServicePolicy& policy, const ExecSpec& exec, const Service& before,
                    List envp, Place name) {
    Service service{};
    service.argv = keep(exec.argv, before.argv, 0);
    service.envp = envp;
    service.candidates = keep(exec.candidates, before.candidates, service.argv);
    service.name = keep(exec.name, name, kNoText);
    service.settings = place_of<ExecSettings>(settings_, exec);
    services_.push_back(service);
    policy_of_.push_back(place_of(policies_, policy));
}

Plan PlanDraft::finish() const {
    const std::size_t size = services_.size() * sizeof(Exec) + lists_.size() * sizeof(char*) +
                             bytes_of(edges_.begins) + bytes_of(policy_of_) +
                             bytes_of(edges_.dependents) + bytes_of(edges_.start_order) +
                             bytes_of(edges_.dependencies) + text_.size();
    Plan plan{of_all,    {},        {},
              policies_, settings_, std::make_unique_for_overwrite<std::byte[]>(size),
              size};

    static_assert(alignof(Exec) >= alignof(char*) && alignof(char*) >= alignof(core::EdgesBegin) &&
                  alignof(core::EdgesBegin) >= alignof(std::uint16_t) &&
                  alignof(std::uint16_t) >= alignof(ServiceId) &&
                  alignof(ServiceId) >= alignof(core::Dependency));
    Block block(plan.storage.get());
    auto* const execs = static_cast<Exec*>(block.take(services_.size() * sizeof(Exec)));
    auto** const lists = static_cast<char**>(block.take(lists_.size() * sizeof(char*)));
    core::DependencyGraph& graph = plan.supervisor.graph;
    graph.begins = block.put(edges_.begins);
    plan.policies = {plan.distinct_policies, block.put(policy_of_)};
    graph.dependents = block.put(edges_.dependents);
    graph.start_order = block.put(edges_.start_order);
    graph.dependencies = block.put(edges_.dependencies);
    auto* const text = static_cast<char*>(block.take(text_.size()));

    std::memcpy(text, text_.data(), text_.size());
    for (std::size_t i = 0; i < lists_.size(); ++i) {
        lists[i] = lists_[i] == kNoText ? nullptr : text + lists_[i];
    }
    for (std::size_t i = 0; i < services_.size(); ++i) {
        const Service& each = services_[i];
        ::new (static_cast<void*>(execs + i)) Exec{
            Text(text + each.name), StringList(lists + each.argv), StringList(lists + each.envp),
            StringList(lists + each.candidates), &plan.settings[each.settings]};
    }
    plan.execs = {execs, services_.size()};
    return plan;
}

bool PlanDraft::is_at(Place place, std::string_view text) const noexcept {
    return place != kNoText && text_.compare(place, text.size(), text) == 0 &&
           text_[place + text.size()] == '\0';
}

PlanDraft::Place PlanDraft::keep(std::string_view text, Place perhaps, Place or_else) {
    for (const Place place : {perhaps, or_else}) {
        if (is_at(place, text)) {
            return place;
        }
    }
    const Place place = text_.size();
    append_to(text_, {text, '\0'});
    return place;
}

// The text may be that of either list at the same place, and the list may be one of them.
PlanDraft::List PlanDraft::keep(const StringBlock& block, List perhaps, List or_else) {
    const List list = lists_.size();
    List a = perhaps;
    List b = or_else;
    for (std::size_t i = 0; i < block.size(); ++i) {
        lists_.push_back(keep(block[i], lists_[a], lists_[b]));
        a += lists_[a] != kNoText ? 1U : 0U;
        b += lists_[b] != kNoText ? 1U : 0U;
    }
    lists_.push_back(kNoText);
    for (const List old : {List{0}, perhaps, or_else}) {
        if (std::equal(lists_.begin() + static_cast<std::ptrdiff_t>(list), lists_.end(),
                       lists_.begin() + static_cast<std::ptrdiff_t>(old))) {
            lists_.resize(list);
            return old;
        }
    }
    return list;
}

// The list once more, with another text in the place of one.
PlanDraft::List PlanDraft::keep_but(List list, std::size_t place, std::string_view text) {
    const List changed = lists_.size();
    for (List at = list; lists_[at] != kNoText; ++at) {
        lists_.push_back(Place{lists_[at]});
    }
    lists_.push_back(kNoText);
    lists_[changed + place] = keep(text, lists_[changed + place], kNoText);
    return changed;
}

// A name stands in the environment as well, at the end of GOSV_SERVICE=NAME.
PlanDraft::Place PlanDraft::name_in(Place entry) const noexcept {
    return text_.compare(entry, kNameVariable.size(), kNameVariable) == 0
               ? entry + kNameVariable.size()
               : kNoText;
}

}  // namespace gosv::manifest
