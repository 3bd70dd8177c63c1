// Our `requestState` of an input_required answer (design §5): sealed, so that a client can neither
// read nor change it, and bound to the request that may carry it back. Made when a sign-in is
// needed, opened when the client retries. Any replica with the same key can open what another
// sealed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatehouse::gateway {

inline constexpr std::size_t kRequestStateBytes =
    64 * 1024;  ///< of a state that a client brings back

/// What a state is good for. Every member must match when it comes back.
struct RequestBinding {
  std::string caller;      ///< organization, member and client
  std::string endpoint;    ///< "/mcp"
  std::string method;      ///< "tools/call"
  std::string capability;  ///< "<connection>.<tool>"
  std::string arguments;   ///< digest of the canonical arguments, see digest_of_arguments()
  friend bool operator==(const RequestBinding&, const RequestBinding&) = default;
};

struct RequestState {
  /// Who asked, and so what the retry is for.
  enum class Kind {
    sign_in,   ///< we, for a login; a newer epoch shows that there was one
    question,  ///< a modern server: its own state goes back to it
    page,      ///< a legacy server, to open a page before the request is sent again
    parked,    ///< a legacy server in the middle of its work, which waits
  };
  RequestBinding binding;
  int round = 0;           ///< how often the client has been asked already
  std::int64_t epoch = 0;  ///< of the credential when the client was asked
  SystemTime expires_at{};
  Kind kind = Kind::sign_in;
  std::size_t shard = 0;       ///< which one has the parked call; readable by everybody
  std::string parked;          ///< which parked call
  std::string upstream_state;  ///< the server's own, a raw JSON string literal; empty: none
};

/// The shard that a retry belongs on, without a look at whether the state is genuine; 0 when the
/// text says none.
std::size_t shard_of_request_state(std::string_view text);

/// The keys that states are sealed with, shared by all replicas; they follow the master key when it
/// is replaced. Called for each state, from the shard.
struct StateKeys {
  struct Key {
    std::string id;  ///< printable, without dots
    Secret bytes;    ///< 32
  };
  std::function<Key()> current;
  /// Also of a key that was replaced since the state was sealed.
  std::function<std::optional<Secret>(std::string_view id)> find;
};
/// One key that stays.
StateKeys fixed_state_key(Secret key, std::string key_id);

class RequestStateSealer final {
 public:
  /// The key's id is put in front of every state.
  explicit RequestStateSealer(StateKeys keys) : keys_(std::move(keys)) {}

  /// Printable text: a few hundred bytes, and 4/3 of the server's state.
  std::string seal(const RequestState& state) const;
  /// invalid_argument when the text was not sealed by us, was changed, is expired at `now`, is
  /// longer than kRequestStateBytes or belongs to another request.
  Result<RequestState> open(std::string_view text, const RequestBinding& expected,
                            SystemTime now) const;

 private:
  StateKeys keys_;
};

/// SHA-256 (hex) over the arguments with object members sorted by name, strings decoded and number
/// text as it came, so that a client which re-serialises its arguments still matches. `arguments`
/// is proved JSON or empty.
std::string digest_of_arguments(std::string_view arguments);

}  // namespace gatehouse::gateway
