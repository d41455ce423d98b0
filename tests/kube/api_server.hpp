#pragma once
// The scripted API server (tests/support/apiserver) as a child process, for tests in C++: its files, and its script by
// the control port. A test that can't start one fails.

#include <sys/types.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <meridian/config/config.hpp>

namespace meridian::test {

class ApiServer {
 public:
  // `options` of `python3 -m apiserver`: {"--host", "::1"}, {"--bookmarks", "0.2"}, ... Listens when this returns.
  explicit ApiServer(std::vector<std::string> options = {});
  ~ApiServer();  // ends it and removes its files
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  // A command of the script: its result. `api.command("fault", {{"verb", "list"}, {"status", 429}})`. What the server
  // refuses is a std::runtime_error. The commands are the methods in script.py and server.py.
  boost::json::value command(std::string_view name, const boost::json::object& arguments = {}) const;

  std::string url() const;   // "https://127.0.0.1:12345"
  std::string host() const;  // without brackets
  std::uint16_t port() const;
  std::string control() const;              // "http://127.0.0.1:12346"
  std::filesystem::path directory() const;  // removed with the server: for files of the test too
  std::filesystem::path ca() const;
  std::filesystem::path token() const;  // the file

  // Its own kubeconfig: an administrator's token.
  config::Kubernetes settings() const;
  // Another kubeconfig, `name` in directory(): `user` is the entry of the user, `cluster` is laid over the cluster's
  // (server and certificate-authority; a null takes a key away).
  config::Kubernetes settings(const std::string& name, const boost::json::object& user,
                              const boost::json::object& cluster = {}) const;
  // A kubeconfig of a kind that kubeconfigs.py knows: "client-certificate", "exec-plugin", ...
  config::Kubernetes settings_of_kind(std::string_view kind, boost::json::object options = {}) const;

 private:
  pid_t child_ = -1;
  int input_ = -1;  // its standard input: it ends when this is closed
  boost::json::object description_;
};

// Writes a file as a whole: renamed into its place.
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace meridian::test
