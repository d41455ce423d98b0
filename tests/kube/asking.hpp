#pragma once
// Requests of tests, and what became of them.

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "api_server.hpp"
#include "kube/api.hpp"
#include "running.hpp"

namespace meridian::test {

inline constexpr const char* kEntries = "/apis/networking.istio.io/v1/serviceentries";

inline kube::Request get(std::string target) {
  kube::Request request;
  request.target = std::move(target);
  return request;
}

inline kube::Request post(std::string target, std::string body) {
  kube::Request request = get(std::move(target));
  request.method = kube::Method::Post;
  request.body = std::move(body);
  request.content_type = "application/json";
  return request;
}

inline kube::Request within(std::chrono::milliseconds deadline, kube::Request request) {
  request.deadline = deadline;
  return request;
}

inline kube::Response ask(boost::asio::io_context& loop, kube::Api& api, kube::Request request) {
  return run(loop, api.send(std::move(request)));
}

// The text of the Unreachable that `what` throws; empty if it throws nothing.
template <class F>
std::string why_not(F what) {
  try {
    what();
  } catch (const kube::Unreachable& e) {
    return e.what();
  }
  return "";
}

inline std::string why_not(boost::asio::io_context& loop, kube::Api& api, kube::Request request) {
  return why_not([&] { ask(loop, api, std::move(request)); });
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// One server for tests that change its certificates and tokens: with good ones, without faults and log. Its kubeconfigs
// are written anew by settings_of_kind(); the one of settings() has a token of the past.
inline ApiServer& rotating_server() {
  static ApiServer server;
  for (const char* command :
       {"start", "clear_faults", "rotate_token", "rotate_authority", "reset_connections", "clear_log"}) {
    server.command(command);
  }
  return server;
}

// The answered requests of `path` (a regular expression), in order: {"method", "status", "connection", "server_name",
// ...}
inline boost::json::array requests_of(const ApiServer& server, const std::string& path) {
  return server.command("requests", {{"path", path}}).as_array();
}

}  // namespace meridian::test
