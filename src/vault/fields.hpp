// Unambiguous byte strings from lists of texts: each is preceded by its length (32 bits, big
// endian). What is encrypted together and what encryption is bound to (sealer.hpp). Pure.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::vault {

void append_field(std::string& out, std::string_view field);
std::string encode_fields(const std::vector<std::string_view>& fields);
/// Views into `bytes`. Nothing when it is not exactly a list of fields.
std::optional<std::vector<std::string_view>> decode_fields(std::string_view bytes);

}  // namespace gatehouse::vault
