#include "gosv/manifest/diagnostic.hpp"

#include <algorithm>

namespace gosv::manifest {

bool has_errors(const Diagnostics& diagnostics) noexcept {
    return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& each) {
        return each.severity == Diagnostic::Severity::error;
    });
}

}  // namespace gosv::manifest
