#pragma once
// What is allowed and probably not meant: for `gosv check`, which has time for it. Warnings only;
// nothing here keeps a manifest from running, and a start does not tell them.
#include "gosv/manifest/diagnostic.hpp"
#include "gosv/manifest/manifest.hpp"

namespace gosv::manifest {

// In the order of the file. Of a manifest with errors, what can be told of its services.
Diagnostics advise(const Manifest& manifest);

}  // namespace gosv::manifest
