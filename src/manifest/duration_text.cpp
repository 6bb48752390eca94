#include "duration_text.hpp"

namespace gosv::manifest {

std::string duration_text(Duration duration) {
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return milliseconds % 1000 == 0 ? std::to_string(milliseconds / 1000) + "s"
                                    : std::to_string(milliseconds) + "ms";
}

}  // namespace gosv::manifest
