#include "mcp/schema.hpp"

#include "mcp/schema_program.hpp"

namespace gatehouse::mcp {

std::string describe(const std::vector<SchemaProblem>& problems) {
  std::string text;
  for (const SchemaProblem& problem : problems) {
    if (!text.empty()) text += "; ";
    text.append(problem.path).append(": ").append(problem.message);
  }
  return text;
}

Schema::Schema(std::unique_ptr<Program> program) : program_(std::move(program)) {}
Schema::~Schema() = default;

Result<std::unique_ptr<Schema>> Schema::compile(std::string_view raw_schema) {
  auto program = std::make_unique<Program>();
  auto compiled =
      compile_schema(std::string(raw_schema), program->source, program->nodes, program->unchecked);
  if (!compiled) return std::unexpected(compiled.error());
  return std::unique_ptr<Schema>(new Schema(std::move(program)));
}

std::vector<SchemaProblem> Schema::validate(std::string_view raw_value, std::string_view root,
                                            std::size_t max_problems, Nulls nulls) const {
  return run_schema(program_->nodes, JsonTree(raw_value), root, max_problems, nulls);
}

const std::vector<std::string>& Schema::unchecked() const {
  return program_->unchecked;
}

}  // namespace gatehouse::mcp
