#include "gateway/parked_calls.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "async/timer.hpp"
#include "base/random.hpp"
#include "mcp/capabilities.hpp"

namespace gatehouse::gateway {

/// One call, from its start to its end. Shared by the task that runs it and whoever waits for it.
class ParkedCalls::Call final : public mcp_client::Interaction, public mcp::NotificationSink {
 public:
  Call(ParkedCalls& home, Start start)
      : home_(home), start_(std::move(start)), changed_(home.tasks_.executor()) {
    arguments_ = start_.bridged.arguments;
  }

  struct Open {
    Question question;
    std::optional<std::string> answer;
  };

  // Interaction: the server asks, in a task of its peer; run() waits for its end.
  const mcp::ClientCapabilities& capabilities() const override { return start_.capabilities; }
  bool relays_input_required() const override { return true; }
  Task<Result<std::string>> answer(std::string_view method, std::string_view params) override;

  // NotificationSink: what the server tells goes to the request that waits.
  void on_notification(std::string_view method, std::string_view params) override {
    if (notes_ != nullptr) notes_->on_notification(method, params);
  }

  AuthenticatedCall authenticated() {
    const BridgedCall& bridged = start_.bridged;
    return {.principal = start_.principal,
            .method = start_.method,
            .connection = bridged.connection,
            .name = bridged.name,
            .arguments = arguments_,
            .params = bridged.params,
            .extra = start_.extra,
            .meta = bridged.meta,
            .request_id = start_.request_id,
            .capabilities = &start_.capabilities,
            .interaction = this,
            .sink = this,
            .cancel = &cancel_,
            .access = bridged.access};
  }

  bool has_unanswered() const {
    return std::ranges::any_of(open_, [](const auto& open) { return !open->answer; });
  }
  /// What its input takes while it waits.
  std::size_t bytes() const {
    return arguments_.size() + start_.bridged.params.size() + start_.bridged.meta.size() +
           start_.extra.size();
  }
  void give_up() {
    cancel_.cancel();
    changed_.notify_all();
  }

  ParkedCalls& home_;
  Start start_;
  std::string arguments_;
  CancelSource cancel_;
  Condition changed_;
  mcp::NotificationSink* notes_ = nullptr;
  std::vector<std::shared_ptr<Open>> open_;
  std::optional<CallOutcome> outcome_;
  std::string id_;            ///< empty until it pauses
  std::uint64_t serial_ = 0;  ///< when it paused first, among the others
  int round_ = 0;
  int asked_ = 0;
  bool waited_for_ = false;
};

Task<Result<std::string>> ParkedCalls::Call::answer(std::string_view method,
                                                    std::string_view params) {
  if (!mcp::allows(start_.capabilities, method, params)) {
    co_return fail(Errc::unsupported,
                   fmt::format("the client cannot answer {}", quote_remote(method, 60)));
  }
  if (id_.empty() && !home_.make_room(*this))
    co_return fail(Errc::rate_limited,
                   "too many calls wait for answers (kParkedCalls, kParkedBytes)");
  const auto open = std::make_shared<Open>();
  open->question = {fmt::format("question_{}", ++asked_), std::string(method), std::string(params)};
  open_.push_back(open);
  changed_.notify_all();
  while (!open->answer && !cancel_.cancelled()) co_await changed_.wait();
  std::erase(open_, open);
  if (!open->answer) co_return fail(Errc::cancelled, "nobody came back with an answer");
  co_return std::move(*open->answer);
}

ParkedCalls::ParkedCalls(Pipeline& pipeline, TaskGroup& tasks, Settings settings)
    : pipeline_(pipeline), tasks_(tasks), settings_(settings) {}

ParkedCalls::~ParkedCalls() = default;

bool ParkedCalls::make_room(const Call& call) {
  std::size_t same = 0;
  std::size_t bytes = call.bytes();
  CallPtr oldest;  // of this caller, and nobody waits for it just now
  for (const auto& [id, other] : calls_) {
    bytes += other->bytes();
    if (other->start_.caller != call.start_.caller) continue;
    ++same;
    if (!other->waited_for_ && (!oldest || other->serial_ < oldest->serial_)) oldest = other;
  }
  if (same < settings_.most_per_caller)
    return calls_.size() < settings_.most && bytes <= settings_.most_bytes;
  if (!oldest || bytes - oldest->bytes() > settings_.most_bytes) return false;
  end(oldest->id_);
  return true;
}

Task<> ParkedCalls::run(CallPtr call, Pipeline& pipeline) {
  try {
    call->outcome_ = co_await pipeline.run(call->authenticated());
  } catch (...) {  // the process ends; who waits must not wait for ever
    call->outcome_ =
        Refused{Refused::Step::dispatch, {Errc::cancelled, "the call was ended", {}}, {}};
    call->changed_.notify_all();
    throw;
  }
  call->changed_.notify_all();
}

Task<ParkedCalls::Step> ParkedCalls::start(Start start, mcp::NotificationSink* notes,
                                           CancelSource& cancelled) {
  const auto call = std::make_shared<Call>(*this, std::move(start));
  tasks_.spawn("parked_call", run(call, pipeline_));
  co_return co_await wait(call, notes, cancelled);
}

Task<ParkedCalls::Step> ParkedCalls::resume(
    std::string id, int round, std::string caller,
    std::vector<std::pair<std::string, std::string>> answers, mcp::NotificationSink* notes,
    CancelSource& cancelled) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) co_return Gone{};
  const CallPtr call = found->second;
  if (call->round_ != round || call->start_.caller != caller || call->waited_for_) co_return Gone{};
  ++call->round_;  // single use: whoever brings the same state again comes too late
  for (auto& [key, raw] : answers) {
    const auto open = std::ranges::find_if(call->open_, [&](const auto& candidate) {
      return candidate->question.key == key && !candidate->answer;
    });
    if (open != call->open_.end()) (*open)->answer = std::move(raw);
  }
  call->changed_.notify_all();
  co_return co_await wait(call, notes, cancelled);
}

