// A closed-loop load generator that checks every answer. Each of N keep-alive connections sends one
// tools/call, waits for its answer, compares it, and sends the next:
//
//   load PORT [--path /mcp] [--connections N] [--requests N] [--warmup N] [--tool echo|echo_64k]
//        [--execute CONNECTION] [--host HOST] [--seconds N]
//
// With --execute the call is `execute_capability` of CONNECTION's tool, as an agent calls
// Gatehouse; without, the direct call. A bearer token is read from the environment, BENCH_TOKEN,
// and sent by both kinds. Prints one line of JSON: requests, seconds, reconnects and latency in
// microseconds. A wrong status, id or text, a broken connection or more than --seconds ends it with
// exit status 1.
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

/// The bytes of one request; only the digits of the id differ between requests.
struct Request {
  std::string bytes;
  std::size_t id_at = 0;

  explicit Request(const Options& options) {
    const std::string arguments = R"({"text":"hello from the benchmark","count":3})";
    const bool direct = options.execute.empty();
    const std::string name = direct ? options.tool : "execute_capability";
    std::string params = R"("name":")" + name + R"(","arguments":)";
    params += direct ? arguments
                     : R"({"name":")" + options.execute + "." + options.tool + R"(","arguments":)" +
                           arguments + "}";
    const std::string body =
        R"({"jsonrpc":"2.0","id":1000000,"method":"tools/call","params":{)" + params +
        R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},)"
        R"("io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"}}}})";
    bytes = "POST " + options.path + " HTTP/1.1\r\nHost: " + options.host +
            "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
    if (const char* token = std::getenv("BENCH_TOKEN"); token != nullptr && *token != '\0')
      bytes += "Authorization: Bearer " + std::string(token) + "\r\n";
    bytes += "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: " + name +
             "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    id_at = bytes.size() + body.find("1000000");
    bytes += body;
  }

  void set_id(std::int64_t id) {
    std::to_chars(bytes.data() + id_at, bytes.data() + id_at + 7, id);
  }
};

class Load {
 public:
  explicit Load(Options options)
      : options_(std::move(options)),
        request_(options_),
        expected_("\"" + result_text(options_.tool == "echo_64k" ? kLargeResult : kSmallResult) +
                  "\"") {
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
    request_.set_id(client.id);
    client.sent_at = SteadyClock::now();
    const ssize_t put =
        ::send(client.fd, request_.bytes.data(), request_.bytes.size(), MSG_NOSIGNAL);
    if (put != static_cast<ssize_t>(request_.bytes.size())) die_errno("send");
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
    const bool right = message.head.starts_with(kOk) &&
                       message.body.find(id) != std::string_view::npos &&
                       message.body.find(expected_) != std::string_view::npos &&
                       message.body.find(R"("resultType":"complete")") != std::string_view::npos &&
                       message.body.ends_with("}}") && !client.in.in_message();
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
        static_cast<double>(options_.requests) / seconds, reconnects_, request_.bytes.size(), p50,
        p90, p99, *std::ranges::max_element(microseconds_));
  }

  Options options_;
  Request request_;
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
