// Running a compiled schema over a value. Bounded by a budget of steps, whatever the schema.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/encoding.hpp"
#include "mcp/schema_format.hpp"
#include "mcp/schema_program.hpp"

namespace gatehouse::mcp {
namespace {

using jsonrpc::JsonKind;
using jsonrpc::JsonView;
using Node = JsonTree::Node;
using Index = SchemaNode::Index;

constexpr std::size_t kBudget = 500'000;           // subschema applications and comparisons
constexpr std::size_t kPatternSteps = 20'000'000;  // instructions times characters, in all
constexpr int kDepth = 200;                        // of subschemas applied in each other
constexpr std::size_t kNamesShown = 20;

std::string article(std::string_view noun) {
  const bool vowel = noun.starts_with('a') || noun.starts_with('o') || noun.starts_with('i');
  if (noun == "null") return "null";
  return fmt::format("{} {}", vowel ? "an" : "a", noun);
}

std::string type_names(std::uint8_t types) {
  std::string names;
  for (int bit = 0; bit <= 6; ++bit) {
    if ((types & (1 << bit)) == 0) continue;
    if (!names.empty()) names += " or ";
    names += article(bit == 6 ? "integer" : to_string(static_cast<JsonKind>(bit)));
  }
  return names;
}

bool is_integral(std::string_view raw) {
  if (raw.find_first_of(".eE") == std::string_view::npos) return true;
  const auto value = JsonView::of_proved(raw).as_double();
  return value && std::trunc(*value) == *value;
}

bool has_type(std::uint8_t types, const Node& value) {
  if (types & (1 << static_cast<int>(value.kind))) return true;
  return (types & SchemaNode::kInteger) && value.kind == JsonKind::number && is_integral(value.raw);
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

class Validator final {
 public:
  Validator(const std::vector<SchemaNode>& nodes, const JsonTree& tree, std::string_view root,
            std::size_t max_problems, Nulls nulls = Nulls::values)
      : nodes_(nodes), tree_(tree), path_(root), max_problems_(max_problems), nulls_(nulls) {}

  std::vector<SchemaProblem> run() {
    check(0, tree_.root());
    if (exhausted_)
      problems_.assign(1, {path_root(), "takes too long to check against its schema"});
    return std::move(problems_);
  }

 private:
  std::string path_root() const { return path_; }

  bool spend(std::size_t steps = 1) {
    if (steps > budget_) exhausted_ = true;
    budget_ -= std::min(steps, budget_);
    return !exhausted_;
  }

  /// Notes a problem unless alternatives are being tried; always false.
  bool report(std::string message) {
    if (quiet_ == 0 && problems_.size() < max_problems_)
      problems_.push_back({path_, std::move(message)});
    return false;
  }

  bool check(Index index, const Node& value) {
    if (!spend() || depth_ >= kDepth) {
      exhausted_ = true;
      return false;
    }
    ++depth_;
    const SchemaNode& schema = nodes_[index];
    bool ok = !schema.never || report("is not allowed here");
    if (ok && schema.types != 0 && !has_type(schema.types, value)) {
      const bool fraction = value.kind == JsonKind::number;
      ok = report(fmt::format("must be {}, is {}", type_names(schema.types),
                              fraction && (schema.types & SchemaNode::kInteger)
                                  ? std::string("a number with a fraction")
                                  : article(to_string(value.kind))));
    } else if (ok) {
      ok = check_allowed(schema, value) && ok;
      ok = check_kind(schema, value) && ok;
      ok = check_applicators(schema, value) && ok;
      ok = check_unevaluated(index, value) && ok;
    }
    --depth_;
    return ok;
  }

  bool check_kind(const SchemaNode& schema, const Node& value) {
    switch (value.kind) {
      case JsonKind::string:
        return check_string(schema, value);
      case JsonKind::number:
        return check_number(schema, value);
      case JsonKind::array:
        return check_array(schema, value);
      case JsonKind::object:
        return check_object(schema, value);
      default:
        return true;
    }
  }

  /// Whether `value` is valid, without a word.
  bool holds(Index index, const Node& value) {
    ++quiet_;
    const bool ok = check(index, value);
    --quiet_;
    return ok;
  }

  bool check_below(Index index, const Node& value, std::string_view name) {
    const std::size_t size = path_.size();
    path_.append("/").append(name);
    const bool ok = check(index, value);
    path_.resize(size);
    return ok;
  }

  bool check_allowed(const SchemaNode& schema, const Node& value) {
    if (!schema.has_allowed) return true;
    std::string list;
    for (std::size_t i = 0; i < schema.allowed.size(); ++i) {
      const JsonTree& option = *schema.allowed[i];
      if (!spend(option.size())) return false;
      if (equal(option, option.root(), tree_, value)) return true;
      if (i < kNamesShown)
        list += (i == 0 ? "" : ", ") + std::string(option.root().raw.substr(0, 80));
    }
    return report(schema.allowed.size() == 1 ? fmt::format("must be {}", list)
                                             : fmt::format("must be one of {}", list));
  }

  bool check_string(const SchemaNode& schema, const Node& value) {
    if (!schema.min_length && !schema.max_length && !schema.pattern && schema.format.empty()) {
      return true;
    }
    const std::string text = *JsonView::of_proved(value.raw).as_string();
    bool ok = true;
    if (schema.min_length || schema.max_length) {
      const std::size_t length = code_points(text);
      if (schema.min_length && length < *schema.min_length) {
        ok = report(
            fmt::format("must have at least {} characters, has {}", *schema.min_length, length));
      }
      if (schema.max_length && length > *schema.max_length) {
        ok = report(
            fmt::format("must have at most {} characters, has {}", *schema.max_length, length));
      }
    }
    if (schema.pattern) {
      const std::size_t steps = schema.pattern->size() * (text.size() + 1);
      pattern_steps_ += steps;
      if (pattern_steps_ > kPatternSteps) {
        exhausted_ = true;
      } else if (!schema.pattern->search(text)) {
        ok = report(fmt::format("must match the pattern {}", quote_remote(schema.pattern_text)));
      }
    }
    if (!fits_format(schema.format, text)) {
      ok = report(fmt::format("must be of the format {}", schema.format));
    }
    return ok;
  }

  bool check_number(const SchemaNode& schema, const Node& value) {
    if (!schema.minimum && !schema.maximum && !schema.exclusive_minimum &&
        !schema.exclusive_maximum && !schema.multiple_of) {
      return true;
    }
    const double number = JsonView::of_proved(value.raw).as_double().value_or(0);
    bool ok = true;
    if (schema.minimum && number < *schema.minimum) {
      ok = report(fmt::format("must be at least {}", *schema.minimum));
    }
    if (schema.maximum && number > *schema.maximum) {
      ok = report(fmt::format("must be at most {}", *schema.maximum));
    }
    if (schema.exclusive_minimum && number <= *schema.exclusive_minimum) {
      ok = report(fmt::format("must be greater than {}", *schema.exclusive_minimum));
    }
    if (schema.exclusive_maximum && number >= *schema.exclusive_maximum) {
      ok = report(fmt::format("must be less than {}", *schema.exclusive_maximum));
    }
    if (schema.multiple_of) {
      const double quotient = number / *schema.multiple_of;
      const double off = std::abs(quotient - std::round(quotient));
      if (off > 1e-9 * std::max(1.0, std::abs(quotient))) {
        ok = report(fmt::format("must be a multiple of {}", *schema.multiple_of));
      }
    }
    return ok;
  }

  bool check_array(const SchemaNode& schema, const Node& value) {
    bool ok = true;
    if (schema.min_items && value.count < *schema.min_items) {
      ok = report(
          fmt::format("must have at least {} items, has {}", *schema.min_items, value.count));
    }
    if (schema.max_items && value.count > *schema.max_items) {
      ok =
          report(fmt::format("must have at most {} items, has {}", *schema.max_items, value.count));
    }
    std::size_t at = 0;
    std::size_t contained = 0;
    for (std::uint32_t i = value.first; i != JsonTree::kNone; i = tree_.at(i).next, ++at) {
      const Node& item = tree_.at(i);
      if (at < schema.prefix_items.size()) {
        ok = check_below(schema.prefix_items[at], item, fmt::format_int(at).str()) && ok;
      } else if (schema.items) {
        ok = check_below(*schema.items, item, fmt::format_int(at).str()) && ok;
      }
      if (schema.contains && holds(*schema.contains, item)) ++contained;
      if (exhausted_) return false;
    }
    if (schema.contains) {
      const std::size_t least = schema.min_contains.value_or(1);
      if (contained < least) ok = report("does not contain what it must (contains)");
      if (schema.max_contains && contained > *schema.max_contains) {
        ok = report("contains too many of what it may (maxContains)");
      }
    }
    if (schema.unique_items && !all_different(value)) ok = report("must not have equal items");
    return ok;
  }

  bool all_different(const Node& value) {
    for (std::uint32_t i = value.first; i != JsonTree::kNone; i = tree_.at(i).next) {
      for (std::uint32_t j = tree_.at(i).next; j != JsonTree::kNone; j = tree_.at(j).next) {
        if (!spend(1 + tree_.at(i).count)) return true;
        if (equal(tree_, tree_.at(i), tree_, tree_.at(j))) return false;
      }
    }
    return true;
  }

  const Node* member(const Node& object, std::string_view name) const {
    for (std::uint32_t i = object.first; i != JsonTree::kNone; i = tree_.at(i).next) {
      if (is_key(tree_.at(i), name)) return &tree_.at(i);
    }
    return nullptr;
  }

  bool check_object(const SchemaNode& schema, const Node& value) {
    bool ok = true;
    if (schema.min_properties && value.count < *schema.min_properties) {
      ok = report(fmt::format("must have at least {} members", *schema.min_properties));
    }
    if (schema.max_properties && value.count > *schema.max_properties) {
      ok = report(fmt::format("must have at most {} members", *schema.max_properties));
    }
    for (const std::string& name : schema.required) {
      if (!spend(value.count)) return false;
      if (member(value, name) == nullptr) ok = report_missing(name);
    }
    for (std::uint32_t i = value.first; i != JsonTree::kNone; i = tree_.at(i).next) {
      ok = check_member(schema, tree_.at(i)) && ok;
      if (exhausted_) return false;
    }
    for (const auto& [name, others] : schema.dependent_required) {
      if (member(value, name) == nullptr) continue;
      for (const std::string& other : others) {
        if (member(value, other) == nullptr) ok = report_missing(other);
      }
    }
    for (const auto& [name, dependent] : schema.dependent_schemas) {
      if (member(value, name) != nullptr) ok = check(dependent, value) && ok;
    }
    return ok;
  }

  bool report_missing(std::string_view name) {
    const std::size_t size = path_.size();
    path_.append("/").append(name);
    report("is required");
    path_.resize(size);
    return false;
  }

  /// An optional argument given as null stands for one that was left out, as many clients send it.
  bool is_left_out(const SchemaNode& schema, const Node& value, std::string_view name) const {
    return nulls_ == Nulls::left_out && depth_ == 1 && value.kind == jsonrpc::JsonKind::null &&
           std::ranges::find(schema.required, name) == schema.required.end();
  }

  bool check_member(const SchemaNode& schema, const Node& value) {
    const std::string name = jsonrpc::unescape(value.raw_key);
    bool ok = true;
    bool known = false;
    if (!spend(schema.properties.size() / 8)) return false;
    for (const auto& [property, index] : schema.properties) {
      if (property != name) continue;
      known = true;
      if (!is_left_out(schema, value, name)) ok = check_below(index, value, name);
      break;
    }
    for (const auto& [pattern, index] : schema.pattern_properties) {
      if (!spend(pattern.size() * (name.size() + 1) / 64 + 1) || !pattern.search(name)) continue;
      known = true;
      ok = check_below(index, value, name) && ok;
    }
    if (!known && schema.additional_properties) {
      if (nodes_[*schema.additional_properties].never) return report_unknown(schema, name);
      ok = check_below(*schema.additional_properties, value, name) && ok;
    }
    if (schema.property_names) {
      const std::string quoted = jsonrpc::quote(name);
      const JsonTree tree(quoted);
      Validator names(nodes_, tree, path_, max_problems_);
      names.budget_ = std::min<std::size_t>(budget_, 10'000);
      names.check(*schema.property_names, tree.root());
      if (!spend(10) || !names.problems_.empty()) {
        ok = report(fmt::format("the member name {} is not allowed", quote_remote(name, 80)));
      }
    }
    return ok;
  }

  bool report_unknown(const SchemaNode& schema, std::string_view name) {
    std::string known;
    for (std::size_t i = 0; i < std::min(schema.properties.size(), kNamesShown); ++i) {
      known += (i == 0 ? "" : ", ") + schema.properties[i].first;
    }
    const std::size_t size = path_.size();
    path_.append("/").append(name);
    report(known.empty() ? "is not a known parameter"
                         : fmt::format("is not a known parameter (known: {})", known));
    path_.resize(size);
    return false;
  }

  bool check_applicators(const SchemaNode& schema, const Node& value) {
    bool ok = true;
    if (schema.ref) ok = check(*schema.ref, value) && ok;
    for (const Index part : schema.all_of) ok = check(part, value) && ok;
    if (!schema.any_of.empty()) {
      const bool any =
          std::ranges::any_of(schema.any_of, [&](Index part) { return holds(part, value); });
      if (!any) ok = report_none(schema.any_of, value, "anyOf");
    }
    if (!schema.one_of.empty()) {
      const auto matches =
          std::ranges::count_if(schema.one_of, [&](Index part) { return holds(part, value); });
      if (matches == 0) ok = report_none(schema.one_of, value, "oneOf");
      if (matches > 1) ok = report(fmt::format("fits {} alternatives, but must fit one", matches));
    }
    if (schema.not_ && holds(*schema.not_, value)) ok = report("is excluded by the schema (not)");
    if (schema.if_) {
      const bool condition = holds(*schema.if_, value);
      const auto& branch = condition ? schema.then_ : schema.else_;
      if (branch) ok = check(*branch, value) && ok;
    }
    return ok;
  }

  /// Of several alternatives, the only one of the value's type says best what is wrong.
  bool report_none(const std::vector<Index>& parts, const Node& value, std::string_view keyword) {
    std::vector<Index> similar;
    for (const Index part : parts) {
      const std::uint8_t types = nodes_[part].types;
      if (types == 0 || has_type(types, value)) similar.push_back(part);
    }
    const std::size_t before = problems_.size();
    if (similar.size() == 1 && quiet_ == 0) check(similar.front(), value);
    if (problems_.size() > before) return false;
    return report(fmt::format("fits none of its {} alternatives ({})", parts.size(), keyword));
  }

  bool check_unevaluated(Index index, const Node& value) {
    const SchemaNode& schema = nodes_[index];
    const bool members = value.kind == JsonKind::object && schema.unevaluated_properties;
    const bool items = value.kind == JsonKind::array && schema.unevaluated_items;
    if (!members && !items) return true;
    std::vector<bool> seen(value.count);
    mark_evaluated(index, value, seen, true);
    const Index rest = members ? *schema.unevaluated_properties : *schema.unevaluated_items;
    bool ok = true;
    std::size_t at = 0;
    for (std::uint32_t i = value.first; i != JsonTree::kNone; i = tree_.at(i).next, ++at) {
      if (seen[at]) continue;
      const std::string name =
          members ? jsonrpc::unescape(tree_.at(i).raw_key) : std::to_string(at);
      ok = check_below(rest, tree_.at(i), name) && ok;
    }
    return ok;
  }

  /// Marks the children that `index` or what applies in place beside it looks at.
  void mark_evaluated(Index index, const Node& value, std::vector<bool>& seen, bool top) {
    if (!spend(1 + value.count) || depth_ >= kDepth) return;
    ++depth_;
    const SchemaNode& schema = nodes_[index];
    std::size_t at = 0;
    for (std::uint32_t i = value.first; i != JsonTree::kNone; i = tree_.at(i).next, ++at) {
      if (seen[at]) continue;
      seen[at] = value.kind == JsonKind::object ? looks_at_member(schema, tree_.at(i), top)
                                                : looks_at_item(schema, at, top);
    }
    const auto in_place = [&](Index part) {
      if (holds(part, value)) mark_evaluated(part, value, seen, false);
    };
    if (schema.ref) in_place(*schema.ref);
    for (const Index part : schema.all_of) in_place(part);
    for (const Index part : schema.any_of) in_place(part);
    for (const Index part : schema.one_of) in_place(part);
    if (schema.if_) {
      in_place(*schema.if_);
      const auto& branch = holds(*schema.if_, value) ? schema.then_ : schema.else_;
      if (branch) in_place(*branch);
    }
    for (const auto& [name, dependent] : schema.dependent_schemas) {
      if (member(value, name) != nullptr) in_place(dependent);
    }
    --depth_;
  }

  bool looks_at_member(const SchemaNode& schema, const Node& value, bool top) {
    if (schema.additional_properties || (!top && schema.unevaluated_properties)) return true;
    for (const auto& [property, index] : schema.properties) {
      if (is_key(value, property)) return true;
    }
    const std::string name = jsonrpc::unescape(value.raw_key);
    return std::ranges::any_of(schema.pattern_properties,
                               [&](const auto& entry) { return entry.first.search(name); });
  }

  static bool looks_at_item(const SchemaNode& schema, std::size_t at, bool top) {
    return at < schema.prefix_items.size() || schema.items.has_value() ||
           (!top && schema.unevaluated_items);
  }

  const std::vector<SchemaNode>& nodes_;
  const JsonTree& tree_;
  std::string path_;
  std::size_t max_problems_;
  Nulls nulls_;
  std::vector<SchemaProblem> problems_;
  std::size_t budget_ = kBudget;
  std::size_t pattern_steps_ = 0;
  int depth_ = 0;
  int quiet_ = 0;
  bool exhausted_ = false;
};

}  // namespace

std::vector<SchemaProblem> run_schema(const std::vector<SchemaNode>& nodes, const JsonTree& value,
                                      std::string_view root, std::size_t max_problems,
                                      Nulls nulls) {
  return Validator(nodes, value, root, max_problems, nulls).run();
}

}  // namespace gatehouse::mcp
