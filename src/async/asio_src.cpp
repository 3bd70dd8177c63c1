// The one unit that holds Boost.Asio's implementation (BOOST_ASIO_SEPARATE_COMPILATION), so that
// every other unit compiles its declarations only. TLS is in net/asio_ssl_src.cpp.
#include <boost/asio/impl/src.hpp>
