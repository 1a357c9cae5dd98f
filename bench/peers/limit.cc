// limit PORT: a bare stack: Asio, nghttp2 and protobuf answer one unary call, from
// nghttp2's callback. No limits, no deadlines, no errors, no coroutines: a yardstick, not a start for a server.
#include <arpa/inet.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "user/v1/user.pb.h"

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

user::v1::User the_user;

struct Stream {
  std::int32_t id;
  std::string in = {};
  std::string out = {};
  std::size_t sent = 0;
};

nghttp2_nv field(const char* name, const char* value) {
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name)),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value)), std::strlen(name), std::strlen(value),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

Stream* stream_of(nghttp2_session* session, std::int32_t id) {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
}

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(tcp::socket socket) : socket_(std::move(socket)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { nghttp2_session_del(session_); }

  void start() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000};
    nghttp2_submit_settings(session_, 0, &settings, 1);
    socket_.set_option(tcp::no_delay(true));
    read();
    write();
  }

 private:
  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* /*self*/) {
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, new Stream{frame->hd.stream_id});
    return 0;
  }
  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* /*frame*/, nghttp2_rcbuf* /*name*/,
                       nghttp2_rcbuf* /*value*/, std::uint8_t /*flags*/, void* /*self*/) {
    return 0;
  }
  static int on_data(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id, const std::uint8_t* data,
                     std::size_t size, void* /*self*/) {
    stream_of(session, id)->in.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    const bool may_end = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (may_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      static_cast<Connection*>(self)->answer(*stream_of(session, frame->hd.stream_id));
    }
    return 0;
  }
  static int on_close(nghttp2_session* session, std::int32_t id, std::uint32_t /*code*/, void* /*self*/) {
    delete stream_of(session, id);
    return 0;
  }

  void answer(Stream& stream) {
    user::v1::GetUserRequest request;
    request.ParseFromArray(stream.in.data() + 5, static_cast<int>(stream.in.size()) - 5);
    user::v1::GetUserResponse response;
    *response.mutable_user() = the_user;
    const auto size = static_cast<std::uint32_t>(response.ByteSizeLong());
    const std::uint32_t big_endian = htonl(size);
    stream.out.resize(5 + size);
    std::memcpy(stream.out.data() + 1, &big_endian, sizeof big_endian);
    response.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(stream.out.data()) + 5);
    static const std::array kHeaders{field(":status", "200"), field("content-type", "application/grpc")};
    nghttp2_data_provider body{};
    body.source.ptr = &stream;
    body.read_callback = read_body;
    nghttp2_submit_response(session_, stream.id, kHeaders.data(), kHeaders.size(), &body);
  }

  static ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* to, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source* source, void* /*self*/) {
    auto& stream = *static_cast<Stream*>(source->ptr);
    const std::size_t size = std::min(room, stream.out.size() - stream.sent);
    std::memcpy(to, stream.out.data() + stream.sent, size);
    stream.sent += size;
    if (stream.sent == stream.out.size()) {
      static const nghttp2_nv kTrailer = field("grpc-status", "0");
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      nghttp2_submit_trailer(session, id, &kTrailer, 1);
    }
    return static_cast<ssize_t>(size);
  }

  void read() {
    socket_.async_read_some(asio::buffer(in_), [self = shared_from_this()](auto error, std::size_t size) {
      if (error) return;
      if (nghttp2_session_mem_recv(self->session_, self->in_.data(), size) < 0) return;
      self->write();
      self->read();
    });
  }

  void write() {
    if (writing_) return;
    out_.clear();
    const std::uint8_t* data = nullptr;
    while (out_.size() < 65536) {
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size <= 0) break;
      out_.insert(out_.end(), data, data + size);
    }
    if (out_.empty()) return;
    writing_ = true;
    asio::async_write(socket_, asio::buffer(out_), [self = shared_from_this()](auto error, std::size_t) {
      self->writing_ = false;
      if (!error) self->write();
    });
  }

  tcp::socket socket_;
  nghttp2_session* session_ = nullptr;
  bool writing_ = false;
  std::array<std::uint8_t, 65536> in_{};
  std::vector<std::uint8_t> out_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: limit PORT\n", stderr);
    return 2;
  }
  the_user.set_id(1);
  the_user.set_name("홍길동");
  the_user.set_email("hong@example.com");
  the_user.set_status(user::v1::USER_STATUS_ACTIVE);
  asio::io_context loop{1};
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  tcp::acceptor acceptor{loop, {asio::ip::address_v4::loopback(), port}};
  std::function<void()> accept = [&] {
    acceptor.async_accept([&](auto error, tcp::socket socket) {
      if (!error) std::make_shared<Connection>(std::move(socket))->start();
      accept();
    });
  };
  accept();
  loop.run();
}
