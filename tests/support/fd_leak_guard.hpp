#pragma once
// Fails the test case when it ends with descriptors open that were not open when it began, or the
// other way round. Put it at the top of the case, before whatever opens something.
#include <dirent.h>
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>

namespace gosv::test {

class FdLeakGuard {
  public:
    FdLeakGuard() : before_(list()) {}

    ~FdLeakGuard() { CHECK(describe(list()) == describe(before_)); }

    FdLeakGuard(const FdLeakGuard&) = delete;
    FdLeakGuard& operator=(const FdLeakGuard&) = delete;

  private:
    using Descriptors = std::map<int, std::string>;

    static Descriptors list() {
        Descriptors open;
        DIR* const directory = ::opendir("/proc/self/fd");
        REQUIRE(directory != nullptr);
        while (const dirent* entry = ::readdir(directory)) {
            const int fd = std::atoi(entry->d_name);
            if (entry->d_name[0] == '.' || fd == ::dirfd(directory)) {
                continue;
            }
            char target[256];
            const ssize_t size =
                ::readlinkat(::dirfd(directory), entry->d_name, target, sizeof target);
            open[fd] = size > 0 ? std::string(target, static_cast<std::size_t>(size)) : "?";
        }
        ::closedir(directory);
        return open;
    }

    static std::string describe(const Descriptors& descriptors) {
        std::string text;
        for (const auto& [fd, target] : descriptors) {
            text += std::to_string(fd) + " -> " + target + "\n";
        }
        return text;
    }

    Descriptors before_;
};

}  // namespace gosv::test
