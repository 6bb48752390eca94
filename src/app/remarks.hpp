#pragma once
// What was said of a service: by its probes, and by itself. For people who read log and snapshot;
// nothing is decided by it. Begins anew with each run.
#include <cstdint>

#include "app/fixed_text.hpp"

namespace gosv::app {

struct Remarks {
    FixedText<160> probe;         // why the last probe failed; empty: it did not
    FixedText<120> status;        // STATUS=
    bool stopping = false;        // it has said STOPPING=1
    bool trouble = false;         // it has said WATCHDOG=trigger
    std::uint8_t complaints = 0;  // told already: a bit for each Notice::Complaint

    // Not written to when there is nothing to forget: then it need not be resident.
    void forget() noexcept {
        if (!probe.empty() || !status.empty() || stopping || trouble || complaints != 0) {
            *this = {};
        }
    }
};

}  // namespace gosv::app
