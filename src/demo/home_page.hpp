// The page at the demo's root: what it is, and what to type. Pure.
#pragma once

#include "demo/demo.hpp"
#include "http/message.hpp"

namespace gatehouse::demo {

http::Response home_page(const DemoUrls& urls);

}  // namespace gatehouse::demo
