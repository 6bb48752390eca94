// The end of the child's way: which program is executed, and what is told when none is.
#include <doctest/doctest.h>

#include <cerrno>

#include "child_fixture.hpp"
#include "gosv/os/spawn.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;
using test::Ended;
using test::Image;

namespace {

// Expects the start to fail at the exec, with this errno and this exit code.
void check_exec_failure(Image& image, int err, int code) {
    const Ended ended = test::run(image);
    CHECK(ended.exec.state == ExecState::failed);
    CHECK(ended.exec.stage == Stage::exec);
    CHECK(ended.exec.err == err);
    CHECK(ended.code() == code);
}

void check_exec_failure(const std::string& path, int err, int code) {
    CAPTURE(path);
    Image image({path});
    check_exec_failure(image, err, code);
}

}  // namespace

TEST_CASE("a program is executed with its arguments, and its exit code is its own") {
    const test::FdLeakGuard guard;
    for (const CloneMethod method : {test::usual_clone(), CloneMethod::fork}) {
        Image image(test::shell_command("echo \"$0:$1\"; exit 7", {"zero", "one"}));
        const Ended ended = test::run(image, method);
        CHECK(ended.exec.state == ExecState::succeeded);
        CHECK(ended.output == "zero:one\n");
        CHECK(ended.code() == 7);
    }
}

TEST_CASE("a program that is not there is 127, one that cannot be executed is 126") {
    const test::FdLeakGuard guard;
    const test::TempDir dir;
    const std::string file = dir.write("plain", "#!/bin/sh\n", 0644);
    REQUIRE(::symlink("loop", (dir / "loop").c_str()) == 0);

    check_exec_failure(dir / "missing", ENOENT, 127);
    check_exec_failure("", ENOENT, 127);
    check_exec_failure(dir.write("no-interpreter", "#!/missing/sh\n", 0755), ENOENT, 127);
    check_exec_failure(file, EACCES, 126);
    check_exec_failure(dir.path(), EACCES, 126);
    check_exec_failure(file + "/below", ENOTDIR, 126);
    check_exec_failure(dir / "loop", ELOOP, 126);
    check_exec_failure("/" + std::string(300, 'x'), ENAMETOOLONG, 126);
}

TEST_CASE("a program that somebody writes to is busy") {
    const test::TempDir dir;
    const std::string path = dir.write("busy", "#!/bin/sh\n", 0755);
    const Fd writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    check_exec_failure(path, ETXTBSY, 126);
    CHECK(is_transient(ETXTBSY));
}

TEST_CASE("arguments that are too long are told as such") {
    Image image({"/bin/true", std::string(200 * 1024, 'x')});
    check_exec_failure(image, E2BIG, 126);
}

TEST_CASE("the candidates are tried in turn") {
    const test::TempDir dir;
    dir.make_directory("empty");
    const std::string plain = dir.write("plain", "#!/bin/sh\n", 0644);
    Image image({"sh", "-c", "echo found"}, {dir / "empty/sh", plain + "/sh", plain, "/bin/sh"});
    const Ended ended = test::run(image);
    CHECK(ended.exec.state == ExecState::succeeded);
    CHECK(ended.output == "found\n");
}

TEST_CASE("of several failures the one that says most is reported") {
    const test::TempDir dir;
    const std::string plain = dir.write("plain", "#!/bin/sh\n", 0644);
    const std::string missing = dir / "missing";
    const std::string beneath_file = plain + "/sh";

    Image denied({"sh"}, {missing, plain, missing});
    check_exec_failure(denied, EACCES, 126);
    Image not_found({"sh"}, {missing, beneath_file});
    check_exec_failure(not_found, ENOENT, 127);
    Image no_directory({"sh"}, {beneath_file, beneath_file});
    check_exec_failure(no_directory, ENOTDIR, 126);
    // What is not about looking further ends the search.
    REQUIRE(::symlink("loop", (dir / "loop").c_str()) == 0);
    Image looping({"sh"}, {dir / "loop", "/bin/sh"});
    check_exec_failure(looping, ELOOP, 126);
}

TEST_CASE("without candidates nothing is found") {
    Image none({"sh"}, {});
    check_exec_failure(none, ENOENT, 127);
    Image null({"sh"});
    null.child.candidates = nullptr;
    check_exec_failure(null, ENOENT, 127);
}

TEST_CASE("a script without an interpreter line is run by the shell") {
    const test::TempDir dir;
    const std::string script = dir.write("script", "echo \"$0|$1|$2\"\nexit 3\n", 0755);
    Image image({"script", "a b", "c"}, {dir / "missing", script});
    const Ended ended = test::run(image);
    CHECK(ended.exec.state == ExecState::succeeded);
    CHECK(ended.output == script + "|a b|c\n");
    CHECK(ended.code() == 3);
}

TEST_CASE("without a shell such a script cannot be executed") {
    const test::TempDir dir;
    const std::string script = dir.write("script", "exit 3\n", 0755);
    std::string no_shell = dir / "no-shell";

    Image image({script});
    image.child.shell = no_shell.c_str();
    check_exec_failure(image, ENOEXEC, 126);
    image.child.shell = nullptr;
    check_exec_failure(image, ENOEXEC, 126);
}

TEST_CASE("only ENOENT at the exec itself is 127") {
    CHECK(exec_failure_code(Stage::exec, ENOENT) == 127);
    for (const int err : {EACCES, ENOEXEC, ENOTDIR, ELOOP, E2BIG, ETXTBSY, EPERM, ENOMEM, EIO}) {
        CHECK(exec_failure_code(Stage::exec, err) == 126);
    }
    for (const Stage stage : {Stage::working_dir, Stage::stdin_stream, Stage::oom_score_adj}) {
        CHECK(exec_failure_code(stage, ENOENT) == 126);
    }
}

TEST_CASE("LISTEN_PID is rewritten to the child's own pid") {
    Image image = Image::shell("test \"$LISTEN_PID\" = $$ && echo same");
    image.child.listen_pid.value = image.listen_pid();
    image.child.listen_pid.width = 13;
    CHECK(test::run(image).output == "same\n");
    CHECK(image.listen_pid() == std::string("............"));  // ours is not touched
}

TEST_CASE("LISTEN_PID stays as it is where there is no room for a pid") {
    Image image = Image::shell("echo \"$LISTEN_PID\"");
    image.child.listen_pid.value = image.listen_pid();
    image.child.listen_pid.width = 1;
    CHECK(test::run(image).output == "............\n");
}
