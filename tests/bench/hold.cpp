// Opens many of one thing and holds them, so that what each costs can be seen:
//
//   hold PORT --kind session|get|listen --count N [--path /mcp] [--seconds N]
//
// session: legacy sessions that are opened and left alone, over 16 keep-alive connections; get: a
// session each with its GET stream open; listen: an open subscriptions/listen each. Bearer tokens
// are read from the environment, BENCH_TOKENS, separated by commas, and used in turn. Prints
// {"event":"held","count":N} and holds until its input ends.
#include <poll.h>
#include <sys/resource.h>

#include <ctime>
#include <memory>
#include <vector>

#include "bench/wire.hpp"

namespace gatehouse::bench {
namespace {

struct Options {
  std::uint16_t port = 0;
  std::string kind = "session";
  std::string path = "/mcp";
  int count = 1000;
  int seconds = 300;
  std::vector<std::string> tokens;
};

Options parse_options(int argc, char** argv) {
  Options options;
  if (argc < 2 || argc % 2 != 0) die("usage: hold PORT [--option value]...");
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--kind" && (value == "session" || value == "get" || value == "listen")) {
      options.kind = value;
    } else if (name == "--path") {
      options.path = value;
    } else if (name == "--count") {
      options.count = std::clamp(std::stoi(value), 1, 200000);
    } else if (name == "--seconds") {
      options.seconds = std::clamp(std::stoi(value), 1, 3600);
    } else {
      die("unknown option " + std::string(name) + " " + value);
    }
  }
  std::string_view tokens = std::getenv("BENCH_TOKENS") ? std::getenv("BENCH_TOKENS") : "";
  while (!tokens.empty()) {
    options.tokens.emplace_back(tokens.substr(0, tokens.find(',')));
    tokens.remove_prefix(std::min(tokens.size(), options.tokens.back().size() + 1));
  }
  if (options.tokens.empty()) options.tokens.emplace_back("none");
  return options;
}

/// A blocking connection; what is slow here is not measured.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in address = loopback(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      die_errno("connect");
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(fd_); }

  void send(const std::string& bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) die_errno("send");
  }

  /// The head of the next answer; its body too, when it has an end.
  std::string answer(bool endless) const {
    Incoming in;
    Message message;
    std::string_view head;
    while (endless ? !in.take_head(head) : !in.take(message)) {
      if (in.fill(fd_) == Incoming::State::closed) die("the connection closed");
    }
    const std::string text(endless ? head : message.head);
    if (!text.starts_with("HTTP/1.1 20")) die(text + std::string(message.body));
    return text;
  }

 private:
  int fd_;
};

class Holder {
 public:
  explicit Holder(Options options) : options_(std::move(options)) {}

  void open_all() {
    const std::time_t end = std::time(nullptr) + options_.seconds;
    for (int i = 0; i < options_.count; ++i) {
      if (std::time(nullptr) > end) die("out of time after " + std::to_string(i));
      const std::string& token =
          options_.tokens[static_cast<std::size_t>(i) % options_.tokens.size()];
      if (options_.kind == "listen") {
        open_listen(token);
      } else {
        const std::string session = open_session(token, i);
        if (options_.kind == "get") open_get(token, session);
      }
    }
  }

 private:
  std::string head(std::string_view method, std::string_view token) const {
    return std::string(method) + " " + options_.path +
           " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options_.port) +
           "\r\nAuthorization: Bearer " + std::string(token) +
           "\r\nAccept: application/json, text/event-stream\r\n";
  }

  static std::string with_body(std::string head, std::string_view body) {
    return head +
           "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
  }

  std::string open_session(const std::string& token, int number) {
    if (openers_.size() < 16) openers_.push_back(std::make_unique<Connection>(options_.port));
    const Connection& connection = *openers_[static_cast<std::size_t>(number) % openers_.size()];
    connection.send(with_body(
        head("POST", token),
        R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}})"));
    const std::string session = header_of(connection.answer(false), "mcp-session-id");
    if (session.empty()) die("no session id");
    return session;
  }

  void open_get(const std::string& token, const std::string& session) {
    streams_.push_back(std::make_unique<Connection>(options_.port));
    streams_.back()->send(head("GET", token) +
                          "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: " + session +
                          "\r\n\r\n");
    streams_.back()->answer(true);
  }

  void open_listen(const std::string& token) {
    streams_.push_back(std::make_unique<Connection>(options_.port));
    streams_.back()->send(with_body(
        head("POST", token) +
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n",
        R"({"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},)"
        R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})"));
    streams_.back()->answer(true);
  }

  Options options_;
  std::vector<std::unique_ptr<Connection>> openers_;
  std::vector<std::unique_ptr<Connection>> streams_;
};

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
  using namespace gatehouse::bench;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const Options options = parse_options(argc, argv);
  Holder holder(options);
  holder.open_all();
  std::printf("{\"event\":\"held\",\"count\":%d}\n", options.count);
  std::fflush(stdout);
  pollfd input{STDIN_FILENO, POLLIN, 0};
  ::poll(&input, 1, options.seconds * 1000);
}
