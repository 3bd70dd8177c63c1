// FakeExchange: one HTTP exchange without a socket, for tests of http::Handlers.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "http/server.hpp"

namespace gatehouse::fakes {

class FakeExchange final : public http::Exchange {
 public:
  explicit FakeExchange(http::Request request) : request_(std::move(request)) {
    request_.body.reserve(request_.body.size() + http::kBodyPadding);
  }

  const http::Request& request() const override { return request_; }
  std::string_view peer_address() const override { return "127.0.0.1"; }
  std::string_view request_id() const override { return "request-1"; }
  Task<> respond(int status, const http::Headers& headers,
                 std::span<const std::string_view> pieces) override {
    ++answers;
    response = {status, headers, {}};
    for (const std::string_view piece : pieces) response.body += piece;
    co_return;
  }
  Task<Result<void>> start_stream(int status, const http::Headers& headers) override {
    ++answers;
    streaming_ = true;
    response = {status, headers, {}};
    co_return Result<void>{};
  }
  Task<Result<void>> write(std::string_view bytes) override {
    if (broken) co_return fail(Errc::unavailable, "the client has closed the connection");
    response.body += bytes;
    if (on_write) on_write();
    co_return Result<void>{};
  }
  Task<> finish() override {
    finished = true;
    co_return;
  }
  bool streaming() const override { return streaming_; }
  CancelSource& disconnected() override { return disconnected_; }

  http::Response response;
  std::function<void()> on_write;  ///< after each piece of a stream
  bool broken = false;             ///< the connection is lost
  int answers = 0;
  bool finished = false;

 private:
  http::Request request_;
  bool streaming_ = false;
  CancelSource disconnected_;
};

}  // namespace gatehouse::fakes
