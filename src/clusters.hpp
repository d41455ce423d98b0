#pragma once
// The clusters that are asked for more than their ServiceEntries: for the ledger, and for Admiral's addresses.

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>

#include <meridian/config/config.hpp>

#include "kube/api.hpp"
#include "ledger/ledger.hpp"

namespace meridian {

// This process, and no other, not even its own successor, named as client-go does: the host and a random number.
std::string process_identity();

// Control thread. Null where the configuration asks for nothing.
struct Clusters {
  Clusters(boost::asio::io_context& loop, const config::Config& config);
  void stop();

  std::unique_ptr<kube::Api> ledger;   // of vip.ledger
  std::unique_ptr<kube::Api> admiral;  // of vip.exclude-admiral: the first source of kind Kubernetes
};

// SQLite in the state directory; or ConfigMaps, with SQLite as their mirror, in clusters.ledger, which outlives it.
std::unique_ptr<ledger::Ledger> make_ledger(boost::asio::io_context& loop, boost::asio::thread_pool& disk,
                                            const config::Config& config, const Clusters& clusters,
                                            const std::string& identity);

}  // namespace meridian
