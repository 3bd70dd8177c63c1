#include "app/version.hpp"

namespace gatehouse::app {

std::string version() {
  return GATEHOUSE_VERSION;
}

}  // namespace gatehouse::app
