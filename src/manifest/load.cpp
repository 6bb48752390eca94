// From a file to a Manifest: text, tree, variables, keys, rules. Each stage reports what it finds;
// the next one runs as long as there is something to run on, so that all problems are told at once.
#include <algorithm>
#include <iterator>
#include <utility>

#include "bounds.hpp"
#include "draft.hpp"
#include "file_text.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/manifest/manifest.hpp"
#include "interpolate.hpp"
#include "name_index.hpp"
#include "source.hpp"
#include "validate.hpp"
#include "yaml_reader.hpp"

namespace gosv::manifest {

namespace {

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash == 0 ? 1 : slash);
}

// The edges that lead to enabled services.
std::vector<DependsOn> edges_of(const ServiceDraft& draft, const NameIndex& enabled) {
    std::vector<DependsOn> edges;
    if (draft.depends_on) {
        std::copy_if(draft.depends_on->begin(), draft.depends_on->end(), std::back_inserter(edges),
                     [&](const DependsOn& edge) { return enabled.find(edge.name).has_value(); });
    }
    return edges;
}

// The services with their edges, which are only looked at when all is well: what is wrong may be
// that there are too many.
Manifest assemble(ManifestDraft draft, bool well) {
    Manifest manifest = std::move(draft.manifest);
    const bool ordered = std::any_of(draft.services.begin(), draft.services.end(),
                                     [](const ServiceDraft& each) { return each.depends_on; });
    if (ordered && well) {
        NameIndex enabled;
        for (const ServiceDraft& each : draft.services) {
            if (each.enabled) {
                enabled.add(each.service.name, 0);
            }
        }
        for (ServiceDraft& each : draft.services) {
            if (each.enabled) {
                each.service.depends_on = edges_of(each, enabled);
            }
        }
    }
    manifest.services.reserve(draft.services.size());
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
        report.error(source.position(bad->offset), {}, bad->message, bad->hint);
        return {};
    }
    std::optional<Node> root = read_yaml(source, report);
    if (!root) {
        return {};
    }
    // A text that has no `$` has one at most by an escape.
    if (text.find('$') != text.npos || text.find('\\') != text.npos) {
        interpolate_tree(*root, environment, report);
    }
    Context context{environment, folder_of(path), report, {}, 0, false};
    ManifestDraft draft = decode_manifest(*root, context);
    validate(draft, report);
    return assemble(std::move(draft), !report.has_errors());
}

}  // namespace

LoadResult load_text(std::string text, const std::string& path, const Environment& environment) {
    Report report;
    LoadResult result;
    strip_byte_order_mark(text);
    if (text.size() > kMaxFileSize) {
        report.error({}, {}, concat({"the manifest is larger than ", kMaxFileSize >> 10, " KiB"}),
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
    report.error({}, {}, concat({"the manifest ", file.message}), file.hint);
    LoadResult result;
    result.diagnostics = report.take();
    return result;
}

}  // namespace gosv::manifest
