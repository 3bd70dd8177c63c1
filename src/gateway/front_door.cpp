#include "gateway/front_door.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "http/url.hpp"

namespace gatehouse::gateway {
namespace {

bool is_loopback_authority(std::string_view authority) {
  return authority.starts_with("127.") || authority.starts_with("[::1]");
}

std::string port_of(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon == std::string_view::npos ? std::string() : std::string(authority.substr(colon));
}

}  // namespace

FrontDoor::FrontDoor(std::string public_url, std::vector<std::string> authorities)
    : hosts_(std::move(authorities)) {
  const std::size_t listening = hosts_.size();
  for (std::size_t i = 0; i < listening; ++i) {
    if (is_loopback_authority(hosts_[i])) hosts_.push_back("localhost" + port_of(hosts_[i]));
  }
  base_url_ = hosts_.empty() ? std::string() : "http://" + hosts_.front();
  on_loopback_ = std::ranges::all_of(hosts_, [](const std::string& host) {
    return is_loopback_authority(host) || host.starts_with("localhost");
  });
  for (const std::string& host : hosts_) origins_.push_back("http://" + host);
  if (const Result<http::Url> url = http::Url::parse(public_url); url) {
    hosts_.push_back(url->authority());
    origins_.push_back(url->origin());
    base_url_ = public_url;
    while (base_url_.ends_with('/')) base_url_.pop_back();
    on_loopback_ = url->names_loopback();
  }
}

FrontDoor::Verdict FrontDoor::admit(const http::Request& request) const {
  const std::optional<std::string_view> host = request.headers.find("Host");
  const auto is_host = [&](const std::string& known) { return ascii_iequal(known, *host); };
  if (!host || request.headers.count("Host") != 1 || std::ranges::none_of(hosts_, is_host))
    return Verdict::wrong_host;
  const std::optional<std::string_view> origin = request.headers.find("Origin");
  if (!origin) return Verdict::admit;
  const auto is_origin = [&](const std::string& known) { return ascii_iequal(known, *origin); };
  return std::ranges::any_of(origins_, is_origin) ? Verdict::admit : Verdict::wrong_origin;
}

}  // namespace gatehouse::gateway
