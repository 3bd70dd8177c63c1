// A closed-loop load generator that checks every answer. Each of N keep-alive connections sends one
// tools/call, waits for its answer, compares it, and sends the next:
//
//   load PORT [--path /mcp] [--connections N] [--requests N] [--warmup N] [--tool echo|echo_64k|…]
//        [--execute CONNECTION] [--spread N] [--era modern|legacy] [--call MEMBERS --expect TEXT]
//        [--host HOST] [--seconds N]
//
// With --execute the call is `execute_capability` of CONNECTION's tool, as an agent calls
// Gatehouse; without, the direct call. --spread N calls the connections CONNECTION0 to
// CONNECTION<N-1> in turn. --era legacy opens a session of 2025-11-25 first. --call gives other
// members of `params`, whose answer must contain --expect. A bearer token is read from the
// environment, BENCH_TOKEN, and sent by all kinds. Prints one line of JSON: requests, seconds,
// reconnects and latency in microseconds. A wrong status, id or text, a broken connection or more
// than --seconds ends it with exit status 1.
#include <strings.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <vector>

#include "bench/results.hpp"
#include "bench/wire.hpp"

namespace gatehouse::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::int64_t kFirstId = 1'000'000;  // seven digits each, so that all requests are as long
constexpr std::int64_t kMaxRequests = 8'000'000;

struct Options {
  std::uint16_t port = 0;
  std::string path = "/mcp";
  std::string host;
  std::string tool = "echo";
  std::string execute;  // name of the connection in Gatehouse; empty: direct
  int spread = 0;       // connections with that name and a number; 0: one without
  bool legacy = false;
  std::string call;    // members of params; empty: of the tool
  std::string expect;  // part of the answer to `call`
  int connections = 1;
  std::int64_t requests = 1000;
  std::int64_t warmup = 0;
  int seconds = 60;
};

Options parse_options(int argc, char** argv) {
  Options options;
  if (argc < 2 || argc % 2 != 0) die("usage: load PORT [--option value]...");
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--path") {
      options.path = value;
    } else if (name == "--host") {
      options.host = value;
    } else if (name == "--tool") {
      options.tool = value;
    } else if (name == "--execute") {
      options.execute = value;
    } else if (name == "--spread") {
      options.spread = std::clamp(std::stoi(value), 1, 1000);
    } else if (name == "--era" && (value == "modern" || value == "legacy")) {
      options.legacy = value == "legacy";
    } else if (name == "--call") {
      options.call = value;
    } else if (name == "--expect") {
      options.expect = value;
    } else if (name == "--connections") {
      options.connections = std::clamp(std::stoi(value), 1, 4096);
    } else if (name == "--requests") {
      options.requests = std::clamp<std::int64_t>(std::stoll(value), 1, kMaxRequests);
    } else if (name == "--warmup") {
      options.warmup = std::clamp<std::int64_t>(std::stoll(value), 0, kMaxRequests / 8);
    } else if (name == "--seconds") {
      options.seconds = std::clamp(std::stoi(value), 1, 600);
    } else {
      die("unknown option " + std::string(name));
    }
  }
  if (options.host.empty()) options.host = "127.0.0.1:" + std::to_string(options.port);
  return options;
}

