#include "os/http_status.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gosv::os;
using State = HttpStatus::State;

TEST_CASE("a status line gives its code, with and without a reason, whatever the line end is") {
    for (const std::string_view line :
         {"HTTP/1.1 204 No Content\r\n", "HTTP/1.0 204 OK\n", "HTTP/1.1 204 \r\n",
          "HTTP/1.1 204\r\n", "HTTP/1.1 204\n", "HTTP/1.1 204 x\r\nServer: y\r\n\r\n"}) {
        CAPTURE(line);
        const HttpStatus status = parse_http_status(line);
        CHECK(status.state == State::complete);
        CHECK(status.code == 204);
    }
    CHECK(parse_http_status("HTTP/1.1 599 x\n").code == 599);
    CHECK(parse_http_status("HTTP/1.1 100\n").code == 100);
}

TEST_CASE("every beginning of a status line is incomplete") {
    const std::string_view line = "HTTP/1.1 200 OK\r\n";
    for (std::size_t size = 0; size < line.size(); ++size) {
        CAPTURE(size);
        CHECK(parse_http_status(line.substr(0, size)).state == State::incomplete);
    }
}

TEST_CASE("what can never become a status line is told at once") {
    for (const std::string_view text :
         {"SSH-2.0-OpenSSH", "220 mail", "\n", "\r\n", "HTTP/2", "HTTP/1.1  200 OK\n",
          "http/1.1 200\n", "HTTP/1.1 2000 OK\n", "HTTP/1.1 20x", "HTTP/1.1 20\n",
          "HTTP/1.1 099 x\n", "HTTP/1.12 200\n", "HTTP/1.1 200x", "HTTP/x.1", "{\"ok\": true}",
          "\x15\x03\x01", " HTTP/1.1 200 OK\n"}) {
        CAPTURE(text);
        CHECK(parse_http_status(text).state == State::not_http);
    }
}
