#pragma once
// The value of "Name:\t..." in the text of /proc/PID/status, without the blanks around it; nullopt
// when it is not there. proc(5)
#include <optional>
#include <string>
#include <string_view>

namespace gosv::test {

inline std::optional<std::string> status_field(std::string_view text, std::string_view name) {
    const std::string whole = "\n" + std::string(text);
    const std::string label = "\n" + std::string(name) + ":";
    const std::size_t found = whole.find(label);
    if (found == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t begin = found + label.size();
    const std::string line = whole.substr(begin, whole.find('\n', begin) - begin);
    const std::size_t first = line.find_first_not_of(" \t");
    return first == std::string::npos
               ? std::string()
               : line.substr(first, line.find_last_not_of(" \t") - first + 1);
}

}  // namespace gosv::test
