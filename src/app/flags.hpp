#pragma once
// The flags of the command line, read by getopt_long_only(3): one dash or two. Only cli.cpp uses
// it.
//
// Names are taken whole. getopt would also take any unique beginning, so that tini's `-s` would be
// `--snapshot-signal`, and a flag added later would break a script that works today.
#include <string>

#include "gosv/app/cli.hpp"

namespace gosv::app {

// getopt keeps its place in globals, so there can be one of these at a time.
class FlagReader {
  public:
    FlagReader(int argc, char* const* argv) noexcept;

    // Reads flags up to the first word that is none, up to "--" (which is taken; from then on there
    // are only words) or to the end. False on a usage error.
    bool read(Options& options, UsageError& error);

    // Whether "--" was read.
    bool saw_dashes() const noexcept { return saw_dashes_; }

    // A flag seen that only `gosv -- CMD` has; null when there was none.
    const char* command_only() const noexcept { return command_only_; }

    // The same of `gosv check`.
    const char* check_only() const noexcept { return check_only_; }

    // The words that follow.
    bool at_end() const noexcept;
    std::string next();

  private:
    bool apply(int found, const char* word, Options& options, UsageError& error);

    int argc_;
    char* const* argv_;
    bool saw_dashes_ = false;
    const char* command_only_ = nullptr;
    const char* check_only_ = nullptr;
};

}  // namespace gosv::app
