#include "cli/endpoint_choice.hpp"

#include <fmt/format.h>

#include "jsonrpc/json.hpp"
#include "jsonrpc/message.hpp"

namespace gatehouse::cli {
namespace {

using Channel = std::shared_ptr<jsonrpc::LineChannel>;

constexpr std::string_view kMethod = "gatehouse/endpoint";
constexpr std::string_view kId = R"("gatehouse-endpoint")";

/// A channel whose first line has been read already.
class ReplayedChannel final : public jsonrpc::LineChannel {
 public:
  ReplayedChannel(Channel inner, std::string first)
      : inner_(std::move(inner)), first_(std::move(first)) {}

  Task<Result<void>> write_line(std::string_view line) override { return inner_->write_line(line); }
  Task<Result<std::optional<std::string>>> read_line() override {
    return first_ ? take_first() : inner_->read_line();
  }
  Task<> close() override { return inner_->close(); }
  std::string epitaph() const override { return inner_->epitaph(); }

 private:
  Task<Result<std::optional<std::string>>> take_first() {
    co_return std::exchange(first_, std::nullopt);
  }

  Channel inner_;
  std::optional<std::string> first_;
};

}  // namespace

Task<Result<void>> ask_for_endpoint(Channel gateway, std::string endpoint) {
  const std::string question =
      jsonrpc::make_request(kId, kMethod, "{\"endpoint\":" + jsonrpc::quote(endpoint) + "}");
  if (const auto sent = co_await gateway->write_line(question); !sent)
    co_return std::unexpected(sent.error());
  const Result<std::optional<std::string>> line = co_await gateway->read_line();
  if (!line) co_return std::unexpected(line.error());
  if (!*line) co_return fail(Errc::unavailable, "the gateway that runs has ended");
  const Result<jsonrpc::Message> answer = jsonrpc::prove(**line);
  if (answer && answer->kind == jsonrpc::MessageKind::result) co_return Result<void>{};
  const auto error = answer ? jsonrpc::parse_error_object(answer->error) : jsonrpc::ErrorObject{};
  if (answer && error.code == jsonrpc::kInvalidParams)
    co_return fail(Errc::not_found, error.message, "gatehouse list shows the connections");
  co_return fail(Errc::unsupported,
                 fmt::format("the gateway that runs here cannot serve {}", endpoint),
                 "restart it with this version: gatehouse serve");
}

Task<EndpointChoice> read_endpoint_choice(Channel channel) {
  EndpointChoice choice;
  Result<std::optional<std::string>> line = co_await channel->read_line();
  if (!line || !*line) co_return choice;
  const Result<jsonrpc::Message> message = jsonrpc::prove(**line);
  const bool asks =
      message && message->kind == jsonrpc::MessageKind::request && message->method == kMethod;
  if (asks) {
    choice.asked = true;
    choice.endpoint = message->string_member("endpoint").value_or("");
    choice.channel = std::move(channel);
  } else {
    choice.channel = std::make_shared<ReplayedChannel>(std::move(channel), std::move(**line));
  }
  co_return choice;
}

Task<> answer_endpoint_choice(Channel channel, Result<void> granted) {
  const std::string answer =
      granted ? jsonrpc::make_result(kId, "{}")
              : jsonrpc::make_error(kId, jsonrpc::kInvalidParams, granted.error().detail);
  (void)co_await channel->write_line(answer);
}

}  // namespace gatehouse::cli
