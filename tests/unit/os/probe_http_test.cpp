// Servers that do what servers do on bad days, each with the reason that is told.
#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "gosv/os/probe.hpp"
#include "probe_server.hpp"
#include "support/fd_leak_guard.hpp"

using namespace gosv;
using namespace gosv::os;
using namespace std::chrono_literals;
using test::ClosedPort;
using test::Conversation;
using test::kPatience;
using test::Server;
using test::Stopwatch;

namespace {

constexpr Duration kShort = 300ms;

std::string ask_http(const std::vector<Endpoint>& endpoints, Duration timeout = kPatience) {
    const test::FdLeakGuard guard;
    return test::told(probe_http(endpoints, {"127.0.0.1:80", "/health?deep=1", "gosv/0"}, timeout));
}

std::string ask_http(const Server& server, Duration timeout = kPatience) {
    return ask_http(std::vector<Endpoint>{server.endpoint()}, timeout);
}

// Answers each request with this and closes.
auto answering(std::string text) {
    return [text](const Conversation& talk) {
        (void)talk.read_request();
        (void)talk.write(text);
    };
}

}  // namespace

TEST_CASE("http: 2xx and 3xx are good, everything else is told with its number") {
    for (const int code : {200, 204, 299, 301, 304, 399}) {
        CAPTURE(code);
        const Server server(answering("HTTP/1.1 " + std::to_string(code) + " Word\r\n\r\n"));
        CHECK(ask_http(server) == "good");
    }
    for (const int code : {100, 199, 400, 404, 500, 503, 999}) {
        CAPTURE(code);
        const Server server(answering("HTTP/1.0 " + std::to_string(code) + "\r\n\r\n"));
        CHECK(ask_http(server) == "HTTP " + std::to_string(code));
    }
}

TEST_CASE("http: the request is what a server of any age understands") {
    const Server server([](const Conversation& talk) {
        const bool same = talk.read_request() ==
                          "GET /health?deep=1 HTTP/1.1\r\n"
                          "Host: 127.0.0.1:80\r\n"
                          "User-Agent: gosv/0\r\n"
                          "Accept: */*\r\n"
                          "Connection: close\r\n\r\n";
        (void)talk.write(same ? "HTTP/1.1 200 OK\r\n\r\n" : "HTTP/1.1 400 Bad\r\n\r\n");
    });
    CHECK(ask_http(server) == "good");
}

TEST_CASE("http: IPv6, and the next endpoint when nobody listens at the first") {
    const Server server(answering("HTTP/1.1 200 OK\r\n\r\n"), true);
    const ClosedPort closed;
    CHECK(ask_http(server) == "good");
    CHECK(ask_http({closed.endpoint(), server.endpoint()}) == "good");
    CHECK(ask_http({closed.endpoint()}) == "connection refused");
}

TEST_CASE("http: a bad answer is not made good by the next endpoint") {
    const Server bad(answering("HTTP/1.1 503 Busy\r\n\r\n"));
    const Server good(answering("HTTP/1.1 200 OK\r\n\r\n"));
    CHECK(ask_http({bad.endpoint(), good.endpoint()}) == "HTTP 503");
}

TEST_CASE("http: servers that do not answer, or not to the end, are given up in time") {
    const Server hangs([](const Conversation& talk) { talk.wait_for_hang_up(); });
    CHECK(ask_http(hangs, kShort) == "no answer within 300ms");
    CHECK(ask_http(hangs, 1s) == "no answer within 1s");

    const Server half([](const Conversation& talk) {
        (void)talk.write("HTTP/1.1 20");
        talk.wait_for_hang_up();
    });
    CHECK(ask_http(half, kShort) == "no whole answer within 300ms");

    const Server endless([](const Conversation& talk) {
        (void)talk.write("HTTP/1.1 200 ");
        while (talk.write("x")) {
            ::usleep(10000);
        }
    });
    const Stopwatch watch;
    CHECK(ask_http(endless, kShort) == "no whole answer within 300ms");
    CHECK(watch.elapsed() < kPatience);
}

