#pragma once
// The VIPs that Admiral has given away, which we must not: its ConfigMap's key `serviceEntryAddressStore`, a YAML text
// with `entry-addresses` (a map) and `addresses` (a list). Followed for ever.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/mesh/addresses.hpp>

#include "kube/api.hpp"

namespace meridian::source {

class AdmiralAddresses {
 public:
  // `changed`: addresses that came and that went since the last call, and once with none when all are known (listed());
  // control thread, never from inside a call. A
  // ConfigMap that is deleted, or a text that can't be read, takes nothing away: what was given stays given.
  using Changed = std::function<void(std::vector<mesh::Address> came, std::vector<mesh::Address> went)>;
  AdmiralAddresses(boost::asio::io_context& loop, kube::Api& api, config::ConfigMapName name, Changed changed);
  ~AdmiralAddresses();  // stops

  void start();
  void stop();
  bool listed() const;
  const std::string& trouble() const;
  std::size_t size() const;

 private:
  struct Run;
  std::shared_ptr<Run> run_;
};

}  // namespace meridian::source
