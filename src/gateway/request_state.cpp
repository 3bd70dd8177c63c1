#include "gateway/request_state.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "jsonrpc/json.hpp"

namespace gatehouse::gateway {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

constexpr std::string_view kPrefix = "v1.";

// The binding is not sent: both sides know it, so it is authenticated as associated data only.
std::string associated_data(const RequestBinding& binding, std::size_t shard) {
  std::string out = fmt::format("{} ", shard);
  for (const std::string* part : {&binding.caller, &binding.endpoint, &binding.method,
                                  &binding.capability, &binding.arguments}) {
    out += fmt::format("{}:", part->size()) + *part;
  }
  return out;
}

template <class Number>
bool take_number(std::string_view& text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

/// v1.<key id>.<shard>.<sealed>
struct Parts {
  std::string_view key_id;
  std::size_t shard = 0;
  std::string_view sealed;
};

std::optional<Parts> take_apart(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const std::size_t first = text.find('.');
  const std::size_t second = first == text.npos ? first : text.find('.', first + 1);
  if (second == text.npos) return std::nullopt;
  Parts parts{text.substr(0, first), 0, text.substr(second + 1)};
  std::string_view shard = text.substr(first + 1, second - first - 1);
  if (!take_number(shard, parts.shard) || !shard.empty()) return std::nullopt;
  return parts;
}

std::unexpected<Error> refuse(std::string_view why) {
  return fail(Errc::invalid_argument, fmt::format("requestState {}", why),
              "send the request again without requestState");
}

void append_canonical(std::string& out, const jsonrpc::JsonView& value) {
  if (value.is_object()) {
    std::vector<std::pair<std::string, jsonrpc::JsonView>> members;
    for (const jsonrpc::JsonMember& member : value.members())
      members.emplace_back(member.key(), member.value);
    std::ranges::sort(members, {}, &std::pair<std::string, jsonrpc::JsonView>::first);
    out += '{';
    for (const auto& [name, member] : members) {
      jsonrpc::append_quoted(out, name);
      out += ':';
      append_canonical(out, member);
      out += ',';
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (const jsonrpc::JsonView element : value.elements()) {
      append_canonical(out, element);
      out += ',';
    }
    out += ']';
  } else if (value.is_string()) {
    jsonrpc::append_quoted(out, value.as_string().value_or(""));
  } else {
    out += value.raw();
  }
}

}  // namespace

std::size_t shard_of_request_state(std::string_view text) {
  const std::optional<Parts> parts = take_apart(text);
  return parts ? parts->shard : 0;
}

StateKeys fixed_state_key(Secret key, std::string key_id) {
  StateKeys keys;
  keys.current = [key, key_id] { return StateKeys::Key{key_id, key}; };
  keys.find = [key, key_id](std::string_view id) -> std::optional<Secret> {
    if (id != key_id) return std::nullopt;
    return key;
  };
  return keys;
}

std::string RequestStateSealer::seal(const RequestState& state) const {
  const StateKeys::Key key = keys_.current();
  const std::string plain = fmt::format(
      "{} {} {} {} {} {}{}", state.round, state.epoch, state.expires_at.time_since_epoch().count(),
      static_cast<int>(state.kind), state.parked.size(), state.parked, state.upstream_state);
  const std::string data = associated_data(state.binding, state.shard);
  const std::string nonce = random_bytes(kNonceBytes);
  std::string sealed(plain.size() + kTagBytes, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed), nullptr, bytes_of(plain),
                                             plain.size(), bytes_of(data), data.size(), nullptr,
                                             bytes_of(nonce), bytes_of(key.bytes.reveal()));
  return fmt::format("{}{}.{}.{}", kPrefix, key.id, state.shard, base64url_encode(nonce + sealed));
}

Result<RequestState> RequestStateSealer::open(std::string_view text, const RequestBinding& expected,
                                              SystemTime now) const {
  if (text.size() > kRequestStateBytes) return refuse("is too long");
  const std::optional<Parts> parts = take_apart(text);
  if (!parts) return refuse("is not one of ours");
  const std::optional<Secret> key = keys_.find(parts->key_id);
  if (!key) return refuse("is not one of ours");
  const std::optional<std::string> bytes = base64url_decode(parts->sealed);
  if (!bytes || bytes->size() < kNonceBytes + kTagBytes) return refuse("is malformed");
  const std::string_view sealed = std::string_view(*bytes).substr(kNonceBytes);
  const std::string data = associated_data(expected, parts->shard);
  std::string plain(sealed.size() - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          bytes_of(plain), nullptr, nullptr, bytes_of(sealed), sealed.size(), bytes_of(data),
          data.size(), bytes_of(*bytes), bytes_of(key->reveal())) != 0) {
    return refuse("was changed or belongs to another request");
  }
  RequestState state{expected};
  state.shard = parts->shard;
  std::string_view rest = plain;
  std::int64_t expires = 0;
  int kind = 0;
  std::size_t parked = 0;
  if (!take_number(rest, state.round) || !take_number(rest, state.epoch) ||
      !take_number(rest, expires) || !take_number(rest, kind) || !take_number(rest, parked) ||
      parked > rest.size()) {
    return refuse("is malformed");
  }
  state.kind = static_cast<RequestState::Kind>(kind);
  state.parked = rest.substr(0, parked);
  state.upstream_state = rest.substr(parked);
  state.expires_at = SystemTime(std::chrono::milliseconds(expires));
  if (now >= state.expires_at) return refuse("has expired");
  return state;
}

std::string digest_of_arguments(std::string_view arguments) {
  std::string canonical;
  if (arguments.empty()) {
    canonical = "{}";
  } else {
    append_canonical(canonical, jsonrpc::JsonView::of_proved(arguments));
  }
  return hex_encode(sha256(canonical));
}

}  // namespace gatehouse::gateway