/// Head and body of one request.
std::string make_request(const Options& options, std::string_view session, std::string_view method,
                         std::string_view name, const std::string& body) {
  std::string bytes =
      "POST " + options.path + " HTTP/1.1\r\nHost: " + options.host +
      "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
  if (const char* token = std::getenv("BENCH_TOKEN"); token != nullptr && *token != '\0')
    bytes += "Authorization: Bearer " + std::string(token) + "\r\n";
  if (options.legacy) {
    if (method != "initialize") bytes += "MCP-Protocol-Version: 2025-11-25\r\n";
    if (!session.empty()) bytes += "Mcp-Session-Id: " + std::string(session) + "\r\n";
  } else {
    bytes += "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + std::string(method) + "\r\n";
    if (!name.empty()) bytes += "Mcp-Name: " + std::string(name) + "\r\n";
  }
  return bytes + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// The bytes of one call; only the digits of the id differ between calls of one connection.
struct Request {
  std::string bytes;
  std::size_t id_at = 0;

  Request(const Options& options, std::string_view session, const std::string& connection) {
    const std::string arguments = R"({"text":"hello from the benchmark","count":3})";
    const bool direct = connection.empty();
    const std::string name = direct ? options.tool : "execute_capability";
    std::string params = R"("name":")" + name + R"(","arguments":)";
    params += direct ? arguments
                     : R"({"name":")" + connection + "." + options.tool + R"(","arguments":)" +
                           arguments + "}";
    if (!options.call.empty()) params = options.call;
    std::string body = R"({"jsonrpc":"2.0","id":1000000,"method":"tools/call","params":{)" + params;
    if (!options.legacy) {
      body +=
          R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},)"
          R"("io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"}})";
    }
    body += "}}";
    bytes = make_request(options, session, "tools/call", name_of(params), body);
    id_at = bytes.size() - body.size() + body.find("1000000");
  }

  void set_id(std::int64_t id) {
    std::to_chars(bytes.data() + id_at, bytes.data() + id_at + 7, id);
  }

 private:
  static std::string name_of(std::string_view params) {
    constexpr std::string_view kName = R"("name":")";
    const std::string_view rest = params.substr(params.find(kName) + kName.size());
    return std::string(rest.substr(0, rest.find('"')));
  }
};

/// Opens a legacy session; its id, which may be empty.
std::string open_session(const Options& options) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(options.port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    die_errno("connect");
  const auto exchange = [fd](const std::string& bytes) {
    Incoming in;
    Message message;
    if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) die_errno("send");
    while (!in.take(message)) {
      if (in.fill(fd) == Incoming::State::closed) die("no answer to initialize");
    }
    if (!message.head.starts_with("HTTP/1.1 20")) die(std::string(message.head));
    return std::string(message.head);
  };
  const std::string head = exchange(make_request(
      options, {}, "initialize", {},
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}})"));
  const std::string session = header_of(head, "mcp-session-id");
  exchange(make_request(options, session, "notifications/initialized", {},
                        R"({"jsonrpc":"2.0","method":"notifications/initialized"})"));
  ::close(fd);
  return session;
}

std::vector<Request> make_requests(const Options& options) {
  const std::string session = options.legacy ? open_session(options) : std::string();
  std::vector<Request> requests;
  if (options.spread == 0) requests.emplace_back(options, session, options.execute);
  for (int i = 0; i < options.spread; ++i)
    requests.emplace_back(options, session, options.execute + std::to_string(i));
  return requests;
}

