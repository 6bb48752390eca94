#pragma once
// JSON into a growing string: the snapshot's, in a child that may allocate.
#include <cstdint>
#include <string>
#include <string_view>

#include "app/line_writer.hpp"
#include "gosv/base/ids.hpp"

namespace gosv::app {

// Writes members and elements with the commas between them.
class JsonWriter {
  public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    void begin(char bracket) {
        out_ += bracket;
        first_ = true;
    }

    void end(char bracket) {
        out_ += bracket;
        first_ = false;
    }

    // Of an array.
    void element() {
        if (!first_) {
            out_ += ',';
        }
        first_ = false;
    }

    void key(std::string_view name) {
        element();
        out_ += '"';
        out_ += name;
        out_ += "\":";
    }

    void string(std::string_view text) {
        std::string escaped(6 * text.size(), '\0');
        LineWriter out(escaped);
        out.json_text(text);
        out_ += '"';
        out_ += out.view();
        out_ += '"';
    }

    void member(std::string_view name, std::string_view text) {
        key(name);
        string(text);
    }

    void member(std::string_view name, const char* text) { member(name, std::string_view(text)); }

    void member(std::string_view name, std::uint64_t number) {
        key(name);
        out_ += std::to_string(number);
    }

    void member(std::string_view name, Pid pid) {
        key(name);
        out_ += std::to_string(pid.value);
    }

    void member(std::string_view name, bool yes) {
        key(name);
        out_ += yes ? "true" : "false";
    }

    void number(std::int64_t value) {
        element();
        out_ += std::to_string(value);
    }

  private:
    std::string& out_;
    bool first_ = true;
};

}  // namespace gosv::app
