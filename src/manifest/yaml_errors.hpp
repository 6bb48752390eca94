#pragma once
// What a YAML parser complains of, said so that whoever wrote the file knows what to do.
#include <cstddef>
#include <string_view>

#include "report.hpp"
#include "source.hpp"
#include "tree_builder.hpp"

namespace gosv::manifest {

// `complaint` is yaml-cpp's message and `offset` its place; `open` is the collection in brackets
// that was being read.
[[gnu::cold]] void report_yaml_error(std::string_view complaint, std::size_t offset,
                                     TreeBuilder::OpenFlow open, const Source& source,
                                     Report& report);

// The content at `offset` does not belong to the first document.
[[gnu::cold]] void report_second_document(std::size_t offset, const Source& source, Report& report);

[[gnu::cold]] void report_unsupported_tag(std::size_t offset, std::string_view tag,
                                          const Source& source, Report& report);

}  // namespace gosv::manifest