class Load {
 public:
  explicit Load(Options options)
      : options_(std::move(options)),
        requests_(make_requests(options_)),
        expected_(expected_text(options_)) {
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < options_.connections; ++i) connect_one(clients_.emplace_back());
    microseconds_.reserve(static_cast<std::size_t>(options_.requests));
  }

  void run() {
    const auto deadline = SteadyClock::now() + std::chrono::seconds(options_.seconds);
    if (options_.warmup > 0) run_calls(options_.warmup, deadline);
    microseconds_.clear();
    const auto started = SteadyClock::now();
    run_calls(options_.requests, deadline);
    report(std::chrono::duration<double>(SteadyClock::now() - started).count());
  }

 private:
  static std::string expected_text(const Options& options) {
    if (!options.call.empty()) return options.expect;
    const bool large = options.tool.ends_with("64k");
    return "\"" + result_text(large ? kLargeResult : kSmallResult) + "\"";
  }

  struct Client {
    int fd = -1;
    std::int64_t id = 0;
    SteadyClock::time_point sent_at;
    Incoming in;
  };

  void connect_one(Client& client) {
    client.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(options_.port);
    if (::connect(client.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      die_errno("connect");
    make_prompt(client.fd);
    watch(poll_, EPOLL_CTL_ADD, client.fd, EPOLLIN, &client);
  }

  void reconnect(Client& client) {
    ::close(client.fd);
    client.in = Incoming();
    ++reconnects_;
    connect_one(client);
  }

  void send(Client& client) {
    client.id = kFirstId + next_id_++ % kMaxRequests;
    Request& request = requests_[next_request_++ % requests_.size()];
    request.set_id(client.id);
    client.sent_at = SteadyClock::now();
    const ssize_t put = ::send(client.fd, request.bytes.data(), request.bytes.size(), MSG_NOSIGNAL);
    if (put != static_cast<ssize_t>(request.bytes.size())) die_errno("send");
    ++sent_;
  }

  void run_calls(std::int64_t calls, SteadyClock::time_point deadline) {
    sent_ = answered_ = 0;
    for (Client& client : clients_) {
      if (sent_ < calls) send(client);
    }
    epoll_event events[128];
    while (answered_ < calls) {
      const int ready = ::epoll_wait(poll_, events, 128, 1000);
      if (SteadyClock::now() > deadline)
        die("out of time after " + std::to_string(answered_) + " answers");
      for (int i = 0; i < ready; ++i) read(*static_cast<Client*>(events[i].data.ptr), calls);
    }
  }

  void read(Client& client, std::int64_t calls) {
    if (client.in.fill(client.fd) == Incoming::State::closed) {
      if (client.id != 0) die("the connection closed instead of answering");
      return reconnect(client);
    }
    Message message;
    if (!client.in.take(message)) return;
    const auto now = SteadyClock::now();
    microseconds_.push_back(std::chrono::duration<float, std::micro>(now - client.sent_at).count());
    check(client, message);
    ++answered_;
    client.id = 0;
    if (message.head.find("onnection: close") != std::string_view::npos) reconnect(client);
    if (sent_ < calls) send(client);
  }

  void check(const Client& client, const Message& message) const {
    constexpr std::string_view kOk = "HTTP/1.1 200 ";
    const std::string id = R"("id":)" + std::to_string(client.id);
    const auto has = [&](std::string_view part) {
      return message.body.find(part) != std::string_view::npos;
    };
    const bool right = message.head.starts_with(kOk) && has(id) && has(expected_) &&
                       (options_.legacy || has(R"("resultType":"complete")")) &&
                       !client.in.in_message();
    if (right) return;
    die("not the expected answer to request " + std::to_string(client.id) + ":\n" +
        std::string(message.head) + std::string(message.body.substr(0, 2000)));
  }

  float quantile(double share) {
    const auto at = static_cast<std::size_t>(share * static_cast<double>(microseconds_.size() - 1));
    std::ranges::nth_element(microseconds_,
                             microseconds_.begin() + static_cast<std::ptrdiff_t>(at));
    return microseconds_[at];
  }

  void report(double seconds) {
    const float p50 = quantile(0.5);
    const float p90 = quantile(0.9);
    const float p99 = quantile(0.99);
    std::printf(
        "{\"requests\":%lld,\"connections\":%d,\"seconds\":%.4f,\"per_second\":%.0f,"
        "\"reconnects\":%d,\"request_bytes\":%zu,\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,"
        "\"max\":%.2f}\n",
        static_cast<long long>(options_.requests), options_.connections, seconds,
        static_cast<double>(options_.requests) / seconds, reconnects_,
        requests_.front().bytes.size(), p50, p90, p99, *std::ranges::max_element(microseconds_));
  }

  Options options_;
  std::vector<Request> requests_;
  std::size_t next_request_ = 0;
  std::string expected_;
  int poll_ = -1;
  std::deque<Client> clients_;  // stable addresses: epoll holds them
  std::vector<float> microseconds_;
  std::int64_t next_id_ = 0;
  std::int64_t sent_ = 0;
  std::int64_t answered_ = 0;
  int reconnects_ = 0;
};

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
  gatehouse::bench::Load(gatehouse::bench::parse_options(argc, argv)).run();
}
