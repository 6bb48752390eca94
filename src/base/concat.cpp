#include "gosv/base/concat.hpp"

#include <charconv>

namespace gosv {

Piece::Piece(const char* text) noexcept : Piece(std::string_view(text)) {}

Piece::Piece(const std::string& text) noexcept : Piece(std::string_view(text)) {}

Piece::Piece(std::string_view text) noexcept : data_(text.data()), size_(text.size()) {}

Piece::Piece(char character) noexcept : data_(digits_), size_(1) {
    digits_[0] = character;
}

void Piece::set(long long number) noexcept {
    data_ = digits_;
    size_ = static_cast<std::size_t>(std::to_chars(digits_, digits_ + sizeof digits_, number).ptr -
                                     digits_);
}

void Piece::set(unsigned long long number) noexcept {
    data_ = digits_;
    size_ = static_cast<std::size_t>(std::to_chars(digits_, digits_ + sizeof digits_, number).ptr -
                                     digits_);
}

std::string concat(std::initializer_list<Piece> pieces) {
    std::string text;
    append_to(text, pieces);
    return text;
}

void append_to(std::string& text, std::initializer_list<Piece> pieces) {
    std::size_t size = text.size();
    for (const Piece& piece : pieces) {
        size += piece.view().size();
    }
    // As append() grows it: a text that is written piece after piece is not copied for each.
    if (size > text.capacity()) {
        text.reserve(size > 2 * text.capacity() ? size : 2 * text.capacity());
    }
    for (const Piece& piece : pieces) {
        text.append(piece.view());
    }
}

std::string_view concat_into(std::span<char> buffer, std::initializer_list<Piece> pieces) noexcept {
    if (buffer.empty()) {
        return {};
    }
    std::size_t size = 0;
    for (const Piece& piece : pieces) {
        const std::span<char> room = buffer.subspan(size, buffer.size() - 1 - size);
        size += piece.view().copy(room.data(), room.size());
    }
    buffer[size] = '\0';
    return {buffer.data(), size};
}

}  // namespace gosv
