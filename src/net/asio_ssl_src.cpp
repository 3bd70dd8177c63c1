// The one unit that holds the implementation of Boost.Asio's TLS streams
// (BOOST_ASIO_SEPARATE_COMPILATION); the rest of Asio is in async/asio_src.cpp.
#include <boost/asio/ssl/impl/src.hpp>
