#pragma once
// Metrics of what only a cluster has: watches, the shared ledger, write-back. Control thread.

#include "control/metrics_family.hpp"
#include "control/reconciler.hpp"

namespace meridian::control {

void add_cluster_metrics(const Reconciler& reconciler, Families& out);

}  // namespace meridian::control
