#pragma once
// What is written once and copied into many services: `defaults`, the environment of the top level,
// env_files. A file of a hundred kilobytes can mean gigabytes that way; here is what it may mean.
#include <cstddef>

#include "draft.hpp"

namespace gosv::manifest {

// About how much memory a copy takes.
std::size_t copy_size(const EnvironmentChanges& changes) noexcept;
std::size_t copy_size(const ServiceDraft& draft) noexcept;

// Takes so much from what is left of kMaxCopies. False when that is not enough, from then on for
// all; the first to be refused is reported at its field.
bool may_copy(const Field& field, std::size_t size);

}  // namespace gosv::manifest
