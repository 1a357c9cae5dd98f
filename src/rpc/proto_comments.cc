#include "tern/detail/proto_comments.h"

#include <utility>

namespace tern {

namespace {

constinit const ProtoComments* first = nullptr;

}  // namespace

ProtoComments::ProtoComments(std::span<const ProtoComment> comments) noexcept
    : comments_(comments), next_(std::exchange(first, this)) {}

std::string_view ProtoComments::find(std::string_view name) noexcept {
  for (const ProtoComments* file = first; file != nullptr; file = file->next_) {
    for (const ProtoComment& comment : file->comments_) {
      if (name == comment.name) return comment.text;
    }
  }
  return {};
}

}  // namespace tern
