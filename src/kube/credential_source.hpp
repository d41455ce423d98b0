#pragma once
// Who we are at one cluster, and how it is reached, as fresh as it has to be: files are read again when they are a
// minute old, an exec plugin runs again when its credential expires, and everything is taken anew after a 401.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include <meridian/config/config.hpp>

#include "kube/credentials.hpp"
#include "kube/exec_plugin.hpp"
#include "kube/stop_list.hpp"

namespace meridian::kube {

// Control thread only. Shared: a coroutine in get() keeps it.
class CredentialSource : public std::enable_shared_from_this<CredentialSource> {
 public:
  // `fresh`: files older than this are read again.
  CredentialSource(boost::asio::any_io_executor executor, config::Kubernetes settings, std::shared_ptr<StopList> stops,
                   std::chrono::milliseconds fresh = std::chrono::seconds(60));
  ~CredentialSource();
  CredentialSource(const CredentialSource&) = delete;
  CredentialSource& operator=(const CredentialSource&) = delete;

  // Throws Unreachable. `peer` is the same object for as long as nothing in it changed. What was good and can't be read
  // any more stays in use, with a warning in the log: a half-written file is no reason to fall off a cluster.
  boost::asio::awaitable<Credentials> get();
  // The server can't be reached or is not to be believed: the next get() reads every file again.
  void look_again();
  // The server does not take `used` (401): the next get() gets everything anew, unless that happened since.
  void refused(const Credentials& used);

  // "https://10.96.0.1:443 (service account)"; before it is known what was configured.
  std::string describe() const;

 private:
  struct Looked;
  void look();
  void look_if_old();
  std::shared_ptr<const Peer> settle(Peer peer);
  void warn_once(const std::string& text);
  std::string configured() const;

  config::Kubernetes settings_;
  std::shared_ptr<StopList> stops_;
  std::chrono::milliseconds fresh_;
  std::shared_ptr<ExecPluginRunner> plugin_;
  std::unique_ptr<Looked> looked_;
};

}  // namespace meridian::kube
