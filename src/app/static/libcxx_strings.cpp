// Linked into the static executable with libc++: std::string's members and std::to_string once
// more, each in a section of its own, of which the linker keeps what is called. libc++'s own object
// is one section with all of them and with what reads and prints doubles and wide characters: 40
// kB.
#include <charconv>
#include <string>

template class std::basic_string<char>;
template std::string std::operator+(const char*, const std::string&);

namespace {

template <class Number>
std::string digits(Number number) {
    char text[24];
    const std::to_chars_result end = std::to_chars(text, text + sizeof text, number);
    return {text, end.ptr};
}

}  // namespace

_LIBCPP_BEGIN_NAMESPACE_STD

string to_string(int number) {
    return digits(number);
}

string to_string(unsigned number) {
    return digits(number);
}

string to_string(long number) {
    return digits(number);
}

string to_string(unsigned long number) {
    return digits(number);
}

string to_string(long long number) {
    return digits(number);
}

string to_string(unsigned long long number) {
    return digits(number);
}

_LIBCPP_END_NAMESPACE_STD
