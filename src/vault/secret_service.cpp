#include "vault/secret_service.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <libsecret/secret.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

namespace gatehouse::vault {
namespace {

constexpr const char* kInstead =
    "keep the key elsewhere: a file (key.source = \"file\"), a command (key.command), or the "
    "variable GATEHOUSE_KEY";

/// What we use of libsecret and, through it, of GLib; types come from its headers, addresses from
/// the library that is there at run time.
struct Library {
  decltype(&::secret_password_lookup_sync) lookup = nullptr;
  decltype(&::secret_password_search_sync) search = nullptr;
  decltype(&::secret_password_store_sync) store = nullptr;
  decltype(&::secret_password_clear_sync) clear = nullptr;
  decltype(&::secret_password_free) free_password = nullptr;
  decltype(&::secret_error_get_quark) secret_error = nullptr;
  decltype(&::g_cancellable_new) cancellable_new = nullptr;
  decltype(&::g_cancellable_cancel) cancel = nullptr;
  decltype(&::g_object_unref) unref = nullptr;
  decltype(&::g_list_free_full) free_list = nullptr;
  decltype(&::g_error_free) free_error = nullptr;
  decltype(&::g_io_error_quark) io_error = nullptr;
  decltype(&::g_dbus_error_quark) dbus_error = nullptr;
  std::string problem;  ///< empty: all of the above are set
};

template <class F>
void resolve(void* handle, const char* name, F& into, std::string& problem) {
  into = reinterpret_cast<F>(::dlsym(handle, name));
  if (into == nullptr) problem = fmt::format("it lacks {}", name);
}

Library load_library() {
  Library library;
  void* handle = ::dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    library.problem = "libsecret is not installed";
    return library;
  }
  std::string& problem = library.problem;
  resolve(handle, "secret_password_lookup_sync", library.lookup, problem);
  resolve(handle, "secret_password_search_sync", library.search, problem);
  resolve(handle, "secret_password_store_sync", library.store, problem);
  resolve(handle, "secret_password_clear_sync", library.clear, problem);
  resolve(handle, "secret_password_free", library.free_password, problem);
  resolve(handle, "secret_error_get_quark", library.secret_error, problem);
  resolve(handle, "g_cancellable_new", library.cancellable_new, problem);
  resolve(handle, "g_cancellable_cancel", library.cancel, problem);
  resolve(handle, "g_object_unref", library.unref, problem);
  resolve(handle, "g_list_free_full", library.free_list, problem);
  resolve(handle, "g_error_free", library.free_error, problem);
  resolve(handle, "g_io_error_quark", library.io_error, problem);
  resolve(handle, "g_dbus_error_quark", library.dbus_error, problem);
  return library;  // stays loaded: GLib's threads cannot be unloaded
}

const Library& library() {
  static const Library loaded = load_library();
  return loaded;
}

const SecretSchema* schema() {
  static const SecretSchema found = [] {
    SecretSchema made{};
    made.name = "org.gatehouse.Secret";
    made.flags = SECRET_SCHEMA_DONT_MATCH_NAME;  // so that `secret-tool store` can put them there
    made.attributes[0] = {"application", SECRET_SCHEMA_ATTRIBUTE_STRING};
    made.attributes[1] = {"kind", SECRET_SCHEMA_ATTRIBUTE_STRING};
    made.attributes[2] = {"name", SECRET_SCHEMA_ATTRIBUTE_STRING};
    return made;
  }();
  return &found;
}

/// GDBus would otherwise try to start a bus, and say something about X11.
bool has_session_bus() {
  if (const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS"); address && *address != '\0')
    return true;
  const char* run = std::getenv("XDG_RUNTIME_DIR");
  const std::string folder =
      run && *run != '\0' ? std::string(run) : fmt::format("/run/user/{}", ::getuid());
  std::error_code error;
  return std::filesystem::is_socket(folder + "/bus", error);
}

/// One call, cancelled when it takes too long: a locked keyring prompts and waits.
class BoundedCall {
 public:
  BoundedCall(const Library& lib, std::chrono::milliseconds patience)
      : lib_(lib), cancellable_(lib.cancellable_new()), watch_([this, patience] {
          std::unique_lock lock(mutex_);
          if (ended_.wait_for(lock, patience, [this] { return over_; })) return;
          lib_.cancel(cancellable_);
        }) {}
  ~BoundedCall() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    ended_.notify_all();
    watch_.join();
    if (error_ != nullptr) lib_.free_error(error_);
    lib_.unref(cancellable_);
  }
  BoundedCall(const BoundedCall&) = delete;
  BoundedCall& operator=(const BoundedCall&) = delete;

  GCancellable* cancellable() { return cancellable_; }
  GError** error() { return &error_; }
  const GError* failed() const { return error_; }

 private:
  const Library& lib_;
  GCancellable* cancellable_;
  GError* error_ = nullptr;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread watch_;
};

Error locked() {
  return {Errc::policy, "the keyring is locked, and was not unlocked",
          "unlock it (sign in to the desktop, or `gnome-keyring-daemon --unlock`) and try again"};
}

Error explain(const Library& lib, const GError& error, std::chrono::milliseconds patience) {
  if (error.domain == lib.io_error() && error.code == G_IO_ERROR_CANCELLED)
    return {Errc::timeout,
            fmt::format("the keyring did not answer within {} s; it may be waiting to be unlocked",
                        std::chrono::duration_cast<std::chrono::seconds>(patience).count()),
            "answer its prompt on the desktop and try again"};
  if (error.domain == lib.secret_error() && error.code == SECRET_ERROR_IS_LOCKED) return locked();
  const bool nobody =
      error.domain == lib.dbus_error() &&
      (error.code == G_DBUS_ERROR_SERVICE_UNKNOWN || error.code == G_DBUS_ERROR_NAME_HAS_NO_OWNER ||
       error.code == G_DBUS_ERROR_SPAWN_EXEC_FAILED);
  if (nobody)
    return {Errc::unsupported, "no keyring runs on the session's D-Bus",
            "start one, such as gnome-keyring-daemon, or " + std::string(kInstead)};
  // What is left of a keyring that nobody may unlock: no display for its prompt, say.
  if (error.domain == lib.dbus_error() && error.code == G_DBUS_ERROR_UNKNOWN_OBJECT)
    return locked();
  const std::string said = quote_remote(error.message == nullptr ? "" : error.message, 200);
  if (error.domain == lib.io_error() || error.domain == lib.dbus_error())
    return {Errc::unsupported, "the session's D-Bus cannot be used: " + said, kInstead};
  return {Errc::storage, "the keyring refused: " + said, kInstead};
}

Error missing(const KeyringItem& item) {
  if (item.kind == "secret")
    return {Errc::not_found,
            fmt::format("the keyring has no secret {}", quote_remote(item.name, 80)),
            fmt::format("put it there with: gatehouse keyring set {}", item.name)};
  return {Errc::not_found, "the keyring has no key for the store " + item.name,
          "restore the item \"" + item.label + "\", or name where the key is: key.source"};
}

class Libsecret final : public SecretService {
 public:
  explicit Libsecret(std::chrono::milliseconds patience) : patience_(patience) {}

