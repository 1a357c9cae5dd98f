#include "http2/header_block.h"

namespace tern::http2 {

void HeaderBlock::add(const Field& field) {
  spans_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(field.name.size()),
                    static_cast<std::uint32_t>(field.value.size())});
  text_.append(field.name).append(field.value);
}

std::optional<std::string_view> HeaderBlock::get(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < size(); ++i) {
    const Field field = (*this)[i];
    if (field.name == name) return field.value;
  }
  return std::nullopt;
}

}  // namespace tern::http2
