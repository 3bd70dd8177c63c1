#include "demo/home_page.hpp"

#include <fmt/format.h>

namespace gatehouse::demo {
namespace {

// All values are ours: loopback URLs without anything to escape.
constexpr std::string_view kPage =
    R"html(<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Gatehouse demo</title><style>
:root{{color-scheme:light dark}}body{{font:16px/1.55 system-ui,sans-serif;margin:0;background:#eef1f6;color:#1b2330}}
main{{max-width:44rem;margin:7vh auto;padding:2rem 2.25rem;background:#fff;border-radius:14px;box-shadow:0 2px 14px rgba(20,30,60,.13)}}
h1{{font-size:1.5rem;margin:0 0 .6rem}}code,pre{{font:.9rem/1.5 ui-monospace,monospace}}
pre{{background:#f3f5f9;padding:.8rem 1rem;border-radius:9px;overflow-x:auto}}
table{{border-collapse:collapse;width:100%}}td{{padding:.45rem .8rem .45rem 0;vertical-align:top;border-top:1px solid #e3e8f0}}
td:first-child{{white-space:nowrap}}
@media(prefers-color-scheme:dark){{body{{background:#12161d;color:#e4e9f1}}main{{background:#1b212b;box-shadow:none}}
pre{{background:#12161d}}td{{border-color:#333d4b}}}}
</style></head><body><main><h1>Gatehouse demo</h1>
<p>Protected MCP servers with their own sign-in, to try Gatehouse without any account. Everything
runs on this machine.</p>
<table><tr><td>Notes</td><td><code>{notes}</code><br>protocol 2026-07-28; asks you to sign in</td></tr>
<tr><td>Issues</td><td><code>{issues}</code><br>protocol 2025-11-25; asks you to sign in</td></tr>
<tr><td>Tools</td><td><code>{tools}</code><br>both; open to everybody</td></tr></table>
<pre>gatehouse add notes {notes}
gatehouse search "write a note"
gatehouse call notes.create_note title="Hello"</pre>
<p>Without a browser: by a code that is typed on <a href="{device}">another device</a>, or as a machine whose
secret is <code>{secret}</code>.</p>
<pre>gatehouse login notes --device
gatehouse add robot {notes} --grant client_credentials --client-id {machine} --client-secret-file FILE</pre>
</main></body></html>
)html";

}  // namespace

http::Response home_page(const DemoUrls& urls) {
  return {200,
          {{"Content-Type", "text/html; charset=utf-8"},
           {"X-Content-Type-Options", "nosniff"},
           {"X-Frame-Options", "DENY"},
           {"Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; "
            "frame-ancestors 'none'; base-uri 'none'"}},
          fmt::format(kPage, fmt::arg("notes", urls.notes), fmt::arg("issues", urls.issues),
                      fmt::arg("tools", urls.tools), fmt::arg("device", urls.base + "/device"),
                      fmt::arg("machine", kMachineId), fmt::arg("secret", kMachineSecret))};
}

}  // namespace gatehouse::demo