  Result<Secret> look_up(const KeyringItem& item) override {
    if (const Result<void> there = reachable(); !there) return std::unexpected(there.error());
    Result<std::optional<Secret>> found = find(item);
    // A prompt that was dismissed looks like an item that is not there; so does one that somebody
    // stores between the two questions.
    const bool again = found && !*found && exists(item);
    if (again) found = find(item);
    if (!found) return std::unexpected(found.error());
    if (*found) return std::move(**found);
    return std::unexpected(again ? locked() : missing(item));
  }

  Result<void> store(const KeyringItem& item, const Secret& secret) override {
    if (const Result<void> there = reachable(); !there) return there;
    if (secret.reveal().find('\0') != std::string_view::npos)
      return fail(Errc::invalid_argument, "a secret in the keyring is text without NUL bytes");
    BoundedCall call(lib_, patience_);
    const Secret terminated{std::string(secret.reveal())};
    const bool stored =
        lib_.store(schema(), SECRET_COLLECTION_DEFAULT, item.label.c_str(),
                   terminated.reveal().data(), call.cancellable(), call.error(), "application",
                   "gatehouse", "kind", item.kind.c_str(), "name", item.name.c_str(), nullptr) != 0;
    if (stored) return {};
    if (const GError* error = call.failed())
      return std::unexpected(explain(lib_, *error, patience_));
    return std::unexpected(locked());
  }

  Result<void> erase(const KeyringItem& item) override {
    if (const Result<void> there = reachable(); !there) return there;
    BoundedCall call(lib_, patience_);
    lib_.clear(schema(), call.cancellable(), call.error(), "application", "gatehouse", "kind",
               item.kind.c_str(), "name", item.name.c_str(), nullptr);
    if (const GError* error = call.failed())
      return std::unexpected(explain(lib_, *error, patience_));
    return {};
  }

 private:
  Result<void> reachable() const {
    if (!lib_.problem.empty())
      return fail(
          Errc::unsupported, "the keyring cannot be used: " + lib_.problem,
          "install libsecret (Debian: apt install libsecret-1-0), or " + std::string(kInstead));
    if (has_session_bus()) return {};
    return fail(Errc::unsupported, "there is no keyring here: no D-Bus session runs",
                "run inside a desktop session or `dbus-run-session`, or " + std::string(kInstead));
  }

  Result<std::optional<Secret>> find(const KeyringItem& item) {
    BoundedCall call(lib_, patience_);
    gchar* found =
        lib_.lookup(schema(), call.cancellable(), call.error(), "application", "gatehouse", "kind",
                    item.kind.c_str(), "name", item.name.c_str(), nullptr);
    if (found != nullptr) {
      Secret secret{std::string(found)};
      lib_.free_password(found);  // wipes it
      return std::optional<Secret>(std::move(secret));
    }
    if (const GError* error = call.failed())
      return std::unexpected(explain(lib_, *error, patience_));
    return std::optional<Secret>();
  }

  bool exists(const KeyringItem& item) {
    BoundedCall call(lib_, patience_);
    GList* found =
        lib_.search(schema(), SECRET_SEARCH_ALL, call.cancellable(), call.error(), "application",
                    "gatehouse", "kind", item.kind.c_str(), "name", item.name.c_str(), nullptr);
    const bool any = found != nullptr;
    lib_.free_list(found, lib_.unref);
    return any;
  }

  const Library& lib_ = library();
  const std::chrono::milliseconds patience_;
};

}  // namespace

KeyringItem secret_item(const std::string& name) {
  return {"secret", name, "Gatehouse: " + name};
}

std::unique_ptr<SecretService> make_secret_service(std::chrono::milliseconds patience) {
  return std::make_unique<Libsecret>(patience);
}

}  // namespace gatehouse::vault
