#include "app/version.hpp"

#include "base/product.hpp"

namespace gatehouse::app {

std::string version() {
  return std::string(product_version());
}

}  // namespace gatehouse::app
