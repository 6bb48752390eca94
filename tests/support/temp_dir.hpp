#pragma once
// A directory that exists as long as the object, with files to put into it.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace gosv::test {

class TempDir {
  public:
    TempDir() {
        char pattern[] = "/tmp/gosv-test-XXXXXX";
        REQUIRE(::mkdtemp(pattern) != nullptr);
        path_ = pattern;
        ::chmod(pattern, 0755);
    }

    ~TempDir() { ::nftw(path_.c_str(), remove_one, 16, FTW_DEPTH | FTW_PHYS); }

    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    const std::string& path() const { return path_; }

    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

    std::string write(std::string_view name, std::string_view text, mode_t mode = 0644) const {
        std::string path = *this / name;
        const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
        REQUIRE(fd >= 0);
        REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        REQUIRE(::fchmod(fd, mode) == 0);
        ::close(fd);
        return path;
    }

    std::string make_directory(std::string_view name, mode_t mode = 0755) const {
        std::string path = *this / name;
        REQUIRE(::mkdir(path.c_str(), mode) == 0);
        REQUIRE(::chmod(path.c_str(), mode) == 0);
        return path;
    }

  private:
    static int remove_one(const char* path, const struct stat*, int, FTW*) {
        return std::remove(path);
    }

    std::string path_;
};

}  // namespace gosv::test
