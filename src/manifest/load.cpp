// From a file to a Manifest: text, tree, variables, keys, rules. Each stage reports what it finds;
// the next one runs as long as there is something to run on, so that all problems are told at once.
#include <new>
#include <utility>

#include "bounds.hpp"
#include "draft.hpp"
#include "file_text.hpp"
#include "gosv/manifest/manifest.hpp"
#include "interpolate.hpp"
#include "source.hpp"
#include "validate.hpp"
#include "yaml_reader.hpp"

namespace gosv::manifest {

namespace {

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash == 0 ? 1 : slash);
}

Manifest assemble(ManifestDraft draft) {
    Manifest manifest = std::move(draft.manifest);
    for (ServiceDraft& each : draft.services) {
        if (each.enabled) {
            manifest.services.push_back(std::move(each.service));
        } else {
            ++manifest.disabled;
        }
    }
    return manifest;
}

Manifest decode(const std::string& text, const std::string& path, const Environment& environment,
                Report& report) {
    const Source source(text);
    if (auto bad = find_bad_text(text)) {
        report.error(source.position(bad->offset), {}, std::move(bad->message),
                     std::move(bad->hint));
        return {};
    }
    std::optional<Node> root = read_yaml(source, report);
    if (!root) {
        return {};
    }
    interpolate_tree(*root, environment, report);
    Context context{environment, folder_of(path), report, {}};
    ManifestDraft draft = decode_manifest(*root, context);
    validate(draft, report);
    return assemble(std::move(draft));
}

}  // namespace

LoadResult load_text(std::string text, const std::string& path, const Environment& environment) {
    Report report;
    LoadResult result;
    strip_byte_order_mark(text);
    if (text.size() > kMaxFileSize) {
        report.error({}, {},
                     "the manifest is larger than " + std::to_string(kMaxFileSize >> 10) + " KiB",
                     "gosv reads no larger one: is it the right file?");
    } else {
        result.manifest = decode(text, path, environment, report);
    }
    result.source = std::move(text);
    result.diagnostics = report.take();
    return result;
}

LoadResult load_file(const std::string& path, const Environment& environment) {
    FileText file = read_file_text(path, kMaxFileSize);
    if (file.message.empty()) {
        return load_text(std::move(file.text), path, environment);
    }
    Report report;
    report.error({}, {}, "the manifest " + file.message, std::move(file.hint));
    LoadResult result;
    result.diagnostics = report.take();
    return result;
}

}  // namespace gosv::manifest
