// burst PORT CONNECTIONS STREAMS [ROUNDS]: CONNECTIONS x STREAMS GetUser calls at once, and how long until the last
// reply. The requests are encoded beforehand and written in one piece for each connection, and of the replies only
// frame headers are read, so that what is measured is the server: h2load itself needs 10 to 20 ms for 10,000 calls.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kData = 0x0;
constexpr int kHeaders = 0x1;
constexpr int kReset = 0x3;
constexpr int kGoaway = 0x7;
constexpr int kEndStream = 0x1;
constexpr int kEndHeaders = 0x4;
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

void put_frame(std::string& out, int type, int flags, unsigned stream, std::string_view payload) {
  const std::size_t size = payload.size();
  for (const int shift : {16, 8, 0}) out += static_cast<char>(size >> shift);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(stream >> shift);
  out += payload;
}

// A literal field that goes into the dynamic table (RFC 7541 6.2.1), name by static index or by text.
void put_field(std::string& out, int name_index, std::string_view name, std::string_view value) {
  out += static_cast<char>(0x40 | name_index);
  if (name_index == 0) {
    out += static_cast<char>(name.size());
    out += name;
  }
  out += static_cast<char>(value.size());
  out += value;
}

// Everything one connection sends: preface, settings, a wide window, the calls on streams 1, 3, 5, ...
std::string requests(int streams) {
  std::string out{kPreface};
  put_frame(out, 0x4, 0, 0, {});
  put_frame(out, 0x8, 0, 0, std::string_view{"\x3f\xff\0\0", 4});
  std::string first{"\x83\x86"};  // :method POST, :scheme http
  put_field(first, 4, {}, "/user.v1.UserService/GetUser");
  put_field(first, 1, {}, "localhost");
  put_field(first, 31, {}, "application/grpc");
  put_field(first, 0, "te", "trailers");
  const std::string_view again{"\x83\x86\xc1\xc0\xbf\xbe"};  // the same fields, by index
  const std::string_view message{"\0\0\0\0\2\x08\1", 7};
  for (int call = 0; call < streams; ++call) {
    const auto stream = static_cast<unsigned>(2 * call + 1);
    put_frame(out, kHeaders, kEndHeaders, stream, call == 0 ? std::string_view{first} : again);
    put_frame(out, kData, kEndStream, stream, message);
  }
  return out;
}

// Counts ended streams in a connection's bytes, however they are cut.
struct Replies {
  std::size_t skip = 0;
  std::string head;
  int ended = 0;
  int failed = 0;

  void take(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t skipped = std::min(skip, bytes.size());
      bytes.remove_prefix(skipped);
      skip -= skipped;
      const std::size_t taken = std::min(9 - head.size(), bytes.size());
      if (skip > 0) return;
      head += bytes.substr(0, taken);
      bytes.remove_prefix(taken);
      if (head.size() < 9) return;
      const auto octet = [this](int index) {
        return static_cast<unsigned char>(head[static_cast<std::size_t>(index)]);
      };
      skip = static_cast<std::size_t>(octet(0) << 16 | octet(1) << 8 | octet(2));
      if (octet(3) == kHeaders && (octet(4) & kEndStream) != 0) ++ended;
      if (octet(3) == kReset || octet(3) == kGoaway) ++failed;
      head.clear();
    }
  }
};

void burst(int port, int connections, int streams) {
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = htons(static_cast<in_port_t>(port)), .sin_addr = {}, .sin_zero = {}};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<pollfd> sockets;
  for (int index = 0; index < connections; ++index) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (socket < 0) fail("socket");
    const int on = 1;
    const int room = 1 << 20;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
    sockets.push_back({.fd = socket, .events = POLLIN, .revents = 0});
  }
  const std::string sent = requests(streams);
  std::vector<Replies> replies(sockets.size());
  std::vector<char> buffer(1 << 20);
  const auto start = std::chrono::steady_clock::now();
  for (const pollfd& socket : sockets) {
    if (::write(socket.fd, sent.data(), sent.size()) != static_cast<ssize_t>(sent.size())) fail("write");
  }
  int ended = 0;
  int failed = 0;
  while (ended + failed < connections * streams) {
    if (::poll(sockets.data(), sockets.size(), 10'000) <= 0) fail("no reply within 10 s: poll");
    ended = failed = 0;
    for (std::size_t index = 0; index < sockets.size(); ++index) {
      if (sockets[index].revents != 0) {
        const ssize_t size = ::read(sockets[index].fd, buffer.data(), buffer.size());
        if (size <= 0) fail("the server closed the connection: read");
        replies[index].take({buffer.data(), static_cast<std::size_t>(size)});
      }
      ended += replies[index].ended;
      failed += replies[index].failed;
    }
  }
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  std::printf("%.1f ms, %d ended, %d failed\n", time.count(), ended, failed);
  for (const pollfd& socket : sockets) ::close(socket.fd);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: burst PORT CONNECTIONS STREAMS [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc > 4 ? std::atoi(argv[4]) : 1;
  for (int round = 0; round < rounds; ++round) burst(std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]));
}
