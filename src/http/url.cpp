#include "http/url.hpp"

#include <fmt/format.h>

#include <boost/url.hpp>
#include <charconv>

#include "base/encoding.hpp"

namespace gatehouse::http {
namespace {

namespace urls = boost::urls;

std::unexpected<Error> refuse(std::string_view what, std::string_view text,
                              std::string_view reason) {
  return fail(Errc::invalid_argument, fmt::format("{} {} {}", what, quote_remote(text), reason),
              "give an absolute URL such as https://mcp.example.com/mcp");
}

}  // namespace

Result<Url> Url::parse(std::string_view text, std::string_view what) {
  const auto parsed = urls::parse_uri(text);
  if (!parsed) return refuse(what, text, "is not a valid absolute URL");
  const urls::url_view view = *parsed;
  Url url;
  url.text_ = text;
  url.scheme_ = ascii_lower(std::string_view(view.scheme().data(), view.scheme().size()));
  if (url.scheme_ != "https" && url.scheme_ != "http")
    return refuse(what, text, "is neither https nor http");
  if (view.has_userinfo()) {
    // The text is not repeated: it may hold a password.
    return fail(Errc::invalid_argument,
                std::string(what) + " contains user information, which is never sent",
                "leave out what stands before the @");
  }
  if (view.has_fragment()) return refuse(what, text, "contains a fragment");
  url.host_ = ascii_lower(view.host());
  if (url.host_.empty()) return refuse(what, text, "has no host");
  const auto host_type = view.host_type();
  url.is_ip_literal_ = host_type == urls::host_type::ipv6 || host_type == urls::host_type::ipv4;
  // Boost.URL 1.81 splits "http://127.0.0.1.example.com/" into the host 127.0.0.1 and the path
  // ".example.com/".
  if (!view.encoded_path().empty() && !view.encoded_path().starts_with('/')) {
    const bool after_port = view.has_port() || view.encoded_path().starts_with(':');
    return refuse(what, text,
                  after_port ? "has a port that is not a number"
                             : "has a host name that begins like an IP address");
  }
  if (host_type == urls::host_type::ipvfuture)
    return refuse(what, text, "has an unknown kind of address as host");
  if (host_type == urls::host_type::ipv6) url.host_ = ascii_lower(view.host_address());
  // Escapes, and all that is in no DNS name, are refused, so that the host means the same
  // everywhere.
  const std::string_view letters = host_type == urls::host_type::ipv6
                                       ? "0123456789abcdef:."
                                       : "abcdefghijklmnopqrstuvwxyz0123456789-._";
  if (view.encoded_host().contains('%') ||
      url.host_.find_first_not_of(letters) != std::string::npos) {
    return refuse(what, text, "has a host with forbidden characters");
  }
  url.port_ = url.is_https() ? 443 : 80;
  if (view.has_port() && !view.port().empty()) {
    const std::string digits(view.port().data(), view.port().size());
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), url.port_);
    if (error != std::errc{} || url.port_ == 0)
      return refuse(what, text, "has a port outside 1-65535");
  }
  url.path_ = std::string(view.encoded_path());
  if (url.path_.empty()) url.path_ = "/";
  if (view.has_query()) url.query_ = std::string(view.encoded_query());
  return url;
}

std::string Url::target() const {
  return query_.empty() ? path_ : path_ + "?" + query_;
}

std::string Url::authority() const {
  const std::string host = host_.find(':') == std::string::npos ? host_ : "[" + host_ + "]";
  const std::uint16_t standard = is_https() ? 443 : 80;
  return port_ == standard ? host : fmt::format("{}:{}", host, port_);
}

std::string Url::origin() const {
  return scheme_ + "://" + authority();
}

bool Url::names_loopback() const {
  if (host_ == "localhost" || host_.ends_with(".localhost") || host_ == "::1") return true;
  return is_ip_literal_ && host_.starts_with("127.");
}

Result<Url> Url::resolve(std::string_view reference) const {
  const auto parsed = urls::parse_uri_reference(reference);
  const auto base = urls::parse_uri(text_);
  if (!parsed || !base)
    return fail(Errc::protocol, "the redirect target " + quote_remote(reference) + " is not a URL");
  urls::url resolved;
  if (const auto done = urls::resolve(*base, *parsed, resolved); !done) {
    return fail(Errc::protocol,
                "the redirect target " + quote_remote(reference) + " cannot be resolved");
  }
  resolved.remove_fragment();
  return parse(std::string_view(resolved.buffer().data(), resolved.buffer().size()),
               "the redirect target");
}

}  // namespace gatehouse::http
