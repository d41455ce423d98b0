#pragma once
// VIPs in ConfigMaps of a cluster, shared by all replicas: one writer by Lease, the others follow. A ConfigMap is a
// shard; its data has one line an address; nobody takes a shard's word without its epoch (design in kube_ledger.cpp).

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include <meridian/config/config.hpp>

#include "kube/api.hpp"
#include "ledger/ledger.hpp"

namespace meridian::ledger {

// `api` outlives it. `mirror`: a ledger of our own that keeps the last known records, for a start while the API server
// is away; owned. `identity`: this process, and no other, not even its own successor. `shares`: when we lead,
// hosts of one entry share a VIP from then on; false: as the ledger has it.
std::unique_ptr<Ledger> make_kube_ledger(boost::asio::io_context& loop, kube::Api& api,
                                         config::KubernetesLedger settings, config::Kubernetes::Lease lease,
                                         std::string identity, std::unique_ptr<Ledger> mirror, bool shares);

}  // namespace meridian::ledger
