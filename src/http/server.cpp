#include "http/server.hpp"

namespace gatehouse::http {

Task<> Exchange::respond(Response response) {
  const std::string_view piece = response.body;
  co_await respond(response.status, response.headers, std::span<const std::string_view>(&piece, 1));
}

}  // namespace gatehouse::http
