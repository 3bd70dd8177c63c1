#include "net/decompress.hpp"

#include <zlib.h>

#include <algorithm>
#include <stdexcept>

#include "base/encoding.hpp"

namespace gatehouse::net {

struct Decompressor::State {
  z_stream stream{};
  Coding coding = Coding::gzip;
  bool started = false;   ///< a byte has been fed
  bool finished = false;  ///< the end of a member was reached, and nothing follows so far
};

namespace {

constexpr std::size_t kPiece = 16 * 1024;

std::unexpected<Error> corrupt(const char* why) {
  return fail(Errc::protocol, std::string("the compressed answer is damaged: ") + why);
}

/// "deflate" means the zlib format, but some servers send it raw. RFC 1950: CM is 8, and the first
/// two bytes are a multiple of 31; the first byte is enough to tell what servers really send.
bool looks_like_zlib(unsigned char first) {
  return (first & 0x0f) == 8 && (first >> 4) <= 7;
}

}  // namespace

Decompressor::Decompressor(Coding coding) : state_(std::make_unique<State>()) {
  state_->coding = coding;
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&state_->stream, coding == Coding::gzip ? kGzipOnly : MAX_WBITS) != Z_OK)
    throw std::bad_alloc();
}

Decompressor::~Decompressor() {
  inflateEnd(&state_->stream);
}

Result<std::unique_ptr<Decompressor>> Decompressor::open(std::string_view content_encoding) {
  const std::string coding = ascii_lower(trim_ows(content_encoding));
  if (coding.empty() || coding == "identity") return std::unique_ptr<Decompressor>();
  if (coding == "gzip" || coding == "x-gzip")
    return std::unique_ptr<Decompressor>(new Decompressor(Coding::gzip));
  if (coding == "deflate") return std::unique_ptr<Decompressor>(new Decompressor(Coding::deflate));
  return fail(Errc::protocol, "the answer uses the content coding " + quote_remote(coding, 60) +
                                  ", which was not asked for");
}

Result<void> Decompressor::feed(std::string_view bytes, std::string& out, std::size_t max_size) {
  if (bytes.empty()) return {};
  z_stream& stream = state_->stream;
  if (!state_->started && state_->coding == Coding::deflate &&
      !looks_like_zlib(static_cast<unsigned char>(bytes.front()))) {
    inflateReset2(&stream, -MAX_WBITS);
  }
  state_->started = true;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  while (stream.avail_in > 0) {
    if (state_->finished) {
      // A gzip body may consist of several members (RFC 1952 §2.2).
      if (state_->coding != Coding::gzip) return corrupt("bytes after its end");
      inflateReset(&stream);
      state_->finished = false;
    }
    if (Result<void> result = inflate_some(out, max_size); !result) return result;
  }
  return {};
}

Result<void> Decompressor::inflate_some(std::string& out, std::size_t max_size) {
  z_stream& stream = state_->stream;
  while (true) {
    const std::size_t before = out.size();
    // One byte more than allowed, so that an answer of exactly the limit is told from a larger one.
    const std::size_t room = std::min(kPiece, max_size - std::min(before, max_size) + 1);
    out.resize(before + room);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(room);
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    out.resize(before + room - stream.avail_out);
    if (out.size() > max_size)
      return fail(Errc::too_large, "the answer is larger than allowed when decompressed");
    if (status == Z_STREAM_END) {
      state_->finished = true;
      return {};
    }
    if (status == Z_BUF_ERROR) return {};  // no progress is possible without more input
    if (status != Z_OK) return corrupt(stream.msg == nullptr ? "not decodable" : stream.msg);
    if (stream.avail_out != 0) return {};
  }
}

Result<void> Decompressor::finish() const {
  if (!state_->started || state_->finished) return {};
  return corrupt("it ends in the middle");
}

}  // namespace gatehouse::net
