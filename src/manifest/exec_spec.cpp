#include "gosv/manifest/exec_spec.hpp"

#include <cstring>

namespace gosv::manifest {

StringBlock::StringBlock(const std::vector<std::string>& strings) {
    if (strings.empty()) {
        return;
    }
    std::size_t text = 0;
    for (const std::string& each : strings) {
        text += each.size() + 1;
    }
    const std::size_t pointers = strings.size() + 1;
    pointers_ = std::make_unique_for_overwrite<char*[]>(pointers +
                                                        (text + sizeof(char*) - 1) / sizeof(char*));
    char* next = reinterpret_cast<char*>(pointers_.get() + pointers);
    for (const std::string& each : strings) {
        pointers_[size_++] = next;
        std::memcpy(next, each.c_str(), each.size() + 1);
        next += each.size() + 1;
    }
    pointers_[size_] = nullptr;
}

StringBlock::StringBlock(const StringBlock& other)
    : StringBlock(std::vector<std::string>(other.get(), other.get() + other.size())) {}

bool operator==(const StringBlock& a, const StringBlock& b) noexcept {
    bool same = a.size() == b.size();
    for (std::size_t i = 0; same && i < a.size(); ++i) {
        same = a[i] == b[i];
    }
    return same;
}

}  // namespace gosv::manifest
