#pragma once
// What a reload may change, in the form that workers use.

#include <memory>

#include <meridian/config/config.hpp>
#include <meridian/query/respond.hpp>
#include <meridian/zone/zone.hpp>
#include "server/access.hpp"

namespace meridian::server {

using ZonePtr = std::shared_ptr<const zone::ZoneSet>;

// Immutable; any thread may read it and let go of it.
struct Settings {
  query::Settings query;
  AccessLists access;
  config::Forward forward;
  config::Limits limits;
  config::Log::Queries log_queries = config::Log::Queries::Off;
};
using SettingsPtr = std::shared_ptr<const Settings>;
SettingsPtr make_settings(const config::Config& config);

}  // namespace meridian::server
