// Resolver: host name → addresses. An interface, so that tests can play a rebinding name server.
// Nothing is cached: every address is checked by whoever asked, at each connect.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "async/workers.hpp"
#include "base/log.hpp"
#include "net/address_guard.hpp"
#include "net/call_limit.hpp"

namespace gatehouse::net {

class Resolver {
 public:
  virtual ~Resolver() = default;
  /// At least one address, in the order in which they should be tried. Errors: unavailable (no such
  /// name, no answer), timeout (kResolveTimeout or the limit), cancelled.
  virtual Task<Result<std::vector<IpAddress>>> resolve(std::string host, CallLimit& limit) = 0;
};

/// getaddrinfo on `workers`. All three must outlive the resolver.
std::unique_ptr<Resolver> make_system_resolver(Executor executor, Workers& workers, Logger& logger,
                                               DeadlineWheel& wheel);

/// timeout or cancelled, in words, for a limit that has stopped.
Error stop_error(const CallLimit& limit, const std::string& what);

}  // namespace gatehouse::net
