#pragma once
// ServiceEntries in one line, for tables: "bar/httpbin created=2024-01-01 hosts=httpbin.bar.global
// addresses=240.0.0.2". The line becomes the JSON that a source would hand over, and goes through decode().

#include <memory>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include <meridian/mesh/merge.hpp>
#include <meridian/mesh/service_entry.hpp>

namespace meridian::mesh::testing {

// Words after namespace/name, each once at most:
//   created=2024-01-01   hosts=a,b         addresses=a,b    resolution=STATIC (the default here)
//   status=addr@host,... ports=http:80,dns:53:UDP           export=.,ns
//   written=addr (spec.addresses that we wrote)
//   vip=none|address     ttl=30s           allocate=false   endpoints (one, without ports)     selector
boost::json::value document(std::string_view line);
// The decoded document; throws std::runtime_error with the problem, so that a typo in a table is seen.
std::shared_ptr<const ServiceEntry> entry(std::string_view line);

// "literal 240.0.0.2 240.0.0.3 by bar/a bar/b not foo/c": where from, what, whose, and who lost.
std::string summary(const std::optional<Host>& host);

std::string joined(const std::vector<std::string>& texts, std::string_view separator = " ");
std::string joined(const std::vector<Address>& addresses);

}  // namespace meridian::mesh::testing
