#pragma once
// What a ZoneSet says about a name, as a text that a row can hold.

#include <string>
#include <string_view>

#include <meridian/zone/zone.hpp>

namespace meridian::test {

// "exact httpbin.bar.global A 240.0.0.2", with the addresses of the node; "wildcard *.bar.global A 240.0.0.3", "meta
// ...", "ent", "none", "not-ready", "no zone". `name` is absolute. Checks that both forms of enclosing() and lookup()
// agree.
std::string ask(const zone::ZoneSet& zones, std::string_view name);
// The same of one zone.
std::string ask(const zone::Zone& zone, std::string_view name);
// The zone with that apex; asserts that there is one.
const zone::Zone& zone_of(const zone::ZoneSet& zones, std::string_view apex = "global");

}  // namespace meridian::test
