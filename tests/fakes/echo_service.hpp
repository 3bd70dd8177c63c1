// The server that the tests of this folder call: one tool per behaviour.
#pragma once

#include <algorithm>
#include <vector>

#include "async/condition.hpp"
#include "mcp_server/service.hpp"

namespace gatehouse::mcp_server {

class EchoService final : public Service {
 public:
  explicit EchoService(Executor executor) : released(executor) {}

  Task<ServerDescription> describe(const Caller& caller) override {
    co_return ServerDescription{"echo", "", "1.0", "hello " + caller.identity};
  }

  Task<Reply> handle(Call& call) override {
    ++calls;
    last_capabilities = call.capabilities().raw;
    last_version = call.protocol_version();
    if (call.method() == "tools/list") co_return Reply{Reply::Result{R"("tools":[])", {}}};
    if (call.method() != "tools/call") {
      co_return Reply{Reply::Failure{-32601, "unknown method", {}, 0}};
    }
    co_return co_await call_tool(call);
  }

  /// Grants everything but prompts and resources of which it has none.
  Task<gatehouse::Result<mcp::Interest>> follow(std::shared_ptr<Follower> follower,
                                                mcp::Interest wanted) override {
    if (wanted.resource_uris.contains("test://missing")) {
      co_return fail(Errc::not_found, "no such resource");
    }
    if (std::ranges::find(followers, follower) == followers.end()) followers.push_back(follower);
    wanted.prompts = false;
    last_wanted = wanted;
    co_return wanted;
  }
  void unfollow(Follower& follower) override {
    std::erase_if(followers, [&](const auto& one) { return one.get() == &follower; });
  }

  Task<Reply> call_tool(Call& call) {
    if (call.name() == "echo") {
      co_return Reply{Reply::Result{"\"echo\":" + std::string(call.arguments()), {}}};
    }
    if (call.name() == "raw") co_return Reply{Reply::Result{{}, mcp::RawJson(raw)}};
    if (call.name() == "state") {
      co_return Reply{Reply::Result{"\"state\":\"" + std::string(call.request_state()) +
                                        "\",\"responses\":" + std::string(call.input_responses()),
                                    {}}};
    }
    if (call.name() == "progress") {
      co_await call.notify("notifications/progress", R"({"progressToken":"p","progress":1})");
      call.post("notifications/progress", R"({"progressToken":"p","progress":2})");
      co_return Reply{Reply::Result{R"("done":true)", {}}};
    }
    if (call.name() == "poll") {
      co_await call.notify("notifications/message", R"({"level":"info","data":"before"})");
      co_await call.close_stream();
      waiting = true;
      co_await released.wait();
      co_await call.notify("notifications/message", R"({"level":"info","data":"after"})");
      co_return Reply{Reply::Result{R"("polled":true)", {}}};
    }
    if (call.name() == "log") {
      for (const char* level : {"debug", "info", "error"}) {
        co_await call.notify("notifications/message",
                             std::string(R"({"level":")") + level + R"(","data":"x"})");
      }
      co_return Reply{Reply::Result{R"("logged":true)", {}}};
    }
    if (call.name() == "ask") {
      if (!call.can_ask()) co_return Reply{Reply::Result{R"("asked":false)", {}}};
      const auto answer = co_await call.ask("elicitation/create", R"({"message":"?"})");
      if (!answer) co_return Reply{Reply::Failure{-32603, answer.error().detail, {}, 0}};
      co_return Reply{Reply::Result{"\"answer\":" + *answer, {}}};
    }
    if (call.name() == "wait") {
      waiting = true;
      const auto on_cancel = call.cancelled().on_cancel([this] { released.notify_all(); });
      co_await released.wait();
      co_return Reply{Reply::Result{R"("waited":true)", {}}};
    }
    if (call.name() == "refuse") {
      co_return Reply{Reply::Refusal{{403, {{"WWW-Authenticate", "Bearer x"}}, "no"}, "scope"}};
    }
    if (call.name() == "forbid") {
      co_return Reply{Reply::Refusal{
          {403, {{"WWW-Authenticate", "Bearer x"}, {"Content-Type", "application/json"}}, {}},
          "scope"}};
    }
    if (call.name() == "throw") throw std::runtime_error("secret detail");
    co_return Reply{Reply::Failure{-32602, "unknown tool", R"({"tool":1})", 0}};
  }

  Condition released;
  std::vector<std::shared_ptr<Follower>> followers;
  mcp::Interest last_wanted;
  std::string raw;
  std::string last_capabilities;
  std::string last_version;
  int calls = 0;
  bool waiting = false;
};

}  // namespace gatehouse::mcp_server
