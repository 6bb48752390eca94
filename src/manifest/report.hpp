#pragma once
// Collects problems in the order in which they are found and hands them out in the order of the
// file. The same problem at the same place (an anchor used by ten services) is told once.
#include <cstddef>
#include <string_view>
#include <vector>

#include "gosv/manifest/diagnostic.hpp"

namespace gosv::manifest {

class Report {
  public:
    [[gnu::cold]] void error(Position at, std::string_view path, std::string_view message,
                             std::string_view hint = {});
    [[gnu::cold]] void warning(Position at, std::string_view path, std::string_view message,
                               std::string_view hint = {});

    // A problem inside another file: `from` is the place of the manifest that names the file, and
    // where the problem is sorted in.
    [[gnu::cold]] void error_in_file(Position from, std::string_view path, std::string_view file,
                                     Position at, std::string_view message,
                                     std::string_view hint = {});

    bool has_errors() const noexcept;

    // So much is wrong already that more will only be counted: looking for hints is not worth it.
    bool full() const noexcept;

    // All of them, sorted; at most kMaxDiagnostics and one more that counts the rest.
    Diagnostics take();

  private:
    struct Found {
        Position order;
        Diagnostic diagnostic;
    };

    [[gnu::cold]] void add(Position order, Diagnostic::Severity severity, std::string_view path,
                           std::string_view file, Position at, std::string_view message,
                           std::string_view hint);

    std::vector<Found> found_;
    std::size_t dropped_ = 0;
    bool dropped_errors_ = false;
};

}  // namespace gosv::manifest
