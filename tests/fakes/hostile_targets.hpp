// HostileTargets: URLs that a server, a document or a redirect may name to reach what is none of
// its business, each with what the refusal must say. HostileNames answers for their host names as a
// name server of the attacker's does, and inet_aton's short forms as getaddrinfo() does.
// RecordingNetwork connects to nothing but the loopback servers of the test.
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/connector.hpp"

namespace gatehouse::fakes {

struct HostileTarget {
  const char* url;
  const char* words;  ///< part of the refusal
};

inline constexpr const char* kPlainHttp = "plain http";

inline constexpr HostileTarget kHostileTargets[] = {
    // Loopback, however it is written.
    {"https://127.0.0.1/", "loopback"},
    {"https://127.0.0.1:8484/mcp", "loopback"},
    {"https://127.0.0.2/", "loopback"},
    {"https://127.255.255.254/", "loopback"},
    {"https://127.1/", "loopback"},
    {"https://127.0.1/", "loopback"},
    {"https://2130706433/", "loopback"},
    {"https://0x7f000001/", "loopback"},
    {"https://0x7f.0.0.1/", "loopback"},
    {"https://0x7F.0x00.0x00.0x01/", "loopback"},
    {"https://0177.0.0.1/", "loopback"},
    {"https://017700000001/", "loopback"},
    {"https://00000177.0.0.1/", "loopback"},
    {"https://127.0.0.1./", "begins like an IP address"},
    {"https://[::1]/", "loopback"},
    {"https://[0:0:0:0:0:0:0:1]/", "loopback"},
    {"https://[0000:0000:0000:0000:0000:0000:0000:0001]/", "loopback"},
    {"https://[::ffff:127.0.0.1]/", "loopback"},
    {"https://[::ffff:7f00:1]/", "loopback"},
    {"https://[::ffff:0:127.0.0.1]/", "loopback"},
    {"https://[64:ff9b::127.0.0.1]/", "loopback"},
    {"https://[64:ff9b::7f00:1]/", "loopback"},
    {"https://[2002:7f00:1::]/", "loopback"},
    {"https://localhost/", "loopback"},
    {"https://LOCALHOST/", "loopback"},
    {"https://localhost./", "loopback"},
    {"https://localhost:8485/", "loopback"},
    {"https://sub.localhost/", "loopback"},
    {"https://localhost.localdomain/", "loopback"},
    {"https://ip6-localhost/", "loopback"},
    {"https://one.example/", "loopback"},
    {"https://one6.example/", "loopback"},
    {"https://mapped.example/", "loopback"},
    {"https://nat64.example/", "loopback"},
    {"https://sixtofour.example/", "loopback"},
    {"https://127.0.0.1.nip.example/", "begins like an IP address"},
    {"https://7f000001.rebind.example/", "loopback"},
    {"https://%6c%6f%63%61%6c%68%6f%73%74/", "forbidden characters"},
    // Cloud metadata.
    {"https://169.254.169.254/latest/meta-data/", "metadata service"},
    {"https://169.254.170.2/v2/credentials", "metadata service"},
    {"https://100.100.100.200/latest/meta-data/", "metadata service"},
    {"https://168.63.129.16/machine", "metadata service"},
    {"https://[fd00:ec2::254]/latest/", "metadata service"},
    {"https://[fd20:ce::254]/computeMetadata/v1/", "metadata service"},
    {"https://[::ffff:169.254.169.254]/", "metadata service"},
    {"https://[::ffff:a9fe:a9fe]/", "metadata service"},
    {"https://[64:ff9b::a9fe:a9fe]/", "metadata service"},
    {"https://[64:ff9b:1::a9fe:a9fe]/", "metadata service"},
    {"https://[2002:a9fe:a9fe::1]/", "metadata service"},
    {"https://2852039166/", "metadata service"},
    {"https://0xa9fea9fe/", "metadata service"},
    {"https://0xA9.0xFE.0xA9.0xFE/", "metadata service"},
    {"https://0251.0376.0251.0376/", "metadata service"},
    {"https://025177524776/", "metadata service"},
    {"https://169.254.43518/", "metadata service"},
    {"https://169.16689662/", "metadata service"},
    {"https://metadata.google.internal/computeMetadata/v1/", "metadata service"},
    {"https://metadata/", "metadata service"},
    {"https://instance-data/latest/", "metadata service"},
    {"https://two.example/", "metadata service"},
    {"https://two.example:8443/", "metadata service"},
    // Link-local, private, unique local, carrier-grade.
    {"https://169.254.0.1/", "link-local"},
    {"https://[fe80::1]/", "link-local"},
    {"https://[febf::1]/", "link-local"},
    {"https://[fec0::1]/", "site-local"},
    {"https://10.0.0.1/", "private"},
    {"https://10.255.255.255/", "private"},
    {"https://10.1/", "private"},
    {"https://0xa000001/", "private"},
    {"https://012.0.0.1/", "private"},
    {"https://172.16.0.1/", "private"},
    {"https://172.31.255.255/", "private"},
    {"https://192.168.0.1/", "private"},
    {"https://192.168.255.255/", "private"},
    {"https://192.168.257/", "private"},
    {"https://3232235521/", "private"},
    {"https://[::ffff:10.0.0.1]/", "private"},
    {"https://[::ffff:c0a8:1]/", "private"},
    {"https://[64:ff9b::10.0.0.1]/", "private"},
    {"https://[2002:c0a8:1::1]/", "private"},
    {"https://[fc00::1]/", "unique local"},
    {"https://[fd12:3456:789a::1]/", "unique local"},
    {"https://100.64.0.1/", "carrier-grade"},
    {"https://100.127.255.254/", "carrier-grade"},
    {"https://inside.example/", "private"},
    {"https://inside.example:6443/api", "private"},
    {"https://router.example/", "private"},
    {"https://ula.example/", "unique local"},
    {"https://cgnat.example/", "carrier-grade"},
    {"https://kubernetes.default.svc/", "private"},
    // One bad address among good ones is enough.
    {"https://mixed.example/", "private"},
    {"https://mixed6.example/", "loopback"},
    {"https://mixed3.example/", "metadata service"},
    // Ranges that nothing on the internet answers from.
    {"https://0.0.0.0/", "unspecified"},
    {"https://0/", "unspecified"},
    {"https://0x0/", "unspecified"},
    {"https://00.00.00.00/", "unspecified"},
    {"https://0.0.0.1/", "this network"},
    {"https://0.1.2.3/", "this network"},
    {"https://[::]/", "unspecified"},
    {"https://[::2]/", "not global"},
    {"https://[::127.0.0.1]/", "not global"},
    {"https://[::ffff:0.0.0.0]/", "unspecified"},
    {"https://224.0.0.1/", "multicast"},
    {"https://239.255.255.250:1900/", "multicast"},
    {"https://[ff02::1]/", "multicast"},
    {"https://[ff05::1:3]/", "multicast"},
    {"https://240.0.0.1/", "reserved"},
    {"https://255.255.255.255/", "broadcast"},
    {"https://4294967295/", "broadcast"},
    {"https://192.0.0.8/", "IETF"},
    {"https://192.0.2.1/", "documentation"},
    {"https://198.51.100.1/", "documentation"},
    {"https://203.0.113.1/", "documentation"},
    {"https://[2001:db8::1]/", "documentation"},
    {"https://[3fff::1]/", "documentation"},
    {"https://192.88.99.1/", "6to4"},
    {"https://198.18.0.1/", "benchmarking"},
    {"https://198.19.255.254/", "benchmarking"},
    {"https://[2001:2::1]/", "benchmarking"},
    {"https://[2001::1]/", "Teredo"},
    {"https://[100::1]/", "discard"},
    {"https://[5f00::1]/", "segment"},
    {"https://[64:ff9b:1::8.8.8.8]/", "NAT64"},
    {"https://[4000::1]/", "not global"},
    {"https://zero.example/", "unspecified"},
    {"https://four.example/", "multicast"},
    // Without TLS.
    {"http://1.1.1.1/", kPlainHttp},
    {"http://good.example/", kPlainHttp},
    {"http://good.example:443/", kPlainHttp},
    {"http://[2606:4700::1111]/", kPlainHttp},
    {"HTTP://good.example/", kPlainHttp},
    {"http://169.254.169.254/latest/meta-data/iam/security-credentials/", "which is"},
    {"http://metadata.google.internal/", kPlainHttp},
    {"http://127.0.0.1:1/", kPlainHttp},
    {"http://localhost:1/", kPlainHttp},
    {"http://10.0.0.1/", kPlainHttp},
    // Not ours to speak.
    {"file:///etc/passwd", "neither https nor http"},
    {"ftp://good.example/", "neither https nor http"},
    {"gopher://127.0.0.1:6379/_FLUSHALL", "neither https nor http"},
    {"unix:///run/docker.sock", "neither https nor http"},
    {"ws://good.example/", "neither https nor http"},
    {"wss://good.example/", "neither https nor http"},
    {"data:application/json,{}", "not a valid absolute URL"},
    {"javascript:alert(1)", "neither https nor http"},
    {"jar:https://good.example!/", "neither https nor http"},
    {"ldap://127.0.0.1/", "neither https nor http"},
    {"about:blank", "neither https nor http"},
    // User information, fragments and other ways to look like somebody else.
    {"https://good.example@127.0.0.1/", "user"},
    {"https://good.example:443@169.254.169.254/", "user"},
    {"https://user:password@good.example/", "user"},
    {"https://user@good.example/", "user"},
    {"https://@good.example/", "user"},
    {"https://good.example%40127.0.0.1/", ""},
    {"https://good.example\\@127.0.0.1/", ""},
    {"https://127.0.0.1\\.good.example/", ""},
    {"https://127.0.0.1#@good.example/", "fragment"},
    {"https://good.example/#fragment", "fragment"},
    // Ports and hosts that are none.
    {"https://good.example:0/", "port"},
    {"https://good.example:65536/", "port"},
    {"https://good.example:99999999999/", "port"},
    {"https://good.example:-1/", "port that is not a number"},
    {"https://good.example:80:80/", "port that is not a number"},
    {"https://good.example: 443/", ""},
    {"https:///path", ""},
    {"https://", ""},
    {"https://[::1/", ""},
    {"https://[::1%25lo]/", ""},
    {"https://[fe80::1%25eth0]/", ""},
    {"https://[v1.127.0.0.1]/", ""},
    {"https://good.example\r\nHost: 127.0.0.1/", ""},
    {"https://good.example/\r\nX: y", ""},
    {"https://good .example/", ""},
    {"https://good.example\t/", ""},
};

/// What an attacker's name server says. The last list of a name stays.
class HostileNames final : public net::Resolver {
 public:
  HostileNames() {
    const char* const metadata = "169.254.169.254";
    for (const char* name : {"metadata.google.internal", "metadata", "instance-data"})
      names[name] = {{metadata}};
    for (const char* name : {"localhost", "localhost.", "sub.localhost", "ip6-localhost",
                             "localhost.localdomain", "%6c%6f%63%61%6c%68%6f%73%74"})
      names[name] = {{"::1", "127.0.0.1"}};
    for (const char* name :
         {"one.example", "127.0.0.1.nip.example", "7f000001.rebind.example", "127.0.0.1."})
      names[name] = {{"127.0.0.1"}};
    names["good.example"] = {{"1.1.1.1"}};
    names["two.example"] = {{metadata}};
    names["one6.example"] = {{"::1"}};
    names["mapped.example"] = {{"::ffff:127.0.0.1"}};
    names["nat64.example"] = {{"64:ff9b::7f00:1"}};
    names["sixtofour.example"] = {{"2002:7f00:1::"}};
    names["inside.example"] = {{"10.0.0.5"}};
    names["router.example"] = {{"192.168.1.1"}};
    names["kubernetes.default.svc"] = {{"10.96.0.1"}};
    names["ula.example"] = {{"fd00::1"}};
    names["cgnat.example"] = {{"100.64.1.1"}};
    names["mixed.example"] = {{"1.1.1.1", "10.0.0.1"}};
    names["mixed6.example"] = {{"2606:4700::1111", "::1"}};
    names["mixed3.example"] = {{"1.1.1.1", metadata}};
    names["zero.example"] = {{"0.0.0.0"}};
    names["four.example"] = {{"239.0.0.1"}};
    names["rebinding.example"] = {{"1.1.1.1"}, {"127.0.0.1"}};
  }