Task<ParkedCalls::Step> ParkedCalls::wait(CallPtr call, mcp::NotificationSink* notes,
                                          CancelSource& cancelled) {
  call->notes_ = notes;
  call->waited_for_ = true;
  const std::shared_ptr<void> left(nullptr, [call](void*) {
    call->notes_ = nullptr;
    call->waited_for_ = false;
  });
  // A client that hangs up has cancelled (T-7).
  const CancelSource::Registration registration = cancelled.on_cancel([call] { call->give_up(); });
  while (!call->outcome_) {
    while (!call->outcome_ && !call->has_unanswered()) co_await call->changed_.wait();
    // Until nothing more comes, and not for ever.
    std::size_t before = 0;
    for (int looks = 0; !call->outcome_ && call->open_.size() != before && looks < 8; ++looks) {
      before = call->open_.size();
      co_await sleep_for(settings_.gathering);
    }
    if (call->has_unanswered()) break;  // it could have gone while we gathered
  }
  if (call->outcome_) {
    calls_.erase(call->id_);
    co_return std::move(*call->outcome_);
  }
  if (call->id_.empty()) {
    call->id_ = random_token(16);
    call->serial_ = ++parked_;
    calls_.emplace(call->id_, call);
  }
  Pause pause{call->id_, call->round_, {}};
  for (const auto& open : call->open_) {
    if (!open->answer) pause.questions.push_back(open->question);
  }
  tasks_.spawn("parked_call_expiry", expire(this, call, call->round_));
  co_return pause;
}

Task<> ParkedCalls::expire(ParkedCalls* self, CallPtr call, int round) {
  const auto until = std::chrono::steady_clock::now() + self->settings_.life;
  // In slices, so that a call that went on does not stay in memory for it.
  while (std::chrono::steady_clock::now() < until) {
    co_await sleep_for(std::min<Duration>(self->settings_.life, std::chrono::seconds(5)));
    if (call->round_ != round) co_return;
  }
  self->end(call->id_);
}

void ParkedCalls::end(std::string_view id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  found->second->give_up();
  calls_.erase(found);
}

}  // namespace gatehouse::gateway
