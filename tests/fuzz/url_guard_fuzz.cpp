// URL and address guard: whatever text arrives, what the parser accepts is unambiguous, and no
// address of a special range passes without an allowance, however it is embedded.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "http/url.hpp"
#include "net/address_guard.hpp"

using gatehouse::http::Url;
using namespace gatehouse::net;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_url(std::string_view text) {
  const auto url = Url::parse(text);
  if (!url) return;
  require(!url->host().empty() && url->port() != 0);
  require(url->path().starts_with('/'));
  require(url->host().find_first_of("/@\\ \r\n") == std::string::npos);
  const auto again = Url::parse(url->origin() + url->target());
  require(again.has_value() && again->origin() == url->origin());
  // A host that reads as an address is one: name and literal never disagree.
  const auto literal = IpAddress::parse(url->host());
  require(literal.has_value() == url->is_ip_literal());
  if (!literal) return;
  const AddressGuard guard(AddressGuard::Loopback::guarded);
  const std::string origin = url->origin();
  const Passage passage = make_passage(*url, origin, {});
  require(guard.permits(passage, *literal) == guard.check_address(passage, *literal).has_value());
  require(guard.permits(passage, *literal) == !find_special_range(*literal).has_value());
}

void check_address(const std::uint8_t* data) {
  IpAddress v4;
  std::memcpy(v4.bytes.data(), data, 4);
  const auto direct = find_special_range(v4);
  for (const auto& prefix : {"::ffff:0:0", "::ffff:0:0:0", "64:ff9b::"}) {
    IpAddress v6 = *IpAddress::parse(prefix);
    std::memcpy(v6.bytes.data() + 12, data, 4);
    const auto embedded = find_special_range(v6);
    require(direct.has_value() == embedded.has_value());
    require(!direct || direct->kind == embedded->kind);
    require(IpAddress::parse(v6.text()) == v6);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= 4) check_address(data);
  check_url({reinterpret_cast<const char*>(data), size});
  return 0;
}
