// How good and how fast search is, on a data set given on the command line:
//
//   search_eval TOOLS.jsonl [QUERIES.jsonl [RUN.jsonl]]
//
//   TOOLS    {"id", "server"?, "name", "description"?, "input_schema"?} per line
//   QUERIES  {"id", "query", "gold": [ids], "gold_groups"?: [[id, alternative, ...], ...]} per line
//   RUN      is written: {"id": query id, "ranked": [tool ids, best first]} per line
//
// Prints the time to analyse and to merge, p50 and p99 of a search (limit 10), and with queries
// recall@1, @5, @10 and nDCG@10, where a group counts once, at the rank of its first member.
// Without QUERIES the first sentences of the tools themselves are searched for, which is for speed
// only.
#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "catalog/index.hpp"

namespace {

namespace json = boost::json;
using namespace gatehouse::catalog;
using Clock = std::chrono::steady_clock;

constexpr std::size_t ranked_per_query = 100;

struct Query {
  std::string id;
  std::string text;
  std::vector<std::vector<std::string>> groups;
};

double since_ms(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::vector<json::object> read_lines(const char* path) {
  std::ifstream file{path};
  if (!file) throw std::runtime_error{std::string{"cannot read "} + path};
  std::vector<json::object> objects;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) objects.push_back(json::parse(line).as_object());
  }
  return objects;
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

// A data set's id takes the place of the full name: it is what rankings are compared by.
std::map<std::string, std::vector<Capability>> read_tools(const char* path) {
  std::map<std::string, std::vector<Capability>> by_connection;
  for (const json::object& line : read_lines(path)) {
    Capability capability;
    capability.connection = text_of(line, "server");
    capability.tool = text_of(line, "name");
    capability.name = text_of(line, "id");
    capability.description = text_of(line, "description");
    if (const json::value* schema = line.if_contains("input_schema")) {
      capability.input_schema = json::serialize(*schema);
    }
    by_connection[capability.connection].push_back(std::move(capability));
  }
  return by_connection;
}

std::vector<std::string> strings(const json::value& array) {
  std::vector<std::string> found;
  for (const json::value& item : array.as_array()) found.emplace_back(item.as_string());
  return found;
}

std::vector<Query> read_queries(const char* path) {
  std::vector<Query> queries;
  for (const json::object& line : read_lines(path)) {
    Query query{text_of(line, "id"), text_of(line, "query"), {}};
    if (const json::value* groups = line.if_contains("gold_groups")) {
      for (const json::value& group : groups->as_array()) query.groups.push_back(strings(group));
    } else {
      for (std::string& id : strings(line.at("gold"))) query.groups.push_back({std::move(id)});
    }
    queries.push_back(std::move(query));
  }
  return queries;
}

std::vector<Query> queries_from(const Index& index) {
  std::vector<Query> queries;
  for (const Hit& hit : index.search("", {.limit = 1000})) {
    queries.push_back({"", std::string{first_sentence(hit.capability->description)}, {}});
  }
  return queries;
}

struct Quality {
  std::array<double, 3> recall{};  // at 1, 5, 10
  double ndcg = 0;
};

// The rank of each group's first member; further members of a found group take no rank.
std::vector<std::size_t> ranks_of(const Query& query, const std::vector<Hit>& hits) {
  std::vector<std::size_t> ranks(query.groups.size(), 0);
  std::size_t rank = 0;
  for (const Hit& hit : hits) {
    const auto has = [&](const auto& group) {
      return std::ranges::find(group, hit.capability->name) != group.end();
    };
    const auto group = std::ranges::find_if(query.groups, has);
    if (group == query.groups.end()) {
      ++rank;
    } else if (auto& found = ranks[static_cast<std::size_t>(group - query.groups.begin())];
               found == 0) {
      found = ++rank;
    }
  }
  return ranks;
}

void add_quality(Quality& sum, const Query& query, const std::vector<Hit>& hits) {
  constexpr std::array<std::size_t, 3> cutoffs{1, 5, 10};
  double gain = 0;
  double ideal = 0;
  std::size_t place = 0;
  for (const std::size_t rank : ranks_of(query, hits)) {
    if (++place <= 10) ideal += 1 / std::log2(place + 1.0);
    if (rank == 0) continue;
    if (rank <= 10) gain += 1 / std::log2(static_cast<double>(rank) + 1);
    for (std::size_t i = 0; i < cutoffs.size(); ++i) {
      if (rank <= cutoffs[i]) sum.recall[i] += 1.0 / static_cast<double>(query.groups.size());
    }
  }
  if (ideal > 0) sum.ndcg += gain / ideal;
}

void print_quality(const Index& index, const std::vector<Query>& queries, const char* run_path) {
  std::ofstream run;
  if (run_path) run.open(run_path);
  Quality sum;
  for (const Query& query : queries) {
    const std::vector<Hit> hits = index.search(query.text, {.limit = ranked_per_query});
    add_quality(sum, query, hits);
    json::array ranked;
    for (const Hit& hit : hits) ranked.emplace_back(hit.capability->name);
    if (run_path)
      run << json::serialize(json::object{{"id", query.id}, {"ranked", ranked}}) << '\n';
  }
  if (run_path && !run.flush()) throw std::runtime_error{std::string{"cannot write "} + run_path};
  const auto n = static_cast<double>(queries.size());
  std::printf("recall_at_1 %.4f\nrecall_at_5 %.4f\nrecall_at_10 %.4f\nndcg_at_10 %.4f\n",
              sum.recall[0] / n, sum.recall[1] / n, sum.recall[2] / n, sum.ndcg / n);
}

void print_speed(const Index& index, const std::vector<Query>& queries) {
  constexpr int rounds = 5;
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    for (const Query& query : queries) {
      const auto start = Clock::now();
      const std::vector<Hit> hits = index.search(query.text);
      times.push_back(since_ms(start) * 1000);
    }
  }
  std::ranges::sort(times);
  std::printf("search_p50 %.1f us\nsearch_p99 %.1f us\n", times[times.size() / 2],
              times[times.size() * 99 / 100]);
}

void run(int argc, char** argv) {
  auto tools = read_tools(argv[1]);
  const auto analysis = Clock::now();
  std::vector<std::shared_ptr<const ConnectionCatalog>> catalogs;
  for (auto& [connection, capabilities] : tools) {
    catalogs.push_back(ConnectionCatalog::make(std::move(capabilities)));
  }
  const double analysis_ms = since_ms(analysis);
  const auto merge = Clock::now();
  const Index index{std::move(catalogs)};
  std::printf("capabilities %zu\nconnections %zu\nanalyse %.1f ms\nmerge %.1f ms\n", index.size(),
              tools.size(), analysis_ms, since_ms(merge));

  const std::vector<Query> queries = argc > 2 ? read_queries(argv[2]) : queries_from(index);
  if (queries.empty()) throw std::runtime_error{"no queries"};
  if (argc > 2) print_quality(index, queries, argc > 3 ? argv[3] : nullptr);
  print_speed(index, queries);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: search_eval TOOLS.jsonl [QUERIES.jsonl [RUN.jsonl]]\n");
    return 2;
  }
  try {
    run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "search_eval: %s\n", error.what());
    return 1;
  }
  return 0;
}
