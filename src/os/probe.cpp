#include "gosv/os/probe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "gosv/base/concat.hpp"
#include "gosv/base/error.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

ProbeResult ProbeResult::bad(std::initializer_list<Piece> reason) noexcept {
    ProbeResult result;
    result.size_ = std::max(concat_into(result.text_, reason).size(), std::size_t{1});
    return result;
}

ProbeResult ProbeResult::failed(int err) noexcept {
    ProbeResult result = bad({errno_text(err)});
    // "Connection refused" begins a sentence; here it does not. Abbreviations stay.
    char& first = result.text_[0];
    if (first >= 'A' && first <= 'Z') {
        first = static_cast<char>(first - 'A' + 'a');
    }
    return result;
}

Result<ProbeChild> fork_probe() noexcept {
    Result<sys::Pipe> pipe = sys::pipe();
    if (!pipe.ok()) {
        return pipe.error();
    }
    const Result<Pid> forked = sys::fork_helper();
    if (!forked.ok()) {
        return forked.error();
    }
    if (!forked.value().exists()) {
        (void)::setpgid(0, 0);
        // Copies of what the parent closes meanwhile would keep it alive.
        const int keep[] = {pipe.value().write.raw()};
        pipe.value().read.reset();
        sys::close_inherited(keep);
        return ProbeChild{Pid{}, std::move(pipe.value().write)};
    }
    // Also here, so that a KILL to the group reaches it whoever runs first. ESRCH: it has ended.
    (void)::setpgid(forked.value().value, forked.value().value);
    return ProbeChild{forked.value(), std::move(pipe.value().read)};
}

void end_probe(const ProbeChild& child, const ProbeResult& result) noexcept {
    // Into an empty pipe: complete, and without waiting.
    (void)sys::write(child.answer.borrow(), result.reason());
    ::_exit(result.is_good() ? 0 : 1);
}

}  // namespace gosv::os
