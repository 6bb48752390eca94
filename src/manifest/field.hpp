#pragma once
// A value on its way to becoming a part of the Manifest: where it stands, under which path, and how
// to complain about it. Below, the decoders of simple values; each reports what is wrong and
// returns nullopt. Quotes make no difference to them: "10" is a number where a number is wanted (as
// in compose), and 10 is text where text is wanted, as it is written.
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gosv/base/ids.hpp"
#include "gosv/base/time.hpp"
#include "gosv/manifest/manifest.hpp"
#include "path.hpp"
#include "report.hpp"
#include "tree.hpp"

namespace gosv::manifest {

struct Context {
    const Environment& environment;
    std::string folder;  // of the manifest: relative env_files begin there; "" is the current one
    Report& report;
    // env_files that have been read, by path; one that cannot be used has no changes.
    std::map<std::string, EnvironmentChanges> env_files;
    std::size_t copied = 0;  // of kMaxCopies, see copies.hpp
    bool copies_refused = false;
};

struct Field {
    const Node& node;
    Position key_at;  // of the key, or of the list item itself
    Path path;
    Context& context;

    Position at() const noexcept { return node.kind == Node::Kind::null ? key_at : node.at; }

    [[gnu::cold]] void error(std::string_view message, std::string_view hint = {}) const;
    void error_at(Position place, std::string_view message, std::string_view hint = {}) const;
    [[gnu::cold]] void warning(std::string_view message, std::string_view hint = {}) const;

    // "expected a duration, not 'soon'".
    [[gnu::cold]] void expected(std::string_view what, std::string_view hint = {}) const;

    // What is made of a field must not outlive it: its path leads there.
    Field item(std::size_t i) const& noexcept;
    Field item(std::size_t i) const&& = delete;
    Field entry(const Entry& entry) const& noexcept;
    Field entry(const Entry& entry) const&& = delete;
};

// A scalar's text, the node's own; nullptr when it has none. `what` names what is wanted, with an
// article. Silent for what is faulty already.
const std::string* as_text(const Field& field, std::string_view what);
// The same, and not empty.
std::optional<std::string> as_word(const Field& field, std::string_view what);

std::optional<bool> as_boolean(const Field& field);
std::optional<std::int64_t> as_integer(const Field& field, std::int64_t least, std::int64_t most);
std::optional<double> as_decimal(const Field& field, int least, int most);
std::optional<Duration> as_duration(const Field& field);
std::optional<std::uint64_t> as_size(const Field& field);  // UINT64_MAX: `max`
std::optional<Signal> as_signal(const Field& field);

// A list of words, or one word for a list of one when `or_one`.
std::optional<std::vector<std::string>> as_words(const Field& field, std::string_view what,
                                                 bool or_one = false);

template <class Enum>
struct Choice {
    std::string_view name;
    Enum value;
};

// Reports what is none of `names`, with the nearest of them. The index of the one that is.
std::optional<std::size_t> as_one_of(const Field& field, std::span<const std::string_view> names);

template <class Enum, std::size_t N>
std::optional<Enum> as_choice(const Field& field, const Choice<Enum> (&choices)[N]) {
    std::string_view names[N];
    for (std::size_t i = 0; i < N; ++i) {
        names[i] = choices[i].name;
    }
    const auto chosen = as_one_of(field, names);
    return chosen ? std::optional(choices[*chosen].value) : std::nullopt;
}

// How a signal is written, or which one was probably meant.
std::string signal_hint(std::string_view word);

// "did you mean 'x'?", or `otherwise` when nothing is near.
std::string nearest_hint(std::string_view word, std::span<const std::string_view> known,
                         std::string_view otherwise = {});

}  // namespace gosv::manifest
