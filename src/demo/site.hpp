// Site: everything the demo serves, and which path leads where (one table). Private to demo/.
#pragma once

#include <memory>
#include <string>

#include "async/task_group.hpp"
#include "demo/demo.hpp"
#include "demo/issue_tracker.hpp"
#include "demo/notes.hpp"
#include "demo/old_transport.hpp"
#include "demo/quirky_front.hpp"
#include "demo/resource.hpp"
#include "demo/tool_service.hpp"
#include "mcp_server/http_endpoint.hpp"
#include "oauth_server/authorization_server.hpp"

namespace gatehouse::demo {

/// What a site is built from; all outlive it.
struct SiteParts {
  oauth_server::Store& store;
  http::Client* client;
  TaskGroup& tasks;
  Logger& logger;
  const Clock& clock;
};

class Site final : public http::Handler {
 public:
  /// `origin` is "http://127.0.0.1:8485".
  Site(SiteParts parts, const std::string& origin, std::uint16_t port,
       const DemoSettings& settings);
  Task<> handle(http::Exchange& exchange) override;

  const DemoUrls& urls() const { return urls_; }
  FaultPlan& faults() { return faults_; }
  oauth_server::AuthorizationServer& authorization_server() { return authorization_server_; }
  const oauth_server::AuthorizationServer& authorization_server() const {
    return authorization_server_;
  }

 private:
  /// Serves one RFC 9728 document.
  class MetadataDocument final : public http::Handler {
   public:
    explicit MetadataDocument(std::string body) : body_(std::move(body)) {}
    Task<> handle(http::Exchange& exchange) override;

   private:
    std::string body_;
  };
  struct Route {
    std::string path;
    Step step;
    http::Handler* handler;
  };

  /// The site behind the quirks.
  class Inside final : public http::Handler {
   public:
    explicit Inside(Site& site) : site_(site) {}
    Task<> handle(http::Exchange& exchange) override { return site_.serve(exchange); }

   private:
    Site& site_;
  };

  Task<> serve(http::Exchange& exchange);
  Task<> control(http::Exchange& exchange);
  const Route* find_route(std::string_view path) const;

  Executor executor_;
  DemoUrls urls_;
  OwnHosts hosts_;
  FaultPlan faults_;
  oauth_server::AuthorizationServer authorization_server_;

  Resource notes_resource_, issues_resource_;
  MetadataDocument notes_metadata_, issues_metadata_;
  Notebooks notebooks_;
  IssueTracker tracker_;
  ToolService notes_service_, issues_service_, tools_service_;
  ResourceAuthenticator notes_authenticator_, issues_authenticator_;
  OpenAuthenticator open_authenticator_;
  mcp_server::HttpEndpoint notes_, issues_, tools_;
  std::unique_ptr<OldTransport> old_issues_;  ///< null without the quirk
  std::vector<Route> routes_;
  Inside inside_{*this};
  std::unique_ptr<QuirkyFront> front_;  ///< null without quirks
};

}  // namespace gatehouse::demo
