#include "duration_text.hpp"

#include "gosv/base/concat.hpp"

namespace gosv::manifest {

std::string duration_text(Duration duration) {
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return milliseconds % 1000 == 0 ? concat({milliseconds / 1000, "s"})
                                    : concat({milliseconds, "ms"});
}

}  // namespace gosv::manifest
