#include "net/log_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <future>
#include <string>
#include <utility>

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_writer();
    ::close(ends[0]);
  }
  void close_writer() {
    if (ends[1] >= 0) ::close(std::exchange(ends[1], -1));
  }
  std::string read_all() const {
    std::string text;
    char buffer[65536];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    return text;
  }
  std::array<int, 2> ends{-1, -1};
};

LogWriter::Settings settings_for(const Pipe& pipe, std::size_t bytes) {
  return {.fd = pipe.ends[1],
          .queue_bytes = bytes,
          .linger = 5ms,
          .farewell = 50ms,
          .make_dropped_line = [](std::uint64_t lines) {
            return std::to_string(lines) + " lines dropped";
          }};
}

TEST(LogWriter, lines_arrive_in_order_and_whole) {
  Pipe pipe;
  auto reader = std::async(std::launch::async, [&] { return pipe.read_all(); });
  {
    LogWriter writer(settings_for(pipe, 4 << 20));
    std::string expected;
    for (int i = 0; i < 20000; ++i)
      EXPECT_TRUE(writer.write("line " + std::to_string(i), i % 7 == 0));
  }
  pipe.close_writer();
  const std::string text = reader.get();
  std::size_t at = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    ASSERT_EQ(text.compare(at, line.size(), line), 0) << i;
    at += line.size();
  }
  EXPECT_EQ(at, text.size());
}

TEST(LogWriter, a_pipe_that_nobody_reads_stops_neither_the_writer_nor_the_end) {
  Pipe pipe;
  const std::string line(1000, 'x');
  const auto started = std::chrono::steady_clock::now();
  {
    LogWriter writer(settings_for(pipe, 100'000));
    int kept = 0;
    for (int i = 0; i < 2000; ++i) kept += writer.write(line, true) ? 1 : 0;
    EXPECT_LT(kept, 500);
    EXPECT_TRUE(writer.behind());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
}

TEST(LogWriter, what_was_dropped_is_counted_once_somebody_reads) {
  Pipe pipe;
  const std::string line(1000, 'x');
  int dropped = 0;
  std::future<std::string> reader;
  {
    LogWriter::Settings settings = settings_for(pipe, 100'000);
    settings.farewell = 5s;
    LogWriter writer(settings);
    for (int i = 0; i < 2000; ++i) dropped += writer.write(line, true) ? 0 : 1;
    reader = std::async(std::launch::async, [&] { return pipe.read_all(); });
  }
  pipe.close_writer();
  const std::string text = reader.get();
  EXPECT_GT(dropped, 0);
  int told = 0;
  constexpr std::string_view kWords = " lines dropped\n";
  for (std::size_t at = text.find(kWords); at != std::string::npos; at = text.find(kWords, at + 1))
    told += std::stoi(text.substr(text.rfind('\n', at - 1) + 1));
  EXPECT_EQ(told, dropped);
}

}  // namespace
}  // namespace gatehouse::net
