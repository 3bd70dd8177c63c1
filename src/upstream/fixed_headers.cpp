#include "upstream/fixed_headers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "http/message.hpp"

namespace gatehouse::upstream {

Task<Result<Secret>> read_secret(vault::NamedSecret secret, vault::SecretResolver resolver,
                                 std::string what) {
  if (secret.reference.empty()) co_return secret.value;
  if (!resolver) co_return fail(Errc::unsupported, what + ": references are not read here");
  Result<Secret> read = co_await resolver(secret.reference);
  if (read) co_return std::move(*read);
  co_return fail(read.error().code, fmt::format("{}: {}", what, read.error().detail),
                 read.error().hint);
}

FixedHeaders::FixedHeaders(std::shared_ptr<const vault::Connection> connection,
                           vault::SecretResolver resolver, TaskGroup& tasks, const Clock& clock)
    : connection_(std::move(connection)),
      resolver_(std::move(resolver)),
      clock_(clock),
      flights_(tasks) {
  if (by_reference()) return;
  List headers;
  for (const vault::NamedSecret& header : connection_->headers)
    headers.push_back({header.name, header.value});
  current_ = std::make_shared<const List>(std::move(headers));
}

bool FixedHeaders::by_reference() const {
  return std::ranges::any_of(connection_->headers, [](const vault::NamedSecret& header) {
    return !header.reference.empty();
  });
}

Task<Result<FixedHeaders::ListPtr>> FixedHeaders::get() {
  if (current_) co_return current_;
  co_return co_await flights_.run(0, [self = shared_from_this()] { return read(self); });
}

Task<Result<FixedHeaders::ListPtr>> FixedHeaders::read(std::shared_ptr<FixedHeaders> self) {
  List headers;
  for (const vault::NamedSecret& header : self->connection_->headers) {
    const std::string what = fmt::format("header {} of {}", header.name, self->connection_->name);
    Result<Secret> value = co_await read_secret(header, self->resolver_, what);
    if (!value) co_return std::unexpected(value.error());
    if (!http::is_field_value(value->reveal())) {
      co_return fail(Errc::invalid_argument, what + " has characters that no header can carry",
                     "look at what it refers to: it must be one line of text");
    }
    headers.push_back({header.name, std::move(*value)});
  }
  self->current_ = std::make_shared<const List>(std::move(headers));
  co_return self->current_;
}

Task<Result<bool>> FixedHeaders::read_again(ListPtr used) {
  if (!by_reference()) co_return false;
  const auto same = [](const List& a, const List& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
      return x.name == y.name && x.value.same_as(y.value);
    });
  };
  // Another request may have read them since.
  if (used && current_ && !same(*used, *current_)) co_return true;
  const SteadyTime now = clock_.steady_now();
  const bool joins = flights_.size() > 0;
  if (!joins && read_again_at_ && now - *read_again_at_ < limits::kSecretPause) co_return false;
  if (!joins) read_again_at_ = now;
  Result<ListPtr> fresh =
      co_await flights_.run(0, [self = shared_from_this()] { return read(self); });
  if (!fresh) co_return std::unexpected(fresh.error());
  co_return !used || !same(*used, **fresh);
}

}  // namespace gatehouse::upstream
