#pragma once
// The names in spec.hosts: one spelling for each, and which of them can be a domain name. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace meridian::mesh {

// A to Z become a to z, nothing else changes (RFC 4343).
std::string folded(std::string_view text);

// The spelling in which hosts are kept and compared: folded, without the final dot.
std::string canonical_host(std::string_view text);

// Why a canonical host cannot be served, as the end of a sentence ("has an empty label"); nothing: it can be.
// As liberal as Envoy, which compares octets: underscores, spaces and UTF-8 pass. What no domain name can hold does not
// (RFC 1035, 2.3.4), nor a partial wildcard. `*` alone passes: what it means is the entry's business.
std::optional<std::string> refuse_host(std::string_view host);

// "*.bar.global": a wildcard, as its first label says.
bool is_wildcard(std::string_view host);

// Whether a canonical host is `zone` or lies below it. `zone`: lower case, no final dot; "" is the root.
bool is_within(std::string_view host, std::string_view zone);

}  // namespace meridian::mesh
