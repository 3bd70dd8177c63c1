#include "http/sse.hpp"

#include <charconv>

namespace gatehouse::http {

Result<void> SseParser::feed(std::string_view bytes, std::vector<SseEvent>& events) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (after_cr_ && bytes[at] == '\n') {
      after_cr_ = false;
      ++at;
      continue;
    }
    after_cr_ = false;
    const std::size_t end = bytes.find_first_of("\r\n", at);
    line_.append(bytes.substr(at, end == std::string_view::npos ? end : end - at));
    if (line_.size() + event_.data.size() > max_event_bytes_) {
      return fail(Errc::too_large, "a server-sent event is larger than the limit (kSseEventBytes)");
    }
    if (end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    at = end + 1;
    std::string_view line = line_;
    if (at_start_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    at_start_ = false;
    on_line(line, events);
    line_.clear();
  }
  return {};
}

void SseParser::on_line(std::string_view line, std::vector<SseEvent>& events) {
  if (!line.empty()) {
    if (line.front() == ':') return;
    const std::size_t colon = line.find(':');
    std::string_view value =
        colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    on_field(line.substr(0, colon), value);
    return;
  }
  if (event_.has_id) last_id_ = event_.id;
  if (has_data_ || event_.has_id) {
    event_.id = last_id_;
    events.push_back(std::move(event_));
  }
  event_ = SseEvent{};
  has_data_ = false;
}

void SseParser::on_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (has_data_) event_.data += '\n';
    event_.data.append(value);
    has_data_ = true;
  } else if (name == "event") {
    event_.type = value.empty() ? "message" : std::string(value);
  } else if (name == "id") {
    if (value.find('\0') != std::string_view::npos) return;
    event_.id = value;
    event_.has_id = true;
  } else if (name == "retry") {
    long long milliseconds = 0;
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), milliseconds);
    const bool whole = error == std::errc{} && end == value.data() + value.size();
    if (whole && milliseconds >= 0 && milliseconds <= 86'400'000)
      retry_ = std::chrono::milliseconds(milliseconds);
  }
}

std::string format_sse_event(std::string_view data, std::string_view id, std::string_view type) {
  std::string out;
  out.reserve(data.size() + id.size() + type.size() + 32);
  if (!type.empty()) out.append("event: ").append(type).append("\n");
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  while (true) {
    const std::size_t end = data.find('\n');
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  out += '\n';
  return out;
}

}  // namespace gatehouse::http
