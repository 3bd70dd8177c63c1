#include "vault/feed_reader.hpp"

#include "async/dispatch.hpp"
#include "async/timer.hpp"
#include "base/limits.hpp"

namespace gatehouse::vault {
namespace {

constexpr std::size_t kToldAtMost = 10'000;  ///< local changes remembered while the feed is silent

}  // namespace

/// Changes of other shards arrive by post and may arrive after the reader's end; `reader` is read
/// and cleared on the shard only.
struct FeedReader::Local {
  FeedReader* reader;
};

FeedReader::FeedReader(ChangeFeed& feed, Executor executor, const Clock& clock, Logger& logger)
    : feed_(feed), clock_(clock), logger_(logger), local_(std::make_shared<Local>(this)) {
  listening_ = feed_.listen([local = local_, executor](const Change& change) {
    dispatch_to(executor, [local, change] {
      if (local->reader != nullptr) local->reader->on_local(change);
    });
  });
}

FeedReader::~FeedReader() {
  listening_.reset();
  local_->reader = nullptr;
}

void FeedReader::subscribe(std::function<void(const Change&)> on_change,
                           std::function<void()> on_lost) {
  subscribers_.push_back({std::move(on_change), std::move(on_lost)});
}

Task<Result<void>> FeedReader::start() {
  const SteadyTime asked = clock_.steady_now();
  const Result<std::int64_t> last = co_await feed_.last_number();
  if (!last) co_return std::unexpected(last.error());
  last_ = *last;
  last_heard_ = asked;
  co_return Result<void>{};
}

Task<Result<void>> FeedReader::poll() {
  if (!last_) co_return co_await start();
  for (;;) {
    // An answer tells how things stood when it was asked for, or later.
    const SteadyTime asked = clock_.steady_now();
    const Result<std::vector<Change>> changes = co_await feed_.changes_after(*last_);
    if (!changes && changes.error().code == Errc::not_found) {
      const Result<void> restarted = co_await start();
      if (!restarted) co_return restarted;
      told_.clear();
      tell_lost();
      co_return restarted;
    }
    if (!changes) co_return std::unexpected(changes.error());
    for (const Change& change : *changes) {
      last_ = change.number;
      if (told_.erase(change.number) == 0) tell(change);
    }
    if (changes->size() < kChangesAtOnce) {
      last_heard_ = asked;
      co_return Result<void>{};
    }
  }
}

Task<> FeedReader::run() {
  for (;;) {
    const Result<void> polled = co_await poll();
    if (!polled && !failing_)
      logger_.warn("change_feed_failing", {{"error", describe(polled.error())}});
    if (polled && failing_) logger_.info("change_feed_works_again");
    failing_ = !polled;
    if (failing_ && !is_fresh()) tell_lost();
    co_await sleep_for(limits::kFeedPoll);
  }
}

bool FeedReader::is_fresh() const {
  return last_heard_ && clock_.steady_now() - *last_heard_ < limits::kFeedSilence;
}

void FeedReader::on_local(const Change& change) {
  if (last_ && change.number <= *last_) return;
  if (told_.size() >= kToldAtMost) told_.clear();
  told_.insert(change.number);
  tell(change);
}

void FeedReader::tell(const Change& change) {
  for (const Subscriber& subscriber : subscribers_) subscriber.on_change(change);
}

void FeedReader::tell_lost() {
  for (const Subscriber& subscriber : subscribers_) subscriber.on_lost();
}

}  // namespace gatehouse::vault
