// The tool server that benchmarks call: fixed answers (bench/answers.hpp), fast enough not to
// matter, on loopback, keep-alive, one thread:
//
//   upstream [--era modern|legacy] [--tools N] [--seconds N]     prints {"event":"ready","port":N}
//   upstream --stdio [--era …] [--tools N]                       over lines, until its input ends
//
// N further tools in the list (0); it ends by itself after so many seconds (900).
#include <ctime>
#include <iostream>
#include <memory>
#include <unordered_map>

#include "bench/answers.hpp"
#include "bench/wire.hpp"

namespace gatehouse::bench {
namespace {

struct Options {
  Era era = Era::modern;
  int tools = 0;
  int seconds = 900;
  bool stdio = false;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--stdio") {
      options.stdio = true;
      continue;
    }
    if (i + 1 == argc) die("a value is missing after " + std::string(name));
    const std::string value = argv[++i];
    if (name == "--era" && (value == "modern" || value == "legacy")) {
      options.era = value == "modern" ? Era::modern : Era::legacy;
    } else if (name == "--tools") {
      options.tools = std::clamp(std::stoi(value), 0, 1000);
    } else if (name == "--seconds") {
      options.seconds = std::clamp(std::stoi(value), 1, 7200);
    } else {
      die("unknown option " + std::string(name) + " " + value);
    }
  }
  return options;
}

struct Connection {
  int fd = -1;
  bool blocked = false;
  Incoming in;
  Outgoing out;
};

/// Answers in HTTP/1.1.
class Server {
 public:
  explicit Server(const Options& options) : answers_(options.era, options.tools) {}

  std::string_view respond(std::string_view body) {
    const Answer* answer = answers_.choose(body);
    if (answer != nullptr) {
      const std::string json = answer->with_id(id_of(body));
      return wants_stream(body) ? stream(json) : plain("200 OK", json, answer->opens_session);
    }
    if (is_notification(body)) return plain("202 Accepted", {}, false);
    const std::string refusal = R"({"jsonrpc":"2.0","id":)" + std::string(id_of(body)) +
                                R"(,"error":{"code":-32601,"message":"Method not found"}})";
    return plain("404 Not Found", refusal, false);
  }

 private:
  std::string_view plain(std::string_view status, std::string_view json, bool opens_session) {
    response_.assign("HTTP/1.1 ").append(status).append("\r\n");
    if (opens_session) response_.append("Mcp-Session-Id: bench-session\r\n");
    if (!json.empty()) response_.append("Content-Type: application/json\r\n");
    response_.append("Content-Length: ").append(std::to_string(json.size())).append("\r\n\r\n");
    return response_.append(json);
  }

  std::string_view stream(std::string_view json) {
    const std::string event = "event: message\ndata: " + std::string(json) + "\n\n";
    char size[20];
    const int digits = std::snprintf(size, sizeof size, "%zx\r\n", event.size());
    response_.assign("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
    response_.append("Transfer-Encoding: chunked\r\n\r\n");
    response_.append(size, static_cast<std::size_t>(digits)).append(event);
    return response_.append("\r\n0\r\n\r\n");
  }

  Answers answers_;
  std::string response_;
};

class Loop {
 public:
  explicit Loop(const Options& options) : server_(options) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0) die_errno("bind");
    if (::listen(listener_, 1024) != 0) die_errno("listen");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    watch(poll_, EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
  }

  std::uint16_t port() const { return port_; }

  void run_until(std::time_t end) {
    epoll_event events[128];
    while (std::time(nullptr) < end) {
      const int ready = ::epoll_wait(poll_, events, 128, 1000);
      for (int i = 0; i < ready; ++i) {
        if (events[i].data.ptr == nullptr) {
          accept_all();
        } else {
          serve(*static_cast<Connection*>(events[i].data.ptr), events[i].events);
        }
      }
    }
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      make_prompt(fd);
      auto connection = std::make_unique<Connection>();
      connection->fd = fd;
      watch(poll_, EPOLL_CTL_ADD, fd, EPOLLIN, connection.get());
      connections_.emplace(fd, std::move(connection));
    }
  }

  void serve(Connection& connection, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) after_send(connection, connection.out.flush(connection.fd));
    if ((events & ~std::uint32_t{EPOLLOUT}) == 0) return;
    if (connection.in.fill(connection.fd) == Incoming::State::closed) return drop(connection);
    Message message;
    while (connection.in.take(message)) {
      const std::string_view answer =
          message.head.starts_with("POST ") ? server_.respond(message.body) : kNotAllowed;
      const auto state = connection.out.send(connection.fd, answer);
      if (state == Outgoing::State::broken) return drop(connection);
      after_send(connection, state);
    }
  }

  void after_send(Connection& connection, Outgoing::State state) {
    const bool blocked = state == Outgoing::State::blocked;
    if (blocked == connection.blocked) return;
    connection.blocked = blocked;
    watch(poll_, EPOLL_CTL_MOD, connection.fd, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN, &connection);
  }

  void drop(Connection& connection) {
    const int fd = connection.fd;
    connections_.erase(fd);
    ::close(fd);
  }

  static constexpr std::string_view kNotAllowed =
      "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\nContent-Length: 0\r\n\r\n";

  int listener_ = -1;
  int poll_ = -1;
  std::uint16_t port_ = 0;
  Server server_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
};

void serve_lines(const Options& options) {
  const Answers answers(options.era, options.tools);
  std::string line;
  while (std::getline(std::cin, line)) {
    const Answer* answer = answers.choose(line);
    if (answer == nullptr && is_notification(line)) continue;
    const std::string refusal = R"({"jsonrpc":"2.0","id":)" + std::string(id_of(line)) +
                                R"(,"error":{"code":-32601,"message":"Method not found"}})";
    std::cout << (answer != nullptr ? answer->with_id(id_of(line)) : refusal) << '\n' << std::flush;
  }
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
  using namespace gatehouse::bench;
  std::ios::sync_with_stdio(false);
  const Options options = parse_options(argc, argv);
  if (options.stdio) {
    serve_lines(options);
    return 0;
  }
  Loop loop(options);
  std::printf("{\"event\":\"ready\",\"port\":%u}\n", unsigned{loop.port()});
  std::fflush(stdout);
  loop.run_until(std::time(nullptr) + options.seconds);
}
