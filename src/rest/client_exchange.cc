#include "rest/client_exchange.h"

#include <utility>

namespace tern::rest {

void ClientExchange::begin(RequestHead head, ClientRequest& request) {
  writer_.may_be_dropped();
  writer_.spawn(write(std::move(head), request.body, std::move(request.pieces), request.length));
}

Task<void> ClientExchange::write(RequestHead head, std::string body, AsyncGenerator<std::string> pieces,
                                 std::optional<std::uint64_t> length) {
  try {
    co_await codec_->write_head(std::move(head), std::move(body), static_cast<bool>(pieces));
    if (pieces) co_await write_pieces(std::move(pieces), length);
    written_ = true;
  } catch (const ClientError&) {
    write_failure_ = std::current_exception();
  } catch (const Cancelled&) {
    throw;
  } catch (...) {
    pieces_failure_ = std::current_exception();
  }
  codec_->wake();
}

Task<void> ClientExchange::write_pieces(AsyncGenerator<std::string> pieces, std::optional<std::uint64_t> length) const {
  std::uint64_t sent = 0;
  while (std::optional<std::string> piece = co_await pieces.next()) {
    if (piece->empty()) continue;
    sent += piece->size();
    if (length && sent > *length) {
      throw std::length_error("the request's pieces are longer than ClientRequest::length");
    }
    co_await codec_->write_piece(*std::move(piece));
  }
  if (length && sent < *length) throw std::length_error("the request's pieces are shorter than ClientRequest::length");
  co_await codec_->write_end();
}

Task<ResponseHead> ClientExchange::read_head() {
  for (;;) {
    std::optional<ResponseHead> head = codec_->read_head();
    if (head && observation_ != nullptr) observation_->answered(head->status);
    if (head) co_return *std::move(head);
    co_await await_more();
  }
}

Task<std::optional<std::string>> ClientExchange::read_body() {
  if (!inflater_) co_return co_await read_plain();
  for (;;) {
    std::optional<std::string> plain;
    bool complete = false;
    std::string failure;
    try {
      plain = inflater_->next();
      complete = inflater_->complete();
    } catch (const std::runtime_error& error) {
      failure = error.what();
    }
    if (!failure.empty()) throw ClientError{"the response cannot be decompressed: " + failure};
    if (plain) co_return plain;
    std::optional<std::string> piece = co_await read_plain();
    if (!piece) {
      if (!complete) throw ClientError{"the compressed response is cut short"};
      co_return std::nullopt;
    }
    inflater_->feed(*piece);
  }
}

Task<std::optional<std::string>> ClientExchange::read_plain() {
  for (;;) {
    std::optional<std::string> piece = codec_->read_piece();
    if (piece) co_return piece;
    if (codec_->ended()) break;
    co_await await_more();
  }
  codec_->finish(written_);
  co_return std::nullopt;
}

Task<void> ClientExchange::await_more() {
  bool was_written = written_;
  Clock::time_point limit = Clock::now() + timeout_;
  for (;;) {
    if (pieces_failure_) std::rethrow_exception(std::exchange(pieces_failure_, nullptr));
    // A server that refuses the rest of a body may have sent its response before the connection broke.
    if (codec_->receive()) co_return;
    if (write_failure_) std::rethrow_exception(std::exchange(write_failure_, nullptr));
    if (written_ && !std::exchange(was_written, true)) limit = Clock::now() + timeout_;
    if (written_ && Clock::now() >= limit) throw ClientError{"the server sends nothing (ClientOptions::timeout)"};
    // While the request is being written, its writer watches the time.
    co_await codec_->wait(written_ ? std::optional{limit} : std::nullopt);
  }
}

}  // namespace tern::rest
