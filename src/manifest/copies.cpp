#include "copies.hpp"

#include <string>

#include "bounds.hpp"
#include "gosv/base/concat.hpp"

namespace gosv::manifest {

namespace {

std::size_t words_size(const std::vector<std::string>& words) noexcept {
    std::size_t size = 0;
    for (const std::string& word : words) {
        size += sizeof(std::string) + word.size();
    }
    return size;
}

}  // namespace

std::size_t copy_size(const EnvironmentChanges& changes) noexcept {
    std::size_t size = 0;
    for (const auto& [name, value] : changes) {
        size += sizeof changes.front() + name.size() + (value ? value->size() : 0);
    }
    return size;
}

std::size_t copy_size(const ServiceDraft& draft) noexcept {
    std::size_t size =
        copy_size(draft.from_files) + copy_size(draft.environment) + words_size(draft.command) +
        words_size(draft.args) + words_size(draft.service.stop_command) +
        words_size(draft.service.group_add) + draft.program.value_or(std::string()).size();
    if (draft.health.probe) {
        if (const auto* const probe = std::get_if<ExecProbe>(&*draft.health.probe)) {
            size += words_size(probe->argv);
        }
    }
    return size;
}

bool may_copy(const Field& field, std::size_t size) {
    Context& context = field.context;
    if (context.copies_refused) {
        return false;
    }
    if (size <= kMaxCopies - context.copied) {
        context.copied += size;
        return true;
    }
    context.copies_refused = true;
    field.error_at(
        field.key_at,
        concat({"with `defaults`, environment and env_files copied into every service the "
                "manifest is larger than ",
                kMaxCopies >> 20, " MiB"}),
        "put into them only what every service needs");
    return false;
}

}  // namespace gosv::manifest
