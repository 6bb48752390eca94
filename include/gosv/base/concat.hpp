#pragma once
// Texts put together from pieces: concat({"the service ", name, " has ", 3, " commands"}). Against
// a chain of `+` one allocation instead of several, and no temporary string a step: messages are a
// large part of gosv, and this makes most of them half as large.
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace gosv {

template <class T>
concept WholeNumber = std::integral<T> && !std::same_as<T, char> && !std::same_as<T, bool>;

// Text, a character, or a whole number in decimal. Lives as long as the expression that it stands
// in: it does not own text. Implicit, which is what it is for.
class Piece {
  public:
    Piece(const char* text) noexcept;         // NOLINT(google-explicit-constructor)
    Piece(const std::string& text) noexcept;  // NOLINT(google-explicit-constructor)
    Piece(std::string_view text) noexcept;    // NOLINT(google-explicit-constructor)

    Piece(char character) noexcept;  // NOLINT(google-explicit-constructor)

    template <WholeNumber Number>
    Piece(Number number) noexcept {  // NOLINT(google-explicit-constructor)
        if constexpr (std::signed_integral<Number>) {
            set(static_cast<long long>(number));
        } else {
            set(static_cast<unsigned long long>(number));
        }
    }

    // It may point into itself.
    Piece(const Piece&) = delete;
    Piece& operator=(const Piece&) = delete;
    ~Piece() = default;

    std::string_view view() const noexcept { return {data_, size_}; }

  private:
    void set(long long number) noexcept;
    void set(unsigned long long number) noexcept;

    const char* data_;
    std::size_t size_;
    char digits_[20];  // of the longest number, -2^63
};

std::string concat(std::initializer_list<Piece> pieces);

// No piece may be a part of `text`.
void append_to(std::string& text, std::initializer_list<Piece> pieces);

// As much of them as fits into the buffer, behind it a NUL; what stands there before the NUL. Empty
// for an empty buffer. No piece may be a part of it.
std::string_view concat_into(std::span<char> buffer, std::initializer_list<Piece> pieces) noexcept;

// A text of at most N - 1 bytes that allocates nothing, for a path above all:
// BoundedText<32>({pid.value, "/stat"}).c_str()
template <std::size_t N>
class BoundedText {
  public:
    BoundedText(std::initializer_list<Piece> pieces) noexcept
        : size_(concat_into(text_, pieces).size()) {}

    const char* c_str() const noexcept { return text_; }

    std::string_view view() const noexcept { return {text_, size_}; }

  private:
    char text_[N];
    std::size_t size_;
};

}  // namespace gosv
