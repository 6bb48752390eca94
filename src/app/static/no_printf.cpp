// Linked into the static executable with musl: before they abort, libc++abi and libunwind print
// what is wrong, and behind that is all of printf: 9 kB, for texts that say enough as they stand in
// the program. gosv itself prints nothing this way.
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>

extern "C" {

int vfprintf(FILE* /*stream*/, const char* format, va_list /*arguments*/) {
    return static_cast<int>(::write(STDERR_FILENO, format, std::strlen(format)));
}

int fprintf(FILE* /*stream*/, const char* format, ...) {
    return vfprintf(nullptr, format, nullptr);
}
}
