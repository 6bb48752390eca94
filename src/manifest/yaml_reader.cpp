// The one file that includes yaml-cpp, and the one that throws: yaml-cpp does, and the handler does
// to leave it early. All of it is caught here.
#include "yaml_reader.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

// The yaml-cpp that is shipped reads a text; that of a distribution a stream (src/cmake/*.patch).
#if __has_include(<yaml-cpp/input.h>)
#include <yaml-cpp/input.h>
#else
#include <sstream>
#endif

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "gosv/base/concat.hpp"
#include "surrogates.hpp"
#include "tree_builder.hpp"
#include "yaml_errors.hpp"

namespace gosv::manifest {

namespace {

#if __has_include(<yaml-cpp/input.h>)
using Input = YAML::Input;
#else
using Input = std::istringstream;
#endif

constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

// Thrown by the handler to leave the parser; what is wrong has been reported.
struct Stop {};

std::size_t offset_of(const YAML::Mark& mark, const Source& source) noexcept {
    const std::size_t size = source.text().size();
    return mark.pos < 0 ? size : std::min(static_cast<std::size_t>(mark.pos), size);
}

class Handler : public YAML::EventHandler {
  public:
    Handler(const Source& source, Report& report, bool surrogates)
        : source_(source), report_(report), builder_(source, report), surrogates_(surrogates) {}

    TreeBuilder& builder() noexcept { return builder_; }

    bool has_document() const noexcept { return documents_ > 0; }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) {
            report_second_document(offset(mark), source_, report_);
            throw Stop{};
        }
    }

    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        go_on(builder_.null(offset(mark), anchor));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        go_on(builder_.alias(offset(mark), anchor));
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        static constexpr std::string_view kText[] = {"str"};
        static constexpr std::string_view kTyped[] = {"int", "float", "bool"};
        const bool tagged = !tag.empty() && tag != "?";
        const bool text = tagged && (tag == "!" || is_core(tag, kText));
        if (tagged && !text && !is_core(tag, kTyped)) {
            report_unsupported_tag(offset(mark), tag, source_, report_);
        }
        if (!surrogates_) {
            go_on(builder_.scalar(offset(mark), anchor, value, text, false));
            return;
        }
        std::optional<std::string> whole = restored(mark, value);
        const bool faulty = !whole;
        go_on(builder_.scalar(offset(mark), anchor, std::move(whole).value_or(""), text, faulty));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        begin(mark, tag, anchor, Node::Kind::list, style);
    }

    void OnSequenceEnd() override { go_on(builder_.end()); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        begin(mark, tag, anchor, Node::Kind::map, style);
    }

    void OnMapEnd() override { go_on(builder_.end()); }

  private:
    static bool is_core(std::string_view tag, std::span<const std::string_view> names) {
        if (tag.empty() || tag == "?") {
            return true;  // no tag
        }
        if (!tag.starts_with(kCoreTag)) {
            return false;
        }
        tag.remove_prefix(kCoreTag.size());
        return std::find(names.begin(), names.end(), tag) != names.end();
    }

    static void go_on(bool sensible) {
        if (!sensible) {
            throw Stop{};
        }
    }

    std::size_t offset(const YAML::Mark& mark) const noexcept { return offset_of(mark, source_); }

    void begin(const YAML::Mark& mark, std::string_view tag, YAML::anchor_t anchor, Node::Kind kind,
               YAML::EmitterStyle::value style) {
        const std::string_view only[] = {kind == Node::Kind::map ? "map" : "seq"};
        if (!is_core(tag, only)) {
            report_unsupported_tag(offset(mark), tag, source_, report_);
        }
        go_on(builder_.begin(offset(mark), anchor, kind, style == YAML::EmitterStyle::Flow));
    }

    std::optional<std::string> restored(const YAML::Mark& mark, const std::string& value) {
        std::optional<std::string> text = restore_surrogates(value);
        if (!text) {
            report_.error(source_.position(offset(mark)), {},
                          "the string has half of a surrogate pair",
                          "an escape \\ud800 to \\udbff is followed by one \\udc00 to \\udfff; or "
                          "write the character itself");
        }
        return text;
    }

    const Source& source_;
    Report& report_;
    TreeBuilder builder_;
    bool surrogates_;
    int documents_ = 0;
};

}  // namespace

std::optional<Node> read_yaml(const Source& source, Report& report) {
    // Without the line feed yaml-cpp reports an unclosed quote at the end of the file instead of
    // nothing at all, and scalar_form finds the place where it was opened.
    std::string text = concat({source.text(), '\n'});
    const SurrogateEscapes surrogates = hide_surrogates(text);
    if (surrogates == SurrogateEscapes::ambiguous) {
        report.error({}, {}, "the file mixes \\ud8.. escapes with characters of U+E800 to U+EFFF",
                     "write the characters themselves instead of the escapes");
        return std::nullopt;
    }
    Handler handler(source, report, surrogates == SurrogateEscapes::hidden);
    try {
        Input input(std::move(text));
        YAML::Parser parser(input);
        while (parser.HandleNextDocument(handler)) {
        }
    } catch (const Stop&) {
        return std::nullopt;
    } catch (const YAML::Exception& error) {
        report_yaml_error(error.msg, offset_of(error.mark, source),
                          handler.builder().innermost_open(), source, report);
        return std::nullopt;
    }
    if (!handler.has_document()) {
        report.error({}, {}, "the manifest is empty", "begin with `services:`; see gosv --help");
        return std::nullopt;
    }
    return handler.builder().take_root();
}

}  // namespace gosv::manifest
