// ScriptedServer: a real loopback server that plays bytes: what no well-behaved server sends, when
// no well-behaved server sends it. Each connection is served by the script on a thread of its own,
// with or without TLS. For tests of the HTTP client.
#pragma once

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gatehouse::fakes {

/// One accepted connection. Blocking.
class Peer final {
 public:
  Peer(int socket, int number, SSL* tls) : socket_(socket), number_(number), tls_(tls) {}
  /// 0 for the first connection that was accepted.
  int number() const { return number_; }
  /// The next request, head and body; empty when the client closed first.
  std::string read_request();
  void send(std::string_view bytes);
  /// "HTTP/1.1 200 OK" with this body.
  void answer(std::string_view body, std::string_view fields = {});
  /// Returns when the client has closed.
  void wait_closed();
  /// Closes with RST instead of FIN.
  void reset();
  void close();
  /// Sends FIN but goes on reading.
  void shut_down();
  int socket() const { return socket_; }

  std::function<void(const std::string&)> on_request;
  std::function<void(int)> on_close;

 private:
  long read_some(char* into, std::size_t size);
  int socket_;
  int number_;
  SSL* tls_;
  std::string buffer_;
};

class ScriptedServer final {
 public:
  using Script = std::function<void(Peer&)>;
  /// `tls` may be null and otherwise outlives the server.
  explicit ScriptedServer(Script script, SSL_CTX* tls = nullptr);
  /// Cuts what is open and waits for the scripts.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string origin() const;
  int connections() const { return connections_; }
  /// Everything read_request() has returned, in order.
  std::vector<std::string> requests() const;

 private:
  void accept_all();
  void serve(int socket, int number);

  Script script_;
  SSL_CTX* tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::string> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

inline long Peer::read_some(char* into, std::size_t size) {
  if (socket_ < 0) return 0;
  if (tls_ != nullptr) return SSL_read(tls_, into, static_cast<int>(size));
  return ::recv(socket_, into, size, 0);
}

inline std::string Peer::read_request() {
  while (true) {
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::size_t field = buffer_.find("Content-Length: ");
      const std::size_t body =
          field < end ? std::strtoul(buffer_.c_str() + field + 16, nullptr, 10) : 0;
      if (buffer_.size() >= end + 4 + body) {
        std::string request = buffer_.substr(0, end + 4 + body);
        buffer_.erase(0, request.size());
        if (on_request) on_request(request);
        return request;
      }
    }
    char piece[16384];
    const long count = read_some(piece, sizeof(piece));
    if (count <= 0) return {};
    buffer_.append(piece, static_cast<std::size_t>(count));
  }
}

inline void Peer::send(std::string_view bytes) {
  while (!bytes.empty() && socket_ >= 0) {
    const long count = tls_ != nullptr
                           ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                           : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

inline void Peer::answer(std::string_view body, std::string_view fields) {
  std::string message = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size());
  send(message.append("\r\n").append(fields).append("\r\n").append(body));
}

inline void Peer::wait_closed() {
  char piece[16384];
  while (read_some(piece, sizeof(piece)) > 0) {
  }
}

inline void Peer::reset() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  close();
}

inline void Peer::close() {
  if (tls_ != nullptr && socket_ >= 0) SSL_shutdown(tls_);
  if (on_close && socket_ >= 0) on_close(socket_);
  socket_ = -1;
}

inline void Peer::shut_down() {
  ::shutdown(socket_, SHUT_WR);
}

inline ScriptedServer::ScriptedServer(Script script, SSL_CTX* tls)
    : script_(std::move(script)), tls_(tls) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 64) != 0) {
    std::abort();
  }
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

inline ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

inline std::string ScriptedServer::origin() const {
  return (tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
}

inline std::vector<std::string> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

inline void ScriptedServer::accept_all() {
  while (!stopping_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    open_.push_back(socket);
    threads_.emplace_back([this, socket, number = connections_++] { serve(socket, number); });
  }
}

inline void ScriptedServer::serve(int socket, int number) {
  // OpenSSL writes without MSG_NOSIGNAL. Only this thread is spared, so that a client that raises
  // the signal is found.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  SSL* tls = nullptr;
  if (tls_ != nullptr) {
    tls = SSL_new(tls_);
    SSL_set_fd(tls, socket);
  }
  Peer peer(socket, number, tls);
  peer.on_request = [this](const std::string& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  };
  peer.on_close = [this](int closed) {
    const std::lock_guard lock(mutex_);
    std::erase(open_, closed);
    ::close(closed);
  };
  if (tls == nullptr || SSL_accept(tls) == 1) script_(peer);
  peer.close();
  SSL_free(tls);
}

}  // namespace gatehouse::fakes
