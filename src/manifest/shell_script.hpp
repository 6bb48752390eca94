#pragma once
// `sh -c SCRIPT` as a service: what the script runs, as far as that can be told without a shell.
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gosv::manifest {

// What is behind -c. `forks` is of the shell: dash starts a process of its own even for the last
// command of all, bash and busybox become it.
struct ShellCall {
    std::string script;
    bool forks = false;
};

// Null when argv is not a call of a shell with -c.
std::optional<ShellCall> shell_call(std::span<const std::string> argv);

// The simple commands of a script, when it is nothing but simple commands one after the other (;
// && and lines), each as its words without quotes. Null for everything that only a shell can do:
// pipes, loops, functions, background, traps.
std::optional<std::vector<std::vector<std::string>>> simple_commands(const std::string& script);

// The last command of a script that the shell waits for, although it could become it: a program,
// not a builtin, without `exec`. Assignments in front of it are left out.
struct WaitedFor {
    std::vector<std::string> words;
    bool alone = false;  // there is nothing else that a shell would be needed for
};

std::optional<WaitedFor> waited_for(const std::string& script);

}  // namespace gosv::manifest
