// Any bytes as ciphertext and as fields: nothing is opened that was not sealed, parts are views
// into the input, and what parses as fields encodes to the same bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "vault/fields.hpp"
#include "vault/sealer.hpp"

namespace {

using namespace gatehouse;
using namespace gatehouse::vault;

void require(bool condition) {
  if (!condition) std::abort();
}

const Sealer& sealer() {
  static const Sealer one(
      MasterKey::from_bytes(Secret(std::string(MasterKey::kBytes, 'k'))).value());
  return one;
}

void check_envelope(std::string_view bytes, const Place& place) {
  if (const Result<Envelope> envelope = parse_envelope(bytes)) {
    require(1 + envelope->key_id.size() + envelope->nonce.size() + envelope->ciphertext.size() ==
            bytes.size());
    require(envelope->ciphertext.data() + envelope->ciphertext.size() ==
            bytes.data() + bytes.size());
  }
  const Result<Secret> opened = sealer().open(bytes, place);
  require(!opened && opened.error().code == Errc::corrupt);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const Place place{.organization = "o", .table = "t", .column = "c", .row = bytes};
  check_envelope(bytes, place);

  // The right head with any rest gets as far as the cipher.
  std::string headed = sealer().seal(bytes, place);
  require(sealer().open(headed, place)->reveal() == bytes);
  headed.replace(headed.size() / 2, std::string::npos, bytes);
  check_envelope(headed, place);

  if (const auto fields = decode_fields(bytes)) require(encode_fields(*fields) == bytes);
  return 0;
}
