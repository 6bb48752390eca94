// Linked into the static executable with libc++: gosv has one thread, but spdlog's logger a mutex,
// and behind it are futures, condition variables and the errors of them all: 15 kB.
#include <mutex>

_LIBCPP_BEGIN_NAMESPACE_STD

mutex::~mutex() noexcept = default;

void mutex::lock() {}

void mutex::unlock() noexcept {}

_LIBCPP_END_NAMESPACE_STD
