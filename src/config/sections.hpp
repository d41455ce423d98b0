#pragma once
// The sections of the file, one pair of functions each: read_ takes values from the file, one by one; check_ looks at
// whether values agree with each other, once all are read.

#include <meridian/config/config.hpp>
#include "reader.hpp"

namespace meridian::config {

void read_zones(Section& top, Config& config);  // zones, serve-hosts, export-to, compat, reverse
void check_zones(const Config& config, Report& report);
void read_sources(Section& top, Config& config);     // sources, mass-delete-guard, stale, state
void check_sources(Config& config, Report& report);  // also names those that have no name
Kubernetes read_kubernetes(const Value& value);      // of one element of `sources`
void read_vip(Section& top, Vip& vip);
void check_vip(const Config& config, Report& report);
void read_ledger(Section& keys,
                 Vip& vip);  // of `vip`: what needs Kubernetes, that is ledger, write-back, exclude-admiral
void check_ledger(Config& config, Report& report);  // also says in which source the ledger is, where the file does not
void read_forward(Section& top, Forward& forward);
void check_forward(const Config& config, Report& report);
void read_listening(Section& top, Config& config);  // listen, workers, advertise, admin, lameduck
void check_listening(const Config& config, Report& report);
void read_service(Section& top, Config& config);  // access, limits, identity, log

}  // namespace meridian::config
