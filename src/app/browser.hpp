// Opens the person's browser: $BROWSER, else xdg-open where a display is and the session is not a
// remote one without display. No shell is involved.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/paths.hpp"
#include "cli/browser.hpp"

namespace gatehouse::app {

std::unique_ptr<cli::Browser> make_browser(const Environment& environment);

/// The command lines to try in turn for `url`, from the value of $BROWSER: entries separated by
/// colons, words by spaces, %s for the URL or the URL at the end. Pure.
std::vector<std::vector<std::string>> browser_commands(std::string_view variable,
                                                       std::string_view url);

}  // namespace gatehouse::app
