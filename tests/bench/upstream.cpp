// The tool server that benchmarks call: a modern (2026-07-28) MCP server with fixed answers, fast
// enough not to matter. It answers server/discover, tools/list and tools/call of `echo` (1 KB
// result) and `echo_64k`, on loopback, keep-alive, one thread:
//
//   upstream [MAX_SECONDS]      prints {"event":"ready","port":N} and ends after MAX_SECONDS (900)
//
// It reads the JSON by searching, so it is for well-behaved senders only.
#include <algorithm>
#include <ctime>
#include <memory>
#include <unordered_map>

#include "bench/results.hpp"
#include "bench/wire.hpp"

namespace gatehouse::bench {
namespace {

struct Connection {
  int fd = -1;
  bool blocked = false;
  Incoming in;
  Outgoing out;
};

/// One prepared body: what stands before and after the request's id.
struct Answer {
  std::string before;
  std::string after;
};

std::string input_schema() {
  return R"({"type":"object","properties":{"text":{"type":"string","minLength":1,"maxLength":200,"description":"What to say"},)"
         R"("count":{"type":"integer","minimum":1,"maximum":10,"description":"How often"}},"required":["text"],"additionalProperties":false})";
}

Answer make_answer(std::string_view result_members) {
  return {R"({"jsonrpc":"2.0","id":)",
          R"(,"result":{"resultType":"complete",)" + std::string(result_members) + "}}"};
}

Answer make_call_answer(std::size_t body_size) {
  return make_answer(R"("content":[{"type":"text","text":")" + result_text(body_size) +
                     R"("}],"isError":false)");
}

std::string make_tool(std::string_view name, std::string_view description) {
  return R"({"name":")" + std::string(name) + R"(","description":")" + std::string(description) +
         R"(","inputSchema":)" + input_schema() + R"(,"annotations":{"readOnlyHint":true}})";
}

class Server {
 public:
  std::string_view respond(std::string_view body) {
    const Answer* answer = choose(body);
    response_.clear();
    if (answer == nullptr) {
      response_ = body.find(R"("id":)") == std::string_view::npos
                      ? "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
                      : "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
      return response_;
    }
    const std::string_view id = id_of(body);
    char length[16];
    const auto end = std::to_chars(length, length + sizeof length,
                                   answer->before.size() + id.size() + answer->after.size())
                         .ptr;
    response_.append("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ");
    response_.append(length, end).append("\r\n\r\n");
    response_.append(answer->before).append(id).append(answer->after);
    return response_;
  }

 private:
  const Answer* choose(std::string_view body) const {
    if (body.find(R"("method":"tools/call")") != std::string_view::npos) {
      const std::size_t name = body.find(R"("name":"echo)");
      if (name == std::string_view::npos) return nullptr;
      return body.substr(name).starts_with(R"("name":"echo_64k")") ? &large_ : &small_;
    }
    if (body.find(R"("method":"tools/list")") != std::string_view::npos) return &list_;
    if (body.find(R"("method":"server/discover")") != std::string_view::npos) return &discover_;
    return nullptr;
  }

  static std::string_view id_of(std::string_view body) {
    constexpr std::string_view kId = R"("id":)";
    const std::size_t at = body.find(kId);
    if (at == std::string_view::npos) return "null";
    const std::string_view rest = body.substr(at + kId.size());
    return rest.substr(0, rest.find_first_of(",}"));
  }

  Answer small_ = make_call_answer(kSmallResult);
  Answer large_ = make_call_answer(kLargeResult);
  Answer list_ =
      make_answer(R"("tools":[)" + make_tool("echo", "Answers with one kilobyte of text.") + "," +
                  make_tool("echo_64k", "Answers with 64 kilobytes of text.") +
                  R"(],"ttlMs":3600000,"cacheScope":"public")");
  Answer discover_ = make_answer(
      R"("supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":3600000,"cacheScope":"public",)"
      R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"bench","version":"1.0"}})");
  std::string response_;
};

class Loop {
 public:
  Loop() {
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
      const auto state = connection.out.send(connection.fd, server_.respond(message.body));
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

  int listener_ = -1;
  int poll_ = -1;
  std::uint16_t port_ = 0;
  Server server_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 900;
  gatehouse::bench::Loop loop;
  std::printf("{\"event\":\"ready\",\"port\":%u}\n", unsigned{loop.port()});
  std::fflush(stdout);
  loop.run_until(std::time(nullptr) + seconds);
}
