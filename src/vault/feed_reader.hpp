// FeedReader: one shard's ear at the change feed (design §3, "Waiting"). Tells the caches of the
// shard what changed: at once what this process wrote, within kFeedPoll what others did. Knows when
// it last heard, so that a cache is never served from while the feed is silent.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "vault/store.hpp"

namespace gatehouse::vault {

class FeedReader final {
 public:
  /// All must outlive the reader. Hears what this process writes from here on.
  FeedReader(ChangeFeed& feed, Executor executor, const Clock& clock, Logger& logger);
  ~FeedReader();
  FeedReader(const FeedReader&) = delete;
  FeedReader& operator=(const FeedReader&) = delete;

  /// Both are called on the shard and must not wait. `on_lost`: changes may have been missed, drop
  /// everything. What they use must outlive the reader.
  void subscribe(std::function<void(const Change&)> on_change, std::function<void()> on_lost);

  /// Finds where the feed stands. Await it before caches are filled. Errors: storage.
  Task<Result<void>> start();
  /// Reads what is new and tells subscribers; run() does so every kFeedPoll. Errors: storage.
  Task<Result<void>> poll();
  /// Until cancelled. A failing store is logged once and asked again.
  Task<> run();

  /// False before start() and when the feed was last heard kFeedSilence ago: what is cached must
  /// not be used.
  bool is_fresh() const;

 private:
  struct Local;
  void on_local(const Change& change);
  void tell(const Change& change);
  void tell_lost();

  struct Subscriber {
    std::function<void(const Change&)> on_change;
    std::function<void()> on_lost;
  };

  ChangeFeed& feed_;
  const Clock& clock_;
  Logger& logger_;
  std::vector<Subscriber> subscribers_;
  std::optional<std::int64_t> last_;  ///< the newest number read from the feed
  std::set<std::int64_t> told_;       ///< later ones that subscribers heard of already
  std::optional<SteadyTime> last_heard_;
  bool failing_ = false;
  std::shared_ptr<Local> local_;  ///< the way back here from other threads
  std::shared_ptr<void> listening_;
};

}  // namespace gatehouse::vault
