#include "cli/sign_in_wait.hpp"

#include <fmt/format.h>

#include "async/timer.hpp"
#include "base/encoding.hpp"
#include "cli/table.hpp"
#include "net/signals.hpp"

namespace gatehouse::cli {
namespace {

using namespace std::chrono_literals;
using oauth_client::LoginOutcome;
using RacePtr = std::shared_ptr<SignInRace>;

constexpr const char* kKeys = "oOqQ";

std::chrono::seconds until(const Services& services, SystemTime end) {
  return std::chrono::ceil<std::chrono::seconds>(end - services.clock.now());
}

// A pasted text that belongs to no login is told and asked for again.
bool leaves_pending(const Error& error) {
  return error.code == Errc::parse || error.code == Errc::not_found;
}

void interrupt(const SignInWait& wait) {
  if (wait.order.options.on_interrupt) wait.order.options.on_interrupt();
  wait.race->finish(fail(Errc::cancelled, "cancelled"));
}

Task<> serve_callback(std::shared_ptr<CallbackListener> listener) {
  co_await listener->run();
}

void open_browser(SignInWait& wait, const std::string& url) {
  const Result<void> opened = wait.services.browser.open(url);
  wait.race->browser_open = opened.has_value();
  SignInModel& model = wait.screen.model();
  model.browser = opened ? SignInModel::Browser::opened : SignInModel::Browser::failed;
  if (!opened) model.browser_problem = describe(opened.error());
}

// Whether the login has ended.
Task<bool> try_paste(SignInWait wait, std::string text) {
  SignInModel& model = wait.screen.model();
  model.typed.clear();
  model.complaint.clear();
  model.answered = true;
  wait.screen.update();
  Result<LoginOutcome> outcome =
      co_await wait.services.login.finish(organization_of(wait.services), std::move(text));
  model.answered = false;
  if (outcome || !leaves_pending(outcome.error())) {
    wait.race->finish(std::move(outcome));
    co_return true;
  }
  wait.screen.complain(describe(outcome.error()));
  co_return false;
}

// One line at a time, from wherever they come.
Task<> read_pastes(SignInWait wait) {
  while (!wait.race->result) {
    Result<std::optional<std::string>> line = co_await wait.services.terminal.read_line(
        "or paste the address the browser ends on (Esc cancels): ", Echo::shown);
    if (!line) {
      wait.race->finish(std::unexpected(line.error()));
      co_return;
    }
    if (!*line) break;
    if (trim_ows(**line).empty()) continue;
    if (co_await try_paste(wait, std::move(**line))) co_return;
  }
  wait.race->paste_open = false;
  wait.race->changed.notify_all();
}

Task<> read_keys(SignInWait wait, std::string url) {
  const std::unique_ptr<Keyboard> keyboard = wait.services.terminal.open_keyboard();
  SignInModel& model = wait.screen.model();
  while (!wait.race->result) {
    const net::TerminalEvent event = co_await keyboard->next(kKeys);
    using Kind = net::TerminalEvent::Kind;
    const bool toggles = event.kind == Kind::key && (event.text == "q" || event.text == "Q");
    const bool empty_line = event.kind == Kind::line && trim_ows(event.text).empty();
    if (event.kind == Kind::interrupt || event.kind == Kind::end) {
      interrupt(wait);
      co_return;
    }
    if (event.kind == Kind::escape) {
      wait.race->finish(fail(Errc::cancelled, "cancelled"));
      co_return;
    }
    if (toggles) {
      model.qr =
          model.qr == SignInModel::Qr::shown ? SignInModel::Qr::hidden : SignInModel::Qr::shown;
    } else if (event.kind == Kind::key || empty_line) {
      if (model.browser_here) open_browser(wait, url);
    } else if (!model.can_paste) {
      continue;
    } else if (event.kind == Kind::edited) {
      model.typed = event.text;
    } else if (co_await try_paste(wait, event.text)) {
      co_return;
    }
    wait.screen.update();
  }
}

Task<> watch_signals(SignInWait wait) {
  (void)co_await net::wait_for_termination();
  interrupt(wait);
}

Task<> watch_window(SignInWait wait) {
  while (!wait.race->result) {
    co_await net::wait_for_resize();
    wait.screen.update();
  }
}

Task<> tick(SignInWait wait, SystemTime end) {
  while (!wait.race->result) {
    co_await sleep_for(1s);
    wait.screen.model().left = until(wait.services, end);
    ++wait.screen.model().beat;
    wait.screen.update();
  }
}

Task<> watch_browser(SignInWait wait) {
  while (!wait.race->result) {
    co_await sleep_for(200ms);
    const std::optional<std::string> failure = wait.services.browser.failure();
    if (!failure) continue;
    wait.race->browser_open = false;
    wait.screen.browser_failed(*failure);
    wait.race->changed.notify_all();
  }
}

Task<> watch_time(RacePtr race, std::chrono::seconds left) {
  co_await sleep_for(left);
  race->finish(fail(Errc::sign_in_required, "nobody finished the sign-in within 10 minutes"));
}

// A later login for the connection retires this one, in whichever process it runs. Gone alone does
// not prove it: our own callback may be at the token endpoint.
Task<> watch_replaced(Services& services, RacePtr race, std::string state_hash, std::string name) {
  bool pending = true;
  while (pending && !race->result) {
    co_await sleep_for(1s);
    const Result<bool> found =
        co_await services.login.is_pending(organization_of(services), state_hash);
    pending = !found || *found;
  }
  co_await sleep_for(limits::kTokenRequestTimeout + 5s);
  race->finish(fail(Errc::conflict,
                    "this sign-in was finished elsewhere, or a later one replaced it",
                    fmt::format("gatehouse status {}", name)));
}

Task<> poll_device(Services& services, RacePtr race, oauth_client::DeviceLogin& device,
                   oauth_client::PendingDeviceLogin pending) {
  race->finish(co_await device.finish(organization_of(services), std::move(pending)));
}

// Whether anything is left that could finish the login.
bool hopeless(const SignInRace& race, bool terminal) {
  if (race.paste_open) return false;
  return !(race.listening && (race.browser_open || terminal));
}

Task<> await_end(Services& services, RacePtr race, const std::string& name) {
  while (!race->result) {
    if (hopeless(*race, services.terminal.can_ask())) {
      race->finish(fail(Errc::sign_in_required,
                        "nothing here can finish the sign-in: there is no browser, and no address "
                        "was pasted",
                        fmt::format("gatehouse login {}", name)));
      break;
    }
    co_await race->changed.wait();
  }
}

bool by_keys(const Services& services) {
  return services.terminal.can_ask() && services.terminal.look().live;
}

// What is shown is watched already: a signal that answers to it meets nobody unprepared.
Task<> watch(TaskGroup& tasks, SignInWait wait, std::string url, SystemTime end) {
  tasks.spawn("login_signals", watch_signals(wait));
  tasks.spawn("browser", watch_browser(wait));
  if (wait.services.terminal.look().live) {
    tasks.spawn("login_window", watch_window(wait));
    tasks.spawn("login_clock", tick(wait, end));
  }
  if (by_keys(wait.services)) tasks.spawn("login_keys", read_keys(wait, url));
  co_await sleep_for(0s);
  wait.screen.begin_waiting();
}

Task<Result<LoginOutcome>> take_down(SignInWait wait, TaskGroup& tasks, AuthorizationId id) {
  co_await tasks.shutdown();
  wait.screen.clear();
  if (!*wait.race->result)
    (void)co_await wait.services.login.cancel(organization_of(wait.services), id);
  co_return std::move(*wait.race->result);
}

}  // namespace

Task<Result<LoginOutcome>> await_link(SignInWait wait, std::shared_ptr<CallbackListener> listener,
                                      oauth_client::PendingLogin pending) {
  Services& services = wait.services;
  const SignInOptions& options = wait.order.options;
  const std::string& url = pending.authorization_url;
  SignInModel& model = wait.screen.model();
  model.link = model.qr_text = url;
  model.browser_here = services.browser.available();
  model.left = until(services, pending.expires_at);
  if (!wait.race->listening) model.listener_problem = listener->problem();
  const bool open = options.browser == BrowserUse::open && model.browser_here &&
                    (services.terminal.can_ask() || services.browser.chosen());
  if (open) open_browser(wait, url);
  const bool piped = options.paste == Paste::from_any_input && !services.terminal.can_ask();
  wait.race->paste_open = services.terminal.can_ask() || piped;
  model.can_paste = by_keys(services);

  TaskGroup tasks(services.executor, services.log);
  tasks.spawn("callback_listener", serve_callback(listener));
  tasks.spawn("login_deadline", watch_time(wait.race, model.left));
  tasks.spawn("login_replaced",
              watch_replaced(services, wait.race, pending.state_hash, wait.order.connection.name));
  co_await watch(tasks, wait, url, pending.expires_at);
  if (wait.race->paste_open && !by_keys(services)) tasks.spawn("paste", read_pastes(wait));
  co_await await_end(services, wait.race, wait.order.connection.name);
  services.terminal.show_progress("");
  co_await listener->drain();
  co_return co_await take_down(wait, tasks, pending.id);
}

Task<Result<LoginOutcome>> await_device(SignInWait wait, oauth_client::DeviceLogin& device,
                                        oauth_client::PendingDeviceLogin pending) {
  Services& services = wait.services;
  SignInModel& model = wait.screen.model();
  const std::string& complete = pending.verification_uri_complete;
  model.way = SignInModel::Way::device;
  model.link = pending.verification_uri;
  model.code = pending.user_code;
  model.qr_text = complete.empty() ? pending.verification_uri : complete;
  model.browser_here = services.browser.available();
  model.left = until(services, pending.expires_at);
  // A phone that reads the code is a browser; one is needed where this machine has none.
  const bool far = services.terminal.look().remote || !model.browser_here;
  if (far && by_keys(services) &&
      qr_fits(model, services.terminal.look(), services.terminal.size()))
    model.qr = SignInModel::Qr::shown;

  TaskGroup tasks(services.executor, services.log);
  co_await watch(tasks, wait, model.qr_text, pending.expires_at);
  tasks.spawn("device_login", poll_device(services, wait.race, device, pending));
  while (!wait.race->result) co_await wait.race->changed.wait();
  co_return co_await take_down(wait, tasks, pending.id);
}

}  // namespace gatehouse::cli
