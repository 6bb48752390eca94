// What can stand at a path: a manifest, or something else. Nothing of it may block or be read for
// ever.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "support/isolated.hpp"
#include "support/temp_dir.hpp"
#include "unit/manifest/load_fixture.hpp"

using namespace gosv::manifest;
using namespace gosv::test;

namespace {

constexpr const char* kSmallest = "services: {web: {command: [/srv/web]}}\n";

// The one problem of a file that cannot be used at all.
std::string problem(const std::string& path) {
    const LoadResult loaded = load_file(path, {});
    REQUIRE(loaded.diagnostics.size() == 1);
    const Diagnostic& only = loaded.diagnostics[0];
    CHECK(only.at.line == 0);
    CHECK_FALSE(only.hint.empty());
    CHECK(has_errors(loaded.diagnostics));
    return only.message;
}

}  // namespace

TEST_CASE("a file is read whole, and its text kept for the source lines of diagnostics") {
    const TempDir dir;
    const LoadResult loaded = load_file(dir.write("gosv.yaml", kSmallest), {});
    CHECK(problems_of(loaded) == "");
    CHECK(loaded.source == kSmallest);
    REQUIRE(loaded.manifest.services.size() == 1);
    CHECK(loaded.manifest.services[0].name == "web");
}

TEST_CASE("a symbolic link is followed, as Kubernetes mounts its files") {
    const TempDir dir;
    dir.write("real.yaml", kSmallest);
    REQUIRE(::symlink("real.yaml", (dir / "link.yaml").c_str()) == 0);
    CHECK(problems_of(load_file(dir / "link.yaml", {})) == "");
}

TEST_CASE("what is not there or no file is told as what it is") {
    const TempDir dir;
    CHECK(problem(dir / "none.yaml") == "the manifest cannot be opened: No such file or directory");
    dir.write("file", "");
    CHECK(problem(dir / "file/none.yaml") == "the manifest cannot be opened: Not a directory");
    CHECK(problem(dir.make_directory("folder")) == "the manifest is a directory, not a file");
    CHECK(problem("/dev/null") == "the manifest is a device, not a file");
    CHECK(problem("/dev/zero") == "the manifest is a device, not a file");
    REQUIRE(::symlink("loop", (dir / "loop").c_str()) == 0);
    CHECK(problem(dir / "loop").find("the manifest cannot be opened: Too many") == 0);
    CHECK(problem(std::string("a\0b", 3)) == "the manifest cannot be opened: Invalid argument");
    CHECK(problem("") == "the manifest cannot be opened: No such file or directory");
}

TEST_CASE("a FIFO and a socket do not hold up the boot") {
    const TempDir dir;
    REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
    CHECK(problem(dir / "fifo") == "the manifest is a FIFO, not a file");

    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(listener >= 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (dir / "socket").c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(problem(dir / "socket") == "the manifest is a socket, not a file");
    ::close(listener);
}

TEST_CASE("a file without permission is told with the user that gosv runs as") {
    const TempDir dir;
    const std::string path = dir.write("secret.yaml", kSmallest, 0600);
    // Root may read everything: somebody else has to try.
    CHECK(isolated([&]() -> std::string {
              if (::geteuid() == 0) {
                  EXPECT(::setgid(65534) == 0);
                  EXPECT(::setuid(65534) == 0);
              } else {
                  EXPECT(::chmod(path.c_str(), 0) == 0);
              }
              const LoadResult loaded = load_file(path, {});
              EXPECT(loaded.diagnostics.size() == 1);
              const Diagnostic& only = loaded.diagnostics[0];
              EXPECT(only.message == "the manifest cannot be opened: Permission denied");
              EXPECT(only.hint.find("uid " + std::to_string(::geteuid())) != std::string::npos);
              return {};
          }) == "");
}

TEST_CASE("no more than the largest manifest is read, whatever its size") {
    const TempDir dir;
    const std::string line = "# nothing but comments, and far too many of them ...............\n";
    std::string large(kSmallest);
    while (large.size() < 10'000'000) {
        large += line;
    }
    CHECK(problem(dir.write("large.yaml", large)) == "the manifest is larger than 1024 KiB");
    CHECK(load_file(dir / "large.yaml", {}).source.empty());

    large.resize(std::size_t{1} << 20);
    CHECK(problems_of(load_file(dir.write("just.yaml", large), {})) == "");
    CHECK(problem(dir.write("one_more.yaml", large + "#")) ==
          "the manifest is larger than 1024 KiB");
    CHECK(problems_of(large + "#") == "0:0 error : the manifest is larger than 1024 KiB\n");
}

TEST_CASE("env_files are found from the manifest's folder, and told under their paths") {
    const TempDir dir;
    dir.make_directory("etc");
    dir.write("etc/good.env", "A=1\n");
    dir.write("etc/bad.env", "A=1\nB C=2\n");
    const std::string path = dir.write("etc/gosv.yaml",
                                       "services:\n  web:\n    command: [x]\n"
                                       "    env_file: [good.env, " +
                                           (dir / "etc/good.env") + ", bad.env]\n");
    const LoadResult loaded = load_file(path, {});
    CHECK(problems_of(loaded) == (dir / "etc/bad.env") +
                                     ":2:1 error services.web.env_file[2]: the name of a variable "
                                     "cannot have blanks: 'B C'\n");
    REQUIRE(loaded.manifest.services.size() == 1);
    CHECK(loaded.manifest.services[0].environment ==
          EnvironmentChanges{{"A", "1"}, {"A", "1"}, {"A", "1"}});
}

TEST_CASE("an env_file that many services name is read, and complained of, once") {
    const TempDir dir;
    dir.write("x.env", "A=1\n=2\n");
    const std::string path =
        dir.write("gosv.yaml",
                  "defaults: {env_file: x.env}\nservices:\n  a: {command: [x]}\n"
                  "  b: {command: [x], env_file: [x.env]}\n");
    CHECK(load_file(path, {}).diagnostics.size() == 1);
}

TEST_CASE("an env_file that is no text file is refused at the place") {
    const TempDir dir;
    dir.write("x.env", "A=1\nB=\xff\n");
    REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
    const std::string path = dir.write(
        "gosv.yaml", "services: {web: {command: [x], env_file: [x.env, fifo, /dev/zero]}}\n");
    const std::string folder = dir.path();
    CHECK(problems_of(load_file(path, {})) ==
          folder +
              "/x.env:2:3 error services.web.env_file[0]: the file is not UTF-8: byte 0xff "
              "has no place here\n"
              "1:50 error services.web.env_file[1]: '" +
              folder +
              "/fifo' is a FIFO, not a file\n"
              "1:56 error services.web.env_file[2]: '/dev/zero' is a device, not a file\n");
}
