// What a connection runs, contacts and sends, for the question before it is taken over or approved
// (design §4.8). Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/json_out.hpp"
#include "vault/records.hpp"

namespace gatehouse::cli {

/// Label and value. The values of variables and headers are hidden where they are not references,
/// and of references what stands around the placeholders. Values are as written: print them with
/// printable(). Empty ones mean nothing.
std::vector<std::pair<std::string, std::string>> facts_of(const vault::Connection& connection);

/// The same as members: directory, variables and headers with their references, oauth.
void add_facts(JsonObject& json, const vault::Connection& connection);

}  // namespace gatehouse::cli
