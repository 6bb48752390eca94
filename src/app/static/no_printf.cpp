// Linked into the static executable with musl: before they abort, libc++abi and libunwind print
// what is wrong, and behind that is all of printf: 9 kB, for texts that say enough as they stand in
// the program. gosv itself prints nothing this way, which tests/gates checks: here snprintf(3)
// would fill in nothing.
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace {

int write_to_stderr(const char* format) {
    return static_cast<int>(::write(STDERR_FILENO, format, std::strlen(format)));
}

}  // namespace

extern "C" {

int vfprintf(FILE* /*stream*/, const char* format, va_list /*arguments*/) {
    return write_to_stderr(format);
}

int fprintf(FILE* /*stream*/, const char* format, ...) {
    return write_to_stderr(format);
}
}
