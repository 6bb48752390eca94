#pragma once
// Reads a small text file whole, at boot. Never blocks: a FIFO, a socket or a device is refused and
// not waited for. Reads no more than `limit` bytes and one.
#include <cstddef>
#include <string>

namespace gosv::manifest {

struct FileText {
    std::string text;
    std::string
        message;  // what is wrong, without the subject ("is a directory, ..."); empty: nothing
    std::string hint;
    bool missing = false;  // there is no such file
};

FileText read_file_text(const std::string& path, std::size_t limit);

}  // namespace gosv::manifest
