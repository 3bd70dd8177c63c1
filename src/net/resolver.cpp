#include "net/resolver.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "async/task_group.hpp"
#include "base/limits.hpp"
#include "net/event.hpp"

namespace gatehouse::net {
namespace {

using Addresses = std::vector<IpAddress>;

IpAddress to_address(const sockaddr& from) {
  IpAddress address;
  if (from.sa_family == AF_INET6) {
    address.is_v6 = true;
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    std::memcpy(address.bytes.data(), &v4.sin_addr, 4);
  }
  return address;
}

/// Blocks.
Result<Addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int status = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (status == EAI_NONAME || status == EAI_ADDRFAMILY) {
    // Loopback does not count as configured: a machine without a network still has localhost.
    hints.ai_flags = 0;
    status = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  }
  if (status != 0) {
    return fail(Errc::unavailable,
                fmt::format("the name {} cannot be resolved: {}", host, gai_strerror(status)),
                "check the host name and the network");
  }
  Addresses addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    const IpAddress address = to_address(*entry->ai_addr);
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  freeaddrinfo(list);
  if (addresses.empty()) return fail(Errc::unavailable, "the name " + host + " has no address");
  return addresses;
}

/// Outlives a request that stopped waiting: getaddrinfo cannot be interrupted.
struct Lookup {
  explicit Lookup(Executor executor) : done(executor) {}
  Event done;
  std::optional<Result<Addresses>> result;
};

Task<> run_lookup(Workers& workers, std::shared_ptr<Lookup> lookup, std::string host) {
  auto work = [&host] { return look_up(host); };
  lookup->result = co_await workers.run(std::move(work));
  lookup->done.fire_later();
}

class SystemResolver final : public Resolver {
 public:
  SystemResolver(Executor executor, Workers& workers, Logger& logger, DeadlineWheel& wheel)
      : executor_(executor), workers_(workers), wheel_(wheel), lookups_(executor, logger) {}

  Task<Result<Addresses>> resolve(std::string host, CallLimit& limit) override {
    if (const auto literal = IpAddress::parse(host)) co_return Addresses{*literal};
    const auto lookup = std::make_shared<Lookup>(executor_);
    lookups_.spawn("resolve", run_lookup(workers_, lookup, host));
    Deadline deadline(wheel_, [lookup] { lookup->done.fire_later(); });
    deadline.set(limits::kResolveTimeout);
    const CallLimit::Phase phase(limit, [lookup] { lookup->done.fire_later(); });
    if (!limit.stopped()) co_await lookup->done.wait();
    if (limit.stopped()) co_return std::unexpected(stop_error(limit, "resolving " + host));
    if (!lookup->result) {
      co_return fail(Errc::timeout, "resolving " + host + " took longer than kResolveTimeout",
                     "check the network and its name servers");
    }
    co_return std::move(*lookup->result);
  }

 private:
  Executor executor_;
  Workers& workers_;
  DeadlineWheel& wheel_;
  TaskGroup lookups_;
};

}  // namespace

std::unique_ptr<Resolver> make_system_resolver(Executor executor, Workers& workers, Logger& logger,
                                               DeadlineWheel& wheel) {
  return std::make_unique<SystemResolver>(executor, workers, logger, wheel);
}

Error stop_error(const CallLimit& limit, const std::string& what) {
  if (limit.reason() == CallLimit::Reason::cancelled)
    return {Errc::cancelled, what + " was cancelled", {}};
  return {Errc::timeout, what + " did not end before the request's deadline", {}};
}

}  // namespace gatehouse::net
