#include "rest/representation.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "rest/byte_ranges.h"
#include "rest/entity_tag.h"
#include "rest/http_date.h"
#include "tern/rest/content.h"

namespace tern::rest {

namespace {

/// Longer ones are sent piece by piece, so that a slow client makes the server hold one piece.
constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;

/// Text that stands before a part of the bytes.
struct Section {
  std::string head;
  std::string_view bytes;
};

AsyncGenerator<std::string> pieces_of(std::vector<Section> sections,
                                      [[maybe_unused]] std::shared_ptr<const void> owner) {
  for (Section& section : sections) {
    std::string piece = std::move(section.head);
    do {
      const std::string_view next = section.bytes.substr(0, kPieceBytes);
      piece += next;
      section.bytes.remove_prefix(next.size());
      co_yield std::move(piece);
      piece.clear();
    } while (!section.bytes.empty());
  }
}

void set_body(Response& response, std::vector<Section> sections, const Representation& representation) {
  std::size_t length = 0;
  for (const Section& section : sections) length += section.head.size() + section.bytes.size();
  if (length > kPieceBytes) {
    response.pieces = pieces_of(std::move(sections), representation.owner);
    response.length = length;
    return;
  }
  for (const Section& section : sections) {
    response.body += section.head;
    response.body += section.bytes;
  }
}

std::string content_range(const ByteRange& range, std::size_t size) {
  return fmt::format("bytes {}-{}/{}", range.first, range.first + range.length - 1, size);
}

/// RFC 9110 §15.3.7.1.
void set_one_range(Response& response, const ByteRange& range, const Representation& representation) {
  response.fields.add("content-type", representation.type);
  response.fields.add("content-range", content_range(range, representation.bytes.size()));
  set_body(response, {{{}, representation.bytes.substr(range.first, range.length)}}, representation);
}

/// By chance, so that no author of the bytes can know it and end a part with it.
std::string draw_boundary() {
  std::random_device random;
  return fmt::format("tern-{:08x}{:08x}{:08x}", random(), random(), random());
}

/// RFC 9110 §15.3.7.2 and §14.6.
void set_ranges(Response& response, const std::vector<ByteRange>& ranges, const Representation& representation) {
  const std::string boundary = draw_boundary();
  std::vector<Section> sections;
  for (const ByteRange& range : ranges) {
    std::string head = fmt::format("\r\n--{}\r\ncontent-type: {}\r\ncontent-range: {}\r\n\r\n", boundary,
                                   representation.type, content_range(range, representation.bytes.size()));
    sections.push_back({std::move(head), representation.bytes.substr(range.first, range.length)});
  }
  sections.push_back({fmt::format("\r\n--{}--\r\n", boundary), {}});
  response.fields.add("content-type", "multipart/byteranges; boundary=" + boundary);
  set_body(response, std::move(sections), representation);
}

Response whole(const Representation& representation) {
  Response response;
  response.fields.add("content-type", representation.type);
  if (representation.coding.empty()) {
    response.fields.add("accept-ranges", "bytes");
  } else {
    response.fields.add("content-encoding", representation.coding);
  }
  set_body(response, {{{}, representation.bytes}}, representation);
  return response;
}

Response unsatisfiable(std::size_t size) {
  Response response = Response::error(416, "the range is beyond the end");
  response.fields.add("content-range", fmt::format("bytes */{}", size));
  return response;
}

/// The response to a request whose conditions hold.
Response selected(const Request& request, const Representation& representation, std::chrono::sys_seconds now) {
  const bool may_have_ranges = request.method == "GET" && representation.coding.empty();
  if (!may_have_ranges || !if_range_holds(request, representation.validators, now)) return whole(representation);
  const auto ranges = parse_ranges(request.fields.joined("range"), representation.bytes.size());
  if (!ranges) return whole(representation);
  if (ranges->empty()) return unsatisfiable(representation.bytes.size());
  Response response{206};
  response.fields.add("accept-ranges", "bytes");
  if (ranges->size() == 1) {
    set_one_range(response, ranges->front(), representation);
  } else {
    set_ranges(response, *ranges, representation);
  }
  return response;
}

/// The site may have compressed the response that the client has, and its tag is then weak. A cache renews the stored
/// response whose tag is the same to the letter (RFC 9111 §4.3.4).
std::string tag_of_client(const Request& request, const std::string& tag) {
  const std::string weak = weak_tag(tag);
  return !if_none_match_lists(request.fields, tag) && if_none_match_lists(request.fields, weak) ? weak : tag;
}

}  // namespace

Response serve_representation(const Request& request, const Representation& representation) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  Validators validators = representation.validators;
  if (validators.modified) validators.modified = std::min(*validators.modified, now);
  const Precondition condition = check_conditions(request, validators, now);
  if (condition == Precondition::kFailed) {
    return Response::error(412, "the content is not the version that the request's conditions name");
  }
  Response response{304};
  if (condition == Precondition::kNotModified) {
    validators.tag = tag_of_client(request, validators.tag);
  } else {
    response = selected(request, representation, now);
  }
  if (!validators.tag.empty()) response.fields.add("etag", validators.tag);
  if (validators.modified) response.fields.add("last-modified", http_date(*validators.modified));
  return response;
}

Content::Content(std::string_view its_type, std::string its_bytes)
    : type(its_type), bytes(std::make_shared<const std::string>(std::move(its_bytes))) {}

Content::Content(std::string_view its_type, std::shared_ptr<const std::string> its_bytes)
    : type(its_type), bytes(std::move(its_bytes)) {
  if (bytes == nullptr) throw std::invalid_argument("a Content needs bytes, not null");
}

Response serve_content(const Request& request, Content content) {
  Representation representation{.type = std::move(content.type), .bytes = *content.bytes, .owner = content.bytes};
  if (!content.tag.empty()) representation.validators.tag = entity_tag(content.tag);
  representation.validators.modified = content.modified;
  return serve_representation(request, representation);
}

}  // namespace tern::rest
