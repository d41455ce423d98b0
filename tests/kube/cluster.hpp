#pragma once
// One scripted API server for all tests of a program that write to ServiceEntries, and what is in it.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "api_server.hpp"
#include "kube/object_ref.hpp"

namespace meridian::test {

// Started by the first who asks; without faults, log and entries for each who does.
ApiServer& fresh_cluster();

// An entry for one host. `spec` is laid over that.
kube::ObjectRef put_entry(const ApiServer& cluster, const std::string& space, const std::string& name,
                          const boost::json::object& spec = {}, std::string_view manager = "kubectl-create");
// spec.addresses as JSON: ["245.1.2.3"]; "none" without a list; "gone" without an entry.
std::string addresses(const ApiServer& cluster, const kube::ObjectRef& entry);
// Changes the entry as somebody else's client.
void patch_entry(const ApiServer& cluster, const kube::ObjectRef& entry, std::string_view manager,
                 const boost::json::object& spec);
void remove_entry(const ApiServer& cluster, const kube::ObjectRef& entry);
// The names of managers in managedFields that own spec.addresses, in their order, with a space between.
std::string owners(const ApiServer& cluster, const kube::ObjectRef& entry);
// How many requests of this method have come whose path holds `path`.
std::size_t requests(const ApiServer& cluster, std::string_view method, std::string_view path = "");

}  // namespace meridian::test
