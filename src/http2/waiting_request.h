// What a client's stream was opened with, kept while the peer allows no more streams.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "http2/stream.h"

namespace tern::http2 {

struct Stream::WaitingRequest {
  struct Field {
    std::string name;
    std::string value;
    bool recurs;
  };
  std::vector<Field> fields;

  explicit WaitingRequest(std::span<const HeaderField> given) {
    fields.reserve(given.size());
    for (const HeaderField& field : given) {
      fields.push_back({std::string{field.name}, std::string{field.value}, field.recurs});
    }
  }
  [[nodiscard]] HeaderFields view() const {
    HeaderFields list;
    list.reserve(fields.size());
    for (const Field& field : fields) list.push_back({field.name, field.value, field.recurs});
    return list;
  }
};

}  // namespace tern::http2
