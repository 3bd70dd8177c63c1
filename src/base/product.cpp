#include "base/product.hpp"

namespace gatehouse {

std::string_view product_version() {
  return GATEHOUSE_VERSION;
}

}  // namespace gatehouse