  Task<Result<std::vector<net::IpAddress>>> resolve(std::string host, net::CallLimit&) override {
    if (const auto literal = net::IpAddress::parse(host)) co_return std::vector{*literal};
    in_addr number{};
    if (::inet_aton(host.c_str(), &number) != 0) {
      net::IpAddress address;
      std::memcpy(address.bytes.data(), &number, sizeof(number));
      co_return std::vector{address};
    }
    auto& lists = names[host];
    if (lists.empty()) co_return fail(Errc::unavailable, "no such name");
    std::vector<net::IpAddress> addresses;
    for (const char* text : lists.front()) addresses.push_back(*net::IpAddress::parse(text));
    if (lists.size() > 1) lists.erase(lists.begin());
    co_return addresses;
  }

  std::map<std::string, std::vector<std::vector<const char*>>> names;
};

/// Dials the ports in `open` on 127.0.0.1; everything else is recorded and refused.
class RecordingNetwork final : public net::Dialer {
 public:
  explicit RecordingNetwork(std::unique_ptr<net::Dialer> real) : real_(std::move(real)) {}

  Task<Result<net::Dialed>> dial(std::vector<net::Endpoint> endpoints,
                                 net::CallLimit& limit) override {
    bool ours = true;
    for (const net::Endpoint& endpoint : endpoints) {
      const bool known = endpoint.address.text() == "127.0.0.1" &&
                         std::ranges::find(open, endpoint.port) != open.end();
      if (!known) attempts.push_back(endpoint.address.text());
      ours = ours && known;
    }
    if (!ours) co_return fail(Errc::unavailable, "recorded");
    co_return co_await real_->dial(std::move(endpoints), limit);
  }

  std::vector<std::uint16_t> open;
  std::vector<std::string> attempts;

 private:
  std::unique_ptr<net::Dialer> real_;
};

}  // namespace gatehouse::fakes
