#include "app/embedded.hpp"

namespace gosv::app {

namespace {

constexpr std::string_view kDemo = R"(# gosv demo
services:
  heartbeat:
    command: [/bin/sh, -c, 'while :; do echo "heartbeat: alive"; sleep 2; done']
  crasher:
    command: [/bin/sh, -c, 'echo "crasher: I shall fail in a second"; sleep 1; exit 3']
    max_restarts: 5
    failure_action: none
)";

// As a double-quoted YAML scalar; `$` doubled, since the shell and not gosv expands it.
std::string quoted(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '$') {
            out += "$$";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\x";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else {
            out += c;
        }
    }
    return out + "\"";
}

}  // namespace

std::string run_manifest(std::string_view command) {
    return "services:\n"
           "  main:\n"
           "    command: [/bin/sh, -c, " +
           quoted("exec " + std::string(command)) +
           "]\n"
           "    restart: always\n"
           "    max_restarts: 10\n"
           "    restart_delay: 2s\n"
           "    restart_multiplier: 1.5\n";
}

std::string_view demo_manifest() noexcept {
    return kDemo;
}

}  // namespace gosv::app
