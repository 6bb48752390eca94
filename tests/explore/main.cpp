// explore FAMILY...: explores the cases of each family (explore/plans.hpp) and tells how many
// states they have. At the first fault it prints the shortest way to it as a scenario file.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "explore/explorer.hpp"

namespace {

bool run(const char* family) {
    const auto cases = gosv::explore::cases_of(family);
    if (cases.empty()) {
        std::printf("no such family of plans: %s\n", family);
        return false;
    }
    const auto begin = std::chrono::steady_clock::now();
    gosv::explore::Outcome sum;
    for (const gosv::explore::Case& each : cases) {
        const gosv::explore::Outcome outcome = gosv::explore::explore(each);
        sum.states += outcome.states;
        sum.transitions += outcome.transitions;
        sum.impossible += outcome.impossible;
        sum.longest_stop = std::max(sum.longest_stop, outcome.longest_stop);
        if (!outcome.fault.empty()) {
            std::printf("FAULT: %s\n# %s, %zu states seen\n%s", outcome.fault.c_str(),
                        each.title.c_str(), outcome.states, outcome.story.c_str());
            return false;
        }
    }
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    std::printf(
        "%s: %zu plans, %zu states, %zu transitions, %zu impossible events, "
        "a stop takes %zu steps at most; %lld ms\n",
        family, cases.size(), sum.states, sum.transitions, sum.impossible, sum.longest_stop,
        static_cast<long long>(took.count()));
    return true;
}

}  // namespace

int main(int argc, char** argv) {
#ifdef M_MMAP_THRESHOLD  // glibc
    // The memory of one plan's states serves the next one's: else half the time goes to the kernel.
    ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
    bool all_well = argc > 1;
    for (int i = 1; i < argc; ++i) {
        all_well = run(argv[i]) && all_well;
    }
    return all_well ? 0 : 1;
}
