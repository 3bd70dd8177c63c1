// ScriptedHttp: an http::Client that plays one side of a transcript: it compares what is sent with
// what the transcript expects and answers as written there. For mcp_client's tests; failures are
// reported through GoogleTest.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "async/mailbox.hpp"
#include "http/client.hpp"
#include "http/sse.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::fakes {

using jsonrpc::JsonView;

/// Whether everything in `part` is in `whole`: objects by member, the rest as equal text. A null
/// in `part` means: absent.
inline bool is_part_of(const JsonView& part, const std::optional<JsonView>& whole) {
  if (part.is_null()) return !whole || whole->is_null();
  if (!whole) return false;
  if (!part.is_object()) {
    const auto text = part.as_string();
    return text ? whole->equals(*text) : part.raw() == whole->raw();
  }
  for (const auto& member : part.members()) {
    if (!is_part_of(member.value, whole->find(member.key()))) return false;
  }
  return true;
}

class ScriptedHttp final : public http::Client {
 public:
  struct Step {
    std::string expected;  ///< {"http":…,"url":…,"headers":{…},"body":{…}}
    /// {"status":…,"headers":{…},"json":…} or {"events":[…]}; {"live":[…]} opens a stream that
    /// stays open, to which "push":[…] of later replies adds and which "hang_up":true ends.
    std::string reply;
  };

  void add(std::string expected, std::string reply) {
    steps_.push_back({std::move(expected), std::move(reply)});
  }
  bool done() const { return steps_.empty(); }
  std::size_t left() const { return steps_.size(); }

  Task<Result<http::Reply>> send(http::Request request, http::SendOptions) override {
    // The GET stream is opened at a time of its own; scripts that care name it.
    const bool resumes = request.headers.contains("Last-Event-ID");
    if (request.method == "GET" && !resumes && !expects_get()) {
      co_return make_reply(R"({"status":405})", "");
    }
    if (steps_.empty()) {
      ADD_FAILURE() << "unexpected " << request.method << " " << request.body;
      co_return fail(Errc::unavailable, "the script has ended");
    }
    const Step step = std::move(steps_.front());
    steps_.pop_front();
    compare(JsonView::of_proved(step.expected), request);
    const auto body = JsonView::parse(request.body);
    const auto id = body ? body->find("id") : std::nullopt;
    if (JsonView::of_proved(step.reply).find("live")) {
      live_ = std::make_shared<Live>(co_await boost::asio::this_coro::executor, 100);
    }
    co_return make_reply(step.reply, id ? std::string(id->raw()) : "null");
  }

 private:
  class Events final : public http::BodyStream {
   public:
    explicit Events(std::deque<std::string> chunks) : chunks_(std::move(chunks)) {}
    Task<Result<std::string_view>> read_some(std::chrono::milliseconds) override {
      if (chunks_.empty()) co_return std::string_view();
      now_ = std::move(chunks_.front());
      chunks_.pop_front();
      if (now_ == "BREAK") co_return fail(Errc::outcome_unknown, "the connection broke");
      co_return std::string_view(now_);
    }

   private:
    std::deque<std::string> chunks_;
    std::string now_;
  };

  using Live = Mailbox<std::string>;
  class LiveStream final : public http::BodyStream {
   public:
    explicit LiveStream(std::shared_ptr<Live> live) : live_(std::move(live)) {}
    Task<Result<std::string_view>> read_some(std::chrono::milliseconds) override {
      now_ = (co_await live_->pop()).value_or("");
      co_return std::string_view(now_);
    }

   private:
    std::shared_ptr<Live> live_;
    std::string now_;
  };

  bool expects_get() const {
    return !steps_.empty() && JsonView::of_proved(steps_.front().expected).string("http") == "GET";
  }

  static void compare(const JsonView& expected, const http::Request& request) {
    EXPECT_EQ(expected.string("http").value_or("POST"), request.method);
    if (const auto url = expected.string("url")) EXPECT_EQ(*url, request.target);
    if (const auto headers = expected.find("headers")) {
      for (const auto& header : headers->members()) {
        const auto sent = request.headers.find(header.key());
        if (header.value.is_null()) {
          EXPECT_FALSE(sent) << header.key();
        } else {
          EXPECT_EQ(std::string(sent.value_or("(absent)")), *header.value.as_string())
              << header.key();
        }
      }
    }
    if (const auto body = expected.find("body")) {
      EXPECT_TRUE(is_part_of(*body, JsonView::parse(request.body).value_or(JsonView())))
          << "expected " << body->raw() << "\nsent     " << request.body;
    }
  }

  static std::string fill(std::string_view raw, const std::string& id) {
    std::string text(raw);
    for (std::size_t at = text.find("\"$id\""); at != std::string::npos;
         at = text.find("\"$id\"")) {
      text.replace(at, 5, id);
    }
    return text;
  }

  Result<http::Reply> make_reply(std::string_view script, const std::string& request_id) {
    const JsonView view = JsonView::of_proved(script);
    if (const auto error = view.string("error")) return fail(Errc::outcome_unknown, *error);
    http::Reply reply;
    reply.status = static_cast<int>(view.integer("status").value_or(200));
    if (const auto headers = view.find("headers")) {
      for (const auto& header : headers->members()) {
        reply.headers.add(header.key(), *header.value.as_string());
      }
    }
    if (const auto json = view.find("json")) reply.body = fill(json->raw(), request_id);
    if (const auto text = view.string("text")) reply.body = *text;
    // A resumed stream answers the request that was sent first.
    if (request_id != "null") last_id_ = request_id;
    if (const auto events = view.find("live")) {
      push(*events);
      reply.stream = std::make_unique<LiveStream>(live_);
    }
    if (const auto events = view.find("push")) push(*events);
    if (view.boolean("hang_up").value_or(false)) live_->close();
    if (const auto events = view.find("events")) {
      std::deque<std::string> chunks;
      for (const JsonView& event : events->elements()) {
        chunks.push_back(event.equals("BREAK") ? "BREAK" : make_event(event, last_id_));
      }
      reply.stream = std::make_unique<Events>(std::move(chunks));
    }
    return reply;
  }

  void push(const JsonView& events) {
    for (const JsonView& event : events.elements()) live_->push(make_event(event, last_id_));
  }

  static std::string make_event(const JsonView& event, const std::string& id) {
    std::string text;
    if (const auto retry = event.find("retry"))
      text.append("retry: ").append(retry->raw()).append("\n");
    const auto data = event.find("data");
    const std::string plain = event.string("text").value_or("");
    return text + http::format_sse_event(data ? fill(data->raw(), id) : plain,
                                         event.string("id").value_or(""),
                                         event.string("event").value_or(""));
  }

  std::deque<Step> steps_;
  std::string last_id_;
  std::shared_ptr<Live> live_;
};

}  // namespace gatehouse::fakes
