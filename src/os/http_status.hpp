#pragma once
// The first line of an HTTP/1 answer, as far as it has come. Pure. RFC 9112, section 4.
#include <cstdint>
#include <string_view>

namespace gosv::os {

struct HttpStatus {
    enum class State : std::uint8_t {
        incomplete,  // may become one
        complete,    // code
        not_http,    // never will
    };
    State state = State::incomplete;
    int code = 0;  // 100..999
};

// Complete with the line's end; what follows is not looked at.
HttpStatus parse_http_status(std::string_view answer) noexcept;

}  // namespace gosv::os