TEST_CASE("http: a slow answer in pieces is an answer") {
    const Server slow([](const Conversation& talk) {
        (void)talk.read_request();
        for (const char c : std::string_view("HTTP/1.1 200 OK\r\n\r\n")) {
            (void)talk.write(std::string_view(&c, 1));
            ::usleep(2000);
        }
    });
    CHECK(ask_http(slow) == "good");
}

TEST_CASE("http: servers that close are told apart by how far they had come") {
    const Server at_once([](const Conversation&) {});
    const std::string reason = ask_http(at_once);
    CHECK((reason == "closed before answering" || reason == "connection reset before answering"));

    const Server after_request([](const Conversation& talk) { (void)talk.read_request(); });
    CHECK(ask_http(after_request) == "closed before answering");

    const Server resets([](const Conversation& talk) {
        (void)talk.read_request();
        talk.reset();
    });
    CHECK(ask_http(resets) == "connection reset before answering");

    const Server within(answering("HTTP/1.1 200"));
    CHECK(ask_http(within) == "closed within the status line");
}

TEST_CASE("http: other protocols, garbage and a line without end are no HTTP answer") {
    for (const std::string& text :
         {std::string("SSH-2.0-OpenSSH_9.2\r\n"), std::string("HTTP/2 200\r\n"),
          std::string("\x15\x03\x01\x00\x02\x02\x46", 7), std::string("<html>hello</html>"),
          std::string(100, '\0'), "HTTP/1.1 200 " + std::string(10000, 'x')}) {
        CAPTURE(text);
        const Server server(answering(text));
        CHECK(ask_http(server) == "not an HTTP answer");
    }
}

TEST_CASE("http: ten megabytes after the status line change nothing, and are not read") {
    const Server large([](const Conversation& talk) {
        (void)talk.read_request();
        (void)talk.write("HTTP/1.1 200 OK\r\n\r\n");
        const std::string piece(65536, 'x');
        for (int i = 0; i < 160 && talk.write(piece); ++i) {
        }
    });
    CHECK(ask_http(large) == "good");
    CHECK(ask_http(large) == "good");
}

TEST_CASE("http: a server that sends its answer in two pieces is not cut off between them") {
    // It answers the second time with what became of the first answer's second piece.
    const Server server([](const Conversation& talk) {
        static bool whole = true;
        (void)talk.read_request();
        if (talk.number() == 0) {
            whole = talk.write("HTTP/1.1 200 OK\r\n\r\n");
            ::usleep(10000);
            whole = whole && talk.write("o");
            ::usleep(10000);
            whole = whole && talk.write("k");
        } else {
            (void)talk.write(whole ? "HTTP/1.1 200 OK\r\n\r\n" : "HTTP/1.1 500 Cut\r\n\r\n");
        }
    });
    CHECK(ask_http(server) == "good");
    CHECK(ask_http(server) == "good");
}

TEST_CASE("http: a server that keeps the connection open does not hold up the verdict for long") {
    const Server keeps([](const Conversation& talk) {
        (void)talk.read_request();
        (void)talk.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        talk.wait_for_hang_up();
    });
    const Stopwatch watch;
    CHECK(ask_http(keeps) == "good");
    CHECK(watch.elapsed() < kPatience / 2);
}

TEST_CASE("http: a server that is well every other time is so for us too") {
    const Server flaps([](const Conversation& talk) {
        (void)talk.read_request();
        (void)talk.write(talk.number() % 2 == 0 ? "HTTP/1.1 200 OK\r\n\r\n"
                                                : "HTTP/1.1 500 Oh\r\n\r\n");
    });
    for (int i = 0; i < 3; ++i) {
        CHECK(ask_http(flaps) == "good");
        CHECK(ask_http(flaps) == "HTTP 500");
    }
}
