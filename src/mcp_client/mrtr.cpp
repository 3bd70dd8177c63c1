#include "mcp_client/mrtr.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "async/timer.hpp"
#include "jsonrpc/json.hpp"
#include "mcp/capabilities.hpp"
#include "mcp_client/incoming.hpp"

namespace gatehouse::mcp_client {
namespace {

// Rounds without questions to a person come no faster than this.
constexpr auto kStateOnlyPause = std::chrono::milliseconds(250);

mcp::ResultType type_of(const jsonrpc::Message& message) {
  const std::string_view raw = message.member("resultType");
  if (raw.empty()) return mcp::ResultType::complete;
  const jsonrpc::JsonView type = jsonrpc::JsonView::of_proved(raw);
  if (type.equals("complete")) return mcp::ResultType::complete;
  if (type.equals("input_required")) return mcp::ResultType::input_required;
  return type.equals("task") ? mcp::ResultType::task : mcp::ResultType::unknown;
}

/// Whether a result of another type than the core's may be answered (B-3): `task` belongs to one
/// extension, of others we do not know the types.
bool may_extend(const mcp::ClientCapabilities& declared, mcp::ResultType type) {
  const auto extensions = jsonrpc::JsonView::of_proved(declared.raw).find("extensions");
  if (!extensions || type == mcp::ResultType::input_required) return false;
  if (type != mcp::ResultType::task) return extensions->size() != 0;
  return extensions->find("io.modelcontextprotocol/tasks").has_value();
}

bool may_require_input(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read";
}

/// The responses to the server's questions, as members for the retry.
Task<Result<std::string>> answer_inputs(const mcp::Request& request,
                                        const mcp::InputRequired& asked,
                                        const mcp::ClientCapabilities& declared,
                                        Interaction& interaction) {
  if (asked.requests.empty()) co_await sleep_for(kStateOnlyPause);
  std::vector<std::pair<std::string, std::string>> responses;
  for (const mcp::InputRequest& input : asked.requests) {
    if (!mcp::allows(declared, input.method, input.params)) {
      co_return fail(Errc::protocol,
                     fmt::format("the server asks for {}, which this request did not declare",
                                 quote_remote(input.method, 60)));
    }
    auto response = co_await interaction.answer(input.method, input.params);
    if (!response) co_return std::unexpected(response.error());
    responses.emplace_back(input.key, std::move(*response));
  }
  if (request.cancel != nullptr && request.cancel->cancelled()) {
    co_return fail(Errc::cancelled, "the request was cancelled");
  }
  co_return mcp::make_retry_members(asked, responses);
}

/// The request's params without the members of an earlier round, which a retry replaces: the
/// requester may have done that round itself.
std::string without_retry_members(const mcp::Request& request) {
  std::string whole = "{";
  for (const std::string_view piece : request.params) whole += piece;
  whole += '}';
  std::string out;
  for (const jsonrpc::JsonMember& member : jsonrpc::JsonView::of_proved(whole).members()) {
    if (member.is("inputResponses") || member.is("requestState")) continue;
    if (!out.empty()) out += ',';
    out.append("\"").append(member.raw_key).append("\":").append(member.value.raw());
  }
  return out;
}

/// `input_required` without the questions that are answered here; the server asks those again when
/// their answers are missing from the requester's retry, and then alone.
std::string without_kept(std::string_view raw_result, const Interaction& interaction) {
  std::string out;
  const auto add = [](std::string& to, const jsonrpc::JsonMember& member, std::string_view value) {
    if (!to.empty()) to += ',';
    to.append("\"").append(member.raw_key).append("\":").append(value);
  };
  for (const jsonrpc::JsonMember& member : jsonrpc::JsonView::of_proved(raw_result).members()) {
    std::string questions;
    if (member.is("inputRequests")) {
      for (const jsonrpc::JsonMember& question : member.value.members()) {
        const auto method = question.value.string("method");
        if (!method || !interaction.keeps(*method)) {
          add(questions, question, question.value.raw());
        }
      }
      questions = "{" + questions + "}";
    }
    add(out, member, questions.empty() ? member.value.raw() : std::string_view(questions));
  }
  return "{" + out + "}";
}

enum class Rounds { none, some, all };

/// Which of the questions are answered here although rounds are relayed.
Rounds kept_here(const mcp::InputRequired& asked, const Interaction& interaction) {
  const auto kept = std::ranges::count_if(
      asked.requests, [&](const auto& question) { return interaction.keeps(question.method); });
  if (kept == 0) return Rounds::none;
  return std::cmp_equal(kept, asked.requests.size()) ? Rounds::all : Rounds::some;
}

}  // namespace

Answered make_answered(const jsonrpc::Message& message, std::string bytes) {
  const mcp::ResultType type = type_of(message);
  return Answered{to_answer(message, std::move(bytes)), type};
}

Result<mcp::Answer> take_unasked(const mcp::Request& request, Answered answered) {
  static const mcp::ClientCapabilities kNone;
  const bool plain = !std::holds_alternative<mcp::Success>(answered.answer) ||
                     answered.type == mcp::ResultType::complete;
  const bool asks =
      answered.type == mcp::ResultType::input_required && may_require_input(request.method);
  const auto* declared = request.capabilities != nullptr ? request.capabilities : &kNone;
  if (plain || asks || may_extend(*declared, answered.type)) return std::move(answered.answer);
  return fail(Errc::protocol,
              fmt::format("the server answered {} with a result type that was not agreed on",
                          request.method));
}

Task<Result<mcp::Answer>> run_rounds(RoundTrip& round_trip, const mcp::Request& request,
                                     Interaction* interaction) {
  static const mcp::ClientCapabilities kNone;
  const mcp::ClientCapabilities& declared = request.capabilities != nullptr ? *request.capabilities
                                            : interaction != nullptr ? interaction->capabilities()
                                                                     : kNone;
  std::string extra_members;
  std::optional<mcp::Request> again;
  std::string params;  // of `again`
  for (int round = 0; round <= limits::kMrtrRounds; ++round) {
    auto answered =
        co_await round_trip.exchange(again ? *again : request, declared.raw, extra_members);
    if (!answered) co_return std::unexpected(answered.error());
    auto* success = std::get_if<mcp::Success>(&answered->answer);
    if (success == nullptr || answered->type == mcp::ResultType::complete) {
      co_return std::move(answered->answer);
    }
    const bool asks = answered->type == mcp::ResultType::input_required;
    if (interaction == nullptr || !asks || !may_require_input(request.method)) {
      co_return take_unasked(request, std::move(*answered));
    }
    const auto asked = mcp::parse_input_required(success->result.view());
    if (!asked) co_return std::unexpected(asked.error());
    if (interaction->relays_input_required()) {
      const Rounds kept = kept_here(*asked, *interaction);
      if (kept == Rounds::none) co_return std::move(answered->answer);
      if (kept == Rounds::some) {
        co_return mcp::Success{mcp::RawJson(without_kept(success->result.view(), *interaction))};
      }
    }
    auto members = co_await answer_inputs(request, *asked, declared, *interaction);
    if (!members) co_return std::unexpected(members.error());
    extra_members = std::move(*members);
    if (!again) {
      params = without_retry_members(request);
      again = request;
      again->params = {params};
    }
  }
  co_return fail(Errc::too_large, fmt::format("the server asked for input more than {} times "
                                              "(kMrtrRounds)",
                                              limits::kMrtrRounds));
}

}  // namespace gatehouse::mcp_client
