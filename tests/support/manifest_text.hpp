#pragma once
// A Manifest as text, every field of it, for golden files and comparisons.
#include <string>

#include "gosv/manifest/manifest.hpp"

namespace gosv::test {

std::string to_text(const manifest::Manifest& manifest);
std::string to_text(const manifest::Service& service);

}  // namespace gosv::test
