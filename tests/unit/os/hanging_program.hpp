#pragma once
#include <doctest/doctest.h>
#include <fcntl.h>

#include <csignal>
#include <string>

#include "gosv/base/fd.hpp"
#include "support/temp_dir.hpp"

namespace gosv::test {

// A program whose exec hangs: the kernel holds back whoever opens the file until the holder of the
// lease has given it up, for up to /proc/sys/fs/lease-break-time seconds (fcntl(2), F_SETLEASE).
class HangingProgram {
  public:
    HangingProgram() : path_(dir_.write("hangs", "#!/bin/sh\nexit 4\n", 0755)) {
        file_.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
        REQUIRE(::fcntl(file_.raw(), F_SETSIG, SIGURG) == 0);  // ignored by default
        REQUIRE(::fcntl(file_.raw(), F_SETLEASE, F_WRLCK) == 0);
    }

    void let_go() { CHECK(::fcntl(file_.raw(), F_SETLEASE, F_UNLCK) == 0); }

    const std::string& path() const { return path_; }

  private:
    TempDir dir_;
    std::string path_;
    Fd file_;
};

}  // namespace gosv::test
