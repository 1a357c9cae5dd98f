// Metadata: the keys and values that travel with a call besides its messages. On the wire they are header fields; a key
// that ends in "-bin" has any bytes as its value (base64 there, raw here).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/api.h"

namespace tern {

/// Keeps the order; a key may come several times. All texts lie in one block.
class TERN_API Metadata {
 public:
  using Entry = std::pair<std::string_view, std::string_view>;

  Metadata() = default;
  /// As add() for each.
  Metadata(std::initializer_list<Entry> entries);

  /// Throws std::invalid_argument for a key that is not of lower-case letters, digits and "-_.", that belongs to HTTP/2
  /// or gRPC (":…", "grpc-…", "te", "content-type" and their like), and for a value that is not printable ASCII where
  /// the key does not end in "-bin". Upper-case letters in keys are made lower. Blanks at the ends of a value are left
  /// out, unless the key ends in "-bin": header fields cannot have them (RFC 9113 §8.2.1).
  /// Metadata that was received may be given back, or passed on to another call: what belongs to the exchange that it
  /// came with ("user-agent", "content-length", "host", "grpc-…-bin") is accepted here, and not sent again. Only a call
  /// whose CallOptions::metadata has a "user-agent" sends that in place of tern's.
  void add(std::string_view key, std::string_view value);

  /// Adds all of `received` as it is. For metadata that a peer sent: also values that add() does not accept, since
  /// HTTP/2 does (RFC 9113 §8.2.1).
  void add_all(const Metadata& received);

  /// Returns the first value of this key, and all of them. Upper-case letters are read as lower-case ones, as in add().
  [[nodiscard]] std::optional<std::string_view> get(std::string_view key) const noexcept;
  [[nodiscard]] std::vector<std::string_view> get_all(std::string_view key) const;

  [[nodiscard]] std::size_t size() const noexcept { return spans_.size(); }
  [[nodiscard]] bool empty() const noexcept { return spans_.empty(); }
  /// In order of addition; the views live until the next change.
  [[nodiscard]] Entry operator[](std::size_t index) const noexcept;

  class Iterator {
   public:
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(const Metadata& metadata, std::size_t index) : metadata_(&metadata), index_(index) {}
    Entry operator*() const { return (*metadata_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) { return {*metadata_, index_++}; }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Metadata* metadata_ = nullptr;
    std::size_t index_ = 0;
  };
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size()}; }

  void clear() noexcept;

  /// A field as it was received: decodes "-bin" values; false when their base64 is broken.
  bool add_received(std::string_view key, std::string_view value);

 private:
  struct Span {
    std::uint32_t offset;
    std::uint32_t key_size;
    std::uint32_t value_size;
  };
  void append(std::string_view key, std::string_view value);

  std::string text_;
  std::vector<Span> spans_;
};

}  // namespace tern
