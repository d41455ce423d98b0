#pragma once
// What the core rooms want to know of the configuration, in their own words. Pure.

#include <string>
#include <string_view>

#include <meridian/config/config.hpp>
#include <meridian/mesh/merge.hpp>
#include <meridian/vip/allocator.hpp>
#include <meridian/vip/pool.hpp>

namespace meridian::control {

mesh::Rules model_rules(const config::Config& config);
vip::Pool vip_pool(const config::Config& config);
vip::Times vip_times(const config::Config& config);

// The deepest owned zone that a host ("*.bar.global" too) lies in; empty: none.
std::string owned_zone(const config::Config& config, std::string_view host);

// Whether a's oldest entry is older than b's (behaviour: who is older).
bool older(const mesh::Model& model, const mesh::Host& a, const mesh::Host& b);

}  // namespace meridian::control
