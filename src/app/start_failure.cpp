#include "app/start_failure.hpp"

#include "app/line_writer.hpp"
#include "gosv/os/spawn.hpp"

namespace gosv::app {

namespace {

constexpr std::size_t kMostProgram = 200;

}  // namespace

std::string_view describe_failed_start(std::string_view program, os::Stage stage, SysError error,
                                       std::span<char> buffer) noexcept {
    LineWriter out(buffer);
    if (stage == os::Stage::none) {
        out.put("no process to be had: ");
        out.put(error.op);
    } else {
        out.put("cannot start '");
        out.put(program.substr(0, kMostProgram));
        out.put("': ");
        out.put(os::name(stage));
    }
    out.put(": ");
    out.put(errno_text(error.err));
    return out.view();
}

}  // namespace gosv::app
